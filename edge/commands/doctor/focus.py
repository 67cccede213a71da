"""`receiving-edge doctor focus CAMERA`: how sharp and bright this camera shows the focus card.

Lay the card on the mat with nothing else. What is printed last belongs into devices.toml: from then
on a photograph needs half of that sharpness.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from drivers.clock import SystemClock
from drivers.errors import DriverError
from drivers.protocols import CameraDriver, Clock, Deadline, Photo
from drivers.registry import driver_class
from edge.commands.serve import DATA_DEFAULT, config_folder
from edge.settings.load import SettingsError, load
from edge.settings.model import DeviceClass, DeviceSettings, Settings

PHOTO_S: Final = 3.0
PHOTOS: Final = 3
MEAN_MIN: Final = 50
MEAN_MAX: Final = 205
CLIPPED_MAX: Final = 50  # permille
# Nothing may be refused while the limit is still to be found.
_OPEN: Final[Mapping[str, Any]] = {
    "sharpness_min": 0,
    "sharpness_card": None,
    "mean_min": 0,
    "mean_max": 255,
    "clipped_max": 1000,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("camera", metavar="CAMERA", help="name of the camera in devices.toml")
    parser.add_argument("--config", type=Path, default=config_folder(), metavar="DIR")
    parser.add_argument("--data", type=Path, default=DATA_DEFAULT, metavar="DIR")


def run(args: argparse.Namespace) -> int:
    """Return 0 when the card was photographed well lit, 1 when not, 2 without such a camera."""
    try:
        found = _camera(load(args.config, data=args.data), args.camera)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    if found is None:
        print(f"{args.camera}: no such camera in devices.toml", file=sys.stderr)
        return 2
    clock = SystemClock()
    known = {field.name for field in fields(found.settings)}
    settings = replace(found.settings, **{k: v for k, v in _OPEN.items() if k in known})
    camera: CameraDriver = driver_class(found.driver)(found.name, settings, clock)
    try:
        photos = asyncio.run(photographed(camera, clock))
    except DriverError as error:
        print(error, file=sys.stderr)
        return 1
    return told(args.camera, photos)


async def photographed(camera: CameraDriver, clock: Clock) -> tuple[Photo, ...]:
    """Return a few photographs of what lies there now. Raises DriverError."""
    async with camera:
        return tuple(
            [
                await camera.photograph(clock.monotonic_ns(), Deadline.after(PHOTO_S, clock))
                for _ in range(PHOTOS)
            ]
        )


def told(name: str, photos: tuple[Photo, ...]) -> int:
    """Print what the photographs say; 0 when the light is right."""
    # The least sharp one: the limit must hold for every good photograph.
    least = min(photos, key=lambda photo: photo.sharpness)
    print(
        f"{name}: sharpness {least.sharpness}, mean {least.mean}, clipped {least.clipped} permille"
    )
    flaws = _flaws(least)
    for flaw in flaws:
        print(f"{name}: {flaw}")
    if not flaws:
        print(f"[camera.{name}]\nsharpness_card = {least.sharpness}")
    return 1 if flaws else 0


def _flaws(photo: Photo) -> list[str]:
    flaws = []
    if photo.mean < MEAN_MIN:
        flaws.append("too dark: more light or a longer exposure")
    if photo.mean > MEAN_MAX:
        flaws.append("too bright: less light or a shorter exposure")
    if photo.clipped > CLIPPED_MAX:
        flaws.append("glare or black corners: turn the lamp, check the mat")
    if photo.sharpness < 1:
        flaws.append("nothing to focus on: is the card on the mat?")
    return flaws


def _camera(settings: Settings, name: str) -> DeviceSettings | None:
    named = (one for one in settings.devices if str(one.name) == name)
    return next((one for one in named if one.device_class is DeviceClass.CAMERA), None)
