"""Event to state: what waits for a decision, its clock and the money that hangs on it."""

from dataclasses import replace

from edge.events import (
    Event,
    HoldPlaced,
    HoldReleased,
    PutConfirmed,
    RefundBlocked,
    RefundEligible,
    RefundReview,
    SlaWarning,
    UnitId,
    VerdictMade,
    parse_utc,
)
from edge.station.apply_moves import drop, put, with_unit
from edge.station.state import Done, Hold, State


def held(state: State, event: Event) -> State:
    """Return the state after a hold was placed, warned of or released; a parcel was warned of."""
    if event.unit is None:
        return _with_warned(state, event)
    hold = state.holds.get(event.unit)
    match event.payload:
        case HoldPlaced() as placed:
            return _placed(state, event, placed)
        case HoldReleased():
            return replace(state, holds=drop(state.holds, event.unit))
        case SlaWarning() if hold is not None:
            return _with_hold(state, replace(hold, is_warned=True))
        case PutConfirmed(zone="hold", tray=tray) if hold is not None and hold.place is None:
            unit = state.units.get(event.unit, hold.unit)
            return _with_hold(state, replace(hold, unit=unit, place=tray))
        case _:
            return state


def _with_warned(state: State, event: Event) -> State:
    parcel = None if event.parcel is None else state.parcels.get(event.parcel)
    if parcel is None or not isinstance(event.payload, SlaWarning):
        return state
    told = replace(parcel, is_warned=True)
    return replace(state, parcels=put(state.parcels, parcel.parcel, told))


def rejudged(state: State, event: Event) -> State:
    """Return the state after a held unit was decided again."""
    hold = None if event.unit is None else state.holds.get(event.unit)
    if hold is None or not isinstance(event.payload, VerdictMade):
        return state
    unit = replace(hold.unit, verdict=event.payload, verdict_ms=event.time_ms, verdict_id=event.id)
    return _with_hold(state, replace(hold, unit=unit))


def refunded(state: State, event: Event) -> State:
    """Return the state after a refund milestone: it is the one that is valid for its unit now."""
    if not isinstance(event.payload, RefundEligible | RefundReview | RefundBlocked):
        return state
    unit = state.units.get(event.unit or UnitId(""))
    hold = state.holds.get(event.unit or UnitId(""))
    said = event.kind.removeprefix("refund.")
    if unit is not None:
        state = with_unit(state, replace(unit, refund=event.id, refund_as=said))
    if hold is not None:
        state = _with_hold(state, replace(hold, unit=replace(hold.unit, refund=event.id)))
    return state


def marked(state: State, event: Event) -> State:
    """Return the state after the outcome of a mark was said: it is not said again."""
    kind = event.kind
    unit = state.units.get(event.unit or UnitId(""))
    hold = state.holds.get(event.unit or UnitId(""))
    if unit is not None:
        state = with_unit(state, replace(unit, mark=replace(unit.mark, said=kind)))
    if hold is not None:
        mark = replace(hold.unit.mark, said=kind)
        state = _with_hold(state, replace(hold, unit=replace(hold.unit, mark=mark)))
    return state


def undone(state: State, last: Done) -> dict[UnitId, Hold]:
    """Return the holds after an act does not stand: those of its parcel are as they were.

    What was warned of meanwhile is not warned of again.
    """
    kept = {name: hold for name, hold in state.holds.items() if hold.unit.parcel != last.parcel}
    told = {name for name, hold in state.holds.items() if hold.is_warned}
    old = last.before.holds.items()
    return kept | {
        name: replace(hold, is_warned=hold.is_warned or name in told)
        for name, hold in old
        if hold.unit.parcel == last.parcel
    }


def _placed(state: State, event: Event, placed: HoldPlaced) -> State:
    earlier = state.holds.get(event.unit or UnitId(""))
    unit = state.units.get(event.unit or UnitId("")) or (earlier.unit if earlier else None)
    if unit is None:
        return state
    hold = Hold(
        unit=unit,
        reason=placed.reason,
        since_ms=event.time_ms,
        due_ms=parse_utc(placed.due) if placed.due else None,
        place=placed.place,
    )
    return _with_hold(state, hold)


def _with_hold(state: State, hold: Hold) -> State:
    return replace(state, holds=put(state.holds, hold.unit.unit, hold))
