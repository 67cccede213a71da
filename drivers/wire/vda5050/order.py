"""Orders as JSON bodies without header (VDA 5050 2.1 §6.6, 3.0 §6.1). Pure."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from drivers.protocols import Factsheet, GraphNode, MoveOrder, NodeId
from drivers.wire.vda5050.json_values import parse, rows
from drivers.wire.vda5050.limits import POSITION, Limits
from drivers.wire.vda5050.profile import RobotProfile
from drivers.wire.vda5050.state import Position

_PARAMETERS: Final = ("stationType", "stationName", "loadType", "loadId", "lhd", "height")
_NUMBERS: Final = ("height",)  # every other parameter of pick and drop is a text
_COVER_M: Final = 0.1  # slack beyond the robot's own distance from its last node
_WAIT: Final = "waitForTrigger"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """What every part of an order needs to be written."""

    order: MoveOrder
    limits: Limits
    nodes: Mapping[NodeId, GraphNode]

    @property
    def profile(self) -> RobotProfile:
        return self.limits.profile


def build_order(
    order: MoveOrder,
    profile: RobotProfile,
    nodes: Mapping[NodeId, GraphNode],
    *,
    robot_at: Position | None = None,
    factsheet: Factsheet | None = None,
) -> bytes:
    """Return the order body: nodes 0,2,4…, edges 1,3,5…, all released, update 0.

    `robot_at` widens the start node to where the robot really stands. A prepositioned order of 2.x
    ends at the pick node: the way on is its horizon, the actions come by `build_update`.
    Raises ValueError for a path that is no path, an unknown node or what the robot refuses.
    """
    draft = _Draft(order=order, limits=_limits(profile, factsheet), nodes=nodes)
    _check(draft)
    if order.update_id:
        raise ValueError(f"order {order.order_id} begins with update {order.update_id}, not 0")
    path = _path(order, profile)
    approach = 0 if profile.free_nav else len(order.path_to_pick) - 1
    pick_at = path.index(order.path_to_pick[-1], approach)
    is_open = order.preposition and not profile.dialect.waits_for_trigger
    base = pick_at if is_open else len(path) - 1
    places = [_place(draft, node) for node in path]
    wire_nodes = [_node(draft, place, 2 * n, released=n <= base) for n, place in enumerate(places)]
    _widen(wire_nodes[0], places[0], draft, robot_at)
    if not is_open:
        _act(draft, wire_nodes[pick_at], places[pick_at], "pick")
        _act(draft, wire_nodes[-1], places[-1], "drop")
    return _body(draft, wire_nodes, _edges(draft, path, 0, base))


def build_update(
    order: MoveOrder,
    previous: bytes,
    profile: RobotProfile,
    nodes: Mapping[NodeId, GraphNode],
    *,
    factsheet: Factsheet | None = None,
) -> bytes:
    """Return the update that lets a prepositioned robot of 2.x pick and carry on.

    Its first node is the last released one of `previous`, unchanged; the pick stands at a further
    node of the same place, two numbers later (3.0 §6.1.2 says so; 2.x robots take it).
    Raises ValueError if the order was no such order, or as `build_order` does.
    """
    draft = _Draft(order=order, limits=_limits(profile, factsheet), nodes=nodes)
    _check(draft)
    if not order.preposition or profile.dialect.waits_for_trigger or order.update_id < 1:
        raise ValueError(f"order {order.order_id} is none that an update completes")
    released = [node for node in rows(parse(previous) or {}, "nodes") if node.get("released")]
    if not released or released[-1].get("nodeId") != order.path_to_pick[-1]:
        raise ValueError(f"order {order.order_id} did not end at {order.path_to_pick[-1]}")
    stitch: Json = dict(released[-1])
    first = int(stitch["sequenceId"])
    carry = order.path_to_drop
    path = (carry[0], carry[0], *((carry[-1],) if profile.free_nav else carry[1:]))
    places = [_place(draft, node) for node in path[1:]]
    rest = [_node(draft, place, first + 2 * n, released=True) for n, place in enumerate(places, 1)]
    _act(draft, rest[0], places[0], "pick")
    _act(draft, rest[-1], places[-1], "drop")
    return _body(draft, [stitch, *rest], _edges(draft, path, first, len(path) - 1))


def dumped(message: Mapping[str, Any]) -> bytes:
    """Return compact UTF-8 JSON. Raises ValueError for a number that JSON has not."""
    text = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def _limits(profile: RobotProfile, factsheet: Factsheet | None) -> Limits:
    return Limits(profile=profile, factsheet=factsheet or Factsheet())


def _check(draft: _Draft) -> None:
    order = draft.order
    ids = [str(order.order_id), order.pick_action_id, order.drop_action_id]
    if order.preposition and draft.profile.dialect.waits_for_trigger:
        ids.append(order.wait_action_id)
    for one in ids:
        draft.limits.checked(one)
    if len(set(ids)) < len(ids):
        raise ValueError("two actions of the order, or it and one of them, have the same id")


def _path(order: MoveOrder, profile: RobotProfile) -> tuple[NodeId, ...]:
    """Return the nodes to drive; a free robot gets start, pick and drop alone."""
    approach, carry = order.path_to_pick, order.path_to_drop
    if not approach or len(carry) < 2 or approach[-1] != carry[0] or carry[0] == carry[-1]:
        raise ValueError("the paths do not meet at the pick node, or lead nowhere")
    path = (*approach, *carry[1:])
    if any(path[index] == path[index + 1] for index in range(len(path) - 1)):
        raise ValueError("the path stands still between two nodes")
    if not profile.free_nav:
        return path
    return (*dict.fromkeys((approach[0], approach[-1])), carry[-1])


def _place(draft: _Draft, node: NodeId) -> GraphNode:
    """Return a node of the floor, or the order's own at which it starts."""
    order, start = draft.order, draft.order.start
    known = draft.nodes.get(node)
    if start is not None and node == order.path_to_pick[0]:
        if not draft.profile.temp_start_node or known is not None:
            raise ValueError(f"node {node!r} cannot be a start of the order's own")
        known = GraphNode(id=node, x=start.x, y=start.y, theta=0.0, map_id=start.map_id)
    if known is None:
        raise ValueError(f"node {node!r} is unknown")
    return known


def _node(draft: _Draft, place: GraphNode, sequence: int, *, released: bool) -> Json:
    node: Json = {
        "nodeId": draft.limits.checked(place.id),
        "sequenceId": sequence,
        "released": released,
        "actions": [],
    }
    if draft.limits.sends(POSITION):
        # No theta on the way: it would make the robot turn at every node it passes.
        node["nodePosition"] = {"x": place.x, "y": place.y, "mapId": place.map_id}
    return node


def _widen(node: Json, place: GraphNode, draft: _Draft, robot_at: Position | None) -> None:
    """The first node must be trivially reachable, wherever near it the robot stopped."""
    if "nodePosition" not in node or not draft.limits.sends(f"{POSITION}.allowedDeviationXY"):
        return
    profile, dialect = draft.profile, draft.profile.dialect
    distance = 0.0
    if robot_at is not None and robot_at.map_id == place.map_id:
        distance = math.hypot(robot_at.x - place.x, robot_at.y - place.y)
    metres = max(profile.start_deviation_m, math.ceil((distance + _COVER_M) * 100) / 100)
    deviation: Any = metres
    if dialect.deviation_ellipse:
        deviation = {"a": metres, "b": metres, "theta": 0.0}
    keys = profile.deviation_keys or dialect.deviation_keys
    node["nodePosition"].update(dict.fromkeys(keys, deviation))


def _edges(draft: _Draft, path: Sequence[NodeId], first: int, base: int) -> list[Json]:
    """Return the edges between the nodes of a path; `base` = index of the last released node."""
    return [
        {
            "edgeId": draft.limits.edge_id(start, end),
            "sequenceId": first + 2 * index + 1,
            "released": index < base,
            "startNodeId": start,
            "endNodeId": end,
            "actions": [],
        }
        for index, (start, end) in enumerate(pairwise(path))
    ]


def _act(draft: _Draft, node: Json, place: GraphNode, action: str) -> None:
    """Put the action at its node, behind the wait for the load if the order has one."""
    order = draft.order
    waits = order.preposition and draft.profile.dialect.waits_for_trigger
    if action == "pick" and waits:
        node["actions"].append(_wait(draft))
    node["actions"].append(_action(draft, place, action))
    turns = draft.limits.sends(f"{POSITION}.theta")
    if "nodePosition" in node and turns and node["sequenceId"]:
        node["nodePosition"]["theta"] = place.theta


def _wait(draft: _Draft) -> Json:
    return {
        "actionType": draft.limits.need_action(_WAIT),
        "actionId": draft.order.wait_action_id,
        "blockingType": "HARD",
        "actionParameters": [{"key": "triggerType", "value": ["FLEET_CONTROL"]}],
    }


def _action(draft: _Draft, place: GraphNode, action: str) -> Json:
    profile, limits = draft.profile, draft.limits
    kind = limits.need_action(profile.action_type(action))
    defaults = profile.pick if action == "pick" else profile.drop
    values = {**defaults, **place.params, "loadId": draft.order.load_id}
    if "loadType" in values:
        limits.need_load_type(values["loadType"])
    known = [key for key in _PARAMETERS if key in values]
    own = sorted(set(values) - set(_PARAMETERS))
    longest = limits.factsheet.load_id_len
    values["loadId"] = values["loadId"][:longest]
    return {
        "actionType": kind,
        "actionId": draft.order.pick_action_id if action == "pick" else draft.order.drop_action_id,
        "blockingType": "HARD",
        "actionParameters": [
            {"key": key, "value": _value(key, values[key])}
            for key in (*known, *own)
            if limits.takes(kind, key)
        ],
    }


def _value(key: str, text: str) -> str | float:
    """Scanned text may stand in a load's name: what cannot be printed must not reach a robot."""
    if key in _NUMBERS:
        return float(text)
    return "".join(sign if sign.isprintable() else "_" for sign in text)


def _body(draft: _Draft, nodes: list[Json], edges: list[Json]) -> bytes:
    facts = draft.limits.factsheet
    if facts.nodes_max is not None and len(nodes) > facts.nodes_max:
        raise ValueError(f"{len(nodes)} nodes do not fit: this robot takes {facts.nodes_max}")
    body = dumped(
        {
            "orderId": draft.order.order_id,
            "orderUpdateId": draft.order.update_id,
            "nodes": nodes,
            "edges": edges,
        }
    )
    if facts.message_len is not None and len(body) > facts.message_len:
        raise ValueError(f"{len(body)} bytes do not fit: this robot takes {facts.message_len}")
    return body
