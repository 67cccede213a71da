"""What scenarios play on: the driver, the probe beside it, the floor, and orders made from it."""

import asyncio
import json
import re
import shlex
import statistics
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from drivers.errors import DriverLostError, DriverTimeoutError
from drivers.protocols import (
    ActionStatus,
    Clock,
    Deadline,
    MoveOrder,
    NodeId,
    OrderId,
    RobotDriver,
    RobotId,
)
from drivers.protocols.probes import RobotProbe, SeenState
from edge.commands.doctor.trial import Ask
from edge.commands.doctor.verdict import (
    Note,
    NotRunnableError,
    ScenarioFailedError,
)
from edge.dispatch.choose import shortest_path
from edge.floor import FloorSettings

SETTLE_STATES: Final = 2
MEET_S: Final = 0.1
ROOM_M: Final = 0.02  # positions of a standing robot may tremble by so much
OURS: Final = re.compile(r"doctor-\d+-\d+|\d{17}")

Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a robot has: to answer, to end an order, to lie still after a cancel; in seconds."""

    answer_s: float = 5.0
    order_s: float = 300.0
    cancel_s: float = 30.0
    settle_s: float = 3.0
    spacing_s: float = 1.0
    restart_s: float = 60.0
    orders: int = 20


@dataclass(slots=True, kw_only=True)
class Stage:
    """One robot under test. `learned` = keys of its vendor profile as they turned out."""

    robot: RobotId
    driver: RobotDriver
    probe: RobotProbe
    floor: FloorSettings
    clock: Clock
    pick: NodeId
    drop: NodeId
    limits: Limits
    ask: Ask
    restart_command: str = ""
    power_command: str = ""
    load_at: NodeId | None = None
    notes: list[Note] = field(default_factory=list)
    learned: dict[str, object] = field(default_factory=dict)
    _serial: int = 0

    # ------------------------------------------------------------ ids, time, notes

    def note(self, key: str, *values: object) -> None:
        """Keep a sentence for the report."""
        self.notes.append(Note(key, values))

    def order_id(self) -> str:
        """Return a fresh order id: digits alone where the robot wants them."""
        self._serial += 1
        stamp = self.clock.wall_ms()
        numeric = self.driver.traits(self.robot).numeric_ids
        return f"{stamp}{self._serial:04}" if numeric else f"doctor-{stamp}-{self._serial}"

    def action_id(self) -> str:
        """Return a fresh action id."""
        number = uuid.uuid4()
        numeric = self.driver.traits(self.robot).numeric_ids
        return str(number.int)[:18] if numeric else str(number)

    def now_ns(self) -> int:
        """Return the monotonic time of the probe's messages."""
        return self.clock.monotonic_ns()

    def within(self, seconds: float) -> Deadline:
        """Return a deadline."""
        return Deadline.after(seconds, self.clock)

    # ------------------------------------------------------------ orders

    def carry(self, order_id: str | None = None) -> MoveOrder:
        """Return the order that carries the load to where it is not."""
        start = self.load_at or self.pick
        end = self.drop if start == self.pick else self.pick
        return self._order(self.here(), start, end, order_id)

    def body_of(self, order: MoveOrder) -> Body:
        """Return the wire body as the driver builds it."""
        body: Body = json.loads(self.driver.prepare(order, self.floor.nodes).body)
        return body

    def drive(self, start: NodeId | None = None, end: NodeId | None = None) -> Body:
        """Return an order that only drives: from here, or from `start`, to the other end."""
        start = start or self.here()
        end = end or (self.drop if start != self.drop else self.pick)
        body = self.body_of(self._order(start, start, end, None))
        for node in body["nodes"]:
            node["actions"] = []
        return body

    def here(self) -> NodeId:
        """Return the node that the robot shows. Raises NotRunnableError off the floor."""
        state = self.probe.newest()
        if state is None or state.last_node not in self.floor.nodes:
            raise NotRunnableError("off_floor", state.last_node if state else "")
        return NodeId(state.last_node)

    def _order(self, start: NodeId, pick: NodeId, drop: NodeId, order_id: str | None) -> MoveOrder:
        return MoveOrder(
            order_id=OrderId(order_id or self.order_id()),
            robot=self.robot,
            load_id=f"doctor/{self._serial}",
            path_to_pick=self._way(start, pick),
            path_to_drop=self._way(pick, drop),
            pick_action_id=self.action_id(),
            drop_action_id=self.action_id(),
        )

    def _way(self, start: NodeId, end: NodeId) -> tuple[NodeId, ...]:
        way = shortest_path(self.floor.edges, start, end)
        if way is None:
            raise NotRunnableError("no_way", start, end)
        return way[1]

    async def send(self, body: Mapping[str, Any]) -> int:
        """Send an order, spaced as robots want it, and return when."""
        await asyncio.sleep(self.limits.spacing_s)
        since_ns = self.now_ns()
        self.probe.send("order", body)
        return since_ns

    # ------------------------------------------------------------ what the robot shows

    async def state(self) -> SeenState:
        """Ask for a state and return it. Raises ScenarioFailedError when none comes."""
        since_ns = self.now_ns()
        self.probe.instant("stateRequest", self.action_id())
        return await self.until(lambda _: True, "no_state", since_ns=since_ns)

    async def until(
        self,
        is_it: Callable[[SeenState], bool],
        otherwise: str,
        *,
        since_ns: int = 0,
        seconds: float | None = None,
    ) -> SeenState:
        """Return the first state that fits. Raises ScenarioFailedError(`otherwise`)."""
        deadline = self.within(self.limits.answer_s if seconds is None else seconds)
        try:
            return await self.probe.until(is_it, deadline, since_ns=since_ns)
        except DriverTimeoutError as error:
            raise ScenarioFailedError(otherwise, _shown(self.probe.newest())) from error

    async def shows(self, action_id: str, since_ns: int) -> SeenState:
        """Return the first state that shows an action. Raises DriverTimeoutError."""
        deadline = self.within(self.limits.answer_s)
        return await self.probe.until(
            lambda seen: action_id in seen.actions, deadline, since_ns=since_ns
        )

    async def accepted(self, body: Mapping[str, Any], since_ns: int) -> SeenState:
        """Return the state that shows the order and its update."""
        wanted = (body["orderId"], body["orderUpdateId"])
        state = await self.until(
            lambda seen: (
                (seen.order_id, seen.update_id) == wanted or bool(seen.refers_to(body["orderId"]))
            ),
            "not_accepted",
            since_ns=since_ns,
        )
        if (state.order_id, state.update_id) != wanted:
            raise ScenarioFailedError("rejected", errors_about(state, body["orderId"]))
        return state

    async def done(self, body: Mapping[str, Any], since_ns: int) -> SeenState:
        """Return the state that shows the order's end with every action finished."""
        ids = action_ids(body)

        def is_end(seen: SeenState) -> bool:
            ended = all(seen.actions.get(one) is ActionStatus.FINISHED for one in ids)
            failed = any(seen.actions.get(one) is ActionStatus.FAILED for one in ids)
            return seen.order_id == body["orderId"] and seen.at_rest and (ended or failed)

        limit = self.limits.order_s
        state = await self.until(is_end, "not_done", since_ns=since_ns, seconds=limit)
        if any(state.actions.get(one) is ActionStatus.FAILED for one in ids):
            raise ScenarioFailedError("action_failed", _shown(state))
        return state

    async def driving(self, body: Mapping[str, Any], since_ns: int) -> SeenState:
        """Return the state in which the order is first seen to move the robot."""
        order_id = body["orderId"]
        state = await self.until(
            lambda seen: seen.order_id == order_id and (bool(seen.driving) or seen.at_rest),
            "not_driving",
            since_ns=since_ns,
            seconds=self.limits.order_s,
        )
        if not state.driving:
            raise NotRunnableError("too_short")
        return state

    async def run(self, body: Mapping[str, Any]) -> SeenState:
        """Send an order, see it accepted and done."""
        since_ns = await self.send(body)
        await self.accepted(body, since_ns)
        return await self.done(body, since_ns)

    async def watch(self, seconds: float) -> tuple[SeenState, ...]:
        """Return the states of the next seconds; the robot is asked for some."""
        since_ns = self.now_ns()
        for _ in range(SETTLE_STATES):
            await asyncio.sleep(seconds / SETTLE_STATES)
            await self.state()
        return self.probe.states(since_ns)

    async def meet(self) -> None:
        """Wait for the driver's own connection and a state on it. Raises DriverError."""
        end = self.within(self.limits.restart_s)
        while True:
            try:
                await self.driver.request_state(self.robot, self.within(self.limits.answer_s))
            except DriverLostError:
                if not end.remaining_s(self.clock):
                    raise
                await asyncio.sleep(MEET_S)
            else:
                return

    async def ready(self) -> None:
        """Leave nothing of the last scenario: no pause, no order. Raises NotRunnableError."""
        state = await self.state()
        if state.paused:
            self.probe.instant("stopPause", self.action_id())
        if not state.at_rest and OURS.match(state.order_id):
            self.probe.instant("cancelOrder", self.action_id())
        elif not state.at_rest:
            raise NotRunnableError("busy", state.order_id)
        await self.until(
            lambda seen: seen.at_rest and not seen.paused,
            "not_at_rest",
            since_ns=self.now_ns() if not state.at_rest or state.paused else state.at_ns,
            seconds=self.limits.order_s,
        )

    async def outside(self, command: str) -> None:
        """Run a command of whoever tests. Raises NotRunnableError when it fails."""
        process = await asyncio.create_subprocess_exec(*shlex.split(command))
        try:
            async with asyncio.timeout(self.limits.restart_s):
                code = await process.wait()
        except TimeoutError as error:
            process.kill()
            await process.wait()
            raise NotRunnableError("command_failed", command, "timeout") from error
        if code:
            raise NotRunnableError("command_failed", command, code)


def action_ids(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids of an order's actions."""
    return tuple(action["actionId"] for node in body["nodes"] for action in node["actions"])


def errors_about(state: SeenState, value: str) -> str:
    """Return what the robot says about an id, as it says it."""
    return "; ".join(map(str, state.refers_to(value))) or "-"


def moved(states: tuple[SeenState, ...]) -> bool:
    """Return whether these states show a robot that does not lie still."""
    places = [state.position for state in states if state.position is not None]
    nodes = {state.last_node for state in states}
    spread = max((max(axis) - min(axis) for axis in zip(*places, strict=True)), default=0.0)
    return len(nodes) > 1 or spread > ROOM_M or any(not state.at_rest for state in states)


def quantiles_ms(samples_ns: list[int]) -> tuple[float, float]:
    """Return median and 99th percentile in milliseconds."""
    if len(samples_ns) == 1:
        return samples_ns[0] / 1e6, samples_ns[0] / 1e6
    cuts = statistics.quantiles(samples_ns, n=100, method="inclusive")
    return round(cuts[49] / 1e6, 1), round(cuts[98] / 1e6, 1)


def _shown(state: SeenState | None) -> str:
    if state is None:
        return "-"
    actions = " ".join(f"{key[:8]}={status}" for key, status in state.actions.items())
    return f"orderId={state.order_id} lastNode={state.last_node} driving={state.driving} {actions}"
