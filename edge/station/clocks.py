"""Times as people read them: by the clock on the wall here, and how long there is left."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

DAY_S: Final = 86_400
HOUR_MS: Final = 3_600_000
HOURS_MAX: Final = 48  # what is further away is told in days


def clock(at_ms: int, offset_s: int) -> str:
    """Return the time of the day as HH:MM:SS; `offset_s` = seconds east of UTC."""
    seconds = (at_ms // 1000 + offset_s) % DAY_S
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def short_clock(at_ms: int, offset_s: int) -> str:
    """Return the time of the day as HH:MM."""
    return clock(at_ms, offset_s)[:5]


def day_clock(at_ms: int, offset_s: int) -> str:
    """Return the day and the time of an earlier moment, as YYYY-MM-DD HH:MM."""
    here = datetime.fromtimestamp(at_ms / 1000, UTC) + timedelta(seconds=offset_s)
    return f"{here:%Y-%m-%d %H:%M}"


def left(until_ms: int, now_ms: int) -> Mapping[str, Any]:
    """Return how long there is left, as the parameter of a message: whole hours, then days."""
    hours = (until_ms - now_ms) // HOUR_MS
    if until_ms <= now_ms:
        return {"t": "left.late"}
    if hours < HOURS_MAX:
        return {"t": "left.hours", "p": {"n": max(1, hours)}}
    return {"t": "left.days", "p": {"n": hours // 24}}
