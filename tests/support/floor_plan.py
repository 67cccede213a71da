"""A small floor for robot tests: P1 and P2 to park, X between, DOCK to pick up, Z to put down."""

import uuid

from drivers.protocols import GraphNode, MoveOrder, NodeId, OrderId, RobotId

NODES = {
    NodeId(name): GraphNode(
        id=NodeId(name),
        x=float(number),
        y=0.5,
        theta=1.5,
        map_id="hall",
        params={"stationType": "floor", "stationName": name} if name in ("DOCK", "Z") else {},
    )
    for number, name in enumerate(("P1", "P2", "X", "DOCK", "Z"))
}


def path(*names: str) -> tuple[NodeId, ...]:
    return tuple(NodeId(name) for name in names)


def move(
    order_id: str = "st01-1", *, robot: str = "r1", load: str = "m1/0", start: str = "P1"
) -> MoveOrder:
    """Return an order from a parking place over X to DOCK, and from there over X to Z."""
    return MoveOrder(
        order_id=OrderId(order_id),
        robot=RobotId(robot),
        load_id=load,
        path_to_pick=path(start, "X", "DOCK"),
        path_to_drop=path("DOCK", "X", "Z"),
        pick_action_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{order_id} pick")),
        drop_action_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{order_id} drop")),
    )
