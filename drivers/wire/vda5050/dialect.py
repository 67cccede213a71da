"""What differs between VDA 5050 2.0, 2.1 and 3.0: one row of names and values per version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from drivers.wire.vda5050.topics import major_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StateNames:
    """Keys and values of a state. Source: 2.0/2.1 §6.10.6, 3.0 §7.7."""

    instant_states: str
    result: str
    power: str
    charge: str
    position: str
    localized: str
    emergency_stop: str
    clearing_modes: frozenset[str]
    stopping_levels: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsheetNames:
    """Keys of a factsheet. Source: 2.1 §7.2, 3.0 §7.10."""

    strings: str
    id_len: str
    load_id_len: str
    message_len: str
    arrays: str
    order_interval: str
    actions: str
    load_mass: str
    set_weight: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One version. `schema`: the official schema that outgoing messages are checked with.

    `deviation_ellipse`: a deviation is an object of half axes, else metres under each of
    `deviation_keys`. `names_actions`: instant actions carry `actionName` beside their type.
    `waits_for_trigger`: the order waits for the instant action `trigger` of master control.
    """

    interface: str
    schema: str
    deviation_keys: tuple[str, ...]
    deviation_ellipse: bool
    names_actions: bool
    waits_for_trigger: bool
    state: StateNames
    factsheet: FactsheetNames


_STATE_2: Final = StateNames(
    instant_states="actionStates",
    result="resultDescription",
    power="batteryState",
    charge="batteryCharge",
    position="agvPosition",
    localized="positionInitialized",
    emergency_stop="eStop",
    clearing_modes=frozenset({"MANUAL", "SERVICE", "TEACHIN"}),
    stopping_levels=frozenset({"FATAL"}),
)
_STATE_3: Final = StateNames(
    instant_states="instantActionStates",
    result="actionResult",
    power="powerSupply",
    charge="stateOfCharge",
    position="mobileRobotPosition",
    localized="localized",
    emergency_stop="activeEmergencyStop",
    clearing_modes=frozenset({"MANUAL", "SERVICE", "TEACH_IN", "STARTUP"}),
    stopping_levels=frozenset({"CRITICAL", "FATAL"}),
)
_FACTS_2: Final = FactsheetNames(
    strings="maxStringLens",
    id_len="idLen",
    load_id_len="loadIdLen",
    message_len="msgLen",
    arrays="maxArrayLens",
    order_interval="minOrderInterval",
    actions="agvActions",
    load_mass="maxLoadMass",
    set_weight="maxWeight",
)
_FACTS_3: Final = FactsheetNames(
    strings="maximumStringLengths",
    id_len="maximumIdLength",
    load_id_len="maximumLoadIdLength",
    message_len="maximumMessageLength",
    arrays="maximumArrayLengths",
    order_interval="minimumOrderInterval",
    actions="mobileRobotActions",
    load_mass="maximumLoadMass",
    set_weight="maximumWeight",
)

DIALECTS: Final[Mapping[str, Dialect]] = {
    "2.0": Dialect(
        interface="uagv",
        schema="2.1.0",
        # The schema of 2.0 and its text spell this key differently; robots follow either.
        deviation_keys=("allowedDeviationXy", "allowedDeviationXY"),
        deviation_ellipse=False,
        names_actions=True,
        waits_for_trigger=False,
        state=_STATE_2,
        factsheet=_FACTS_2,
    ),
    "2.1": Dialect(
        interface="uagv",
        schema="2.1.0",
        deviation_keys=("allowedDeviationXY",),
        deviation_ellipse=False,
        names_actions=False,
        waits_for_trigger=False,
        state=_STATE_2,
        factsheet=_FACTS_2,
    ),
    "3.0": Dialect(
        interface="vda5050",
        schema="3.0.0",
        deviation_keys=("allowedDeviationXY",),
        deviation_ellipse=True,
        names_actions=False,
        waits_for_trigger=True,
        state=_STATE_3,
        factsheet=_FACTS_3,
    ),
}


def dialect_of(version: str) -> Dialect:
    """Return the row of a version such as `2.1.0`. Raises ValueError for one not spoken."""
    major_of(version)
    found = DIALECTS.get(version.rpartition(".")[0])
    if found is None:
        spoken = ", ".join(f"{name}.0" for name in DIALECTS)
        raise ValueError(f"version: {version} is not spoken: one of {spoken}")
    return found
