"""One robot as its driver knows it: what it said on this connection, what it was asked, which
orders of ours it has. Makes the messages to it; sends nothing itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from drivers.protocols import (
    InstantKind,
    MoveOrder,
    NodeId,
    OrderId,
    OrderPhase,
    OrderStatus,
    RobotId,
    RobotSnapshot,
    RobotTraits,
)
from drivers.wire.vda5050.header import Sender, first_header_id, stamped
from drivers.wire.vda5050.order import instant_action
from drivers.wire.vda5050.profile import RobotProfile
from drivers.wire.vda5050.progress import Reading, Standing, Tracked, advance
from drivers.wire.vda5050.state import Position, RobotState
from drivers.wire.vda5050.topics import topics_of

QUESTIONS_MAX: Final = 64  # remembered stateRequests; full: the oldest is forgotten
ERRORS_MAX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotUnit:
    """A robot on the broker: its names on the wire and the profile of its model."""

    id: str
    manufacturer: str
    serial: str
    profile: RobotProfile


@dataclass(slots=True, kw_only=True)
class _Follow:
    """A tracked order with the moment and the connections of its last send."""

    tracked: Tracked
    since_ns: int
    sent_on: tuple[int, int] | None = None
    last: OrderStatus | None = None


class RobotPost:
    """All about one robot. `answer_ns`: after so long a state without our question counts too."""

    def __init__(self, unit: RobotUnit, *, wall_ms: int, answer_ns: int) -> None:
        self.id = RobotId(unit.id)
        self.profile = unit.profile
        self.topics = topics_of(
            unit.profile.interface, unit.profile.version, unit.manufacturer, unit.serial
        )
        self._sender = Sender(
            version=unit.profile.version, manufacturer=unit.manufacturer, serial=unit.serial
        )
        first = first_header_id(wall_ms)
        self._header_ids = {self.topics.order: first, self.topics.instant_actions: first}
        self._answer_ns = answer_ns
        self._follows: dict[OrderId, _Follow] = {}
        self._asked_ns: dict[str, int] = {}
        self._state: RobotState | None = None
        self._connection = 0
        self._breaks = 0
        self._is_online = True
        self._said_ns = 0
        self._first_asked_ns: int | None = None
        self._last_order: OrderId | None = None
        self.last_order_ns: int | None = None
        self.received_ns = 0
        self.is_reconciled = False
        self.shows_questions = False

    # ------------------------------------------------------------ the connection

    def begin(self, connection: int) -> None:
        """Forget what an earlier connection said; the orders that are followed stay."""
        self._connection = connection
        self._state = None
        self._first_asked_ns = None
        self._asked_ns.clear()
        self.is_reconciled = self.shows_questions = False

    def take_connection(self, is_online: bool, retained: bool, at_ns: int) -> None:
        """Note what the `connection` topic says; a live message is a break in the robot's link."""
        self._is_online = is_online
        self._said_ns = at_ns
        if not retained:
            self._breaks += 1

    @property
    def is_online(self) -> bool:
        """Return whether the robot lives: a state overrules an older word of its broker."""
        return self._state is not None and (self._is_online or self.received_ns > self._said_ns)

    # ------------------------------------------------------------ messages to it

    def question(self, action_id: str, now_ns: int, wall_ms: int) -> bytes:
        """Return a stateRequest and remember when it was asked."""
        if len(self._asked_ns) == QUESTIONS_MAX:
            del self._asked_ns[next(iter(self._asked_ns))]
        self._asked_ns[action_id] = now_ns
        if self._first_asked_ns is None:
            self._first_asked_ns = now_ns
        return self._instant("stateRequest", action_id, wall_ms)

    @property
    def traits(self) -> RobotTraits:
        """Return what the profile says, for dispatch."""
        profile = self.profile
        return RobotTraits(
            version=profile.version,
            temp_start=profile.temp_start_node,
            free_nav=profile.free_nav,
            numeric_ids=profile.id_numerical,
            loads=str(profile.loads),
        )

    def acting(
        self, kind: InstantKind, action_id: str, order_id: OrderId | None, wall_ms: int
    ) -> bytes | None:
        """Return the message, None for a cancel while the robot runs an order that is not ours."""
        if kind is InstantKind.CANCEL and not self._may_cancel(action_id):
            return None
        named = {"orderId": str(order_id)} if order_id is not None else {}
        return self._instant(str(kind), action_id, wall_ms, named)

    def _may_cancel(self, action_id: str) -> bool:
        """Robots of 2.x cancel whatever they are running: a foreign order is left alone."""
        state = self._state
        if state is None or (state.order_id not in self._follows and not self._is_idle(state)):
            return False
        for follow in self._follows.values():
            if action_id not in follow.tracked.cancel_ids:
                ids = (*follow.tracked.cancel_ids, action_id)
                follow.tracked = replace(follow.tracked, cancel_ids=ids)
        return True

    def ordering(self, order_id: OrderId, body: bytes, now_ns: int, wall_ms: int) -> bytes:
        """Return the order message and note that it may be with the robot from now on."""
        follow = self._follows.get(order_id)
        if follow is not None:
            if follow.sent_on is None and self._state is not None:
                before = frozenset(self._state.errors)
                follow.tracked = replace(follow.tracked, errors_before=before)
            follow.since_ns = now_ns
            follow.sent_on = (self._connection, self._breaks)
            follow.last = None
        self._last_order, self.last_order_ns = order_id, now_ns
        return stamped(body, self._sender, self._next_id(self.topics.order), wall_ms)

    def sample(self, body: bytes, wall_ms: int) -> bytes:
        """Return a message as it would go out, without counting it."""
        return stamped(body, self._sender, 0, wall_ms)

    def _instant(
        self,
        action_type: str,
        action_id: str,
        wall_ms: int,
        parameters: Mapping[str, str] | None = None,
    ) -> bytes:
        body = instant_action(action_type, action_id, self.profile, parameters)
        return stamped(body, self._sender, self._next_id(self.topics.instant_actions), wall_ms)

    def _next_id(self, topic: str) -> int:
        self._header_ids[topic] += 1
        return self._header_ids[topic]

    # ------------------------------------------------------------ states from it

    def take_state(self, state: RobotState, at_ns: int) -> tuple[str, ...]:
        """Keep a state that was not retained; return the ids of the questions it answers."""
        self._state, self.received_ns = state, at_ns
        answered = tuple(one for one in self._asked_ns if one in state.actions)
        late = self._first_asked_ns is not None and at_ns - self._first_asked_ns >= self._answer_ns
        self.is_reconciled = self.is_reconciled or bool(answered) or late
        self.shows_questions = self.shows_questions or bool(answered)
        return answered

    def settle(self, now_ns: int) -> bool:
        """Take the newest state for the answer, if time is up; return whether it did."""
        asked = self._first_asked_ns
        due = asked is not None and now_ns - asked >= self._answer_ns
        if not self.is_reconciled and due and self._state is not None:
            self.is_reconciled = asked is not None and self.received_ns >= asked
        return self.is_reconciled

    @property
    def robot_at(self) -> Position | None:
        """Return where the robot says it stands."""
        return self._state.position if self._state is not None else None

    def snapshot(self) -> RobotSnapshot | None:
        """Return the newest state as the contract has it, None before one on this connection."""
        state = self._state
        if state is None:
            return None
        return RobotSnapshot(
            robot=self.id,
            received_ns=self.received_ns,
            connection=self._connection,
            reconciled=self.is_reconciled,
            online=self.is_online,
            order_id=state.order_id or "",
            idle=self._is_idle(state),
            last_node=NodeId(state.last_node),
            x=state.position.x if state.position else None,
            y=state.position.y if state.position else None,
            driving=bool(state.driving),
            # A violated protective field stops new orders as a pause does.
            paused=bool(state.paused) or bool(state.field_violation),
            # A robot that does not know where it is cannot take an order, whatever its mode.
            automatic=state.takes_orders and state.localized is not False,
            emergency_stop=bool(state.emergency_stop),
            fatal=state.is_fatal,
            charge_percent=state.charge_percent,
            loads=state.loads,
            errors=tuple(str(error) for error in state.errors[:ERRORS_MAX]),
        )

    # ------------------------------------------------------------ orders of ours

    def track(self, order: MoveOrder, prev_order_id: str, now_ns: int) -> OrderStatus | None:
        """Follow an order; return what the newest state already proves about it, if anything."""
        if order.order_id in self._follows:
            return None
        tracked = Tracked(order=order, prev_order_id=prev_order_id, loads=self.profile.loads)
        follow = _Follow(tracked=tracked, since_ns=now_ns)
        self._follows[order.order_id] = follow
        if self._state is None:
            return None
        status = self._status(follow, self._state, self.received_ns)
        return status if status is not None and status.phase is not OrderPhase.UNKNOWN else None

    def forget(self, order_id: OrderId) -> None:
        """Follow an order no longer."""
        self._follows.pop(order_id, None)

    def statuses(self) -> Iterator[OrderStatus]:
        """Yield what the newest state changed for each order that is followed."""
        if self._state is not None:
            for follow in self._follows.values():
                status = self._status(follow, self._state, self.received_ns)
                if status is not None:
                    yield status

    def _status(self, follow: _Follow, state: RobotState, at_ns: int) -> OrderStatus | None:
        follow.tracked, reading = advance(
            follow.tracked, state, self._standing(follow, state, at_ns)
        )
        status = self._reported(follow.tracked, reading, state, at_ns)
        is_same = follow.last is not None and status == replace(follow.last, at_ns=at_ns)
        if is_same or not reading.is_news:
            return None
        follow.last = status
        return status

    def _standing(self, follow: _Follow, state: RobotState, at_ns: int) -> Standing:
        answers = any(
            asked_ns >= follow.since_ns and action_id in state.actions
            for action_id, asked_ns in self._asked_ns.items()
        )
        is_late = at_ns - follow.since_ns >= self._answer_ns
        return Standing(
            fresh=self.is_reconciled and (answers or is_late),
            unbroken=follow.sent_on == (self._connection, self._breaks),
            alone=self._last_order in (None, follow.tracked.order.order_id),
            is_idle=self._is_idle(state),
        )

    def _reported(
        self, tracked: Tracked, reading: Reading, state: RobotState, at_ns: int
    ) -> OrderStatus:
        return OrderStatus(
            robot=self.id,
            order_id=tracked.order.order_id,
            phase=reading.phase,
            at_ns=at_ns,
            last_node=state.last_node,
            last_node_seq=state.last_node_seq,
            actions=dict(reading.actions),
            loads=state.loads,
            errors=tuple(str(error) for error in state.errors[:ERRORS_MAX]),
            reason=reading.reason,
            resend_safe=reading.resend_safe,
            at_rest=state.is_at_rest,
        )

    def _is_idle(self, state: RobotState) -> bool:
        return state.is_idle(self._asked_ns.keys())
