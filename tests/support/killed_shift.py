"""A shift at a real station whose service is killed after every commit: where does it go on?

A real terminal on a pseudo-terminal is looked at all the time. The person is the same each time:
what they do depends on what the newest view asks, and on how many parcels they had.
"""

import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pty_program import PtyProgram, processor_ms
from shop import PROGRAM, Onlooker, Shop, gtin13, postal
from sim.operator.reading import step_of

ENTER: Final = b"\r"
ESCAPE: Final = b"\x1b"
DANGER: Final = b"\x1b[23~"
BACK_SPACE: Final = b"\x7f"
ACT_S: Final = 20.0
ACTS_EACH: Final = 40  # of a parcel, at most
TRAY_OF: Final = {"resale": "A1", "repair": "R1", "disposal": "D1", "hold": "H1"}
PAINTED: Final = "Help"  # the key row of every view; not on the screen of a service that is away
AWAY: Final = "E91"


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """One kill: the state it fell in, whether the step was the same, and how long it took.

    `ready_ms` = from the start to the service's word, `painted_ms` = to the screen's new picture,
    `cpu_ms` = the processor time of the service until then.
    """

    state: str
    is_same: bool
    lost: int
    ready_ms: float
    painted_ms: float
    cpu_ms: int


class Person:
    """Decides the next act from a view: a code for the scanner or keys for the terminal."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._marked: set[str] = set()
        self._dangers = 0  # the newest parcel in which the kind of danger was told
        self.parcels = 0

    def act(self, view: Mapping[str, Any]) -> str | bytes:
        """Return the next act."""
        work = view["work"]
        match view["state"]:
            case "LOCKED":
                return self._shop.badge()
            case "IDLE":
                self.parcels += 1
                return f"]C0{postal(self.parcels)}"
            case "PARCEL":
                return f"]E0{gtin13(self.parcels)}"
            case "UNIT":
                return self._unit(work)
            case "VERDICT":
                return self._shop.tray(work["verdict"]["zone"], work["trays"][0])
            case "HAZARD":
                return self._hazard(work)
            case "EXC" if work.get("opts"):
                return str(work["opts"][0][0]).encode()
            case "RESUME":
                return ENTER
            case _:
                return ESCAPE

    def _hazard(self, work: Mapping[str, Any]) -> str | bytes:
        """The kind may be told again at any time: once, then the container."""
        if self._dangers == self.parcels:
            return self._shop.tray("hazmat", "Z1")
        self._dangers = self.parcels
        kind: str = work["owed"][0]["p"]["k"]
        return kind.encode()

    def _unit(self, work: Mapping[str, Any]) -> str | bytes:
        if work.get("must"):
            return str(work["must"]["opts"][0][0]).encode()
        turn, marks = self.parcels % 4, sum(mark["level"] for mark in work.get("marks", ()))
        acts = {1: (b"1", b"1", ENTER), 2: (b"1", BACK_SPACE, ENTER), 3: (DANGER,)}.get(turn)
        if acts is None:
            zone = work["proposed"]["zone"]
            return self._shop.tray(zone, TRAY_OF[zone])
        name = f"{self.parcels}/{len(acts)}/{marks}"
        if turn == 2 and marks == 0 and name in self._marked:
            return ENTER
        self._marked.add(f"{self.parcels}/{len(acts)}/0")
        act: str | bytes = acts[min(marks, len(acts) - 1)]
        return act


def boundaries(shop: Shop, *, parcels: int, every: int = 1) -> Iterator[Boundary]:
    """Work until so many parcels are through; kill the service after every n-th commit, start it.

    Commits are counted by acts: what one act records is one transaction.
    """
    person, commits, acts = Person(shop), 0, 0
    shop.start()
    command = [PROGRAM, "terminal", "--socket", str(shop.socket), "--lang", "en"]
    with PtyProgram(command) as screen, Onlooker(shop.socket) as onlooker:
        screen.until(PAINTED)
        _until(onlooker, _is_ready)
        while person.parcels <= parcels:
            acts += 1
            assert acts <= (parcels + 1) * ACTS_EACH, f"goes on for ever: {onlooker.view}"
            before = onlooker.view
            _done(shop, screen, person.act(before), onlooker)
            commits += onlooker.view["seq"] > before["seq"]
            if onlooker.view["seq"] > before["seq"] and commits % every == 0:
                yield _killed(shop, screen, onlooker)


def _done(shop: Shop, screen: PtyProgram, act: str | bytes, onlooker: Onlooker) -> None:
    """Do one act and wait for the view that answers it."""
    before = _seen(onlooker.view)
    if isinstance(act, bytes):
        screen.press(act)
    else:
        shop.scan(act)
    _until(onlooker, lambda view: _seen(view) != before, act)


def _seen(view: Mapping[str, Any]) -> tuple[Any, ...]:
    return view["state"], step_of(view), (view.get("fb") or {}).get("n", 0)


def _until(onlooker: Onlooker, is_so: Any, act: str | bytes = b"") -> None:
    deadline = time.monotonic() + ACT_S
    while not is_so(onlooker.view or onlooker.next()):
        assert time.monotonic() < deadline, f"nothing came of {act!r}: {onlooker.view}"
        onlooker.next()


def _is_ready(view: Mapping[str, Any]) -> bool:
    """The scanner's line is open, and what the central system announced has been taken in."""
    head: Mapping[str, Any] = view["head"]
    return bool(head["scanner"] == "ok" and head["net"]["cache_at"])


def _killed(shop: Shop, screen: PtyProgram, onlooker: Onlooker) -> Boundary:
    before = onlooker.view
    screen.forget()
    shop.stop(signal.SIGKILL)
    onlooker.leave()
    screen.until(AWAY)
    screen.forget()
    started_ns = shop.launch()
    shop.wait_ready()
    ready_ns = time.monotonic_ns()
    screen.until(PAINTED)
    painted_ns, cpu_ms = time.monotonic_ns(), processor_ms(shop.pid)
    onlooker.next()
    _until(onlooker, _is_ready)
    return Boundary(
        state=before["state"],
        is_same=step_of(before) == step_of(onlooker.view),
        lost=max(0, before["seq"] - onlooker.view["seq"]),
        ready_ms=(ready_ns - started_ns) / 1e6,
        painted_ms=(painted_ns - started_ns) / 1e6,
        cpu_ms=cpu_ms,
    )
