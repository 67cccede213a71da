"""The kill loop: writers that append and send are killed at random moments, then all is counted."""

import asyncio
import contextlib
import os
import random
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import killed_writer_process
from edge.journal.reader import Reader
from edge.sync.pump import pump
from edge.sync.target import TargetStatus
from http_sink import Got, HttpSink, Say
from journal_kit import HandClock, cancelled_after, opened, target

AT_START = 0.15  # of them are killed while they open the journal, the others at work
START_MS = 200.0
WORK_MS = (0.0, 80.0)
CUT = 0.05  # of the answers get lost after the sink has taken the batch
DRAIN_S = 60.0


@dataclass(slots=True)
class Sink:
    """A receiver as the contract asks for: an event has its effect once, by its id."""

    rng: random.Random
    bodies: dict[str, bytes] = field(default_factory=dict)
    sequences: list[int] = field(default_factory=list)
    repeats: int = 0
    altered: int = 0

    def answer(self, got: Got) -> Say:
        for one in got.events:
            body = repr(one).encode()
            if one["id"] in self.bodies:
                self.repeats += 1
                self.altered += self.bodies[one["id"]] != body
            else:
                self.bodies[one["id"]] = body
                self.sequences.append(int(one["sequence"]))
        return Say(cut=self.rng.random() < CUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What came of it."""

    kills: int
    acknowledged: int
    stored: int
    delivered: int
    repeats: int


async def kill_often(
    folder: Path,
    *,
    kills: int,
    producers: int,
    seed: int,
    tell: Callable[[int], None] | None = None,
) -> Counts:
    """Kill so many writers; raise AssertionError when anything was lost, doubled or altered."""
    rng = random.Random(seed)
    receiver = Sink(rng)
    checked = Checked(folder)
    async with HttpSink(receiver.answer) as sink:
        async with _nursery(folder, producers, sink.url) as (order, answers):
            for number in range(kills):
                order.write(_moment(rng))
                assert await answers.readline() == b"killed\n"
                sink.got.clear()
                checked.look()
                if tell is not None:
                    tell(number + 1)
        await _drained(folder, sink)
    stored = checked.all()
    assert sorted(receiver.bodies) == sorted(stored.values())
    assert receiver.sequences == sorted(stored)
    assert receiver.altered == 0
    return Counts(
        kills=kills,
        acknowledged=checked.acknowledged,
        stored=len(stored),
        delivered=len(receiver.bodies),
        repeats=receiver.repeats,
    )


def _moment(rng: random.Random) -> bytes:
    if rng.random() < AT_START:
        return f"start {rng.uniform(0.0, START_MS):.1f}\n".encode()
    return f"work {rng.uniform(*WORK_MS):.1f}\n".encode()


class Checked:
    """The journal beside what was acknowledged; looks only at what is new."""

    def __init__(self, folder: Path) -> None:
        self._journal = folder / "journal.db"
        self._acks = folder / "acks"
        self._read = 0
        self._seq = 0
        self._seen: set[int] = set()
        self.acknowledged = 0

    def look(self) -> None:
        """Prove what is new; every acknowledgement stands for a stored event."""
        if not self._acks.exists() or not self._acks.stat().st_size:
            return  # none has lived long enough yet
        with Reader(self._journal) as reader:
            report = reader.verify(self._seq + 1)
            assert report.is_good, f"broken: {report.broken}"
            stored = _inputs(reader, self._seq + 1)
            newest = reader.last_seq()
        for seq, key in self._new_acks():
            assert seq not in self._seen, f"{seq} was given twice"
            assert stored.get(seq) == key, f"{seq} was acknowledged and is not there"
            self._seen.add(seq)
        self._seq = newest

    def all(self) -> dict[int, str]:
        """Prove the whole and return the id of each event by its sequence."""
        self.look()
        with Reader(self._journal) as reader:
            report = reader.verify(deep=True)
            assert report.is_good
            assert (report.first_seq, report.last_seq) == (1, report.events)
            return {one.seq: str(one.id) for one in reader.events(1)}

    def _new_acks(self) -> list[tuple[int, str]]:
        with self._acks.open() as file:
            file.seek(self._read)
            lines = file.read().splitlines()
            self._read = file.tell()
        self.acknowledged += len(lines)
        return [(int(seq), key) for seq, _, key in (line.partition(" ") for line in lines)]


def _inputs(reader: Reader, first: int) -> dict[int, str]:
    return {one.seq: str(one.data["input"]) for one in reader.events(first)}


@contextlib.asynccontextmanager
async def _nursery(
    folder: Path, producers: int, url: str
) -> AsyncIterator[tuple[asyncio.StreamWriter, asyncio.StreamReader]]:
    script = Path(killed_writer_process.__file__)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(script),
        str(folder),
        str(producers),
        url,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": f"{script.parent}:{os.environ.get('PYTHONPATH', '')}"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdin, process.stdout
    finally:
        process.stdin.close()
        code = await process.wait()
    assert code == 0


async def _drained(folder: Path, sink: HttpSink) -> None:
    """Send what is left, as the next start would."""
    to = target("sink", url=sink.url)
    said: list[TargetStatus] = []
    async with opened(folder, to) as journal:
        work = pump(to, journal, clock=HandClock(), rng=random.Random(1), on_state=said.append)
        await cancelled_after(work, lambda: bool(said) and said[-1].pending == 0, DRAIN_S)
