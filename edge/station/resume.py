"""RESUME: after a crash or a power cut the same question, once the person has the same item."""

from dataclasses import replace

from edge.barcodes.meanings import Meaning
from edge.events import UnitParked
from edge.station import inspection, parcels
from edge.station.decision import Decision, Screen, accepted, noted, on_unit, refused
from edge.station.meanings import code_text, item_of
from edge.station.state import State
from edge.views import Severity


def begun(state: State, screen: Screen) -> Screen:
    """Return the first screen of a service that finds open work in its journal."""
    shown = noted(screen, Severity.INFO, "fb.resumed")
    return replace(shown, is_resuming=state.parcel is not None or state.unit is not None)


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
