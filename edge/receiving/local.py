"""The hour on the wall: how far it is from UTC. The flow machine reads no clock and knows none."""

from datetime import datetime


def offset_s(wall_ms: int) -> int:
    """Return the seconds east of UTC at this moment, by the machine's time zone."""
    here = datetime.fromtimestamp(wall_ms / 1000).astimezone().utcoffset()
    return int(here.total_seconds()) if here is not None else 0
