"""A platform that fails in every way it can: each event stored once, the poison alone set aside."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edge.journal.accounts import kept_letters
from edge.journal.outbox import Act, Order
from edge.journal.writer import Journal, Submission
from edge.settings.model import CatchUp, TargetKind, TargetSettings
from edge.sync.pump import pump
from edge.sync.target import TargetState, TargetStatus
from journal_kit import HandClock, cancelled_after, event, opened, uuid7
from sim import web
from sim.central.faults import Fault, Plan, Poison
from sim.central.platform import Platform

ALL = {
    Fault.ERROR: 0.06,
    Fault.BUSY: 0.02,
    Fault.AWAY: 0.06,
    Fault.RESET_BEFORE: 0.06,
    Fault.RESET_AFTER: 0.08,
    Fault.SILENCE: 0.02,
    Fault.SILENCE_AFTER: 0.02,
    Fault.SLOW: 0.04,
    Fault.UNREADABLE: 0.06,
    Fault.ACCEPTED: 0.06,
    Fault.DOUBLED: 0.1,
    Fault.REORDERED: 0.1,
    Fault.IN_PART: 0.1,
}
EVENTS = 400


class Soon(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) / 1000


@asynccontextmanager
async def _platform(plan: Plan) -> AsyncIterator[tuple[Platform, str]]:
    platform = Platform({})
    platform.switchboard.set(plan)
    async with web.serving("127.0.0.1", 0, platform.answer, name="central") as port:
        yield platform, f"http://127.0.0.1:{port}/events"


def _target(url: str) -> TargetSettings:
    return TargetSettings(
        name="oms",
        kind=TargetKind.HTTP_BATCH,
        url=url,
        events=("*",),
        batch_max=40,
        request_s=0.4,
    )


async def _append(journal: Journal, count: int = EVENTS) -> list[str]:
    events = [event(unit=uuid7(n % 20)) for n in range(count)]
    for start in range(0, count, 100):
        await journal.commit(Submission(events=tuple(events[start : start + 100])))
    return [str(one.id) for one in events]


async def _drained(target: TargetSettings, journal: Journal, *, no_dead: bool = False) -> None:
    said: list[TargetStatus] = []
    work = pump(target, journal, clock=HandClock(), rng=Soon(1), on_state=said.append)

    def is_drained() -> bool:
        is_idle = bool(said) and said[-1].pending == 0 and said[-1].state is TargetState.IDLE
        return is_idle and (not no_dead or journal.dead(target.name) == 0)

    await cancelled_after(work, is_drained, 25.0)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("poison", list(Poison))
async def test_each_event_is_stored_once_and_exactly_the_poison_is_set_aside(
    tmp_path: Path, seed: int, poison: Poison
) -> None:
    plan = Plan(
        seed=seed,
        shares=ALL,
        poison_permille=15,
        poison=poison,
        events_max=30,
        gzip=False,
        slow_s=0.1,
        retry_after_s=0,
    )
    async with _platform(plan) as (platform, url):
        target = _target(url)
        async with opened(tmp_path, target) as journal:
            sent = await _append(journal)
            await _drained(target, journal)
            bad = {one for one in sent if platform.switchboard.is_poison(one)}
            stored = {key for _, key in platform.ledger.ids}
            assert stored == set(sent) - bad
            assert platform.ledger.duplicates == 0
            assert platform.ledger.is_chain_ok()
            await asyncio.sleep(0.4)  # the last cursor is written
            letters = kept_letters(journal.path)
            assert {one.event for one in letters} == bad
            platform.switchboard.set(replace(plan, poison_permille=0))
            seqs = tuple(one.letter.seq for one in letters)
            if seqs:
                journal.ack(Order(target="oms", act=Act.REPLAY, key=1, seqs=seqs))
                await journal.commit(Submission(events=(event(unit=uuid7(1)),)))
                await _drained(target, journal, no_dead=True)
                assert {key for _, key in platform.ledger.ids} >= set(sent)


async def test_the_same_holds_where_live_events_go_first(tmp_path: Path) -> None:
    plan = Plan(seed=7, shares=ALL, slow_s=0.1, retry_after_s=0)
    async with _platform(plan) as (platform, url):
        target = replace(_target(url), catch_up=CatchUp.LIVE_FIRST)
        async with opened(tmp_path, target) as journal:
            sent = await _append(journal)
            more = asyncio.create_task(_append(journal))
            await _drained(target, journal)
            sent += await more
            await _drained(target, journal)
        assert {key for _, key in platform.ledger.ids} == set(sent)
        assert platform.ledger.duplicates == 0


async def test_a_receiver_that_conflicts_on_repeats_gets_each_event_once(tmp_path: Path) -> None:
    plan = Plan(seed=5, shares={Fault.RESET_AFTER: 0.1}, conflicts=True)
    async with _platform(plan) as (platform, url):
        target = _target(url)
        async with opened(tmp_path, target) as journal:
            sent = await _append(journal, 200)
            await _drained(target, journal)
            assert journal.dead("oms") == 0
        assert {key for _, key in platform.ledger.ids} == set(sent)
        assert platform.ledger.repeats == 0
