"""One connection to an MQTT 3.1.1 broker: paho's network thread on one side, the loop on the other.

Publishes with QoS 0 and never retained, and only while connected: a stale order must not wait
anywhere. Refuses to know what a message means.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from drivers.protocols import Clock

INBOX_MAX: Final = 256  # per topic; full: the oldest goes, a state is a full snapshot
CONNECT_S: Final = 2.0
RECONNECT_S: Final = (1, 15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who connects, and where."""

    host: str
    port: int
    client_id: str
    username: str
    password: str
    keepalive_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """One message; `at_ns` is the monotonic time at which the network thread had it."""

    topic: str
    payload: bytes
    retained: bool
    at_ns: int


class LinkOwner(Protocol):
    """Who is told, always on the loop."""

    def link_up(self) -> None:
        """Take note: connected, and every topic is subscribed."""

    def link_down(self, reason: str) -> None:
        """Take note: no connection; `reason` is a short code."""

    def arrived(self, message: Arrived) -> None:
        """Take a message."""


class MqttLink:
    """Connects in the background and for ever; a broker that is down is a normal start."""

    def __init__(
        self, account: Account, topics: Mapping[str, int], owner: LinkOwner, clock: Clock
    ) -> None:
        self._account = account
        self._topics = tuple(topics.items())
        self._owner = owner
        self._clock = clock
        self._inboxes: dict[str, deque[Arrived]] = {
            topic: deque(maxlen=INBOX_MAX) for topic in topics
        }
        self._is_draining = False
        self._is_up = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Client | None = None
        self.dropped = 0

    @property
    def is_up(self) -> bool:
        """Return whether a message could leave now."""
        return self._is_up and self._client is not None and self._client.is_connected()

    def open(self) -> None:
        """Start the network thread; returns at once."""
        self._loop = asyncio.get_running_loop()
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._account.client_id,
            clean_session=True,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        if self._account.username:
            client.username_pw_set(self._account.username, self._account.password)
        client.connect_timeout = CONNECT_S
        client.reconnect_delay_set(*RECONNECT_S)
        client.on_socket_open = _no_delay
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.connect_async(self._account.host, self._account.port, self._account.keepalive_s)
        self._client = client
        client.loop_start()

    def close(self) -> None:
        """Disconnect and await the network thread: at once, or CONNECT_S while it connects."""
        client, self._client, self._is_up = self._client, None, False
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Hand a message to the network thread; True proves nothing but that."""
        if not self.is_up or self._client is None:
            return False
        return self._client.publish(topic, payload).rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    # ------------------------------------------------------------ network thread

    def _on_connect(self, client: Client, _user: Any, _flags: Any, code: Any, _more: Any) -> None:
        """Subscribe on every connection: a broker that restarted has forgotten us."""
        if code.is_failure:
            self._tell(self._down, "refused")
        else:
            client.subscribe(list(self._topics))

    def _on_subscribe(self, _client: Client, _user: Any, _mid: int, codes: Any, _m: Any) -> None:
        if any(code.is_failure for code in codes):
            self._tell(self._down, "no_rights")
        else:
            self._tell(self._up)

    def _on_connect_fail(self, _client: Client, _user: Any) -> None:
        self._tell(self._down, "no_broker")

    def _on_disconnect(self, _client: Client, _user: Any, _fl: Any, _code: Any, _m: Any) -> None:
        self._tell(self._down, "broker_lost")

    def _on_message(self, _client: Client, _user: Any, message: MQTTMessage) -> None:
        inbox = self._inboxes.get(message.topic)
        if inbox is None:
            return
        if len(inbox) == INBOX_MAX:
            self.dropped += 1
        inbox.append(
            Arrived(
                topic=message.topic,
                payload=bytes(message.payload),
                retained=message.retain,
                at_ns=self._clock.monotonic_ns(),
            )
        )
        if not self._is_draining:
            self._is_draining = True
            self._tell(self._drain)

    def _tell(self, call: Callable[..., None], *given: str) -> None:
        assert self._loop is not None, "callbacks come only after open()"
        self._loop.call_soon_threadsafe(call, *given)

    # ------------------------------------------------------------ loop

    def _up(self) -> None:
        if self._client is not None:
            self._is_up = True
            self._owner.link_up()

    def _down(self, reason: str) -> None:
        if self._client is not None:
            self._is_up = False
            self._owner.link_down(reason)

    def _drain(self) -> None:
        self._is_draining = False
        for inbox in self._inboxes.values():
            while inbox:
                self._owner.arrived(inbox.popleft())


def _no_delay(_client: Client, _user: Any, opened: Any) -> None:
    """Nagle's algorithm would hold an order back until the broker has acknowledged the last one."""
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
