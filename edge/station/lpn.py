"""A unit's own number: owed with the verdict, counted when it is scanned back, never used twice.

Number and tray come in any order. Printing never blocks: where no printer is, a short number of the
series that is kept for it is written by hand.
"""

from dataclasses import replace
from typing import Final

from edge.barcodes.meanings import Meaning, NumberCode
from edge.events import DeviceCommand, UnitId, UnitLpn
from edge.floor import LpnMode
from edge.station import checks, numbers
from edge.station.decision import (
    Context,
    Decision,
    Screen,
    accepted,
    on_unit,
    refused,
)
from edge.station.inputs import ScanInput
from edge.station.state import State, UnitWork

AUTO: Final = "auto"
HANDWRITTEN: Final = "handwritten"
PREPRINTED: Final = "preprinted"
ANY: Final = "NNNN-NNNN"  # any number off the roll


def number_in(meaning: Meaning) -> str | None:
    """Return the unit's number that a code is, None for any other code."""
    is_lpn = isinstance(meaning, NumberCode) and meaning.kind == "lpn"
    return meaning.value if is_lpn and isinstance(meaning, NumberCode) else None


def owed(unit: UnitWork, zone: str, context: Context) -> str | None:
    """Return the number that must be scanned before the put is complete, None if none is."""
    if unit.lpn is not None or mode_of(unit, zone, context) is LpnMode.NONE:
        return None
    return unit.lpn_due or ANY


def ordered(state: State, unit: UnitWork, zone: str, context: Context) -> Decision:
    """Return the events and names that go with a verdict: a label is printed, or written by hand.

    The screen of the answer stays the caller's.
    """
    nothing = Decision(screen=Screen())
    has_number = unit.lpn is not None or unit.lpn_due is not None
    if has_number or mode_of(unit, zone, context) is not LpnMode.AUTO:
        return nothing
    number = numbers.next_number(state, context.lpn.series) if context.lpn.printer else None
    if number is not None:
        order = DeviceCommand(device=numbers.PRINTER, command=numbers.PRINT, reason=number)
        return replace(nothing, drafts=(on_unit(unit, order),), codes=known(unit, number))
    return written(state, unit, context)


def scanned(
    screen: Screen, unit: UnitWork, given: ScanInput, *, number: str, context: Context
) -> Decision:
    """Take the scan of a number while a unit is in the hand."""
    if number == unit.lpn:
        return accepted(screen, "fb.duplicate")
    if is_taken(unit, given, number, context):
        return refused(screen, "E38", lpn=number)
    if unit.lpn is not None:
        return refused(screen, "E38", lpn=unit.lpn)
    mode = mode_of_number(unit, number, context)
    event = UnitLpn(lpn=number, mode=mode, reprint=unit.reprinted and mode == AUTO)
    decision = accepted(screen, "fb.lpn", on_unit(unit, event), lpn=number)
    return replace(decision, codes=known(unit, number))


def written(state: State, unit: UnitWork, context: Context) -> Decision:
    """It counts at once: a pen does not fail; the label may be scanned whenever it is read."""
    number = numbers.next_number(state, context.lpn.hand_series)
    if number is None:
        return Decision(screen=Screen())
    draft = on_unit(unit, UnitLpn(lpn=number, mode=HANDWRITTEN))
    return Decision(screen=Screen(), drafts=(draft,), codes=known(unit, number))


def mode_of(unit: UnitWork, zone: str, context: Context) -> LpnMode:
    """Return where a unit's number comes from when it goes to this zone.

    As was agreed with the owner of the goods, else as the station says.
    """
    category = checks.category_of(unit)
    agreed = checks.pack_of(unit, context).terms.lpn.mode_of(zone, category)
    return LpnMode(agreed) if agreed else context.lpn.mode_of(zone, category)


def mode_of_number(unit: UnitWork, number: str, context: Context) -> str:
    """Return where a scanned number came from."""
    if number == unit.lpn_due:
        return AUTO
    is_by_hand = bool(context.lpn.hand_series) and number.startswith(context.lpn.hand_series)
    return HANDWRITTEN if is_by_hand else PREPRINTED


def is_taken(unit: UnitWork, given: ScanInput, number: str, context: Context) -> bool:
    """Another unit's number, or one of the printed series that was not printed for this unit."""
    if number == unit.lpn_due:
        return False
    own = f"unit/{unit.unit}"
    others = any(seen.startswith("unit/") and seen != own for seen in given.lookups.seen)
    series = context.lpn.series
    return others or (bool(series) and number.startswith(f"{series}-"))


def known(unit: UnitWork, number: str) -> tuple[tuple[str, str], ...]:
    """Return by what the unit is found later."""
    return ((number, f"unit/{UnitId(unit.unit)}"),)
