"""Robots that were sent ahead: they wait at the pick-up until the load is proved to be there."""

import logging
from dataclasses import replace
from typing import Final

from drivers.errors import DriverProtocolError
from drivers.protocols import (
    Clock,
    InstantKind,
    OrderBody,
    OrderId,
    OrderStatus,
    RobotDriver,
    RobotId,
)
from edge.dispatch.desk import Desk
from edge.dispatch.orders import action_id, body_of, order_of, sent_of, wants_digits
from edge.dispatch.standstill import device_of
from edge.events import DiverterState, MoveState, OrderSent
from edge.floor import FloorSettings, LegKind
from edge.station.inputs import CommandInput, OrderInput
from edge.station.state import LegWork, MoveWork

AGAIN_NS: Final = 5_000_000_000
_COMING: Final = (DiverterState.SENT, DiverterState.SEEN, DiverterState.UNSEEN)
_READY: Final = (MoveState.ACCEPTED, MoveState.PICKING)

log = logging.getLogger("robots")


def is_coming(leg: LegWork) -> bool:
    """Return whether a belt is bringing the load."""
    return leg.leg.kind == LegKind.CONVEYOR and leg.state in _COMING


def is_let_down(work: MoveWork, index: int) -> bool:
    """Return whether a robot waits for a load that will not come."""
    return index > work.position and not is_coming(work.legs[work.position])


class Ahead:
    """Lets a waiting robot pick: by the instant action trigger, or by an update of its order."""

    def __init__(
        self, driver: RobotDriver, floor: FloorSettings, *, desk: Desk, clock: Clock
    ) -> None:
        self._driver = driver
        self._floor = floor
        self._desk = desk
        self._clock = clock
        self._triggered_ns: dict[str, int] = {}

    async def release(
        self, work: MoveWork, index: int, status: OrderStatus | None
    ) -> tuple[OrderBody, OrderSent] | None:
        """Say that the load is there. Returns the update that is committed and must go out."""
        leg = work.legs[index]
        sent = leg.order
        if sent is None or not sent.preposition or index != work.position:
            return None
        if self._driver.traits(RobotId(sent.robot)).waits_for_trigger:
            if status is not None and status.waiting:
                await self._trigger(sent)
            return None
        if sent.update_id > 0 or leg.state not in _READY:
            return None
        return await self._update(work, index, sent)

    async def _trigger(self, sent: OrderSent) -> None:
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._triggered_ns.get(sent.order_id, -AGAIN_NS) < AGAIN_NS:
            return
        robot = RobotId(sent.robot)
        given = CommandInput(device=device_of(robot), command="trigger", reason="load_is_there")
        if not await self._desk.commit(given):
            return
        self._triggered_ns[sent.order_id] = now_ns
        snapshot = self._driver.snapshot(robot)
        sheet = snapshot.factsheet if snapshot is not None else None
        trigger_id = action_id(digits=wants_digits(self._driver.traits(robot), sheet))
        result = await self._driver.instant(
            robot, InstantKind.TRIGGER, trigger_id, order_id=OrderId(sent.order_id)
        )
        log.info("%s: trigger of %s: %s", robot, sent.order_id, result)

    async def _update(
        self, work: MoveWork, index: int, sent: OrderSent
    ) -> tuple[OrderBody, OrderSent] | None:
        order = replace(order_of(sent, work.move, index), update_id=sent.update_id + 1)
        try:
            body = self._driver.prepare_update(
                order, body_of(sent, work.move, index), self._floor.nodes
            )
        except DriverProtocolError as error:
            log.warning("%s", error)
            return None
        updated = sent_of(body, sent.prev_order_id)
        given = OrderInput(move=work.move, leg=index, order=updated, attempt=1)
        return (body, updated) if await self._desk.commit(given) else None

    def forget(self, order_id: str) -> None:
        """Forget an order that is over."""
        self._triggered_ns.pop(order_id, None)
