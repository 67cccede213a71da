"""A connection to the broker for doctor alone: what it hears goes to the loop, unfiltered."""

import asyncio
import contextlib
import socket
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from drivers.errors import DriverLostError
from drivers.protocols import Clock, DeviceName
from drivers.robot.settings import Vda5050Settings, open_tls, read_password

CONNECT_S: Final = 5.0
RECONNECT_S: Final = (1, 2)


class BrokerClient:
    """A paho client whose network thread hands messages to the loop and knows when it is ready."""

    def __init__(
        self,
        name: DeviceName,
        settings: Vda5050Settings,
        clock: Clock,
        topics: Mapping[str, int],
        *,
        client_id: str = "",
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = clock
        self._topics = list(topics.items())
        self._where = f"{settings.host}:{settings.port}"
        self._answered = asyncio.Event()
        self.connections = 0
        self.disconnects = 0
        self.refused = ""
        self.take: Callable[[str, bytes, int, bool, int], None] = _nobody
        self.met: Callable[[], None] = self._answered.set
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id or f"re-{settings.station}-doctor-{uuid.uuid4().hex[:6]}",
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
        client.on_connect_fail = self._on_connect_fail
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.connect_async(settings.host, settings.port, settings.keepalive_s)
        self.client = client

    async def open(self) -> None:
        """Connect and subscribe. Raises DriverLostError."""
        self.client.loop_start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_S):
                await self._answered.wait()
        if not self.connections:
            self.close()
            why = self.refused or "no answer"
            raise DriverLostError("broker", f"connect to {self._where}", why)

    def close(self) -> None:
        """Disconnect and await the network thread."""
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, client: Client, _user: Any, _flags: Any, code: Any, _more: Any) -> None:
        if code.is_failure:
            self._refuse(str(code))
        elif not self._topics:
            self._loop.call_soon_threadsafe(self._up)
        else:
            client.subscribe(self._topics)

    def _on_connect_fail(self, _client: Client, _user: Any) -> None:
        self._refuse("no answer")

    def _on_subscribe(self, _client: Client, _user: Any, _mid: int, codes: Any, _m: Any) -> None:
        if any(code.is_failure for code in codes):
            self._refuse("no right to read a topic")
        else:
            self._loop.call_soon_threadsafe(self._up)

    def _on_disconnect(self, _client: Client, _user: Any, *_: Any) -> None:
        self._loop.call_soon_threadsafe(self._down)

    def _on_message(self, _client: Client, _user: Any, message: MQTTMessage) -> None:
        at_ns = self._clock.monotonic_ns()
        given = (message.topic, bytes(message.payload), message.qos, bool(message.retain), at_ns)
        self._loop.call_soon_threadsafe(self._pass_on, *given)

    def _refuse(self, reason: str) -> None:
        self.refused = reason
        self._loop.call_soon_threadsafe(self._answered.set)

    def _up(self) -> None:
        self.connections += 1
        self._answered.set()
        self.met()

    def _down(self) -> None:
        self.disconnects += 1
        if not self.connections and not self.refused:
            self._refuse("the broker hung up")

    def _pass_on(self, topic: str, payload: bytes, qos: int, retained: bool, at_ns: int) -> None:
        self.take(topic, payload, qos, retained, at_ns)


def _nobody(_topic: str, _payload: bytes, _qos: int, _retained: bool, _at_ns: int) -> None:
    """Nobody listens yet."""


def _without_delay(_client: Client, _user: Any, opened: Any) -> None:
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
