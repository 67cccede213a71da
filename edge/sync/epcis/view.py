"""What the journal knows about a unit or parcel at one event: the second input of the mapping."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from edge.events import (
    Event,
    MovePlanned,
    ParcelArrived,
    UnitIdentified,
    VerdictMade,
)

KINDS: Final = frozenset(
    (ParcelArrived.KIND, UnitIdentified.KIND, VerdictMade.KIND, MovePlanned.KIND)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The newest of each; `moves` = plans by their move."""

    arrived: ParcelArrived | None = None
    identified: UnitIdentified | None = None
    verdict: VerdictMade | None = None
    moves: Mapping[str, MovePlanned] = field(default_factory=dict)


def view_of(events: Iterable[Event]) -> View:
    """Return the view after these events of one unit or parcel, given in order."""
    view = View()
    for event in events:
        view = _seen(view, event)
    return view


def _seen(view: View, event: Event) -> View:
    match event.payload:
        case ParcelArrived():
            return replace(view, arrived=event.payload)
        case UnitIdentified():
            return replace(view, identified=event.payload)
        case VerdictMade():
            return replace(view, verdict=event.payload)
        case MovePlanned():
            return replace(view, moves={**view.moves, event.payload.move: event.payload})
        case _:
            return view
