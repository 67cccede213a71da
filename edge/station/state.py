"""What a station knows: everything here is rebuilt by folding the journal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge.events import (
    ArrivedLine,
    Corrected,
    DeviceProven,
    DiverterChanged,
    DiverterState,
    DocumentRef,
    EventId,
    Graded,
    Leg,
    LineCount,
    MarkSeen,
    MoveState,
    OrderSent,
    Owed,
    ParcelId,
    ReturnSoFar,
    UnitId,
    VerdictMade,
)
from edge.station.bag import Bag
from edge.station.box import Box
from edge.station.container import Container
from edge.station.look import Look
from edge.station.progress import Progress
from edge.station.touch import Touch


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An explicit answer, in the order of the journal."""

    step: str
    answer: str | int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A photograph of the unit, by slot."""

    slot: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitWork:
    """One physical piece between its identification and its put."""

    unit: UnitId
    parcel: ParcelId
    title: Mapping[str, str]
    opened_ms: int
    identified_ms: int = 0
    line: str | None = None
    rma: str | None = None
    gtin: str | None = None
    serial: str | None = None
    match: str = "unknown"
    checklist: DocumentRef | None = None
    policy: DocumentRef | None = None
    static: Mapping[str, Any] = field(default_factory=dict)
    answers: tuple[Given, ...] = ()
    photos: tuple[Evidence, ...] = ()
    waived: frozenset[str] = frozenset()
    danger: bool = False
    verdict: VerdictMade | None = None
    verdict_ms: int = 0
    verdict_id: EventId | None = None
    parked: bool = False
    put: bool = False
    acts: int = 0
    touch: Touch | None = None
    epc: str = ""
    n: int = 1
    """Which inspection of this piece it is: more than 1 = it came back by its number."""
    lpn: str | None = None
    lpn_mode: str = ""
    lpn_due: str | None = None
    """The number that was printed for it and is not scanned back yet."""
    reprinted: bool = False
    bag: Bag = field(default_factory=Bag)
    """The bag with the customer's things that were in it."""
    corrects: Corrected | None = None
    refund: EventId | None = None
    """The refund milestone that is valid for it now."""
    refund_as: str = ""
    """What that one said, where it was said of this very inspection: eligible, review, blocked."""
    mark: MarkSeen = field(default_factory=MarkSeen)
    is_overdue: bool = False
    """It was told that nobody has put it away."""
    is_spent: bool = False
    """It was inspected as often as is allowed: whatever the policy says, a supervisor decides."""
    look: Look | None = None
    """It was drawn for a second look, or this is the second look."""
    audit: bool = False
    """It is a prepared test piece: nothing about it goes to stock, orders or money."""
    known: Graded | None = None
    """What is true of a test piece."""

    @property
    def is_second(self) -> bool:
        """Return whether this is another person's look at what was decided before."""
        return self.look is not None and self.look.is_second


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelWork:
    """One box. `received` and `missing` count pieces per (rma, line)."""

    parcel: ParcelId
    codes: tuple[str, ...]
    arrived_ms: int
    lines: tuple[ArrivedLine, ...] = ()
    rmas: tuple[str, ...] = ()
    whole_rmas: tuple[str, ...] = ()
    matched_by: str = "none"
    provisional: str | None = None
    reason: str | None = None
    window: str = "unknown"
    due: str | None = None
    """When the first of its lines must be done, as UTC text."""
    tracking: str | None = None
    carrier: str | None = None
    so_far: tuple[ReturnSoFar, ...] = ()
    flags: tuple[str, ...] = ()
    damaged_by: tuple[EventId, ...] = ()
    """The events that tell of its damage."""
    received: Mapping[tuple[str, str], int] = field(default_factory=dict)
    missing: Mapping[tuple[str, str], int] = field(default_factory=dict)
    units: tuple[UnitId, ...] = ()
    surplus: tuple[UnitId, ...] = ()
    parked: bool = False
    is_warned: bool = False
    """It was told that it is not done by then."""
    box: Box = field(default_factory=Box)
    """What papers tell of it and of its pieces."""

    @property
    def number(self) -> str:
        """Return the number people call this parcel by."""
        return self.provisional or self.codes[0]

    @property
    def is_declared(self) -> bool:
        """Return whether its own content was announced, not that of a whole return alone."""
        return self.tracking is not None

    @property
    def blind(self) -> bool:
        """Return whether nobody announced this parcel."""
        return self.matched_by == "none"

    @property
    def audit(self) -> bool:
        """Return whether it was prepared to see what checking finds: nobody sent it back."""
        return bool(self.lines) and all(line.audit for line in self.lines)

    def left_of(self, line: ArrivedLine) -> int:
        """Return how many pieces of a line are neither received nor missing."""
        key = (line.rma, line.line)
        return line.qty - self.received.get(key, 0) - self.missing.get(key, 0)

    @property
    def is_complete(self) -> bool:
        """Return whether every expected piece is accounted for."""
        return not self.blind and all(self.left_of(line) <= 0 for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedParcel:
    """What a closed parcel accounted for, and the returns that were complete with it."""

    lines: tuple[LineCount, ...]
    completed: frozenset[str] = frozenset()
    owed: Mapping[str, tuple[Owed, ...]] = field(default_factory=dict)
    """Units that wait for their return to be complete, by return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A unit that waits for a decision, as it was when it was put; found again at each start."""

    unit: UnitWork
    reason: str
    since_ms: int
    due_ms: int | None = None
    place: str | None = None
    is_warned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LegWork:
    """One leg of a move and the newest thing that is proved about it."""

    leg: Leg
    state: MoveState | DiverterState = MoveState.PLANNED
    since_ms: int = 0
    sent_ms: int = 0
    """When its order or divert was told to the device, the newest one."""
    attempt: int = 0
    robot: str | None = None
    order: OrderSent | None = None
    divert: DiverterChanged | None = None
    reason: str | None = None
    cancel_id: str | None = None
    place: str | None = None
    """Where the load is proved to be since the leg failed, was cancelled or was resolved."""

    @property
    def is_done(self) -> bool:
        """Return whether the load is proved to be at the leg's end."""
        return self.state in (MoveState.DONE, DiverterState.DONE)

    @property
    def is_under_way(self) -> bool:
        """Return whether a device may be acting on this leg now."""
        return self.state in _UNDER_WAY


_UNDER_WAY = frozenset(
    (
        MoveState.SENT,
        MoveState.RESENT,
        MoveState.ACCEPTED,
        MoveState.PICKING,
        MoveState.CARRYING,
        MoveState.DROPPING,
        MoveState.CANCELLING,
        MoveState.IN_DOUBT,
        DiverterState.SENT,
        DiverterState.SEEN,
        DiverterState.IN_DOUBT,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveWork:
    """One load on its route: legs in order, each waiting for the proof of the one before.

    The load is a unit in its tray, or a closed `container`; then there is no unit and no parcel.
    """

    move: str
    unit: UnitId | None
    parcel: ParcelId | None
    zone: str
    legs: tuple[LegWork, ...]
    planned_ms: int
    tray: str | None = None
    container: str | None = None
    audit: bool = False
    title: Mapping[str, str] = field(default_factory=dict, compare=False)
    """The name of the unit, as long as its own events are at hand."""

    @property
    def load(self) -> str:
        """Return what is carried: a unit's id, or a container's number."""
        return self.unit or self.container or ""

    @property
    def position(self) -> int:
        """Return the index of the first leg that is not done; len(legs) at the end."""
        done = (i for i, leg in enumerate(self.legs) if not leg.is_done)
        return next(done, len(self.legs))

    @property
    def current(self) -> LegWork | None:
        """Return the leg that is waited for, None when the route is finished."""
        return self.legs[self.position] if self.position < len(self.legs) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibit:
    """A danger that stands: no robot, no belt for what it is about. `scope`: item, area."""

    scope: str
    since_ms: int
    unit: UnitId | None = None
    parcel: ParcelId | None = None
    container: str | None = None


AREA = "area"


def inhibit_key(
    *, unit: UnitId | None, parcel: ParcelId | None, container: str | None = None
) -> str:
    """Return the name of an item's inhibit: its unit, else its parcel, else its container."""
    if unit is not None:
        return f"unit/{unit}"
    if parcel is not None:
        return f"parcel/{parcel}"
    return f"container/{container}" if container is not None else AREA


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One operator's work since the badge."""

    operator: str
    since_ms: int
    parcels: int = 0
    zones: Mapping[str, int] = field(default_factory=dict)

    @property
    def units(self) -> int:
        """Return the number of units put."""
        return sum(self.zones.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """The transaction that is being folded: id of its first event, the state before it."""

    id: EventId
    before: "State"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneEvent:
    """An event of an act, as its correction names it."""

    id: EventId
    seq: int
    kind: str
    unit: UnitId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An act of the operator that can be undone: its events, its moves, the state before it."""

    act: EventId
    parcel: ParcelId
    before: "State"
    events: tuple[DoneEvent, ...] = ()
    moves: tuple[str, ...] = ()
    added: tuple[tuple[str, UnitId], ...] = ()
    removed: tuple[tuple[str, UnitId], ...] = ()
    """Which units the act put into a container, or took out of it."""

    @property
    def kind(self) -> str:
        """Return the kind of what people would say was done."""
        kinds = [event.kind for event in self.events]
        return next((kind for kind in _SAID_FIRST if kind in kinds), kinds[0])


_SAID_FIRST = ("put.confirmed", "unit.missing", "unit.opened", "verdict.made")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The fold of the journal. Closed parcels, units and moves are found there again, not here."""

    shift: Shift | None = None
    locked: bool = False
    parcels: Mapping[ParcelId, ParcelWork] = field(default_factory=dict)
    bench: ParcelId | None = None
    closed: Mapping[ParcelId, ClosedParcel] = field(default_factory=dict)
    """Closed parcels of returns of which another parcel is open still."""
    units: Mapping[UnitId, UnitWork] = field(default_factory=dict)
    hand: UnitId | None = None
    moves: Mapping[str, MoveWork] = field(default_factory=dict)
    conveyor_seq: Mapping[str, int] = field(default_factory=dict)
    last_put: tuple[UnitId, str] | None = None
    active: str = ""
    """Digest of the policy pack in force; empty before the first one."""
    serving: Mapping[str, str] = field(default_factory=dict)
    """Digests of the packs in force for some owners' goods, by pack id."""
    shadow: str = ""
    """Digest of the candidate that decides without effect; empty = none."""
    inhibits: Mapping[str, Inhibit] = field(default_factory=dict)
    """Dangers that stand, by `inhibit_key` or AREA."""
    stopped: frozenset[str] = frozenset()
    """Belts and robots that were stopped because of a danger and not started since."""
    proven: Mapping[str, DeviceProven] = field(default_factory=dict)
    """Each scanner's newest passed self-test."""

    holds: Mapping[UnitId, Hold] = field(default_factory=dict)
    """Units that wait for a decision; none leaves but by a release."""
    rechecks: Mapping[UnitId, UnitWork] = field(default_factory=dict)
    """Units that wait for the look of another person, as the first one left them."""
    numbers: Mapping[str, int] = field(default_factory=dict)
    """How many numbers of each own series are given away; none is ever given twice."""

    containers: Mapping[str, Container] = field(default_factory=dict)
    """Containers that fill, or that are closed and not at their end yet, by number."""

    progress: Progress | None = None
    """How far the person is in the training course, where this is one."""

    acted_ms: int = field(default=0, compare=False)
    """When somebody acted last; of closed work the journal is not read again."""
    act: Act | None = field(default=None, compare=False)
    past: tuple[Done, ...] = ()
    """What can be undone on this bench, newest last."""

    @property
    def is_area_inhibited(self) -> bool:
        """Return whether nothing of this station may be commanded to move."""
        return AREA in self.inhibits

    def is_endangered(self, work: MoveWork) -> bool:
        """Return whether the load of this move itself is dangerous."""
        keys = {f"unit/{unit}" for unit in self._loaded(work)}
        keys |= {f"parcel/{work.parcel}", f"container/{work.container}"}
        return any(key in self.inhibits for key in keys)

    def _loaded(self, work: MoveWork) -> frozenset[UnitId]:
        if work.unit is not None:
            return frozenset((work.unit,))
        container = self.containers.get(work.container or "")
        return frozenset(container.units) if container is not None else frozenset()

    def is_inhibited(self, work: MoveWork) -> bool:
        """Return whether no order and no divert of this move may be committed."""
        return self.is_area_inhibited or self.is_endangered(work)

    @property
    def parcel(self) -> ParcelWork | None:
        """Return the parcel on the bench."""
        return None if self.bench is None else self.parcels.get(self.bench)

    @property
    def unit(self) -> UnitWork | None:
        """Return the unit in the hand."""
        return None if self.hand is None else self.units.get(self.hand)
