"""To which unit a photograph belongs: by a code in its very frame, else by the open window.

A frame that shows another open unit's code is evidence of that one and of nothing else.
"""

from collections.abc import Iterable
from enum import StrEnum

from edge.barcodes.meanings import Meaning
from edge.events import ParcelId, UnitId
from edge.station.meanings import ItemRead, code_text, item_of
from edge.station.state import State, UnitWork


class Bound(StrEnum):
    """What ties a photograph to a unit, or why it is not taken."""

    CODE_IN_FRAME = "code_in_frame"
    OPEN_WINDOW = "open_window"
    OTHER_UNIT = "other_unit"
    NOT_HERE = "not_here"


def bound(state: State, unit: UnitId, seen: Iterable[Meaning]) -> Bound:
    """Return what ties a frame with these codes to a unit.

    Its window is open between its identification and its put, while it is the one in hand.
    """
    own = state.units.get(unit)
    if own is None or own.put:
        return Bound.NOT_HERE
    reads = [read for meaning in seen if (read := item_of(meaning)) is not None]
    if any(_is_of(own, read) for read in reads):
        return Bound.CODE_IN_FRAME
    others = [other for other in state.units.values() if other.unit != unit and not other.put]
    if any(_is_of(other, read) for other in others for read in reads):
        return Bound.OTHER_UNIT
    return Bound.OPEN_WINDOW if state.hand == unit else Bound.NOT_HERE


def bound_box(state: State, parcel: ParcelId, seen: Iterable[Meaning]) -> Bound:
    """Return what ties a frame with these codes to a box: its own number, or that it is at hand."""
    own = state.parcels.get(parcel)
    if own is None:
        return Bound.NOT_HERE
    codes = {code_text(meaning) for meaning in seen}
    if codes & {*own.codes, own.provisional}:
        return Bound.CODE_IN_FRAME
    others = (one for name, one in state.parcels.items() if name != parcel)
    if any(codes & set(one.codes) for one in others):
        return Bound.OTHER_UNIT
    return Bound.OPEN_WINDOW if state.bench in (parcel, None) else Bound.NOT_HERE


def _is_of(unit: UnitWork, read: ItemRead) -> bool:
    """Return whether a code names this very piece; an article number alone names none."""
    if unit.serial is None or read.serial != unit.serial:
        return False
    return None in (read.gtin, unit.gtin) or read.gtin == unit.gtin
