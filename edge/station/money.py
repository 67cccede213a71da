"""Refund milestones: one valid for each unit and each missing line, said when its owner agreed.

Never an amount, never an order to pay: may go, a person looks, or a hold must end first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from edge.events import (
    Draft,
    Owed,
    ParcelId,
    Payload,
    PhotoTaken,
    PutConfirmed,
    RefundBlocked,
    RefundEligible,
    RefundReview,
    ReturnCompleted,
    Subject,
    UnitId,
    UnitMissing,
    VerdictChanged,
    VerdictMade,
)
from edge.station import checks, returns, spent
from edge.station.box import Box
from edge.station.box import told as put_in
from edge.station.decision import Context, Decision, on_unit
from edge.station.state import Evidence, State, UnitWork
from zoning.terms import RefundAt

Milestone = RefundEligible | RefundReview | RefundBlocked

NOT_RECEIVED: Final = "#not_received"
_KINDS: Final[dict[str, type[RefundEligible | RefundReview | RefundBlocked]]] = {
    "eligible": RefundEligible,
    "review": RefundReview,
    "blocked": RefundBlocked,
}


def milestone(unit: UnitWork, verdict: VerdictMade) -> Milestone:
    """Return the one milestone that is valid for a unit from here on; it names the one before."""
    flags = verdict.facts.get("known", {}).get("flags", ())
    return _KINDS[verdict.refund](
        row=verdict.row,
        line=unit.line,
        flags=tuple(flags),
        reasons=verdict.caps,
        evidence=tuple(photo.sha256 for photo in unit.photos),
        supersedes=unit.refund,
        rma=unit.rma,
    )


def again(unit: UnitWork, before: VerdictMade, after: VerdictMade) -> tuple[Draft, ...]:
    """Return the milestone that a changed decision on a placed unit brings.

    Nothing where it says what is valid, or where none was said: it comes with the whole return.
    """
    if after.refund == before.refund or unit.refund is None:
        return ()
    return (on_unit(unit, milestone(unit, after)),)


def told(state: State, decision: Decision, context: Context) -> Decision:
    """Return a decision with the milestones that its events make due, each behind its cause."""
    if not any(isinstance(draft.payload, _CAUSES) for draft in decision.drafts):
        return decision
    act = _Act(state=state, context=context)
    return replace(decision, drafts=tuple(act.with_milestones(decision.drafts)))


_CAUSES = (VerdictMade, VerdictChanged, PutConfirmed, UnitMissing, ReturnCompleted)


@dataclass(slots=True, kw_only=True)
class _Act:
    """One transaction: the units as its events leave them, and what was said in it."""

    state: State
    context: Context
    units: dict[UnitId, UnitWork] = field(default_factory=dict)
    boxes: dict[ParcelId, Box] = field(default_factory=dict)

    def with_milestones(self, drafts: tuple[Draft, ...]) -> Iterator[Draft]:
        for draft in drafts:
            yield from self._seen(draft)
            for due in self._due(draft):
                yield from self._seen(due)

    def _seen(self, draft: Draft) -> Iterator[Draft]:
        parcel, unit = draft.subject.parcel, draft.subject.unit
        work = None if parcel is None else self.state.parcels.get(parcel)
        if work is not None:
            box = self.boxes.get(work.parcel, work.box)
            self.boxes[work.parcel] = put_in(box, unit, draft.payload)
        held = None if unit is None else self.units.get(unit, self.state.units.get(unit))
        if unit is not None and held is not None:
            self.units[unit] = _after(held, draft.payload)
        yield draft

    def _due(self, draft: Draft) -> Iterator[Draft]:
        match draft.payload:
            case UnitMissing() as missing:
                yield Draft(payload=_blocked(missing), subject=draft.subject)
            case ReturnCompleted(rma=rma):
                yield from self._with_the_return(draft.subject.parcel, rma)
            case VerdictMade() | VerdictChanged() | PutConfirmed():
                unit = self.units.get(draft.subject.unit or UnitId(""))
                if unit is not None and self._is_due(unit, draft.payload):
                    assert unit.verdict is not None, "a placed unit was decided"
                    yield on_unit(unit, milestone(unit, unit.verdict))

    def _is_due(self, unit: UnitWork, payload: Payload) -> bool:
        """Said once and for each change; what was inspected anew says it anew."""
        is_put = isinstance(payload, PutConfirmed)
        if unit.verdict is None:
            return False
        match checks.pack_of(unit, self.context).terms.refund_at:
            case RefundAt.GRADED:
                return unit.refund_as != unit.verdict.refund
            case RefundAt.RETURN_COMPLETED:
                # Nothing said later is about what belongs to no return, or comes behind its parcel.
                is_late = unit.n > 1 or unit.parcel not in self.state.parcels
                return is_put and (unit.rma is None or is_late)
            case _:
                return is_put

    def _with_the_return(self, parcel: ParcelId | None, rma: str) -> Iterator[Draft]:
        work = None if parcel is None else self.state.parcels.get(parcel)
        if work is not None:
            box = self.boxes.get(work.parcel, work.box)
            for one in returns.owed(self.state, work, box, rma):
                yield _of_owed(one, rma)


def _after(unit: UnitWork, payload: Payload) -> UnitWork:
    match payload:
        case VerdictMade() as verdict:
            return replace(unit, verdict=spent.decided(unit, verdict))
        case VerdictChanged(decided=decided) if unit.verdict is not None:
            verdict = replace(unit.verdict, zone=decided.zone, disposition=decided.disposition)
            return replace(unit, verdict=replace(verdict, refund=decided.refund))
        case PhotoTaken(slot=slot, sha256=sha256):
            return replace(unit, photos=(*unit.photos, Evidence(slot=slot, sha256=sha256)))
        case RefundEligible() | RefundReview() | RefundBlocked():
            said = next(name for name, kind in _KINDS.items() if isinstance(payload, kind))
            return replace(unit, refund_as=said)
        case _:
            return unit


def _blocked(missing: UnitMissing) -> RefundBlocked:
    """The centre decides about a line that did not come; until then nothing goes back for it."""
    return RefundBlocked(
        row=NOT_RECEIVED, qty=missing.qty, line=missing.line, reasons=("missing",), rma=missing.rma
    )


def _of_owed(one: Owed, rma: str) -> Draft:
    event = _KINDS[one.refund](
        row=one.row,
        line=one.line,
        flags=one.flags,
        evidence=one.evidence,
        reasons=one.reasons,
        rma=rma,
    )
    return Draft(payload=event, subject=Subject(parcel=ParcelId(one.parcel), unit=UnitId(one.unit)))
