"""Robots that live in this process and keep the promises of VDA 5050 vehicles.

For tests and stations without hardware. They remember one order, refuse what vehicles refuse, and
can be told to misbehave like them.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Final, Self

from drivers.errors import (
    DriverLostError,
    DriverNotFoundError,
    DriverProtocolError,
    DriverTimeoutError,
)
from drivers.protocols import (
    ActionStatus,
    Capability,
    Clock,
    Deadline,
    DeviceHealth,
    DeviceName,
    GraphNode,
    HealthState,
    InstantKind,
    MoveOrder,
    NodeId,
    OrderBody,
    OrderId,
    OrderPhase,
    OrderStatus,
    RobotCounts,
    RobotError,
    RobotId,
    RobotSnapshot,
    RobotTraits,
    SendResult,
)
from drivers.thread_bridge import HealthFeed
from drivers.wire.vda5050.order import build_order, build_update
from drivers.wire.vda5050.profile import RobotProfile
from drivers.wire.vda5050.progress import Standing, Tracked, advance, is_waiting
from drivers.wire.vda5050.state import ActionReport, RobotState
from drivers.wire.vda5050.verdict import Verdict

PROFILE: Final = RobotProfile(temp_start_node=True)
STATUSES_MAX: Final = 1024  # full: the oldest goes; a status repeats all that is proved


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRobotUnit:
    """A robot and the node it stands on at first."""

    id: str
    home: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRobotsSettings:
    """The robots; each node and each action takes `step_ms`."""

    robots: tuple[MemoryRobotUnit, ...]
    step_ms: int = 20

    def __post_init__(self) -> None:
        if self.step_ms < 0:
            raise ValueError(f"step_ms: {self.step_ms} is negative: 0 or more")


@dataclass(slots=True, kw_only=True)
class RobotFaults:
    """What goes wrong next; each is used up by one order, but for `is_mute`."""

    unheard: bool = False
    reject: str = ""
    fail_pick: bool = False
    is_mute: bool = False


@dataclass(slots=True, kw_only=True)
class _Follow:
    tracked: Tracked
    since_ns: int
    was_sent: bool = False
    last: OrderStatus | None = None


@dataclass(slots=True, kw_only=True)
class _Robot:
    id: RobotId
    state: RobotState
    received_ns: int
    faults: RobotFaults = field(default_factory=RobotFaults)
    asked_ns: int = 0
    last_order: OrderId | None = None
    follows: dict[OrderId, _Follow] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None


class MemoryRobots:
    """The robots. `picks` counts pick-ups by load: more than one is a double move."""

    def __init__(self, name: DeviceName, settings: MemoryRobotsSettings, clock: Clock) -> None:
        self._name = name
        self._step_s = settings.step_ms / 1000
        self._clock = clock
        self._robots = {
            RobotId(unit.id): _Robot(id=RobotId(unit.id), state=_parked(unit.home), received_ns=0)
            for unit in settings.robots
        }
        self._connections = 0
        self._is_open = False
        self._statuses: deque[OrderStatus] = deque(maxlen=STATUSES_MAX)
        self._news = asyncio.Event()
        self._light = HealthFeed(name)
        self.picks: Counter[str] = Counter()

    @property
    def name(self) -> DeviceName:
        """Return the configured name."""
        return self._name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return none: robots have no extras."""
        return frozenset()

    async def __aenter__(self) -> Self:
        """Wake the robots; never fails."""
        self._is_open = True
        self._connections += 1
        for robot in self._robots.values():
            robot.received_ns = self._clock.monotonic_ns()
        self._light.show(HealthState.OK)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop what drives."""
        self._is_open = False
        tasks = {robot.task for robot in self._robots.values() if robot.task is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._light.show(HealthState.LOST, "closed")

    def healths(self) -> AsyncIterator[DeviceHealth]:
        """Yield the present light, then every change."""
        return self._light.stream()

    def faults(self, robot: RobotId) -> RobotFaults:
        """Return the robot's faults, to be set."""
        return self._robot(robot).faults

    def forget_order(self, robot: RobotId) -> None:
        """Lose the memory of the order, as a robot does that was switched off and on."""
        one = self._robot(robot)
        if one.task is not None:
            one.task.cancel()
        self._show(one, _parked(one.state.last_node))

    # ------------------------------------------------------------ commands

    def snapshot(self, robot: RobotId) -> RobotSnapshot | None:
        """Return the newest snapshot, None while closed."""
        one = self._robot(robot)
        if not self._is_open:
            return None
        state = one.state
        return RobotSnapshot(
            robot=one.id,
            received_ns=one.received_ns,
            connection=self._connections,
            reconciled=True,
            online=not one.faults.is_mute,
            order_id=state.order_id or "",
            idle=state.is_idle(),
            last_node=NodeId(state.last_node),
            x=None,
            y=None,
            driving=bool(state.driving),
            paused=bool(state.paused),
            automatic=True,
            emergency_stop=False,
            fatal=False,
            charge_percent=100.0,
            loads=state.loads,
            errors=tuple(str(error) for error in state.errors),
            mode=state.mode,
            errors_detail=state.errors,
            foreign_order=bool(state.order_id) and not self._is_ours(one, state.order_id or ""),
            actions_ended=state.are_actions_ended(),
        )

    def prepare(self, order: MoveOrder, nodes: Mapping[NodeId, GraphNode]) -> OrderBody:
        """Build the body that a vehicle would get. Raises DriverProtocolError."""
        self._robot(order.robot)
        with self._building(order):
            return OrderBody(order=order, body=build_order(order, PROFILE, nodes))

    def prepare_update(
        self, order: MoveOrder, previous: OrderBody, nodes: Mapping[NodeId, GraphNode]
    ) -> OrderBody:
        """Build the update of a prepositioned order. Raises DriverProtocolError."""
        self._robot(order.robot)
        with self._building(order):
            return OrderBody(order=order, body=build_update(order, previous.body, PROFILE, nodes))

    @contextmanager
    def _building(self, order: MoveOrder) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise DriverProtocolError(
                self._name, f"build order {order.order_id}", str(error)
            ) from error

    def track(self, order: MoveOrder, prev_order_id: str) -> None:
        """Report every state about this order from now on, beginning with the newest."""
        robot = self._robot(order.robot)
        if order.order_id not in robot.follows:
            tracked = Tracked(order=order, prev_order_id=prev_order_id)
            follow = _Follow(tracked=tracked, since_ns=self._clock.monotonic_ns())
            robot.follows[order.order_id] = follow
            self._tell(robot, follow)
        elif order.update_id > robot.follows[order.order_id].tracked.order.update_id:
            follow = robot.follows[order.order_id]
            follow.tracked = replace(follow.tracked, order=order)
            follow.since_ns, follow.last = self._clock.monotonic_ns(), None

    def forget(self, order_id: OrderId) -> None:
        """Stop reporting about an order; harmless twice."""
        for robot in self._robots.values():
            robot.follows.pop(order_id, None)

    async def send(self, body: OrderBody) -> SendResult:
        """Hand the order over once."""
        robot, order = self._robot(body.order.robot), body.order
        if not self._is_open:
            return SendResult.NOT_SENT
        follow = robot.follows.get(order.order_id)
        if follow is not None:
            follow.since_ns, follow.was_sent = self._clock.monotonic_ns(), True
            follow.last = None
        robot.last_order = order.order_id
        if robot.faults.unheard:
            robot.faults.unheard = False
        elif order.order_id != robot.state.order_id:
            self._take(robot, order)
        elif order.update_id > (robot.state.order_update_id or 0):
            self._continue(robot, order)
        return SendResult.SENT

    async def instant(
        self,
        robot: RobotId,
        kind: InstantKind,
        action_id: str,
        *,
        order_id: OrderId | None = None,
    ) -> SendResult:
        """Do it at once; a cancel fails what has not ended, and leaves foreign orders alone."""
        one = self._robot(robot)
        if not self._is_open:
            return SendResult.NOT_SENT
        if kind is InstantKind.CANCEL:
            return self._cancel(one, action_id, order_id)
        done = ActionReport(status=ActionStatus.FINISHED, type=str(kind))
        paused = {InstantKind.PAUSE: True, InstantKind.RESUME: False}.get(kind, one.state.paused)
        actions = {**one.state.actions, action_id: done}
        self._show(one, replace(one.state, actions=actions, paused=paused))
        return SendResult.SENT

    def traits(self, robot: RobotId) -> RobotTraits:
        """Return the traits of a plain vehicle of 2.1."""
        self._robot(robot)
        return RobotTraits(temp_start=PROFILE.temp_start_node)

    def counts(self) -> RobotCounts:
        """Return nothing: there is no wire to count on."""
        return RobotCounts()

    def _cancel(self, one: _Robot, action_id: str, order_id: OrderId | None) -> SendResult:
        state = one.state
        if state.order_id not in one.follows and not state.is_idle():
            return SendResult.NOT_SENT
        if one.task is not None:
            one.task.cancel()
        for follow in one.follows.values():
            ids = (*follow.tracked.cancel_ids, action_id)
            follow.tracked = replace(follow.tracked, cancel_ids=ids)
        failed = {
            key: report if report.status.is_ended else ActionReport(status=ActionStatus.FAILED)
            for key, report in state.actions.items()
        }
        is_meant = order_id in (None, state.order_id)
        if not is_meant:
            refused = ActionReport(status=ActionStatus.FAILED)
            self._show(one, replace(state, actions={**state.actions, action_id: refused}))
            return SendResult.SENT
        actions = failed | {action_id: ActionReport(status=ActionStatus.FINISHED)}
        self._show(one, replace(_stopped(state), actions=actions))
        return SendResult.SENT

    async def request_state(self, robot: RobotId, deadline: Deadline) -> RobotSnapshot:
        """Return a fresh snapshot. Raises DriverTimeoutError from a mute robot."""
        one = self._robot(robot)
        if one.faults.is_mute:
            await asyncio.sleep(deadline.remaining_s(self._clock))
            raise DriverTimeoutError(self._name, f"ask {robot} for its state", "no state came")
        one.asked_ns = self._clock.monotonic_ns()
        snapshot = self.snapshot(robot)
        if snapshot is None:
            raise DriverLostError(self._name, f"ask {robot} for its state", "closed")
        self._show(one, one.state)
        return snapshot

    async def statuses(self) -> AsyncIterator[OrderStatus]:
        """Yield what states prove about tracked orders, for ever; the consumer cancels."""
        while True:
            while self._statuses:
                yield self._statuses.popleft()
            self._news.clear()
            await self._news.wait()

    def _is_ours(self, one: _Robot, order_id: str) -> bool:
        return order_id == one.last_order or order_id in one.follows or one.state.is_idle()

    def _robot(self, robot: RobotId) -> _Robot:
        one = self._robots.get(robot)
        if one is None:
            raise DriverNotFoundError(self._name, f"find robot {robot}", "not configured")
        return one

    # ------------------------------------------------------------ the robots themselves

    def _take(self, robot: _Robot, order: MoveOrder) -> None:
        refusal, robot.faults.reject = robot.faults.reject, ""
        if not robot.state.is_idle():
            refusal = "orderError"
        elif order.path_to_pick[0] != robot.state.last_node:
            refusal = "noRouteError"
        if refusal:
            references = (("orderId", str(order.order_id)),)
            error = RobotError(type=refusal, level="WARNING", references=references)
            self._show(robot, replace(robot.state, errors=(error,)))
        else:
            robot.task = asyncio.create_task(self._drive(robot, order), name=f"robot[{robot.id}]")

    def _continue(self, robot: _Robot, order: MoveOrder) -> None:
        """Take an update where the base of the order ended."""
        if robot.task is not None:
            robot.task.cancel()
        robot.task = asyncio.create_task(self._drive(robot, order), name=f"robot[{robot.id}]")

    async def _drive(self, robot: _Robot, order: MoveOrder) -> None:
        path = (*order.path_to_pick, *order.path_to_drop[1:])
        waiting = ActionReport(status=ActionStatus.WAITING)
        base = len(order.path_to_pick) - 1 if order.preposition else len(path) - 1
        actions = {}
        if not order.preposition or order.update_id:
            actions = {
                len(order.path_to_pick) - 1: order.pick_action_id,
                len(path) - 1: order.drop_action_id,
            }
        start = replace(
            robot.state,
            order_id=order.order_id,
            order_update_id=order.update_id,
            nodes_left=len(path),
            edges_left=len(path) - 1,
            actions=dict.fromkeys(actions.values(), waiting),
            errors=(),
        )
        self._show(robot, start)
        first = base if order.update_id else 0
        last = len(path) - 1 if order.update_id else base
        for index in range(first, last + 1):
            await asyncio.sleep(self._step_s)
            left = len(path) - 1 - index
            self._show(
                robot,
                replace(
                    robot.state,
                    last_node=path[index],
                    last_node_seq=2 * index,
                    nodes_left=left,
                    released_left=last - index,
                    edges_left=left,
                    driving=index < last and index not in actions,
                ),
            )
            if index in actions and not await self._act(robot, order, actions[index]):
                self._show(robot, _stopped(robot.state))
                return

    async def _act(self, robot: _Robot, order: MoveOrder, action_id: str) -> bool:
        self._show(robot, _with_action(robot.state, action_id, ActionStatus.RUNNING))
        await asyncio.sleep(self._step_s)
        is_pick = action_id == order.pick_action_id
        if is_pick and robot.faults.fail_pick:
            robot.faults.fail_pick = False
            self._show(robot, _with_action(robot.state, action_id, ActionStatus.FAILED))
            return False
        self.picks[order.load_id] += is_pick
        loaded = replace(robot.state, loads=int(is_pick))
        self._show(robot, _with_action(loaded, action_id, ActionStatus.FINISHED))
        return True

    def _show(self, robot: _Robot, state: RobotState) -> None:
        robot.state = state
        if not robot.faults.is_mute:
            robot.received_ns = self._clock.monotonic_ns()
            for follow in robot.follows.values():
                self._tell(robot, follow)

    def _tell(self, robot: _Robot, follow: _Follow) -> None:
        state = robot.state
        standing = Standing(
            fresh=robot.asked_ns > follow.since_ns,
            unbroken=follow.was_sent,
            alone=robot.last_order in (None, follow.tracked.order.order_id),
            is_idle=state.is_idle(),
        )
        follow.tracked, reading = advance(follow.tracked, state, standing)
        status = OrderStatus(
            robot=robot.id,
            order_id=follow.tracked.order.order_id,
            phase=reading.phase,
            at_ns=robot.received_ns,
            last_node=state.last_node,
            last_node_seq=state.last_node_seq,
            actions={key: str(one) for key, one in reading.actions.items()},
            loads=state.loads,
            errors=tuple(str(error) for error in state.errors),
            reason=reading.reason,
            resend_safe=reading.resend_safe,
            at_rest=state.is_at_rest,
            order_update_id=state.order_update_id or 0,
            driving=bool(state.driving),
            idle=state.is_at_rest,
            foreign=reading.verdict is Verdict.FOREIGN,
            instant=_instant(follow.tracked, state),
            pick=reading.actions.get(follow.tracked.order.pick_action_id),
            drop=reading.actions.get(follow.tracked.order.drop_action_id),
            error_texts=state.errors,
            waiting=is_waiting(follow.tracked, state),
        )
        is_same = follow.last is not None and replace(follow.last, at_ns=status.at_ns) == status
        is_first_word = follow.last is None and reading.phase is OrderPhase.UNKNOWN
        if status.instant:
            is_same = False  # who has cancelled wants to see the robot stand more than once
        if reading.is_news and not is_same and not (is_first_word and not standing.fresh):
            follow.last = status
            self._statuses.append(status)
            self._news.set()


def _instant(tracked: Tracked, state: RobotState) -> dict[str, ActionStatus]:
    own = tracked.action_ids
    return {key: report.status for key, report in state.actions.items() if key not in own}


def _parked(node: str) -> RobotState:
    return RobotState(
        order_id="",
        order_update_id=0,
        last_node=node,
        nodes_left=0,
        edges_left=0,
        driving=False,
        mode="AUTOMATIC",
        takes_orders=True,
        loads=0,
    )


def _stopped(state: RobotState) -> RobotState:
    return replace(state, nodes_left=0, edges_left=0, driving=False)


def _with_action(state: RobotState, action_id: str, status: ActionStatus) -> RobotState:
    return replace(state, actions={**state.actions, action_id: ActionReport(status=status)})
