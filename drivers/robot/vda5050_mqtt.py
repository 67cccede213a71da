"""Master control of robots that speak VDA 5050 over MQTT.

An order leaves only on a connection on which the robot has shown a fresh state, once, QoS 0, never
retained. Refuses to resend by itself and to guess: what is proved comes out of `statuses()`.
"""

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from drivers.errors import (
    DriverLostError,
    DriverNotFoundError,
    DriverProtocolError,
    DriverRightsError,
    DriverTimeoutError,
)
from drivers.protocols import (
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
    OrderStatus,
    RobotCounts,
    RobotId,
    RobotSnapshot,
    RobotTraits,
    SendResult,
)
from drivers.robot.mqtt_link import Account, Arrived, MqttLink
from drivers.robot.post import RobotPost, RobotUnit
from drivers.robot.schemas import MessageKind, problems
from drivers.thread_bridge import HealthFeed
from drivers.wire.vda5050.order import build_order
from drivers.wire.vda5050.profile import LoadsUse, RobotProfile
from drivers.wire.vda5050.state import NORMALISERS, connection_of, parse
from drivers.wire.vda5050.topics import major_of, topics_of

__all__ = ["LoadsUse", "RobotProfile", "RobotUnit", "Vda5050Robots", "Vda5050Settings"]

STATUSES_MAX: Final = 1024  # full: the oldest goes; a status repeats all that is proved
STALE_S: Final = 35.0  # VDA 5050: a state at least every 30 s
TICK_S: Final = 1.0
_ALWAYS: Final = (InstantKind.PAUSE, InstantKind.STATE, InstantKind.FACTSHEET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vda5050Settings:
    """The broker and its robots. `answer_s`: so long a robot has for a question."""

    host: str
    port: int
    station: str
    robots: tuple[RobotUnit, ...]
    username: str = ""
    password_file: str = ""
    keepalive_s: int = 15
    answer_s: float = 5.0

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise ValueError(f"port: {self.port} is no port: 1 to 65535")
        if not 5 <= self.keepalive_s <= 300:
            raise ValueError(f"keepalive_s: {self.keepalive_s} does not fit: 5 to 300")
        if self.answer_s <= 0:
            raise ValueError(f"answer_s: {self.answer_s} does not fit: more than 0")
        for unit in self.robots:
            topics_of(unit.profile.interface, unit.profile.version, unit.manufacturer, unit.serial)
        if len({unit.id for unit in self.robots}) < len(self.robots):
            raise ValueError("robots: two robots have one id: every id once")
        if len({(unit.manufacturer, unit.serial) for unit in self.robots}) < len(self.robots):
            raise ValueError("robots: two robots have one serial number: every serial once")


class Vda5050Robots:
    """The robots of one broker."""

    def __init__(self, name: DeviceName, settings: Vda5050Settings, clock: Clock) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._posts = {
            RobotId(unit.id): RobotPost(
                unit, wall_ms=clock.wall_ms(), answer_ns=int(settings.answer_s * 1e9)
            )
            for unit in settings.robots
        }
        self._by_topic = {
            topic: post
            for post in self._posts.values()
            for topic in (post.topics.state, post.topics.connection)
        }
        self._foreign: set[RobotId] = set()
        self._link: MqttLink | None = None
        self._ticks: asyncio.Task[None] | None = None
        self._connections = 0
        self._lost_for = "closed"
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._statuses: deque[OrderStatus] = deque(maxlen=STATUSES_MAX)
        self._news = asyncio.Event()
        self._light = HealthFeed(name)

    # ------------------------------------------------------------ device

    @property
    def name(self) -> DeviceName:
        """Return the configured name."""
        return self._name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return none: robots have no extras."""
        return frozenset()

    async def __aenter__(self) -> Self:
        """Start connecting. A broker that is down is no error: the light says `lost` until it is.

        Raises DriverNotFoundError or DriverRightsError for the password file.
        """
        account = Account(
            host=self._settings.host,
            port=self._settings.port,
            client_id=f"re-{self._settings.station}",
            username=self._settings.username,
            password=self._password(),
            keepalive_s=self._settings.keepalive_s,
        )
        topics = {post.topics.state: 0 for post in self._posts.values()}
        topics |= {post.topics.connection: 1 for post in self._posts.values()}
        self._light.show(HealthState.LOST, "connecting")
        self._link = MqttLink(account, topics, self, self._clock)
        self._link.open()
        self._ticks = asyncio.create_task(self._tick(), name=f"ticks[{self._name}]")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect; the network thread is gone afterwards."""
        link, self._link = self._link, None
        if link is not None:
            link.close()
        self._lose("closed")
        ticks, self._ticks = self._ticks, None
        if ticks is not None:
            ticks.cancel()
            await asyncio.wait({ticks})
            if not ticks.cancelled():
                ticks.result()  # it ends by itself only by a bug, which must not vanish

    def healths(self) -> AsyncIterator[DeviceHealth]:
        """Yield the present light, then every change."""
        return self._light.stream()

    def _password(self) -> str:
        path = self._settings.password_file
        if not path:
            return ""
        try:
            return Path(path).read_text("utf-8").strip()
        except FileNotFoundError as error:
            raise DriverNotFoundError(self._name, f"read {path}", "no such file") from error
        except OSError as error:
            raise DriverRightsError(self._name, f"read {path}", str(error.strerror)) from error

    # ------------------------------------------------------------ commands

    def snapshot(self, robot: RobotId) -> RobotSnapshot | None:
        """Return the newest snapshot, None before the first state of this connection."""
        return self._post(robot).snapshot()

    def prepare(self, order: MoveOrder, nodes: Mapping[NodeId, GraphNode]) -> OrderBody:
        """Build and schema-check the body. Raises DriverProtocolError; nothing was sent."""
        post = self._post(order.robot)
        tried = f"build order {order.order_id} for {order.robot}"
        try:
            body = build_order(order, post.profile, nodes, post.robot_at)
        except ValueError as error:
            raise DriverProtocolError(self._name, tried, str(error)) from error
        found = problems(MessageKind.ORDER, post.sample(body, self._clock.wall_ms()))
        if found:
            raise DriverProtocolError(self._name, tried, "; ".join(found[:3]))
        return OrderBody(order=order, body=body)

    def track(self, order: MoveOrder, prev_order_id: str) -> None:
        """Report every state about this order from now on, beginning with the newest there is."""
        now_ns = self._clock.monotonic_ns()
        status = self._post(order.robot).track(order, prev_order_id, now_ns)
        if status is not None:
            self._report(status)

    def forget(self, order_id: OrderId) -> None:
        """Stop reporting about an order; harmless twice."""
        for post in self._posts.values():
            post.forget(order_id)

    async def send(self, body: OrderBody) -> SendResult:
        """Publish once, with a fresh header round the same body, if the robot is reconciled.

        Waits as long as the robot's profile wants between two orders.
        """
        post, order_id = self._post(body.order.robot), body.order.order_id
        await self._spaced(post)
        link = self._link
        if link is None or not link.is_up or not post.is_reconciled:
            return SendResult.NOT_SENT
        now_ns, wall_ms = self._clock.monotonic_ns(), self._clock.wall_ms()
        message = post.ordering(order_id, body.body, now_ns, wall_ms)
        return _result(link.publish(post.topics.order, message))

    async def instant(
        self,
        robot: RobotId,
        kind: InstantKind,
        action_id: str,
        *,
        order_id: OrderId | None = None,
    ) -> SendResult:
        """Publish an instant action. No cancel while the robot runs an order that is not ours."""
        post, link = self._post(robot), self._link
        if link is None or not link.is_up or not (post.is_reconciled or kind in _ALWAYS):
            return SendResult.NOT_SENT
        message = post.acting(kind, action_id, order_id, self._clock.wall_ms())
        if message is None:
            return SendResult.NOT_SENT
        return _result(link.publish(post.topics.instant_actions, message))

    def traits(self, robot: RobotId) -> RobotTraits:
        """Return what the robot's profile says."""
        return self._post(robot).traits

    def counts(self) -> RobotCounts:
        """Return what was counted since this driver was made."""
        return RobotCounts()

    async def request_state(self, robot: RobotId, deadline: Deadline) -> RobotSnapshot:
        """Send stateRequest and return the state that shows its id.

        A robot that never shows ids: the newest state since the question, when the deadline ends.
        Raises DriverTimeoutError without one, DriverLostError without a connection.
        """
        post = self._post(robot)
        asked_ns = self._clock.monotonic_ns()
        action_id = self._ask(post)
        if action_id is None:
            raise DriverLostError(self._name, f"ask {robot} for its state", self._lost_for)
        answer = self._waiting[action_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(deadline.remaining_s(self._clock)):
                await answer
        except TimeoutError as error:
            if post.shows_questions or post.received_ns < asked_ns:
                raise DriverTimeoutError(
                    self._name, f"ask {robot} for its state", "no state came"
                ) from error
        finally:
            del self._waiting[action_id]
        snapshot = post.snapshot()
        if snapshot is None:
            raise DriverLostError(self._name, f"ask {robot} for its state", self._lost_for)
        return snapshot

    async def statuses(self) -> AsyncIterator[OrderStatus]:
        """Yield what states prove about tracked orders, for ever; the consumer cancels."""
        while True:
            while self._statuses:
                yield self._statuses.popleft()
            self._news.clear()
            await self._news.wait()

    def _post(self, robot: RobotId) -> RobotPost:
        post = self._posts.get(robot)
        if post is None:
            raise DriverNotFoundError(self._name, f"find robot {robot}", "not configured")
        return post

    async def _spaced(self, post: RobotPost) -> None:
        if post.last_order_ns is not None:
            waited_s = (self._clock.monotonic_ns() - post.last_order_ns) / 1e9
            if waited_s < post.profile.min_order_interval_s:
                await asyncio.sleep(post.profile.min_order_interval_s - waited_s)

    # ------------------------------------------------------------ what the link tells

    def link_up(self) -> None:
        """Ask every robot anew: what an earlier connection said proves nothing now."""
        self._connections += 1
        for post in self._posts.values():
            post.begin(self._connections)
            self._ask(post)
        self._show()

    def link_down(self, reason: str) -> None:
        """Forget every snapshot; followed orders stay followed."""
        self._lose(reason)

    def arrived(self, message: Arrived) -> None:
        """Take a message of a robot; one that is not JSON, or a retained state, proves nothing."""
        post = self._by_topic[message.topic]
        content = parse(message.payload)
        if content is None or self._is_foreign(post, content):
            return
        if message.topic == post.topics.connection:
            is_online = connection_of(content)
            if is_online is not None:
                post.take_connection(is_online, message.retained, message.at_ns)
                if is_online and not post.is_reconciled:
                    self._ask(post)
        elif not message.retained:
            self._take_state(post, content, message.at_ns)

    def _take_state(self, post: RobotPost, content: Mapping[str, object], at_ns: int) -> None:
        was_reconciled = post.is_reconciled
        state = NORMALISERS[major_of(post.profile.version)](content)
        for action_id in post.take_state(state, at_ns):
            answer = self._waiting.get(action_id)
            if answer is not None and not answer.done():
                answer.set_result(None)
        for status in post.statuses():
            self._report(status)
        if post.is_reconciled != was_reconciled:
            self._show()

    def _is_foreign(self, post: RobotPost, content: Mapping[str, object]) -> bool:
        """A robot that speaks another major version is left alone."""
        version = content.get("version")
        said = version.lstrip("v").partition(".")[0] if isinstance(version, str) else ""
        is_foreign = said.isdecimal() and int(said[:4]) != major_of(post.profile.version)
        if is_foreign != (post.id in self._foreign):
            self._foreign ^= {post.id}
            self._show()
        return is_foreign

    def _report(self, status: OrderStatus) -> None:
        self._statuses.append(status)
        self._news.set()

    # ------------------------------------------------------------ questions and light

    def _ask(self, post: RobotPost) -> str | None:
        """Send a stateRequest; return its id, None if it could not leave."""
        link = self._link
        if link is None or not link.is_up:
            return None
        number = uuid.uuid4()
        action_id = str(number.int)[:18] if post.profile.id_numerical else str(number)
        now_ns, wall_ms = self._clock.monotonic_ns(), self._clock.wall_ms()
        message = post.question(action_id, now_ns, wall_ms)
        return action_id if link.publish(post.topics.instant_actions, message) else None

    async def _tick(self) -> None:
        """Ask again the robots that are silent; settle those that answer without our id."""
        asked_ns: dict[RobotId, int] = {}
        while True:
            await asyncio.sleep(min(TICK_S, self._settings.answer_s))
            now_ns = self._clock.monotonic_ns()
            for post in self._posts.values():
                was_reconciled = post.is_reconciled
                is_settled = post.settle(now_ns)
                if is_settled != was_reconciled:
                    self._show()
                quiet_ns = STALE_S * 1e9 if is_settled else self._settings.answer_s * 1e9
                if now_ns - max(post.received_ns, asked_ns.get(post.id, 0)) >= quiet_ns:
                    asked_ns[post.id] = now_ns
                    self._ask(post)

    def _lose(self, reason: str) -> None:
        self._lost_for = reason
        for post in self._posts.values():
            post.begin(self._connections)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result(None)
        self._light.show(HealthState.LOST, reason)

    def _show(self) -> None:
        """Green when every robot has shown a fresh state on this connection."""
        if self._link is None or not self._link.is_up:
            return
        silent = [post.id for post in self._posts.values() if not post.is_reconciled]
        if self._foreign:
            self._light.show(
                HealthState.DEGRADED, f"version_mismatch {' '.join(sorted(self._foreign))}"
            )
        elif silent:
            self._light.show(HealthState.DEGRADED, f"silent {' '.join(silent)}")
        else:
            self._light.show(HealthState.OK)


def _result(was_published: bool) -> SendResult:
    return SendResult.SENT if was_published else SendResult.NOT_SENT
