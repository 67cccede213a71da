"""Reads orders of every version and says what is wrong with them, before anything moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sim.robot.floor import Xy

TAGS_MAX: Final = 64
BLOCKING: Final = ("NONE", "SOFT", "SINGLE", "HARD")


class OrderError(ValueError):
    """An order that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do at a node."""

    id: str
    type: str
    load: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One node of an order with its place in the sequence; `reach` = allowed deviation, metres."""

    node: str
    sequence: int
    released: bool
    actions: tuple[Action, ...]
    at: Xy | None = None
    reach: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One edge of an order."""

    edge: str
    sequence: int
    released: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A whole order: n stops, n - 1 tracks between them."""

    id: str
    update: int
    stops: tuple[Stop, ...]
    tracks: tuple[Track, ...]

    def actions(self) -> tuple[Action, ...]:
        """Return all actions in the order in which they are met."""
        return tuple(action for stop in self.stops for action in stop.actions)


def read_order(body: Mapping[str, Any]) -> Order:
    """Read an order (VDA 5050 2.1 §6.6, 3.0 §6.2). Raises OrderError."""
    order = Order(
        id=_text(body, "orderId"),
        update=_count(body, "orderUpdateId"),
        stops=tuple(_stop(node) for node in _rows(body, "nodes")),
        tracks=tuple(_track(edge) for edge in _rows(body, "edges")),
    )
    _check_sequence(order)
    _check_base(order)
    ids = [action.id for action in order.actions()]
    if len(ids) != len(set(ids)):
        raise OrderError("actionId: twice in one order")
    return order


def _stop(node: Mapping[str, Any]) -> Stop:
    at, reach = _position(node.get("nodePosition"))
    return Stop(
        node=_text(node, "nodeId"),
        sequence=_count(node, "sequenceId"),
        released=_flag(node, "released"),
        actions=tuple(_action(action) for action in _rows(node, "actions")),
        at=at,
        reach=reach,
    )


def _track(edge: Mapping[str, Any]) -> Track:
    _rows(edge, "actions")
    return Track(
        edge=_text(edge, "edgeId"),
        sequence=_count(edge, "sequenceId"),
        released=_flag(edge, "released"),
    )


def _position(given: Any) -> tuple[Xy | None, float]:
    """Return where a node lies and how near is near enough, in every version's spelling."""
    if given is None:
        return None, 0.0
    if not isinstance(given, Mapping):
        raise OrderError("nodePosition: no object")
    _text(given, "mapId")
    allowed = given.get("allowedDeviationXY", given.get("allowedDeviationXy", 0.0))
    if isinstance(allowed, Mapping):
        allowed = max(_number(allowed, "a"), _number(allowed, "b"))
    if not isinstance(allowed, int | float) or isinstance(allowed, bool):
        raise OrderError("allowedDeviationXY: no number")
    return (_number(given, "x"), _number(given, "y")), float(allowed)


def _action(action: Mapping[str, Any]) -> Action:
    given = {_text(row, "key"): row.get("value") for row in _optional_rows(action)}
    blocking = _text(action, "blockingType")
    if blocking not in BLOCKING:
        raise OrderError(f"blockingType: {blocking} is unknown")
    return Action(
        id=_text(action, "actionId"),
        type=_text(action, "actionType"),
        load=str(given.get("loadId", "")),
    )


def _optional_rows(action: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    return _rows(action, "actionParameters") if "actionParameters" in action else ()


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value:
        raise OrderError(f"{key}: a text is expected")
    return value


def _count(row: Mapping[str, Any], key: str) -> int:
    value = row.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**32:
        raise OrderError(f"{key}: a whole number from 0 is expected")
    return value


def _number(row: Mapping[str, Any], key: str) -> float:
    value = row.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise OrderError(f"{key}: a number is expected")
    return float(value)


def _flag(row: Mapping[str, Any], key: str) -> bool:
    value = row.get(key)
    if not isinstance(value, bool):
        raise OrderError(f"{key}: true or false is expected")
    return value


def _rows(row: Mapping[str, Any], key: str) -> tuple[Mapping[str, Any], ...]:
    value = row.get(key)
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise OrderError(f"{key}: a list of objects is expected")
    return tuple(value)


def _check_sequence(order: Order) -> None:
    if not order.stops or len(order.tracks) != len(order.stops) - 1:
        raise OrderError("n nodes need n - 1 edges")
    first = order.stops[0].sequence
    if first % 2:
        raise OrderError("sequenceId: nodes are even")
    if [stop.sequence - first for stop in order.stops] != list(range(0, 2 * len(order.stops), 2)):
        raise OrderError("sequenceId: nodes count by two, without a gap")
    if [track.sequence - first for track in order.tracks] != list(
        range(1, 2 * len(order.tracks), 2)
    ):
        raise OrderError("sequenceId: each edge lies between its nodes")


def _check_base(order: Order) -> None:
    """The base comes first; an edge is released only with both its nodes."""
    line: list[Stop | Track] = [*order.stops, *order.tracks]
    released = [one.released for one in sorted(line, key=lambda one: one.sequence)]
    if not released[0]:
        raise OrderError("released: the first node is not")
    if sorted(released, reverse=True) != released:
        raise OrderError("released: the base has a gap")
    if released.count(True) % 2 == 0:
        raise OrderError("released: an edge without its node")
