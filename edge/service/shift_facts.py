"""The figures of the open shift as its report tells them."""

from datetime import datetime

from edge.labels.shift_report import ShiftFacts
from edge.station.doubts import doubts
from edge.station.state import State
from edge.views import Figures


def shift_facts(
    station: str, state: State, figures: Figures | None, *, unsent: int, wall_ms: int
) -> ShiftFacts:
    """Return what is printed of the shift that is open; of none its zeroes."""
    shift, shown = state.shift, figures or Figures()
    now = datetime.fromtimestamp(wall_ms / 1000).astimezone()
    since_ms = shift.since_ms if shift is not None else wall_ms
    since = datetime.fromtimestamp(since_ms / 1000).astimezone()
    return ShiftFacts(
        station=station,
        operator=shift.operator if shift is not None else "",
        day=f"{now:%d.%m.%Y %H:%M}",
        since=f"{since:%H:%M}",
        length_min=max(0, wall_ms - since_ms) // 60_000,
        pause_min=shown.pause_min,
        zones=shift.zones if shift is not None else {},
        units=shift.units if shift is not None else 0,
        parcels=shift.parcels if shift is not None else 0,
        mean_s=shown.mean_s,
        acts_tenths=shown.acts_tenths,
        corrections=shown.corrections,
        supervised=shown.supervised,
        photos_missing=shown.photos_missing,
        unsent=unsent,
        moves=len(state.moves),
        doubts=len(doubts(state)),
    )
