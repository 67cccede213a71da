"""A camera with an RTSP address, against a peer that speaks the protocol of the two RFCs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.camera.settings import CameraSettings
from drivers.camera.worker_client import WorkerCamera
from drivers.clock import SystemClock
from drivers.errors import DriverNotFoundError
from drivers.protocols import Deadline, DeviceHealth, DeviceName, HealthState, Scan
from mjpeg import drawn
from rtsp import RtspServer

CLOCK = SystemClock()
EAN = "4607112010017"
WITHIN_S = 15.0
SECRET = "p:w@/1"


def camera(server: RtspServer, password_file: Path | None = None) -> WorkerCamera:
    settings = CameraSettings(
        source=server.url,
        username="eye" if password_file else "",
        password_file=str(password_file or ""),
    )
    return WorkerCamera(DeviceName("top"), settings, CLOCK)


async def light(healths: AsyncIterator[DeviceHealth], state: HealthState) -> DeviceHealth:
    async with asyncio.timeout(WITHIN_S):
        async for health in healths:
            if health.state is state:
                return health
    raise AssertionError(state)


async def test_an_rtsp_camera_tells_codes_and_photographs_what_lies_there_now() -> None:
    async with RtspServer(drawn(("EAN13", EAN))) as server, camera(server) as top:
        async with asyncio.timeout(WITHIN_S):
            scan = await anext(top.scans())
        assert isinstance(scan, Scan)
        assert scan.payload == EAN.encode()
        server.picture = drawn(("Code128", "BBB-2"))
        since = CLOCK.monotonic_ns() + 50_000_000  # the last old picture may have just left
        photo = await top.photograph(since, Deadline.after(6, CLOCK))
        assert photo.at_ns >= since
        assert photo.codes == (b"BBB-2",)
    assert server.asked[:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]


async def test_an_rtsp_camera_that_stops_or_hangs_up_is_lost_and_comes_back() -> None:
    async with RtspServer(drawn()) as server, camera(server) as top:
        healths = top.healths()
        await light(healths, HealthState.OK)
        server.frozen = True
        await light(healths, HealthState.LOST)
        server.frozen = False
        await light(healths, HealthState.OK)
        server.stuck = True
        assert (await light(healths, HealthState.LOST)).reason == "frozen"
        server.stuck = False
        await light(healths, HealthState.OK)
        await server.close()
        await light(healths, HealthState.LOST)
        await server.open()
        await light(healths, HealthState.OK)


async def test_a_camera_with_a_password_gets_it_and_nobody_else_does(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "right").write_text(f"{SECRET}\n", encoding="utf-8")
    (tmp_path / "wrong").write_text("p:w@/2\n", encoding="utf-8")
    with caplog.at_level("INFO"):
        async with RtspServer(drawn(), password=SECRET) as server:
            async with camera(server, tmp_path / "right") as top:
                await light(top.healths(), HealthState.OK)
            with pytest.raises(DriverNotFoundError, match="cannot be opened") as refused:
                await camera(server, tmp_path / "wrong").__aenter__()
            with pytest.raises(DriverNotFoundError, match="password_file cannot be read"):
                await camera(server, tmp_path / "none").__aenter__()
    assert "401" in caplog.text  # what the library says of the refusal
    assert "p:w" not in caplog.text + str(refused.value)
    assert "p%3Aw" not in caplog.text + str(refused.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"source": "rtsp://eye:secret@10.0.0.7/top"}, "username and password_file"),
        ({"source": "rtsp://10.0.0.7:abc/top"}, "is no address"),
        ({"source": "rtsp://[::1/top"}, "is no address"),
        ({"source": "rtsp://10.0.0.7/top", "username": "eye"}, "both or neither"),
        ({"source": "/dev/video0", "username": "eye", "password_file": "x"}, "network address"),
    ],
)
def test_an_address_with_a_secret_or_half_of_one_is_refused(
    wrong: dict[str, str], said: str
) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        CameraSettings(**wrong)  # type: ignore[arg-type]
    assert "secret" not in str(refused.value)
