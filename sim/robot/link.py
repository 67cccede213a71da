"""A vehicle's own MQTT client: last will, retained connection, orders in, states out."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from sim.robot.floor import Hall
from sim.robot.messages import Out
from sim.robot.quirks import Quirk, Quirks
from sim.robot.vehicle import Vehicle
from sim.site import Address, RobotPlace

KEEPALIVE_S: Final = 15
NAP_MAX_S: Final = 1.0

log = logging.getLogger("sim.robot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The broker, and the password with which a vehicle names itself by its serial number."""

    broker: Address
    password: str = ""


class Link:
    """Joins one vehicle to a broker. The client's thread only hands bytes to the loop."""

    def __init__(self, vehicle: Vehicle, account: Account) -> None:
        self._loop = asyncio.get_running_loop()
        self.vehicle = vehicle
        self.online = asyncio.Event()
        self._account = account
        self._prefix = _prefix(vehicle.place)
        self._client: mqtt.Client | None = None
        self._was_online = False
        self._news = asyncio.Event()

    def start(self) -> None:
        """Connect in the background; the client tries again until the broker is there."""
        place = self.vehicle.place
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"sim-{place.manufacturer}-{place.serial}",
            clean_session=True,
            protocol=mqtt.MQTTv311,
        )
        if self._account.password:
            client.username_pw_set(place.serial, self._account.password)
        will = self.vehicle.will(time.monotonic())
        if will is not None:
            client.will_set(self._topic(will.topic), will.payload, qos=will.qos, retain=will.retain)
        client.on_socket_open = _without_delay
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.reconnect_delay_set(1, 2)
        broker = self._account.broker
        client.connect_async(broker.host, broker.port, keepalive=KEEPALIVE_S)
        client.loop_start()
        self._client, self._was_online = client, False

    async def stop(self) -> None:
        """Say OFFLINE, leave the broker and await the client's thread."""
        client = self._client
        if client is None:
            return
        if client.is_connected():
            out = self.vehicle.parting(time.monotonic())
            said = client.publish(self._topic(out.topic), out.payload, qos=1, retain=out.retain)
            await asyncio.to_thread(said.wait_for_publish, 2.0)
        client.disconnect()
        await self._ended(client)

    async def switch_off(self) -> None:
        """Cut its power: the broker hears nothing and publishes the last will."""
        self.vehicle.switch_off(time.monotonic())
        client, self._client = self._client, None
        if client is None:
            return
        sock = client.socket()
        client.on_connect = client.on_disconnect = client.on_message = None
        await self._ended(client)
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self.online.clear()

    def switch_on(self) -> None:
        """Give it power again: its memory is empty."""
        self.vehicle.switch_on(time.monotonic())
        self.start()

    async def run(self) -> None:
        """Let the vehicle's time pass, for ever."""
        while True:
            self.publish(self.vehicle.tick(time.monotonic()))
            nap = self.vehicle.wakes_at() - time.monotonic()
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, min(nap, NAP_MAX_S))):
                    await self._news.wait()

    def publish(self, out: Iterable[Out]) -> None:
        """Publish what the vehicle says; without a broker nobody hears it."""
        self._news.set()
        client = self._client
        if client is None or not client.is_connected():
            return
        for one in out:
            client.publish(self._topic(one.topic), one.payload, qos=one.qos, retain=one.retain)

    def _topic(self, name: str) -> str:
        return f"{self._prefix}/{name}"

    async def _ended(self, client: mqtt.Client) -> None:
        await asyncio.to_thread(client.loop_stop)

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, code: Any, _p: Any) -> None:
        if code.is_failure:
            log.warning("broker refused: %s", code)
            return
        if self._was_online and Quirk.STAYS_AWAY in self.vehicle.quirks:
            client.disconnect()
            return
        client.subscribe([(self._topic("order"), 0), (self._topic("instantActions"), 0)])
        self._call(self._connected)

    def _on_disconnect(self, _client: mqtt.Client, _data: Any, *_: Any) -> None:
        self._call(self.online.clear)

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._call(self._receive, message.topic, bytes(message.payload))

    def _call(self, function: Callable[..., None], *args: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *args)

    def _connected(self) -> None:
        self.publish(self.vehicle.connected(time.monotonic(), again=self._was_online))
        self._was_online = True
        self.online.set()

    def _receive(self, topic: str, payload: bytes) -> None:
        self.publish(self.vehicle.on_message(topic, payload, time.monotonic()))


def _prefix(place: RobotPlace) -> str:
    major = place.version.split(".", 1)[0]
    return f"{place.interface}/v{major}/{place.manufacturer}/{place.serial}"


def _without_delay(_client: Any, _data: Any, sock: Any) -> None:
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def real_epoch() -> float:
    """Return the Unix time at which the monotonic clock was 0."""
    return time.time() - time.monotonic()


@asynccontextmanager
async def fleet(
    places: tuple[RobotPlace, ...],
    hall: Hall,
    account: Account | None,
    *,
    seed: int = 0,
    faults: Iterable[str] = (),
) -> AsyncIterator[tuple[Link, ...]]:
    """Run every vehicle of the floor; on leaving, all say OFFLINE and stop."""
    if account is None:
        yield ()
        return
    named, now = tuple(faults), time.monotonic()
    links = tuple(
        Link(Vehicle(place, hall, now=now, seed=seed, quirks=Quirks.of(named)), account)
        for place in places
    )
    runs = [asyncio.create_task(link.run(), name=f"robot[{link.vehicle.id}]") for link in links]
    for link in links:
        link.start()
    try:
        yield links
    finally:
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
        for link in links:
            await link.stop()
