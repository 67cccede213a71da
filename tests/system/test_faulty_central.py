"""A central platform that fails in every way: each event counts once, poison is set aside."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from edge.journal.accounts import kept_letters
from edge.journal.outbox import Act, Order
from edge.journal.writer import Journal, Submission
from edge.settings.model import TargetSettings
from edge.sync.pump import pump
from edge.sync.target import TargetStatus
from faulty_central import FAULTS, FaultyCentral
from http_sink import HttpSink
from journal_kit import HandClock, cancelled_after, event, opened, target, uuid7

EVENTS = 600
POISON = 6
BATCH = 16
PATIENCE_S = 0.2  # instead of 15 s, for receivers that never answer


class Soon(random.Random):
    """Draws the shortest wait, so that back-off costs the test nothing."""

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) / 1000


async def _append(journal: Journal, count: int) -> list[str]:
    events = tuple(event(unit=uuid7(n % 50)) for n in range(count))
    for start in range(0, count, 100):
        await journal.commit(Submission(events=events[start : start + 100]))
    return [str(one.id) for one in events]


async def _drained(to: TargetSettings, journal: Journal, *, dead: int) -> None:
    said: list[TargetStatus] = []
    work = pump(to, journal, clock=HandClock(), rng=Soon(1), on_state=said.append)

    def is_done() -> bool:
        return bool(said) and said[-1].pending == 0 and journal.dead(to.name) == dead

    await cancelled_after(work, is_done, 90.0)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", [20261128])
async def test_each_event_has_its_effect_once_whatever_the_platform_does(
    tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    central = FaultyCentral(rng, set())
    async with HttpSink(central.answer) as sink:
        to = replace(target("central", url=sink.url), batch_max=BATCH, request_s=PATIENCE_S)
        async with opened(tmp_path, to) as journal:
            sent = await _append(journal, EVENTS)
            central.poison = set(rng.sample(sent, POISON))
            await _drained(to, journal, dead=POISON)
            assert set(sent) - set(central.kept) == central.poison
            assert list(central.kept.values()) == sorted(central.kept.values())
            dead = [sent.index(one) + 1 for one in sent if one in central.poison]
            assert [one.letter.seq for one in kept_letters(journal.path)] == dead
            assert set(central.faults) == {fault.__name__ for fault in FAULTS}

            central.poison = set()
            again = Order(
                target="central",
                act=Act.REPLAY,
                key=1,
                from_seq=dead[0],
                to_seq=dead[-1],
                seqs=tuple(dead),
            )
            journal.ack(again)
            sent += await _append(journal, 1)
            await _drained(to, journal, dead=0)
    assert sorted(central.kept) == sorted(sent)
