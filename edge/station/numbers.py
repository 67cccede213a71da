"""Numbers of units (LPN): which are given away, and what the journal says of a unit's own.

A number is given away when it is printed or written down, not when it is scanned back: what lies
on the floor unscanned is never printed a second time.
"""

from dataclasses import replace
from typing import Final

from edge.events import DeviceCommand, Event, UnitLpn
from edge.station import bag
from edge.station.apply_moves import put, with_unit
from edge.station.state import State, UnitWork

PRINTER: Final = "printer"
PRINT: Final = "print"
REPRINT: Final = "reprint"
GIVE_UP: Final = "cancel"
SERIES_NUMBERS: Final = 10_000  # NNNN-NNNN


def number_of(series: str, index: int) -> str:
    """Return the number at a place of a series."""
    return f"{series}-{index:04d}"


def next_number(state: State, series: str) -> str | None:
    """Return the first number of a series that was never given away; None when it is used up."""
    index = state.numbers.get(series, 0)
    return number_of(series, index) if series and index < SERIES_NUMBERS else None


def numbered(state: State, event: Event) -> State:
    """Return the state after a unit, or the bag with its customer's things, got its number."""
    unit = None if event.unit is None else state.units.get(event.unit)
    payload = event.payload
    if not isinstance(payload, UnitLpn):
        return state
    state = given_away(state, payload.lpn)
    if unit is None:
        return state
    if payload.property:
        return with_unit(state, replace(unit, bag=bag.folded(unit.bag, payload)))
    return with_unit(state, replace(unit, lpn=payload.lpn, lpn_mode=payload.mode, lpn_due=None))


def printed(state: State, event: Event) -> State:
    """Return the state after a label was ordered, ordered again or given up."""
    unit = None if event.unit is None else state.units.get(event.unit)
    match event.payload:
        case DeviceCommand(command=command) as order if command in bag.COMMANDS:
            state = given_away(state, order.reason)
            bagged = None if unit is None else replace(unit, bag=bag.folded(unit.bag, order))
            return state if bagged is None else with_unit(state, bagged)
        case DeviceCommand(command="print", reason=number):
            state = given_away(state, number)
            return state if unit is None else with_unit(state, replace(unit, lpn_due=number))
        case DeviceCommand(command="reprint") if unit is not None:
            return with_unit(state, replace(unit, reprinted=True))
        case DeviceCommand(command="cancel") if unit is not None:
            return with_unit(state, replace(unit, lpn_due=None))
        case _:
            return state


def is_own(unit: UnitWork, number: str) -> bool:
    """Return whether a number is the unit's, or was printed for it."""
    return number in (unit.lpn, unit.lpn_due)


def given_away(state: State, number: str) -> State:
    """Return the state in which a number of a series is never given again."""
    series, _, digits = number.partition("-")
    if not digits.isascii() or not digits.isdigit():
        return state
    index = max(state.numbers.get(series, 0), int(digits) + 1)
    return replace(state, numbers=put(state.numbers, series, index))
