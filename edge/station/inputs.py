"""Everything that can happen to a station. Look-ups travel inside, so that decide is pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.protocols import HealthState, Scan, ScanFault
from edge.barcodes.meanings import Meaning
from edge.catalogue import CatalogueItem, Recall, ReturnLine
from edge.events import (
    ConfigActivated,
    ConfigRefused,
    DeviceProven,
    DiverterState,
    DocumentRef,
    JournalRef,
    MoveEvidence,
    MoveState,
    OrderSent,
    ParcelId,
    PhotoErased,
    PhotoLost,
    PhotoTaken,
    ReturnSoFar,
    SequenceRange,
    StationClock,
    StationCorrupt,
    StationDisk,
    SyncDead,
    SyncReplayed,
    SyncRetired,
    SyncState,
    SyncWaived,
    UnitId,
)
from edge.station.state import UnitWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A parcel that a scanned number may mean, with the lines announced for it.

    `whole_rmas` = returns whose every line is among these lines, `so_far` = the other ones and
    those that were received in part already.
    """

    matched_by: str
    key: str
    lines: tuple[ReturnLine, ...]
    whole_rmas: tuple[str, ...] = ()
    so_far: tuple[ReturnSoFar, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedBox:
    """A closed parcel: when it was closed, by whose badge, and its units as they ended."""

    parcel: ParcelId
    closed_ms: int
    who: str
    units: tuple[UnitWork, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """What the caches and the journal know about a scanned code.

    `seen` = subjects of earlier work found by the code (`parcel/<id>`, `unit/<id>`), `former` =
    the units among them as they ended, where the code is a unit's own number.
    `items` = item master rows of every article the open work may need, by GTIN-14; `recalls` =
    what of these is recalled, without a key where the centre never told of recalls.
    """

    candidates: tuple[Candidate, ...] = ()
    seen: tuple[str, ...] = ()
    former: tuple[UnitWork, ...] = ()
    box: ClosedBox | None = None
    """The closed parcel that the code names, with what was in it."""
    near: tuple[Candidate, ...] = ()
    """Parcels that an unknown number may mean after all, the likeliest first."""
    items: Mapping[str, CatalogueItem] = field(default_factory=dict)
    recalls: Mapping[str, tuple[Recall, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanInput:
    """A whole code. `input` is its unique key in the journal.

    `profile` = digest of its reader's settings, `usb_id` = what the reader is plugged in as now.
    `beside` = the meanings of other codes that the same camera showed at the same moment.
    `place` = where its reader is fixed, empty for one at the bench.
    """

    input: str
    scan: Scan
    meanings: tuple[Meaning, ...]
    lookups: Lookups
    profile: str = ""
    usb_id: str = ""
    beside: tuple[tuple[Meaning, ...], ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultInput:
    """A code that was not read whole."""

    input: str
    fault: ScanFault


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInput:
    """A key of the operator; `epoch` is that of the view the person saw, None for a label scan.

    `lookups` = the item master rows of the open parcel, where the key may need them.
    """

    input: str
    key: str
    epoch: int | None = None
    lookups: Lookups = field(default_factory=Lookups)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoInput:
    """A photograph is on disk, or could not be had. `at_ms` = wall time of its frame.

    Of a unit, or of a box. `flaw` = what was wrong with every frame, where that is known: blurred,
    dark, bright, clipped, moving, other_unit, not_here.
    """

    slot: str
    photo: PhotoTaken | None
    unit: UnitId | None = None
    parcel: ParcelId | None = None
    reason: str = ""
    flaw: str = ""
    at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInput:
    """A device's light changed."""

    device: str
    device_class: str
    state: HealthState
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInput:
    """Dispatch is about to send a robot order; nothing was published yet."""

    move: str
    leg: int
    order: OrderSent
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DivertInput:
    """Dispatch is about to write a divert, or a PLC proved something about one."""

    move: str
    leg: int
    state: DiverterState
    conveyor: str
    lane: int
    token: int
    wire_seq: int
    plc_boot: int
    count_before: int
    exit_before: int
    attempt: int = 1
    count_after: int | None = None
    exit_lane: int | None = None
    code: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegInput:
    """Something was proved about a robot leg, or a command about it is about to be sent.

    `cancel_id` of cancelling = action id of the cancelOrder; `resolved_as` = where the load is.
    """

    move: str
    leg: int
    state: MoveState
    robot: str | None = None
    evidence: MoveEvidence | None = None
    reason: str | None = None
    cancel_id: str | None = None
    resolved_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandInput:
    """Dispatch is about to tell a device something that is no divert and no order."""

    device: str
    command: str
    reason: str
    wire_seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedInput:
    """A feed refused what it was sent; the last good copy stays in force."""

    feed: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigInput:
    """A policy pack or a candidate was judged, or a scanner passed its self-test.

    `input` is its unique key in the journal.
    """

    input: str
    event: ConfigActivated | ConfigRefused | DeviceProven


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimInput:
    """The centre says whose an unknown parcel is (feed `releases`); `input` makes it count once.

    `release` = the row that says so; `candidate` = what was announced for that return, if known.
    """

    input: str
    parcel: ParcelId
    rma: str
    release: str
    candidate: Candidate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentInput:
    """The centre says at its cut-off that a parcel has not come; `is_here` = it is wrong.

    `due` = when the parcel was promised, as announced.
    """

    input: str
    parcel: str
    rma: str
    cut_off: str
    due: str | None = None
    is_here: bool = False


StorageEvent = StationDisk | StationCorrupt | StationClock | PhotoLost | PhotoErased
SyncEvent = SyncState | SyncDead | SyncReplayed | SyncWaived | SyncRetired


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageInput:
    """Something about what is stored here; `input` is its key in the journal."""

    event: StorageEvent
    input: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncInput:
    """Something about the way to a central system; `input` is its key where it may come again."""

    event: SyncEvent
    input: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartInput:
    """The service has replayed its journal; `new_journal` = why it has a new identity, or empty.

    `previous` = the journal that it then follows, `lost` = what of that one is not here. `clean` =
    the service had ended in order; `locks` = nobody acted for the lock time before it. `configs` =
    what became of the configured pack, if there is anything new about it. `events` were read.
    """

    version: str
    sqlite: str
    replay_ms: int
    new_journal: str
    previous: JournalRef | None = None
    lost: tuple[SequenceRange, ...] = ()
    clean: bool | None = None
    locks: bool = False
    events: int = 0
    configs: tuple[ConfigActivated | ConfigRefused, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StopInput:
    """The service ends in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseInput:
    """A supervisor has let somebody into the training room; `policy` = the rules in force."""

    operator: str
    role: str
    policy: DocumentRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintInput:
    """What became of a label that was to be printed for a unit; without one, of a report."""

    unit: UnitId | None
    lpn: str
    is_sent: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseInput:
    """The centre decided about a held unit (feed `releases`); `input` makes it count once."""

    input: str
    unit: UnitId
    decision: str
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataInput:
    """What the caches say now of a held unit: its announced line and its article."""

    unit: UnitId
    line: ReturnLine | None = None
    item: CatalogueItem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimer:
    """The clock of a hold or of a parcel has run out at this wall time."""

    wall_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PutTimer:
    """A decided unit is in the hand for longer than a put takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockTimer:
    """Nobody acted for the lock time, in minutes."""

    minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideTimer:
    """The minute of an override is over."""


Input = (
    ScanInput
    | FaultInput
    | KeyInput
    | PhotoInput
    | DeviceInput
    | OrderInput
    | DivertInput
    | LegInput
    | CommandInput
    | FeedInput
    | ConfigInput
    | StorageInput
    | SyncInput
    | StartInput
    | StopInput
    | CourseInput
    | ClaimInput
    | AbsentInput
    | PrintInput
    | ReleaseInput
    | DataInput
    | DueTimer
    | PutTimer
    | LockTimer
    | OverrideTimer
)
