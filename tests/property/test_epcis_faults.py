"""Any row of faults of a repository, restarts between: each event is stored once, and in order."""

import asyncio
import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from capture_stub import CaptureStub, Repository
from edge.journal.writer import Submission
from edge.settings.model import TargetKind, TargetSettings
from edge.sync.pump import pump
from edge.sync.target import TargetState, TargetStatus
from epcis_kit import encoded, event_uuid, photo
from journal_kit import HandClock, cancelled_after, opened

EVENTS = 12
FAULTS: dict[str, tuple[int | str, ...]] = {
    "OPTIONS /capture": (500, 503, "cut", 404),
    "POST /capture": (500, 502, 503, 429, 408, "cut", "lose", "nowhere"),
    "GET /capture": (500, 503, "cut", "lose", 404),
    "POST /events": (500, 503, 429, "cut", "lose"),
}
faults = st.fixed_dictionaries(
    {what: st.lists(st.sampled_from(known), max_size=3) for what, known in FAULTS.items()}
)


class Soon(random.Random):
    """Draws the shortest wait, so that back-off costs the test nothing."""

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) / 10_000


@settings(max_examples=15)
@given(
    ordered=faults,
    batch_max=st.integers(1, 5),
    events_max=st.none() | st.integers(1, 5),
    poison=st.none() | st.integers(1, EVENTS),
    stops=st.lists(st.integers(1, 12), max_size=2),
)
def test_each_event_is_stored_once_and_in_order(
    ordered: dict[str, list[int | str]],
    batch_max: int,
    events_max: int | None,
    poison: int | None,
    stops: list[int],
) -> None:
    bad = {f"urn:uuid:{event_uuid(poison)}"} if poison is not None else set()
    repository = Repository(events_max=events_max, poison=bad)
    for what, kinds in ordered.items():
        repository.fail(what, *kinds)
    with tempfile.TemporaryDirectory() as folder:
        dead = asyncio.run(_played(Path(folder), repository, batch_max, stops))
    wanted = [f"urn:uuid:{event_uuid(seq)}" for seq in range(1, EVENTS + 1)]
    assert repository.ids == [one for one in wanted if one not in bad]
    assert dead == len(bad)


async def _played(folder: Path, repository: Repository, batch_max: int, stops: list[int]) -> int:
    """Send all events, with the pump ended after each number of requests; return the dead."""
    async with CaptureStub(repository) as stub:
        target = TargetSettings(
            name="epcis", kind=TargetKind.EPCIS, url=stub.url, events=("*",), batch_max=batch_max
        )
        async with opened(folder, target) as journal:
            for seq in range(1, EVENTS + 1):
                await journal.commit(Submission(events=(encoded(photo(), seq),)))
        for stop in (*stops, 0):
            dead = await _sent(folder, target, repository, stop)
    return dead


async def _sent(folder: Path, target: TargetSettings, repository: Repository, stop: int) -> int:
    """Send until all is delivered, or after so many requests; return the dead letters."""
    said: list[TargetStatus] = []
    before = len(repository.exchanges)

    def is_over() -> bool:
        is_stopped = 0 < stop <= len(repository.exchanges) - before
        is_done = said and said[-1].pending == 0 and said[-1].state is TargetState.IDLE
        return bool(is_stopped or is_done)

    async with opened(folder, target) as journal:
        work = pump(target, journal, clock=HandClock(), rng=Soon(1), on_state=said.append)
        await cancelled_after(work, is_over, seconds=25.0)
        return journal.dead("epcis")
