"""Sounds and the tones they are made of; which one a change of the screen is told by. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from edge.views import Severity, StationView


class Sound(StrEnum):
    """One sound; the value is the name of its file."""

    OK = "ok"
    RESALE = "resale"
    REPAIR = "repair"
    DISPOSAL = "disposal"
    HOLD = "hold"
    QUESTION = "question"
    TICK = "tick"
    NO = "no"
    ERROR = "error"
    ALARM = "alarm"


Tone = tuple[int, int]
"""Hertz (0 = silence) and milliseconds."""

LOW: Final = 300
MIDDLE: Final = 800
RISING: Final = (1000, 1260, 1590)  # a major third each
TONES: Final[Mapping[Sound, tuple[Tone, ...]]] = {
    Sound.OK: ((1600, 60),),
    Sound.RESALE: ((RISING[0], 120),),
    Sound.REPAIR: ((RISING[0], 120), (0, 40), (RISING[1], 120)),
    Sound.DISPOSAL: ((RISING[0], 120), (0, 40), (RISING[1], 120), (0, 40), (RISING[2], 120)),
    Sound.HOLD: ((MIDDLE, 300), (0, 80), (MIDDLE, 300)),
    Sound.QUESTION: ((MIDDLE, 90), (0, 50), (MIDDLE, 90)),
    Sound.TICK: ((1600, 20),),
    Sound.NO: ((LOW, 80),),
    Sound.ERROR: ((LOW, 150), (0, 80), (LOW, 150)),
    Sound.ALARM: ((600, 200), (900, 200), (600, 200), (900, 200)),
}
PUT: Final = "fb.put"
DUPLICATE: Final = "fb.duplicate"
_ZONES: Final[Mapping[str, Sound]] = {
    zone.value: zone for zone in (Sound.RESALE, Sound.REPAIR, Sound.DISPOSAL, Sound.HOLD)
}
_HARMLESS: Final = frozenset({"E00", "E01", "E30", "E33", "E35", "E37", "E45", "E71"})


def sound_of(before: StationView | None, view: StationView) -> Sound | None:
    """Return what tells this change, None where nothing happened that is heard.

    Danger is heard again and again (`is_alarming`); a question is heard when it is put.
    """
    fb = view.fb
    if fb is None or before is None or (before.fb is not None and before.fb.n == fb.n):
        return None
    if is_alarming(view) and not is_alarming(before):
        return Sound.ALARM
    if fb.t == DUPLICATE:
        return Sound.TICK
    if fb.t == PUT:
        return _ZONES.get(str(fb.p.get("zone", "")), Sound.OK)
    if fb.sev is Severity.ERROR:
        return Sound.NO if fb.t in _HARMLESS else Sound.ERROR
    if fb.sev is Severity.WARN:
        return Sound.NO
    if _question(view) not in (None, _question(before)):
        return Sound.QUESTION
    return Sound.OK if fb.sev is Severity.OK else None


def is_alarming(view: StationView) -> bool:
    """Return whether danger or a supervisor is awaited: the alarm sounds until someone answers."""
    return view.state in ("HAZARD", "STOP")


def _question(view: StationView) -> str | None:
    must = getattr(view.work, "must", None)
    return None if must is None else str(must.step)
