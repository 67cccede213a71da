"""A closed unit as its events left it. Pure: who asks reads the events first."""

from collections.abc import Iterable

from edge.events import Event, UnitClosed, UnitId
from edge.station.apply import apply
from edge.station.state import Hold, State, UnitWork


def former(unit: UnitId, events: Iterable[Event]) -> UnitWork | None:
    """Return the unit at its end; None when it does not stand, because its opening was undone."""
    return _folded(events).units.get(unit)


def held_of(unit: UnitId, events: Iterable[Event]) -> Hold | None:
    """Return the hold that the unit's events leave open."""
    return _folded(events).holds.get(unit)


def waiting_of(unit: UnitId, events: Iterable[Event]) -> UnitWork | None:
    """Return the unit that its events leave waiting for another person's look."""
    return _folded(events).rechecks.get(unit)


def _folded(events: Iterable[Event]) -> State:
    state = State()
    for event in events:
        if not isinstance(event.payload, UnitClosed):
            state = apply(state, event)
    return state
