"""Robots: floor graph, orders, and what their states prove."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from drivers.protocols.devices import Deadline, Device, NodeId, OrderId, RobotId


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A node of the floor. `x`, `y` in metres, `theta` in radians, `params` for its actions."""

    id: NodeId
    x: float
    y: float
    theta: float
    map_id: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphEdge:
    """A drivable edge, `length` in metres; both directions must be listed to be driven."""

    start: NodeId
    end: NodeId
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOrder:
    """Carry one load from node to node. Ids are minted once, with the intent.

    `path_to_pick` starts where the robot stands and ends at the pick node;
    `path_to_drop` starts there and ends at the drop node.
    """

    order_id: OrderId
    robot: RobotId
    load_id: str
    path_to_pick: tuple[NodeId, ...]
    path_to_drop: tuple[NodeId, ...]
    pick_action_id: str
    drop_action_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBody:
    """The wire body without header, stored in the intent and resent byte for byte."""

    order: MoveOrder
    body: bytes


class OrderPhase(StrEnum):
    """What the robot's own state proves about one order (VDA 5050 2.1 §6.10)."""

    UNKNOWN = "unknown"  # the state speaks of another order, or of none
    ACCEPTED = "accepted"
    PICKING = "picking"
    CARRYING = "carrying"
    DROPPING = "dropping"
    DONE = "done"
    REJECTED = "rejected"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotSnapshot:
    """One robot as its newest state tells; `None` = the robot does not say.

    `order_id` stays that of the last order after its end. `connection` counts the broker
    connections of this driver: a snapshot of an earlier connection proves nothing now.
    """

    robot: RobotId
    received_ns: int
    connection: int
    reconciled: bool
    online: bool
    order_id: str
    idle: bool
    last_node: NodeId
    x: float | None
    y: float | None
    driving: bool
    paused: bool
    automatic: bool
    emergency_stop: bool
    fatal: bool
    charge_percent: float | None
    loads: int | None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStatus:
    """What one state message proves about one tracked order, with its evidence for the journal."""

    robot: RobotId
    order_id: OrderId
    phase: OrderPhase
    at_ns: int
    last_node: str
    last_node_seq: int
    actions: Mapping[str, str]
    loads: int | None
    errors: tuple[str, ...]
    reason: str = ""
    resend_safe: bool = False
    """True only when a fresh reconciled state proves the order was not taken:
    idle, in an order mode, and still showing the order id that it showed before the send."""
    at_rest: bool = False
    """The robot stands and has no way left: a FAILED order is over only then, else cancel it."""


class SendResult(StrEnum):
    """What is known right after a publish; `sent` proves nothing but that bytes left."""

    SENT = "sent"
    NOT_SENT = "not_sent"


class RobotDriver(Device, Protocol):
    """Master control of the robots on one broker."""

    def snapshot(self, robot: RobotId) -> RobotSnapshot | None:
        """Return the newest snapshot, None before the first state of this connection."""

    def prepare(self, order: MoveOrder, nodes: Mapping[NodeId, GraphNode]) -> OrderBody:
        """Build and schema-check the body. Pure. Raises DriverProtocolError; nothing was sent."""

    def track(self, order: MoveOrder, prev_order_id: str) -> None:
        """Report every state about this order from now on; `prev_order_id` as at intent time."""

    def forget(self, order_id: OrderId) -> None:
        """Stop reporting about an order; harmless twice."""

    async def send(self, body: OrderBody) -> SendResult:
        """Publish once, QoS 0, not retained, only when connected and the robot is reconciled."""

    async def request_state(self, robot: RobotId, deadline: Deadline) -> RobotSnapshot:
        """Send stateRequest and return the state that answers it. Raises DriverTimeoutError."""

    async def cancel(self, robot: RobotId, action_id: str) -> SendResult:
        """Publish cancelOrder with this action id. The proof comes as OrderStatus."""

    def statuses(self) -> AsyncIterator[OrderStatus]:
        """Yield what states prove about tracked orders. One consumer."""
