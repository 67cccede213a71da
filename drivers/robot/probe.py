"""A second connection for conformance runs: it hears all topics of one robot, unfiltered, and sends
what no driver would. Refuses to judge: what it hears it keeps.
"""

import asyncio
import json
import socket
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Self, TypeVar

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from drivers.errors import DriverLostError, DriverTimeoutError
from drivers.protocols import Clock, Deadline, DeviceName, InstantKind
from drivers.protocols.probes import Heard, SeenState
from drivers.robot.schemas import MessageKind, problems
from drivers.robot.settings import Vda5050Settings, open_tls, read_password
from drivers.wire.vda5050.header import Sender, first_header_id, stamped
from drivers.wire.vda5050.instant import instant_action
from drivers.wire.vda5050.json_values import parse
from drivers.wire.vda5050.state import read_state
from drivers.wire.vda5050.topics import topics_of

HEARD_MAX: Final = 8192
CONNECT_S: Final = 5.0
RECONNECT_S: Final = (1, 2)
VIOLATIONS_MAX: Final = 5
LEVELS: Final = 5  # interface, version, manufacturer, serial, topic

Found = TypeVar("Found")


class BrokerClient:
    """A paho client whose network thread hands messages to the loop and knows when it is ready."""

    def __init__(
        self,
        name: DeviceName,
        settings: Vda5050Settings,
        clock: Clock,
        topics: Mapping[str, int],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = clock
        self._topics = list(topics.items())
        self._where = f"{settings.host}:{settings.port}"
        self.ready = asyncio.Event()
        self.connections = 0
        self.refused = ""
        self.take: Callable[[str, bytes, int, bool, int], None] = _nobody
        self.met: Callable[[], None] = self.ready.set
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"re-{settings.station}-doctor-{uuid.uuid4().hex[:6]}",
            clean_session=True,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        if settings.username:
            client.username_pw_set(settings.username, read_password(name, settings))
        context = open_tls(name, settings)
        if context is not None:
            client.tls_set_context(context)
        client.connect_timeout = CONNECT_S
        client.reconnect_delay_set(*RECONNECT_S)
        client.on_socket_open = _without_delay
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.connect_async(settings.host, settings.port, settings.keepalive_s)
        self.client = client

    async def open(self) -> None:
        """Connect and subscribe. Raises DriverLostError."""
        self.client.loop_start()
        try:
            async with asyncio.timeout(CONNECT_S):
                await self.ready.wait()
        except TimeoutError as error:
            self.close()
            why = self.refused or "no answer"
            raise DriverLostError("broker", f"connect to {self._where}", why) from error

    def close(self) -> None:
        """Disconnect and await the network thread."""
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, client: Client, _user: Any, _flags: Any, code: Any, _more: Any) -> None:
        if code.is_failure:
            self.refused = str(code)
        else:
            client.subscribe(self._topics)

    def _on_subscribe(self, _client: Client, _user: Any, _mid: int, codes: Any, _m: Any) -> None:
        if any(code.is_failure for code in codes):
            self.refused = "no right to read a topic"
        else:
            self._loop.call_soon_threadsafe(self._up)

    def _on_disconnect(self, _client: Client, _user: Any, *_: Any) -> None:
        self._loop.call_soon_threadsafe(self.ready.clear)

    def _on_message(self, _client: Client, _user: Any, message: MQTTMessage) -> None:
        at_ns = self._clock.monotonic_ns()
        given = (message.topic, bytes(message.payload), message.qos, bool(message.retain), at_ns)
        self._loop.call_soon_threadsafe(self._pass_on, *given)

    def _up(self) -> None:
        self.connections += 1
        self.ready.set()
        self.met()

    def _pass_on(self, topic: str, payload: bytes, qos: int, retained: bool, at_ns: int) -> None:
        self.take(topic, payload, qos, retained, at_ns)


class Vda5050Probe:
    """Sees and pokes the one robot of its settings."""

    def __init__(self, name: DeviceName, settings: Vda5050Settings, clock: Clock) -> None:
        (unit,) = settings.robots
        self._name = name
        self._settings = settings
        self._clock = clock
        self._profile = profile = unit.profile
        self._topics = topics_of(
            profile.topic_interface, profile.version, unit.manufacturer, unit.serial
        )
        self._stem = self._topics.state.removesuffix("state")
        self._sender = Sender(
            version=profile.version, manufacturer=unit.manufacturer, serial=unit.serial
        )
        self._header_id = first_header_id(clock.wall_ms())
        self._heard: deque[Heard] = deque(maxlen=HEARD_MAX)
        self._states: deque[SeenState] = deque(maxlen=HEARD_MAX)
        self._news = asyncio.Event()
        self._client: BrokerClient | None = None

    async def __aenter__(self) -> Self:
        """Connect and subscribe. Raises DriverLostError when the broker does not answer in time."""
        names = ("state", "connection", "factsheet")
        topics = {f"{self._stem}{name}": 1 for name in names}
        client = BrokerClient(self._name, self._settings, self._clock, topics)
        client.take, client.met = self._take, self._news.set
        await client.open()
        self._client = client
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect; the network thread is gone afterwards."""
        if self._client is not None:
            self._client.close()

    @property
    def connections(self) -> int:
        """Return how often the broker was met."""
        return self._client.connections if self._client is not None else 0

    def heard(self) -> tuple[Heard, ...]:
        """Return what came since entering, the newest thousands."""
        return tuple(self._heard)

    def newest(self) -> SeenState | None:
        """Return the newest state that was not retained."""
        return self._states[-1] if self._states else None

    def states(self, since_ns: int) -> tuple[SeenState, ...]:
        """Return the states that came since then."""
        return tuple(state for state in self._states if state.at_ns >= since_ns)

    async def until(
        self, is_it: Callable[[SeenState], bool], deadline: Deadline, *, since_ns: int = 0
    ) -> SeenState:
        """Return the first state since then that fits. Raises DriverTimeoutError."""
        return await self._await(
            lambda: next((s for s in self._states if s.at_ns >= since_ns and is_it(s)), None),
            "await a state",
            deadline,
        )

    async def message(
        self,
        topic: str,
        deadline: Deadline,
        *,
        since_ns: int = 0,
        is_it: Callable[[Heard], bool] = lambda _: True,
    ) -> Heard:
        """Return the first message of a topic since then that fits. Raises DriverTimeoutError."""
        return await self._await(
            lambda: next(
                (
                    one
                    for one in self._heard
                    if one.topic == topic and one.at_ns >= since_ns and is_it(one)
                ),
                None,
            ),
            f"await {topic}",
            deadline,
        )

    async def met_again(self, connections: int, deadline: Deadline) -> None:
        """Wait until the broker was met more often than that. Raises DriverTimeoutError."""
        await self._await(
            lambda: True if self.connections > connections else None, "meet the broker", deadline
        )

    def send_raw(self, topic: str, payload: bytes) -> None:
        """Publish bytes as they are under `order` or `instantActions`; QoS 0, not retained."""
        if self._client is not None:
            self._client.client.publish(f"{self._stem}{topic}", payload)

    def send(self, topic: str, body: Mapping[str, Any]) -> None:
        """Publish a body behind a correct header."""
        self._header_id += 1
        content = json.dumps(body, ensure_ascii=False).encode()
        wall_ms = self._clock.wall_ms()
        self.send_raw(topic, stamped(content, self._sender, self._header_id, wall_ms))

    def instant(self, kind: str, action_id: str, *, keys: tuple[str, ...] = ()) -> None:
        """Publish an instant action; `keys` = other array keys than the profile's."""
        body = json.loads(instant_action(InstantKind(kind), action_id, self._profile))
        actions = next(iter(body.values()))
        self.send("instantActions", dict.fromkeys(keys, actions) if keys else body)

    async def _await(
        self, look: Callable[[], Found | None], tried: str, deadline: Deadline
    ) -> Found:
        try:
            async with asyncio.timeout(deadline.remaining_s(self._clock)):
                while (found := look()) is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            raise DriverTimeoutError(self._name, tried, "nothing fitting came") from error
        return found

    def _take(self, topic: str, payload: bytes, qos: int, retained: bool, at_ns: int) -> None:
        name, content = topic.removeprefix(self._stem), parse(payload)
        self._heard.append(
            Heard(
                topic=name,
                at_ns=at_ns,
                qos=qos,
                retained=retained,
                content=content,
                violations=_violations(name, content, payload, self._profile.dialect.schema),
            )
        )
        if name == "state" and content is not None and not retained:
            self._states.append(self._seen(content, at_ns))
        self._news.set()

    def _seen(self, content: Mapping[str, Any], at_ns: int) -> SeenState:
        state = read_state(content, self._profile.dialect)
        at = state.position
        return SeenState(
            at_ns=at_ns,
            order_id=state.order_id or "",
            update_id=state.order_update_id or 0,
            last_node=state.last_node,
            position=None if at is None else (at.x, at.y),
            nodes_left=state.nodes_left,
            edges_left=state.edges_left,
            driving=state.driving,
            paused=state.paused,
            mode=state.mode,
            loads=state.loads,
            actions={key: report.status for key, report in state.actions.items()},
            errors=state.errors,
        )


def _violations(
    name: str, content: Mapping[str, Any] | None, payload: bytes, schema: str
) -> tuple[str, ...]:
    if content is None:
        return ("no JSON object",)
    if name not in set(MessageKind):
        return ()
    return problems(MessageKind(name), payload, schema)[:VIOLATIONS_MAX]


def _nobody(_topic: str, _payload: bytes, _qos: int, _retained: bool, _at_ns: int) -> None:
    """Nobody listens yet."""


def _without_delay(_client: Client, _user: Any, opened: Any) -> None:
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class BrokerRobots:
    """Finds the robots of a broker by what is retained there and what they say."""

    def __init__(self, name: DeviceName, settings: Vda5050Settings, clock: Clock) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock

    async def find(self, seconds: float) -> tuple[tuple[str, str, str, str], ...]:
        """Return interface, version level, manufacturer and serial of every robot that spoke.

        Raises DriverLostError.
        """
        found: set[tuple[str, str, str, str]] = set()

        def take(topic: str, *_: object) -> None:
            levels = topic.split("/")
            if len(levels) == LEVELS:
                found.add((levels[0], levels[1], levels[2], levels[3]))

        wild = {f"+/+/+/+/{name}": 0 for name in ("state", "connection")}
        client = BrokerClient(self._name, self._settings, self._clock, wild)
        client.take = take
        await client.open()
        try:
            await asyncio.sleep(seconds)
        finally:
            client.close()
        return tuple(sorted(found))
