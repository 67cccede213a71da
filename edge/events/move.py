"""Payloads of puts, robot and hand legs, conveyor legs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final

NO_SCAN: Final = "no_scan"
WRONG_PLACE: Final = "wrong_place"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutConfirmed:
    """The unit lies in its tray, lane or place. `how`: hand, robot or conveyor.

    `found_reason` = the station's own coded reason, of the pack's group `found`; `partner` = code
    of the service centre that it goes to for its repair.
    """

    KIND: ClassVar[str] = "put.confirmed"
    SCHEMA: ClassVar[int] = 1
    zone: str
    proof: str
    how: str
    after_verdict_ms: int
    tray: str | None = None
    place: str | None = None
    lane: int | None = None
    found_reason: str | None = None
    partner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PutWrong:
    """A tray of another zone or disposition was scanned; nothing was put."""

    KIND: ClassVar[str] = "put.wrong"
    SCHEMA: ClassVar[int] = 1
    expected: str
    found: str
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOverdue:
    """A decided unit waits too long for its tray; said once. `expected` = as in `put.wrong`."""

    KIND: ClassVar[str] = "put.overdue"
    SCHEMA: ClassVar[int] = 1
    expected: str
    waited_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One leg of a route: kind is robot, conveyor or hand; carrier is a device id or `any`.

    `load` = load class and `grams` = weight that a robot must be able to carry, where known.
    `scan` = it is done only when a scan of the load at its end has confirmed the device's word.
    """

    kind: str
    start: str
    end: str
    lane: int | None = None
    carrier: str = ""
    load: str = ""
    grams: int | None = None
    preposition: bool = False
    scan: bool = False


class MoveState(StrEnum):
    """Life of a leg (robots-and-conveyors §4).

    `unseen` = put down by the robot's word, and no scan has confirmed it yet.
    """

    PLANNED = "planned"
    SENT = "sent"
    RESENT = "resent"
    ACCEPTED = "accepted"
    PICKING = "picking"
    CARRYING = "carrying"
    DROPPING = "dropping"
    UNSEEN = "unseen"
    DONE = "done"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    IN_DOUBT = "in_doubt"
    RESOLVED = "resolved"
    BY_HAND = "by_hand"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePlanned:
    """A put starts its route; each leg waits for the proof of the one before.

    `container` = what is carried is a closed container with all that is in it.
    """

    KIND: ClassVar[str] = "move.planned"
    SCHEMA: ClassVar[int] = 1
    move: str
    legs: tuple[Leg, ...]
    zone: str
    tray: str | None = None
    container: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSent:
    """The robot order as committed, before its first publish; `body_b64` is what goes out.

    `update_id` > 0 = an update of an order that waits at the pick-up. `start_x_mm`, `start_y_mm`
    and `start_map` = an order that begins at a node of its own, named first in `path_to_pick`.
    """

    order_id: str
    robot: str
    prev_order_id: str
    pick: str
    drop: str
    path_to_pick: tuple[str, ...]
    path_to_drop: tuple[str, ...]
    pick_action_id: str
    drop_action_id: str
    body_b64: str
    body_sha256: str
    update_id: int = 0
    preposition: bool = False
    wait_action_id: str = ""
    start_x_mm: int | None = None
    start_y_mm: int | None = None
    start_map: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveEvidence:
    """What a robot's state showed."""

    last_node: str
    last_node_seq: int
    actions: Mapping[str, str] = field(default_factory=dict)
    loads: int | None = None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveChanged:
    """A robot or hand leg changed its state. The kind on the wire is `move.<state>`.

    `resolved_as` = where the load is proved to be: at_pickup, on_robot, at_target, in_hand; of
    failed and cancelled legs too. `cancel_id` = action id of the cancelOrder that may be out.
    `reason` of a resolution is its proof: scan, drop_finished, loads, operator, sensor; of done
    where a scan has to confirm: scan. `seen_at` = the place at which the load was scanned.
    """

    KIND: ClassVar[str] = "move"
    SCHEMA: ClassVar[int] = 1
    move: str
    leg: int
    state: MoveState
    attempt: int = 1
    robot: str | None = None
    order: OrderSent | None = None
    evidence: MoveEvidence | None = None
    reason: str | None = None
    resolved_as: str | None = None
    cancel_id: str | None = None
    seen_at: str | None = None


class DiverterState(StrEnum):
    """Life of a conveyor leg.

    `unseen` = off the belt by the PLC's word, and no scan has confirmed its lane yet.
    """

    SENT = "sent"
    SEEN = "seen"
    UNSEEN = "unseen"
    DONE = "done"
    REJECTED = "rejected"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    WRONG_LANE = "wrong_lane"
    IN_DOUBT = "in_doubt"
    RESOLVED = "resolved"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiverterChanged:
    """A conveyor leg changed its state. The kind on the wire is `diverter.<state>`.

    `resolved_as` of a resolution: at_pickup, at_target, in_hand. `seen_at` = the place at which the
    load was scanned, `exit_lane` then the lane of that place, 0 = of none.
    """

    KIND: ClassVar[str] = "diverter"
    SCHEMA: ClassVar[int] = 1
    move: str
    leg: int
    state: DiverterState
    conveyor: str
    lane: int
    token: int
    wire_seq: int
    plc_boot: int
    count_before: int
    exit_before: int
    attempt: int = 1
    count_after: int | None = None
    exit_lane: int | None = None
    code: int | None = None
    reason: str | None = None
    resolved_as: str | None = None
    seen_at: str | None = None
