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
class StartPoint:
    """Where a robot stands that is at no node of the floor: metres on its map."""

    x: float
    y: float
    map_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOrder:
    """Carry one load from node to node. Ids are minted once, with the intent.

    `path_to_pick` starts where the robot stands and ends at the pick node;
    `path_to_drop` starts there and ends at the drop node. With `start` the first node is no node
    of the floor but one of this order's own at that point; its name is the caller's choice.

    `preposition`: the robot waits at the pick node for the load. A robot whose traits say
    `waits_for_trigger` gets one order with a wait of id `wait_action_id`, ended by the instant
    action `trigger`; any other drives there by update 0 and picks by update 1 (`prepare_update`).
    """

    order_id: OrderId
    robot: RobotId
    load_id: str
    path_to_pick: tuple[NodeId, ...]
    path_to_drop: tuple[NodeId, ...]
    pick_action_id: str
    drop_action_id: str
    update_id: int = 0
    preposition: bool = False
    wait_action_id: str = ""
    start: StartPoint | None = None


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


class ActionStatus(StrEnum):
    """Life of an action; statuses may be skipped, but FINISHED and FAILED are final."""

    WAITING = "waiting"
    INITIALIZING = "initializing"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"
    RETRIABLE = "retriable"
    UNKNOWN = "unknown"

    @property
    def is_ended(self) -> bool:
        """Return whether this status never changes again."""
        return self in (ActionStatus.FINISHED, ActionStatus.FAILED)


class InstantKind(StrEnum):
    """Instant actions that this station sends; the value is the name on the wire."""

    CANCEL = "cancelOrder"
    PAUSE = "startPause"
    RESUME = "stopPause"
    STATE = "stateRequest"
    FACTSHEET = "factsheetRequest"
    TRIGGER = "trigger"  # 3.0 alone


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotError:
    """One error that a robot reports; `references` are pairs of key and value."""

    type: str
    level: str
    description: str = ""
    hint: str = ""
    references: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        said = " ".join(part for part in (self.description, self.hint) if part)
        return f"{self.level} {self.type}: {said}" if said else f"{self.level} {self.type}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Factsheet:
    """What a robot's factsheet limits; `None` = it does not say, which allows everything.

    `actions`: the parameter keys of each action type. `parameters`: what it says about optional
    keys of messages, path → SUPPORTED or REQUIRED (VDA 5050 2.1 §6.15 protocolFeatures).
    """

    id_len: int | None = None
    load_id_len: int | None = None
    message_len: int | None = None
    nodes_max: int | None = None
    numeric_ids: bool | None = None
    min_order_interval_s: float | None = None
    load_types: frozenset[str] | None = None
    max_weight_kg: float | None = None
    actions: Mapping[str, frozenset[str]] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotTraits:
    """What never changes about a robot: its model's profile as dispatch needs it.

    `loads`: required, advisory or none. `timers` (seconds) override those of the floor by name;
    `error_texts`: errorType → language → text.
    """

    version: str = "2.1.0"
    waits_for_trigger: bool = False
    temp_start: bool = False
    free_nav: bool = False
    numeric_ids: bool = False
    loads: str = "advisory"
    timers: Mapping[str, float] = field(default_factory=dict)
    error_texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotCounts:
    """What a driver has counted since it was made, for `doctor` and the metrics.

    `robots`: names such as `states`, `malformed`, `oversized`, `other_version`, `retained`,
    `replayed`, `dropped`, `schema_checked`, `schema_violations`, `orders`, `resends`, `rejected`.
    """

    robots: Mapping[RobotId, Mapping[str, int]] = field(default_factory=dict)
    disconnects: int = 0
    disconnects_last_minute: int = 0


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
    mode: str = ""
    field_violation: bool = False
    localized: bool | None = None
    map_id: str | None = None
    version_ok: bool = True
    foreign_order: bool = False
    errors_detail: tuple[RobotError, ...] = ()
    actions_ended: bool = True
    factsheet: Factsheet | None = None
    excluded: str = ""
    """Why it may get no order at all: version_mismatch, foreign_master, needs_fleet_manager."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStatus:
    """What one state message proves about one tracked order, with its evidence for the journal.

    `actions` holds the order's own actions and the cancels sent for it; `instant` the statuses of
    instant actions by id; `pick` and `drop` are None until the robot shows them. `order_update_id`
    is the update that the robot shows for this order. `idle` = no nodes, no edges left, standing.
    """

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
    order_update_id: int = 0
    position: tuple[float, float] | None = None
    driving: bool = False
    idle: bool = False
    mode_lost: bool = False
    """The operating mode clears orders: MANUAL, SERVICE, TEACH_IN, STARTUP."""
    foreign: bool = False
    """The robot shows an order that this station never sent."""
    instant: Mapping[str, ActionStatus] = field(default_factory=dict)
    pick: ActionStatus | None = None
    drop: ActionStatus | None = None
    error_texts: tuple[RobotError, ...] = ()
    waiting: bool = False
    """A prepositioned robot stands at the pick node and waits for its load."""


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

    def prepare_update(
        self, order: MoveOrder, previous: OrderBody, nodes: Mapping[NodeId, GraphNode]
    ) -> OrderBody:
        """Build the update that adds pick and drop to a prepositioned order (VDA 5050 2.x).

        `order` is that of `previous` with `update_id` one higher. Raises DriverProtocolError.
        """

    def track(self, order: MoveOrder, prev_order_id: str) -> None:
        """Report every state about this order from now on; `prev_order_id` as at intent time.

        Again with a higher `update_id`: the update is what has to be proved from now on.
        """

    def forget(self, order_id: OrderId) -> None:
        """Stop reporting about an order; harmless twice."""

    async def send(self, body: OrderBody) -> SendResult:
        """Publish once, QoS 0, not retained.

        Only when connected, the robot reconciled and not excluded.
        """

    async def request_state(self, robot: RobotId, deadline: Deadline) -> RobotSnapshot:
        """Send stateRequest and return the state that answers it. Raises DriverTimeoutError."""

    async def instant(
        self,
        robot: RobotId,
        kind: InstantKind,
        action_id: str,
        *,
        order_id: OrderId | None = None,
    ) -> SendResult:
        """Publish one instant action once; its status comes in OrderStatus.instant.

        Cancel, resume and trigger leave only for a reconciled robot, cancel and trigger never
        while it runs an order that is not ours; pause and questions whenever connected.
        `order_id`: the order that is cancelled (a parameter in 3.0).
        Raises DriverProtocolError for an action that the robot's version does not know.
        """

    def traits(self, robot: RobotId) -> RobotTraits:
        """Return what the robot's profile says. Raises DriverNotFoundError."""

    def counts(self) -> RobotCounts:
        """Return what was counted since this driver was made."""

    def statuses(self) -> AsyncIterator[OrderStatus]:
        """Yield what states prove about tracked orders. One consumer."""
