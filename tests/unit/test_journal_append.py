"""Appending: sequence, chain, group commit, repeated inputs, full disk, identity."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from edge.events import GENESIS, IntentId, PhotoTaken, PutConfirmed, ScanRead, digest
from edge.events.scan import Match
from edge.journal.groups import QUICK_RUN
from edge.journal.outbox import Ack, Outbox
from edge.journal.reader import Reader
from edge.journal.rows import id_blob, id_text
from edge.journal.space import DiskLevel, level_of
from edge.journal.writer import (
    CodeRow,
    Identity,
    IntentRow,
    IntentState,
    Journal,
    JournalBrokenError,
    JournalBusyError,
    JournalConflictError,
    JournalDuplicateError,
    JournalFullError,
    LiveRow,
    Submission,
)
from edge.settings.model import JournalSettings
from journal_kit import IDENTITY, HandClock, event, one, opened, target, uuid7


def _rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / "journal.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def _intent(key: str, unit: str, state: IntentState, body: bytes | None = None) -> IntentRow:
    return IntentRow(
        id=IntentId(key),
        kind="robot",
        unit=unit,
        resource=f"robot/{key}",
        wire_key=None,
        state=state,
        body=body,
    )


async def _fill(journal: Journal) -> None:
    for _ in range(3000):
        await journal.commit(Submission(events=tuple(event() for _ in range(8))))


async def test_events_follow_each_other_by_sequence_and_digest(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        first = await journal.commit(Submission(events=(event(), event())))
        second = await journal.commit(one())
        assert (first.first_seq, first.last_seq) == (1, 2)
        assert second.first_seq == second.last_seq == journal.last_seq == 3
    before = GENESIS
    for seq, body, stored in _rows(tmp_path, "SELECT seq, body, digest FROM event ORDER BY seq"):
        assert isinstance(body, bytes)
        assert isinstance(stored, bytes)
        envelope = json.loads(body)
        assert envelope["sequence"] == f"{seq:020d}"
        assert envelope["prevhash"] == before
        before = digest(body, before)
        assert stored.hex() == before


async def test_many_producers_share_transactions_and_none_is_lost(tmp_path: Path) -> None:
    async with opened(tmp_path, target()) as journal:
        receipts = await asyncio.gather(*(journal.commit(one()) for _ in range(600)))
        assert sorted(receipt.first_seq for receipt in receipts) == list(range(1, 601))
    with Reader(tmp_path / "journal.db") as reader:
        assert reader.verify().is_good
        assert reader.verify().events == 600


async def test_recorded_time_never_goes_back(tmp_path: Path) -> None:
    clock = HandClock()
    async with opened(tmp_path, clock=clock) as journal:
        first = await journal.commit(one())
        clock.now_ms -= 86_400_000
        second = await journal.commit(one())
        assert second.recorded_ms == first.recorded_ms


async def test_a_repeated_input_writes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.commit(one("boot/scan-1/5"))
        with pytest.raises(JournalDuplicateError) as raised:
            await journal.commit(Submission(events=(event(given="boot/scan-1/5"), event())))
        assert raised.value.input == "boot/scan-1/5"
        assert journal.last_seq == 1
        assert (await journal.commit(one())).first_seq == 2
    with Reader(tmp_path / "journal.db") as reader:
        assert reader.has_input("boot/scan-1/5")
        assert not reader.has_input("boot/scan-1/6")


async def test_a_bad_submission_of_a_group_fails_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        given = [one("same") if n in (3, 9) else one() for n in range(20)]
        results = await asyncio.gather(*map(journal.commit, given), return_exceptions=True)
        failed = [n for n, result in enumerate(results) if isinstance(result, BaseException)]
        assert failed == [9]
        assert journal.last_seq == 19
    with Reader(tmp_path / "journal.db") as reader:
        assert reader.verify().is_good


async def test_a_second_open_intent_of_a_unit_is_refused_with_its_events(tmp_path: Path) -> None:
    unit = uuid7(1)
    async with opened(tmp_path) as journal:
        await journal.commit(
            Submission(
                events=(event(unit=unit),), intents=(_intent("a", unit, IntentState.OPEN, b"{}"),)
            )
        )
        with pytest.raises(JournalConflictError):
            await journal.commit(
                Submission(
                    events=(event(unit=unit, given="fresh"),),
                    intents=(_intent("b", unit, IntentState.OPEN),),
                )
            )
        assert journal.last_seq == 1
        closed, opened_again = (
            _intent("a", unit, IntentState.CLOSED),
            _intent("b", unit, IntentState.IN_DOUBT),
        )
        await journal.commit(Submission(events=(event(),), intents=(closed, opened_again)))
    with Reader(tmp_path / "journal.db") as reader:
        (left,) = reader.open_intents()
        assert (left.id, left.unit, left.state) == ("b", unit, IntentState.IN_DOUBT)


async def test_an_intent_keeps_what_a_later_change_does_not_name(tmp_path: Path) -> None:
    unit = uuid7(1)
    async with opened(tmp_path) as journal:
        for state, body in ((IntentState.OPEN, b"order"), (IntentState.IN_DOUBT, None)):
            await journal.commit(
                Submission(events=(event(),), intents=(_intent("m/1", unit, state, body),))
            )
    with Reader(tmp_path / "journal.db") as reader:
        assert [row.body for row in reader.open_intents()] == [b"order"]


async def test_replay_begins_at_the_oldest_open_subject(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        for n, subject in enumerate(("parcel/a", "unit/b", "unit/c"), 1):
            live = (LiveRow(subject=subject, is_open=True),)
            await journal.commit(Submission(events=(event(), event(unit=uuid7(n))), live=live))
        done = (LiveRow(subject="parcel/a", is_open=False),)
        await journal.commit(Submission(events=(event(),), live=done))
    with Reader(tmp_path / "journal.db") as reader:
        assert [one.seq for one in reader.replay()] == [3, 4, 5, 6, 7]


async def test_replay_of_an_altered_event_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        for _ in range(3):
            await journal.commit(one())
    connection = sqlite3.connect(tmp_path / "journal.db")
    body = connection.execute("SELECT body FROM event WHERE seq = 2").fetchone()[0]
    flipped = bytes((*body[:60], body[60] ^ 1, *body[61:]))
    connection.execute("UPDATE event SET body = ? WHERE seq = 2", (flipped,))
    connection.commit()
    connection.close()
    with Reader(tmp_path / "journal.db") as reader:
        assert reader.verify().broken == (2,)
        with pytest.raises(JournalBrokenError, match="altered"):
            list(reader.replay())


async def test_codes_lead_back_to_their_subjects_newest_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        for subject in ("parcel/a", "parcel/b"):
            codes = (CodeRow(code="88123", subject=subject),)
            await journal.commit(Submission(events=(event(),), codes=codes))
    with Reader(tmp_path / "journal.db") as reader:
        assert reader.subjects_of("88123") == ("parcel/b", "parcel/a")
        assert reader.subjects_of("other") == ()


async def test_events_of_a_unit_and_a_parcel_are_found(tmp_path: Path) -> None:
    unit, parcel = uuid7(71), uuid7(72)
    async with opened(tmp_path) as journal:
        await journal.commit(
            Submission(events=(event(unit=unit, parcel=parcel), event(parcel=parcel), event()))
        )
    with Reader(tmp_path / "journal.db") as reader:
        assert [one.seq for one in reader.of_unit(unit)] == [1]
        assert [one.seq for one in reader.of_parcel(parcel)] == [1, 2]
        assert reader.last_seq() == 3


async def test_only_one_process_writes(tmp_path: Path) -> None:
    async with opened(tmp_path):
        with pytest.raises(JournalBusyError):
            async with opened(tmp_path):
                pytest.fail("a second writer was let in")


async def test_a_journal_is_fresh_until_its_first_event(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        assert (journal.fresh, journal.reason) == (True, "fresh")
        name = journal.journal_id
    async with opened(tmp_path) as journal:
        assert journal.fresh
        assert journal.journal_id == name
        await journal.commit(one())
        assert not journal.fresh
    async with opened(tmp_path) as journal:
        assert not journal.fresh
        assert journal.last_seq == 1
        assert journal.source.endswith(f"/station/msk1.st07/{name}")


async def test_a_cloned_disk_gets_a_name_of_its_own_and_the_sequence_goes_on(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as journal:
        await journal.commit(one())
        name = journal.journal_id
    other = Identity(namespace="https://r.example.com", site="a", station="b", machine_id="m2")
    for _ in range(2):  # a start that committed nothing changes nothing
        async with opened(tmp_path, identity=other) as journal:
            assert journal.journal_id != name
            assert (journal.fresh, journal.reason) == (True, "clone")
    async with opened(tmp_path, identity=other) as journal:
        assert (await journal.commit(one())).first_seq == 2
        assert not journal.fresh


async def test_a_full_file_refuses_and_works_again_when_there_is_room(tmp_path: Path) -> None:
    small = JournalSettings(budget_mb=2, warn_percent=200, high_percent=201, full_percent=202)
    async with opened(tmp_path, budget=small) as journal:
        with pytest.raises(JournalFullError):
            await _fill(journal)
        stored = journal.last_seq
    async with opened(tmp_path, budget=JournalSettings(budget_mb=8)) as journal:
        assert (await journal.commit(one())).first_seq == stored + 1
    with Reader(tmp_path / "journal.db") as reader:
        assert reader.verify().is_good
        assert reader.last_seq() == stored + 1


async def test_the_reserve_takes_puts_when_nothing_else_is_taken(tmp_path: Path) -> None:
    used_up = JournalSettings(warn_percent=0, high_percent=0, full_percent=0)
    put = PutConfirmed(zone="resale", proof="tray", how="hand", after_verdict_ms=5)
    async with opened(tmp_path, budget=used_up) as journal:
        assert journal.level is DiskLevel.FULL
        with pytest.raises(JournalFullError, match="kept for puts"):
            await journal.commit(one())
        assert (await journal.commit(Submission(events=(event(), event(put))))).last_seq == 2


def test_work_resumes_some_way_below_where_it_stopped() -> None:
    budget = JournalSettings()
    assert level_of(84, budget, DiskLevel.NORMAL) is DiskLevel.WARN
    assert level_of(84, budget, DiskLevel.HIGH) is DiskLevel.HIGH
    assert level_of(79, budget, DiskLevel.HIGH) is DiskLevel.WARN
    assert level_of(95, budget, DiskLevel.NORMAL) is DiskLevel.FULL


async def test_photographs_count_against_the_budget(tmp_path: Path) -> None:
    photo = PhotoTaken(
        sha256="ab" * 32,
        bytes=3_000_000,
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
    async with opened(tmp_path, budget=JournalSettings(budget_mb=3)) as journal:
        await journal.commit(Submission(events=(event(photo), event(photo))))
    assert _rows(tmp_path, "SELECT bytes, seq FROM photo") == [(3_000_000, 1)]
    async with opened(tmp_path, budget=JournalSettings(budget_mb=3)) as journal:
        assert journal.level is DiskLevel.FULL


async def test_outbox_rows_follow_the_filters_as_they_were_when_appended(tmp_path: Path) -> None:
    scan = ScanRead(
        device="s", via="serial", text="1", match=Match(what="none"), symbology="", raw_b64=""
    )
    wide, narrow = target("wide", "*", "scan.*"), target("narrow", "put.*", "*")
    async with opened(tmp_path, wide, narrow) as journal:
        await journal.commit(Submission(events=(event(), event(scan), event(mode="training"))))
        assert journal.next_n("wide") == 3
        assert journal.next_n("narrow") == 2
    rows = _rows(
        tmp_path,
        "SELECT o.seq, t.name, o.n FROM outbox o JOIN target t ON t.id = o.target ORDER BY 1, 2",
    )
    assert rows == [(1, "narrow", 1), (1, "wide", 1), (2, "wide", 2)]


async def test_a_new_target_starts_at_now(tmp_path: Path) -> None:
    async with opened(tmp_path, target("old")) as journal:
        await journal.commit(one())
    async with opened(tmp_path, target("old"), target("new")) as journal:
        await journal.commit(one())
        outbox = journal.outbox("new")
        assert [(row.seq, row.n) for row in outbox.read(outbox.cursor_seq, 10)] == [(2, 1)]
        outbox.close()
        assert journal.next_n("old") == 3


async def test_a_commit_wakes_who_waits_for_a_change(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        changed = journal.changed
        assert not changed.is_set()
        await journal.commit(one())
        assert changed.is_set()
        assert not journal.changed.is_set()


async def test_a_cancelled_wait_leaves_the_event_in_the_journal(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        waiting = asyncio.create_task(journal.commit(one()), name="commit")
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await journal.commit(one())
        assert journal.last_seq == 2


async def test_after_the_end_nothing_is_taken(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.commit(one())
    with pytest.raises(JournalBrokenError):
        await journal.commit(one())


async def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"no database at all, but long enough" * 200)
    with pytest.raises(JournalBrokenError):
        async with opened(tmp_path):
            pytest.fail("a stranger's file was opened")


@pytest.mark.parametrize("text", [uuid7(5), "p", "sixteen-letters!", "0193A5C0", "Я"])
def test_ids_come_back_as_they_were(text: str) -> None:
    assert id_text(id_blob(text)) == text


async def test_readers_that_hold_a_snapshot_never_keep_the_writer_waiting(tmp_path: Path) -> None:
    async with opened(tmp_path) as journal:
        await journal.commit(one())
        readers = [sqlite3.connect(tmp_path / "journal.db") for _ in range(4)]
        for reader in readers:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM event").fetchone() == (1,)
        async with asyncio.timeout(5.0):  # a lock would take SQLite's whole busy time-out
            for _ in range(50):
                await journal.commit(Submission(events=tuple(event() for _ in range(40))))
        assert journal.last_seq == 2001
        for reader in readers:
            assert reader.execute("SELECT count(*) FROM event").fetchone() == (1,)
            reader.close()
        assert (await journal.commit(one())).first_seq == 2002


@asynccontextmanager
async def _quick(folder: Path) -> AsyncIterator[Journal]:
    """A journal on a disk that counts as quick, whatever else the machine does."""
    journal = Journal(
        folder / "journal.db",
        IDENTITY,
        targets=(target("oms"),),
        budget=JournalSettings(),
        clock=HandClock(),
    )
    journal.quick_s = 60.0
    async with journal:
        for n in range(QUICK_RUN):
            await journal.commit(one(f"warm/{n}"))
        yield journal


async def test_a_quick_disk_is_written_without_a_way_to_the_thread(tmp_path: Path) -> None:
    async with _quick(tmp_path) as journal:
        work = journal.commit(one("here"))
        with pytest.raises(StopIteration) as done:  # not one turn of the loop was needed
            work.send(None)
        assert done.value.value.last_seq == QUICK_RUN + 1


async def test_a_crowd_on_a_quick_disk_is_one_group(tmp_path: Path) -> None:
    async with _quick(tmp_path) as journal:
        for turn in range(2):
            await asyncio.gather(*(journal.commit(one(f"{turn}/{n}")) for n in range(40)))
        page = generate_latest(journal.metrics.registry).decode()
        assert journal.last_seq == QUICK_RUN + 80
    assert 'receiving_edge_commit_group_events_bucket{le="32.0"} 17.0' in page
    assert 'receiving_edge_commit_group_events_bucket{le="64.0"} 19.0' in page


async def test_a_repeated_input_fails_alone_where_the_loop_commits(tmp_path: Path) -> None:
    async with _quick(tmp_path) as journal:
        given = [journal.commit(one(key)) for key in ("a", "b", "a", "c")]
        found = await asyncio.gather(*given, return_exceptions=True)
        assert [type(each).__name__ for each in found] == [
            "Receipt",
            "Receipt",
            "JournalDuplicateError",
            "Receipt",
        ]
    with Reader(tmp_path / "journal.db") as reader:
        assert reader.verify(deep=True).is_good


async def test_one_producer_does_not_keep_others_from_their_turn(tmp_path: Path) -> None:
    async with _quick(tmp_path) as journal:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other(), name="other")
        for n in range(200):
            await journal.commit(one(f"n/{n}"))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert turns > 1


async def test_cursors_ride_in_a_commit_of_the_loop(tmp_path: Path) -> None:
    async with _quick(tmp_path) as journal:
        journal.ack(Ack(target="oms", cursor_seq=5))
        await journal.commit(one("last"))
    with closing(Outbox(tmp_path / "journal.db", "oms")) as outbox:
        assert outbox.cursor_seq == 5


async def test_delivery_numbers_go_on_though_their_row_is_behind(tmp_path: Path) -> None:
    async with opened(tmp_path, target("wide")) as journal:
        for n in range(5):
            await journal.commit(one(f"first/{n}"))
    assert _rows(tmp_path, "SELECT next_n FROM target") == [(1,)]
    async with opened(tmp_path, target("wide")) as journal:
        assert journal.next_n("wide") == 6
        journal.ack(Ack(target="wide", cursor_seq=5))
        await journal.commit(one("second"))
        assert journal.next_n("wide") == 7
    async with opened(tmp_path, target("wide")) as journal:
        journal.ack(Ack(target="wide", cursor_seq=6))
    assert _rows(tmp_path, "SELECT count(*) FROM outbox") == [(0,)]
    assert _rows(tmp_path, "SELECT next_n FROM target") == [(7,)]
    async with opened(tmp_path, target("wide")) as journal:
        assert journal.next_n("wide") == 7
        await journal.commit(Submission(events=tuple(event() for _ in range(1000))))
    assert _rows(tmp_path, "SELECT next_n FROM target") == [(1007,)]


async def test_a_number_far_beyond_its_account_is_damage(tmp_path: Path) -> None:
    async with opened(tmp_path, target("wide")) as journal:
        await journal.commit(one("a"))
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        connection.execute("UPDATE outbox SET n = 5000")
        connection.commit()
    with pytest.raises(JournalBrokenError, match="does not fit their accounts"):
        async with opened(tmp_path, target("wide")):
            pass
