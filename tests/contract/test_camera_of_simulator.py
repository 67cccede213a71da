"""The camera driver looks at the simulator's camera: its faults are seen, its noise is no fault."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers.camera.settings import CameraSettings
from drivers.camera.worker_client import WorkerCamera
from drivers.clock import SystemClock
from drivers.protocols import Deadline, DeviceName, HealthState, Scan
from sim import web
from sim.camera.picture import Scene
from sim.camera.stream import FAULTS, Camera

CLOCK = SystemClock()


@asynccontextmanager
async def watched(seen: Camera) -> AsyncIterator[WorkerCamera]:
    async with web.serving("127.0.0.1", 0, seen.answer, name="camera") as port:
        settings = CameraSettings(source=f"http://127.0.0.1:{port}/top.mjpg", frozen_s=1.2)
        async with WorkerCamera(DeviceName("top"), settings, CLOCK) as driver:
            yield driver


async def test_a_drawn_bench_is_read_photographed_and_never_frozen() -> None:
    seen = Camera()
    seen.show(Scene(title="T-shirt", code="4600070000052"))
    async with watched(seen) as top, asyncio.timeout(25):
        scan = await anext(top.scans())
        assert isinstance(scan, Scan)
        assert scan.payload == b"4600070000052"
        for _ in range(4):  # longer than a frozen source would be believed
            photo = await top.photograph(CLOCK.monotonic_ns(), Deadline.after(6, CLOCK))
            assert photo.codes == (b"4600070000052",)
        assert (await anext(top.healths())).state is HealthState.OK


@pytest.mark.parametrize("fault", sorted(FAULTS - {"slow"}))
async def test_every_fault_puts_the_light_out_and_its_end_on_again(fault: str) -> None:
    seen = Camera()
    async with watched(seen) as top, asyncio.timeout(25):
        healths = top.healths()
        assert (await anext(healths)).state is HealthState.OK
        seen.faults.add(fault)
        async for health in healths:
            if health.state is HealthState.LOST:
                assert health.reason
                break
        seen.faults.discard(fault)
        async for health in healths:
            if health.state is HealthState.OK:
                break


async def test_a_slow_camera_is_no_lost_one() -> None:
    seen = Camera()
    seen.show(Scene(code="4600070000052"))
    seen.faults.add("slow")
    async with watched(seen) as top, asyncio.timeout(25):
        scan = await anext(top.scans())
        assert isinstance(scan, Scan)
        assert scan.payload == b"4600070000052"
        assert (await anext(top.healths())).state is HealthState.OK
