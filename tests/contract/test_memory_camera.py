"""The camera double: what lies in view is told once, and no old frame is a photograph."""

import asyncio

import pytest

from drivers.clock import SystemClock
from drivers.errors import DriverLostError, DriverNotFoundError, DriverTimeoutError
from drivers.memory.camera import MemoryCamera, MemoryCameraSettings
from drivers.protocols import Deadline, DeviceName, HealthState, Scan, ScanSource

CLOCK = SystemClock()


def camera(*, takes_frames: bool = True) -> MemoryCamera:
    settings = MemoryCameraSettings(takes_frames=takes_frames)
    return MemoryCamera(DeviceName("top"), settings, CLOCK)


def soon(seconds: float = 5.0) -> Deadline:
    return Deadline.after(seconds, CLOCK)


async def test_a_code_is_told_once_while_it_stays_in_view() -> None:
    async with camera() as device:
        stream = device.scans()
        device.show(b"A")
        device.show(b"A", b"B")
        device.show()
        device.show(b"A")
        found = [await anext(stream) for _ in range(3)]
    assert [one.payload for one in found if isinstance(one, Scan)] == [b"A", b"B", b"A"]
    assert {one.source for one in found} == {ScanSource.CAMERA}


async def test_every_photograph_is_another_picture_with_the_codes_in_view() -> None:
    async with camera() as device:
        device.show(b"A")
        one = await device.photograph(0, soon())
        two = await device.photograph(CLOCK.monotonic_ns(), soon())
    assert one.jpeg != two.jpeg
    assert one.jpeg.startswith(b"\xff\xd8")
    assert one.jpeg.endswith(b"\xff\xd9")
    assert one.codes == (b"A",)


async def test_the_sharpest_frame_behind_the_asked_time_is_taken() -> None:
    async with camera(takes_frames=False) as device:
        device.capture(900)
        after_ns = CLOCK.monotonic_ns()
        device.capture(100)
        device.capture(300)
        photo = await device.photograph(after_ns, soon())
    assert photo.sharpness == 300
    assert photo.at_ns >= after_ns


async def test_an_old_frame_is_no_photograph() -> None:
    async with camera(takes_frames=False) as device:
        device.capture()
        with pytest.raises(DriverTimeoutError):
            await device.photograph(CLOCK.monotonic_ns(), soon(0.02))


async def test_an_unplugged_camera_is_lost_and_can_be_opened_again() -> None:
    device = camera(takes_frames=False)
    async with device:
        stream = device.scans()
        waiting = asyncio.ensure_future(device.photograph(0, soon()))
        await asyncio.sleep(0)
        device.unplug()
        with pytest.raises(DriverLostError):
            await waiting
        with pytest.raises(DriverLostError):
            await anext(stream)
    with pytest.raises(DriverNotFoundError):
        await device.__aenter__()
    device.plug()
    async with device:
        assert (await anext(device.healths())).state is HealthState.OK
