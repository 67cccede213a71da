"""A robot's state message as one value, whatever its version (VDA 5050 2.1 §6.10).

Reads tolerantly and never raises on JSON: a key that is missing or odd is unknown, not empty.
"""

import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from drivers.protocols import ActionStatus, RobotError

MESSAGE_BYTES_MAX: Final = 1 << 20
TEXT_MAX: Final = 200
LIST_MAX: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a robot says it stands, in metres on its map."""

    x: float
    y: float
    map_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionReport:
    """One entry of actionStates."""

    status: ActionStatus
    type: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotState:
    """A state; `None` = the robot did not say. `order_id` stays after the order's end."""

    order_id: str | None = None
    order_update_id: int | None = None
    version: str = ""
    last_node: str = ""
    last_node_seq: int = 0
    nodes_left: int | None = None
    edges_left: int | None = None
    driving: bool | None = None
    paused: bool | None = None
    mode: str = ""
    takes_orders: bool = False
    clears_order: bool = False
    emergency_stop: bool | None = None
    field_violation: bool | None = None
    position: Position | None = None
    localized: bool | None = None
    charge_percent: float | None = None
    loads: int | None = None
    actions: Mapping[str, ActionReport] = field(default_factory=dict)
    errors: tuple[RobotError, ...] = ()

    @property
    def is_fatal(self) -> bool:
        """Return whether an error stops the robot until somebody helps."""
        return any(error.level in _FATAL for error in self.errors)

    @property
    def is_at_rest(self) -> bool:
        """Return whether the robot itself says that no way is left and that it stands."""
        return self.nodes_left == 0 and self.edges_left == 0 and self.driving is False

    def is_idle(self, instant_ids: Collection[str] = ()) -> bool:
        """Return whether it is at rest and every action ended, but for instant actions of ours."""
        return self.is_at_rest and all(
            action.status.is_ended or action_id in instant_ids or action.type in _QUESTIONS
            for action_id, action in self.actions.items()
        )


_ORDER_MODES: Final = ("AUTOMATIC", "SEMIAUTOMATIC")
_CLEARING_MODES: Final = ("MANUAL", "SERVICE", "TEACHIN")
_FATAL: Final = ("FATAL", "CRITICAL")
_QUESTIONS: Final = ("stateRequest", "factsheetRequest")


def parse(payload: bytes) -> Mapping[str, Any] | None:
    """Return the JSON object of a message, None for anything else."""
    if len(payload) > MESSAGE_BYTES_MAX:
        return None
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def normalise_v2(message: Mapping[str, Any]) -> RobotState:
    """Return the state of a robot that speaks 2.0 or 2.1."""
    battery, safety = _table(message, "batteryState"), _table(message, "safetyState")
    place = _table(message, "agvPosition")
    mode, e_stop = _text(message, "operatingMode") or "", _text(safety, "eStop")
    return RobotState(
        version=_text(message, "version") or "",
        order_id=_text(message, "orderId"),
        order_update_id=_whole(message, "orderUpdateId"),
        last_node=_text(message, "lastNodeId") or "",
        last_node_seq=_whole(message, "lastNodeSequenceId") or 0,
        nodes_left=_count(message, "nodeStates"),
        edges_left=_count(message, "edgeStates"),
        driving=_truth(message, "driving"),
        paused=_truth(message, "paused"),
        mode=mode,
        takes_orders=mode in _ORDER_MODES,
        clears_order=mode in _CLEARING_MODES,
        emergency_stop=None if e_stop is None else e_stop != "NONE",
        field_violation=_truth(safety, "fieldViolation"),
        position=_position(place),
        localized=_truth(place, "positionInitialized"),
        charge_percent=_number(battery, "batteryCharge"),
        loads=_count(message, "loads"),
        actions=_actions(message),
        errors=_errors(message),
    )


NORMALISERS: Final[Mapping[int, Callable[[Mapping[str, Any]], RobotState]]] = {2: normalise_v2}


def connection_of(message: Mapping[str, Any]) -> bool | None:
    """Return whether a `connection` message says ONLINE, None if it says nothing."""
    said = _text(message, "connectionState")
    return None if said is None else said == "ONLINE"


def _position(place: Mapping[str, Any]) -> Position | None:
    x, y = _number(place, "x"), _number(place, "y")
    if x is None or y is None:
        return None
    return Position(x=x, y=y, map_id=_text(place, "mapId") or "")


def _actions(message: Mapping[str, Any]) -> dict[str, ActionReport]:
    reports = {}
    for entry in _rows(message, "actionStates"):
        action_id = _text(entry, "actionId")
        if action_id is not None:
            reports[action_id] = ActionReport(
                status=_STATUSES.get(_text(entry, "actionStatus") or "", ActionStatus.UNKNOWN),
                type=_text(entry, "actionType") or "",
                result=_text(entry, "resultDescription") or "",
            )
    return reports


_STATUSES: Final = {str(status).upper(): status for status in ActionStatus}


def _errors(message: Mapping[str, Any]) -> tuple[RobotError, ...]:
    return tuple(
        RobotError(
            type=_text(entry, "errorType") or "",
            level=_text(entry, "errorLevel") or "",
            description=_text(entry, "errorDescription") or "",
            hint=_text(entry, "errorHint") or "",
            references=tuple(
                (_text(pair, "referenceKey") or "", _text(pair, "referenceValue") or "")
                for pair in _rows(entry, "errorReferences")
            ),
        )
        for entry in _rows(message, "errors")
    )


def _table(message: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = message.get(key)
    return value if isinstance(value, dict) else {}


def _rows(message: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = message.get(key)
    if not isinstance(value, list):
        return []
    return [row for row in value[:LIST_MAX] if isinstance(row, dict)]


def _count(message: Mapping[str, Any], key: str) -> int | None:
    value = message.get(key)
    return len(value) if isinstance(value, list) else None


def _text(message: Mapping[str, Any], key: str) -> str | None:
    """Return a text that UTF-8 can hold: JSON may carry half a surrogate pair."""
    value = message.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63:
        value = str(value)  # some robots write reference values as numbers
    if not isinstance(value, str):
        return None
    return value[:TEXT_MAX].encode("utf-8", "replace").decode()


def _truth(message: Mapping[str, Any], key: str) -> bool | None:
    value = message.get(key)
    return value if isinstance(value, bool) else None


def _whole(message: Mapping[str, Any], key: str) -> int | None:
    number = _number(message, key)
    return int(number) if number is not None and number.is_integer() else None


def _number(message: Mapping[str, Any], key: str) -> float | None:
    value = message.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and abs(value) >= 1 << 63:
        return None
    return float(value) if math.isfinite(value) else None
