"""A vehicle's own MQTT client: last will, retained connection, orders in, states out."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from sim.robot.vehicle import Hall, Vehicle
from sim.site import Address, RobotPlace

KEEPALIVE_S: Final = 15
MESSAGE_BYTES_MAX: Final = 1 << 20

log = logging.getLogger("sim.robot")


class Link:
    """Joins one vehicle to a broker. The client's thread only hands bytes to the loop."""

    def __init__(self, place: RobotPlace, hall: Hall) -> None:
        self._loop = asyncio.get_running_loop()
        self._prefix = _prefix(place)
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"sim-{place.manufacturer}-{place.serial}",
            clean_session=True,
            protocol=mqtt.MQTTv311,
        )
        self.vehicle = Vehicle(place, hall, self._send)
        self.online = asyncio.Event()
        self.is_mute = False
        self._client.will_set(
            self._topic("connection"),
            json.dumps(self.vehicle.parting("CONNECTIONBROKEN")),
            qos=1,
            retain=True,
        )
        self._client.on_socket_open = _without_delay
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def start(self, broker: Address) -> None:
        """Connect in the background; the client tries again until the broker is there."""
        self._client.reconnect_delay_set(1, 2)
        self._client.connect_async(broker.host, broker.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    async def stop(self) -> None:
        """Say OFFLINE, leave the broker and await the client's thread."""
        await self.vehicle.stop()
        if self._client.is_connected():
            body = json.dumps(self.vehicle.parting("OFFLINE"))
            said = self._client.publish(self._topic("connection"), body, qos=1, retain=True)
            await asyncio.to_thread(said.wait_for_publish, 2.0)
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def _topic(self, name: str) -> str:
        return f"{self._prefix}/{name}"

    def _send(self, topic: str, body: dict[str, Any], retain: bool) -> None:
        if self.is_mute or not self._client.is_connected():
            return
        qos = 1 if topic == "connection" else 0
        self._client.publish(self._topic(topic), json.dumps(body), qos=qos, retain=retain)

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, code: Any, _p: Any) -> None:
        if code.is_failure:
            log.warning("broker refused: %s", code)
            return
        client.subscribe([(self._topic("order"), 0), (self._topic("instantActions"), 0)])
        self._call(self._connected)

    def _on_disconnect(self, _c: Any, _data: Any, _flags: Any, _code: Any, _p: Any) -> None:
        self._call(self.online.clear)

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        topic, payload = message.topic.rsplit("/", 1)[1], bytes(message.payload)
        self._call(self._receive, topic, payload)

    def _call(self, function: Callable[..., None], *args: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *args)

    def _connected(self) -> None:
        self.vehicle.connected()
        self.online.set()

    def _receive(self, topic: str, payload: bytes) -> None:
        if self.is_mute or len(payload) > MESSAGE_BYTES_MAX:
            return
        try:
            body = json.loads(payload)
        except ValueError:
            log.warning("%s: no JSON", topic)
            return
        if isinstance(body, dict):
            self.vehicle.receive(topic, body)


def _prefix(place: RobotPlace) -> str:
    major = place.version.split(".", 1)[0]
    return f"{place.interface}/v{major}/{place.manufacturer}/{place.serial}"


def _without_delay(_client: Any, _data: Any, sock: Any) -> None:
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@asynccontextmanager
async def fleet(
    places: tuple[RobotPlace, ...], hall: Hall, broker: Address | None
) -> AsyncIterator[tuple[Link, ...]]:
    """Run every vehicle of the floor; on leaving, all say OFFLINE and stop."""
    if broker is None:
        yield ()
        return
    links = tuple(Link(place, hall) for place in places)
    runs = [
        asyncio.create_task(link.vehicle.run(), name=f"robot[{link.vehicle.id}]") for link in links
    ]
    for link in links:
        link.start(broker)
    try:
        yield links
    finally:
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
        for link in links:
            await link.stop()
