"""The tasks of dispatch: one that plans, one that listens to robots, one per belt."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Final

from drivers.protocols import Clock, ConveyorDriver, RobotDriver
from edge.dispatch.belts import BeltLegs
from edge.dispatch.desk import Desk
from edge.dispatch.orders import OrderIds
from edge.dispatch.robots import RobotLegs
from edge.dispatch.unseen import Unseen
from edge.floor import FloorSettings

TICK_S: Final = 0.25  # timers, spacing, robots that became free

log = logging.getLogger("dispatch")


class Dispatch:
    """Wakes after every commit, and by itself for what only time brings."""

    def __init__(
        self,
        floor: FloorSettings,
        *,
        robots: RobotDriver | None,
        conveyors: Mapping[str, ConveyorDriver],
        desk: Desk,
        clock: Clock,
        station: str,
        epoch: str,
    ) -> None:
        """`epoch` = hex digits that no other start of any station's service has."""
        ids = OrderIds(station, epoch)
        self._robots = (
            RobotLegs(robots, floor, desk=desk, clock=clock, ids=ids, station=station)
            if robots
            else None
        )
        self._belts = {
            name: BeltLegs(name, driver, floor, desk=desk, clock=clock)
            for name, driver in conveyors.items()
        }
        self._unseen = Unseen(floor, desk=desk, clock=clock)
        guards = (f"{name}-guard" for name in self._belts)
        self._wakes = {
            name: asyncio.Event() for name in ("robots", "unseen", *self._belts, *guards)
        }

    def wake(self) -> None:
        """Look again now: something was committed."""
        for event in self._wakes.values():
            event.set()

    def doubtful(self) -> frozenset[str]:
        """Return the robots that hold a move in doubt."""
        return self._robots.doubtful() if self._robots is not None else frozenset()

    async def run(self) -> None:
        """Run for ever."""
        async with asyncio.TaskGroup() as group:
            if self._robots is not None:
                group.create_task(self._plan(self._robots), name="dispatch[robots]")
                group.create_task(self._robots.listen(), name="dispatch[robot-states]")
                group.create_task(self._robots.ask(), name="dispatch[robot-questions]")
            group.create_task(self._look(), name="dispatch[unseen]")
            for name, belt in self._belts.items():
                group.create_task(self._belt(name, belt), name=f"dispatch[{name}]")
                group.create_task(self._guard(name, belt), name=f"dispatch[{name}-guard]")

    async def _plan(self, robots: RobotLegs) -> None:
        while True:
            await self._wait("robots")
            await robots.step()

    async def _look(self) -> None:
        while True:
            await self._wait("unseen")
            await self._unseen.step()

    async def _belt(self, name: str, belt: BeltLegs) -> None:
        while True:
            await self._wait(name)
            await belt.step()

    async def _guard(self, name: str, belt: BeltLegs) -> None:
        while True:
            await self._wait(f"{name}-guard")
            await belt.guard()

    async def _wait(self, who: str) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TICK_S):
                await self._wakes[who].wait()
        self._wakes[who].clear()
