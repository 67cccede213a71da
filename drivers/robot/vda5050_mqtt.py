"""Master control of robots that speak VDA 5050 over MQTT.

An order leaves only on a connection on which the robot has shown a fresh state, once, QoS 0, never
retained. Refuses to resend by itself and to guess: what is proved comes out of `statuses()`.
"""

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

from drivers.errors import (
    DriverLostError,
    DriverNotFoundError,
    DriverProtocolError,
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
from drivers.robot.mqtt_link import Account, Arrived, Connect, Link, MqttLink, Subscription
from drivers.robot.post import RobotPost, RobotUnit
from drivers.robot.schemas import MessageKind, problems
from drivers.robot.settings import Vda5050Settings, open_tls, read_password
from drivers.thread_bridge import HealthFeed
from drivers.wire.vda5050.factsheet import read_factsheet
from drivers.wire.vda5050.order import build_order, build_update
from drivers.wire.vda5050.profile import LoadsUse, RobotProfile
from drivers.wire.vda5050.state import connection_of, read_state

__all__ = ["LoadsUse", "RobotProfile", "RobotUnit", "Vda5050Robots", "Vda5050Settings"]

STATUSES_MAX: Final = 1024  # full: the oldest goes; a status repeats all that is proved
STALE_S: Final = 35.0  # VDA 5050: a state at least every 30 s
TICK_S: Final = 1.0
MINUTE_NS: Final = 60_000_000_000


class Vda5050Robots:
    """The robots of one broker."""

    def __init__(
        self,
        name: DeviceName,
        settings: Vda5050Settings,
        clock: Clock,
        *,
        connect: Connect = MqttLink,
    ) -> None:
        """`connect` makes the connection to the broker; a test may bring its own."""
        self._name = name
        self._settings = settings
        self._clock = clock
        self._connect = connect
        self._posts = {
            RobotId(unit.id): RobotPost(
                unit, wall_ms=clock.wall_ms(), answer_ns=int(settings.answer_s * 1e9)
            )
            for unit in settings.robots
        }
        self._by_topic = {
            topic: (post, kind)
            for post in self._posts.values()
            for topic, kind in (
                (post.topics.state, MessageKind.STATE),
                (post.topics.connection, MessageKind.CONNECTION),
                (post.topics.factsheet, MessageKind.FACTSHEET),
            )
        }
        self._link: Link | None = None
        self._ticks: asyncio.Task[None] | None = None
        self._connections = 0
        self._disconnects = 0
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

        Raises DriverNotFoundError or DriverRightsError for files of passwords and certificates,
        DriverProtocolError for a certificate that is none.
        """
        account = Account(
            host=self._settings.host,
            port=self._settings.port,
            client_id=f"re-{self._settings.station}",
            username=self._settings.username,
            password=read_password(self._name, self._settings),
            keepalive_s=self._settings.keepalive_s,
            tls=open_tls(self._name, self._settings),
        )
        subscriptions = [
            Subscription(topic=topic, qos=int(kind is MessageKind.CONNECTION), inbox=post.id)
            for topic, (post, kind) in self._by_topic.items()
        ]
        self._light.show(HealthState.LOST, "connecting")
        self._link = self._connect(account, subscriptions, self, self._clock)
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
            self._disconnects += link.disconnects
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

    # ------------------------------------------------------------ commands

    def snapshot(self, robot: RobotId) -> RobotSnapshot | None:
        """Return the newest snapshot, None before the first state of this connection."""
        return self._post(robot).snapshot()

    def prepare(self, order: MoveOrder, nodes: Mapping[NodeId, GraphNode]) -> OrderBody:
        """Build and schema-check the body. Raises DriverProtocolError; nothing was sent."""
        post = self._post(order.robot)
        with self._building(f"build order {order.order_id} for {order.robot}"):
            facts, at = post.factsheet, post.robot_at
            body = build_order(order, post.profile, nodes, robot_at=at, factsheet=facts)
            self._need_valid(MessageKind.ORDER, post, post.sample(body, self._clock.wall_ms()))
        return OrderBody(order=order, body=body)

    def prepare_update(
        self, order: MoveOrder, previous: OrderBody, nodes: Mapping[NodeId, GraphNode]
    ) -> OrderBody:
        """Build and schema-check the update of a prepositioned order. Raises as `prepare`."""
        post = self._post(order.robot)
        with self._building(f"build update {order.update_id} of {order.order_id}"):
            facts, before = post.factsheet, previous.body
            body = build_update(order, before, post.profile, nodes, factsheet=facts)
            self._need_valid(MessageKind.ORDER, post, post.sample(body, self._clock.wall_ms()))
        return OrderBody(order=order, body=body)

    @contextmanager
    def _building(self, tried: str) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise DriverProtocolError(self._name, tried, str(error)) from error

    def _need_valid(self, kind: MessageKind, post: RobotPost, message: bytes) -> None:
        if found := problems(kind, message, post.profile.dialect.schema):
            raise ValueError("; ".join(found[:3]))

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
        """Publish once, with a fresh header round the same body, to a robot that may get orders.

        Waits as long as the robot's profile wants between two orders.
        """
        post = self._post(body.order.robot)
        await self._spaced(post)
        link = self._link
        if link is None or not link.is_up or not post.is_reconciled or post.excluded:
            return SendResult.NOT_SENT
        now_ns, wall_ms = self._clock.monotonic_ns(), self._clock.wall_ms()
        message = post.ordering(body, now_ns, wall_ms)
        return _result(link.publish(post.topics.order, message))

    async def instant(
        self,
        robot: RobotId,
        kind: InstantKind,
        action_id: str,
        *,
        order_id: OrderId | None = None,
    ) -> SendResult:
        """Publish an instant action once; the contract's docstring says when it may leave."""
        post, link = self._post(robot), self._link
        with self._building(f"build {kind} for {robot}"):
            message = self._instant(post, kind, action_id, order_id)
            self._need_valid(MessageKind.INSTANT_ACTIONS, post, message)
        if link is None or not link.is_up or not post.may_act(kind):
            return SendResult.NOT_SENT
        if kind is InstantKind.CANCEL:
            post.note_cancel(action_id)
        return _result(link.publish(post.topics.instant_actions, message))

    def _instant(
        self, post: RobotPost, kind: InstantKind, action_id: str, order_id: OrderId | None
    ) -> bytes:
        now_ns, wall_ms = self._clock.monotonic_ns(), self._clock.wall_ms()
        if kind is InstantKind.STATE:
            return post.question(action_id, now_ns, wall_ms)
        if kind is InstantKind.FACTSHEET:
            return post.factsheet_question(action_id, wall_ms)
        return post.instant(kind, action_id, wall_ms, order_id)

    def traits(self, robot: RobotId) -> RobotTraits:
        """Return what the robot's profile says."""
        return self._post(robot).traits

    def counts(self) -> RobotCounts:
        """Return what was counted since this driver was made."""
        link, since_ns = self._link, self._clock.monotonic_ns() - MINUTE_NS
        lost = link.disconnects if link is not None else 0
        return RobotCounts(
            robots={post.id: dict(post.counts) for post in self._posts.values()},
            disconnects=self._disconnects + lost,
            disconnects_last_minute=link.disconnects_since(since_ns) if link is not None else 0,
        )

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
            is_expected = post.shows_questions and post.may_be_asked
            if is_expected or post.received_ns < asked_ns:
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
            if waited_s < post.spacing_s:
                await asyncio.sleep(post.spacing_s - waited_s)

    # ------------------------------------------------------------ what the link tells

    def link_up(self) -> None:
        """Ask every robot anew: what an earlier connection said proves nothing now."""
        self._connections += 1
        for post in self._posts.values():
            post.begin(self._connections)
            self._ask(post)
            self._ask_factsheet(post)
        self._show()

    def link_down(self, reason: str) -> None:
        """Forget every snapshot; followed orders stay followed."""
        self._lose(reason)

    def dropped(self, inbox: str, count: int) -> None:
        """Count messages that a flood has pushed out."""
        self._posts[RobotId(inbox)].counts["dropped"] += count

    def arrived(self, message: Arrived) -> None:
        """Take a message of a robot; what is no proper one proves nothing and is counted."""
        post, kind = self._by_topic[message.topic]
        was_excluded = post.excluded
        content = post.intake.read(kind, message)
        if content is not None:
            self._take(post, kind, message, content)
            # After the consumers of what it proves: the check is advice and takes its time.
            asyncio.get_running_loop().call_soon(post.intake.advise, kind, message, content)
        if post.excluded != was_excluded:
            self._show()

    def _take(
        self, post: RobotPost, kind: MessageKind, message: Arrived, content: Mapping[str, object]
    ) -> None:
        if kind is MessageKind.STATE:
            self._take_state(post, content, message.at_ns)
        elif kind is MessageKind.FACTSHEET:
            post.factsheet = read_factsheet(content, post.profile.dialect)
        else:
            self._take_connection(post, content, message)

    def _take_connection(
        self, post: RobotPost, content: Mapping[str, object], message: Arrived
    ) -> None:
        is_online = connection_of(content)
        if is_online is None:
            return
        post.take_connection(is_online, message.retained, message.at_ns)
        if is_online and not post.is_reconciled:
            self._ask(post)
        if is_online and not message.retained:
            self._ask_factsheet(post)  # it may come back with another load handling device

    def _take_state(self, post: RobotPost, content: Mapping[str, object], at_ns: int) -> None:
        was_reconciled = post.is_reconciled
        for action_id in post.take_state(read_state(content, post.profile.dialect), at_ns):
            answer = self._waiting.get(action_id)
            if answer is not None and not answer.done():
                answer.set_result(None)
        for status in post.statuses():
            self._report(status)
        if post.is_reconciled != was_reconciled:
            self._show()

    def _report(self, status: OrderStatus) -> None:
        if len(self._statuses) == STATUSES_MAX:
            self._posts[self._statuses[0].robot].counts["statuses_dropped"] += 1
        self._statuses.append(status)
        self._news.set()

    # ------------------------------------------------------------ questions and light

    def _ask(self, post: RobotPost) -> str | None:
        """Send a stateRequest; return its id, None if it could not leave.

        A robot that is steered by hand is not asked: its next state counts as the answer.
        """
        link = self._link
        if link is None or not link.is_up:
            return None
        action_id = _minted(post)
        now_ns, wall_ms = self._clock.monotonic_ns(), self._clock.wall_ms()
        message = post.question(action_id, now_ns, wall_ms)
        if post.may_be_asked and not link.publish(post.topics.instant_actions, message):
            return None
        return action_id

    def _ask_factsheet(self, post: RobotPost) -> None:
        """Ask: a retained one is missing after a broker's loss, and in 2.0 from the start."""
        link = self._link
        if link is not None and link.is_up and post.may_be_asked:
            action_id, wall_ms = _minted(post), self._clock.wall_ms()
            message = post.factsheet_question(action_id, wall_ms)
            link.publish(post.topics.instant_actions, message)

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
        posts = self._posts.values()
        excluded = [f"{post.excluded} {post.id}" for post in posts if post.excluded]
        silent = [post.id for post in posts if not post.is_reconciled]
        if excluded:
            self._light.show(HealthState.DEGRADED, ", ".join(sorted(excluded)))
        elif silent:
            self._light.show(HealthState.DEGRADED, f"silent {' '.join(silent)}")
        else:
            self._light.show(HealthState.OK)


def _result(was_published: bool) -> SendResult:
    return SendResult.SENT if was_published else SendResult.NOT_SENT


def _minted(post: RobotPost) -> str:
    number = uuid.uuid4()
    return str(number.int)[:18] if post.ids_are_digits else str(number)
