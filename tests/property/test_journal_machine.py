"""Append, drain, crash and reopen in any order: the journal equals a plain list."""

import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge.events import Encoded
from edge.journal.outbox import Ack, DeadLetter, Outbox
from edge.journal.reader import Reader
from edge.journal.rows import JournalDuplicateError, JournalFullError, LiveRow, Submission
from edge.journal.store import Store, open_store
from edge.settings.model import JournalSettings
from journal_kit import IDENTITY, HandClock, event, target, uuid7

TARGETS = (target("all", "*"), target("some", "put.*"))
INPUTS = st.sampled_from(("a", "b", "c", "d", "e", "f", "g", "h"))
# A small budget keeps the pre-grown log, and with it each opening, small.
ROOMY = JournalSettings(budget_mb=2, warn_percent=200, high_percent=210, full_percent=220)
FULL = JournalSettings(budget_mb=2, warn_percent=0, high_percent=0, full_percent=0)


class JournalMachine(RuleBasedStateMachine):
    """The model: ids in order, inputs seen, what one target has acknowledged."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="journal-"))
        self.path = self.folder / "journal.db"
        self.clock = HandClock()
        self.ids: list[str] = []
        self.inputs: set[str] = set()
        self.acked = 0
        self.dead: set[int] = set()
        self.live: dict[str, int] = {}

    @initialize()
    def open(self) -> None:
        self.store = self._open(ROOMY)

    def _open(self, budget: JournalSettings) -> Store:
        return open_store(self.path, IDENTITY, targets=TARGETS, budget=budget, clock=self.clock)

    @rule(count=st.integers(1, 5), groups=st.integers(1, 4))
    def append(self, count: int, groups: int) -> None:
        group = [tuple(event(unit=uuid7(n)) for n in range(count)) for _ in range(groups)]
        receipts = self.store.append([Submission(events=events) for events in group], ())
        for events, receipt in zip(group, receipts, strict=True):
            assert receipt.first_seq == len(self.ids) + 1
            self._appended(*events)
            assert receipt.last_seq == len(self.ids)

    @rule(given=INPUTS)
    def append_an_input(self, given: str) -> None:
        made = event(given=given)
        try:
            self.store.append([Submission(events=(made,))], ())
        except JournalDuplicateError:
            assert given in self.inputs
        else:
            assert given not in self.inputs
            self.inputs.add(given)
            self._appended(made)

    @rule(name=st.sampled_from("xyz"), is_open=st.booleans())
    def open_or_close_a_subject(self, name: str, is_open: bool) -> None:
        made = event()
        row = LiveRow(subject=f"unit/{name}", is_open=is_open)
        self.store.append([Submission(events=(made,), live=(row,))], ())
        self._appended(made)
        if is_open:
            self.live.setdefault(name, len(self.ids))
        else:
            self.live.pop(name, None)

    @precondition(lambda self: self.acked < len(self.ids))
    @rule(share=st.floats(0.1, 1.0), is_refused=st.booleans())
    def drain(self, share: float, is_refused: bool) -> None:
        outbox = Outbox(self.path, "all")
        rows = outbox.read(self.acked, max(1, int(share * 20)))
        outbox.close()
        assert [row.seq for row in rows] == [row.n for row in rows]
        assert [row.id for row in rows] == self.ids[self.acked : self.acked + len(rows)]
        dead: tuple[DeadLetter, ...] = ()
        if is_refused:
            dead = (_letter(rows[0].seq),)
            self.dead.add(rows[0].seq)
        self.acked = rows[-1].seq
        self.store.append((), [Ack(target="all", cursor_seq=self.acked, dead=dead)])

    @rule(step_ms=st.integers(-100_000, 100_000))
    def step_the_clock(self, step_ms: int) -> None:
        self.clock.now_ms += step_ms

    @rule()
    def crash(self) -> None:
        """A copy of the three files, taken while the writer is at work, is what a kill leaves."""
        copy = self.folder / "copy"
        copy.mkdir()
        for path in self.folder.glob("journal.db*"):
            shutil.copy(path, copy / path.name)
        self.store.close()
        for path in self.folder.glob("journal.db*"):
            path.unlink()
        for path in copy.iterdir():
            path.replace(self.folder / path.name)
        copy.rmdir()
        self.store = self._open(ROOMY)

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = self._open(ROOMY)

    @rule()
    def run_out_of_room(self) -> None:
        self.store.close()
        self.store = self._open(FULL)
        try:
            self.store.append([Submission(events=(event(given="z"),))], ())
        except JournalFullError:
            self.store.close()
            self.store = self._open(ROOMY)
        else:
            raise AssertionError("written into the reserve")

    @invariant()
    def the_journal_is_the_list(self) -> None:
        with Reader(self.path) as reader:
            report = reader.verify()
            assert report.is_good
            assert report.last_seq == len(self.ids) == self.store.tip.seq
            recorded = [one.recorded_ms for one in reader.events(1)]
            assert recorded == sorted(recorded)
            first = min(self.live.values(), default=len(self.ids) + 1)
            assert [one.seq for one in reader.replay()] == list(range(first, len(self.ids) + 1))

    @invariant()
    def nothing_unacknowledged_left_the_outbox(self) -> None:
        connection = sqlite3.connect(self.path)
        try:
            cursor, next_n = connection.execute(
                "SELECT cursor_seq, max(next_n, coalesce((SELECT max(n) + 1 FROM outbox"
                " WHERE target = 1), 0)) FROM target WHERE name = 'all'"
            ).fetchone()
            (left,) = connection.execute(
                "SELECT count(*) FROM outbox WHERE target = 1 AND seq > ?", (cursor,)
            ).fetchone()
            dead = {row[0] for row in connection.execute("SELECT seq FROM dead")}
        finally:
            connection.close()
        assert (cursor, next_n) == (self.acked, len(self.ids) + 1)
        assert left == len(self.ids) - self.acked
        assert dead == self.dead

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def _appended(self, *events: Encoded) -> None:
        self.ids.extend(str(one.id) for one in events)


def _letter(seq: int) -> DeadLetter:
    return DeadLetter(seq=seq, n=seq, code="422", reason="r", attempts=1, first_ms=0)


TestJournalMachine = pytest.mark.timeout(600)(JournalMachine.TestCase)
TestJournalMachine.settings = settings(stateful_step_count=15, deadline=None)
