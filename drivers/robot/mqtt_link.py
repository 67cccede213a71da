"""One connection to an MQTT 3.1.1 broker: paho's network thread on one side, the loop on the other.

Publishes with QoS 0 and never retained, and only while connected: a stale order must not wait
anywhere. Refuses to know what a message means.
"""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from drivers.protocols import Clock
from drivers.wire.vda5050.json_values import MESSAGE_BYTES_MAX

INBOX_MAX: Final = 256  # per robot; full: the oldest goes and is counted, a state is a snapshot
DRAINED_MAX: Final = 64  # messages taken in one go, so that a flood does not hold the loop
BREAKS_MAX: Final = 256  # remembered moments of lost connections
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
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """One message; `at_ns` is the monotonic time at which the network thread had it.

    `size` is that on the wire: an oversized message is handed over without its bytes.
    """

    topic: str
    payload: bytes
    retained: bool
    at_ns: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A topic, its QoS, and the name of the inbox that its messages wait in."""

    topic: str
    qos: int
    inbox: str


class LinkOwner(Protocol):
    """Who is told, always on the loop."""

    def link_up(self) -> None:
        """Take note: connected, and every topic is subscribed."""

    def link_down(self, reason: str) -> None:
        """Take note: no connection; `reason` is a short code."""

    def arrived(self, message: Arrived) -> None:
        """Take a message."""

    def dropped(self, inbox: str, count: int) -> None:
        """Take note: so many messages of an inbox were lost, the oldest of those that waited."""


class Link(Protocol):
    """What the driver needs of a connection."""

    disconnects: int

    @property
    def is_up(self) -> bool:
        """Return whether a message could leave now."""

    def open(self) -> None:
        """Start connecting; returns at once."""

    def close(self) -> None:
        """Disconnect."""

    def publish(self, topic: str, payload: bytes) -> bool:
        """Hand a message over; True proves nothing but that."""

    def disconnects_since(self, at_ns: int) -> int:
        """Return how often the connection was lost since a moment."""


Connect = Callable[[Account, Sequence[Subscription], LinkOwner, Clock], Link]


class MqttLink:
    """Connects in the background and for ever; a broker that is down is a normal start."""

    def __init__(
        self,
        account: Account,
        subscriptions: Sequence[Subscription],
        owner: LinkOwner,
        clock: Clock,
    ) -> None:
        self._account = account
        self._topics = [(one.topic, one.qos) for one in subscriptions]
        self._owner = owner
        self._clock = clock
        self._inboxes = {one.inbox: _Inbox(one.inbox) for one in subscriptions}
        self._inbox_of = {one.topic: self._inboxes[one.inbox] for one in subscriptions}
        self._is_draining = False
        self._is_up = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Client | None = None
        self.disconnects = 0
        self._broken_ns: deque[int] = deque(maxlen=BREAKS_MAX)

    def disconnects_since(self, at_ns: int) -> int:
        """Return how often the connection was lost since a moment."""
        return sum(broken_ns >= at_ns for broken_ns in self._broken_ns)

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
        if self._account.tls is not None:
            client.tls_set_context(self._account.tls)
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
            client.subscribe(self._topics)

    def _on_subscribe(self, _client: Client, _user: Any, _mid: int, codes: Any, _m: Any) -> None:
        if any(code.is_failure for code in codes):
            self._tell(self._down, "no_rights")
        else:
            self._tell(self._up)

    def _on_connect_fail(self, _client: Client, _user: Any) -> None:
        self._tell(self._down, "no_broker")

    def _on_disconnect(self, _client: Client, _user: Any, _fl: Any, _code: Any, _m: Any) -> None:
        self._tell(self._broken)

    def _on_message(self, _client: Client, _user: Any, message: MQTTMessage) -> None:
        inbox = self._inbox_of.get(message.topic)
        if inbox is None:
            return
        size = len(message.payload)
        if len(inbox.messages) == INBOX_MAX:
            inbox.lost += 1
        inbox.messages.append(
            Arrived(
                topic=message.topic,
                payload=bytes(message.payload) if size <= MESSAGE_BYTES_MAX else b"",
                retained=message.retain,
                at_ns=self._clock.monotonic_ns(),
                size=size,
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

    def _broken(self) -> None:
        if self._client is not None:
            self.disconnects += 1
            self._broken_ns.append(self._clock.monotonic_ns())
            self._down("broker_lost")

    def _drain(self) -> None:
        """Hand over what waits, robot by robot; the rest after the loop has done other work."""
        self._is_draining = False
        left = DRAINED_MAX
        while left > 0 and (full := [one for one in self._inboxes.values() if one.messages]):
            left -= len(full)
            for inbox in full:
                self._owner.arrived(inbox.messages.popleft())
        for inbox in self._inboxes.values():
            if lost := inbox.lost - inbox.told:
                inbox.told += lost
                self._owner.dropped(inbox.name, lost)
        if any(inbox.messages for inbox in self._inboxes.values()) and not self._is_draining:
            self._is_draining = True
            self._tell(self._drain)


@dataclass(slots=True)
class _Inbox:
    """One robot's messages; `lost` is written by the network thread alone, `told` by the loop."""

    name: str
    messages: deque[Arrived] = field(default_factory=lambda: deque(maxlen=INBOX_MAX))
    lost: int = 0
    told: int = 0


def _no_delay(_client: Client, _user: Any, opened: Any) -> None:
    """Nagle's algorithm would hold an order back until the broker has acknowledged the last one."""
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
