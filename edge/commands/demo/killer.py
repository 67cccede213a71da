"""Pulls the service's plug at random moments and starts it again."""

import asyncio
import random
from typing import Final

from edge.commands.demo.children import Child

DELAY_S_MAX: Final = 1.5  # about the time of one unit: any step of it may be hit


class Killer:
    """Once in `every` units on average, at a moment drawn from one seed."""

    def __init__(self, service: Child, every: int, seed: int) -> None:
        self._service = service
        self._every = every
        self._random = random.Random(seed)  # noqa: S311 - a seed that can be repeated is wanted
        self._units = 0
        self.kills = 0

    async def unit_done(self) -> None:
        """Draw for one more unit; kill and restart when the lot falls."""
        self._units += 1
        overdue = self._units >= 2 * self._every * (self.kills + 1)
        if not overdue and self._random.random() * self._every >= 1:
            return
        await asyncio.sleep(self._random.uniform(0, DELAY_S_MAX))
        await self._service.kill()
        self.kills += 1
        await self._service.start()
