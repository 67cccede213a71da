"""Live events before a backlog, held subjects, replays, words of people: against a real journal."""

import asyncio
import json
import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.catalogue import Person
from edge.commands.sync import drop
from edge.events import SyncReplayed, SyncRetired, SyncState, SyncWaived, UnitParked
from edge.journal.accounts import accounts, kept_letters
from edge.journal.outbox import Act
from edge.journal.settle import is_about
from edge.journal.writer import Journal, Submission
from edge.records import to_json
from edge.settings.model import CatchUp, OnDead, TargetKind, TargetSettings
from edge.sync.orders import INBOX, Orders, Wanted
from edge.sync.pump import pump
from edge.sync.target import TargetLight, TargetState, TargetStatus
from http_sink import Got, HttpSink, Say
from journal_kit import HandClock, event, opened, uuid7

PEOPLE = {
    "0417": Person(no="0417", name={"ru": "А", "en": "A"}, role="operator"),
    "0900": Person(no="0900", name={"ru": "Б", "en": "B"}, role="supervisor"),
}


def _target(sink: HttpSink, **more: Any) -> TargetSettings:
    base = TargetSettings(name="oms", kind=TargetKind.HTTP_BATCH, url=sink.url, events=("*",))
    return replace(base, **more)


async def _append(journal: Journal, count: int, *units: int) -> list[str]:
    events = [event(unit=uuid7(units[n % len(units)] if units else 1)) for n in range(count)]
    for start in range(0, count, 100):
        await journal.commit(Submission(events=tuple(events[start : start + 100])))
    return [str(one.id) for one in events]


class Soon(random.Random):
    """Draws the shortest wait, so that back-off costs the test nothing."""

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) / 1000


class Station:
    """A journal with a pump and the inbox of orders, and what they said."""

    def __init__(self, data: Path, target: TargetSettings, journal: Journal) -> None:
        self.data = data
        self.target = target
        self.journal = journal
        self.said: list[TargetStatus] = []
        self.told: list[Any] = []
        self.orders = Orders(data, journal, people=PEOPLE, commit=self._commit)

    async def _commit(self, told: Any, once: str | None) -> bool:
        self.told.append(told)
        await self.journal.commit(Submission(events=(event(told, given=once),)))
        return True

    async def order(self, act: Act, by: str = "0900", **more: Any) -> None:
        wanted = Wanted(act=act, target="oms", by=by, reason="a reason", **more)
        drop(self.data, json.dumps(to_json(wanted)).encode())
        await self.orders.inbox.take_all()

    async def until(self, is_met: Callable[[], bool]) -> None:
        async with asyncio.timeout(15):
            while not is_met():  # noqa: ASYNC110 - any condition
                await asyncio.sleep(0.005)

    def is_idle(self) -> bool:
        return bool(self.said) and self.said[-1].state is TargetState.IDLE

    def is_drained(self) -> bool:
        return self.is_idle() and self.said[-1].pending == 0


@asynccontextmanager
async def _at_work(data: Path, target: TargetSettings, journal: Journal) -> AsyncIterator[Station]:
    station = Station(data, target, journal)
    work = pump(target, journal, clock=HandClock(), rng=Soon(1), on_state=station.said.append)
    task = asyncio.create_task(work, name="sync[oms]")
    try:
        yield station
    finally:
        task.cancel()
        ended = await asyncio.gather(task, return_exceptions=True)
    if isinstance(ended[0], Exception):
        raise ended[0]


def _ids(sink: HttpSink) -> list[str]:
    return [one["id"] for got in sink.got for one in got.events]


def _bad(data: Path) -> list[str]:
    return [path.read_text() for path in sorted((data / INBOX / "bad").glob("*.err"))]


# ---------------------------------------------------------------- live first


async def test_what_happens_now_overtakes_a_backlog_and_nothing_is_lost_or_doubled(
    tmp_path: Path,
) -> None:
    async with HttpSink() as sink:
        target = _target(sink, catch_up=CatchUp.LIVE_FIRST, batch_max=100)
        async with opened(tmp_path, target) as journal:
            old = await _append(journal, 2000)
            async with _at_work(tmp_path, target, journal) as station:
                await station.until(lambda: len(sink.got) >= 2)
                before = len(sink.got)
                new = await _append(journal, 3)
                await station.until(lambda: set(new) <= set(_ids(sink)))
                waited = next(n for n, got in enumerate(sink.got) if got.events[0]["id"] == new[0])
                assert waited - before <= 3
                assert len(_ids(sink)) < 2000
                await station.until(station.is_drained)
                last = await _append(journal, 2)
                await station.until(lambda: set(last) <= set(_ids(sink)))
        assert sorted(_ids(sink)) == sorted(old + new + last)
        assert [one for one in _ids(sink) if one in set(old)] == old


async def test_a_restart_in_between_goes_on_with_both_ranges(tmp_path: Path) -> None:
    async with HttpSink() as sink:
        target = _target(sink, catch_up=CatchUp.LIVE_FIRST, batch_max=50)
        async with opened(tmp_path, target) as journal:
            old = await _append(journal, 1000)
            async with _at_work(tmp_path, target, journal) as station:
                await station.until(lambda: len(sink.got) >= 2)
                new = await _append(journal, 2)
                await station.until(lambda: set(new) <= set(_ids(sink)))
        assert not set(old) <= set(_ids(sink))
        async with opened(tmp_path, target) as journal:
            before = len(_ids(sink))
            owed = accounts(journal.path)[0].pending - (1002 - before)
            assert 0 <= owed <= 52  # the last answers may not have been heard
            async with _at_work(tmp_path, target, journal) as station:
                await station.until(station.is_drained)
        assert set(_ids(sink)) == set(old + new)
        assert len(_ids(sink)) == 1002 + owed


async def test_the_default_is_strict_order(tmp_path: Path) -> None:
    async with HttpSink() as sink:
        target = _target(sink, batch_max=50)
        async with opened(tmp_path, target) as journal:
            old = await _append(journal, 500)
            async with _at_work(tmp_path, target, journal) as station:
                await station.until(lambda: len(sink.got) >= 2)
                new = await _append(journal, 5)
                await station.until(station.is_drained)
        assert _ids(sink) == old + new


# ---------------------------------------------------------------- held subjects


def _refusing(sink: HttpSink, poison: set[str]) -> Callable[[Got], Say]:
    def answer(got: Got) -> Say:
        results = [
            {"id": one["id"], "status": "rejected" if one["id"] in poison else "stored"}
            for one in got.events
        ]
        return Say.as_json({"results": results})

    return answer


async def test_later_events_of_a_refused_ones_unit_are_held_until_it_is_replayed(
    tmp_path: Path,
) -> None:
    poison: set[str] = set()
    async with HttpSink() as sink:
        sink.answer = _refusing(sink, poison)
        target = _target(sink, on_dead=OnDead.BLOCK_KEY, batch_max=4)
        async with opened(tmp_path, target) as journal:
            sent = await _append(journal, 12, 1, 2)
            poison.add(sent[2])
            async with _at_work(tmp_path, target, journal) as station:
                await station.until(station.is_drained)
                await asyncio.sleep(0.3)  # the last cursor is written
                held = [one.event for one in kept_letters(journal.path)]
                assert held[0] == sent[2]
                assert held[-1] == sent[10]
                assert set(sent[1::2]) <= set(_ids(sink))
                assert not set(sent[4::2]) & set(_ids(sink)[4:])
                poison.clear()
                await station.order(Act.REPLAY, dead=True)
                await station.until(lambda: journal.dead("oms") == 0)
                await station.until(lambda: set(sent) <= set(_ids(sink)))
        even = [one for one in _ids(sink) if one in set(sent[::2]) and one != sent[2]]
        assert even == [one for one in sent[::2] if one != sent[2]]


# ---------------------------------------------------------------- replays


async def test_dead_letters_are_replayed_with_the_same_bytes_while_the_service_works(
    tmp_path: Path,
) -> None:
    poison: set[str] = set()
    async with HttpSink() as sink:
        sink.answer = _refusing(sink, poison)
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            sent = await _append(journal, 20)
            poison.update(sent[5:8])
            async with _at_work(tmp_path, target, journal) as station:
                await station.until(station.is_drained)
                assert station.said[-1].light is TargetLight.RED
                await station.until(lambda: len(kept_letters(journal.path)) == 3)
                cursor = accounts(journal.path)[0].cursor_seq
                poison.clear()
                await station.order(Act.REPLAY, dead=True)
                await station.until(lambda: journal.dead("oms") == 0)
                replayed = next(got for got in sink.got if "edge-replay" in got.headers)
                assert replayed.headers["edge-replay"] == "1"
                assert "edge-delivery" not in replayed.headers
                first = sink.got[0].plain
                assert all(
                    json.dumps(one, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
                    in first.decode()
                    for one in replayed.events
                )
                assert [one["id"] for one in replayed.events] == sent[5:8]
                (told,) = station.told
                assert told == SyncReplayed(
                    target="oms", what="dead", from_seq=6, to_seq=8, by="0900", count=3
                )
                await station.until(lambda: not kept_letters(journal.path))
                assert accounts(journal.path)[0].cursor_seq == cursor
                await station.until(lambda: accounts(journal.path)[0].replay_pending == 0)
        states = sqlite3.connect(tmp_path / "journal.db").execute("SELECT state FROM dead")
        assert states.fetchall() == [("delivered",)] * 3


async def test_a_new_target_takes_history_by_its_own_filter(tmp_path: Path) -> None:
    async with HttpSink() as sink:
        async with opened(tmp_path) as journal:
            parked = [event(UnitParked(), unit=uuid7(n)) for n in range(150)]
            train = event(UnitParked(), unit=uuid7(9), mode="training")
            state = event(SyncState(target="x", state="idle", pending=0, oldest_ms=0))
            await journal.commit(Submission(events=(*parked, train, state)))
        target = _target(sink, batch_max=40)
        async with (
            opened(tmp_path, target) as journal,
            _at_work(tmp_path, target, journal) as station,
        ):
            await station.until(station.is_idle)
            await station.order(Act.REPLAY, from_seq=1, to_seq=1000)
            await station.until(lambda: len(_ids(sink)) >= 150)
            live = await _append(journal, 1)
            await station.until(lambda: set(live) <= set(_ids(sink)))
        assert [one for one in _ids(sink) if one not in live] == [str(one.id) for one in parked]


async def test_a_replay_goes_on_after_a_restart_where_it_stood(tmp_path: Path) -> None:
    async with HttpSink() as sink:
        target = _target(sink, batch_max=10)
        async with opened(tmp_path, target) as journal:
            sent = await _append(journal, 300)
            async with _at_work(tmp_path, target, journal) as station:
                await station.until(station.is_drained)
                sink.got.clear()
                sink.answer = lambda _: Say(status=200 if len(sink.got) <= 5 else 503)
                await station.order(Act.REPLAY, since="2020-01-01T00:00:00.000Z")
                await station.until(lambda: len(sink.got) >= 6)
                await asyncio.sleep(0.4)  # where it stands is written
        stored = len([one for got in sink.got[:5] for one in got.events])
        seen = len(_ids(sink))
        assert stored == 50
        sink.answer = lambda _: Say()
        async with (
            opened(tmp_path, target) as journal,
            _at_work(tmp_path, target, journal) as station,
        ):
            await station.until(lambda: sent[-1] in _ids(sink))
        assert _ids(sink)[seen:] == sent[50:]


# ---------------------------------------------------------------- words of people


async def test_a_paused_target_gets_nothing_until_it_is_resumed(tmp_path: Path) -> None:
    async with HttpSink() as sink:
        target = _target(sink)
        async with (
            opened(tmp_path, target) as journal,
            _at_work(tmp_path, target, journal) as station,
        ):
            await station.until(station.is_idle)
            await station.order(Act.PAUSE, by="0417")
            await station.until(lambda: station.said[-1].state is TargetState.PAUSED)
            assert station.said[-1].light is TargetLight.GREY
            sent = await _append(journal, 3)
            await asyncio.sleep(0.6)
            assert not sink.got
            await station.order(Act.RESUME, by="0417")
            await station.until(lambda: _ids(sink) == sent)
        assert [one.state for one in station.told] == ["paused", "idle"]


async def test_a_retired_target_owes_and_gets_nothing_any_more(tmp_path: Path) -> None:
    async with HttpSink(lambda _: Say(status=503)) as sink:
        target = _target(sink)
        async with (
            opened(tmp_path, target) as journal,
            _at_work(tmp_path, target, journal) as station,
        ):
            await _append(journal, 3)
            await station.order(Act.RETIRE)
            await station.until(lambda: station.said[-1].state is TargetState.RETIRED)
            sink.answer = lambda _: Say()
            seen = len(sink.got)
            await _append(journal, 3)
            await station.order(Act.RESUME)
            assert len(sink.got) == seen
            assert station.told == [SyncRetired(target="oms", by="0900", reason="a reason")]
            assert "retired for good" in _bad(tmp_path)[0]
        rows = sqlite3.connect(tmp_path / "journal.db").execute("SELECT count(*) FROM outbox")
        assert rows.fetchone()[0] <= 3


async def test_what_is_waived_is_not_sent_and_holds_nothing_back(tmp_path: Path) -> None:
    async with HttpSink() as sink:
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            sent = await _append(journal, 30)
            station = Station(tmp_path, target, journal)
            await station.order(Act.WAIVE, from_seq=1, to_seq=10)
            await station.order(Act.WAIVE, ids=(sent[14],))
            assert accounts(journal.path)[0].cursor_seq == 10
            async with _at_work(tmp_path, target, journal) as station:
                await station.until(station.is_drained)
        assert _ids(sink) == [*sent[10:14], *sent[15:]]
        assert isinstance(station.told, list)


async def test_a_waived_dead_letter_is_open_no_more(tmp_path: Path) -> None:
    poison: set[str] = set()
    async with HttpSink() as sink:
        sink.answer = _refusing(sink, poison)
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            sent = await _append(journal, 5)
            poison.add(sent[1])
            async with _at_work(tmp_path, target, journal) as station:
                await station.until(lambda: len(kept_letters(journal.path)) == 1)
                await station.order(Act.WAIVE, dead=True)
                assert journal.dead("oms") == 0
                assert not kept_letters(journal.path)
                (told,) = station.told
                assert isinstance(told, SyncWaived)
                assert (told.by, told.reason, told.count) == ("0900", "a reason", 1)


@pytest.mark.parametrize(
    ("act", "by", "more", "why"),
    [
        (Act.RETIRE, "0417", {}, "'0417' is no supervisor"),
        (Act.WAIVE, "nobody", {"dead": True}, "'nobody' is no supervisor"),
        (Act.REPLAY, "0417", {"dead": True}, "no open dead letter"),
        (Act.REPLAY, "0417", {"ids": ("x",)}, "no such event: x"),
        (Act.REPLAY, "0417", {"from_seq": 9, "to_seq": 3}, "the range holds no event"),
        (Act.REPLAY, "0417", {}, "which events"),
        (Act.REPLAY, "0417", {"dead": True, "since": "2020-01-01T00:00:00Z"}, "which events"),
    ],
)
async def test_an_order_that_cannot_be_followed_says_why(
    tmp_path: Path, act: Act, by: str, more: dict[str, Any], why: str
) -> None:
    async with HttpSink() as sink:
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            await _append(journal, 1)
            station = Station(tmp_path, target, journal)
            await station.order(act, by, **more)
            assert why in _bad(tmp_path)[0]
            assert station.told == []


async def test_an_order_that_comes_again_after_a_crash_changes_nothing(tmp_path: Path) -> None:
    async with HttpSink() as sink:
        target = _target(sink)
        async with opened(tmp_path, target) as journal:
            await _append(journal, 5)
            station = Station(tmp_path, target, journal)
            await station.order(Act.REPLAY, from_seq=1, to_seq=5)
            (done,) = (tmp_path / INBOX / "done").glob("*.json")
            done.rename(tmp_path / INBOX / done.name)
            with pytest.raises(Exception, match="recorded already"):
                await station.orders.inbox.take_all()
        rows = sqlite3.connect(tmp_path / "journal.db").execute("SELECT count(*) FROM replay")
        assert rows.fetchone()[0] == 1


def test_news_of_a_target_never_go_to_that_target() -> None:
    told = event(SyncState(target="oms", state="refused", pending=3, oldest_ms=0))
    assert is_about(told, "oms")
    assert not is_about(told, "bi")
    assert not is_about(event(UnitParked(), unit=uuid7(1)), "oms")


async def test_a_target_that_asks_for_sync_news_gets_those_of_others_alone(tmp_path: Path) -> None:
    async with HttpSink() as sink:
        target = _target(sink, events=("*", "sync.*"))
        async with (
            opened(tmp_path, target) as journal,
            _at_work(tmp_path, target, journal) as station,
        ):
            own = event(SyncState(target="oms", state="refused", pending=3, oldest_ms=0))
            other = event(SyncState(target="bi", state="refused", pending=3, oldest_ms=0))
            await journal.commit(Submission(events=(own, other)))
            await station.until(lambda: bool(_ids(sink)))
            assert _ids(sink) == [str(other.id)]
