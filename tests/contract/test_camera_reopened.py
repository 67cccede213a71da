"""A camera that was not there at first is a whole one when it comes."""

import asyncio
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from drivers.camera.settings import CameraSettings
from drivers.camera.worker_client import WorkerCamera
from drivers.clock import SystemClock
from drivers.errors import DriverNotFoundError
from drivers.protocols import DeviceName, HealthState, Scan

EAN = "4607112010017"
WITHIN_S = 20.0


def lay(path: Path) -> None:
    """Draw a code on a mat."""
    picture = np.full((720, 1280, 3), 215, np.uint8)
    code = np.asarray(zxingcpp.create_barcode(EAN, zxingcpp.BarcodeFormat.EAN13).to_image(scale=3))
    height, width = code.shape[:2]
    picture[100 : 100 + height, 200 : 200 + width] = cv2.cvtColor(code, cv2.COLOR_GRAY2BGR)
    cv2.imwrite(str(path), picture)


async def test_after_openings_that_failed_light_and_codes_come(tmp_path: Path) -> None:
    settings = CameraSettings(source=str(tmp_path / "picture.png"))
    camera = WorkerCamera(DeviceName("top"), settings, SystemClock())
    for _ in range(2):
        with pytest.raises(DriverNotFoundError):
            await camera.__aenter__()
    lay(tmp_path / "picture.png")
    async with asyncio.timeout(WITHIN_S), camera:
        assert (await anext(camera.healths())).state is HealthState.OK
        told = await anext(camera.scans())
    assert isinstance(told, Scan)
    assert told.payload.decode()[-13:] == EAN
