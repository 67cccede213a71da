"""Payloads about what the station keeps: room, time, and what is not what was written."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class StationDisk:
    """How full the disk is has changed: `level` is normal, warn, high or full; MB that are free."""

    KIND: ClassVar[str] = "station.disk"
    SCHEMA: ClassVar[int] = 1
    level: str
    free_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StationClock:
    """The wall clock jumped by `step_ms`, or is trusted differently: synced, unsynced, stepped."""

    KIND: ClassVar[str] = "station.clock"
    SCHEMA: ClassVar[int] = 1
    step_ms: int
    was: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StationCorrupt:
    """Stored events are not what was written: they are set aside and never sent."""

    KIND: ClassVar[str] = "station.corrupt"
    SCHEMA: ClassVar[int] = 1
    sequences: tuple[int, ...]
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoLost:
    """A photograph that an event names is gone (`absent`) or its bytes changed (`bit_rot`).

    `not_uploaded`: nobody has taken it for so long that its file was given up.
    """

    KIND: ClassVar[str] = "photo.lost"
    SCHEMA: ClassVar[int] = 1
    sha256: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoErased:
    """A photograph's file was deleted on demand; `by` = the badge of a supervisor."""

    KIND: ClassVar[str] = "photo.erased"
    SCHEMA: ClassVar[int] = 1
    sha256: str
    reason: str
    by: str
