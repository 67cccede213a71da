"""Clocks that run out: of a hold, and of a parcel that must be done. Each is told once."""

from collections.abc import Iterator
from typing import Final

from edge.events import Draft, SlaWarning, parse_utc, utc_text
from edge.station.decision import Decision, Screen, on_parcel, on_unit
from edge.station.inputs import DueTimer
from edge.station.state import ParcelWork, State

PARCEL: Final = "parcel"


def is_any_new(state: State, wall_ms: int) -> bool:
    """Return whether `told` has something to say now."""
    return next(_warnings(state, wall_ms), None) is not None


def is_past(parcel: ParcelWork, wall_ms: int) -> bool:
    """Return whether a parcel is past the time that was agreed."""
    return parcel.due is not None and parse_utc(parcel.due) <= wall_ms


def told(state: State, screen: Screen, given: DueTimer) -> Decision:
    """Warn once of every hold, and of every parcel here, whose clock has run out."""
    return Decision(screen=screen, drafts=tuple(_warnings(state, given.wall_ms)))


def _warnings(state: State, wall_ms: int) -> Iterator[Draft]:
    for hold in state.holds.values():
        if not hold.is_warned and hold.due_ms is not None and hold.due_ms <= wall_ms:
            yield on_unit(hold.unit, _warning(f"hold.{hold.reason}", hold.due_ms, wall_ms))
    for parcel in state.parcels.values():
        if not parcel.is_warned and parcel.due is not None and is_past(parcel, wall_ms):
            yield on_parcel(parcel.parcel, _warning(PARCEL, parse_utc(parcel.due), wall_ms))


def _warning(rule: str, due_ms: int, wall_ms: int) -> SlaWarning:
    return SlaWarning(rule=rule, due=utc_text(due_ms), left_ms=due_ms - wall_ms)
