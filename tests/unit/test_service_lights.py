"""Lights of row 1: many changes at once make one picture."""

import asyncio

from drivers.protocols import DeviceHealth, HealthState
from edge.floor import FloorSettings
from edge.service.lights import Lights
from edge.settings.model import DeviceClass
from edge.sync.target import TargetState, TargetStatus
from terminal_service import until


async def test_a_target_at_full_speed_asks_for_one_picture_and_its_last_word_is_shown() -> None:
    pictures: list[int] = []
    lights = Lights("ST-01", FloorSettings(), robots=None, changed=lambda: pictures.append(1))
    for pending in range(500, -1, -1):
        status = TargetStatus(name="oms", state=TargetState.SENDING, pending=pending, oldest_ms=10)
        lights.target(status)
    assert not pictures
    await until(lambda: pictures == [1])
    assert lights.head(frozenset(), None).net.unsent == 0
    assert lights.head(frozenset(), None).net.sent_at


async def test_a_change_after_the_picture_asks_for_another_one() -> None:
    told = asyncio.Event()
    lights = Lights("ST-01", FloorSettings(), robots=None, changed=told.set)
    for state in (HealthState.OK, HealthState.LOST):
        told.clear()
        health = DeviceHealth(device="hand", state=state)
        lights.device(DeviceClass.SCANNER, health)
        async with asyncio.timeout(10):
            await told.wait()
    assert lights.head(frozenset(), None).scanner == "lost"
