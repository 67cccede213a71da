"""Proof of a journal: every flipped bit of a stored event is found and named."""

import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.journal.proof import Report, Wrong
from edge.journal.reader import Reader
from edge.journal.rows import JournalBrokenError
from edge.journal.writer import Identity, Submission
from edge.settings.model import JournalSettings
from journal_kit import event, one, opened, uuid7
from stored_events import cells, without_log

EVENTS = 24
FLIPS = 1000
SMALL = JournalSettings(budget_mb=2, warn_percent=200, high_percent=210, full_percent=220)


async def _filled(folder: Path, events: int = EVENTS) -> Path:
    made = (
        event(unit=uuid7(7) if n % 3 else None, parcel=uuid7(8), given=f"boot/{n}")
        for n in range(events)
    )
    async with opened(folder, budget=SMALL) as journal:
        await journal.commit(Submission(events=tuple(made)))
    path = folder / "journal.db"
    without_log(path)
    return path


@contextmanager
def _changed(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    try:
        yield connection
    finally:
        connection.close()


def _proof(path: Path, *, deep: bool = False) -> Report:
    with Reader(path) as reader:
        return reader.verify(deep=deep)


def _one_bit(value: object, rng: random.Random) -> object:
    """The same value of a column with one bit of it the other way round."""
    match value:
        case int():
            return value ^ 1 << rng.randrange(40)
        case str():
            raw = bytearray(value.encode("ascii"))
            raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(7)
            return raw.decode("ascii")
        case bytes():
            flipped = bytearray(value)
            flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
            return bytes(flipped)
        case _:
            return b"\0" * 16


async def test_one_bit_of_any_column_is_found_and_the_column_is_named(tmp_path: Path) -> None:
    path = await _filled(tmp_path)
    rng = random.Random(41)
    names = ("seq", "id", "kind", "parcel", "unit", "input", "recorded_ms", "body", "digest")
    with _changed(path) as connection:
        for n in range(FLIPS // 4):
            column, seq = names[n % len(names)], rng.randrange(1, EVENTS + 1)
            (before,) = connection.execute(
                f"SELECT {column} FROM event WHERE seq = ?", (seq,)
            ).fetchone()
            after = _one_bit(before, rng)
            change = f"UPDATE OR IGNORE event SET {column} = ? WHERE seq = ?"
            if connection.execute(change, (after, seq)).rowcount == 0:
                continue  # another event has that value
            report = _proof(path)
            assert not report.is_good, f"{column} of {seq}"
            if column == "seq":
                assert (seq, seq) in report.gaps or seq == EVENTS
                assert [one.what for one in report.damage] == [(Wrong.SEQ,)]
            else:
                (damage,) = report.damage
                assert damage.seq == seq
                assert Wrong(column) in damage.what
                exact = seq < EVENTS or column not in ("body", "digest")
                assert not exact or damage.what == (Wrong(column),)
            connection.execute(change, (before, after if column == "seq" else seq))
            assert not isinstance(after, int) or _proof(path).is_good


async def test_one_bit_of_the_file_wherever_an_event_lies_is_found(tmp_path: Path) -> None:
    path = await _filled(tmp_path)
    places = cells(path)
    assert [cell.seq for cell in places] == list(range(1, EVENTS + 1))
    whole = path.read_bytes()
    rng = random.Random(42)
    named = 0
    with path.open("r+b", buffering=0) as file:
        for _ in range(FLIPS):
            cell = rng.choice(places)
            at, bit = rng.randrange(cell.start, cell.end), rng.randrange(8)
            if at == cell.record + 1:
                continue  # type of the key's place in the record: SQLite looks at it nowhere
            os.pwrite(file.fileno(), bytes((whole[at] ^ 1 << bit,)), at)
            report = _proof(path, deep=True)
            os.pwrite(file.fileno(), whole[at : at + 1], at)
            assert not report.is_good, f"bit {bit} of byte {at - cell.start} of event {cell.seq}"
            named += bool({cell.seq, cell.seq + 1} & set(report.broken))
    assert named >= FLIPS * 0.98  # else SQLite names the page


async def test_a_torn_page_costs_its_events_and_no_other(tmp_path: Path) -> None:
    path = await _filled(tmp_path, events=60)
    page = (cells(path)[30].start // 4096) * 4096
    hit = [cell.seq for cell in cells(path) if page <= cell.start < page + 4096]
    raw = bytearray(path.read_bytes())
    raw[page : page + 4096] = bytes(4096)
    path.write_bytes(raw)
    report = _proof(path, deep=True)
    assert set(report.broken) == set(hit)
    assert report.events == 60 - len(hit)
    assert report.last_seq == 60


async def test_absent_events_are_gaps_in_the_middle_and_at_the_end(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.commit(Submission(events=tuple(event() for _ in range(20))))
    path = tmp_path / "journal.db"
    with _changed(path) as connection:
        connection.execute("DELETE FROM event WHERE seq IN (4, 5, 6, 11, 19, 20)")
        connection.execute("INSERT INTO live VALUES ('unit/x', 20)")
    report = _proof(path)
    assert report.gaps == ((4, 6), (11, 11), (19, 20))
    assert report.damage == ()
    assert report.broken == (4, 11, 19)
    assert report.events == 14


async def test_an_event_put_in_place_of_another_breaks_the_chain_behind_it(
    tmp_path: Path,
) -> None:
    """Digest and columns of the forged row are right: only its neighbours know better."""
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        async with opened(folder) as journal:
            for _ in range(9):
                await journal.commit(one())
    with _changed(second / "journal.db") as connection:
        foreign = connection.execute("SELECT * FROM event WHERE seq = 5").fetchone()
    with _changed(first / "journal.db") as connection:
        marks = ", ".join("?" * len(foreign))
        connection.execute(f"INSERT OR REPLACE INTO event VALUES ({marks})", foreign)
    found = {one.seq: one.what for one in _proof(first / "journal.db").damage}
    assert found == {5: (Wrong.CHAIN,), 6: (Wrong.CHAIN,)}


async def test_a_new_identity_begins_a_chain_of_its_own(tmp_path: Path) -> None:
    other = Identity(namespace="https://r.example.com", site="a", station="b", machine_id="m2")
    async with opened(tmp_path) as journal:
        await journal.commit(one())
    for _ in range(2):
        async with opened(tmp_path, identity=other) as journal:
            await journal.commit(one())
    report = _proof(tmp_path / "journal.db")
    assert report.is_good
    assert (report.first_seq, report.last_seq, report.events) == (1, 3, 3)


async def test_a_part_is_proven_from_where_it_begins(tmp_path: Path) -> None:
    path = await _filled(tmp_path)
    with _changed(path) as connection:
        connection.execute("UPDATE event SET kind = 'unit.lost' WHERE seq = 3")
    with Reader(path) as reader:
        assert reader.verify(4).is_good
        assert reader.verify(4).events == EVENTS - 3
        assert reader.verify(3).broken == (3,)


async def test_progress_is_told_while_it_goes_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.commit(Submission(events=tuple(event() for _ in range(1200))))
    told: list[tuple[int, int]] = []
    with Reader(tmp_path / "journal.db") as reader:
        assert reader.verify(tell=lambda done, of: told.append((done, of))).is_good
    assert told == [(500, 1200), (1000, 1200)]


@pytest.mark.parametrize("content", [b"", b"no database at all" * 400])
def test_what_is_no_journal_is_refused_with_its_reason(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    with pytest.raises(JournalBrokenError, match="journal: read"), Reader(path) as reader:
        reader.verify()


async def test_a_destroyed_header_is_refused_with_its_reason(tmp_path: Path) -> None:
    path = await _filled(tmp_path)
    shutil.copy(path, tmp_path / "copy.db")
    path.write_bytes(bytes(100) + path.read_bytes()[100:])
    with pytest.raises(JournalBrokenError):
        _proof(path)
