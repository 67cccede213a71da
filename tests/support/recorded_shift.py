"""A shift at a real station of which every commit is kept as what a dead process would leave.

After each act that has recorded something the data folder is copied, while nothing writes: these
are the files that a SIGKILL at this moment leaves. Each copy can be started later, and held against
the view that the person had.
"""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cases import (
    KETTLE,
    SHIRT,
    Case,
    Group,
    box,
    complaint,
    item,
    items,
    line,
    mark,
    press,
    put,
    scan,
    well,
)
from config_folder import change
from killed_shift import AWAY, PAINTED
from pty_program import PtyProgram, processor_ms, queue_ms
from real_bench import PROGRAM, RealBench, Row, Seen
from shop import Onlooker

# What only a commit changes. Of every other screen nothing was recorded: what it asked is asked
# again, so the newest of these before it is where the person goes on.
KEPT: Final = ("LOCKED", "IDLE", "PARCEL", "UNIT", "VERDICT", "HAZARD", "CONTAINER")
# Figures of the day and of waiting grow with the clock.
BY_CLOCK: Final = ("day", "waiting")
NEVER_LOCKED: Final = "lock_s = 86400"
QUIET_TRIES: Final = 50
STILL_THERE: Final = ("E37", "E69")
UNDO: Final = Group(
    cases={
        "mark-undone": Case(
            returns=(line("UN-1", "1", SHIRT, box(981)),),
            acts=(scan(box(981)), item(SHIRT), mark("stain"), press("f9"), put),
            leaves=("inspection.marked", "correction.made", "verdict.made", "put.confirmed"),
        ),
        "put-undone": Case(
            returns=(line("UN-2", "1", SHIRT, box(982)),),
            acts=(scan(box(982)), item(SHIRT), put, press("f9"), put),
            leaves=("put.confirmed", "correction.made", "put.confirmed"),
        ),
        "back-to-the-start": Case(
            returns=(line("UN-3", "1", KETTLE, box(983)),),
            acts=(scan(box(983)), item(KETTLE), well, press(*["f9"] * 3), item(KETTLE), well, put),
            leaves=("inspection.answered", "correction.made", "inspection.answered"),
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One commit: the data folder as it was then, and where the person stood."""

    n: int
    case: str
    folder: Path
    state: str
    work: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """A start on what one moment left. `unlike` = what is not as it was, by field; empty = all is.

    `painted_ms` = from the start of the process to the new picture on the screen; of it `queued_ms`
    = service and terminal were ready to run and another program had the processor. `cpu_ms` = the
    processor time of the service until then.
    """

    n: int
    case: str
    state: str
    painted_ms: float
    queued_ms: float
    cpu_ms: int
    unlike: tuple[str, ...]


class RecordedBench(RealBench):
    """Keeps a copy of the data folder after every act that has recorded something.

    Each `kill_every`-th commit is followed by a real SIGKILL and a start in place.
    """

    def __init__(self, folder: Path, *, returns: Iterable[Row], more: str, kill_every: int) -> None:
        super().__init__(folder, returns=returns, items=items(), more=more)
        change(self.config, "station.toml", "lock_s = 300", NEVER_LOCKED)
        self.moments: list[Moment] = []
        self.killed: list[Resumed] = []
        self.case = ""
        self._kill_every = kill_every
        self._kept: tuple[str, Mapping[str, Any]] = ("LOCKED", {})

    def scan(self, code: str, aim: str = "]C0") -> Seen:
        """Scan, and keep what is recorded."""
        before = self.last_seq()
        seen = super().scan(code, aim)
        self._keep(before, seen)
        return seen

    def press(self, *keys: str) -> Seen:
        """Press keys one after the other, and keep what each records."""
        seen = Seen(no=None, kinds=())
        for key in keys:
            before = self.last_seq()
            seen = super().press(key)
            self._keep(before, seen)
        return seen

    def _keep(self, before: int, seen: Seen) -> None:
        if self.state in KEPT:
            self._kept = (self.state, self.view["work"])
        if self.last_seq() == before:
            return
        n = len(self.moments) + 1
        copy = self.folder / "kept" / f"{n:04d}"
        _copied(self.data, copy)
        state, work = self._kept
        self.moments.append(Moment(n=n, case=self.case, folder=copy, state=state, work=work))
        if n % self._kill_every == 0 and self.state in KEPT and seen.no not in STILL_THERE:
            self._die()

    def _die(self) -> None:
        """Kill the service for good and go on where it goes on."""
        moment = self.moments[-1]
        self.kill()
        started_ns = time.monotonic_ns()
        self.start()
        took_ms = (time.monotonic_ns() - started_ns) / 1e6
        cpu_ms, queued_ms = processor_ms(self.pid), queue_ms(self.pid)
        if self.state == "RESUME":
            super().press("enter")
        self.killed.append(
            Resumed(
                n=moment.n,
                case=moment.case,
                state=moment.state,
                painted_ms=took_ms,
                queued_ms=queued_ms,
                cpu_ms=cpu_ms,
                unlike=unlike(moment, self.view),
            )
        )


def record(
    folder: Path, group: Group, *, kill_every: int, tell: Callable[[str, int], None]
) -> tuple[RecordedBench, list[str]]:
    """Play the cases of a group at one station; return it, ended, and what was wrong with them."""
    returns = [row for case in group.cases.values() for row in case.returns]
    bench = RecordedBench(folder, returns=returns, more=group.settings, kill_every=kill_every)
    if group.prepare is not None:
        group.prepare(bench)
    wrong = []
    with bench:
        bench.badge()
        for name, case in group.cases.items():
            bench.case = name
            if fault := _played(bench, case):
                wrong.append(f"{name}: {fault}")
            tell(name, len(bench.moments))
    return bench, wrong


def _played(bench: RecordedBench, case: Case) -> str:
    first = bench.last_seq()
    for act in case.acts:
        act(bench)
    return complaint(case, bench.told(first))


def _copied(data: Path, copy: Path) -> None:
    """Copy a folder as it is at one moment: once more, if somebody wrote meanwhile."""
    for _ in range(QUIET_TRIES):
        before = _stamps(data)
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(data, copy, ignore=shutil.ignore_patterns("ballast", "*-shm", "*.lock"))
        if _stamps(data) == before:
            return
    raise AssertionError(f"{data} was never quiet")


def _stamps(data: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of each file that holds something of the past."""
    found = {}
    for path in data.rglob("*"):
        if path.is_file() and not path.name.endswith("-shm"):
            stat = path.stat()
            found[str(path)] = (stat.st_size, stat.st_mtime_ns)
    return found


def resumed(bench: RecordedBench) -> Iterator[Resumed]:
    """Start the service on what each moment left, under one terminal that stays, and look."""
    command = [PROGRAM, "terminal", "--socket", str(bench.door), "--lang", "en"]
    with bench.plugged(), PtyProgram([str(word) for word in command]) as screen:
        screen.until(AWAY)
        for moment in bench.moments:
            yield _started(bench, moment, screen)
            shutil.rmtree(moment.folder)


def _started(bench: RecordedBench, moment: Moment, screen: PtyProgram) -> Resumed:
    screen.forget()
    bench.data = moment.folder
    before_ms = queue_ms(screen.process.pid)
    started_ns = bench.launch()
    try:
        bench.wait_ready()
        painted_ms = (screen.until(PAINTED) - started_ns) / 1e6
        cpu_ms = processor_ms(bench.pid)
        queued_ms = queue_ms(bench.pid) + queue_ms(screen.process.pid) - before_ms
        with Onlooker(bench.door) as onlooker:
            view = onlooker.next()
            if view["state"] == "RESUME":
                screen.press(b"\r")
                while onlooker.view["state"] == "RESUME":
                    onlooker.next()
            found = unlike(moment, onlooker.view)
    finally:
        screen.forget()
        bench.kill()
    screen.until(AWAY)
    return Resumed(
        n=moment.n,
        case=moment.case,
        state=moment.state,
        painted_ms=painted_ms,
        queued_ms=queued_ms,
        cpu_ms=cpu_ms,
        unlike=found,
    )


def unlike(moment: Moment, view: Mapping[str, Any]) -> tuple[str, ...]:
    """Say what of the person's screen is not as it was at the moment."""
    if view["state"] != moment.state:
        return (f"state {view['state']}, not {moment.state}",)
    was, now = (
        {k: v for k, v in one.items() if k not in BY_CLOCK} for one in (moment.work, view["work"])
    )
    keys = sorted(key for key in was.keys() | now.keys() if was.get(key) != now.get(key))
    return tuple(f"{key}: {now.get(key)!r}, not {was.get(key)!r}" for key in keys)
