"""The empty packing of what is missing: photographed first, or given up by a supervisor.

A line is declared missing when its evidence is on disk; once for a parcel. Where no camera looks at
boxes, that is said, and nothing waits. After a supervisor's word it is declared by the same keys.
"""

from dataclasses import replace

from edge.station import outside, parcels
from edge.station.box import PACKING
from edge.station.decision import (
    Context,
    Decision,
    PhotoRequest,
    Screen,
    Slot,
    noted,
    on_parcel,
    refused,
)
from edge.station.inputs import PhotoInput
from edge.station.state import ParcelWork, State
from edge.views import Severity

SLOT = Slot(name=PACKING, role="parcel")


def declare(
    state: State, screen: Screen, parcel: ParcelWork, pressed: str, *, context: Context
) -> Decision:
    """Declare one line missing by its digit, or all the rest by Enter, once there is evidence."""
    if parcel.box.has_packing:
        return _declared(state, screen, parcel, pressed)
    if SLOT.role in context.camera_roles:
        return _asked(replace(screen, packing=pressed), parcel)
    nothing = outside.with_photos(Decision(screen=screen), parcel.parcel, (SLOT,), context)
    return _declared(state, screen, parcel, pressed).after(nothing.drafts)


def key(screen: Screen, parcel: ParcelWork, pressed: str) -> Decision:
    """Take a key while the photograph is owed: 9 takes it again."""
    match pressed:
        case "esc":
            return Decision(screen=replace(screen, packing="", missing=False))
        case "9":
            return _asked(screen, parcel)
        case _:
            return refused(screen, "E34", slot=PACKING)


def is_awaited(state: State, screen: Screen, given: PhotoInput) -> bool:
    """Return whether a line is declared missing as soon as this photograph is there."""
    is_ours = given.slot == PACKING and given.parcel is not None
    return bool(screen.packing) and is_ours and given.parcel == state.bench


def arrived(state: State, screen: Screen, given: PhotoInput) -> Decision:
    """Record the photograph and what was declared; without one it is still owed."""
    parcel = state.parcel
    assert parcel is not None, "it is awaited for the parcel on the bench"
    if given.photo is None:
        return Decision(screen=noted(screen, Severity.ERROR, "E34", slot=PACKING))
    taken = replace(on_parcel(parcel.parcel, given.photo), time_ms=given.at_ms)
    return _declared(state, screen, parcel, screen.packing).after((taken,))


def _asked(screen: Screen, parcel: ParcelWork) -> Decision:
    request = PhotoRequest(parcel=parcel.parcel, slot=SLOT)
    shown = noted(screen, Severity.WARN, "E34", slot=PACKING)
    return Decision(screen=shown, photos=(request,), no="E34")


def _declared(state: State, screen: Screen, parcel: ParcelWork, pressed: str) -> Decision:
    if pressed == "enter":
        return parcels.missing_rest(state, screen, parcel)
    return parcels.missing(state, screen, parcel, parcel.lines[int(pressed) - 1])
