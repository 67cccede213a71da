"""What configuration says, as frozen values. Parsed once, passed to constructors, never global."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from drivers.protocols import DeviceName
from edge.catalogue import CodeLimits, MarkGroup, NumberRule, Person
from edge.course import Course
from edge.floor import (
    FloorSettings,
    HoldRules,
    LegKind,
    LpnRules,
    RobotUnit,
    RouteLeg,
    Timers,
    Tray,
)
from edge.outward import Outward
from edge.quality import QualityRules

__all__ = [
    "CatchUp",
    "DeviceClass",
    "DeviceSettings",
    "FeedSettings",
    "FloorSettings",
    "JournalSettings",
    "LegKind",
    "MetricsSettings",
    "NumberRule",
    "OnDead",
    "Person",
    "PhotoSettings",
    "PolicyKey",
    "PolicyRole",
    "RobotUnit",
    "RouteLeg",
    "Settings",
    "SoundSettings",
    "StationSettings",
    "TargetKind",
    "TargetSettings",
    "TerminalSettings",
    "Timers",
    "Tray",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSettings:
    """Times of the operator's flow, and what an operator may decide alone.

    `put_s` = how long a decided unit may wait for its tray before that is told, 0 = never. A unit
    worth less than `free_disposal_below_minor` may be sent to disposal without a supervisor.
    """

    dup_s: float = 1.0
    lock_s: int = 300
    key_epoch_ms: int = 250
    undo_bar_s: int = 10
    put_s: int = 120
    free_disposal_below_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    """Disk budget of journal and photographs; shares of it in percent; how long events are kept.

    `ballast_mb` is taken up for the moment when the disk is full. `photo_keep_days` = how long a
    photograph's file stays when it is uploaded, `photo_wait_days` = how long one that is not may
    hold its event back, `piece_keep_days` = how long a piece is known again. `segments` = the
    service seals Parquet segments (extra `bi`), and what is in none is not purged. `allow_fuse`:
    tests of power cuts alone.
    """

    budget_mb: int = 2048
    warn_percent: int = 70
    high_percent: int = 85
    full_percent: int = 95
    keep_days: int = 30
    keep_units: int = 20_000
    ballast_mb: int = 64
    photo_keep_days: int = 14
    piece_keep_days: int = 730
    photo_wait_days: int = 90
    segments: bool = False
    allow_fuse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoSettings:
    """How long the flow waits for a sharp frame."""

    wait_s: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundSettings:
    """The command that plays a .wav file, its path is added as the last word; none = the bell."""

    player: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    """Where monitors read `/metrics` and `/healthz`; without a port nobody can."""

    address: str = "127.0.0.1"
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSettings:
    """station.toml. Labels of `previous_key_file` count to the end of `previous_key_until`."""

    namespace: str
    site: str
    station: str
    pack: str
    site_key_file: Path
    socket: Path
    previous_key_file: Path | None = None
    previous_key_until: date | None = None
    languages: tuple[str, ...] = ("ru", "en")
    terminal: TerminalSettings = TerminalSettings()
    journal: JournalSettings = JournalSettings()
    photo: PhotoSettings = PhotoSettings()
    sound: SoundSettings = SoundSettings()
    metrics: MetricsSettings = MetricsSettings()
    lpn: LpnRules = field(default_factory=LpnRules)
    hold: HoldRules = field(default_factory=HoldRules)
    quality: QualityRules = field(default_factory=QualityRules)


class DeviceClass(StrEnum):
    """Family of a device, by its table in devices.toml or floor.toml."""

    SCANNER = "scanner"
    CAMERA = "camera"
    ROBOTS = "robots"
    CONVEYOR = "conveyor"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettings:
    """One configured device: registry name and that driver's own settings dataclass.

    `may` = what kinds of codes are taken from it, `codes` = which symbols; `roles` = photo slots a
    camera serves; `place` = where a scanner is fixed on the floor, empty at the bench.
    """

    name: DeviceName
    device_class: DeviceClass
    driver: str
    settings: Any
    may: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    place: str = ""
    codes: CodeLimits = field(default_factory=CodeLimits)


class TargetKind(StrEnum):
    """How a target is spoken to."""

    HTTP_BATCH = "http-batch"
    EPCIS = "epcis"
    JETSTREAM = "jetstream"
    MQTT = "mqtt"
    PHOTO_HTTP = "photo-http"


class CatchUp(StrEnum):
    """What goes first while a target has a backlog: the oldest, or what happens now."""

    ORDERED = "ordered"
    LIVE_FIRST = "live_first"


class OnDead(StrEnum):
    """What becomes of later events of a unit or parcel of which one was refused."""

    CONTINUE = "continue"
    BLOCK_KEY = "block_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """One central system that receives events; `events` are globs over kinds.

    `gln` = Global Location Number of the site, for kind `epcis` alone; `stream` and
    `batch_catch_up` for `jetstream`, `protocol` (3.1.1 or 5) for `mqtt`. `map` and `status_map`
    name files of targets/. Rights: `mark_raw` = tails of marking codes, `personal` = photographs
    that may show an address, `audit` = test pieces. `request_s` = the longest a whole request may
    take.
    """

    name: str
    kind: TargetKind
    url: str
    events: tuple[str, ...] = ()
    durable: bool = True
    username: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    key_password_file: Path | None = None
    compress: bool = True
    accept_202: bool = False
    batch_max: int = 4000
    bytes_max: int = 8_388_608
    request_s: float = 15.0
    catch_up: CatchUp = CatchUp.ORDERED
    on_dead: OnDead = OnDead.CONTINUE
    gln: str = ""
    stream: str = "RETURNS"
    batch_catch_up: bool = False
    protocol: str = "3.1.1"
    tenants: tuple[str, ...] = ("*",)
    map: str = ""
    status_map: str = ""
    mark_raw: bool = False
    personal: bool = False
    audit: bool = False

    @property
    def takes_events(self) -> bool:
        """Return whether events go there: photographs have a target of their own."""
        return self.kind != TargetKind.PHOTO_HTTP


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """One feed in: `http` polls `url`, `folder` takes files renamed into `folder`.

    `keep_days` = how long a file stays that was laid aside: it may hold what nobody asked for.
    """

    name: str
    kind: str
    url: str = ""
    folder: Path | None = None
    keep_days: int = 14
    poll_s: float = 30.0
    password_file: Path | None = None


class PolicyRole(StrEnum):
    """What a person's key is good for."""

    AUTHOR = "author"
    APPROVER = "approver"


_PERSON: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_PUBLIC: Final = re.compile(r"ed25519:[A-Za-z0-9+/]{43}=")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyKey:
    """A public key of somebody who writes or approves policy packs: `ed25519:` and base64."""

    person: str
    roles: frozenset[PolicyRole]
    public: str

    def __post_init__(self) -> None:
        if not _PERSON.fullmatch(self.person):
            raise ValueError(f"person: {self.person!r} does not fit: 1 to 32 of a-z 0-9 . _ -")
        if not self.roles:
            raise ValueError("roles: empty: author, approver")
        if not _PUBLIC.fullmatch(self.public):
            raise ValueError("public: is no key: the line that `policy keys new` prints")


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
    previous_key: bytes = field(default=b"", repr=False)
    policy_keys: tuple[PolicyKey, ...] = ()
    outward: Mapping[str, Outward] = field(default_factory=dict)
    marks: tuple[MarkGroup, ...] = ()
    course: Course | None = None

    @property
    def site_keys(self) -> tuple[bytes, ...]:
        """Return the keys that sign or signed labels, the current one first."""
        return (self.site_key, self.previous_key) if self.previous_key else (self.site_key,)

    @property
    def previous_until_ms(self) -> int | None:
        """Return when the day of `previous_key_until` is over here, as wall time."""
        day = self.station.previous_key_until
        if day is None:
            return None
        end = datetime.combine(day + timedelta(days=1), time()).astimezone()
        return int(end.timestamp() * 1000)

    @property
    def pack_folder(self) -> Path:
        """Return the folder of the configured policy pack."""
        return self.folder / "packs" / self.station.pack

    @property
    def tenant_folders(self) -> tuple[Path, ...]:
        """Return the folders of the packs beside the station's own."""
        packs = sorted(path.parent for path in self.folder.glob("packs/*/pack.toml"))
        return tuple(pack for pack in packs if pack != self.pack_folder)

    @property
    def camera_roles(self) -> frozenset[str]:
        """Return the photo slots that the station's cameras serve."""
        return frozenset(role for one in self.devices for role in one.roles)

    @property
    def gate_cameras(self) -> frozenset[str] | None:
        """Return the roles that a pack's photographs are held against.

        None where there is no camera at all: such a station goes without, and says so each time.
        """
        has_camera = any(one.device_class is DeviceClass.CAMERA for one in self.devices)
        return self.camera_roles if has_camera else None
