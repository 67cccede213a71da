"""Touch time of a unit: what the person did, what the station made wait, what came between."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from edge.events import Milliseconds

INTERRUPTED_MS: Final = 60_000  # a longer gap between two acts is no work on this unit

Acted = tuple[int, str, str]
"""Milliseconds since the service started, kind of act, key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """Milliseconds since the unit was taken, and the wall time up to which they are counted."""

    until_ms: int
    active: int = 0
    waiting: int = 0
    interrupted: int = 0


def acted(touch: Touch, acts: Iterable[Acted], *, wall_ms: int, mono_ms: int) -> Touch:
    """Return the touch time after these acts; both clocks are read at the same moment."""
    for at_mono_ms, *_ in acts:
        at_ms = wall_ms - (mono_ms - at_mono_ms)
        gap = max(0, at_ms - touch.until_ms)
        if gap > INTERRUPTED_MS:
            touch = replace(touch, interrupted=touch.interrupted + gap, until_ms=at_ms)
        elif at_ms > touch.until_ms:
            touch = replace(touch, active=touch.active + gap, until_ms=at_ms)
    return touch


def ended(touch: Touch, wall_ms: int) -> Milliseconds:
    """Return the whole; what is left after the last act, the person waited for the station."""
    return Milliseconds(
        active=touch.active,
        waiting=touch.waiting + max(0, wall_ms - touch.until_ms),
        interrupted=touch.interrupted,
    )
