"""What is special about a robot model; a file of the folder profiles/ fills it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from drivers.wire.vda5050.dialect import Dialect, dialect_of

INSTANT_KEYS: Final = ("actions", "instantActions")
DEVIATION_KEYS: Final = ("allowedDeviationXY", "allowedDeviationXy")
TIMERS: Final = ("accept", "state_stale", "progress", "action", "pick", "drop", "order", "cancel")
ACTIONS: Final = ("pick", "drop")
LANGUAGES: Final = ("ru", "en")
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class LoadsUse(StrEnum):
    """How far the robot's `loads` are believed: required = no end of a drop without it."""

    REQUIRED = "required"
    ADVISORY = "advisory"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotProfile:
    """Keys of a vendor profile; an empty `interface` or `deviation_keys` is that of the version.

    `pick`, `drop`: action parameters that nodes may override; `action_map`: the robot's own names
    of the actions pick and drop. `start_deviation_m` is how far the first node may be from it.
    `id_len` 0 = no limit. `timers`: seconds, by the names of TIMERS; `error_text`: errorType →
    ru, en → text for the operator.
    """

    version: str = "2.1.0"
    interface: str = ""
    instant_keys: tuple[str, ...] = ("actions",)
    action_name: bool = False
    deviation_keys: tuple[str, ...] = ()
    node_position: bool = True
    free_nav: bool = False
    temp_start_node: bool = False
    start_deviation_m: float = 0.5
    loads: LoadsUse = LoadsUse.ADVISORY
    reports_online_after_reconnect: bool = True
    min_order_interval_s: float = 1.0
    id_numerical: bool = False
    id_len: int = 0
    pick: Mapping[str, str] = field(default_factory=lambda: _NONE)
    drop: Mapping[str, str] = field(default_factory=lambda: _NONE)
    action_map: Mapping[str, str] = field(default_factory=lambda: _NONE)
    error_text: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    timers: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        dialect_of(self.version)
        _need_known("instant_keys", self.instant_keys, INSTANT_KEYS)
        _need_known("deviation_keys", self.deviation_keys, DEVIATION_KEYS)
        _need_known("action_map", self.action_map, ACTIONS)
        _need_known("timers", self.timers, TIMERS)
        if "actions" not in self.instant_keys:
            raise ValueError('instant_keys: "actions" is missing: every version knows that key')
        for kind, texts in self.error_text.items():
            if set(texts) != set(LANGUAGES):
                raise ValueError(f"error_text: {kind} does not fit: one text each for ru and en")
        for key in ("start_deviation_m", "min_order_interval_s", "id_len"):
            if getattr(self, key) < 0:
                raise ValueError(f"{key}: {getattr(self, key)} is negative: 0 or more")
        if wrong := [name for name, seconds in self.timers.items() if seconds <= 0]:
            raise ValueError(f"timers: {wrong} do not fit: seconds, above 0")

    @property
    def dialect(self) -> Dialect:
        """Return the row of its version."""
        return dialect_of(self.version)

    @property
    def topic_interface(self) -> str:
        """Return the first level of its topics."""
        return self.interface or self.dialect.interface

    def action_type(self, action: str) -> str:
        """Return the robot's name for `pick` or `drop`."""
        return self.action_map.get(action, action)


def _need_known(key: str, given: Iterable[str], known: tuple[str, ...]) -> None:
    if unknown := sorted(set(given) - set(known)):
        raise ValueError(f"{key}: {', '.join(unknown)} is not known: {', '.join(known)}")
