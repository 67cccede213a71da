"""Append, send, fail, crash, replay, waive, retire and purge in any order, beside plain sets.

Whatever comes: what a target got was appended; what lies behind its cursor it got, or refused, or
a person waived it; what lies before it is still owed; nothing owed is purged.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge.events import Encoded
from edge.journal.outbox import Ack, Act, Aside, DeadLetter, Order, Outbox, OutboxRow, Settlement
from edge.journal.reader import Reader
from edge.journal.rows import JournalFullError, Submission
from edge.journal.store import LOOK_NS, Store, open_store
from edge.settings.model import JournalSettings, TargetSettings
from event_kit import payload
from journal_kit import IDENTITY, HandClock, event, target, uuid7

ROOMY = JournalSettings(
    budget_mb=2,
    warn_percent=200,
    high_percent=210,
    full_percent=220,
    keep_days=0,
    keep_units=0,
)
FULL = JournalSettings(budget_mb=2, warn_percent=0, high_percent=0, full_percent=0)
NAMES = ("crm", "oms", "wms")
ALL = 10_000
FATES = st.sampled_from(("ok", "lost", "poison"))
ANY = st.integers(0, ALL)


@dataclass(slots=True)
class Account:
    """What a target is known to have, and what it need not have."""

    joined: int
    left: int = ALL
    got: set[int] = field(default_factory=set)
    dead: set[int] = field(default_factory=set)
    waived: set[int] = field(default_factory=set)

    @property
    def is_retired(self) -> bool:
        return self.left < ALL

    def wanted(self, last: int) -> range:
        return range(self.joined + 1, min(last, self.left) + 1)


class SyncMachine(RuleBasedStateMachine):
    """The model: how many events there are, and one account a target."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="sync-"))
        self.path = self.folder / "journal.db"
        self.clock = HandClock()
        self.few_kept = pytest.MonkeyPatch()
        self.few_kept.setattr("edge.journal.retention.NEWEST_KEPT", 3)
        self.ids: list[str] = []
        self.accounts: dict[str, Account] = {}
        self.replays = 0

    @initialize()
    def open(self) -> None:
        self.accounts["crm"] = Account(joined=0)
        self.store = self._open(ROOMY)

    def _open(self, budget: JournalSettings) -> Store:
        targets: tuple[TargetSettings, ...] = tuple(target(name, "*") for name in self.accounts)
        return open_store(self.path, IDENTITY, targets=targets, budget=budget, clock=self.clock)

    # ------------------------------------------------------------ the station

    @rule(count=st.integers(1, 6))
    def append(self, count: int) -> None:
        verdict = payload("verdict.made", is_full=False)
        self._append([event(verdict, unit=uuid7(n)) for n in range(count)])

    def _append(self, events: Sequence[Encoded], told: tuple[Settlement, ...] = ()) -> None:
        self.store.append([Submission(events=tuple(events))], told)
        self.ids.extend(str(one.id) for one in events)

    @rule(step_ms=st.integers(-100_000, 100_000))
    def step_the_clock(self, step_ms: int) -> None:
        self.clock.now_ms += step_ms

    @rule(how=st.sampled_from(("restart", "crash", "no room")))
    def stop_and_start(self, how: str) -> None:
        if how == "crash":
            self._crash()
        else:
            self.store.close()
        if how == "no room":
            self._run_out_of_room()
        self.store = self._open(ROOMY)

    def _crash(self) -> None:
        """What a kill leaves: the three files as they are while the writer is at work."""
        copy = self.folder / "copy"
        copy.mkdir()
        for path in self.folder.glob("journal.db*"):
            shutil.copy(path, copy / path.name)
        self.store.close()
        for path in copy.iterdir():
            path.replace(self.folder / path.name)
        copy.rmdir()

    def _run_out_of_room(self) -> None:
        with closing(self._open(FULL)) as full, pytest.raises(JournalFullError):
            full.append([Submission(events=(event(),))], ())

    @rule(wait_ms=st.integers(0, 5_000))
    def purge(self, wait_ms: int) -> None:
        self.clock.now_ms += wait_ms
        self.clock.push_ms(LOOK_NS // 1_000_000 + 1)
        while self.store.idle():
            pass

    # ------------------------------------------------------------ targets and people

    @precondition(lambda self: len(self.accounts) < len(NAMES))
    @rule()
    def add_a_target(self) -> None:
        self.accounts[NAMES[len(self.accounts)]] = Account(joined=len(self.ids))
        self.stop_and_start("restart")

    @rule(which=ANY, limit=st.integers(1, 8), fate=FATES)
    def send(self, which: int, limit: int, fate: str) -> None:
        name, account = self._one_of(which)
        rows = self._owed(name, limit)
        if account.is_retired or not rows:
            return
        seqs = [row.seq for row in rows]
        dead = tuple(_letter(row.seq, row.n) for row in rows[:1]) if fate == "poison" else ()
        account.got.update(seqs[len(dead) :])
        if fate == "lost":  # it has them, and its answer did not come
            return
        account.dead.update(one.seq for one in dead)
        self.store.append((), [Ack(target=name, cursor_seq=seqs[-1], dead=dead)])

    @rule(which=ANY, low=ANY, size=st.integers(0, 10))
    def waive(self, which: int, low: int, size: int) -> None:
        name, account = self._one_of(which)
        if account.is_retired or not self.ids:
            return
        first = low % len(self.ids) + 1
        last = min(first + size, len(self.ids))  # the event that records it goes there, too
        order = Order(target=name, act=Act.WAIVE, from_seq=first, to_seq=last)
        owed = {row.seq for row in self._owed(name, ALL)} | account.dead
        waived = {seq for seq in owed if first <= seq <= last}
        self._append([event()], (order,))
        account.waived |= waived
        account.dead -= waived

    @rule(limit=st.integers(1, 8), fate=FATES, wait_ms=st.integers(1, 5_000))
    def work_a_while(self, limit: int, fate: str, wait_ms: int) -> None:
        self.append(limit)
        for which in range(len(self.accounts)):
            self.send(which, limit, fate)
        self.append(1)
        self.purge(wait_ms)

    @precondition(lambda self: sum(not one.is_retired for one in self.accounts.values()) > 1)
    @rule(which=ANY)
    def retire(self, which: int) -> None:
        name, account = self._one_of(which)
        if not account.is_retired:
            self._append([event()], (Order(target=name, act=Act.RETIRE),))
            account.left = len(self.ids)

    @rule(which=ANY, low=ANY, size=st.integers(0, 10), goes_on=st.booleans())
    def ask_for_a_replay(self, which: int, low: int, size: int, *, goes_on: bool) -> None:
        name, account = self._one_of(which)
        kept = range(self._first(), len(self.ids) + 1)
        if account.is_retired or not kept:
            return
        first = kept[low % len(kept)]
        self.replays += 1
        last = min(first + size, len(self.ids))
        order = Order(target=name, act=Act.REPLAY, key=self.replays, from_seq=first, to_seq=last)
        self._append([event()], (order,))
        if goes_on:
            self.work_a_while(8, "ok", 1000)

    @rule(which=ANY, limit=st.integers(1, 5))
    def go_on_with_a_replay(self, which: int, limit: int) -> None:
        name, account = self._one_of(which)
        with closing(Outbox(self.path, name)) as outbox:
            replay = outbox.next_replay(frozenset())
            if replay is None:
                return
            rows, at = outbox.replay_rows(replay, limit, ("*",))
            seqs = [row.seq for row in rows]
            assert seqs == list(range(replay.next_seq, at.next_seq))
            letters = outbox.open_letters(replay.next_seq, at.next_seq - 1)
        assert letters == account.dead & set(seqs)
        account.got.update(seqs)
        account.dead -= letters
        aside = Aside(target=name, replay=at, delivered=tuple(sorted(letters)))
        self.store.append((), [aside])

    # ------------------------------------------------------------ what always holds

    @invariant()
    def the_journal_is_whole(self) -> None:
        with Reader(self.path) as reader:
            report = reader.verify()
            kept = list(reader.events(1))
        assert report.is_good
        assert report.last_seq == len(self.ids)
        assert [str(one.id) for one in kept] == self.ids[len(self.ids) - len(kept) :]
        assert [one.recorded_ms for one in kept] == sorted(one.recorded_ms for one in kept)

    @invariant()
    def what_is_behind_a_cursor_is_settled_and_what_is_before_it_is_owed(self) -> None:
        for name, account in self.accounts.items():
            wanted = account.wanted(len(self.ids))
            settled = account.got | account.dead | account.waived
            cursor = self._cursor(name)
            assert account.got <= set(range(1, len(self.ids) + 1))
            assert {seq for seq in wanted if seq <= cursor} <= settled
            if not account.is_retired:
                owed = [seq for seq in wanted if seq > cursor and seq not in account.waived]
                assert [row.seq for row in self._owed(name, ALL)] == owed

    @invariant()
    def nothing_owed_is_purged(self) -> None:
        purged = self._first() - 1
        for name, account in self.accounts.items():
            if not account.is_retired:
                settled = account.got | account.waived
                assert set(range(account.joined + 1, purged + 1)) <= settled
                assert all(seq > purged for seq in account.dead)
                with closing(Outbox(self.path, name)) as outbox:
                    replay = outbox.next_replay(frozenset())
                assert replay is None or replay.next_seq > purged

    def teardown(self) -> None:
        self.store.close()
        self.few_kept.undo()
        shutil.rmtree(self.folder)

    # ------------------------------------------------------------ looks

    def _one_of(self, which: int) -> tuple[str, Account]:
        return list(self.accounts.items())[which % len(self.accounts)]

    def _cursor(self, name: str) -> int:
        with closing(Outbox(self.path, name)) as outbox:
            return outbox.cursor_seq

    def _owed(self, name: str, limit: int) -> Sequence[OutboxRow]:
        with closing(Outbox(self.path, name)) as outbox:
            return outbox.read(outbox.cursor_seq, limit)

    def _first(self) -> int:
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT coalesce(min(seq), 1) FROM event").fetchone()
        return int(found[0])


def _letter(seq: int, n: int) -> DeadLetter:
    return DeadLetter(seq=seq, n=n, code="422", reason="r", attempts=1, first_ms=0)


TestSyncMachine = pytest.mark.timeout(600)(SyncMachine.TestCase)
TestSyncMachine.settings = settings(
    stateful_step_count=20,
    deadline=None,
    max_examples=max(10, settings().max_examples // 5),
)
