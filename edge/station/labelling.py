"""Numbers that a verdict asks for, of a unit and of its bag: printed, written, owed, read.

Two labels of one verdict take two numbers. One sentence at a time: the unit's number comes first.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from edge.events import DeviceCommand, Draft, UnitId, UnitLpn, VerdictChanged, VerdictMade
from edge.station import bag, bagging, lpn, numbers, report
from edge.station.decision import Context, Decision, Screen, noted, on_unit, refused
from edge.station.inputs import PrintInput, ScanInput
from edge.station.state import State, UnitWork
from edge.views import Message, Severity

OWN_OWED: Final = "E37"


def ordered(
    state: State, unit: UnitWork, *, zone: str, actions: tuple[str, ...], context: Context
) -> Decision:
    """Return the events and names that go with a verdict; the screen stays the caller's."""
    own = lpn.ordered(state, unit, zone, context)
    for number, _ in own.codes:
        state = numbers.given_away(state, number)
    other = bagging.ordered(state, unit, actions, context)
    return replace(own, drafts=(*own.drafts, *other.drafts), codes=(*own.codes, *other.codes))


def with_labels(state: State, decision: Decision, context: Context) -> Decision:
    """Return a key's decision with the labels that its verdict needs."""
    for draft in decision.drafts:
        unit = state.units.get(draft.subject.unit or UnitId(""))
        decided = None if unit is None else _decided(unit, draft)
        if unit is None or decided is None:
            continue
        zone, actions = decided
        label = ordered(state, unit, zone=zone, actions=actions, context=context)
        return replace(
            decision,
            screen=_told(decision.screen, label.drafts),
            drafts=(*decision.drafts, *label.drafts),
            codes=(*decision.codes, *label.codes),
        )
    return decision


def _decided(unit: UnitWork, draft: Draft) -> tuple[str, tuple[str, ...]] | None:
    match draft.payload:
        case VerdictMade(zone=zone, actions=actions):
            return zone, actions
        case VerdictChanged(decided=decided):
            return decided.zone, unit.verdict.actions if unit.verdict is not None else ()
        case _:
            return None


def _told(screen: Screen, drafts: Iterable[Draft]) -> Screen:
    """Say which number is to be written by hand."""
    for draft in drafts:
        if isinstance(draft.payload, UnitLpn):
            text = "fb.bag_write" if draft.payload.property else "fb.lpn_write"
            return noted(screen, Severity.WARN, text, lpn=draft.payload.lpn)
    return screen


def missing(
    unit: UnitWork, *, zone: str, actions: tuple[str, ...], context: Context
) -> tuple[str, str] | None:
    """Return what must be scanned before the put is complete: code of the sentence, number."""
    own = lpn.owed(unit, zone, context)
    if own is not None:
        return OWN_OWED, own
    bag_number = bagging.owed(unit, actions)
    return None if bag_number is None else (bagging.WAITS, bag_number)


def shown(unit: UnitWork, zone: str, context: Context) -> tuple[Message, ...]:
    """Return the label that is to be scanned, or the numbers that are to be written by hand."""
    actions = unit.verdict.actions if unit.verdict is not None else ()
    found = missing(unit, zone=zone, actions=actions, context=context)
    if found is not None:
        text = "owed.lpn" if found[0] == OWN_OWED else "owed.bag"
        return (Message(t=text, p={"lpn": found[1]}),)
    written = []
    if unit.lpn_mode == lpn.HANDWRITTEN:
        written.append(Message(t="owed.lpn_write", p={"lpn": unit.lpn}))
    if unit.bag.mode == lpn.HANDWRITTEN:
        written.append(Message(t="owed.bag_write", p={"lpn": unit.bag.number}))
    return tuple(written)


def scanned(
    screen: Screen, unit: UnitWork, given: ScanInput, *, number: str, context: Context
) -> Decision:
    """Take the scan of a number while a unit is in the hand: its own, or its bag's."""
    take = bagging.scanned if bagging.takes(unit, number, context) else lpn.scanned
    return take(screen, unit, given, number=number, context=context)


def numbered(unit: UnitWork, drafts: Iterable[Draft]) -> UnitWork:
    """Return the unit as it will be when these labels are ordered, written or scanned."""
    for draft in drafts:
        match draft.payload:
            case UnitLpn(property=True) as event:
                unit = replace(unit, bag=bag.folded(unit.bag, event))
            case UnitLpn(lpn=number, mode=mode):
                unit = replace(unit, lpn=number, lpn_mode=mode, lpn_due=None)
            case DeviceCommand(command=command) as order if command in bag.COMMANDS:
                unit = replace(unit, bag=bag.folded(unit.bag, order))
            case DeviceCommand(command=numbers.PRINT, reason=number):
                unit = replace(unit, lpn_due=number)
    return unit


def print_again(screen: Screen, unit: UnitWork) -> Decision:
    """F5: the label once more, marked as a second one; what is owed goes before what is there."""
    own = unit.lpn if unit.lpn_mode == lpn.AUTO else None
    bagged = unit.bag.number if unit.bag.mode == lpn.AUTO else None
    labels = (
        (unit.lpn_due, numbers.REPRINT),
        (unit.bag.due, bag.REPRINT),
        (own, numbers.REPRINT),
        (bagged, bag.REPRINT),
    )
    found = next(((number, command) for number, command in labels if number), None)
    if found is None:
        return refused(screen, "E39")
    number, command = found
    order = DeviceCommand(device=numbers.PRINTER, command=command, reason=number)
    told = noted(screen, Severity.INFO, "fb.printing", lpn=number)
    return Decision(screen=told, drafts=(on_unit(unit, order),))


def printed(state: State, screen: Screen, given: PrintInput, context: Context) -> Decision:
    """A label did not come out: what it was for gets a number by hand, or one off the roll."""
    if given.unit is None:
        return report.printed(screen, given)
    unit = state.units.get(given.unit)
    if given.is_sent or unit is None or given.lpn not in (unit.lpn_due, unit.bag.due):
        return Decision(screen=screen)
    is_bag = given.lpn == unit.bag.due
    command = bag.GIVE_UP if is_bag else numbers.GIVE_UP
    given_up = DeviceCommand(device=numbers.PRINTER, command=command, reason=given.lpn)
    write = bagging.written if is_bag else lpn.written
    by_hand = write(state, unit, context)
    shown_now = noted(screen, Severity.WARN, bagging.WAITS if is_bag else OWN_OWED, lpn=lpn.ANY)
    if by_hand.drafts:
        shown_now = _told(screen, by_hand.drafts)
    return replace(by_hand, screen=shown_now, drafts=(on_unit(unit, given_up), *by_hand.drafts))
