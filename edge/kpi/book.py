"""The journal's events as records of units, parcels and returns: what the figures look at.

An event that a correction took back is left out; so is everything of training and demonstrations.
Operators are not looked at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from edge.events import (
    ADJUDICATED,
    ArrivedLine,
    CorrectionMade,
    Event,
    HoldPlaced,
    InspectionFinished,
    Milliseconds,
    ParcelArrived,
    ParcelDamaged,
    ParcelMatched,
    ParcelOpened,
    PhotoLost,
    PhotoMissing,
    PhotoTaken,
    PutConfirmed,
    RefundBlocked,
    RefundEligible,
    RefundReview,
    ReturnCompleted,
    ScanRead,
    UnitClosed,
    UnitIdentified,
    UnitMissing,
    UnitOpened,
    VerdictChanged,
    VerdictMade,
    parse_utc,
)
from edge.events.lanes import LaneOutcome, lane_outcome

RECHECKED: Final = "quality.rechecked"
TAKEN_OVER: Final = "unit.taken_over"
ODD: Final[Mapping[str, str]] = {
    "wrong_item": "wrong_item",
    "empty_box": "empty",
    "serial_mismatch": "wrong_serial",
    "wrong_variant": "wrong_variant",
    "undeclared": "undeclared",
    "over_qty": "surplus",
}
"""What a person saw of a piece whose code was as announced: flag → match."""
BOUND: Final = ("code_in_frame", "open_window")

KINDS: Final = frozenset(
    (
        *("parcel.arrived", "parcel.opened", "parcel.matched", "parcel.damaged"),
        *(
            "return.completed",
            "unit.opened",
            "unit.identified",
            "unit.missing",
            "unit.closed",
            TAKEN_OVER,
        ),
        *("inspection.finished", "verdict.made", "verdict.changed", "hold.placed"),
        *("photo.taken", "photo.missing", "photo.lost", "put.confirmed", "scan.read"),
        *("refund.eligible", "refund.review", "refund.blocked", "correction.made", RECHECKED),
        *("diverter.done", "diverter.wrong_lane", "diverter.unconfirmed"),
        *("move.done", "move.in_doubt"),
    )
)
"""The kinds that say something to a figure; others need not be read."""


@dataclass(slots=True, kw_only=True)
class Unit:
    """One physical piece, as the events that stand tell of it. Times are UTC ms, 0 = not yet.

    Its later inspections are in the same record: first times, newest zone, touch time in sum.
    """

    unit: str
    parcel: str
    opened_ms: int
    tenant: str
    is_test: bool = False
    is_reinspected: bool = False
    is_rechecked: bool = False
    is_taken_over: bool = False
    is_held: bool = False
    is_corrected: bool = False
    rma: str = ""
    category: str = ""
    match: str = ""
    seen: str = ""
    seal: str = ""
    reason: str = ""
    found: str = ""
    verdict_ms: int = 0
    put_ms: int = 0
    refund_ms: int = 0
    zone: str = ""
    row: str = ""
    value: int | None = None
    policy: str = ""
    outcomes: set[str] = field(default_factory=set)
    """Rows of the engine itself, as `#missing`."""
    overridden: set[str] = field(default_factory=set)
    """Rows whose decision a person changed."""
    touch: Milliseconds | None = None
    acts: int = 0
    slots: dict[str, str] = field(default_factory=dict)
    """Photo slot that was demanded → digest, empty where a supervisor did without."""


@dataclass(slots=True, kw_only=True)
class Parcel:
    """One box. `reasons` = the customer's, per (return, line)."""

    parcel: str
    arrived_ms: int
    tenant: str
    is_test: bool = False
    is_unknown: bool = False
    carrier: str = ""
    due_ms: int = 0
    is_looked_at: bool = False
    is_damaged: bool = False
    opened_ms: int = 0
    taken_ms: int = 0
    """When its first piece was taken."""
    matched_ms: int = 0
    rmas: tuple[str, ...] = ()
    reasons: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Pieces that were announced and are not there."""

    ms: int
    qty: int
    tenant: str
    carrier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """A second look at a unit. `is_wrong` = the first grader was; None = nobody has decided."""

    ms: int
    way: str
    unit: str
    grades: tuple[str, str]
    zones: tuple[str, str]
    is_wrong: bool | None


@dataclass(slots=True, kw_only=True)
class Book:
    """Everything that figures look at. `completed` and `lanes` carry their time, UTC ms."""

    units: dict[str, Unit] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)
    """Unit of a later inspection → the unit that the piece had first."""
    parcels: dict[str, Parcel] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)
    completed: list[tuple[int, str]] = field(default_factory=list)
    lanes: list[tuple[int, LaneOutcome]] = field(default_factory=list)
    rechecks: list[Recheck] = field(default_factory=list)
    typed: list[tuple[int, int]] = field(default_factory=list)
    """Time and number of characters of each typed code."""
    lost_photos: set[str] = field(default_factory=set)

    def unit_of(self, event: Event) -> Unit | None:
        """Return the piece that an event is about."""
        unit = event.unit or ""
        return self.units.get(self.again.get(unit, unit))


def taken_back(events: Iterable[Event]) -> frozenset[str]:
    """Return the ids of the events that corrections name: they do not stand."""
    corrections = (event.payload for event in events)
    return frozenset(one.of for one in corrections if isinstance(one, CorrectionMade))


def collect(events: Iterable[Event], undone: frozenset[str]) -> Book:
    """Fold events, in the order of the journal, without those in `undone`."""
    book = Book()
    for event in events:
        if event.id in undone or event.data.get("mode", "live") != "live":
            continue
        _about_parcel(book, event)
        unit = book.unit_of(event)
        if unit is not None:
            _about_unit(unit, event)
        _about_station(book, event)
    return book


def _about_parcel(book: Book, event: Event) -> None:
    parcel = book.parcels.get(event.parcel or "")
    match event.payload:
        case ParcelArrived() as arrived if event.parcel:
            book.parcels[event.parcel] = _arrived(event, arrived)
        case ParcelOpened() if parcel is not None:
            parcel.opened_ms = parcel.opened_ms or event.time_ms
        case UnitOpened(previous=previous) if event.unit:
            _opened(book, event, previous)
        case UnitIdentified() as identified if parcel is not None:
            _announced(book.unit_of(event), parcel, identified)
        case UnitMissing(qty=qty) if not event.data.get("audit"):
            carrier = parcel.carrier if parcel is not None else ""
            told = Missing(ms=event.time_ms, qty=qty, tenant=_tenant(event), carrier=carrier)
            book.missing.append(told)
        case ParcelDamaged() if parcel is not None:
            parcel.is_looked_at = parcel.is_damaged = True
        case ParcelMatched() as matched if parcel is not None:
            parcel.matched_ms = event.time_ms
            parcel.rmas = tuple(dict.fromkeys((*parcel.rmas, *matched.rmas)))
            parcel.reasons |= _reasons(matched.lines)


def _arrived(event: Event, arrived: ParcelArrived) -> Parcel:
    return Parcel(
        parcel=event.parcel or "",
        arrived_ms=event.time_ms,
        tenant=_tenant(event),
        is_test=bool(event.data.get("audit")),
        is_unknown=arrived.matched_by == "none",
        carrier=arrived.carrier or "",
        due_ms=parse_utc(arrived.due) if arrived.due else 0,
        is_looked_at=arrived.seal != "unseen",
        rmas=arrived.rmas,
        reasons=_reasons(arrived.lines),
    )


def _reasons(lines: Iterable[ArrivedLine]) -> dict[tuple[str, str], str]:
    return {(line.rma, line.line): line.reason or "" for line in lines}


def _announced(unit: Unit | None, parcel: Parcel, identified: UnitIdentified) -> None:
    line = (identified.rma or "", identified.line or "")
    if unit is not None:
        unit.reason = parcel.reasons.get(line, "")


def _opened(book: Book, event: Event, previous: str | None) -> None:
    first = book.again.get(previous or "", previous or "")
    if first in book.units:
        book.again[event.unit or ""] = first
        book.units[first].is_reinspected = True
        return
    book.units[event.unit or ""] = Unit(
        unit=event.unit or "",
        parcel=event.parcel or "",
        opened_ms=event.time_ms,
        tenant=_tenant(event),
        is_test=bool(event.data.get("audit")),
        is_reinspected=previous is not None,
        rma=event.data.get("rma", ""),
    )
    parcel = book.parcels.get(event.parcel or "")
    if parcel is not None:
        parcel.taken_ms = parcel.taken_ms or event.time_ms


def _about_unit(unit: Unit, event: Event) -> None:
    match event.payload:
        case UnitIdentified() as identified:
            unit.category, unit.match = identified.category or "", identified.match
            unit.rma = identified.rma or unit.rma
        case InspectionFinished(answers=answers):
            seals = (str(one.answer) for one in answers if one.step == "seal")
            unit.seal = next(seals, "")
        case VerdictMade() as verdict:
            _decided(unit, event, verdict)
        case VerdictChanged(recommended=recommended, decided=decided, reason=reason):
            if reason != ADJUDICATED:
                unit.overridden.add(recommended.row or unit.row)
            unit.zone = decided.zone
        case HoldPlaced():
            unit.is_held = True
        case PutConfirmed():
            unit.put_ms = unit.put_ms or event.time_ms
        case RefundEligible() | RefundReview() | RefundBlocked():
            unit.refund_ms = unit.refund_ms or event.time_ms
        case UnitClosed(ms=ms, acts_n=acts):
            unit.touch, unit.acts = _sum(unit.touch, ms), unit.acts + acts
        case CorrectionMade():
            unit.is_corrected = True
        case _:
            _of_evidence(unit, event)
    unit.found = event.data.get("found_reason", unit.found)


def _sum(before: Milliseconds | None, more: Milliseconds) -> Milliseconds:
    if before is None:
        return more
    return Milliseconds(
        active=before.active + more.active,
        waiting=before.waiting + more.waiting,
        interrupted=before.interrupted + more.interrupted,
    )


def _of_evidence(unit: Unit, event: Event) -> None:
    match event.payload:
        case PhotoTaken(step=str(), slot=slot, sha256=sha256, bound_by=bound) if bound in BOUND:
            unit.slots[slot] = sha256
        case PhotoMissing(slot=slot, supervisor=str()):
            unit.slots.setdefault(slot, "")
        case _ if event.kind == TAKEN_OVER:
            unit.is_taken_over = True


def _decided(unit: Unit, event: Event, verdict: VerdictMade) -> None:
    unit.verdict_ms = unit.verdict_ms or event.time_ms
    unit.zone, unit.row, unit.policy = verdict.zone, verdict.row, verdict.policy.sha256
    known: Mapping[str, Any] = verdict.facts.get("known", {})
    unit.value = known.get("value")
    seen = (match for flag, match in ODD.items() if flag in known.get("flags", ()))
    unit.seen = next(seen, "")
    unit.reason = unit.reason or known.get("customer_reason", "")
    if verdict.row.startswith("#"):
        unit.outcomes.add(verdict.row)


def _about_station(book: Book, event: Event) -> None:
    match event.payload:
        case ReturnCompleted(rma=rma) if not event.data.get("audit"):
            book.completed.append((event.time_ms, rma))
        case PhotoLost(sha256=sha256):
            book.lost_photos.add(sha256)
        case ScanRead(via="typed", text=text) if not event.data.get("audit"):
            book.typed.append((event.time_ms, len(text)))
        case _ if event.kind == RECHECKED:
            _rechecked(book, event)
        case payload if payload is not None and not event.data.get("audit"):
            outcome = lane_outcome(payload)
            if outcome is not None:
                book.lanes.append((event.time_ms, outcome))


def _rechecked(book: Book, event: Event) -> None:
    """Read by its fields: first and second {grade, zone}, way, agree, adjudicated?."""
    data, unit = event.data, book.again.get(event.unit or "", event.unit or "")
    first, second = data.get("first") or {}, data.get("second") or {}
    if unit in book.units:
        book.units[unit].is_rechecked = True
    book.rechecks.append(
        Recheck(
            ms=event.time_ms,
            way=str(data.get("way", "")),
            unit=unit,
            grades=(str(first.get("grade") or ""), str(second.get("grade") or "")),
            zones=(str(first.get("zone") or ""), str(second.get("zone") or "")),
            is_wrong=_is_wrong(data, first),
        )
    )


def _is_wrong(data: Mapping[str, Any], first: Mapping[str, Any]) -> bool | None:
    if data.get("agree"):
        return False
    truth = data.get("adjudicated")
    if isinstance(truth, Mapping):
        return any(truth.get(name) != first.get(name) for name in ("grade", "zone"))
    return None if truth is None else truth != "first"


def _tenant(event: Event) -> str:
    return str(event.data.get("tenant", ""))
