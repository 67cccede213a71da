"""Event to state: units that are drawn, wait for another person's look, and are settled."""

from dataclasses import replace

from edge.events import (
    Event,
    EventId,
    InspectionFinished,
    QualityRechecked,
    UnitId,
    UnitOpened,
    UnitParked,
    VerdictMade,
)
from edge.station.apply_moves import drop, put, with_unit
from edge.station.look import Look, of_verdict
from edge.station.state import Done, State, UnitWork


def drawn(unit: UnitWork, event: Event) -> UnitWork:
    """Return the unit with what its finished inspection, or its verdict, says of a second look.

    The first verdict after the draw counts: one that is changed when the draw shows was not blind.
    """
    look = unit.look
    match event.payload:
        case InspectionFinished(recheck=str() as way) if look is None:
            return replace(unit, look=Look(way=way))
        case VerdictMade() as verdict if look is not None and look.first is None:
            return replace(
                unit, look=replace(look, first=of_verdict(look.way, _grader(event), verdict))
            )
        case _:
            return unit


def _grader(event: Event) -> str:
    return str(event.data.get("operator") or "")


def laid(state: State, unit: UnitWork, parked: UnitParked, at_ms: int) -> State:
    """Return the state after a drawn unit was laid where it waits for another person."""
    look = unit.look
    if look is None or look.first is None:
        return state
    look = replace(look, place=parked.place or "", since_ms=at_ms)
    waiting = put(state.rechecks, unit.unit, replace(unit, look=look))
    hand = None if state.hand == unit.unit else state.hand
    return replace(state, rechecks=waiting, units=drop(state.units, unit.unit), hand=hand)


def opened(state: State, unit: UnitWork, event: UnitOpened) -> tuple[State, UnitWork]:
    """Return state and unit after somebody took a waiting unit for the second look."""
    first = event.recheck
    if first is None:
        return state, unit
    look = Look(way=first.way, first=first, is_second=True)
    left = drop(state.rechecks, UnitId(event.previous or ""))
    return replace(state, rechecks=left), replace(unit, look=look)


def rechecked(state: State, event: Event) -> State:
    """Return the state after two looks were compared, or a supervisor decided between them."""
    unit = state.units.get(event.unit or UnitId(""))
    if not isinstance(event.payload, QualityRechecked) or unit is None or unit.look is None:
        return state
    said = event.payload
    is_open = not said.agree and said.adjudicated is None
    look = replace(unit.look, said=EventId(event.id) if is_open else None, is_settled=not is_open)
    return with_unit(state, replace(unit, look=look))


def undone(state: State, last: Done) -> dict[UnitId, UnitWork]:
    """Return what waits after an act does not stand: units of its parcel are as they were."""
    kept = {name: one for name, one in state.rechecks.items() if one.parcel != last.parcel}
    old = last.before.rechecks.items()
    return kept | {name: one for name, one in old if one.parcel == last.parcel}
