"""The state that a journal leaves: folded anew at each start."""

from dataclasses import replace

from edge.events import Event, FirstLook, UnitId, UnitOpened
from edge.journal.reader import Reader
from edge.station.apply import apply
from edge.station.container import found as containers_found
from edge.station.history import held_of, waiting_of
from edge.station.state import State


def replayed(reader: Reader, activations: tuple[Event, ...]) -> tuple[State, int]:
    """Return the state, and how many events it was folded from.

    What came in force is older than any open work, as a rule: it is folded first.
    """
    state, taken, read = State(), set[str | None](), 0
    for event in (*activations, *reader.replay()):
        state = apply(state, event)
        taken |= _second_look(event)
        read += 1
    units = {UnitId(unit): reader.of_unit(unit) for unit in reader.held_units()}
    held = {unit: one for unit, told in units.items() if (one := held_of(unit, told))}
    waiting = {
        unit: each
        for unit, told in units.items()
        if unit not in taken and (each := waiting_of(unit, told))
    }
    numbers, told = reader.containers()
    state = replace(
        state,
        holds={**held, **state.holds},
        rechecks={**waiting, **state.rechecks},
        containers=containers_found(told, numbers),
    )
    return state, read


def _second_look(event: Event) -> set[str | None]:
    """Return the unit that somebody took here for the second look: its own events do not say so."""
    match event.payload:
        case UnitOpened(previous=previous, recheck=FirstLook()):
            return {previous}
        case _:
            return set()
