"""A second connection for conformance runs: it hears all topics of one robot, unfiltered, and sends
what no driver would. Refuses to judge: what it hears it keeps.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Self, TypeVar

from drivers.errors import DriverTimeoutError
from drivers.protocols import Clock, Deadline, DeviceName, InstantKind
from drivers.protocols.probes import Heard, SeenState
from drivers.robot.broker_client import BrokerClient
from drivers.robot.schemas import MessageKind, problems
from drivers.robot.settings import Vda5050Settings
from drivers.wire.vda5050.header import Sender, first_header_id, stamped
from drivers.wire.vda5050.instant import instant_action
from drivers.wire.vda5050.json_values import parse
from drivers.wire.vda5050.state import read_state
from drivers.wire.vda5050.topics import topics_of

HEARD_MAX: Final = 8192
VIOLATIONS_MAX: Final = 5
LEVELS: Final = 5  # interface, version, manufacturer, serial, topic

Found = TypeVar("Found")


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
