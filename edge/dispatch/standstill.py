"""Robots in a danger of the area: each that may be under way is paused, and none is let go again
but by a person.
"""

import logging
from typing import Final

from drivers.protocols import Clock, InstantKind, RobotDriver, RobotId, RobotSnapshot, SendResult
from edge.dispatch.desk import Desk
from edge.dispatch.orders import action_id, wants_digits
from edge.station import room
from edge.station.inputs import CommandInput

AGAIN_NS: Final = 5_000_000_000
_PREFIX: Final = "robot/"

log = logging.getLogger("robots")


def device_of(robot: str) -> str:
    """Return the name under which a robot's commands are journalled."""
    return f"{_PREFIX}{robot}"


def _is_robot(device: str) -> bool:
    return device.startswith(_PREFIX)


class Standstill:
    """Pauses and, when a person started it again, resumes. The command is committed first."""

    def __init__(self, driver: RobotDriver, desk: Desk, clock: Clock) -> None:
        self._driver = driver
        self._desk = desk
        self._clock = clock
        self._paused: set[str] = set()
        self._sent_ns: dict[str, int] = {}

    async def step(self) -> None:
        """Do what is due now."""
        state = self._desk.state
        self._paused |= {one.removeprefix(_PREFIX) for one in state.stopped if _is_robot(one)}
        if state.is_area_inhibited:
            for robot in sorted(room.booked_robots(state)):
                await self._pause(robot)
            return
        for robot in sorted(self._paused):
            if device_of(robot) not in state.stopped:
                await self._resume(robot)

    async def _pause(self, robot: str) -> None:
        self._paused.add(robot)
        if device_of(robot) not in self._desk.state.stopped:
            given = CommandInput(device=device_of(robot), command="stop", reason="danger")
            if not await self._desk.commit(given):
                return
        snapshot = self._driver.snapshot(RobotId(robot))
        if snapshot is None or not snapshot.paused:
            await self._send(robot, InstantKind.PAUSE, snapshot)

    async def _resume(self, robot: str) -> None:
        snapshot = self._driver.snapshot(RobotId(robot))
        if snapshot is not None and not snapshot.paused:
            self._paused.discard(robot)
        elif snapshot is not None:
            await self._send(robot, InstantKind.RESUME, snapshot)

    async def _send(self, robot: str, kind: InstantKind, seen: RobotSnapshot | None) -> None:
        now_ns, key = self._clock.monotonic_ns(), f"{kind}/{robot}"
        if now_ns - self._sent_ns.get(key, -AGAIN_NS) < AGAIN_NS:
            return
        sheet = seen.factsheet if seen is not None else None
        digits = wants_digits(self._driver.traits(RobotId(robot)), sheet)
        result = await self._driver.instant(RobotId(robot), kind, action_id(digits=digits))
        if result is SendResult.SENT:
            self._sent_ns[key] = now_ns
            log.warning("%s: %s sent", robot, kind)
