"""The styles of PLC by the name that stands in the configuration. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

from drivers.wire.conveyor_map import MapOptions
from drivers.wire.conveyor_profile import BeltProfile
from drivers.wire.conveyor_pulse import Pulse
from drivers.wire.conveyor_registers import SeqAck
from drivers.wire.conveyor_release_counter import ReleaseCounter
from drivers.wire.conveyor_task_echo import TaskEcho

STYLES: Final[Mapping[str, Callable[[MapOptions], BeltProfile]]] = {
    "seq_ack": SeqAck,
    "release_counter": ReleaseCounter,
    "task_echo": TaskEcho,
    "pulse": Pulse,
}


def style_of(name: str, options: MapOptions) -> BeltProfile:
    """Return the codec of a style. Raises ValueError, `key: problem: what is allowed`."""
    if name not in STYLES:
        raise ValueError(f"profile: {name!r} is no style: {', '.join(STYLES)}")
    return STYLES[name](options)
