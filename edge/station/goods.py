"""Codes of boxes, items and papers: what is sure happens, what is not is asked, never guessed."""

from dataclasses import replace

from drivers.protocols import ScanOutcome, ScanSource
from edge.barcodes.identity import Belief, Expected, ExpectedPiece, Why, is_enough, judge
from edge.barcodes.marks import GsState
from edge.barcodes.meanings import ItemCode, ItemFlag, Meaning
from edge.station import again, inspection, lpn, marks, parcels, puts, second, units
from edge.station.decision import (
    Choice,
    Context,
    Decision,
    Screen,
    asked,
    refused,
    wanted,
)
from edge.station.inputs import ScanInput
from edge.station.meanings import code_text, item_of
from edge.station.state import ParcelWork, State, UnitWork

CONFIRM = "E17"
_LOST_GS = "E25"


def goods(
    state: State, screen: Screen, given: ScanInput, context: Context, *, confirmed: bool = False
) -> Decision:
    """Resolve a code; of several meanings the awaited one counts.

    `confirmed` = a person held the shown digits against the print and said that they are right.
    """
    doubt = None if confirmed else _doubt(state, screen, given)
    if doubt is not None:
        return doubt
    unit, parcel, meaning = state.unit, state.parcel, given.meanings[0]
    number = next((n for one in given.meanings if (n := lpn.number_in(one))), None)
    if unit is not None and number is not None:
        return puts.lpn_scan(state, screen, unit, given, number=number, context=context)
    if unit is None and parcel is None and number is not None:
        known = second.number_scan(state, screen, number, context) or again.number_scan(
            state, screen, given, number=number, context=context
        )
        if known is not None:
            return known
    if unit is not None:
        return _of_unit(state, screen, unit, given, context=context)
    if parcel is None:
        return parcels.parcel_scan(state, screen, given, meaning=meaning, context=context)
    awaited = _awaited(state, parcel, given)
    if awaited is not None:
        return units.open_unit(state, screen, parcel, given, meaning=awaited, context=context)
    if parcel.blind and item_of(meaning) is not None:
        return units.open_blind(state, screen, parcel, given, meaning=meaning, context=context)
    return _foreign(state, screen, parcel, given, meaning)


def _of_unit(
    state: State, screen: Screen, unit: UnitWork, given: ScanInput, *, context: Context
) -> Decision:
    """A code while a unit is in the hand: another unit's is an alarm, its mark is recorded."""
    meaning, parcel = given.meanings[0], state.parcel
    read = item_of(meaning)
    if read is not None and unit.n == 1:  # it came back by its number: it was here before
        alarmed = units.alarm(screen, given, read, context, own=unit.unit)
        if alarmed is not None:
            return alarmed
    decision = inspection.item_scan(screen, unit, parcel, meaning, context=context)
    if read is None or decision.outcome is not ScanOutcome.ACCEPTED or not decision.drafts:
        return decision
    return marks.with_record(state, decision, unit, given, meaning=meaning)


def confirm(state: State, screen: Screen, held: ScanInput, context: Context) -> Decision:
    """Take the code that was held back: the person said that it is what is printed."""
    return goods(state, replace(screen, choice=None), held, context, confirmed=True)


def _awaited(state: State, parcel: ParcelWork, given: ScanInput) -> Meaning | None:
    return next((one for one in given.meanings if units.is_of(parcel, state, one)), None)


def _doubt(state: State, screen: Screen, given: ScanInput) -> Decision | None:
    """Return the question that comes before anything happens by itself, None when all is sure."""
    meaning = given.meanings[0]
    parcel = state.parcel
    if state.unit is not None:
        return _weak(screen, given, meaning) if item_of(meaning) is not None else None
    if parcel is None:
        is_known = len(given.lookups.candidates) == 1 or parcels.is_parked(state, meaning)
        return _weak(screen, given, meaning) if is_known else None
    awaited = _awaited(state, parcel, given)
    if awaited is not None:
        several = _several(state, screen, parcel, given, awaited=awaited)
        return several or _unsure(screen, given, awaited, parcel)
    is_taken = parcel.blind and item_of(meaning) is not None
    if is_taken and _is_torn(meaning):
        return refused(screen, _LOST_GS)
    if is_taken and (given.scan.source is ScanSource.CAMERA or _is_suspect(meaning)):
        return _ask(screen, given, meaning)  # nothing but this reading says what it is
    return _weak(screen, given, meaning) if is_taken else None


def _several(
    state: State, screen: Screen, parcel: ParcelWork, given: ScanInput, *, awaited: Meaning
) -> Decision | None:
    """Two awaited pieces before the camera: nothing in a picture says which one is meant."""
    names = {code_text(awaited)}
    for meanings in given.beside:
        other = next((one for one in meanings if units.is_of(parcel, state, one)), None)
        names |= {code_text(other)} if other is not None else set()
    return refused(screen, "E11", n=len(names)) if len(names) > 1 else None


def _unsure(
    screen: Screen, given: ScanInput, awaited: Meaning, parcel: ParcelWork
) -> Decision | None:
    """Hold an awaited piece against the gate: only what it accepts happens by itself."""
    expected = Expected(
        pieces=tuple(
            ExpectedPiece(gtin=line.gtin or "", serials=line.serials, kis=line.marks)
            for line in parcel.lines
        )
    )
    found = judge(given.scan, (awaited,), expected)
    match found.belief, found.why:
        case Belief.ACCEPT, _:
            return None
        case _, Why.GS_SUSPECT if _is_torn(awaited):
            return refused(screen, _LOST_GS)
        case _, Why.WRONG_SERIAL | Why.NOT_EXPECTED:
            return _weak(screen, given, awaited)  # what is foreign goes its own way: E21, E23
        case _:
            return _ask(screen, given, awaited)


def _is_torn(meaning: Meaning) -> bool:
    """A marking code whose separators were put back: good for nothing but the very code sold."""
    return isinstance(meaning, ItemCode) and meaning.gs in (GsState.LOST, GsState.RESTORED)


def _is_suspect(meaning: Meaning) -> bool:
    """A code that only an announced line could prove: torn perhaps, or its owner's own number."""
    doubtful = {ItemFlag.GS_SUSPECT, ItemFlag.RESTRICTED}
    return isinstance(meaning, ItemCode) and not doubtful.isdisjoint(meaning.flags)


def _weak(screen: Screen, given: ScanInput, meaning: Meaning) -> Decision | None:
    sure = given.scan.source is not ScanSource.TYPED and is_enough(given.scan, meaning)
    return None if sure else _ask(screen, given, meaning)


def _ask(screen: Screen, given: ScanInput, meaning: Meaning) -> Decision:
    opts = (("1", "opt.as_printed"), ("2", "opt.rescan"))
    choice = Choice(code=CONFIRM, p={"code": code_text(meaning)}, opts=opts, held=given)
    return asked(screen, choice)


def _foreign(
    state: State, screen: Screen, parcel: ParcelWork, given: ScanInput, meaning: Meaning
) -> Decision:
    code = code_text(meaning)
    if code in parcel.codes:
        return refused(screen, "E00", want=wanted(state, screen))
    if given.lookups.candidates and item_of(meaning) is None:
        left = sum(max(0, parcel.left_of(line)) for line in parcel.lines)
        other = Choice(code="E22", p={"p": parcel.number, "n": left}, opts=(("1", "opt.park"),))
        return asked(screen, other)
    read = item_of(meaning)
    if read is not None and units.is_more(parcel, read):
        more = (("1", "opt.rescan"), ("2", "opt.surplus"))
        return asked(screen, Choice(code="E27", p={"p": parcel.number}, opts=more, held=given))
    opts = (("1", "opt.rescan"), ("2", "opt.surplus"), ("3", "opt.other_parcel"))
    params = {"p": parcel.number, "code": code}
    return asked(screen, Choice(code="E21", p=params, opts=opts, held=given))
