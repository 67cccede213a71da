"""An item without a code: a person says which announced line it is; or its number is typed."""

from collections.abc import Iterable
from typing import Final

from edge.barcodes.meanings import CommandCode, Meaning
from edge.events import ArrivedLine
from edge.station import entry, units
from edge.station.decision import (
    Choice,
    Context,
    Decision,
    Screen,
    asked,
    refused,
    state_name,
)
from edge.station.inputs import Lookups
from edge.station.meanings import COMMAND_KEYS, ItemRead
from edge.station.state import ParcelWork, State
from edge.views import Message

KEY: Final = "f10"
WHICH: Final = "E14"
TYPE_IN: Final = "9"
LINES_MAX: Final = 8


def is_asked(meanings: Iterable[Meaning]) -> bool:
    """Return whether nothing was read, or the label of this key: item rows may be needed."""
    codes = [one for one in meanings if not isinstance(one, CommandCode)]
    names = {COMMAND_KEYS.get(one.command) for one in meanings if isinstance(one, CommandCode)}
    return not codes and (not names or KEY in names)


def can_ask(state: State, screen: Screen) -> bool:
    """Return whether the open parcel still waits for something that can be named by its line."""
    parcel = state.parcel
    return state_name(state, screen) == "PARCEL" and parcel is not None and bool(_open(parcel))


def ask(state: State, screen: Screen, lookups: Lookups) -> Decision:
    """Show the lines that are still open; the last way out is to type a number."""
    parcel = state.parcel
    assert parcel is not None, "can_ask has looked"
    named = tuple(
        (str(n), Message(t="opt.line", p={"name": line.title or {}, "no": line.gtin or line.sku}))
        for n, line in enumerate(_open(parcel), start=1)
    )
    opts = ((TYPE_IN, "opt.type_in"),)
    return asked(screen, Choice(code=WHICH, named=named, opts=opts, lookups=lookups))


def chosen(
    state: State, screen: Screen, choice: Choice, pressed: str, *, context: Context
) -> Decision:
    """Open the unit of the chosen line; nothing proves it but the person's word."""
    parcel = state.parcel
    if pressed == TYPE_IN:
        return entry.begin(screen)
    lines = _open(parcel) if parcel is not None else ()
    if parcel is None or not pressed.isdecimal() or not 1 <= int(pressed) <= len(lines):
        return refused(screen, "E00", want="want.digit")
    line = lines[int(pressed) - 1]
    binding = units.Binding(line=line, basis="parcel", match="expected", how=units.BY_HAND)
    read = ItemRead(gtin=line.gtin)
    opened = units.begin(
        screen, parcel, choice.lookups, binding=binding, read=read, context=context
    )
    return opened.decision


def _open(parcel: ParcelWork) -> tuple[ArrivedLine, ...]:
    return tuple(line for line in parcel.lines if parcel.left_of(line) > 0)[:LINES_MAX]
