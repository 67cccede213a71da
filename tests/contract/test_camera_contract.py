"""The camera driver against a real worker process: pictures, a network stream, and its death."""

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from drivers.camera.settings import CameraSettings
from drivers.camera.worker_client import WorkerCamera
from drivers.clock import SystemClock
from drivers.errors import DriverError, DriverNotFoundError, DriverTimeoutError
from drivers.protocols import (
    THUMBNAIL_SIZE,
    CameraDriver,
    Deadline,
    DeviceHealth,
    DeviceName,
    HealthState,
    Scan,
    ScanFault,
    ScanOutcome,
    ScanSource,
    Symbology,
)
from mjpeg import MjpegServer, drawn

CLOCK = SystemClock()
EAN = ("EAN13", "4607112010017")
MARK = ("DataMatrix", "hello")


def camera(source: str | Path, *, fps: float = 15, mean_min: int = 50) -> CameraDriver:
    settings = CameraSettings(source=str(source), fps=fps, mean_min=mean_min)
    return WorkerCamera(DeviceName("top"), settings, CLOCK)


async def next_scan(scans: AsyncIterator[Scan | ScanFault], seconds: float = 12) -> Scan:
    async with asyncio.timeout(seconds):
        scan = await anext(scans)
    assert isinstance(scan, Scan)
    return scan


async def next_light(healths: AsyncIterator[DeviceHealth], state: HealthState) -> DeviceHealth:
    async with asyncio.timeout(12):
        async for health in healths:
            if health.state is state:
                return health
    raise AssertionError(state)


def children() -> set[int]:
    listed = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text("ascii")
    return {int(number) for number in listed.split()}


async def test_a_code_in_a_picture_is_one_scan_with_its_evidence(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), drawn(EAN))
    async with camera(tmp_path / "a.png") as top:
        scans = top.scans()
        scan = await next_scan(scans)
        assert (scan.payload, scan.symbology) == (b"4607112010017", Symbology.EAN13)
        assert (scan.source, scan.aim_id) == (ScanSource.CAMERA, "]E0")
        assert scan.evidence.votes >= 2
        assert "scanner" not in scan.evidence.engines
        await top.confirm(scan.scan_no, ScanOutcome.ACCEPTED, Deadline.after(1, CLOCK))
        with pytest.raises(TimeoutError):  # still in view: locked
            await next_scan(scans, seconds=2)


async def test_several_codes_in_one_frame_all_come(tmp_path: Path) -> None:
    codes = (EAN, ("Code128", "RMA-88123"), MARK, ("QRCode", "0417-0032"))
    cv2.imwrite(str(tmp_path / "a.png"), drawn(*codes))
    async with camera(tmp_path / "a.png") as top:
        scans = top.scans()
        read = {(await next_scan(scans)).payload.decode() for _ in codes}
    assert read == {content for _, content in codes}


async def test_a_separator_and_the_gs1_sign_survive(tmp_path: Path) -> None:
    barcode = zxingcpp.create_barcode(
        "(01)04607112010017(21)S7(91)EE06", zxingcpp.BarcodeFormat.DataMatrix, gs1=True
    )
    frame = drawn()
    grey = np.array(barcode.to_image(scale=5, add_quiet_zones=True), dtype=np.uint8)
    symbol = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    frame[100 : 100 + symbol.shape[0], 100 : 100 + symbol.shape[1]] = symbol
    cv2.imwrite(str(tmp_path / "a.png"), frame)
    async with camera(tmp_path / "a.png") as top:
        scan = await next_scan(top.scans())
    assert scan.payload == b"010460711201001721S7\x1d91EE06"
    assert (scan.aim_id, scan.symbology) == ("]d2", Symbology.GS1_DATAMATRIX)


async def test_a_code_is_told_again_after_it_had_left(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), drawn(EAN))
    cv2.imwrite(str(tmp_path / "b.png"), drawn(MARK))
    async with camera(tmp_path) as top:
        scans = top.scans()
        read: list[bytes] = []
        while read.count(b"4607112010017") < 2:
            read.append((await next_scan(scans)).payload)
    assert set(read) <= {b"4607112010017", b"hello"}


async def test_a_network_stream_is_read_and_photographed() -> None:
    async with MjpegServer(drawn(EAN)) as server, camera(server.url) as top:
        scan = await next_scan(top.scans())
        assert scan.payload == b"4607112010017"
        since = CLOCK.monotonic_ns()
        photo = await top.photograph(since, Deadline.after(6, CLOCK))
        assert photo.at_ns >= since
        assert (photo.width, photo.height) == (1280, 720)
        assert photo.jpeg.startswith(b"\xff\xd8")
        assert photo.codes == (b"4607112010017",)
        assert photo.sharpness > 0
        assert len(photo.thumbnail) == 3 * THUMBNAIL_SIZE[0] * THUMBNAIL_SIZE[1]


async def test_a_photograph_never_shows_what_lay_there_before() -> None:
    async with MjpegServer(drawn(EAN), fps=25) as server, camera(server.url, fps=10) as top:
        for code in ("AAA-1", "BBB-2", "CCC-3"):
            server.picture = drawn(("Code128", code))
            # The last old frame may have just left; the next one is already the new picture.
            since = CLOCK.monotonic_ns() + 50_000_000
            photo = await top.photograph(since, Deadline.after(6, CLOCK))
            assert photo.at_ns >= since
            assert photo.codes == (code.encode(),)


async def test_a_picture_too_dark_to_prove_anything_is_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), drawn(shade=40))
    async with camera(tmp_path / "a.png", mean_min=80) as top:
        with pytest.raises(DriverTimeoutError, match="dark"):
            await top.photograph(CLOCK.monotonic_ns(), Deadline.after(1.5, CLOCK))


async def test_a_stream_that_freezes_is_noticed_and_comes_back() -> None:
    async with MjpegServer(drawn(EAN)) as server, camera(server.url) as top:
        healths = top.healths()
        await next_light(healths, HealthState.OK)
        server.frozen = True
        lost = await next_light(healths, HealthState.LOST)
        assert lost.reason
        with pytest.raises(DriverError):
            await top.photograph(CLOCK.monotonic_ns(), Deadline.after(0.5, CLOCK))
        server.frozen = False
        await next_light(healths, HealthState.OK)
        assert (await next_scan(top.scans())).payload == b"4607112010017"


async def test_a_stream_that_shows_one_picture_for_ever_is_frozen_and_comes_back() -> None:
    async with MjpegServer(drawn(EAN)) as server, camera(server.url) as top:
        healths, scans = top.healths(), top.scans()
        await next_light(healths, HealthState.OK)
        assert (await next_scan(scans)).payload == b"4607112010017"
        server.stuck = True
        assert (await next_light(healths, HealthState.LOST)).reason == "frozen"
        with pytest.raises(DriverTimeoutError, match="frozen"):
            await top.photograph(CLOCK.monotonic_ns(), Deadline.after(3, CLOCK))
        server.stuck = False
        await next_light(healths, HealthState.OK)
        photo = await top.photograph(CLOCK.monotonic_ns(), Deadline.after(6, CLOCK))
        assert photo.codes == (b"4607112010017",)
        with pytest.raises(TimeoutError):  # it lay there all the time
            await next_scan(scans, seconds=0.5)


async def test_a_stream_of_garbage_is_no_camera_until_pictures_come() -> None:
    async with MjpegServer(drawn(EAN)) as server, camera(server.url) as top:
        healths = top.healths()
        await next_light(healths, HealthState.OK)
        server.garbage = bytes(range(256)) * 40
        await next_light(healths, HealthState.LOST)
        server.garbage = b""
        await next_light(healths, HealthState.OK)
        assert (await next_scan(top.scans())).payload == b"4607112010017"


async def test_a_told_code_keeps_its_picture_under_its_digest(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), drawn(EAN, ("Code128", "RMA-88123")))
    async with camera(tmp_path / "a.png") as top:
        scan = await next_scan(top.scans())
        assert scan.evidence.picture is not None
        kept = top.crop(scan.evidence.picture)
        assert kept is not None
        assert top.crop("0" * 64) is None
    assert hashlib.sha256(kept.jpeg).hexdigest() == scan.evidence.picture
    assert kept.codes == (scan.payload,)
    crop = cv2.imdecode(np.frombuffer(kept.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert crop is not None
    assert crop.shape == (kept.height, kept.width)
    assert [code.bytes for code in zxingcpp.read_barcodes(crop)] == [scan.payload]


async def test_a_mat_outside_the_frame_is_said_at_start(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), drawn())
    settings = CameraSettings(source=str(tmp_path / "a.png"), mat=(1300, 0, 100, 100))
    with pytest.raises(DriverNotFoundError, match="mat lies outside"):
        async with WorkerCamera(DeviceName("top"), settings, CLOCK):
            raise AssertionError("opened")


async def test_a_stream_that_hangs_up_is_noticed_and_comes_back() -> None:
    async with MjpegServer(drawn(EAN)) as server, camera(server.url) as top:
        healths = top.healths()
        await next_light(healths, HealthState.OK)
        await server.close()
        await next_light(healths, HealthState.LOST)
        await server.open()
        await next_light(healths, HealthState.OK)
        assert (await next_scan(top.scans())).payload == b"4607112010017"


async def test_a_killed_or_stopped_worker_is_replaced(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), drawn(EAN))
    before = children()
    async with camera(tmp_path / "a.png") as top:
        healths = top.healths()
        await next_light(healths, HealthState.OK)
        for harm in (signal.SIGKILL, signal.SIGSTOP):
            (worker,) = children() - before
            os.kill(worker, harm)
            await next_light(healths, HealthState.LOST)
            await next_light(healths, HealthState.OK)
            assert children() - before != {worker}
    assert children() == before


@pytest.mark.parametrize("source", ["/nonexistent/video0", "http://127.0.0.1:9/none.mjpg"])
async def test_a_camera_that_is_not_there_says_so_and_leaves_no_process(source: str) -> None:
    before = children()
    with pytest.raises(DriverNotFoundError, match="top: open"):
        async with camera(source):
            raise AssertionError("opened")
    assert children() == before


@pytest.mark.parametrize(
    "wrong", [{"source": ""}, {"formats": ("ean12",)}, {"fps": 0.0}, {"mat": (1, 2)}]
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        CameraSettings(**({"source": "x"} | wrong))  # type: ignore[arg-type]
