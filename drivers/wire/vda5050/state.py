"""A robot's state message as one value, whatever its version (VDA 5050 2.1 §6.10, 3.0 §6.6).

Reads tolerantly and never raises on JSON: a key that is missing or odd is unknown, not empty.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from drivers.protocols import ActionStatus, RobotError
from drivers.wire.vda5050.dialect import Dialect
from drivers.wire.vda5050.json_values import count, number, rows, table, text, truth, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a robot says it stands, in metres on its map."""

    x: float
    y: float
    map_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionReport:
    """One entry of actionStates or instantActionStates."""

    status: ActionStatus
    type: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotState:
    """A state; `None` = the robot did not say. `order_id` stays after the order's end.

    `actions` holds all actions by id, instant ones too. `released_left` counts the nodes that are
    left of the base. `asks_fleet` = it waits for grants that only a fleet manager gives.
    """

    order_id: str | None = None
    order_update_id: int | None = None
    version: str = ""
    last_node: str = ""
    last_node_seq: int = 0
    nodes_left: int | None = None
    released_left: int | None = None
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
    is_stopped: bool = False
    asks_fleet: bool = False
    actions: Mapping[str, ActionReport] = field(default_factory=dict)
    errors: tuple[RobotError, ...] = ()

    @property
    def is_at_rest(self) -> bool:
        """Return whether the robot itself says that no way is left and that it stands."""
        return self.nodes_left == 0 and self.edges_left == 0 and self.driving is False

    def are_actions_ended(self, instant_ids: Collection[str] = ()) -> bool:
        """Return whether every action ended, but for questions and instant actions of ours."""
        return all(
            action.status.is_ended or action_id in instant_ids or action.type in _QUESTIONS
            for action_id, action in self.actions.items()
        )

    def is_idle(self, instant_ids: Collection[str] = ()) -> bool:
        """Return whether it is at rest and every action ended."""
        return self.is_at_rest and self.are_actions_ended(instant_ids)


INTERVENED: Final = "INTERVENED"
_ORDER_MODES: Final = ("AUTOMATIC", "SEMIAUTOMATIC")
_QUESTIONS: Final = ("stateRequest", "factsheetRequest")
# Says that an order was refused, under a level that stops a robot, until the next one is taken:
# believed as a stop it would lock the robot out for ever (3.0 §6.1.4.2).
_REFUSALS: Final = ("UNSUPPORTED_PARAMETER",)
_STATUSES: Final = {str(status).upper(): status for status in ActionStatus}


def read_state(message: Mapping[str, Any], dialect: Dialect) -> RobotState:
    """Return the state of a robot that speaks this version."""
    names = dialect.state
    safety, place = table(message, "safetyState"), table(message, names.position)
    mode, e_stop = text(message, "operatingMode") or "", text(safety, names.emergency_stop)
    errors = _errors(message)
    return RobotState(
        version=text(message, "version") or "",
        order_id=text(message, "orderId"),
        order_update_id=whole(message, "orderUpdateId"),
        last_node=text(message, "lastNodeId") or "",
        last_node_seq=whole(message, "lastNodeSequenceId") or 0,
        nodes_left=count(message, "nodeStates"),
        released_left=_released(message),
        edges_left=count(message, "edgeStates"),
        driving=truth(message, "driving"),
        paused=truth(message, "paused"),
        mode=mode,
        takes_orders=mode in _ORDER_MODES,
        clears_order=mode in names.clearing_modes,
        emergency_stop=None if e_stop is None else e_stop != "NONE",
        field_violation=truth(safety, "fieldViolation"),
        position=_position(place),
        localized=truth(place, names.localized),
        charge_percent=number(table(message, names.power), names.charge),
        loads=count(message, "loads"),
        is_stopped=any(
            error.level in names.stopping_levels and error.type not in _REFUSALS for error in errors
        ),
        asks_fleet=bool(count(message, "zoneRequests") or count(message, "edgeRequests")),
        actions=_actions(message, dialect),
        errors=errors,
    )


def connection_of(message: Mapping[str, Any]) -> bool | None:
    """Return whether a `connection` message says ONLINE, None if it says nothing."""
    said = text(message, "connectionState")
    return None if said is None else said == "ONLINE"


def _released(message: Mapping[str, Any]) -> int | None:
    """A node that does not say whether it is released may be driven to: it counts."""
    if count(message, "nodeStates") is None:
        return None
    return sum(row.get("released") is not False for row in rows(message, "nodeStates"))


def _position(place: Mapping[str, Any]) -> Position | None:
    x, y = number(place, "x"), number(place, "y")
    if x is None or y is None:
        return None
    return Position(x=x, y=y, map_id=text(place, "mapId") or "")


def _actions(message: Mapping[str, Any], dialect: Dialect) -> dict[str, ActionReport]:
    """Return both lists as one, by action id; 2.x has one list alone."""
    names = dialect.state
    lists = dict.fromkeys((names.instant_states, "actionStates"))
    return {
        action_id: ActionReport(
            status=_STATUSES.get(text(entry, "actionStatus") or "", ActionStatus.UNKNOWN),
            type=text(entry, "actionType") or "",
            result=text(entry, names.result) or "",
        )
        for key in lists
        for entry in rows(message, key)
        if (action_id := text(entry, "actionId")) is not None
    }


def _errors(message: Mapping[str, Any]) -> tuple[RobotError, ...]:
    return tuple(
        RobotError(
            type=text(entry, "errorType") or "",
            level=text(entry, "errorLevel") or "",
            description=text(entry, "errorDescription") or "",
            hint=text(entry, "errorHint") or "",
            references=tuple(
                (text(pair, "referenceKey") or "", text(pair, "referenceValue") or "")
                for pair in rows(entry, "errorReferences")
            ),
        )
        for entry in rows(message, "errors")
    )
