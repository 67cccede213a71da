"""What every device has in common: names, clock, deadline, health, life."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import NewType, Protocol, Self

DeviceName = NewType("DeviceName", str)
RobotId = NewType("RobotId", str)
OrderId = NewType("OrderId", str)
NodeId = NewType("NodeId", str)

SCAN_BYTES_MAX = (
    4096  # longer: refused as `overlong`, the journal keeps length, digest, first bytes
)
PENDING_SCANS_MAX = 64  # per device; full: the scan is refused and counted, never silent


class Clock(Protocol):
    """Monotonic and wall time, handed in so that tests own them."""

    def monotonic_ns(self) -> int:
        """Return CLOCK_MONOTONIC in nanoseconds."""

    def wall_ms(self) -> int:
        """Return UTC wall time in milliseconds since the epoch; only ever stamped and shown."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point in monotonic time that nested waits share."""

    at_ns: int

    @classmethod
    def after(cls, seconds: float, clock: Clock) -> "Deadline":
        """Return the deadline that lies `seconds` from now."""
        return cls(clock.monotonic_ns() + int(seconds * 1e9))

    def remaining_s(self, clock: Clock) -> float:
        """Return the seconds that are left, never below zero."""
        return max(0.0, (self.at_ns - clock.monotonic_ns()) / 1e9)


class Capability(StrEnum):
    """What a device can do beside the minimum of its family."""

    TONE = "tone"
    ACK_AFTER_COMMIT = "ack_after_commit"
    DISABLE = "disable"
    AIM = "aim"
    GS = "gs"
    PHOTO = "photo"
    LANE_SENSOR = "lane_sensor"
    BELT_ORDERS = "belt_orders"
    AUTO_START = "auto_start"


class HealthState(StrEnum):
    """Light of a device."""

    OK = "ok"
    DEGRADED = "degraded"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceHealth:
    """A change of a device's light. `reason` is a short code such as `unplugged`, `no rights`.

    `usb_id`: vendor:product:serial in hex, hex and text, of an open device that is plugged in so.
    """

    device: str
    state: HealthState
    reason: str = ""
    usb_id: str = ""


class Device(Protocol):
    """Common shape: entering opens within the driver's own deadline, leaving cancels and awaits."""

    @property
    def name(self) -> DeviceName:
        """Return the configured name."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return what this device can do beside the minimum."""

    async def __aenter__(self) -> Self:
        """Open the device. Raises DriverError; nothing is left open then."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the device and await everything it started."""

    def healths(self) -> AsyncIterator[DeviceHealth]:
        """Yield the present light, then every change. One consumer."""
