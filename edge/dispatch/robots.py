"""Robot legs: the order is committed, then published; the robot's own state is the only proof."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from drivers.errors import DriverProtocolError
from drivers.protocols import (
    Clock,
    NodeId,
    OrderBody,
    OrderId,
    OrderPhase,
    OrderStatus,
    RobotDriver,
    RobotId,
    RobotSnapshot,
)
from edge.dispatch import doubt, timers
from edge.dispatch.ahead import Ahead, is_coming, is_let_down
from edge.dispatch.cancels import Cancels
from edge.dispatch.choose import Choice, Errand, Now, Roads, RobotFacts, choose
from edge.dispatch.desk import Desk
from edge.dispatch.orders import OrderIds, body_of, order_for, order_of, sent_of
from edge.dispatch.proof import evidence_of
from edge.dispatch.questions import Questions
from edge.dispatch.standstill import Standstill
from edge.dispatch.timers import Due, Seen
from edge.events import DiverterState, MoveState, OrderSent
from edge.floor import FloorSettings, LegKind, Timers
from edge.station import room
from edge.station.inputs import LegInput, OrderInput
from edge.station.moves import LATE_CLAIM, NO_PROGRESS
from edge.station.state import LegWork, MoveWork

RESENDS_MAX: Final = 2
NS: Final = 1_000_000_000
WATCHES_MAX: Final = 1024  # followed orders that have ended; full: the oldest is forgotten

log = logging.getLogger("robots")

_PROVED: Final = {
    OrderPhase.ACCEPTED: MoveState.ACCEPTED,
    OrderPhase.PICKING: MoveState.PICKING,
    OrderPhase.CARRYING: MoveState.CARRYING,
    OrderPhase.DROPPING: MoveState.DROPPING,
    OrderPhase.DONE: MoveState.DONE,
    OrderPhase.REJECTED: MoveState.REJECTED,
}
_UNPROVED: Final = (MoveState.SENT, MoveState.RESENT)
_LATE: Final = {
    Due.NO_ACCEPT: "no_accept",
    Due.ACTION_TIME: "action_time",
    Due.ORDER_TIME: "order_time",
    Due.NO_LOAD: "no_load",
}


@dataclass(slots=True, kw_only=True)
class Watch:
    """One order that is followed: whose it is, and what this process has seen of it."""

    move: str
    leg: int
    robot: RobotId
    load: str
    seen: Seen
    update_id: int
    last: OrderStatus | None = None
    has_ended: bool = False


class RobotLegs:
    """Sends robot legs, turns proof into inputs, and leaves doubt as doubt."""

    def __init__(
        self,
        driver: RobotDriver,
        floor: FloorSettings,
        *,
        desk: Desk,
        clock: Clock,
        ids: OrderIds,
        station: str = "",
    ) -> None:
        self._driver = driver
        self._floor = floor
        self._desk = desk
        self._clock = clock
        self._ids = ids
        self._station = station
        self._roads = Roads(edges=floor.edges, nodes=floor.nodes, groups=floor.lock_groups)
        self._last_order_ns: dict[RobotId, int] = {}
        self._quiet_until_ns: dict[str, int] = {}  # load → when it may be ordered for again
        self._watches: dict[str, Watch] = {}  # by order id
        self._questions = Questions(driver, clock)
        self._cancels = Cancels(driver, desk, clock, self._questions)
        self._standstill = Standstill(driver, desk, clock)
        self._ahead = Ahead(driver, floor, desk=desk, clock=clock)
        self.ask = self._questions.run

    async def listen(self) -> None:
        """Turn what robots prove into inputs, for ever."""
        async for status in self._driver.statuses():
            await self._proved(status)

    async def step(self) -> None:
        """Do what is due now: stop, follow open orders, then send what may be sent."""
        await self._standstill.step()
        for work in tuple(self._desk.state.moves.values()):
            for index, leg in _robot_legs(work):
                if leg.order is not None and leg.state is not MoveState.PLANNED:
                    await self._follow(work, index, leg.order)
        self._forget_old()
        await self._plan_all()

    def doubtful(self) -> frozenset[str]:
        """Return the robots that hold a move in doubt, or have not taken an order in time."""
        return frozenset(
            str(leg.robot)
            for _, _, leg in room.open_robot_legs(self._desk.state)
            if leg.state is MoveState.IN_DOUBT or self._is_unheard(leg)
        )

    def _is_unheard(self, leg: LegWork) -> bool:
        watch = self._watches.get(leg.order.order_id) if leg.order is not None else None
        return leg.state in _UNPROVED and watch is not None and watch.seen.asks > 0

    # ------------------------------------------------------------ sending

    async def _plan_all(self) -> None:
        state = self._desk.state
        if state.is_area_inhibited:
            return
        for work in tuple(state.moves.values()):
            index = _to_plan(work)
            if index is not None and not self._desk.state.is_inhibited(work):
                await self._plan(work, index)

    async def _plan(self, work: MoveWork, index: int) -> None:
        if self._clock.monotonic_ns() < self._quiet_until_ns.get(work.load, 0):
            return
        refused: dict[RobotId, str] = {}
        while (choice := self._choose(work, index, refused)) is not None:
            traits = self._driver.traits(choice.robot)
            order_id = self._ids.next(traits, choice.snapshot.factsheet)
            order = order_for(work, index, choice, order_id=order_id, traits=traits)
            try:
                body = self._driver.prepare(order, self._floor.nodes)
            except DriverProtocolError as error:
                log.warning("%s", error)
                refused[choice.robot] = error.happened
                continue
            await self._send_first(work, index, body, choice.snapshot.order_id)
            return
        if refused:
            robot = str(next(iter(refused)))
            await self._commit(work, index, MoveState.FAILED, robot=robot, reason="order_invalid")

    async def _send_first(
        self, work: MoveWork, index: int, body: OrderBody, prev_order_id: str
    ) -> None:
        sent = sent_of(body, prev_order_id)
        given = OrderInput(move=work.move, leg=index, order=sent, attempt=1)
        if await self._desk.commit(given):
            await self._publish(work, index, body, sent)

    def _choose(self, work: MoveWork, index: int, refused: dict[RobotId, str]) -> Choice | None:
        leg, state = work.legs[index].leg, self._desk.state
        if not room.has_room(leg.end, state, self._floor):
            return None
        facts = tuple(one for one in self._facts() if one.unit.id not in refused)
        errand = Errand(
            pick=NodeId(leg.start),
            drop=NodeId(leg.end),
            carrier=leg.carrier,
            load=leg.load,
            grams=leg.grams,
        )
        now = Now(
            at_ns=self._clock.monotonic_ns(),
            stale_ns=int(self._floor.timers.state_stale * NS),
            station=self._station,
        )
        held = room.held_groups(state, self._floor)
        return choose(facts, errand, self._roads, now, held=held)

    def _facts(self) -> tuple[RobotFacts, ...]:
        booked = room.booked_robots(self._desk.state)
        laden = room.laden_robots(self._desk.state)
        return tuple(
            RobotFacts(
                unit=unit,
                snapshot=self._driver.snapshot(unit.id),
                is_booked=str(unit.id) in booked,
                last_order_ns=self._last_order_ns.get(unit.id),
                is_laden=str(unit.id) in laden,
                traits=self._driver.traits(unit.id),
            )
            for unit in self._floor.robots
        )

    async def _publish(self, work: MoveWork, index: int, body: OrderBody, sent: OrderSent) -> None:
        """The intent is committed: from here on the robot may have the order."""
        robot = body.order.robot
        self._last_order_ns[robot] = self._clock.monotonic_ns()
        watch = self._watch(work, index, sent)
        result = await self._driver.send(body)
        log.info("%s: order %s: %s", robot, sent.order_id, result)
        wait_ns = int(self._timers(robot).accept * NS)
        watch.seen = timers.asked(watch.seen, self._clock.monotonic_ns() + wait_ns, asks=0)

    # ------------------------------------------------------------ following

    def _watch(self, work: MoveWork, index: int, sent: OrderSent) -> Watch:
        """Follow an order. One that this process did not send itself is asked about at once."""
        watch = self._watches.get(sent.order_id)
        if watch is None or watch.update_id != sent.update_id:
            watch = Watch(
                move=work.move,
                leg=index,
                robot=RobotId(sent.robot),
                load=work.load,
                seen=Seen(ask_ns=self._clock.monotonic_ns()),
                update_id=sent.update_id,
            )
            self._watches[sent.order_id] = watch
            self._driver.track(order_of(sent, work.move, index), sent.prev_order_id)
        return watch

    def _timers(self, robot: RobotId) -> Timers:
        return timers.timers_for(self._floor.timers, self._driver.traits(robot).timers)

    async def _follow(self, work: MoveWork, index: int, sent: OrderSent) -> None:
        watch = self._watch(work, index, sent)
        leg = work.legs[index]
        if not leg.is_under_way:
            self._note_end(watch)
            return
        if leg.state is MoveState.CANCELLING:
            await self._cancels.step(work, index, watch.last, self._timers(watch.robot))
            return
        if leg.state is not MoveState.IN_DOUBT and self._is_recalled(work):
            await self._cancel(work, index, "danger")
            return
        if leg.state is not MoveState.IN_DOUBT and sent.preposition:
            if is_let_down(work, index):
                await self._cancel(work, index, "no_load")
                return
            released = await self._ahead.release(work, index, watch.last)
            if released is not None:
                await self._publish(work, index, *released)
                return
        await self._on_time(work, index, watch)

    def _is_recalled(self, work: MoveWork) -> bool:
        return self._desk.state.is_endangered(work)

    async def _on_time(self, work: MoveWork, index: int, watch: Watch) -> None:
        now_ns = self._clock.monotonic_ns()
        snapshot = self._driver.snapshot(watch.robot)
        state = work.legs[index].state
        due = timers.due(state, watch.seen, snapshot, self._timers(watch.robot), now_ns=now_ns)
        match due:
            case Due.NOTHING:
                return
            case Due.ASK:
                self._ask(watch, snapshot, now_ns)
            case Due.NO_PROGRESS:
                watch.seen = timers.warned(watch.seen)
                await self._commit(work, index, state, robot=watch.robot, reason=NO_PROGRESS)
            case _:
                await self._cancel(work, index, _LATE[due])

    def _ask(self, watch: Watch, snapshot: RobotSnapshot | None, now_ns: int) -> None:
        """A question counts only when it could be heard: a broker that is down proves nothing."""
        wait_ns = int(self._timers(watch.robot).accept * NS)
        if snapshot is not None and snapshot.reconciled and self._questions.ask(watch.robot):
            asks = watch.seen.asks + 1
            watch.seen = timers.asked(watch.seen, now_ns + wait_ns, asks=asks)

    async def _cancel(self, work: MoveWork, index: int, reason: str) -> None:
        await self._cancels.begin(work, index, reason)

    def _note_end(self, watch: Watch) -> None:
        """The load may be ordered for again after a quiet time, when the robot has told more."""
        if not watch.has_ended:
            watch.has_ended = True
            quiet_ns = int(self._floor.timers.quiet * NS)
            self._quiet_until_ns[watch.load] = self._clock.monotonic_ns() + quiet_ns
            self._questions.ask(watch.robot)

    def _forget_old(self) -> None:
        """An ended order is followed as long as its robot may still claim it."""
        now_ns = self._clock.monotonic_ns()
        for load in [u for u, until in self._quiet_until_ns.items() if until <= now_ns]:
            del self._quiet_until_ns[load]
        moves = self._desk.state.moves
        ended = [
            order_id
            for order_id, watch in self._watches.items()
            if watch.move not in moves and self._is_over(order_id, watch)
        ]
        spare = len(self._watches) - len(ended) - WATCHES_MAX
        ended += [key for key, one in self._watches.items() if one.move not in moves][
            : max(0, spare)
        ]
        for order_id in dict.fromkeys(ended):
            self._watches.pop(order_id, None)
            self._cancels.forget(order_id)
            self._ahead.forget(order_id)
            self._driver.forget(OrderId(order_id))

    def _is_over(self, order_id: str, watch: Watch) -> bool:
        seen = self._driver.snapshot(watch.robot)
        if seen is None:
            return False
        return seen.idle or seen.order_id != order_id

    # ------------------------------------------------------------ proof

    async def _proved(self, status: OrderStatus) -> None:
        watch = self._watches.get(status.order_id)
        if watch is None:
            return
        now_ns = self._clock.monotonic_ns()
        watch.last = status
        watch.seen = timers.with_status(watch.seen, status, now_ns)
        work = self._desk.state.moves.get(watch.move)
        if work is None or watch.leg >= len(work.legs):
            return
        leg = work.legs[watch.leg]
        if leg.order is None or leg.order.order_id != status.order_id or leg.is_done:
            return
        await self._read(work, watch.leg, leg, status)

    async def _read(self, work: MoveWork, index: int, leg: LegWork, status: OrderStatus) -> None:
        match leg.state:
            case MoveState.IN_DOUBT:
                await self._doubted(work, index, leg, status)
            case MoveState.CANCELLING if doubt.is_rejection(status):
                await self._rejected(work, index, status)
            case MoveState.CANCELLING:
                robot = RobotId(str(leg.robot))
                await self._cancels.step(work, index, status, self._timers(robot))
            case _ if not leg.is_under_way:
                await self._claimed(work, index, leg, status)
            case _ if status.phase is OrderPhase.UNKNOWN:
                await self._unproved(work, index, leg, status)
            case _ if status.phase is OrderPhase.FAILED:
                await self._failed(work, index, status)
            case _ if status.phase is OrderPhase.REJECTED:
                await self._rejected(work, index, status)
            case _:
                await self._went_on(work, index, leg, status)

    async def _went_on(self, work: MoveWork, index: int, leg: LegWork, status: OrderStatus) -> None:
        state = _PROVED[status.phase]
        if state is not leg.state:
            place = "at_target" if state is MoveState.DONE else None
            await self._tell(work, index, status, state, place=place)

    async def _rejected(self, work: MoveWork, index: int, status: OrderStatus) -> None:
        await self._tell(work, index, status, MoveState.REJECTED, place="at_pickup")

    async def _failed(self, work: MoveWork, index: int, status: OrderStatus) -> None:
        """A failed action does not stop an order: while the robot has a way left, stop it first."""
        if not status.at_rest:
            await self._cancel(work, index, status.reason or "action_failed")
            return
        place = "on_robot" if status.reason == "drop_failed" else "at_pickup"
        await self._tell(work, index, status, MoveState.FAILED, place=place)

    async def _unproved(
        self, work: MoveWork, index: int, leg: LegWork, status: OrderStatus
    ) -> None:
        """The robot's state does not show our order: sent again only with proof, else doubt."""
        if status.resend_safe and leg.state in _UNPROVED and leg.order is not None:
            if leg.attempt > RESENDS_MAX:
                await self._cancel(work, index, "no_accept")
            else:
                await self._resend(work, index, leg.order, leg.attempt + 1)
        elif status.reason or status.mode_lost or status.foreign:
            await self._tell(work, index, status, MoveState.IN_DOUBT)

    async def _resend(self, work: MoveWork, index: int, sent: OrderSent, attempt: int) -> None:
        given = OrderInput(move=work.move, leg=index, order=sent, attempt=attempt)
        if await self._desk.commit(given):
            await self._publish(work, index, body_of(sent, work.move, index), sent)

    async def _doubted(self, work: MoveWork, index: int, leg: LegWork, status: OrderStatus) -> None:
        found = doubt.resolved_place(leg.reason, status)
        if found is not None:
            place, proof = found
            await self._tell(work, index, status, MoveState.RESOLVED, place=place, reason=proof)
            return
        state = doubt.goes_on(leg.reason, status)
        if state is not None:
            await self._tell(work, index, status, state)

    async def _claimed(self, work: MoveWork, index: int, leg: LegWork, status: OrderStatus) -> None:
        """A robot shows an order that had ended without it: it is stopped, and people are told."""
        if doubt.claims(leg.place, status):
            await self._cancel(work, index, LATE_CLAIM)

    async def _tell(
        self,
        work: MoveWork,
        index: int,
        status: OrderStatus,
        state: MoveState,
        *,
        place: str | None = None,
        reason: str | None = None,
    ) -> None:
        await self._desk.commit(
            LegInput(
                move=work.move,
                leg=index,
                state=state,
                robot=str(status.robot),
                evidence=evidence_of(status),
                reason=reason or status.reason or None,
                resolved_as=place,
            )
        )

    async def _commit(
        self,
        work: MoveWork,
        index: int,
        state: MoveState | DiverterState,
        *,
        robot: str,
        reason: str,
    ) -> None:
        assert isinstance(state, MoveState), "robot legs have no other states"
        given = LegInput(
            move=work.move,
            leg=index,
            state=state,
            robot=robot,
            reason=reason,
            resolved_as="at_pickup" if state is MoveState.FAILED else None,
        )
        await self._desk.commit(given)


def _robot_legs(work: MoveWork) -> Iterator[tuple[int, LegWork]]:
    """Yield the legs that a robot has or may be sent for: the one waited for, and one ahead."""
    for index in (work.position, work.position + 1):
        if index < len(work.legs) and work.legs[index].leg.kind == LegKind.ROBOT:
            yield index, work.legs[index]


def _to_plan(work: MoveWork) -> int | None:
    """Return the leg that may be sent now: the one waited for, or one ahead of a divert."""
    index = work.position
    if index < len(work.legs) and is_coming(work.legs[index]):
        index += 1
        if index >= len(work.legs) or not work.legs[index].leg.preposition:
            return None
    if index >= len(work.legs):
        return None
    leg = work.legs[index]
    is_robot = leg.leg.kind == LegKind.ROBOT
    return index if is_robot and leg.state is MoveState.PLANNED else None
