"""Salvage: every whole event of a damaged journal is saved, the rest is declared, work goes on."""

import asyncio
import json
import random
import sqlite3
from pathlib import Path

import pytest

from edge.cli import main
from edge.events import PhotoTaken, UnitOpened
from edge.journal.outbox import Ack
from edge.journal.reader import Reader
from edge.journal.rows import CodeRow, JournalBrokenError, JournalDamagedError, LiveRow
from edge.journal.salvage import MARK, SALVAGES_MAX, finish
from edge.journal.writer import Journal, Submission
from edge.settings.model import JournalSettings
from journal_kit import IDENTITY, HandClock, event, one, opened, target, uuid7
from stored_events import PAGE, cells, without_log

EVENTS = 60
SMALL = JournalSettings(budget_mb=4, warn_percent=200, high_percent=210, full_percent=220)
TARGET = target("oms", "*")


async def _filled(folder: Path, events: int = EVENTS) -> Path:
    async with opened(folder, TARGET, budget=SMALL) as journal:
        for n in range(events // 10):
            await journal.commit(
                Submission(
                    events=tuple(event(unit=uuid7(7), given=f"b/{n}/{k}") for k in range(10)),
                    live=(LiveRow(subject=f"unit/{n}", is_open=True),),
                    codes=(CodeRow(code=f"code-{n}", subject=f"unit/{n}"),),
                )
            )
        journal.ack(Ack(target="oms", cursor_seq=events // 2))
    path = folder / "journal.db"
    without_log(path)
    return path


def _reopened(folder: Path, *, salvages: bool = True) -> Journal:
    return Journal(
        folder / "journal.db",
        IDENTITY,
        targets=(TARGET,),
        budget=SMALL,
        clock=HandClock(),
        salvages=salvages,
    )


def _zero(path: Path, *places: tuple[int, int]) -> None:
    raw = bytearray(path.read_bytes())
    for start, length in places:
        raw[start : start + length] = bytes(length)
    path.write_bytes(raw)


def _bodies(path: Path) -> dict[int, bytes]:
    with Reader(path) as reader:
        return {seq: body for seq, body, _ in reader.bodies(1)}


def _flip_body(path: Path, seq: int) -> None:
    connection = sqlite3.connect(path)
    (body,) = connection.execute("SELECT body FROM event WHERE seq = ?", (seq,)).fetchone()
    flipped = bytes((*body[:70], body[70] ^ 4, *body[71:]))
    connection.execute("UPDATE event SET body = ? WHERE seq = ?", (flipped, seq))
    connection.commit()
    connection.close()


async def test_a_damaged_event_is_left_out_and_declared_and_work_goes_on(tmp_path: Path) -> None:
    path = await _filled(tmp_path)
    before = _bodies(path)
    name = json.loads(before[1])["source"]
    _flip_body(path, 40)
    async with _reopened(tmp_path) as journal:
        done = journal.salvaged
        assert done is not None
        assert [(one.first, one.last) for one in done.lost] == [(40, 40)]
        assert journal.last_seq == EVENTS + 1
        assert not journal.fresh
        receipt = await journal.commit(Submission(events=(event(given="b/0/0/new"),)))
        assert receipt.first_seq == EVENTS + 2
    with Reader(path) as reader:
        report = reader.verify(deep=True)
        first = next(reader.events(EVENTS + 1))
    assert (report.is_good, report.lost) == (True, ((40, 40),))
    assert first.kind == "station.journal"
    assert first.data["reason"] == "salvage"
    assert first.data["previous"]["last_sequence"] == EVENTS
    assert first.data["lost"] == [{"first": 40, "last": 40}]
    kept = _bodies(path)
    assert {seq: kept[seq] for seq in before if seq != 40} == {
        seq: body for seq, body in before.items() if seq != 40
    }
    assert json.loads(kept[EVENTS + 1])["source"] != name
    assert json.loads(kept[EVENTS + 1])["prevhash"] == "0" * 64
    assert _bodies(done.copy / "journal.db").keys() == before.keys()


async def test_what_is_beside_the_events_is_kept(tmp_path: Path) -> None:
    path = await _filled(tmp_path)
    _flip_body(path, 58)
    async with _reopened(tmp_path) as journal:
        outbox = journal.outbox("oms")
        rows = outbox.read(outbox.cursor_seq, 100)
        assert (outbox.cursor_seq, journal.next_n("oms")) == (30, 61)
        outbox.close()
        assert journal.salvaged is not None
        assert journal.salvaged.incomplete == ()
    assert [(row.seq, row.n) for row in rows] == [(n, n) for n in range(31, 61) if n != 58]
    with Reader(path) as reader:
        assert reader.subjects_of("code-3") == ("unit/3",)
        assert [one.seq for one in reader.replay()][:2] == [1, 2]


@pytest.mark.parametrize("length", [100, PAGE, 8 * PAGE])
async def test_with_the_head_of_the_file_gone_every_event_is_found_in_its_pages(
    tmp_path: Path, length: int
) -> None:
    path = await _filled(tmp_path)
    before = _bodies(path)
    hit = {cell.seq for cell in cells(path) if cell.start < length}
    _zero(path, (0, length))
    async with _reopened(tmp_path) as journal:
        done = journal.salvaged
        assert done is not None
        assert done.kept == done.carved == EVENTS - len(hit)
        assert "outbox" in done.incomplete
        outbox = journal.outbox("oms")
        sent = [row.seq for row in outbox.read(0, 1000)]
        outbox.close()
    after = _bodies(path)
    assert {seq: after[seq] for seq in before.keys() - hit} == {
        seq: before[seq] for seq in before.keys() - hit
    }
    assert sent == sorted(before.keys() - hit)  # all of it again: nobody knows what was sent
    with Reader(path) as reader:
        assert reader.verify().is_good


async def test_a_torn_page_costs_what_was_on_it(tmp_path: Path) -> None:
    path = await _filled(tmp_path)
    page = (cells(path)[45].start // PAGE) * PAGE
    hit = [cell.seq for cell in cells(path) if page <= cell.start < page + PAGE]
    _zero(path, (page, PAGE))
    async with _reopened(tmp_path) as journal:
        assert journal.salvaged is not None
        lost = [seq for one in journal.salvaged.lost for seq in range(one.first, one.last + 1)]
    assert lost == hit


async def test_the_tree_above_the_events_destroyed_costs_none(tmp_path: Path) -> None:
    path = await _filled(tmp_path)
    connection = sqlite3.connect(path)
    (root,) = connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'event'"
    ).fetchone()
    connection.close()
    _zero(path, ((root - 1) * PAGE, PAGE))
    async with _reopened(tmp_path) as journal:
        assert journal.salvaged is not None
        assert (journal.salvaged.kept, journal.salvaged.lost) == (EVENTS, ())


async def test_events_that_are_in_the_log_alone_are_found_when_the_file_is_gone(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, budget=SMALL) as journal:
        await journal.commit(Submission(events=tuple(event() for _ in range(9))))
        copy = tmp_path / "copy"
        copy.mkdir()
        for part in ("journal.db", "journal.db-wal"):
            (copy / part).write_bytes((tmp_path / part).read_bytes())
    _zero(copy / "journal.db", (0, (copy / "journal.db").stat().st_size))
    async with _reopened(copy) as journal:
        assert journal.salvaged is not None
        assert (journal.salvaged.kept, journal.salvaged.lost) == (9, ())


async def test_open_subjects_and_photographs_are_made_anew_from_events(tmp_path: Path) -> None:
    opening = UnitOpened(line="1", n=1)
    photo = PhotoTaken(
        sha256="ab" * 32,
        bytes=3,
        mime="image/jpeg",
        width=1,
        height=1,
        slot="label",
        camera="c",
        sharpness=1,
        mean=1,
        clipped=0,
        bound_by="open_window",
    )
    async with opened(tmp_path, budget=SMALL) as journal:
        await journal.commit(one())
        made = (event(opening, unit=uuid7(5)), event(photo, unit=uuid7(5)))
        await journal.commit(Submission(events=made))
    path = tmp_path / "journal.db"
    without_log(path)
    _zero(path, (0, PAGE))
    async with _reopened(tmp_path):
        pass
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT * FROM live").fetchall() == [(f"unit/{uuid7(5)}", 2)]
    assert connection.execute("SELECT hex(sha256), seq FROM photo").fetchall() == [("AB" * 32, 3)]
    connection.close()


async def test_a_strangers_file_and_a_missing_one_are_never_taken_for_damage(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"no database at all, but long enough" * 200)
    with pytest.raises(JournalBrokenError, match="no event of a journal"):
        async with _reopened(tmp_path):
            pytest.fail("a stranger's file was opened")
    assert path.read_bytes().startswith(b"no database")
    assert not path.with_name("journal.db.salvaged").exists()


async def test_who_does_not_ask_for_it_gets_the_damage_told(tmp_path: Path) -> None:
    path = await _filled(tmp_path)
    _flip_body(path, 40)
    with pytest.raises(JournalDamagedError, match="40"):
        async with _reopened(tmp_path, salvages=False):
            pytest.fail("a damaged journal was opened")


async def test_damage_met_while_in_use_is_salvaged_at_the_next_start(tmp_path: Path) -> None:
    path = await _filled(tmp_path)
    raw = bytearray(path.read_bytes())
    for page in _index_pages(path):
        raw[(page - 1) * PAGE : page * PAGE] = b"\xff" * PAGE
    path.write_bytes(raw)
    async with _reopened(tmp_path) as journal:
        with pytest.raises(JournalDamagedError):
            await journal.commit(one("new"))
    assert path.with_name(MARK).exists()
    async with _reopened(tmp_path) as journal:
        assert journal.salvaged is not None
        assert journal.salvaged.lost == ()
        await journal.commit(one("new"))
    assert not path.with_name(MARK).exists()


def _index_pages(path: Path) -> list[int]:
    connection = sqlite3.connect(path)
    query = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_event_2'"
    found = [row[0] for row in connection.execute(query).fetchall()]
    connection.close()
    return found


async def test_a_disk_that_damages_one_file_after_the_other_needs_a_person(
    tmp_path: Path,
) -> None:
    path = await _filled(tmp_path)
    for n in range(SALVAGES_MAX):
        (tmp_path / "salvage" / str(n)).mkdir(parents=True)
    _flip_body(path, 40)
    with pytest.raises(JournalDamagedError):
        async with _reopened(tmp_path):
            pytest.fail("salvaged without a person")


async def test_a_crash_before_the_files_are_changed_over_is_made_good(tmp_path: Path) -> None:
    path = await _filled(tmp_path)
    ready = tmp_path / "journal.db.salvaged"
    ready.write_bytes(path.read_bytes())
    path.write_bytes(b"damaged")
    path.with_name("journal.db-wal").write_bytes(b"an old log")
    finish(path)
    assert not ready.exists()
    assert not path.with_name("journal.db-wal").exists()
    assert len(_bodies(path)) == EVENTS


def test_a_person_has_a_journal_salvaged_and_is_told_what_became_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = asyncio.run(_filled(tmp_path))
    rng = random.Random(5)
    damaged = sorted(rng.sample(range(1, EVENTS), 3))
    for seq in damaged:
        _flip_body(path, seq)
    assert main(["journal", "salvage", "--data", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["kept"], told["lost"]) == (EVENTS - 3, [[seq, seq] for seq in damaged])
    assert told["previous"]["last_sequence"] == EVENTS
    assert main(["journal", "verify", "--data", str(tmp_path)]) == 0
    assert f"{damaged[0]} to {damaged[0]}: lost" in capsys.readouterr().out
    assert main(["journal", "show", "--data", str(tmp_path), "--limit", "1"]) == 0
    assert "station.journal" in capsys.readouterr().out


def test_a_salvage_where_there_is_nothing_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["journal", "salvage", "--data", str(tmp_path)]) == 1
    assert "no such file" in capsys.readouterr().err


async def test_a_damaged_newest_event_is_lost_and_its_number_is_not_given_again(
    tmp_path: Path,
) -> None:
    path = await _filled(tmp_path)
    _flip_body(path, EVENTS)
    async with _reopened(tmp_path) as journal:
        assert journal.salvaged is not None
        assert [(one.first, one.last) for one in journal.salvaged.lost] == [(EVENTS, EVENTS)]
        assert journal.last_seq == EVENTS + 1


async def test_a_column_of_the_newest_event_is_mended_by_its_body(tmp_path: Path) -> None:
    path = await _filled(tmp_path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE event SET kind = 'unit.barked' WHERE seq >= ?", (EVENTS - 1,))
    connection.commit()
    connection.close()
    async with _reopened(tmp_path) as journal:
        assert journal.salvaged is not None
        assert (journal.salvaged.healed, journal.salvaged.lost) == (2, ())


async def test_a_lost_account_of_a_target_is_damage_and_all_is_sent_again(tmp_path: Path) -> None:
    path = await _filled(tmp_path)
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM target")
    connection.commit()
    connection.close()
    async with _reopened(tmp_path) as journal:
        assert journal.salvaged is not None
        outbox = journal.outbox("oms")
        assert [row.seq for row in outbox.read(0, 1000)] == list(range(1, EVENTS + 1))
        outbox.close()
