"""RESUME: after a crash or a power cut the same question, once the person has the same item."""

from dataclasses import replace

from edge.barcodes.meanings import Meaning
from edge.events import UnitParked
from edge.station import asking, clocks, containers, inspection, known, parcel_view, parcels
from edge.station.decision import (
    Context,
    Decision,
    Screen,
    accepted,
    noted,
    on_unit,
    refused,
    state_name,
)
from edge.station.inputs import StartInput
from edge.station.meanings import code_text, item_of
from edge.station.resolve import DOUBTS
from edge.station.state import State
from edge.views import ResumeWork, Severity


def begun(state: State, screen: Screen, given: StartInput, context: Context) -> Screen:
    """Return the first screen of a service that finds open work in its journal.

    A container that the newest put has filled asks to be closed, as it did before.
    """
    is_locked = state.locked or given.locks  # first a badge, then the work
    shown = noted(screen, Severity.INFO, "fb.locked" if is_locked else "fb.resumed")
    is_open = state.parcel is not None or state.unit is not None
    return replace(
        shown,
        is_resuming=is_open,
        read=(given.events, given.replay_ms),
        left_ms=state.acted_ms,
        container=containers.left_full(state, context.floor),
    )


def shown(state: State, screen: Screen, context: Context) -> ResumeWork:
    """Return what was in the hands, when, and how far it was."""
    unit, parcel = state.unit, state.parcel
    legs = (work.current for work in state.moves.values())
    base = ResumeWork(
        then=state_name(state, replace(screen, is_resuming=False)),
        at=clocks.clock(screen.left_ms, context.offset_s) if screen.left_ms else "",
        no=parcel.number if parcel is not None else "",
        rmas=parcel.rmas if parcel is not None else (),
        in_doubt=sum(1 for leg in legs if leg is not None and leg.state in DOUBTS),
        events=screen.read[0],
        read_ms=screen.read[1],
    )
    if unit is None or unit.checklist is None:
        return base
    marks, _ = asking.marks(unit, screen.page, context)
    proposed = asking.proposal(unit, context)
    is_asked = unit.verdict is None and not unit.danger
    return replace(
        base,
        item=known.item(unit),
        line=parcel_view.line_of(unit, parcel) if parcel is not None else 0,
        must=asking.question(unit, "", context) if is_asked else None,
        marks=marks if unit.verdict is None else (),
        proposed=replace(proposed, zone="hazmat") if unit.danger else proposed,
    )


def key(state: State, screen: Screen, pressed: str) -> Decision:
    """Enter goes on, Esc lays the parcel aside; nothing is ever deleted."""
    match pressed:
        case "enter":
            return _go_on(screen)
        case "esc" if state.parcel is not None:
            unit = state.unit
            aside = () if unit is None else (on_unit(unit, UnitParked()),)
            return parcels.park(replace(screen, is_resuming=False), state.parcel).after(aside)
        case "esc" if state.unit is not None:
            shown = replace(screen, is_resuming=False)
            return accepted(shown, "fb.unit_parked", on_unit(state.unit, UnitParked()))
        case _:
            return refused(screen, "E00", want="want.resume")


def scan(state: State, screen: Screen, meaning: Meaning) -> Decision:
    """The item or the parcel that was in the hands goes on; another one is not taken for it."""
    unit, parcel = state.unit, state.parcel
    read = item_of(meaning)
    is_unit = unit is not None and read is not None and inspection.is_own(unit, read)
    is_parcel = parcel is not None and code_text(meaning) in (*parcel.codes, parcel.provisional)
    is_number = unit is not None and unit.lpn is not None and code_text(meaning) == unit.lpn
    if is_unit or is_parcel or is_number:
        return _go_on(screen)
    return refused(screen, "E00", want="want.resume")


def _go_on(screen: Screen) -> Decision:
    return accepted(replace(screen, is_resuming=False), "fb.resumed")
