"""Figures of the day and the shift as a screen shows them, and what waits at the station."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures of a stretch that is not over, from `since` (local HH:MM) on.

    `measured` pieces have `acts_tenths` (mean, tenths of an act) and times: `mean_s` = active +
    waiting for the station; `interrupted_s` is not in it; `recent_s` = the newest pieces, oldest
    first. `wrong` of `checked` random second looks found an error, the rate is not above
    `upper_ppm` at 95 %.
    """

    since: str = ""
    zones: Mapping[str, int] = field(default_factory=dict)
    units: int = 0
    parcels: int = 0
    measured: int = 0
    acts_tenths: int = 0
    mean_s: int = 0
    active_s: int = 0
    waiting_s: int = 0
    interrupted_s: int = 0
    best_s: int = 0
    recent_s: tuple[int, ...] = ()
    pause_min: int = 0
    corrections: int = 0
    supervised: int = 0
    photos_missing: int = 0
    defects: tuple[tuple[Mapping[str, str], int], ...] = ()
    wrong: int = 0
    checked: int = 0
    upper_ppm: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits at this station: pieces on hold, the oldest of them, how many are over time.

    `bench` = trays that stand at the bench still, on their way to a zone. `parked` = parcels that
    were put aside, `late` = those of them past their time. Ages in minutes.
    """

    held: int = 0
    held_min: int = 0
    overdue: int = 0
    parked: int = 0
    parked_min: int = 0
    late: int = 0
    bench: tuple[str, ...] = ()
