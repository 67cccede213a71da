"""What is special about a robot model; a file of the folder profiles/ fills it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from drivers.wire.vda5050.topics import major_of

SUPPORTED_MAJORS: Final = (2,)
INSTANT_KEYS: Final = ("actions", "instantActions")
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class LoadsUse(StrEnum):
    """How far the robot's `loads` are believed: required = no end of a drop without it."""

    REQUIRED = "required"
    ADVISORY = "advisory"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotProfile:
    """Keys of a vendor profile.

    `pick`, `drop`: action parameters that nodes may override; `action_map`: the robot's own names
    of the actions pick and drop. `start_deviation_m` is how far the first node may be from it.
    """

    version: str = "2.1.0"
    interface: str = "uagv"
    instant_keys: tuple[str, ...] = ("actions",)
    action_name: bool = False
    deviation_keys: tuple[str, ...] = ("allowedDeviationXY",)
    node_position: bool = True
    free_nav: bool = False
    temp_start_node: bool = False
    start_deviation_m: float = 0.5
    loads: LoadsUse = LoadsUse.ADVISORY
    min_order_interval_s: float = 1.0
    id_numerical: bool = False
    pick: Mapping[str, str] = field(default_factory=lambda: _NONE)
    drop: Mapping[str, str] = field(default_factory=lambda: _NONE)
    action_map: Mapping[str, str] = field(default_factory=lambda: _NONE)

    def __post_init__(self) -> None:
        if major_of(self.version) not in SUPPORTED_MAJORS:
            raise ValueError(f"version: {self.version} is not spoken: 2.0.0 or 2.1.0")
        if "actions" not in self.instant_keys or set(self.instant_keys) - set(INSTANT_KEYS):
            raise ValueError(
                f'instant_keys: {self.instant_keys} does not fit: "actions", and "instantActions"'
            )
        if unknown := set(self.action_map) - {"pick", "drop"}:
            raise ValueError(f"action_map: unknown {sorted(unknown)}: pick and drop")
        if self.start_deviation_m < 0 or self.min_order_interval_s < 0:
            raise ValueError("start_deviation_m: a number is negative: 0 or more")

    def action_type(self, action: str) -> str:
        """Return the robot's name for `pick` or `drop`."""
        return self.action_map.get(action, action)
