"""Event to state: how far a person is in the training course."""

from dataclasses import replace
from typing import Final

from edge.events import Event, OperatorIn, QualityRechecked, UnitId
from edge.quality import GOLD
from edge.station.progress import Lesson, Progress
from edge.station.state import State

METHOD: Final = "training"


def begun(state: State, event: Event) -> State:
    """Return the state after somebody sat down; a course begins anew each time."""
    is_course = isinstance(event.payload, OperatorIn) and event.payload.method == METHOD
    return replace(state, progress=Progress()) if is_course else state


def done(state: State, event: Event) -> State:
    """Return the state after a prepared piece was put and compared."""
    said, unit = event.payload, state.units.get(event.unit or UnitId(""))
    progress = state.progress
    if not isinstance(said, QualityRechecked) or said.way != GOLD or unit is None:
        return state
    if progress is None:
        return state
    lesson = Lesson(rma=unit.rma or "", zone=said.first.zone, right=said.second.zone)
    return replace(state, progress=Progress(done=(*progress.done, lesson)))
