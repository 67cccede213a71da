"""One robot as its driver knows it: what it said on this connection, what it was asked, which
orders of ours it has. Makes the messages to it; sends nothing itself.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from drivers.protocols import (
    Factsheet,
    InstantKind,
    MoveOrder,
    NodeId,
    OrderBody,
    OrderId,
    OrderPhase,
    OrderStatus,
    RobotId,
    RobotSnapshot,
    RobotTraits,
)
from drivers.robot.follow import ERRORS_MAX, Follow, Seen, followed, report, updated
from drivers.robot.intake import Intake
from drivers.wire.vda5050.header import HEADER_IDS, Sender, first_header_id, stamped
from drivers.wire.vda5050.instant import instant_action
from drivers.wire.vda5050.profile import ACTIONS, RobotProfile
from drivers.wire.vda5050.progress import Standing
from drivers.wire.vda5050.state import INTERVENED, Position, RobotState
from drivers.wire.vda5050.topics import topics_of

SENT_MAX: Final = 64  # remembered orders that left; full: the oldest is forgotten
FACTS_ASKED_MAX: Final = 4  # remembered factsheetRequests; full: the oldest is forgotten
QUESTIONS_MAX: Final = 64  # remembered stateRequests; full: the oldest is forgotten
_EVER: Final = (InstantKind.PAUSE, InstantKind.STATE, InstantKind.FACTSHEET)
_NEEDS_OURS: Final = (InstantKind.CANCEL, InstantKind.TRIGGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotUnit:
    """A robot on the broker: its names on the wire and the profile of its model."""

    id: str
    manufacturer: str
    serial: str
    profile: RobotProfile


class RobotPost:
    """All about one robot. `answer_ns`: after so long a state without our question counts too."""

    def __init__(self, unit: RobotUnit, *, wall_ms: int, answer_ns: int) -> None:
        self.id = RobotId(unit.id)
        self.profile = unit.profile
        self.topics = topics_of(
            unit.profile.topic_interface, unit.profile.version, unit.manufacturer, unit.serial
        )
        self.intake = Intake(unit.profile)
        self._sender = Sender(
            version=unit.profile.version, manufacturer=unit.manufacturer, serial=unit.serial
        )
        first = first_header_id(wall_ms)
        self._header_ids = {self.topics.order: first, self.topics.instant_actions: first}
        self._answer_ns = answer_ns
        self._follows: dict[OrderId, Follow] = {}
        self._asked_ns: dict[str, int] = {}
        self._facts_asked: deque[str] = deque(maxlen=FACTS_ASKED_MAX)
        self._state: RobotState | None = None
        self._connection = 0
        self._breaks = 0
        self._is_online = True
        self._said_ns = 0
        self._first_asked_ns: int | None = None
        self._first_order: str | None = None
        self._sent: deque[OrderId] = deque(maxlen=SENT_MAX)
        self.factsheet: Factsheet | None = None
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
        self._first_order = None
        self._asked_ns.clear()
        self.intake.begin()
        self.is_reconciled = self.shows_questions = False

    def take_connection(self, is_online: bool, retained: bool, at_ns: int) -> None:
        """Note what the `connection` topic says; a live message is a break in the robot's link.

        A robot that does not say ONLINE again leaves an old word behind, which is not believed.
        """
        if not retained:
            self._breaks += 1
        elif not self.profile.reports_online_after_reconnect:
            return
        self._is_online = is_online
        self._said_ns = at_ns

    @property
    def is_online(self) -> bool:
        """Return whether the robot lives: a state overrules an older word of its broker."""
        return self._state is not None and (self._is_online or self.received_ns > self._said_ns)

    @property
    def counts(self) -> Counter[str]:
        """Return what was counted about this robot."""
        return self.intake.counts

    # ------------------------------------------------------------ messages to it

    @property
    def traits(self) -> RobotTraits:
        """Return what the profile says, for dispatch."""
        profile = self.profile
        return RobotTraits(
            version=profile.version,
            waits_for_trigger=profile.dialect.waits_for_trigger,
            temp_start=profile.temp_start_node,
            free_nav=profile.free_nav,
            numeric_ids=profile.id_numerical,
            loads=str(profile.loads),
            timers=profile.timers,
            error_texts=profile.error_text,
        )

    @property
    def ids_are_digits(self) -> bool:
        """Return whether this robot takes ids of digits alone."""
        told = self.factsheet.numeric_ids if self.factsheet is not None else None
        return self.profile.id_numerical or bool(told)

    @property
    def spacing_s(self) -> float:
        """Return the least time between two orders."""
        told = self.factsheet.min_order_interval_s if self.factsheet is not None else None
        return max(self.profile.min_order_interval_s, told or 0.0)

    @property
    def may_be_asked(self) -> bool:
        """Return whether questions may be sent: a robot that a person steers takes only cancels."""
        return self._state is None or self._state.mode != INTERVENED

    def question(self, action_id: str, now_ns: int, wall_ms: int) -> bytes:
        """Return a stateRequest and remember when it was asked."""
        if len(self._asked_ns) == QUESTIONS_MAX:
            del self._asked_ns[next(iter(self._asked_ns))]
        self._asked_ns[action_id] = now_ns
        if self._first_asked_ns is None:
            self._first_asked_ns = now_ns
        return self.instant(InstantKind.STATE, action_id, wall_ms)

    def factsheet_question(self, action_id: str, wall_ms: int) -> bytes:
        """Return a factsheetRequest; its status never makes the robot busy."""
        self._facts_asked.append(action_id)
        return self.instant(InstantKind.FACTSHEET, action_id, wall_ms)

    @property
    def _questions(self) -> frozenset[str]:
        return frozenset((*self._asked_ns, *self._facts_asked))

    def may_act(self, kind: InstantKind) -> bool:
        """Return whether an instant action may leave now.

        No cancel and no trigger while the robot runs a foreign order: 2.x cancels whatever runs.
        """
        state = self._state
        if not self.is_reconciled and kind not in _EVER:
            return False
        if not self.may_be_asked and kind is not InstantKind.CANCEL:
            return False
        if kind in _NEEDS_OURS and state is not None:
            return self._is_own(state.order_id or "") or self._is_idle(state)
        return True

    def note_cancel(self, action_id: str) -> None:
        """Take the status of a cancelOrder for evidence about the orders that are followed."""
        for follow in self._follows.values():
            if action_id not in follow.tracked.cancel_ids:
                ids = (*follow.tracked.cancel_ids, action_id)
                follow.tracked = replace(follow.tracked, cancel_ids=ids)

    def instant(
        self, kind: InstantKind, action_id: str, wall_ms: int, order_id: OrderId | None = None
    ) -> bytes:
        """Return an instant action. Raises ValueError as `instant_action` does."""
        body = instant_action(kind, action_id, self.profile, order_id=order_id)
        self.counts[f"instant_{kind}"] += 1
        return stamped(body, self._sender, self._next_id(self.topics.instant_actions), wall_ms)

    def ordering(self, body: OrderBody, now_ns: int, wall_ms: int) -> bytes:
        """Return the order message and note that it may be with the robot from now on."""
        order_id = body.order.order_id
        header_id = self._next_id(self.topics.order)
        follow = self._follows.get(order_id)
        if follow is not None:
            self._note_send(follow, header_id, now_ns)
        self._sent.append(order_id)
        self.last_order_ns = now_ns
        return stamped(body.body, self._sender, header_id, wall_ms)

    def _note_send(self, follow: Follow, header_id: int, now_ns: int) -> None:
        tracked = follow.tracked
        if follow.sent_on is None and self._state is not None:
            tracked = replace(tracked, errors_before=frozenset(self._state.errors))
        ids = (*tracked.header_ids, str(header_id % HEADER_IDS))
        follow.tracked = replace(tracked, header_ids=ids)
        follow.since_ns, follow.sent_on, follow.last = (
            now_ns,
            (self._connection, self._breaks),
            None,
        )
        self.counts["resends" if follow.sends else "orders"] += 1
        follow.sends += 1

    def sample(self, body: bytes, wall_ms: int) -> bytes:
        """Return a message as it would go out, without counting it."""
        return stamped(body, self._sender, 0, wall_ms)

    def _next_id(self, topic: str) -> int:
        self._header_ids[topic] += 1
        return self._header_ids[topic]

    # ------------------------------------------------------------ states from it

    def take_state(self, state: RobotState, at_ns: int) -> tuple[str, ...]:
        """Keep a state that was not retained; return the ids of the questions it answers."""
        self._state, self.received_ns = state, at_ns
        answered = tuple(one for one in self._asked_ns if one in state.actions)
        late = self._first_asked_ns is not None and at_ns - self._first_asked_ns >= self._answer_ns
        if answered or late:
            self._reconcile()
        self.shows_questions = self.shows_questions or bool(answered)
        return answered

    def settle(self, now_ns: int) -> bool:
        """Take the newest state for the answer, if time is up; return whether it did."""
        asked = self._first_asked_ns
        due = asked is not None and now_ns - asked >= self._answer_ns
        if due and self._state is not None and asked is not None and self.received_ns >= asked:
            self._reconcile()
        return self.is_reconciled

    def _reconcile(self) -> None:
        if not self.is_reconciled and self._state is not None:
            self.is_reconciled = True
            self._first_order = self._state.order_id

    @property
    def robot_at(self) -> Position | None:
        """Return where the robot says it stands."""
        return self._state.position if self._state is not None else None

    @property
    def excluded(self) -> str:
        """Return why it may get no order at all, empty if it may."""
        state = self._state
        if not self.intake.is_version_ok:
            return "version_mismatch"
        if state is not None and self._is_foreign(state):
            return "foreign_master"
        if state is not None and state.asks_fleet:
            return "needs_fleet_manager"
        actions = self.factsheet.actions if self.factsheet is not None else None
        if actions is not None and not {self.profile.action_type(a) for a in ACTIONS} <= set(
            actions
        ):
            return "no_pick_or_drop"
        return ""

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
            fatal=state.is_stopped,
            charge_percent=state.charge_percent,
            loads=state.loads,
            errors=tuple(str(error) for error in state.errors[:ERRORS_MAX]),
            mode=state.mode,
            field_violation=bool(state.field_violation),
            localized=state.localized,
            map_id=state.position.map_id if state.position else None,
            version_ok=self.intake.is_version_ok,
            foreign_order=self._is_foreign(state),
            errors_detail=state.errors[:ERRORS_MAX],
            actions_ended=state.are_actions_ended(self._questions),
            factsheet=self.factsheet,
            excluded=self.excluded,
        )

    # ------------------------------------------------------------ orders of ours

    def track(self, order: MoveOrder, prev_order_id: str, now_ns: int) -> OrderStatus | None:
        """Follow an order; return what the newest state already proves about it, if anything."""
        known = self._follows.get(order.order_id)
        if known is None:
            follow = followed(order, prev_order_id, self.profile.loads, now_ns)
            self._follows[order.order_id] = follow
        elif order.update_id > known.tracked.order.update_id:
            updated(known, order, now_ns)
            return None
        else:
            return None
        if self._state is None:
            return None
        status = self._report(follow, self._state)
        return status if status is not None and status.phase is not OrderPhase.UNKNOWN else None

    def forget(self, order_id: OrderId) -> None:
        """Follow an order no longer."""
        self._follows.pop(order_id, None)

    def statuses(self) -> Iterator[OrderStatus]:
        """Yield what the newest state changed for each order that is followed."""
        if self._state is not None:
            for follow in self._follows.values():
                was_ended = follow.tracked.is_ended
                status = self._report(follow, self._state)
                if status is not None:
                    is_refused = status.phase is OrderPhase.REJECTED and not was_ended
                    self.counts["rejected"] += is_refused
                    yield status

    def _report(self, follow: Follow, state: RobotState) -> OrderStatus | None:
        seen = Seen(
            state=state,
            at_ns=self.received_ns,
            standing=self._standing(follow, state),
            hidden=self._questions,
        )
        return report(self.id, follow, seen)

    def _standing(self, follow: Follow, state: RobotState) -> Standing:
        answers = any(
            asked_ns >= follow.since_ns and action_id in state.actions
            for action_id, asked_ns in self._asked_ns.items()
        )
        is_late = self.received_ns - follow.since_ns >= self._answer_ns
        return Standing(
            fresh=self.is_reconciled and (answers or is_late),
            unbroken=follow.sent_on == (self._connection, self._breaks),
            alone=not self._sent or self._sent[-1] == follow.tracked.order.order_id,
            is_idle=self._is_idle(state),
            shows_our_other=self._is_own(state.order_id or ""),
        )

    def _is_idle(self, state: RobotState) -> bool:
        return state.is_idle(self._questions)

    def _is_own(self, order_id: str) -> bool:
        return order_id in self._sent or order_id in self._follows

    def _is_foreign(self, state: RobotState) -> bool:
        """Return whether another master commands this robot.

        The order that it had run before this connection, whosever it was, is history.
        """
        order_id = state.order_id or ""
        if not order_id or self._is_own(order_id):
            return False
        is_new = self.is_reconciled and order_id != self._first_order
        return is_new or not self._is_idle(state)
