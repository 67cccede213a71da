"""The state that a journal leaves: folded anew at each start."""

from dataclasses import replace

from edge.events import Event, FirstLook, UnitId, UnitIdentified, UnitOpened
from edge.journal.reader import Reader
from edge.station.apply import apply
from edge.station.container import found as containers_found
from edge.station.history import held_of, waiting_of
from edge.station.state import MoveWork, State


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
        moves={name: _named(work, reader) for name, work in state.moves.items()},
    )
    return state, read


def _named(work: MoveWork, reader: Reader) -> MoveWork:
    """A move is followed longer than the events of what it carries, its name, too."""
    if work.title or work.unit is None:
        return work
    told = (event.payload for event in reader.of_unit(work.unit))
    titles = (one.title for one in told if isinstance(one, UnitIdentified))
    return replace(work, title=next(titles, {}))


def _second_look(event: Event) -> set[str | None]:
    """Return the unit that somebody took here for the second look: its own events do not say so."""
    match event.payload:
        case UnitOpened(previous=previous, recheck=FirstLook()):
            return {previous}
        case _:
            return set()
