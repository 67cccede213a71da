"""The scrub finds what has changed on disk, once; upkeep journals it and tells of the disk."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from edge.events import EventId, Stamp, encode
from edge.journal.photos import Lost, PhotoStore
from edge.journal.reader import Reader
from edge.journal.rows import JournalDamagedError
from edge.journal.scrub import STEP_EVENTS, Scrub
from edge.journal.writer import Journal, Submission
from edge.service.upkeep import Upkeep
from edge.settings.model import JournalSettings
from edge.station.decision import on_station
from edge.station.inputs import StorageEvent
from journal_kit import WALL_MS, HandClock, event, one, opened, origin, uuid7
from stored_events import PAGE, cells, without_log


def _damage(path: Path, seq: int, column: str = "body") -> None:
    connection = sqlite3.connect(path)
    (before,) = connection.execute(f"SELECT {column} FROM event WHERE seq = ?", (seq,)).fetchone()
    after = before[:-1] + bytes((before[-1] ^ 1,))
    connection.execute(f"UPDATE event SET {column} = ? WHERE seq = ?", (after, seq))
    connection.commit()
    connection.close()


async def test_a_pass_goes_over_everything_in_steps_and_begins_anew(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.commit(Submission(events=tuple(event() for _ in range(1200))))
        _damage(journal.path, 3)
        _damage(journal.path, 1100, "digest")
        _damage(journal.path, 700, "body")
        scrub = Scrub(journal.path)
        found = [scrub.step() for _ in range(3)]
        assert found == [(3,), (700,), (1100,)]
        assert (scrub.seq, scrub.is_done) == (1200, True)
        assert scrub.step() == (3,)
        assert (scrub.seq, scrub.is_done) == (STEP_EVENTS, False)
        scrub.close()


async def test_what_counts_events_passes_over_a_damaged_one(tmp_path: Path) -> None:
    """It used to end the service: the figures of the day are read while it runs."""
    async with opened(tmp_path) as journal:
        await journal.commit(Submission(events=tuple(event() for _ in range(5))))
        _damage(journal.path, 3)
        with Reader(journal.path) as reader:
            kind = next(reader.events(5)).kind
            assert [one.seq for one in reader.of_kinds((kind,), 1, 5)] == [1, 2, 4, 5]


async def test_what_a_piece_is_is_not_told_by_an_event_that_was_altered(tmp_path: Path) -> None:
    """A service that meets it ends; its next start saves what is whole."""
    async with opened(tmp_path) as journal:
        await journal.commit(Submission(events=(event(unit=uuid7(1)), event(unit=uuid7(2)))))
        _damage(journal.path, 2)
        with Reader(journal.path) as reader:
            assert len(reader.of_unit(uuid7(1))) == 1
            with pytest.raises(JournalDamagedError, match="event 2 is altered"):
                reader.of_unit(uuid7(2))


class Recorder:
    """Journals what upkeep tells, as the station does."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.told: list[StorageEvent] = []

    async def record(self, told: StorageEvent, once: str) -> bool:
        stamp = Stamp(id=EventId(uuid7(9000 + len(self.told))), time_ms=WALL_MS, mono_ms=1)
        made = encode(on_station(told), stamp, origin(self._journal.journal_id))
        await self._journal.commit(Submission(events=(made,)))
        self.told.append(told)
        return bool(once)


async def _turned(upkeep: Upkeep, turns: int) -> None:
    """Some turns, and the end of its thread, as the service does it."""
    for _ in range(turns):
        await upkeep.turn()
    ending = asyncio.create_task(upkeep.run(), name="upkeep")
    await asyncio.sleep(0)
    ending.cancel()
    await asyncio.gather(ending, return_exceptions=True)


async def test_damage_found_later_is_journalled_once_and_parked(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal, PhotoStore(tmp_path / "photos") as photos:
        await journal.commit(Submission(events=tuple(event() for _ in range(20))))
        _damage(journal.path, 7)
        seen = Recorder(journal)
        upkeep = Upkeep(journal, photos, lost=(), record=seen.record, clock=HandClock())
        await _turned(upkeep, 12)
        assert [type(told).KIND for told in seen.told] == ["station.corrupt"]
        page = generate_latest(journal.metrics.registry).decode()
        assert "receiving_edge_corrupt_events_total 1.0" in page
        assert "receiving_edge_chain_ok 0.0" in page
        with Reader(journal.path) as reader:
            (told,) = [one for one in reader.events(15) if one.kind == "station.corrupt"]
        assert told.data["sequences"] == [7]
    connection = sqlite3.connect(tmp_path / "journal.db")
    assert connection.execute("SELECT seq, what FROM parked").fetchall() == [(7, "scrub")]
    connection.close()


async def test_lost_photographs_and_a_filling_disk_are_told(tmp_path: Path) -> None:
    high = JournalSettings(warn_percent=0, high_percent=0, full_percent=200)
    lost = Lost(sha256="ab" * 32, reason="absent")
    async with opened(tmp_path, budget=high) as journal, PhotoStore(tmp_path / "p") as photos:
        await journal.commit(one())
        name = await photos.put(b"jpeg")
        photos.path(name).write_bytes(b"jpeh")
        seen = Recorder(journal)
        await _turned(
            Upkeep(journal, photos, lost=(lost,), record=seen.record, clock=HandClock()), 6
        )
    told = [(type(one).KIND, getattr(one, "reason", "")) for one in seen.told]
    assert told == [("station.disk", ""), ("photo.lost", "absent"), ("photo.lost", "bit_rot")]


async def test_while_somebody_works_nothing_is_scrubbed(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal, PhotoStore(tmp_path / "photos") as photos:
        upkeep = Upkeep(
            journal, photos, lost=(), record=Recorder(journal).record, clock=HandClock()
        )
        for _ in range(3):
            await journal.commit(one())
            await upkeep.turn()
        assert upkeep.scrub.seq == 0
        await _turned(upkeep, 1)
        assert upkeep.scrub.seq == 3


async def _torn(folder: Path) -> Journal:
    """A journal, opened, of which one page was zeroed after the end of its log."""
    async with opened(folder) as journal:
        await journal.commit(Submission(events=tuple(event() for _ in range(600))))
    without_log(folder / "journal.db")
    raw = bytearray((folder / "journal.db").read_bytes())
    at = cells(folder / "journal.db")[300].start // PAGE * PAGE
    raw[at : at + PAGE] = bytes(PAGE)
    (folder / "journal.db").write_bytes(raw)
    return journal


async def test_a_stop_that_was_not_in_order_is_followed_by_a_look_at_every_page(
    tmp_path: Path,
) -> None:
    journal = await _torn(tmp_path)
    async with PhotoStore(tmp_path / "photos") as photos:
        record = Recorder(journal).record
        upkeep = Upkeep(journal, photos, lost=(), record=record, is_clean=False, clock=HandClock())
        await upkeep.turn()  # somebody has worked
        with pytest.raises(JournalDamagedError, match="quick_check"):
            await upkeep.turn()
        await _turned(upkeep, 0)


async def test_a_whole_file_is_looked_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal, PhotoStore(tmp_path / "photos") as photos:
        await journal.commit(one())
        upkeep = Upkeep(
            journal,
            photos,
            lost=(),
            record=Recorder(journal).record,
            is_clean=False,
            clock=HandClock(),
        )
        await _turned(upkeep, 2)
        assert upkeep.are_pages_good
