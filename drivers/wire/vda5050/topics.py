"""MQTT topics of a robot (VDA 5050 2.1 §6.5)."""

import re
from dataclasses import dataclass
from typing import Final

# Beside MQTT's own characters no NUL and no other control character, which brokers refuse or keep.
_LEVEL: Final = re.compile(r"[^/+#$\s\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}")
_VERSION: Final = re.compile(r"(\d{1,3})\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotTopics:
    """The topics of one robot that a master control uses."""

    order: str
    instant_actions: str
    state: str
    connection: str
    factsheet: str


def topics_of(interface: str, version: str, manufacturer: str, serial: str) -> RobotTopics:
    """Return the topics `<interface>/v<major>/<manufacturer>/<serial>/<name>`.

    Raises ValueError for a level that MQTT or the standard does not allow.
    """
    for level in (interface, manufacturer, serial):
        if _LEVEL.fullmatch(level) is None:
            raise ValueError(
                f"topic level: {level!r} does not fit: "
                "1 to 64 characters, none of / + # $, no space and no control character"
            )
    stem = f"{interface}/v{major_of(version)}/{manufacturer}/{serial}"
    return RobotTopics(
        order=f"{stem}/order",
        instant_actions=f"{stem}/instantActions",
        state=f"{stem}/state",
        connection=f"{stem}/connection",
        factsheet=f"{stem}/factsheet",
    )


def major_of(version: str) -> int:
    """Return the major number of a version `2.1.0`. Raises ValueError for anything else."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ValueError(f"version: {version!r} is no version: three numbers such as 2.1.0")
    return int(match[1])
