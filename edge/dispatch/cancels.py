"""Cancels of robot orders under way: committed, published, verified."""

import logging

from drivers.protocols import (
    Clock,
    InstantKind,
    OrderId,
    OrderStatus,
    RobotDriver,
    RobotId,
    SendResult,
)
from edge.dispatch import cancel
from edge.dispatch.cancel import Cancel, Step
from edge.dispatch.desk import Desk
from edge.dispatch.orders import action_id, on_wire, wants_digits
from edge.dispatch.proof import evidence_of
from edge.dispatch.questions import Questions
from edge.events import MoveState, OrderSent
from edge.floor import Timers
from edge.station.inputs import LegInput
from edge.station.state import MoveWork

log = logging.getLogger("robots")


class Cancels:
    """One cancel a leg; its id is minted with its intent and stays over restarts."""

    def __init__(self, driver: RobotDriver, desk: Desk, clock: Clock, questions: Questions) -> None:
        self._driver = driver
        self._desk = desk
        self._clock = clock
        self._questions = questions
        self._open: dict[str, Cancel] = {}  # by order id
        self._ids: dict[str, str] = {}  # order id → the committed id of its cancel

    async def begin(self, work: MoveWork, index: int, reason: str) -> None:
        """Commit that this leg's order is being cancelled; what follows is `step`'s."""
        robot = RobotId(str(work.legs[index].robot))
        await self._desk.commit(
            LegInput(
                move=work.move,
                leg=index,
                state=MoveState.CANCELLING,
                robot=str(robot),
                reason=reason,
                cancel_id=action_id(digits=self._wants_digits(robot)),
            )
        )

    def _wants_digits(self, robot: RobotId) -> bool:
        snapshot = self._driver.snapshot(robot)
        sheet = snapshot.factsheet if snapshot is not None else None
        return wants_digits(self._driver.traits(robot), sheet)

    def forget(self, order_id: str) -> None:
        """Forget the cancel of an order that is over."""
        self._open.pop(order_id, None)
        self._ids.pop(order_id, None)

    async def step(
        self, work: MoveWork, index: int, status: OrderStatus | None, timers: Timers
    ) -> None:
        """Do what is due of a leg that is being cancelled."""
        leg = work.legs[index]
        sent, cancel_id = leg.order, leg.cancel_id
        if sent is None or cancel_id is None:
            return
        robot, now_ns = RobotId(sent.robot), self._clock.monotonic_ns()
        one = self._open.get(sent.order_id)
        if one is None or self._ids.get(sent.order_id) != cancel_id:
            self._ids[sent.order_id] = cancel_id
            one = Cancel(action_id=on_wire(cancel_id, digits=self._wants_digits(robot)))
        seen = self._driver.snapshot(robot)
        one = cancel.observed(one, status, seen, now_ns, settle_s=timers.settle)
        self._open[sent.order_id] = one
        match cancel.next_step(one, status, timers, now_ns):
            case Step.SEND:
                await self._send(robot, sent, one)
            case Step.ASK:
                self._open[sent.order_id] = cancel.asked(one, now_ns)
                self._questions.ask(robot)
            case Step.UNANSWERED:
                await self._end(work, index, status, MoveState.IN_DOUBT, "cancel_unanswered")
            case Step.MOVES:
                await self._end(work, index, status, MoveState.IN_DOUBT, "moves_after_cancel")
            case Step.SETTLED if seen is not None:
                found = cancel.outcome(sent, leg.reason or "", status, seen)
                await self._end(work, index, status, found.state, found.reason, place=found.place)
            case _:
                return

    async def _send(self, robot: RobotId, sent: OrderSent, one: Cancel) -> None:
        """Published again only while no state shows it; what did not leave does not count."""
        self._open[sent.order_id] = cancel.was_sent(one, self._clock.monotonic_ns())
        result = await self._driver.instant(
            robot, InstantKind.CANCEL, one.action_id, order_id=OrderId(sent.order_id)
        )
        if result is SendResult.SENT:
            log.info("%s: cancel of %s sent", robot, sent.order_id)
        else:
            self._open[sent.order_id] = one

    async def _end(
        self,
        work: MoveWork,
        index: int,
        status: OrderStatus | None,
        state: MoveState,
        reason: str,
        *,
        place: str | None = None,
    ) -> None:
        await self._desk.commit(
            LegInput(
                move=work.move,
                leg=index,
                state=state,
                robot=work.legs[index].robot,
                evidence=evidence_of(status),
                reason=reason,
                resolved_as=place,
            )
        )
