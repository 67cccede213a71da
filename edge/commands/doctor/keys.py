"""How long the labels that an earlier site key signed still count."""

from collections.abc import Iterator

from drivers.protocols import Clock
from edge.commands.doctor.lines import Line, good, poor
from edge.settings.model import Settings


def keys(settings: Settings, clock: Clock) -> Iterator[Line]:
    """Return a line where a previous key is configured."""
    until, day = settings.previous_until_ms, settings.station.previous_key_until
    if until is None:
        return
    what = "previous site key"
    if clock.wall_ms() < until:
        yield good(what, f"its labels count to the end of {day}")
    else:
        said = f"its labels count no more since {day}"
        yield poor(what, said, "take previous_key_file and previous_key_until out of station.toml")
