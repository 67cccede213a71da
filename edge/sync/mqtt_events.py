"""The target kind `mqtt`: QoS 1, never retained; acknowledged by the broker, which proves little.

A client object serves one connection. What was in flight when it broke is sent by the pump, never
by the library: paho keeps its own queue in memory and would flush it later.
"""

import asyncio
import secrets
import ssl
from collections.abc import Callable
from typing import Any, Final, Self
from urllib.parse import urlsplit

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.journal.outbox import OutboxRow
from edge.settings.model import TargetSettings
from edge.settings.tls import open_context, read_secret
from edge.sync.target import Later, Outcome, Refused, Stored

CONNECT_S: Final = 3.0
ACK_S: Final = 15.0
KEEPALIVE_S: Final = 15
IN_FLIGHT_MAX: Final = 20
CONTENT_TYPE: Final = "application/cloudevents+json"
PORTS: Final = {"mqtt": 1883, "mqtts": 8883}

# Source: MQTT 5.0, 2.4 reason codes. 3.1.1 knows rights at the connection alone.
_NO_RIGHTS: Final = frozenset((0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C))
_NO_ROOM: Final = 0x97
_NOT_THIS_EVENT: Final = frozenset((0x90, 0x95, 0x99))


class MqttEvents:
    """A target of kind `mqtt`; `place` = `<site>.<station>`."""

    def __init__(self, target: TargetSettings, place: str) -> None:
        self._target = target
        self._prefix = f"ret/v1/{place.replace('.', '/')}"
        self._link: _Link | None = None

    async def __aenter__(self) -> Self:
        target = self._target
        self._password = read_secret(target.password_file) if target.password_file else ""
        self._context = open_context(target) if urlsplit(target.url).scheme == "mqtts" else None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def prepare(self, rows: tuple[OutboxRow, ...]) -> None:
        """Nothing: messages are sent as they are."""

    async def send(self, rows: tuple[OutboxRow, ...], *, is_replay: bool = False) -> Outcome:
        """Publish, IN_FLIGHT_MAX at a time; stored is the unbroken acknowledged prefix."""
        link = await self._opened()
        if not isinstance(link, _Link):
            return link
        for at in range(0, len(rows), IN_FLIGHT_MAX):
            part = rows[at : at + IN_FLIGHT_MAX]
            ends = await asyncio.gather(*(self._publish(link, row, is_replay) for row in part))
            failed = next((n for n, end in enumerate(ends) if end is not None), None)
            if failed is not None:
                return await self._broken(rows, at + failed, ends[failed])
        return Stored()

    async def _publish(self, link: "_Link", row: OutboxRow, is_replay: bool) -> Outcome | None:
        """Return None when the broker has acknowledged it, else why not."""
        topic = f"{self._prefix}/{row.kind.replace('.', '/')}"
        try:
            async with asyncio.timeout(ACK_S):
                code = await link.publish(topic, row.body, self._properties(row, is_replay))
        except TimeoutError:
            return Later(reason="no acknowledgement in time", is_slow=True)
        except ConnectionError:
            return Later(reason="the connection broke")
        except ValueError:
            return Stored(rejected={"": "larger than a message may be"})
        return None if code < 0x80 else _meaning(code)

    def _properties(self, row: OutboxRow, is_replay: bool) -> Properties | None:
        if self._target.protocol != "5":
            return None
        told = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        told.ContentType = CONTENT_TYPE
        if row.n:
            told.UserProperty = ("edge-delivery", str(row.n))
        if is_replay:
            told.UserProperty = ("edge-replay", "1")
        return told

    async def _broken(
        self, rows: tuple[OutboxRow, ...], stored: int, why: Outcome | None
    ) -> Outcome:
        """Tell how far it went. A connection that failed is thrown away with all it keeps."""
        assert why is not None, "only a failure comes here"
        if isinstance(why, Stored):
            refused = {rows[stored].id: why.rejected[""]}
            after = rows[stored + 1].id if stored + 1 < len(rows) else None
            return Stored(rejected=refused, retry_from=after)
        await self._close()
        return Stored(retry_from=rows[stored].id) if stored else why

    async def _opened(self) -> "_Link | Later | Refused":
        if self._link is not None and self._link.is_up:
            return self._link
        await self._close()
        link = self._link = _Link(self._target, self._password, self._context)
        try:
            async with asyncio.timeout(CONNECT_S):
                code = await link.opened()
        except (TimeoutError, ConnectionError):
            await self._close()
            return Later(reason="no connection")
        if code == 0:
            return link
        await self._close()
        if code in _NO_RIGHTS:
            return Refused(reason="the broker refuses who we are")
        return Later(reason=f"the broker refuses the connection: {code}")

    async def _close(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()


class _Link:
    """One connection: paho's network thread on one side, the loop on the other."""

    def __init__(
        self, target: TargetSettings, password: str, context: ssl.SSLContext | None
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._connected: asyncio.Future[int] = self._loop.create_future()
        self._gone = asyncio.Event()
        self._acks: dict[int, asyncio.Future[int]] = {}
        self._early: dict[int, int] = {}
        is_5 = target.protocol == "5"
        self._client = client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"receiving-edge-{secrets.token_hex(6)}",
            clean_session=None if is_5 else True,
            protocol=MQTTProtocolVersion.MQTTv5 if is_5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        client.max_inflight_messages_set(IN_FLIGHT_MAX)
        client.connect_timeout = CONNECT_S
        if target.username:
            client.username_pw_set(target.username, password)
        if context is not None:
            client.tls_set_context(context)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        url = urlsplit(target.url)
        client.connect_async(url.hostname or "", url.port or PORTS[url.scheme], KEEPALIVE_S)
        client.loop_start()

    @property
    def is_up(self) -> bool:
        """Return whether a message could leave now."""
        return not self._gone.is_set() and bool(self._client.is_connected())

    async def opened(self) -> int:
        """Return the broker's word on the connection, 0 = good. Raises ConnectionError."""
        return await asyncio.shield(self._connected)

    async def publish(self, topic: str, body: bytes, properties: Properties | None) -> int:
        """Return the reason code of the acknowledgement.

        Raises ConnectionError when it cannot come any more, ValueError for a body too large.
        """
        if not self.is_up:
            raise ConnectionError
        sent = self._client.publish(topic, body, qos=1, properties=properties)
        if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise ConnectionError
        if sent.mid in self._early:
            return self._early.pop(sent.mid)
        ack: asyncio.Future[int] = self._loop.create_future()
        self._acks[sent.mid] = ack
        try:
            return await ack
        finally:
            self._acks.pop(sent.mid, None)

    async def close(self) -> None:
        """Hang up and see the network thread end, without holding the loop."""
        self._client.disconnect()
        self._down("closed")
        await asyncio.to_thread(self._client.loop_stop)

    # ------------------------------------------------------------ loop side

    def _up(self, code: int) -> None:
        if not self._connected.done():
            self._connected.set_result(code)

    def _down(self, reason: str) -> None:
        self._gone.set()
        if not self._connected.done():
            self._connected.set_exception(ConnectionError(reason))
            self._connected.exception()  # somebody may have stopped waiting for it
        for ack in self._acks.values():
            if not ack.done():
                ack.set_exception(ConnectionError(reason))

    def _acked(self, mid: int, code: int) -> None:
        ack = self._acks.get(mid)
        if ack is None:
            self._early[mid] = code
        elif not ack.done():
            ack.set_result(code)

    # ------------------------------------------------------------ network thread

    def _on_connect(self, _client: Client, _user: Any, _flags: Any, code: Any, _more: Any) -> None:
        self._tell(self._up, int(code.value))

    def _on_connect_fail(self, _client: Client, _user: Any) -> None:
        self._tell(self._down, "no broker")

    def _on_disconnect(self, _client: Client, _user: Any, _fl: Any, _code: Any, _m: Any) -> None:
        self._tell(self._down, "broker lost")

    def _on_publish(self, _client: Client, _user: Any, mid: int, code: Any, _more: Any) -> None:
        self._tell(self._acked, mid, int(code.value))

    def _tell(self, call: Callable[..., None], *values: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *values)


def _meaning(code: int) -> Outcome:
    """Return what a refusing acknowledgement of MQTT 5 means."""
    if code in _NOT_THIS_EVENT:
        return Stored(rejected={"": f"reason code {code:#04x}"})
    if code in _NO_RIGHTS:
        return Refused(reason="the broker refuses the topic")
    return Later(reason=f"reason code {code:#04x}", is_grave=code == _NO_ROOM)
