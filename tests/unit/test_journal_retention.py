"""What may go and what must stay; a purged journal is proven from where it begins."""

import sqlite3
from pathlib import Path

import pytest

from edge.events import ConfigActivated, IntentId
from edge.journal.outbox import Ack, DeadLetter
from edge.journal.reader import Reader
from edge.journal.retention import DAY_MS, NEWEST_KEPT, STEP_EVENTS, Keep, purgeable
from edge.journal.rows import CodeRow, IntentRow, IntentState, LiveRow
from edge.journal.settle import DROP_MAX
from edge.journal.space import MIB, Ballast, DiskLevel
from edge.journal.store import LOOK_NS, Store, open_store
from edge.journal.writer import Submission
from edge.settings.model import JournalSettings, TargetSettings
from journal_kit import IDENTITY, WALL_MS, event, target, uuid7

EVENTS = 4000
KEEP = Keep(days=30, units=10, has_photo_target=False)
LATER_MS = WALL_MS + 31 * DAY_MS
BUDGET = JournalSettings(
    budget_mb=32,
    warn_percent=200,
    high_percent=210,
    full_percent=220,
    keep_units=10,
    ballast_mb=0,
)


class Clock:
    """Both times stand where the test puts them."""

    def __init__(self) -> None:
        self.now_ms = WALL_MS
        self.now_ns = 0

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_ms(self) -> int:
        return self.now_ms


def _store(folder: Path, clock: Clock, *targets: TargetSettings) -> Store:
    path = folder / "journal.db"
    return open_store(path, IDENTITY, targets=targets, budget=BUDGET, clock=clock)


def _query(folder: Path, query: str, *values: object) -> list[tuple[int, ...]]:
    connection = sqlite3.connect(folder / "journal.db")
    try:
        rows = connection.execute(query, values).fetchall()
        connection.commit()
        return rows
    finally:
        connection.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal in which every event but the newest may go a month later."""
    folder = tmp_path_factory.mktemp("old")
    store = _store(folder, Clock(), target("oms"), target("board"))
    activated = event(ConfigActivated(what="policy", id="default", version=1, sha256="ab" * 32))
    store.append([Submission(events=(activated, *(event() for _ in range(EVENTS - 1))))], ())
    store.append((), [Ack(target="oms", cursor_seq=EVENTS), Ack(target="board", cursor_seq=3500)])
    store.close()
    connection = sqlite3.connect(folder / "journal.db")
    connection.execute("UPDATE target SET durable = 0 WHERE name = 'board'")
    for seq in range(3600, 3700):  # twenty units a hundred events before the end
        connection.execute("UPDATE event SET kind = 'verdict.made' WHERE seq = ?", (seq,))
    connection.commit()
    connection.close()
    return folder


def _limit(folder: Path, keep: Keep = KEEP, now_ms: int = LATER_MS) -> int:
    connection = sqlite3.connect(folder / "journal.db")
    try:
        return purgeable(connection, keep, now_ms)
    finally:
        connection.close()


def test_all_that_everybody_has_may_go_but_the_newest(shared: Path) -> None:
    assert _limit(shared) == EVENTS - NEWEST_KEPT


@pytest.mark.parametrize(
    ("held", "limit"),
    [
        ("UPDATE target SET cursor_seq = 700 WHERE name = 'oms'", 700),
        ("INSERT INTO dead VALUES (1, 501, 1, '422', '', 1, 0, 'dead')", 500),
        ("INSERT INTO live VALUES ('unit/x', 301)", 300),
        (
            "INSERT INTO intent VALUES (x'01', 'robot', NULL, NULL, NULL, 'in_doubt', 201, NULL)",
            200,
        ),
        ("INSERT INTO replay VALUES (1, 1, 101, 200, '')", 100),
        ("UPDATE target SET retired_ms = 5 WHERE name = 'oms'", EVENTS - NEWEST_KEPT),
        ("INSERT INTO dead VALUES (1, 501, 1, '422', '', 1, 0, 'waived')", EVENTS - NEWEST_KEPT),
    ],
)
def test_what_somebody_still_needs_holds_the_rest_back(shared: Path, held: str, limit: int) -> None:
    connection = sqlite3.connect(shared / "journal.db", isolation_level=None)
    try:
        connection.execute("BEGIN")
        connection.execute(held)
        assert purgeable(connection, KEEP, LATER_MS) == limit
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def test_young_events_and_those_of_the_newest_units_stay(shared: Path) -> None:
    assert _limit(shared, now_ms=WALL_MS + 29 * DAY_MS) == 0
    wide = Keep(days=30, units=99, has_photo_target=False)
    assert _limit(shared, wide) == EVENTS - NEWEST_KEPT
    assert _limit(shared, Keep(days=30, units=100, has_photo_target=False)) == 0


def test_photographs_hold_back_only_where_they_are_sent_somewhere(shared: Path) -> None:
    connection = sqlite3.connect(shared / "journal.db", isolation_level=None)
    sending = Keep(days=30, units=10, has_photo_target=True)
    try:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO photo VALUES (x'02', 1, 'kept', 900)")
        assert purgeable(connection, KEEP, LATER_MS) == EVENTS - NEWEST_KEPT
        assert purgeable(connection, sending, LATER_MS) == 899
        connection.execute("UPDATE photo SET state = 'uploaded'")
        assert purgeable(connection, sending, LATER_MS) == EVENTS - NEWEST_KEPT
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def test_the_only_copy_is_never_purged(tmp_path: Path) -> None:
    store = _store(tmp_path, Clock())
    store.append([Submission(events=tuple(event() for _ in range(2000)))], ())
    store.close()
    assert _limit(tmp_path) == 0


def _old(folder: Path, clock: Clock) -> Store:
    """A journal with verdicts, what came in force, codes and an old intent; all acknowledged."""
    store = _store(folder, clock, target("oms"))
    activated = event(ConfigActivated(what="policy", id="default", version=1, sha256="ab" * 32))
    closed = IntentRow(
        id=IntentId("m/1"),
        kind="robot",
        unit=None,
        resource=None,
        wire_key=None,
        state=IntentState.CLOSED,
        body=None,
    )
    store.append([Submission(events=(activated, event()), intents=(closed,))], ())
    store.append([Submission(events=tuple(event() for _ in range(EVENTS - 2)))], ())
    letter = DeadLetter(seq=7, n=7, code="422", reason="", attempts=1, first_ms=0)
    store.append((), [Ack(target="oms", cursor_seq=EVENTS, dead=(letter,))])
    return store


def _until_done(store: Store, clock: Clock) -> int:
    clock.now_ms = LATER_MS
    clock.now_ns += LOOK_NS
    steps = 1
    while store.idle():
        steps += 1
    return steps


def test_who_waits_for_a_commit_does_not_wait_for_what_is_delivered_to_be_deleted(
    tmp_path: Path,
) -> None:
    store = _store(tmp_path, Clock(), target("oms"))
    store.append([Submission(events=tuple(event() for _ in range(3 * DROP_MAX)))], ())
    store.append([Submission(events=(event(),))], [Ack(target="oms", cursor_seq=3 * DROP_MAX)])
    left = [_query(tmp_path, "SELECT count(*) FROM outbox")[0][0]]
    store.append((), [Ack(target="oms", cursor_seq=3 * DROP_MAX)])  # alone: nobody waits
    left.append(_query(tmp_path, "SELECT count(*) FROM outbox")[0][0])
    while store.idle():
        left.append(_query(tmp_path, "SELECT count(*) FROM outbox")[0][0])
    store.close()
    assert left == [3 * DROP_MAX + 1, 2 * DROP_MAX + 1, DROP_MAX + 1, 1]


def test_a_purge_goes_in_steps_and_what_is_left_is_proven(tmp_path: Path) -> None:
    clock = Clock()
    store = _old(tmp_path, clock)
    _query(tmp_path, "UPDATE dead SET state = 'delivered'")
    _query(tmp_path, "UPDATE event SET kind = 'verdict.made' WHERE seq > ?", EVENTS - 20)
    while store.idle():  # what is delivered goes before its events may
        pass
    steps = _until_done(store, clock)
    _query(tmp_path, "UPDATE event SET kind = 'unit.parked' WHERE kind = 'verdict.made'")
    assert steps == (EVENTS - NEWEST_KEPT) // STEP_EVENTS + 1
    seqs = [row[0] for row in _query(tmp_path, "SELECT seq FROM event ORDER BY seq")]
    assert seqs == [1, *range(EVENTS - NEWEST_KEPT + 1, EVENTS + 1)]
    with Reader(tmp_path / "journal.db") as reader:
        report = reader.verify(deep=True)
        assert [one.kind for one in reader.activations()] == ["config.activated"]
    assert (report.is_good, report.events) == (True, NEWEST_KEPT)
    assert report.first_seq == EVENTS - NEWEST_KEPT + 1
    for table in ("outbox", "dead", "intent"):
        assert _query(tmp_path, f"SELECT count(*) FROM {table} WHERE seq <= 3000") == [(0,)]
    assert store.append([Submission(events=(event(),))], ())[0].first_seq == EVENTS + 1
    store.close()
    again = _store(tmp_path, clock, target("oms"))
    assert again.tip.seq == EVENTS + 1
    again.close()


def unit_of(time_ms: int) -> str:
    head = f"{time_ms:012x}"
    return f"unit/{head[:8]}-{head[8:]}-7000-8000-000000000001"


def test_a_piece_is_known_long_after_its_events_are_gone(tmp_path: Path) -> None:
    clock = Clock()
    store = _store(tmp_path, clock, target("oms"))
    piece = unit_of(WALL_MS)
    codes = (
        CodeRow(code="010460711201001721S7", subject=piece),
        CodeRow(code="0417-0031", subject=piece),
        CodeRow(code="RB123456785RU", subject="parcel/1"),
    )
    store.append([Submission(events=(event(),), codes=codes)], ())
    store.append([Submission(events=tuple(event() for _ in range(EVENTS - 1)))], ())
    store.append((), [Ack(target="oms", cursor_seq=EVENTS)])
    _query(tmp_path, "UPDATE event SET kind = 'verdict.made' WHERE seq > ?", EVENTS - 20)
    _until_done(store, clock)
    assert _query(tmp_path, "SELECT min(seq) FROM event") == [(EVENTS - NEWEST_KEPT + 1,)]
    assert _known(tmp_path) == [(piece,), (piece,), ()]
    for days, known in ((729, (piece,)), (731, ())):
        clock.now_ms = WALL_MS + days * DAY_MS
        clock.now_ns += LOOK_NS
        while store.idle():
            pass
        assert _known(tmp_path) == [known, known, ()]
    store.close()


def _known(folder: Path) -> list[tuple[str, ...]]:
    with Reader(folder / "journal.db") as reader:
        names = ("010460711201001721S7", "0417-0031", "RB123456785RU")
        return [reader.subjects_of(name) for name in names]


def test_a_piece_with_events_is_never_forgotten(tmp_path: Path) -> None:
    clock = Clock()
    store = _store(tmp_path, clock)  # the only copy: no event is purged
    piece = unit_of(WALL_MS)
    codes = (CodeRow(code="0417-0031", subject=piece),)
    store.append([Submission(events=(event(),), codes=codes)], ())
    clock.now_ms = WALL_MS + 4000 * DAY_MS
    clock.now_ns += LOOK_NS
    while store.idle():
        pass
    assert _known(tmp_path)[1] == (piece,)
    store.close()


def test_an_altered_event_behind_the_purge_is_found(tmp_path: Path) -> None:
    clock = Clock()
    store = _old(tmp_path, clock)
    _query(tmp_path, "UPDATE dead SET state = 'waived'")
    _query(tmp_path, "UPDATE event SET kind = 'verdict.made' WHERE seq > ?", EVENTS - 20)
    _until_done(store, clock)
    store.close()
    _query(tmp_path, "UPDATE event SET kind = 'unit.parked' WHERE kind = 'verdict.made'")
    first = EVENTS - NEWEST_KEPT + 1
    _query(tmp_path, "UPDATE event SET digest = zeroblob(32) WHERE seq IN (1, ?)", first)
    with Reader(tmp_path / "journal.db") as reader:
        assert reader.verify().broken == (1, first)


def test_an_open_dead_letter_or_subject_keeps_its_event_in_a_running_journal(
    tmp_path: Path,
) -> None:
    clock = Clock()
    store = _old(tmp_path, clock)
    live = LiveRow(subject="unit/x", is_open=True)
    store.append([Submission(events=(event(unit=uuid7(3)),), live=(live,))], ())
    _query(tmp_path, "UPDATE event SET kind = 'verdict.made' WHERE seq > ?", EVENTS - 20)
    _until_done(store, clock)
    assert _query(tmp_path, "SELECT min(seq) FROM event WHERE seq > 1") == [(7,)]
    store.close()


# ---------------------------------------------------------------- ballast


def test_ballast_is_loaded_once_and_no_more_than_a_small_part_of_the_budget(
    tmp_path: Path,
) -> None:
    ballast = Ballast.of(tmp_path, JournalSettings(budget_mb=64))
    ballast.load()
    first = ballast.path.stat()
    ballast.load()
    assert ballast.path.stat().st_mtime_ns == first.st_mtime_ns
    assert first.st_size == 2 * MIB
    assert first.st_blocks * 512 >= first.st_size
    assert not ballast.drop(), "given up while there is room"


def test_no_ballast_where_none_is_wanted(tmp_path: Path) -> None:
    Ballast.of(tmp_path, JournalSettings(ballast_mb=0)).load()
    assert list(tmp_path.iterdir()) == []


def test_an_idle_journal_loads_the_ballast(tmp_path: Path) -> None:
    clock = Clock()
    budget = JournalSettings(budget_mb=64)
    store = open_store(tmp_path / "journal.db", IDENTITY, targets=(), budget=budget, clock=clock)
    clock.now_ns += LOOK_NS
    assert not store.idle()
    assert (tmp_path / "ballast").stat().st_size == 2 * MIB
    assert store.level < DiskLevel.HIGH
    store.close()
