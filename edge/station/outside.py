"""Photographs of a box itself: its label where nobody knows it, its outside where it is damaged."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from edge.events import Draft, ParcelId, PhotoMissing
from edge.station.decision import Context, Decision, PhotoRequest, Screen, Slot, accepted, on_parcel
from edge.station.inputs import PhotoInput
from edge.station.state import State

LABEL: Final = Slot(name="label", role="label")
NO_CAMERA: Final = "no_camera"


def with_photos(
    decision: Decision, parcel: ParcelId, slots: Iterable[Slot], context: Context
) -> Decision:
    """Return a decision that asks for these photographs; what no camera serves is said at once."""
    every = tuple(dict.fromkeys(slots))
    seen = tuple(one for one in every if one.role in context.camera_roles)
    missing = tuple(_missing(parcel, one.name, NO_CAMERA) for one in every if one not in seen)
    asked = tuple(PhotoRequest(parcel=parcel, slot=one) for one in seen)
    return replace(decision, drafts=(*decision.drafts, *missing), photos=(*decision.photos, *asked))


def arrived(state: State, screen: Screen, given: PhotoInput) -> Decision:
    """Record a photograph of a box, or that there is none; nothing waits for it."""
    if given.parcel is None or given.parcel not in state.parcels:
        return Decision(screen=screen)
    if given.photo is None:
        missing = _missing(given.parcel, given.slot, given.reason)
        return Decision(screen=screen, drafts=(missing,))
    taken = replace(on_parcel(given.parcel, given.photo), time_ms=given.at_ms)
    return accepted(screen, "fb.photo", taken, slot=given.slot)


def _missing(parcel: ParcelId, slot: str, reason: str) -> Draft:
    return on_parcel(parcel, PhotoMissing(slot=slot, reason=reason))
