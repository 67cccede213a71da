"""What the station asks of hardware: four driver families and the values that cross the border.

Drivers know node ids, lane numbers and bytes; they know no zone, no unit and no policy.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
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


# ---------------------------------------------------------------- every device


class Capability(StrEnum):
    """What a device can do beside the minimum of its family."""

    TONE = "tone"
    ACK_AFTER_COMMIT = "ack_after_commit"
    DISABLE = "disable"
    AIM = "aim"
    GS = "gs"
    PHOTO = "photo"
    LANE_SENSOR = "lane_sensor"


class HealthState(StrEnum):
    """Light of a device."""

    OK = "ok"
    DEGRADED = "degraded"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceHealth:
    """A change of a device's light. `reason` is a short code such as `unplugged`, `no rights`."""

    device: str
    state: HealthState
    reason: str = ""


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


# ---------------------------------------------------------------- scanners


class Symbology(StrEnum):
    """Printed symbol kinds a scan can name."""

    EAN13 = "ean13"
    EAN8 = "ean8"
    UPCA = "upca"
    UPCE = "upce"
    CODE128 = "code128"
    GS1_128 = "gs1_128"
    CODE39 = "code39"
    CODE93 = "code93"
    ITF = "itf"
    CODABAR = "codabar"
    DATAMATRIX = "datamatrix"
    GS1_DATAMATRIX = "gs1_datamatrix"
    QR = "qr"
    GS1_QR = "gs1_qr"
    PDF417 = "pdf417"
    DATABAR = "databar"
    AZTEC = "aztec"
    UNKNOWN = "unknown"


class ScanSource(StrEnum):
    """How a code reached the station."""

    HID = "hid"
    SERIAL = "serial"
    SSI = "ssi"
    CAMERA = "camera"
    TYPED = "typed"
    WEDGE = "wedge"


class ScanFlag(StrEnum):
    """What a driver had to do to get at the payload."""

    GS_CTRL = "gs_ctrl"
    GS_FKEY = "gs_fkey"
    GS_ALT = "gs_alt"
    GS_TEXT = "gs_text"
    GS_SUBSTITUTE = "gs_substitute"
    CAPS = "caps"
    IDLE_END = "idle_end"
    RESENT = "resent"
    AIM_MISSING = "aim_missing"
    LAYOUT_RESTORED = "layout_restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a code is believed: engines, votes, best contradicting votes, frames, crop digest."""

    engines: frozenset[str] = frozenset({"scanner"})
    votes: int = 1
    runner_up: int = 0
    frames: int = 0
    picture: str | None = None


HAND_SCANNER = Evidence()


def masked(payload: bytes) -> str:
    """Return length and first 8 characters only: a marking code's tail never reaches a log."""
    head = payload[:8].decode("ascii", "replace")
    printable = "".join(c if c.isprintable() else "·" for c in head)
    return f"<{len(payload)} bytes {printable!r}…>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One complete code. `payload` has no AIM prefix and no terminator; every GS is 0x1D.

    `first_ns`, `at_ns` are monotonic times of the first and last character.
    """

    scan_no: int
    payload: bytes
    device: DeviceName
    source: ScanSource
    first_ns: int
    at_ns: int
    aim_id: str | None = None
    symbology: Symbology = Symbology.UNKNOWN
    flags: frozenset[ScanFlag] = frozenset()
    evidence: Evidence = HAND_SCANNER

    def __repr__(self) -> str:
        return f"Scan({self.device} #{self.scan_no} {self.symbology} {masked(self.payload)})"


class FaultKind(StrEnum):
    """Why characters arrived that must not be used."""

    DROPPED = "dropped"
    UNPLUGGED = "unplugged"
    NO_TERMINATOR = "no_terminator"
    OVERLONG = "overlong"
    UNMAPPED_KEY = "unmapped_key"
    BAD_FRAME = "bad_frame"
    CONTROL_CHAR = "control_char"
    FLOOD = "flood"
    OVERRUN = "overrun"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFault:
    """A code that was not read whole. Carries no text that could be used.

    `head` is at most 64 bytes for the journal, `digest` the sha256 of all that arrived (hex),
    both empty where the bytes are gone.
    """

    scan_no: int
    device: DeviceName
    kind: FaultKind
    chars: int
    at_ns: int
    source: ScanSource = ScanSource.SERIAL
    head: bytes = b""
    digest: str = ""

    def __repr__(self) -> str:
        return f"ScanFault({self.device} #{self.scan_no} {self.kind} {self.chars} chars)"


class ScanOutcome(StrEnum):
    """What the scanner tells the hand that holds it. Sent only after the commit."""

    ACCEPTED = "accepted"
    ZONE_1 = "zone_1"
    ZONE_2 = "zone_2"
    ZONE_3 = "zone_3"
    HOLD = "hold"
    HAZMAT = "hazmat"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    ERROR = "error"


class ScannerDriver(Device, Protocol):
    """Anything that hands over codes: keyboard wedge by evdev, serial line, camera."""

    def scans(self) -> AsyncIterator[Scan | ScanFault]:
        """Yield codes and faults in the order they were read. One consumer; ends on close."""

    async def confirm(self, scan_no: int, outcome: ScanOutcome, deadline: Deadline) -> None:
        """Give the hand its tone or acknowledgement, after the commit, for refusals too."""


# ---------------------------------------------------------------- cameras


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """One finished JPEG. `codes` are payloads seen in this very frame; sizes in pixels.

    `sharpness` = variance of the Laplacian on the 640-wide grey mat, `mean` 0-255,
    `clipped` = permille of pixels at 0 or 255. `at_ns` = monotonic capture time.
    """

    jpeg: bytes
    width: int
    height: int
    at_ns: int
    sharpness: int
    mean: int
    clipped: int
    codes: tuple[bytes, ...] = ()


class CameraDriver(ScannerDriver, Protocol):
    """A camera that reads codes by itself and takes photographs on demand."""

    async def photograph(self, not_before_ns: int, deadline: Deadline) -> Photo:
        """Return the sharpest still frame captured at or after `not_before_ns`.

        Raises DriverTimeoutError if none came in time, DriverLostError if the camera is gone.
        """


# ---------------------------------------------------------------- robots


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A node of the floor. `x`, `y` in metres, `theta` in radians, `params` for its actions."""

    id: NodeId
    x: float
    y: float
    theta: float
    map_id: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphEdge:
    """A drivable edge, `length` in metres; both directions must be listed to be driven."""

    start: NodeId
    end: NodeId
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOrder:
    """Carry one load from node to node. Ids are minted once, with the intent.

    `path_to_pick` starts where the robot stands and ends at the pick node;
    `path_to_drop` starts there and ends at the drop node.
    """

    order_id: OrderId
    robot: RobotId
    load_id: str
    path_to_pick: tuple[NodeId, ...]
    path_to_drop: tuple[NodeId, ...]
    pick_action_id: str
    drop_action_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBody:
    """The wire body without header, stored in the intent and resent byte for byte."""

    order: MoveOrder
    body: bytes


class OrderPhase(StrEnum):
    """What the robot's own state proves about one order (VDA 5050 2.1 §6.10)."""

    UNKNOWN = "unknown"  # the state speaks of another order, or of none
    ACCEPTED = "accepted"
    PICKING = "picking"
    CARRYING = "carrying"
    DROPPING = "dropping"
    DONE = "done"
    REJECTED = "rejected"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotSnapshot:
    """One robot as its newest state tells; `None` = the robot does not say.

    `order_id` stays that of the last order after its end. `connection` counts the broker
    connections of this driver: a snapshot of an earlier connection proves nothing now.
    """

    robot: RobotId
    received_ns: int
    connection: int
    reconciled: bool
    online: bool
    order_id: str
    idle: bool
    last_node: NodeId
    x: float | None
    y: float | None
    driving: bool
    paused: bool
    automatic: bool
    emergency_stop: bool
    fatal: bool
    charge_percent: float | None
    loads: int | None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStatus:
    """What one state message proves about one tracked order, with its evidence for the journal."""

    robot: RobotId
    order_id: OrderId
    phase: OrderPhase
    at_ns: int
    last_node: str
    last_node_seq: int
    actions: Mapping[str, str]
    loads: int | None
    errors: tuple[str, ...]
    reason: str = ""
    resend_safe: bool = False
    """True only when a fresh reconciled state proves the order was not taken:
    idle, in an order mode, and still showing the order id that it showed before the send."""
    at_rest: bool = False
    """The robot stands and has no way left: a FAILED order is over only then, else cancel it."""


class SendResult(StrEnum):
    """What is known right after a publish; `sent` proves nothing but that bytes left."""

    SENT = "sent"
    NOT_SENT = "not_sent"


class RobotDriver(Device, Protocol):
    """Master control of the robots on one broker."""

    def snapshot(self, robot: RobotId) -> RobotSnapshot | None:
        """Return the newest snapshot, None before the first state of this connection."""

    def prepare(self, order: MoveOrder, nodes: Mapping[NodeId, GraphNode]) -> OrderBody:
        """Build and schema-check the body. Pure. Raises DriverProtocolError; nothing was sent."""

    def track(self, order: MoveOrder, prev_order_id: str) -> None:
        """Report every state about this order from now on; `prev_order_id` as at intent time."""

    def forget(self, order_id: OrderId) -> None:
        """Stop reporting about an order; harmless twice."""

    async def send(self, body: OrderBody) -> SendResult:
        """Publish once, QoS 0, not retained, only when connected and the robot is reconciled."""

    async def request_state(self, robot: RobotId, deadline: Deadline) -> RobotSnapshot:
        """Send stateRequest and return the state that answers it. Raises DriverTimeoutError."""

    async def cancel(self, robot: RobotId, action_id: str) -> SendResult:
        """Publish cancelOrder with this action id. The proof comes as OrderStatus."""

    def statuses(self) -> AsyncIterator[OrderStatus]:
        """Yield what states prove about tracked orders. One consumer."""


# ---------------------------------------------------------------- conveyors


@dataclass(frozen=True, slots=True, kw_only=True)
class ConveyorStatus:
    """One coherent status block of the PLC (register map `conveyor/1`)."""

    received_ns: int
    boot_id: int
    running: bool
    fault: int
    host_lost: bool
    busy: bool
    seq_seen: int
    seq_result: int
    done_seq: int
    done_result: int
    done_item: int
    divert_count: int
    reject_reason: int
    exit_lane: int
    exit_count: int
    exit_item: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DivertCommand:
    """One divert, as committed: the numbers are those of the status read before the intent."""

    token: int
    lane: int
    seq: int
    boot_id: int
    count_before: int
    exit_before: int


class DivertPhase(StrEnum):
    """What the PLC's own registers prove about one divert."""

    NOT_SEEN = "not_seen"  # two coherent blocks with the old seq: the same seq may be written again
    SEEN = "seen"
    DONE = "done"
    REJECTED = "rejected"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    WRONG_LANE = "wrong_lane"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True, kw_only=True)
class DivertStatus:
    """Evidence about one divert, from a status block."""

    token: int
    phase: DivertPhase
    at_ns: int
    code: int = 0
    count_after: int = 0
    exit_lane: int = 0
    reason: str = ""


class ConveyorDriver(Device, Protocol):
    """One PLC link."""

    def status(self) -> ConveyorStatus | None:
        """Return the newest coherent block while the link is clean, else None."""

    async def reconcile(self, deadline: Deadline) -> ConveyorStatus:
        """Read two coherent blocks and declare the link clean. Raises DriverError."""

    async def write(self, command: DivertCommand, deadline: Deadline) -> DivertStatus:
        """Write one divert command and wait for the PLC's echo of its sequence number.

        Returns SEEN, REJECTED, NOT_SEEN or IN_DOUBT; IN_DOUBT if the deadline passes after
        the write: the belt may have obeyed. Raises DriverLostError before anything was written.
        """

    async def finish(self, command: DivertCommand, deadline: Deadline) -> DivertStatus:
        """Only read until the registers prove how this command ended; also after a restart.

        Returns NOT_SEEN, DONE, REJECTED, FAILED, UNCONFIRMED, WRONG_LANE or IN_DOUBT.
        """
