"""A keyboard that another program has grabbed: no start without it, patience after a replug."""

import asyncio
import random
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

import pytest

from drivers.errors import DriverGrabbedError, DriverLostError
from drivers.protocols import Capability, DeviceHealth, DeviceName, HealthState
from edge.intake import Supervisor

NAME = DeviceName("hand-1")


class Keyboard:
    """A device that others may have grabbed at some of its openings."""

    def __init__(self, *openings: bool) -> None:
        self._openings = list(openings)
        self.is_over = asyncio.Event()
        self.opened = 0

    @property
    def name(self) -> DeviceName:
        return NAME

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset()

    async def __aenter__(self) -> Self:
        if not self._openings:
            self.is_over.set()
            await asyncio.sleep(3600)
        if not self._openings.pop(0):
            raise DriverGrabbedError(NAME, "open", "another program has grabbed it")
        self.opened += 1
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is held."""

    async def healths(self) -> AsyncIterator[DeviceHealth]:
        yield DeviceHealth(device=NAME, state=HealthState.OK, usb_id="05e0:1200:S1")
        raise DriverLostError(NAME, "read", "unplugged")


async def run(keyboard: Keyboard) -> list[DeviceHealth]:
    """Supervise until the openings are used up; return the lights."""
    lights: list[DeviceHealth] = []

    async def on_light(health: DeviceHealth) -> None:
        lights.append(health)

    supervisor = Supervisor(keyboard, rng=random.Random(7), on_light=on_light)
    work = asyncio.create_task(supervisor.run())
    over = asyncio.create_task(keyboard.is_over.wait())
    await asyncio.wait({work, over}, return_when=asyncio.FIRST_COMPLETED)
    for task in (work, over):
        task.cancel()
    ended, _ = await asyncio.gather(work, over, return_exceptions=True)
    if isinstance(ended, BaseExceptionGroup):
        raise ended
    return lights


async def test_a_station_does_not_start_beside_a_grabbed_keyboard() -> None:
    keyboard = Keyboard(False)
    with pytest.raises(BaseExceptionGroup) as told:
        await run(keyboard)
    assert told.group_contains(DriverGrabbedError, match="hand-1")
    assert keyboard.opened == 0


async def test_after_a_replug_a_grabbed_keyboard_is_waited_for() -> None:
    keyboard = Keyboard(True, False, True)
    lights = await run(keyboard)
    assert keyboard.opened == 2
    assert [light.state for light in lights[:3]] == [
        HealthState.OK,
        HealthState.LOST,
        HealthState.OK,
    ]
    assert lights[0].usb_id == "05e0:1200:S1"
