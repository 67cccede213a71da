"""CORRECT: a unit of a closed parcel is in the hand again; what was decided about it was wrong.

Nothing is edited: a new record points to the former one and loads its answers, and the new verdict
comes with the correction of the old one. Up the order of zones it needs a supervisor.
"""

from dataclasses import replace
from typing import Any, Final

from edge.barcodes.meanings import Meaning
from edge.events import (
    Corrected,
    CorrectionMade,
    Draft,
    MoveChanged,
    MoveState,
    ScanRead,
    VerdictMade,
)
from edge.station import again, clocks, corrected, filling, holds, inspection, override, rezone
from edge.station.decision import (
    Choice,
    Context,
    Decision,
    Screen,
    asked,
    on_unit,
    refused,
)
from edge.station.inputs import ScanInput
from edge.station.meanings import code_text, item_of
from edge.station.state import State, UnitWork
from edge.views import Message

CLOSED: Final = "E12"
WHICH: Final = "E18"
IN_HAND: Final = "E19"
UNITS_MAX: Final = 8


def closed(screen: Screen, given: ScanInput, code: str, context: Context) -> Decision:
    """Say when and by whom the parcel was received; a digit begins a correction."""
    box = given.lookups.box
    again_only = (("2", "opt.rescan"),)
    if box is None or not box.units:
        unknown = {"time": "?", "who": "?", "z": "?", "code": code}
        return asked(screen, Choice(code=CLOSED, p=unknown, opts=again_only, held=given))
    person = context.people.get(box.who)
    params: dict[str, Any] = {
        "time": clocks.day_clock(box.closed_ms, context.offset_s),
        "who": person.name if person is not None else box.who,
        "z": _zone(box.units[-1]),
        "code": code,
    }
    opts = (("1", "opt.correct"), *again_only)
    choice = Choice(code=CLOSED, p=params, opts=opts, held=given, lookups=given.lookups)
    return asked(screen, choice)


def which(screen: Screen, choice: Choice) -> Decision:
    """Ask which unit of the parcel it is."""
    box = choice.lookups.box
    assert box is not None, "it was offered"
    named = tuple(
        (str(n), Message(t="opt.unit", p={"name": unit.title, "z": _zone(unit)}))
        for n, unit in enumerate(box.units[:UNITS_MAX], start=1)
    )
    return asked(screen, Choice(code=WHICH, named=named, lookups=choice.lookups))


def chosen(screen: Screen, choice: Choice, pressed: str) -> Decision:
    """Ask for that very piece: what is not at hand is not corrected."""
    box = choice.lookups.box
    assert box is not None, "it was offered"
    if not pressed.isdecimal() or not 1 <= int(pressed) <= len(box.units[:UNITS_MAX]):
        return refused(screen, "E00", want="want.digit")
    unit = box.units[int(pressed) - 1]
    params = {"name": unit.title}
    lookups = replace(choice.lookups, former=(unit,))
    return asked(screen, Choice(code=IN_HAND, p=params, lookups=lookups))


def is_awaited(screen: Screen) -> bool:
    """Return whether the next item's code says which piece is in the hand."""
    return screen.choice is not None and screen.choice.code == IN_HAND


def scan(state: State, screen: Screen, given: ScanInput, context: Context) -> Decision:
    """Take the piece in the hand; another one is not corrected in its place."""
    choice = screen.choice
    assert choice is not None, "is_awaited has looked"
    former = choice.lookups.former[0]
    if not any(_is_it(former, one) for one in given.meanings):
        return refused(screen, "E49")
    hold = state.holds.get(former.unit)
    if hold is not None:
        return holds.ask(screen, hold, context)
    if former.danger:
        return refused(screen, "E36")
    if again.is_carried(state, former):
        return refused(screen, "E41")
    shut = filling.shut(state, screen, former.unit)
    if shut is not None:
        return shut
    begun = again.begin(screen, former, context, corrects=_corrected(former))
    begun = again.taken_out(state, begun, former, filling.CORRECTION)
    return begun.after(tuple(_withdrawn(state, former)))


def _is_it(former: UnitWork, meaning: Meaning) -> bool:
    read = item_of(meaning)
    return code_text(meaning) == former.lpn or (
        read is not None and inspection.is_own(former, read)
    )


def _corrected(former: UnitWork) -> Corrected | None:
    verdict = former.verdict
    if verdict is None or former.verdict_id is None:
        return None
    return Corrected(
        verdict=former.verdict_id,
        zone=verdict.zone,
        disposition=verdict.disposition,
        row=verdict.row,
        refund=verdict.refund,
    )


def _withdrawn(state: State, former: UnitWork) -> list[Draft]:
    """Legs that no device was told of are not needed: the load is in the hand."""
    return [
        on_unit(
            former,
            MoveChanged(
                move=work.move, leg=work.position, state=MoveState.CANCELLED, reason="correction"
            ),
        )
        for work in state.moves.values()
        if work.unit == former.unit and not any(leg.is_done for leg in work.legs)
    ]


# ---------------------------------------------------------------- the new verdict


def checked(state: State, screen: Screen, decision: Decision, context: Context) -> Decision:
    """Return a decision with the correction before the new verdict, or ask for a supervisor."""
    unit = state.unit
    verdict = corrected.new_verdict(unit, decision)
    if unit is None or unit.corrects is None or verdict is None:
        return decision
    if any(isinstance(draft.payload, CorrectionMade) for draft in decision.drafts):
        return decision
    if not _is_free(unit, unit.corrects, verdict, context):
        asked_for = override.ask(screen, override.CORRECT, context, about=verdict.zone)
        reads = tuple(one for one in decision.drafts if isinstance(one.payload, ScanRead))
        return replace(asked_for, drafts=reads)
    return corrected.with_correction(decision, unit, unit.corrects, verdict, reason="operator")


def _is_free(unit: UnitWork, former: Corrected, verdict: VerdictMade, context: Context) -> bool:
    """Danger always; else what an operator might have decided alone at the first time."""
    if verdict.zone in ("hazmat", former.zone):
        return True
    before = replace(unit, verdict=replace(verdict, zone=former.zone))
    return rezone.is_free(before, verdict.zone, context)


def _zone(unit: UnitWork) -> str:
    return unit.verdict.zone if unit.verdict is not None else "?"
