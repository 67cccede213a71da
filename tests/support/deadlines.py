"""Waiting for what must become true, with an end."""

import asyncio
from collections.abc import Callable

LOOK_S = 0.005


async def eventually(is_true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Return True as soon as the condition holds, False when the time is over."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not is_true():
        if loop.time() > end:
            return False
        await asyncio.sleep(LOOK_S)
    return True
