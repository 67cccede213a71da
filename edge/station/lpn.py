"""A unit's own number: owed with the verdict, counted when it is scanned back, never used twice.

Number and tray come in any order. Printing never blocks: where no printer is, a short number of the
series that is kept for it is written by hand.
"""

from dataclasses import replace
from typing import Final

from edge.barcodes.meanings import Meaning, NumberCode
from edge.events import DeviceCommand, Draft, UnitId, UnitLpn, VerdictChanged, VerdictMade
from edge.floor import LpnMode
from edge.station import numbers
from edge.station.decision import (
    Context,
    Decision,
    Screen,
    accepted,
    noted,
    on_unit,
    refused,
)
from edge.station.inputs import PrintInput, ScanInput
from edge.station.state import State, UnitWork
from edge.views import Severity

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
    if unit.lpn is not None or _mode(unit, zone, context) is LpnMode.NONE:
        return None
    return unit.lpn_due or ANY


def with_label(state: State, decision: Decision, context: Context) -> Decision:
    """Return a key's decision with the label that its verdict needs."""
    for draft in decision.drafts:
        unit = state.units.get(draft.subject.unit or UnitId(""))
        zone = _decided(draft)
        if unit is None or zone is None:
            continue
        label = ordered(state, unit, zone, context)
        told = _handwritten(label)
        screen = decision.screen
        if told:
            screen = noted(screen, Severity.WARN, "fb.lpn_write", lpn=told)
        return replace(
            decision,
            screen=screen,
            drafts=(*decision.drafts, *label.drafts),
            codes=(*decision.codes, *label.codes),
        )
    return decision


def _decided(draft: Draft) -> str | None:
    match draft.payload:
        case VerdictMade(zone=zone):
            return zone
        case VerdictChanged(decided=decided):
            return decided.zone
        case _:
            return None


def ordered(state: State, unit: UnitWork, zone: str, context: Context) -> Decision:
    """Return the events and names that go with a verdict: a label is printed, or written by hand.

    The screen of the answer stays the caller's.
    """
    nothing = Decision(screen=Screen())
    has_number = unit.lpn is not None or unit.lpn_due is not None
    if has_number or _mode(unit, zone, context) is not LpnMode.AUTO:
        return nothing
    number = numbers.next_number(state, context.lpn.series) if context.lpn.printer else None
    if number is not None:
        order = DeviceCommand(device=numbers.PRINTER, command=numbers.PRINT, reason=number)
        return replace(nothing, drafts=(on_unit(unit, order),), codes=_known(unit, number))
    return _by_hand(state, unit, context)


def scanned(
    screen: Screen, unit: UnitWork, given: ScanInput, *, number: str, context: Context
) -> Decision:
    """Take the scan of a number while a unit is in the hand."""
    if number == unit.lpn:
        return accepted(screen, "fb.duplicate")
    if _is_taken(unit, given, number, context):
        return refused(screen, "E38", lpn=number)
    if unit.lpn is not None:
        return refused(screen, "E38", lpn=unit.lpn)
    mode = _mode_of_number(unit, number, context)
    event = UnitLpn(lpn=number, mode=mode, reprint=unit.reprinted and mode == AUTO)
    decision = accepted(screen, "fb.lpn", on_unit(unit, event), lpn=number)
    return replace(decision, codes=_known(unit, number))


def with_number(state: State, unit: UnitWork, decision: Decision) -> State:
    """Return the state as it will be when the number is journalled."""
    found = (d.payload for d in decision.drafts if isinstance(d.payload, UnitLpn))
    event = next(found, None)
    if event is None:
        return state
    after = replace(unit, lpn=event.lpn, lpn_mode=event.mode, lpn_due=None)
    return replace(state, units={**state.units, unit.unit: after})


def print_again(screen: Screen, unit: UnitWork) -> Decision:
    """F5: the label once more, marked as a second one."""
    number = unit.lpn_due or (unit.lpn if unit.lpn_mode == AUTO else None)
    if number is None:
        return refused(screen, "E39")
    order = DeviceCommand(device=numbers.PRINTER, command=numbers.REPRINT, reason=number)
    shown = noted(screen, Severity.INFO, "fb.printing", lpn=number)
    return Decision(screen=shown, drafts=(on_unit(unit, order),))


def printed(state: State, screen: Screen, given: PrintInput, context: Context) -> Decision:
    """A label did not come out: what it was for gets a number by hand, or one off the roll."""
    unit = state.units.get(given.unit)
    if given.is_sent or unit is None or unit.lpn_due != given.lpn:
        return Decision(screen=screen)
    given_up = DeviceCommand(device=numbers.PRINTER, command=numbers.GIVE_UP, reason=given.lpn)
    by_hand = _by_hand(state, unit, context)
    told = _handwritten(by_hand)
    text, number = ("fb.lpn_write", told) if told else ("E37", ANY)
    shown = noted(screen, Severity.WARN, text, lpn=number)
    return replace(by_hand, screen=shown, drafts=(on_unit(unit, given_up), *by_hand.drafts))


def _handwritten(decision: Decision) -> str:
    events = (d.payload for d in decision.drafts if isinstance(d.payload, UnitLpn))
    return next((event.lpn for event in events), "")


def _by_hand(state: State, unit: UnitWork, context: Context) -> Decision:
    """It counts at once: a pen does not fail; the label may be scanned whenever it is read."""
    number = numbers.next_number(state, context.lpn.hand_series)
    if number is None:
        return Decision(screen=Screen())
    draft = on_unit(unit, UnitLpn(lpn=number, mode=HANDWRITTEN))
    return Decision(screen=Screen(), drafts=(draft,), codes=_known(unit, number))


def _mode(unit: UnitWork, zone: str, context: Context) -> LpnMode:
    category = unit.static.get("category")
    return context.lpn.mode_of(zone, category if isinstance(category, str) else None)


def _mode_of_number(unit: UnitWork, number: str, context: Context) -> str:
    if number == unit.lpn_due:
        return AUTO
    is_by_hand = bool(context.lpn.hand_series) and number.startswith(context.lpn.hand_series)
    return HANDWRITTEN if is_by_hand else PREPRINTED


def _is_taken(unit: UnitWork, given: ScanInput, number: str, context: Context) -> bool:
    """Another unit's number, or one of the printed series that was not printed for this unit."""
    if number == unit.lpn_due:
        return False
    own = f"unit/{unit.unit}"
    others = any(seen.startswith("unit/") and seen != own for seen in given.lookups.seen)
    series = context.lpn.series
    return others or (bool(series) and number.startswith(f"{series}-"))


def _known(unit: UnitWork, number: str) -> tuple[tuple[str, str], ...]:
    return ((number, f"unit/{UnitId(unit.unit)}"),)
