"""A disk without room: the operator is told, nothing acknowledged is lost, puts and dangers go on.

Bytes and inodes run out on a small file system in memory, which only root may mount.
"""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from bench import context, label, rules
from drivers.protocols import DeviceName, Scan, ScanOutcome, ScanSource, Symbology
from edge.barcodes.classify import classify
from edge.events import DangerRaised, Draft, PutConfirmed
from edge.journal.photos import PhotoStore
from edge.journal.reader import Reader
from edge.journal.space import DiskLevel
from edge.journal.writer import Journal, JournalFullError, Submission
from edge.receiving.loop import Receiving
from edge.settings.model import JournalSettings
from edge.station.decision import PhotoRequest
from edge.station.inputs import Lookups, ScanInput
from edge.station.state import State
from journal_kit import HandClock, event, opened, origin, uuid7

PUT = PutConfirmed(zone="resale", proof="tray", how="hand", after_verdict_ms=5)
DANGER = DangerRaised(scope="item")
RESERVE = 200  # puts and dangers that must find room when nothing else does
MEASURED_MS = 1100
SMALL = JournalSettings(budget_mb=4, warn_percent=50, high_percent=60, full_percent=75)

Take = Callable[[Path], None]


def _take_bytes(folder: Path) -> None:
    """Somebody else writes until nothing is left."""
    with (folder / "foreign").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(65_536)):
            pass


def _take_inodes(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for number in range(10_000):
            (folder / f"foreign-{number}").touch()


def _give_back(folder: Path) -> None:
    for path in folder.glob("foreign*"):
        path.unlink()


@pytest.fixture(params=["size=24m", "size=64m,nr_inodes=400"], ids=["bytes", "inodes"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, Take]]:
    """A small file system of its own, and what takes up all of it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", request.param, "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small file system: a full disk is not tried")
    try:
        yield folder, _take_inodes if "inodes" in request.param else _take_bytes
    finally:
        subprocess.run(["umount", str(folder)], check=True)


class Told:
    """The effects that nobody needs here."""

    def tone(self, device: str, scan_no: int, outcome: ScanOutcome) -> None: ...

    def photograph(self, request: PhotoRequest) -> None: ...

    def committed(self, drafts: tuple[Draft, ...]) -> None: ...


def _badge(n: int) -> ScanInput:
    code = Scan(
        scan_no=n,
        payload=label("RB-0417").encode(),
        device=DeviceName("hand-1"),
        source=ScanSource.SERIAL,
        first_ns=0,
        at_ns=n * 2_000_000_000,
        symbology=Symbology.CODE128,
    )
    return ScanInput(
        input=f"b/hand-1/{n}", scan=code, meanings=classify(code, rules()), lookups=Lookups()
    )


@contextlib.asynccontextmanager
async def _station(journal: Journal, clock: HandClock) -> AsyncIterator[Receiving]:
    receiving = Receiving(
        journal,
        origin(journal.journal_id),
        context=context(),
        clock=clock,
        effects=Told(),
        state=State(),
    )
    running = asyncio.create_task(receiving.run(), name="receiving")
    try:
        yield receiving
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _reserve(journal: Journal) -> int:
    """Record puts and dangers, one by one; return the sequence of the last."""
    for number in range(RESERVE):
        made = event(DANGER if number % 2 else PUT, unit=uuid7(number))
        receipt = await journal.commit(Submission(events=(made,)))
    return receipt.last_seq


async def _ordinary(journal: Journal, clock: HandClock) -> int:
    clock.push_ms(MEASURED_MS)
    events = tuple(event() for _ in range(20))
    return (await journal.commit(Submission(events=events))).last_seq


async def _for_ever(work: Callable[[], Awaitable[int]]) -> None:
    while True:
        await work()


def _stopped(receiving: Receiving) -> str | None:
    return receiving.stopped


async def test_the_operator_is_told_and_work_goes_on_when_there_is_room_again(
    disk: tuple[Path, Take],
) -> None:
    folder, take = disk
    clock = HandClock()
    async with (
        opened(folder, budget=JournalSettings(), clock=clock) as journal,
        PhotoStore(folder / "photos") as photos,
        _station(journal, clock) as receiving,
    ):
        first = await receiving.submit(_badge(1))
        assert first.seq == journal.last_seq > 0
        take(folder)
        clock.push_ms(MEASURED_MS)
        assert (await receiving.submit(_badge(2))).no == "E90"
        assert receiving.stopped == "E90"
        assert journal.level is DiskLevel.FULL
        with pytest.raises(OSError, match="No space left"):
            await photos.put(bytes(70_000))
        assert await _reserve(journal) == first.seq + RESERVE
        _give_back(folder)
        clock.push_ms(MEASURED_MS)
        again = await receiving.submit(_badge(3))
        assert again.no is None
        assert _stopped(receiving) is None
        assert again.seq > first.seq + RESERVE
        assert await photos.put(bytes(70_000))
        last = journal.last_seq
    with Reader(folder / "journal.db") as reader:
        report = reader.verify(deep=True)
        assert report.is_good
        assert report.events == report.last_seq == last


async def test_the_limit_of_the_file_leaves_room_for_puts_and_then_refuses(tmp_path: Path) -> None:
    clock = HandClock()
    async with opened(tmp_path, clock=clock, budget=SMALL) as journal:
        with pytest.raises(JournalFullError, match="kept for puts"):
            await _for_ever(lambda: _ordinary(journal, clock))
        stored = journal.last_seq
        assert await _reserve(journal) == stored + RESERVE
        with pytest.raises(JournalFullError, match="full"):
            await _for_ever(lambda: _reserve(journal))
        last = journal.last_seq
    with Reader(tmp_path / "journal.db") as reader:
        report = reader.verify(deep=True)
        assert report.is_good
        assert report.events == report.last_seq == last
