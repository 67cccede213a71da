"""A customer's things found in a unit: their bag has a number of its own before the unit is put.

It is owed with a verdict that says RETURN_PROPERTY: printed where this station prints, written by
hand where it has numbers for that, else taken off a roll. A unit's own number comes before it.
"""

from dataclasses import replace
from typing import Final

from edge.events import DeviceCommand, UnitLpn
from edge.station import bag, checks, lpn, numbers
from edge.station.decision import Context, Decision, Screen, accepted, on_unit, refused
from edge.station.inputs import ScanInput
from edge.station.state import State, UnitWork

ACTION: Final = "RETURN_PROPERTY"
WAITS: Final = "E69"


def owed(unit: UnitWork, actions: tuple[str, ...]) -> str | None:
    """Return the number that the bag must have before the put, None if none is owed."""
    if ACTION not in actions or unit.bag.number is not None:
        return None
    return unit.bag.due or lpn.ANY


def ordered(state: State, unit: UnitWork, actions: tuple[str, ...], context: Context) -> Decision:
    """Return what goes with a verdict: the bag's label is printed, or written by hand."""
    if ACTION not in actions or unit.bag.number is not None or unit.bag.due is not None:
        return Decision(screen=Screen())
    number = numbers.next_number(state, context.lpn.series) if context.lpn.printer else None
    if number is None:
        return written(state, unit, context)
    order = DeviceCommand(device=numbers.PRINTER, command=bag.PRINT, reason=number)
    return Decision(screen=Screen(), drafts=(on_unit(unit, order),), codes=lpn.known(unit, number))


def written(state: State, unit: UnitWork, context: Context) -> Decision:
    """A number by hand counts at once; nothing where the station has none for that."""
    number = numbers.next_number(state, context.lpn.hand_series)
    if number is None:
        return Decision(screen=Screen())
    event = UnitLpn(lpn=number, mode=lpn.HANDWRITTEN, property=True)
    return Decision(screen=Screen(), drafts=(on_unit(unit, event),), codes=lpn.known(unit, number))


def takes(unit: UnitWork, number: str, context: Context) -> bool:
    """Return whether a scanned number is the bag's: the unit's own is there, or it needs none."""
    if unit.bag.number is not None:
        return number == unit.bag.number
    verdict = unit.verdict or checks.proposed(unit, context)
    if number in (unit.lpn, unit.lpn_due) or owed(unit, verdict.actions) is None:
        return False
    return number == unit.bag.due or lpn.owed(unit, verdict.zone, context) is None


def scanned(
    screen: Screen, unit: UnitWork, given: ScanInput, *, number: str, context: Context
) -> Decision:
    """Take the bag's number."""
    if number == unit.bag.number:
        return accepted(screen, "fb.duplicate")
    if number != unit.bag.due and lpn.is_taken(unit, given, number, context):
        return refused(screen, "E38", lpn=number)
    mode = lpn.AUTO if number == unit.bag.due else lpn.mode_of_number(unit, number, context)
    reprint = unit.bag.reprinted and mode == lpn.AUTO
    event = UnitLpn(lpn=number, mode=mode, reprint=reprint, property=True)
    decision = accepted(screen, "fb.bag", on_unit(unit, event), lpn=number)
    return replace(decision, codes=lpn.known(unit, number))
