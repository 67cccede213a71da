"""How the long work of sending lets the work at the bench go first: both share one loop.

A scan takes some ten turns of the loop until it is on the screen. With a slice of a backlog in
each of them it was 70 ms late; with a pause after each slice it finds the loop free.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

PAUSE_S: Final = 0.001
AT_WORK_S: Final = 30.0  # an act follows the last one within so long: a piece is looked at

Turn = Callable[[], Awaitable[None]]


async def next_turn() -> None:
    """Let the loop's other work have its turn."""
    await asyncio.sleep(0)


def courteous(rested_s: Callable[[], float]) -> Turn:
    """Return what waits between two slices; `rested_s` = for how long nothing was recorded."""

    async def turn() -> None:
        await asyncio.sleep(PAUSE_S if rested_s() < AT_WORK_S else 0)

    return turn
