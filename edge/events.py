"""THE EVENT MODEL: one frozen dataclass per kind, the CloudEvents 1.0 envelope, canonical bytes.

An event is encoded once; the same bytes are hashed, stored and sent. The submitter encodes,
the journal's writer only splices in `prevhash`, `recordedtime` and `sequence`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Final, NewType

from edge.records import from_json, to_json

UnitId = NewType("UnitId", str)
ParcelId = NewType("ParcelId", str)
IntentId = NewType("IntentId", str)
EventId = NewType("EventId", str)

TYPE_PREFIX: Final = "receiving-edge"
GENESIS: Final = "0" * 64


# ---------------------------------------------------------------- payloads, one per kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a scan turned out to be: parcel, unit, item, tray, place, badge, command or none."""

    what: str
    ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRead:
    """A code was read, and believed or refused."""

    KIND: ClassVar[str] = "scan.read"
    SCHEMA: ClassVar[int] = 1
    device: str
    via: str
    raw_b64: str
    symbology: str
    text: str
    match: Match
    gs: str = "na"
    aim: str | None = None
    ai: Mapping[str, str] = field(default_factory=dict)
    reject: str | None = None
    fault: str | None = None
    length: int | None = None
    sha256: str | None = None
    votes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedLine:
    """A line that the parcel is expected to hold."""

    line: str
    rma: str
    qty: int
    gtin: str | None = None
    sku: str | None = None
    serials: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    reason: str | None = None
    tenant: str | None = None
    title: Mapping[str, str] = field(default_factory=dict)
    value_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelArrived:
    """Milestone 1: the box is here, its content is not verified."""

    KIND: ClassVar[str] = "parcel.arrived"
    SCHEMA: ClassVar[int] = 1
    codes: tuple[str, ...]
    matched_by: str
    rmas: tuple[str, ...] = ()
    lines: tuple[ArrivedLine, ...] = ()
    provisional: str | None = None
    carrier: str | None = None
    tracking: str | None = None
    declared_g: int | None = None
    seal: str = "unseen"
    window: str = "unknown"
    due: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelOpened:
    """Work on the parcel's content begins."""

    KIND: ClassVar[str] = "parcel.opened"
    SCHEMA: ClassVar[int] = 1
    seal: str = "unseen"
    inferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelParked:
    """The parcel is laid aside, open."""

    KIND: ClassVar[str] = "parcel.parked"
    SCHEMA: ClassVar[int] = 1
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelResumed:
    """A parked parcel is back on the bench."""

    KIND: ClassVar[str] = "parcel.resumed"
    SCHEMA: ClassVar[int] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCount:
    """Expected against received, per line."""

    line: str
    rma: str
    expected: int
    received: int
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelClosed:
    """All its expected units are accounted for."""

    KIND: ClassVar[str] = "parcel.closed"
    SCHEMA: ClassVar[int] = 1
    lines: tuple[LineCount, ...]
    units: tuple[str, ...]
    surplus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnCompleted:
    """Milestone 2: every line of the return in this parcel is accounted for."""

    KIND: ClassVar[str] = "return.completed"
    SCHEMA: ClassVar[int] = 1
    rma: str
    lines: tuple[LineCount, ...]
    parcels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOpened:
    """A unit's record begins; the unit id is minted here."""

    KIND: ClassVar[str] = "unit.opened"
    SCHEMA: ClassVar[int] = 1
    n: int = 1
    line: str | None = None
    previous: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitIdentified:
    """Which article and which piece this is, and what proves it."""

    KIND: ClassVar[str] = "unit.identified"
    SCHEMA: ClassVar[int] = 1
    how: str
    basis: str
    match: str
    confirmed: bool
    epc: str
    gtin: str | None = None
    sku: str | None = None
    serial: str | None = None
    ki: str | None = None
    rma: str | None = None
    line: str | None = None
    category: str | None = None
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMissing:
    """An expected piece is not in the parcel."""

    KIND: ClassVar[str] = "unit.missing"
    SCHEMA: ClassVar[int] = 1
    line: str
    rma: str
    qty: int
    gtin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitParked:
    """The unit is laid aside with its answers."""

    KIND: ClassVar[str] = "unit.parked"
    SCHEMA: ClassVar[int] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Milliseconds:
    """Touch time, split."""

    active: int
    waiting: int
    interrupted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitClosed:
    """Nothing more is done to this unit at the station."""

    KIND: ClassVar[str] = "unit.closed"
    SCHEMA: ClassVar[int] = 1
    ms: Milliseconds
    acts_n: int
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRef:
    """A checklist or policy: id, version and content digest."""

    id: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionStarted:
    """The checklist that this unit will finish under, and the static facts it starts from."""

    KIND: ClassVar[str] = "inspection.started"
    SCHEMA: ClassVar[int] = 1
    checklist: DocumentRef
    policy: DocumentRef
    static: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionAnswered:
    """An explicit answer. `by`: key, scan, photo, auto, put_scan or inherited."""

    KIND: ClassVar[str] = "inspection.answered"
    SCHEMA: ClassVar[int] = 1
    step: str
    answer: str | int
    must: bool
    by: str
    drops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionMarked:
    """An exception digit was pressed: the step now has this option; level 0 = default again."""

    KIND: ClassVar[str] = "inspection.marked"
    SCHEMA: ClassVar[int] = 1
    step: str
    answer: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionWithdrawn:
    """The newest answer or mark is taken back."""

    KIND: ClassVar[str] = "inspection.withdrawn"
    SCHEMA: ClassVar[int] = 1
    step: str
    of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One line of a finished inspection; `by` is `default` where nobody entered it."""

    step: str
    answer: str | int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionFinished:
    """The complete answers of one inspection."""

    KIND: ClassVar[str] = "inspection.finished"
    SCHEMA: ClassVar[int] = 1
    answers: tuple[Answer, ...]
    defaulted_n: int
    confirm_ms: int
    fast_ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoTaken:
    """A photograph is on disk under its digest."""

    KIND: ClassVar[str] = "photo.taken"
    SCHEMA: ClassVar[int] = 1
    sha256: str
    bytes: int
    mime: str
    width: int
    height: int
    slot: str
    camera: str
    sharpness: int
    mean: int
    clipped: int
    bound_by: str
    personal: bool = False
    codes: tuple[str, ...] = ()
    step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoMissing:
    """A photograph that was due could not be had."""

    KIND: ClassVar[str] = "photo.missing"
    SCHEMA: ClassVar[int] = 1
    slot: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFact:
    """A column the decision had to do without, and why."""

    column: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidingAnswer:
    """An answer the verdict rests on."""

    step: str
    answer: str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictMade:
    """Zone, disposition and refund of a unit, with everything needed to decide it again."""

    KIND: ClassVar[str] = "verdict.made"
    SCHEMA: ClassVar[int] = 1
    zone: str
    disposition: str
    row: str
    refund: str
    move: str
    grade_exact: bool
    policy: DocumentRef
    checklist: DocumentRef
    engine: str
    facts: Mapping[str, Any]
    settled_early: bool = False
    grade: str | None = None
    note: Mapping[str, str] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    caps: tuple[str, ...] = ()
    missing: tuple[MissingFact, ...] = ()
    deciding: tuple[DecidingAnswer, ...] = ()
    also_matched: tuple[str, ...] = ()
    hazard_scope: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundEligible:
    """The money may go back."""

    KIND: ClassVar[str] = "refund.eligible"
    SCHEMA: ClassVar[int] = 1
    row: str
    qty: int = 1
    line: str | None = None
    flags: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundReview:
    """A person in the centre decides about the money now."""

    KIND: ClassVar[str] = "refund.review"
    SCHEMA: ClassVar[int] = 1
    row: str
    qty: int = 1
    line: str | None = None
    flags: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundBlocked:
    """A hold at the station must end before the money can go."""

    KIND: ClassVar[str] = "refund.blocked"
    SCHEMA: ClassVar[int] = 1
    row: str
    qty: int = 1
    line: str | None = None
    flags: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PutConfirmed:
    """The unit lies in its tray, lane or place. `how`: hand, robot or conveyor."""

    KIND: ClassVar[str] = "put.confirmed"
    SCHEMA: ClassVar[int] = 1
    zone: str
    proof: str
    how: str
    after_verdict_ms: int
    tray: str | None = None
    place: str | None = None
    lane: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PutWrong:
    """A tray of another zone or disposition was scanned; nothing was put."""

    KIND: ClassVar[str] = "put.wrong"
    SCHEMA: ClassVar[int] = 1
    expected: str
    found: str
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One leg of a move's route: kind is robot, conveyor or hand."""

    kind: str
    start: str
    end: str
    lane: int | None = None
    planned: bool = True
    """False when a device leg was turned into a hand leg by a cap or an inhibit."""


class MoveState(StrEnum):
    """Life of a leg (robots-and-conveyors §4)."""

    PLANNED = "planned"
    SENT = "sent"
    ACCEPTED = "accepted"
    PICKING = "picking"
    CARRYING = "carrying"
    DROPPING = "dropping"
    DONE = "done"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    IN_DOUBT = "in_doubt"
    RESOLVED = "resolved"
    BY_HAND = "by_hand"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePlanned:
    """A put starts its route; each leg waits for the proof of the one before."""

    KIND: ClassVar[str] = "move.planned"
    SCHEMA: ClassVar[int] = 1
    move: str
    legs: tuple[Leg, ...]
    zone: str
    tray: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSent:
    """The robot order as committed, before its first publish; `body_b64` is what goes out."""

    order_id: str
    robot: str
    prev_order_id: str
    pick: str
    drop: str
    path_to_pick: tuple[str, ...]
    path_to_drop: tuple[str, ...]
    pick_action_id: str
    drop_action_id: str
    body_b64: str
    body_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveEvidence:
    """What a robot's state showed."""

    last_node: str
    last_node_seq: int
    actions: Mapping[str, str] = field(default_factory=dict)
    loads: int | None = None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveChanged:
    """A robot or hand leg changed its state. The kind on the wire is `move.<state>`."""

    KIND: ClassVar[str] = "move"
    SCHEMA: ClassVar[int] = 1
    move: str
    leg: int
    state: MoveState
    attempt: int = 1
    robot: str | None = None
    order: OrderSent | None = None
    evidence: MoveEvidence | None = None
    reason: str | None = None
    resolved_as: str | None = None


class DiverterState(StrEnum):
    """Life of a conveyor leg."""

    SENT = "sent"
    SEEN = "seen"
    DONE = "done"
    REJECTED = "rejected"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    WRONG_LANE = "wrong_lane"
    IN_DOUBT = "in_doubt"
    RESOLVED = "resolved"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiverterChanged:
    """A conveyor leg changed its state. The kind on the wire is `diverter.<state>`."""

    KIND: ClassVar[str] = "diverter"
    SCHEMA: ClassVar[int] = 1
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
class DangerRaised:
    """A danger was seen: no robot, no belt. Committed before the next key is taken."""

    KIND: ClassVar[str] = "danger.raised"
    SCHEMA: ClassVar[int] = 1
    scope: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced:
    """The unit waits for a decision; `reason` is one of the hold reasons."""

    KIND: ClassVar[str] = "hold.placed"
    SCHEMA: ClassVar[int] = 1
    reason: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorIn:
    """A badge opened a shift."""

    KIND: ClassVar[str] = "operator.in"
    SCHEMA: ClassVar[int] = 1
    role: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorOut:
    """The shift ends; `doubts` name what stays open."""

    KIND: ClassVar[str] = "operator.out"
    SCHEMA: ClassVar[int] = 1
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorHandover:
    """Another badge takes the open work over."""

    KIND: ClassVar[str] = "operator.handover"
    SCHEMA: ClassVar[int] = 1
    to: str
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """A device's light changed."""

    KIND: ClassVar[str] = "device.state"
    SCHEMA: ClassVar[int] = 1
    device: str
    device_class: str
    state: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigActivated:
    """A policy pack or configuration is in force from this sequence on."""

    KIND: ClassVar[str] = "config.activated"
    SCHEMA: ClassVar[int] = 1
    what: str
    id: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigRefused:
    """A candidate was refused; the one in force stays. `error` names file, row, field, reason."""

    KIND: ClassVar[str] = "config.refused"
    SCHEMA: ClassVar[int] = 1
    what: str
    id: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StationJournal:
    """First event of every journal."""

    KIND: ClassVar[str] = "station.journal"
    SCHEMA: ClassVar[int] = 1
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StationStarted:
    """A service start; `open` lists the subjects that were open."""

    KIND: ClassVar[str] = "station.started"
    SCHEMA: ClassVar[int] = 1
    version: str
    sqlite: str
    replay_ms: int
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StationStopped:
    """A clean stop."""

    KIND: ClassVar[str] = "station.stopped"
    SCHEMA: ClassVar[int] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StationLocked:
    """The screen is locked, open work stays."""

    KIND: ClassVar[str] = "station.locked"
    SCHEMA: ClassVar[int] = 1


Payload = (
    ScanRead
    | ParcelArrived
    | ParcelOpened
    | ParcelParked
    | ParcelResumed
    | ParcelClosed
    | ReturnCompleted
    | UnitOpened
    | UnitIdentified
    | UnitMissing
    | UnitParked
    | UnitClosed
    | InspectionStarted
    | InspectionAnswered
    | InspectionMarked
    | InspectionWithdrawn
    | InspectionFinished
    | PhotoTaken
    | PhotoMissing
    | VerdictMade
    | RefundEligible
    | RefundReview
    | RefundBlocked
    | PutConfirmed
    | PutWrong
    | MovePlanned
    | MoveChanged
    | DiverterChanged
    | DangerRaised
    | HoldPlaced
    | OperatorIn
    | OperatorOut
    | OperatorHandover
    | DeviceState
    | ConfigActivated
    | ConfigRefused
    | StationJournal
    | StationStarted
    | StationStopped
    | StationLocked
)

_PAYLOADS: Final[Mapping[str, type[Any]]] = {
    kind.KIND: kind
    for kind in Payload.__args__
    if kind not in (MoveChanged, DiverterChanged)  # one class, one kind per state
} | {f"move.{state}": MoveChanged for state in MoveState if state is not MoveState.PLANNED} | {
    f"diverter.{state}": DiverterChanged for state in DiverterState
}


def kind_of(payload: Payload) -> str:
    """Return the kind on the wire, two tokens: `family.name`."""
    if isinstance(payload, MoveChanged | DiverterChanged):
        return f"{payload.KIND}.{payload.state}"
    return payload.KIND


def read_payload(kind: str, data: Mapping[str, Any]) -> Payload | None:
    """Return the typed payload; None for a kind of a newer release.

    Raises ValueError when a known kind lacks a required field.
    """
    wanted = _PAYLOADS.get(kind)
    if wanted is None:
        return None
    payload: Payload = from_json(wanted, data)
    return payload


# ---------------------------------------------------------------- envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an event is about: a unit, else a parcel, else the station."""

    parcel: ParcelId | None = None
    unit: UnitId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event before it is stamped; `status` is the new status of its subject, if it changes."""

    payload: Payload
    subject: Subject = Subject()
    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What every event of one station has in common: becomes envelope and common fields."""

    namespace: str
    site: str
    station: str
    journal_id: str
    boot: str
    config: str
    tz: str
    mode: str = "live"

    @property
    def source(self) -> str:
        """Return the CloudEvents `source`."""
        return f"{self.namespace}/station/{self.site}.{self.station}/{self.journal_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What receiving adds to a draft: identity, times, who, and the input that caused it."""

    id: EventId
    time_ms: int
    mono_ms: int
    clock: str = "synced"
    operator: str | None = None
    tenant: str | None = None
    channel: str | None = None
    rma: str | None = None
    input: str | None = None
    cause: EventId | None = None
    acts: tuple[tuple[int, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """An event without its place in the chain: `head + prevhash, recordedtime, sequence + tail`.

    `input` is UNIQUE in the journal: a repeated input changes nothing.
    """

    id: EventId
    kind: str
    parcel: ParcelId | None
    unit: UnitId | None
    input: str | None
    head: bytes
    tail: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One journalled event as read back."""

    seq: int
    id: EventId
    kind: str
    parcel: ParcelId | None
    unit: UnitId | None
    time_ms: int
    recorded_ms: int
    data: Mapping[str, Any]
    payload: Payload | None


def encode(draft: Draft, stamp: Stamp, origin: Origin) -> Encoded:
    """Encode once, canonically (RFC 8785). Raises TypeError or ValueError for a value without form.

    Source: CloudEvents 1.0 JSON event format, structured mode.
    """
    kind = kind_of(draft.payload)
    subject = _subject_of(draft.subject, origin.station)
    before: dict[str, Any] = {
        "data": _data_of(draft, stamp, origin),
        "datacontenttype": "application/json",
        "dataschema": f"{origin.namespace}/schema/{kind}.v{draft.payload.SCHEMA}.json",
        "id": stamp.id,
        "partitionkey": subject,
    }
    if stamp.cause is not None:
        before["causationid"] = stamp.cause
    if draft.subject.parcel is not None:
        before["correlationid"] = draft.subject.parcel
    after = {
        "source": origin.source,
        "specversion": "1.0",
        "subject": subject,
        "time": utc_text(stamp.time_ms),
        "type": f"{TYPE_PREFIX}.{kind}.v{draft.payload.SCHEMA}",
    }
    return Encoded(
        id=stamp.id,
        kind=kind,
        parcel=draft.subject.parcel,
        unit=draft.subject.unit,
        input=stamp.input,
        head=canonical(before)[:-1] + b',"prevhash":"',
        tail=b'",' + canonical(after)[1:],
    )


def splice(encoded: Encoded, *, prevhash: str, recorded_ms: int, seq: int) -> bytes:
    """Return the final body: the three values that only the writer knows are put in place."""
    middle = f'{prevhash}","recordedtime":"{utc_text(recorded_ms)}","sequence":"{seq:020d}'
    return encoded.head + middle.encode("ascii") + encoded.tail


def digest(body: bytes, prevhash: str) -> str:
    """Return the SHA-256 of a body, hex, and assert that it names its predecessor.

    Raises ValueError when the chain is broken here.
    """
    if f'"prevhash":"{prevhash}"'.encode("ascii") not in body:
        raise ValueError("the body does not follow the given digest")
    return hashlib.sha256(body).hexdigest()


def decode(seq: int, body: bytes) -> Event:
    """Read a stored body; unknown fields are kept in `data`, an unknown kind has no payload.

    Raises ValueError for bytes that are no event of ours.
    """
    envelope = json.loads(body)
    kind = str(envelope["type"]).removeprefix(f"{TYPE_PREFIX}.").rpartition(".v")[0]
    data = envelope["data"]
    return Event(
        seq=seq,
        id=envelope["id"],
        kind=kind,
        parcel=data.get("parcel"),
        unit=data.get("unit"),
        time_ms=parse_utc(envelope["time"]),
        recorded_ms=parse_utc(envelope["recordedtime"]),
        data=data,
        payload=read_payload(kind, data),
    )


def canonical(value: Any) -> bytes:
    """Return RFC 8785 bytes; equal to `json.dumps` while there is no float and keys are ASCII.

    Raises ValueError for floats, TypeError for other values without a JSON form.
    """
    _refuse_floats(value)
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8")


def utc_text(ms: int) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def parse_utc(text: str) -> int:
    """Return milliseconds since the epoch. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def _subject_of(subject: Subject, station: str) -> str:
    if subject.unit is not None:
        return f"unit/{subject.unit}"
    if subject.parcel is not None:
        return f"parcel/{subject.parcel}"
    return f"station/{station}"


def _data_of(draft: Draft, stamp: Stamp, origin: Origin) -> dict[str, Any]:
    common: dict[str, Any] = {
        "tenant": stamp.tenant or "default",
        "channel": stamp.channel,
        "mode": origin.mode,
        "operator": stamp.operator,
        "parcel": draft.subject.parcel,
        "unit": draft.subject.unit,
        "rma": stamp.rma,
        "boot": origin.boot,
        "mono_ms": stamp.mono_ms,
        "tz": origin.tz,
        "clock": stamp.clock,
        "config": origin.config,
        "input": stamp.input,
        "acts": [list(act) for act in stamp.acts],
        "status": draft.status,
    }
    present = {name: value for name, value in common.items() if value is not None}
    return present | to_json(draft.payload)


def _refuse_floats(value: Any) -> None:
    match value:
        case float():
            raise ValueError(f"{value!r}: floats have no canonical form")
        case dict():
            for item in value.values():
                _refuse_floats(item)
        case list():
            for item in value:
                _refuse_floats(item)
