"""A box that came damaged or opened: said before anything is taken out, inherited by its units."""

from typing import Final

from edge.events import ParcelDamaged
from edge.station import agreed, outside
from edge.station.decision import (
    Context,
    Decision,
    Screen,
    Slot,
    accepted,
    clean,
    on_parcel,
    refused,
)
from edge.station.state import ParcelWork
from edge.views import Mark
from zoning.checklist.values import Option
from zoning.pack import UNKNOWN_ITEM

DIGITS: Final = frozenset("12345678")


def can_be_said(parcel: ParcelWork) -> bool:
    """Return whether nothing was taken out of the box yet."""
    return not parcel.units


def shown(parcel: ParcelWork, context: Context) -> tuple[Mark, ...]:
    """Return what may be said of the box, by digit; level 1 = it was said."""
    if not can_be_said(parcel):
        return ()
    return tuple(
        Mark(k=str(n), step=one.id, t=one.label, level=int(_is_said(parcel, one)), levels=1)
        for n, one in enumerate(_options(parcel, context), start=1)
    )


def said(screen: Screen, parcel: ParcelWork, pressed: str, context: Context) -> Decision:
    """Record one damage of the box; F9 takes it back."""
    options = _options(parcel, context)
    if not 1 <= int(pressed) <= len(options) or _is_said(parcel, options[int(pressed) - 1]):
        return refused(screen, "E00", want="want.item")
    option = options[int(pressed) - 1]
    event = ParcelDamaged(kinds=(option.id,), flags=option.flags, carrier=parcel.carrier)
    draft = on_parcel(parcel.parcel, event)
    decision = accepted(clean(screen), "fb.parcel_damaged", draft, what=option.label)
    slots = agreed.pack_of_parcel(parcel, context).checklists[UNKNOWN_ITEM].slots
    shown_in = (Slot(name=name, role=slots[name].camera) for name in option.photo)
    return outside.with_photos(decision, parcel.parcel, shown_in, context)


def _is_said(parcel: ParcelWork, option: Option) -> bool:
    return set(option.flags) <= set(parcel.flags)


def _options(parcel: ParcelWork, context: Context) -> tuple[Option, ...]:
    """Answers of the parcel step that tell of damage; a danger has a key of its own."""
    pack = agreed.pack_of_parcel(parcel, context)
    steps = (step for step in pack.checklists[UNKNOWN_ITEM].steps if step.by_parcel)
    return tuple(
        option
        for step in steps
        for option in step.options
        if option.flags and pack.policy.hazard(option.flags) is None
    )
