"""Files of photographs go by age; one that nobody takes holds nothing back for ever."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest

from edge.events import PhotoLost, PhotoTaken
from edge.journal.outbox import Aside
from edge.journal.photos import Lost, PhotoStore
from edge.journal.reader import Reader
from edge.journal.retention import DAY_MS
from edge.journal.rows import LiveRow, photo_path
from edge.journal.store import LOOK_NS, Store, open_store
from edge.journal.writer import Submission
from edge.service.upkeep import Upkeep
from edge.settings.model import JournalSettings, TargetKind, TargetSettings
from edge.station.inputs import StorageEvent
from journal_kit import IDENTITY, WALL_MS, HandClock, event, opened, target, uuid7

PHOTOS = replace(target("photos", "x"), kind=TargetKind.PHOTO_HTTP, events=())
BUDGET = JournalSettings(budget_mb=64, warn_percent=200, high_percent=210, full_percent=220)


class Clock:
    def __init__(self) -> None:
        self.now_ms = WALL_MS
        self.now_ns = LOOK_NS

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_ms(self) -> int:
        return self.now_ms

    def later(self, days: int) -> None:
        self.now_ms += days * DAY_MS
        self.now_ns += LOOK_NS


def _taken(sha256: str) -> PhotoTaken:
    return PhotoTaken(
        sha256=sha256,
        bytes=1000,
        mime="image/jpeg",
        width=1,
        height=1,
        slot="item",
        camera="top",
        sharpness=1,
        mean=1,
        clipped=0,
        bound_by="open_window",
    )


def _store(folder: Path, clock: Clock, *targets: TargetSettings) -> Store:
    """A journal with three uploaded photographs, the third of a unit that is open."""
    store = open_store(folder / "journal.db", IDENTITY, targets=targets, budget=BUDGET, clock=clock)
    for n in range(3):
        path = photo_path(folder / "photos", f"{n:064x}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"jpeg")
        live = (LiveRow(subject=f"unit/{uuid7(n)}", is_open=True),) if n == 2 else ()
        taken = event(_taken(f"{n:064x}"), unit=uuid7(n))
        store.append([Submission(events=(taken,), live=live)], ())
    photos = tuple((f"{n:064x}", "uploaded") for n in range(3))
    store.append((), [Aside(target="photos", photos=photos)])
    return store


def _files(folder: Path) -> list[int]:
    return sorted(int(path.stem, 16) for path in (folder / "photos").glob("*/*.jpg"))


def _states(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        return [row[0] for row in connection.execute("SELECT state FROM photo ORDER BY seq")]


def _idle(store: Store) -> None:
    while store.idle():
        pass


def test_an_uploaded_photograph_goes_by_age_when_its_unit_is_closed(tmp_path: Path) -> None:
    clock = Clock()
    store = _store(tmp_path, clock, PHOTOS)
    clock.later(13)
    _idle(store)
    assert _files(tmp_path) == [0, 1, 2]
    clock.later(2)
    _idle(store)
    assert _files(tmp_path) == [2]
    assert _states(tmp_path) == ["purged", "purged", "uploaded"]
    closed = LiveRow(subject=f"unit/{uuid7(2)}", is_open=False)
    store.append([Submission(events=(event(),), live=(closed,))], ())
    clock.later(1)
    _idle(store)
    assert _files(tmp_path) == []
    store.close()


def test_without_somewhere_to_send_them_photographs_stay(tmp_path: Path) -> None:
    clock = Clock()
    store = _store(tmp_path, clock)
    clock.later(400)
    _idle(store)
    assert _files(tmp_path) == [0, 1, 2]
    store.close()


async def test_a_file_that_a_crash_left_after_its_end_goes_at_the_next_start(
    tmp_path: Path,
) -> None:
    store = _store(tmp_path, Clock(), PHOTOS)
    store.close()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        connection.execute("UPDATE photo SET state = 'purged' WHERE seq = 1")
        connection.execute("UPDATE photo SET state = 'lost' WHERE seq = 2")
        connection.commit()
    with Reader(tmp_path / "journal.db") as reader:
        named, given_up = reader.photos(), reader.given_up_photos()
    async with PhotoStore(tmp_path / "photos") as photos:
        assert await photos.reconcile(named, given_up) == ()
    assert _files(tmp_path) == [1, 2]


@asynccontextmanager
async def _waiting(folder: Path, state: str) -> AsyncIterator[tuple[Upkeep, list[StorageEvent]]]:
    """Upkeep of a journal with one photograph in a state, hundred days ago."""
    clock = HandClock()
    told: list[StorageEvent] = []
    async with (
        opened(folder, PHOTOS, clock=clock) as journal,
        PhotoStore(folder / "photos") as photos,
    ):
        sha256 = await photos.put(b"jpeg")
        await journal.commit(Submission(events=(event(_taken(sha256), unit=uuid7(1)),)))
        journal.ack(Aside(target="photos", photos=((sha256, state),)))

        async def record(one: StorageEvent, once: str) -> bool:
            told.append(one)
            assert isinstance(one, PhotoLost)
            await journal.commit(Submission(events=(event(one, given=once),)))
            return True

        await journal.commit(Submission(events=(event(),)))
        clock.now_ms += 100 * DAY_MS
        upkeep = Upkeep(journal, photos, lost=(), record=record, clock=clock)
        yield upkeep, told
        await upkeep.close()


@pytest.mark.parametrize(
    ("state", "is_given_up"), [("kept", True), ("refused", True), ("uploaded", False)]
)
async def test_one_that_nobody_took_is_given_up_and_told(
    tmp_path: Path, state: str, is_given_up: bool
) -> None:
    async with _waiting(tmp_path, state) as (upkeep, told):
        for _ in range(4):
            await upkeep.turn()
    lost = [one for one in told if isinstance(one, PhotoLost)]
    assert [one.reason for one in lost] == (["not_uploaded"] if is_given_up else [])
    assert _states(tmp_path) == ["erased" if is_given_up else "uploaded"]
    assert len(_files(tmp_path)) == (0 if is_given_up else 1)


async def test_a_lost_one_is_told_once(tmp_path: Path) -> None:
    async with _waiting(tmp_path, "uploaded") as (upkeep, told):
        for _ in range(2):
            upkeep.lost(Lost(sha256="00" * 32, reason="absent"))
        await upkeep.turn()
    assert len(told) == 1
