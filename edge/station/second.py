"""The second look begins: another person takes a waiting unit, and knows nothing of the first."""

from typing import Final

from drivers.protocols import ScanOutcome
from edge.barcodes.meanings import Meaning
from edge.station import again, units
from edge.station.decision import (
    Choice,
    Context,
    Decision,
    Screen,
    asked,
    noted,
    refused,
)
from edge.station.inputs import ScanInput
from edge.station.meanings import code_text, item_of
from edge.station.state import State, UnitWork
from edge.views import Message, Severity

WHICH: Final = "E53"
NOT_YOU: Final = "E52"
OTHER: Final = "E49"
LISTED_MAX: Final = 8


def is_asked(state: State, tray: str, context: Context) -> bool:
    """Return whether the tray of waiting units is scanned while nothing is open."""
    is_idle = state.parcel is None and state.unit is None
    return is_idle and bool(tray) and tray == context.quality.tray


def ask(state: State, screen: Screen, context: Context) -> Decision:
    """Show what waits for this person; the unit's own scan, or its digit, begins."""
    waiting = _waiting(state)
    if not waiting:
        shown = noted(screen, Severity.INFO, "fb.none_waits")
        return Decision(screen=shown, outcome=ScanOutcome.ACCEPTED)
    mine = tuple(one for one in waiting if not _is_own(state, one))
    if not mine:
        return refused(screen, NOT_YOU)
    named = tuple(
        (str(n), Message(t="opt.look", p={"name": one.title, "no": _name(one)}))
        for n, one in enumerate(mine[:LISTED_MAX], start=1)
    )
    return asked(screen, Choice(code=WHICH, p={"t": context.quality.tray}, named=named))


def is_awaited(screen: Screen) -> bool:
    """Return whether the next item's code says which waiting unit is in the hand."""
    return screen.choice is not None and screen.choice.code == WHICH


def chosen(state: State, screen: Screen, pressed: str, context: Context) -> Decision:
    """Begin with a unit that has no code to scan: the person says which it is."""
    mine = tuple(one for one in _waiting(state) if not _is_own(state, one))[:LISTED_MAX]
    if not pressed.isdecimal() or not 1 <= int(pressed) <= len(mine):
        return refused(screen, "E00", want="want.digit")
    return _begin(state, screen, mine[int(pressed) - 1], context)


def scan(state: State, screen: Screen, given: ScanInput, context: Context) -> Decision:
    """Begin with the unit whose code was read."""
    found = _found(_waiting(state), given.meanings)
    if not found:
        return refused(screen, OTHER)
    if len(found) > 1:
        return refused(screen, "E11", n=len(found))
    return _begin(state, screen, found[0], context)


def number_scan(state: State, screen: Screen, number: str, context: Context) -> Decision | None:
    """Begin with the unit of this number; None = none with it waits."""
    one = next((one for one in _waiting(state) if one.lpn == number), None)
    return None if one is None else _begin(state, screen, one, context)


def _begin(state: State, screen: Screen, former: UnitWork, context: Context) -> Decision:
    if _is_own(state, former):
        return refused(screen, NOT_YOU)
    if former.is_second:
        return units.take_again(screen, former)
    first = former.look.first if former.look is not None else None
    return again.begin(screen, former, context, recheck=first)


def _waiting(state: State) -> tuple[UnitWork, ...]:
    """Return what waits, the oldest first; a second look that was laid aside is among it."""
    begun = (one for one in state.units.values() if one.parked and one.is_second)
    return (*state.rechecks.values(), *begun)


def _is_own(state: State, one: UnitWork) -> bool:
    """Whose verdict it was never looks twice; where two differ anybody may bring the supervisor."""
    look, shift = one.look, state.shift
    if look is None or look.first is None or shift is None or look.is_disputed:
        return False
    return look.first.grader == shift.operator


def _found(waiting: tuple[UnitWork, ...], meanings: tuple[Meaning, ...]) -> tuple[UnitWork, ...]:
    """Return whom a code may name: by its own number, else by an article without a number."""
    texts = {code_text(one) for one in meanings}
    reads = [read for one in meanings if (read := item_of(one)) is not None]
    serials = {read.serial for read in reads if read.serial}
    exact = tuple(one for one in waiting if one.lpn in texts or one.serial in serials)
    if exact or serials:
        return exact
    alike = tuple(one for one in waiting if one.gtin in {read.gtin for read in reads})
    nameless = tuple(one for one in alike if not (one.lpn or one.serial))
    return nameless or alike


def _name(one: UnitWork) -> str:
    tail = f"…{one.serial[-4:]}" if one.serial else ""
    return one.lpn or tail or one.gtin or ""
