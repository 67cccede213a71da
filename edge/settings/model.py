"""What configuration says, as frozen values. Parsed once, passed to constructors, never global."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from drivers.protocols import DeviceName
from edge.catalogue import NumberRule, Person
from edge.floor import FloorSettings, LegKind, RobotUnit, RouteLeg, Timers, Tray

__all__ = [
    "DeviceClass",
    "DeviceSettings",
    "FeedSettings",
    "FloorSettings",
    "JournalSettings",
    "LegKind",
    "NumberRule",
    "Person",
    "PhotoSettings",
    "RobotUnit",
    "RouteLeg",
    "Settings",
    "StationSettings",
    "TargetSettings",
    "TerminalSettings",
    "Timers",
    "Tray",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSettings:
    """Times of the operator's flow."""

    dup_s: float = 1.0
    lock_s: int = 300
    key_epoch_ms: int = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    """Disk budget of journal and photographs; shares of it in percent."""

    budget_mb: int = 2048
    warn_percent: int = 70
    high_percent: int = 85
    full_percent: int = 95


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoSettings:
    """How long the flow waits for a sharp frame."""

    wait_s: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSettings:
    """station.toml."""

    namespace: str
    site: str
    station: str
    pack: str
    site_key_file: Path
    socket: Path
    languages: tuple[str, ...] = ("ru", "en")
    terminal: TerminalSettings = TerminalSettings()
    journal: JournalSettings = JournalSettings()
    photo: PhotoSettings = PhotoSettings()


class DeviceClass(StrEnum):
    """Family of a device, by its table in devices.toml or floor.toml."""

    SCANNER = "scanner"
    CAMERA = "camera"
    ROBOTS = "robots"
    CONVEYOR = "conveyor"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettings:
    """One configured device: registry name and that driver's own settings dataclass.

    `may` = what kinds of codes are taken from it, `roles` = photo slots a camera serves.
    """

    name: DeviceName
    device_class: DeviceClass
    driver: str
    settings: Any
    may: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """One central system that receives events; `events` are globs over kinds."""

    name: str
    kind: str
    url: str
    events: tuple[str, ...]
    durable: bool = True
    password_file: Path | None = None
    compress: bool = True
    accept_202: bool = False
    batch_max: int = 4000
    bytes_max: int = 8_388_608


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """One feed in: `http` polls `url`, `folder` takes files renamed into `folder`."""

    name: str
    kind: str
    url: str = ""
    folder: Path | None = None
    poll_s: float = 30.0
    password_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole configuration. `digest` = sha256 over the files' bytes, hex."""

    folder: Path
    digest: str
    station: StationSettings
    devices: tuple[DeviceSettings, ...]
    floor: FloorSettings
    targets: tuple[TargetSettings, ...]
    feeds: tuple[FeedSettings, ...]
    people: Mapping[str, Person]
    numbers: tuple[NumberRule, ...]
    site_key: bytes = field(repr=False)
