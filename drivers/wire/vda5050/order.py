"""Orders and instant actions as JSON bodies without header (VDA 5050 2.1 §6.6, §6.9). Pure."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from drivers.protocols import GraphNode, MoveOrder, NodeId
from drivers.wire.vda5050.profile import RobotProfile
from drivers.wire.vda5050.state import Position

_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_PARAMETERS: Final = ("stationType", "stationName", "loadType", "loadId", "lhd", "height")
_NUMBERS: Final = ("height",)  # every other parameter of pick and drop is a text
_COVER_M: Final = 0.1  # slack beyond the robot's own distance from its last node


def build_order(
    order: MoveOrder,
    profile: RobotProfile,
    nodes: Mapping[NodeId, GraphNode],
    robot_at: Position | None = None,
) -> bytes:
    """Return the order body: everything released, update 0, nodes 0,2,4…, edges 1,3,5….

    `robot_at` widens the start node to where the robot really stands.
    Raises ValueError for a path that is no path, an unknown node or an id the standard refuses.
    """
    _check_ids(order, profile)
    path = _path(order, profile)
    approach = 0 if profile.free_nav else len(order.path_to_pick) - 1
    pick_at = path.index(order.path_to_pick[-1], approach)
    places = [_node_of(node, nodes, profile, robot_at) for node in path]
    wire_nodes = [_node(place, index, profile) for index, place in enumerate(places)]
    _widen(wire_nodes[0], places[0], profile, robot_at)
    for at, action, action_id in (
        (pick_at, "pick", order.pick_action_id),
        (len(path) - 1, "drop", order.drop_action_id),
    ):
        wire_nodes[at]["actions"].append(_action(action, action_id, order, places[at], profile))
        if profile.node_position and at:
            wire_nodes[at]["nodePosition"]["theta"] = places[at].theta
    return dumped(
        {
            "orderId": order.order_id,
            "orderUpdateId": 0,
            "nodes": wire_nodes,
            "edges": [_edge(path, index) for index in range(len(path) - 1)],
        }
    )


def instant_action(
    action_type: str,
    action_id: str,
    profile: RobotProfile,
    parameters: Mapping[str, str] | None = None,
) -> bytes:
    """Return the body of one instant action, under every key that this model reads."""
    action: dict[str, Any] = {
        "actionType": action_type,
        "actionId": action_id,
        "blockingType": "NONE",
        "actionParameters": [
            {"key": key, "value": value} for key, value in (parameters or {}).items()
        ],
    }
    if profile.action_name:
        action["actionName"] = action_type
    return dumped({key: [action] for key in profile.instant_keys})


def dumped(message: Mapping[str, Any]) -> bytes:
    """Return compact UTF-8 JSON. Raises ValueError for a number that JSON has not."""
    text = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def _check_ids(order: MoveOrder, profile: RobotProfile) -> None:
    for one in (order.order_id, order.pick_action_id, order.drop_action_id):
        if _ID.fullmatch(one) is None:
            raise ValueError(f"id {one!r} does not fit: A-Z a-z 0-9 _ . : -")
        if profile.id_numerical and not one.isdigit():
            raise ValueError(f"id {one!r} does not fit: this robot takes digits only")
    if order.pick_action_id == order.drop_action_id:
        raise ValueError("pick and drop have the same action id")


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


def _node_of(
    node: NodeId,
    nodes: Mapping[NodeId, GraphNode],
    profile: RobotProfile,
    robot_at: Position | None,
) -> GraphNode:
    known = nodes.get(node)
    if known is None and profile.temp_start_node and robot_at is not None:
        known = GraphNode(id=node, x=robot_at.x, y=robot_at.y, theta=0.0, map_id=robot_at.map_id)
    if known is None or _ID.fullmatch(node) is None:
        raise ValueError(f"node {node!r} is unknown, or its name does not fit A-Z a-z 0-9 _ . : -")
    return known


def _node(place: GraphNode, index: int, profile: RobotProfile) -> dict[str, Any]:
    node: dict[str, Any] = {
        "nodeId": place.id,
        "sequenceId": 2 * index,
        "released": True,
        "actions": [],
    }
    if profile.node_position:
        # No theta on the way: it would make the robot turn at every node it passes.
        node["nodePosition"] = {"x": place.x, "y": place.y, "mapId": place.map_id}
    return node


def _widen(
    node: dict[str, Any], place: GraphNode, profile: RobotProfile, robot_at: Position | None
) -> None:
    """The first node must be trivially reachable, wherever near it the robot stopped."""
    if not profile.node_position:
        return
    distance = 0.0
    if robot_at is not None and robot_at.map_id == place.map_id:
        distance = math.hypot(robot_at.x - place.x, robot_at.y - place.y)
    deviation = max(profile.start_deviation_m, math.ceil((distance + _COVER_M) * 100) / 100)
    node["nodePosition"].update(dict.fromkeys(profile.deviation_keys, deviation))


def _edge(path: tuple[NodeId, ...], index: int) -> dict[str, Any]:
    start, end = path[index], path[index + 1]
    return {
        "edgeId": f"{start}:{end}",
        "sequenceId": 2 * index + 1,
        "released": True,
        "startNodeId": start,
        "endNodeId": end,
        "actions": [],
    }


def _action(
    action: str, action_id: str, order: MoveOrder, place: GraphNode, profile: RobotProfile
) -> dict[str, Any]:
    defaults = profile.pick if action == "pick" else profile.drop
    values = {**defaults, **place.params, "loadId": order.load_id}
    known = [key for key in _PARAMETERS if key in values]
    own = sorted(set(values) - set(_PARAMETERS))
    return {
        "actionType": profile.action_type(action),
        "actionId": action_id,
        "blockingType": "HARD",
        "actionParameters": [
            {"key": key, "value": _value(key, values[key])} for key in (*known, *own)
        ],
    }


def _value(key: str, text: str) -> str | float:
    return float(text) if key in _NUMBERS else text
