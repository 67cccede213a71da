"""Configured devices as drivers, sorted by family; a library is imported only when it is needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drivers.protocols import (
    CameraDriver,
    Clock,
    ConveyorDriver,
    Device,
    RobotDriver,
    ScannerDriver,
)
from drivers.registry import driver_class
from edge.settings.model import DeviceClass, DeviceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """A driver beside what configuration says of it."""

    settings: DeviceSettings
    device: Device


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """All devices of a station. A camera is a scanner too."""

    every: tuple[Configured, ...]
    scanners: Mapping[str, ScannerDriver]
    cameras: Mapping[str, CameraDriver]
    robots: RobotDriver | None
    conveyors: Mapping[str, ConveyorDriver]


def make_devices(settings: tuple[DeviceSettings, ...], clock: Clock) -> Devices:
    """Make the drivers; nothing is opened. Raises DriverNotFoundError for a missing library."""
    made = tuple(
        Configured(settings=one, device=driver_class(one.driver)(one.name, one.settings, clock))
        for one in settings
    )
    scanners = _of(made, DeviceClass.SCANNER) | _of(made, DeviceClass.CAMERA)
    robots = tuple(_of(made, DeviceClass.ROBOTS).values())
    return Devices(
        every=made,
        scanners=scanners,
        cameras=_of(made, DeviceClass.CAMERA),
        robots=robots[0] if robots else None,
        conveyors=_of(made, DeviceClass.CONVEYOR),
    )


def _of(made: tuple[Configured, ...], device_class: DeviceClass) -> dict[str, Any]:
    return {
        str(one.settings.name): one.device
        for one in made
        if one.settings.device_class is device_class
    }
