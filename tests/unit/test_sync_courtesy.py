"""Who sends a backlog lets the work at the bench go first."""

import asyncio

import pytest

from edge.sync.courtesy import AT_WORK_S, PAUSE_S, courteous

STEPS = 10  # turns of the loop that a scan takes until it is on the screen


class HandLoop(asyncio.SelectorEventLoop):
    """A loop whose clock stands until the test moves it."""

    now_s = 0.0

    def time(self) -> float:
        """Return the time the test gave."""
        return self.now_s


@pytest.mark.parametrize(
    ("rested_s", "steps"), [(0.0, STEPS), (AT_WORK_S - 1, STEPS), (AT_WORK_S, 1), (float("inf"), 1)]
)
def test_a_slice_waits_for_the_work_at_the_bench_and_for_nothing_else(
    rested_s: float, steps: int
) -> None:
    loop = HandLoop()
    done: list[int] = []

    async def scan() -> None:
        for step in range(STEPS):
            done.append(step)
            await asyncio.sleep(0)
        loop.now_s += 2 * PAUSE_S

    async def slices() -> int:
        task = asyncio.create_task(scan(), name="scan")
        await courteous(lambda: rested_s)()
        seen = len(done)
        await task
        return seen

    try:
        assert loop.run_until_complete(slices()) == steps
    finally:
        loop.close()
