"""Questions to robots: one at a time each, beside everything else."""

import asyncio
import logging
from typing import Final

from drivers.errors import DriverError
from drivers.protocols import Clock, Deadline, RobotDriver, RobotId

ANSWER_S: Final = 3.0

log = logging.getLogger("robots")


class Questions:
    """Asks robots for their state; what they answer comes as statuses and snapshots."""

    def __init__(self, driver: RobotDriver, clock: Clock) -> None:
        self._driver = driver
        self._clock = clock
        self._open: set[RobotId] = set()
        self._wanted: asyncio.Queue[RobotId] = asyncio.Queue()  # bounded by `_open`: one a robot

    def ask(self, robot: RobotId) -> bool:
        """Ask this robot soon; False = the last question is still open."""
        if robot in self._open:
            return False
        self._open.add(robot)
        self._wanted.put_nowait(robot)
        return True

    async def run(self) -> None:
        """Ask for ever."""
        async with asyncio.TaskGroup() as group:
            while True:
                robot = await self._wanted.get()
                group.create_task(self._question(robot), name=f"question[{robot}]")

    async def _question(self, robot: RobotId) -> None:
        try:
            await self._driver.request_state(robot, Deadline.after(ANSWER_S, self._clock))
        except DriverError as error:
            log.info("%s", error)
        finally:
            self._open.discard(robot)
