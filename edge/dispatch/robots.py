"""Robot legs: the order is committed, then published; the robot's own state is the only proof."""

import base64
import hashlib
import logging
import uuid
from typing import Final

from drivers.errors import DriverError, DriverProtocolError
from drivers.protocols import (
    Clock,
    Deadline,
    MoveOrder,
    NodeId,
    OrderBody,
    OrderId,
    OrderPhase,
    OrderStatus,
    RobotDriver,
    RobotId,
)
from edge.dispatch.choose import Choice, RobotFacts, choose
from edge.dispatch.desk import Desk
from edge.events import MoveEvidence, MoveState, OrderSent
from edge.floor import FloorSettings
from edge.station.inputs import LegInput, OrderInput
from edge.station.state import LegWork, MoveWork

RESENDS_MAX: Final = 2
STATE_WAIT_S: Final = 3.0

log = logging.getLogger("robots")

_PROVED: Final = {
    OrderPhase.ACCEPTED: MoveState.ACCEPTED,
    OrderPhase.PICKING: MoveState.PICKING,
    OrderPhase.CARRYING: MoveState.CARRYING,
    OrderPhase.DROPPING: MoveState.DROPPING,
    OrderPhase.DONE: MoveState.DONE,
    OrderPhase.REJECTED: MoveState.REJECTED,
    OrderPhase.FAILED: MoveState.FAILED,
}
_ENDED: Final = (MoveState.DONE, MoveState.REJECTED, MoveState.FAILED)
_UNPROVED: Final = (MoveState.SENT, MoveState.RESENT)


class RobotLegs:
    """Sends robot legs, turns proof into inputs, and leaves doubt as doubt."""

    def __init__(
        self, driver: RobotDriver, floor: FloorSettings, *, desk: Desk, clock: Clock, station: str
    ) -> None:
        self._driver = driver
        self._floor = floor
        self._desk = desk
        self._clock = clock
        self._station = station
        self._last_order_ns: dict[RobotId, int] = {}
        self._tracked: dict[str, tuple[str, int]] = {}  # order id → move, leg
        self._ask_at_ns: dict[str, int] = {}  # order id → when acceptance is overdue

    async def listen(self) -> None:
        """Turn what robots prove into inputs, for ever."""
        async for status in self._driver.statuses():
            await self._proved(status)

    async def step(self) -> None:
        """Do what is due now: resume tracking, send planned legs, ask about silent orders."""
        for work in tuple(self._desk.state.moves.values()):
            leg = work.current
            if leg is None or leg.leg.kind != "robot":
                continue
            if leg.state is MoveState.PLANNED:
                await self._plan(work)
            elif leg.is_under_way and leg.order is not None:
                self._resume(work, leg.order)
                if leg.state in _UNPROVED:
                    await self._ask(leg.order)

    def doubtful(self) -> frozenset[str]:
        """Return the robots that hold a move in doubt."""
        legs = (work.current for work in self._desk.state.moves.values())
        return frozenset(
            leg.robot for leg in legs if leg and leg.robot and leg.state is MoveState.IN_DOUBT
        )

    # ------------------------------------------------------------ sending

    async def _plan(self, work: MoveWork) -> None:
        leg = work.legs[work.position].leg
        now_ns = self._clock.monotonic_ns()
        choice = choose(
            self._facts(),
            self._floor.edges,
            pick=NodeId(leg.start),
            drop=NodeId(leg.end),
            now_ns=now_ns,
            stale_ns=int(self._floor.timers.state_stale * 1e9),
        )
        if choice is None:
            return
        order = self._order(work, choice)
        try:
            body = self._driver.prepare(order, self._floor.nodes)
        except DriverProtocolError as error:
            log.warning("%s", error)
            await self._fail(work, str(order.robot), "order_invalid")
            return
        sent = _sent(body, choice.snapshot.order_id)
        given = OrderInput(move=work.move, leg=work.position, order=sent, attempt=1)
        if await self._desk.commit(given):
            await self._publish(work, body, sent)

    async def _publish(self, work: MoveWork, body: OrderBody, sent: OrderSent) -> None:
        """The intent is committed: from here on the robot may have the order."""
        robot = body.order.robot
        self._last_order_ns[robot] = self._clock.monotonic_ns()
        self._resume(work, sent)
        self._wait_again(sent.order_id)
        result = await self._driver.send(body)
        log.info("%s: order %s: %s", robot, sent.order_id, result)

    def _order(self, work: MoveWork, choice: Choice) -> MoveOrder:
        """The ids are minted here, with the intent; a resend repeats them byte for byte."""
        return MoveOrder(
            order_id=OrderId(f"{self._station}-{work.move}-{work.position}"),
            robot=choice.robot,
            load_id=f"{work.move}/{work.position}",
            path_to_pick=choice.path_to_pick,
            path_to_drop=choice.path_to_drop,
            pick_action_id=str(uuid.uuid4()),
            drop_action_id=str(uuid.uuid4()),
        )

    def _facts(self) -> tuple[RobotFacts, ...]:
        legs = (work.current for work in self._desk.state.moves.values())
        booked = {leg.robot for leg in legs if leg is not None and leg.is_under_way}
        return tuple(
            RobotFacts(
                unit=unit,
                snapshot=self._driver.snapshot(unit.id),
                is_booked=str(unit.id) in booked,
                last_order_ns=self._last_order_ns.get(unit.id),
            )
            for unit in self._floor.robots
        )

    # ------------------------------------------------------------ proof

    def _resume(self, work: MoveWork, sent: OrderSent) -> None:
        if sent.order_id not in self._tracked:
            self._tracked[sent.order_id] = (work.move, work.position)
            self._wait_again(sent.order_id)
            self._driver.track(_order_of(sent, work), sent.prev_order_id)

    def _wait_again(self, order_id: str) -> None:
        wait_ns = int(self._floor.timers.accept * 1e9)
        self._ask_at_ns[order_id] = self._clock.monotonic_ns() + wait_ns

    async def _ask(self, sent: OrderSent) -> None:
        """No acceptance in time: ask the robot itself; its answer comes as a status."""
        if self._clock.monotonic_ns() < self._ask_at_ns[sent.order_id]:
            return
        self._wait_again(sent.order_id)
        deadline = Deadline.after(STATE_WAIT_S, self._clock)
        try:
            await self._driver.request_state(RobotId(sent.robot), deadline)
        except DriverError as error:
            log.warning("%s", error)

    async def _proved(self, status: OrderStatus) -> None:
        known = self._tracked.get(status.order_id)
        if known is None:
            return
        work = self._desk.state.moves.get(known[0])
        leg = work.current if work is not None and work.position == known[1] else None
        if work is None or leg is None or leg.order is None:
            self._drop(status.order_id)
            return
        if status.phase is OrderPhase.UNKNOWN:
            await self._unproved(work, leg, leg.order, status)
            return
        state = _PROVED[status.phase]
        if state is not leg.state:
            await self._report(work, status, state)
        if state in _ENDED:
            self._drop(status.order_id)

    async def _unproved(
        self, work: MoveWork, leg: LegWork, sent: OrderSent, status: OrderStatus
    ) -> None:
        """The robot's state does not show our order: sent again only with proof, else doubt."""
        if leg.state is MoveState.IN_DOUBT:
            return
        if status.resend_safe and leg.state in _UNPROVED and leg.attempt <= RESENDS_MAX:
            given = OrderInput(
                move=work.move, leg=work.position, order=sent, attempt=leg.attempt + 1
            )
            if await self._desk.commit(given):
                body = OrderBody(order=_order_of(sent, work), body=base64.b64decode(sent.body_b64))
                await self._publish(work, body, sent)
        elif status.reason:
            await self._report(work, status, MoveState.IN_DOUBT)

    async def _report(self, work: MoveWork, status: OrderStatus, state: MoveState) -> None:
        evidence = MoveEvidence(
            last_node=status.last_node,
            last_node_seq=status.last_node_seq,
            actions=dict(status.actions),
            loads=status.loads,
            errors=status.errors,
        )
        await self._desk.commit(
            LegInput(
                move=work.move,
                leg=work.position,
                state=state,
                robot=str(status.robot),
                evidence=evidence,
                reason=status.reason or None,
            )
        )

    async def _fail(self, work: MoveWork, robot: str, reason: str) -> None:
        await self._desk.commit(
            LegInput(
                move=work.move,
                leg=work.position,
                state=MoveState.FAILED,
                robot=robot,
                reason=reason,
            )
        )

    def _drop(self, order_id: str) -> None:
        self._tracked.pop(order_id, None)
        self._ask_at_ns.pop(order_id, None)
        self._driver.forget(OrderId(order_id))


def _sent(body: OrderBody, prev_order_id: str) -> OrderSent:
    order = body.order
    return OrderSent(
        order_id=order.order_id,
        robot=order.robot,
        prev_order_id=prev_order_id,
        pick=order.path_to_pick[-1],
        drop=order.path_to_drop[-1],
        path_to_pick=order.path_to_pick,
        path_to_drop=order.path_to_drop,
        pick_action_id=order.pick_action_id,
        drop_action_id=order.drop_action_id,
        body_b64=base64.b64encode(body.body).decode("ascii"),
        body_sha256=hashlib.sha256(body.body).hexdigest(),
    )


def _order_of(sent: OrderSent, work: MoveWork) -> MoveOrder:
    return MoveOrder(
        order_id=OrderId(sent.order_id),
        robot=RobotId(sent.robot),
        load_id=f"{work.move}/{work.position}",
        path_to_pick=tuple(NodeId(node) for node in sent.path_to_pick),
        path_to_drop=tuple(NodeId(node) for node in sent.path_to_drop),
        pick_action_id=sent.pick_action_id,
        drop_action_id=sent.drop_action_id,
    )
