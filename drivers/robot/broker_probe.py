"""Tries a broker as a station and its robots use it: small answers, rights, memory, company."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from drivers.errors import DriverLostError, DriverTimeoutError
from drivers.protocols import Clock, DeviceName
from drivers.protocols.probes import Exchange
from drivers.robot.broker_client import BrokerClient
from drivers.robot.settings import Vda5050Settings

QUESTION: Final = b"o" * 1200  # an order
ANSWER: Final = b"s" * 600  # a state
ECHO_S: Final = 2.0
BACK_S: Final = 60.0
SAVE_S: Final = 0.5  # a broker that saves on changes does it a moment after its acknowledgement
GAP_S: Final = 0.005


class MqttBrokerProbe:
    """Connections come and go with every question; nothing stays behind on the broker."""

    def __init__(self, name: DeviceName, settings: Vda5050Settings, clock: Clock) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock

    async def exchanges(self, stem: str, count: int) -> tuple[Exchange, ...]:
        """Ask and get two answers, as a robot tells two changes of its state.

        With Nagle's algorithm at the broker the second answer waits for the receiver's delayed
        acknowledgement of the first. Raises DriverLostError, DriverTimeoutError.
        """
        ask, answer = f"{stem}/ask", f"{stem}/answer"
        heard: asyncio.Queue[int] = asyncio.Queue(maxsize=4 * count)
        async with self._met({answer: 0}) as asker, self._met({ask: 0}) as robot:
            asker.take = lambda *given: heard.put_nowait(given[4])
            robot.take = lambda *_: _answer(robot, answer)
            found = []
            for _ in range(count):
                began_ns = self._clock.monotonic_ns()
                asker.client.publish(ask, QUESTION)
                first_ns, second_ns = [await self._next(heard, stem) for _ in range(2)]
                found.append(Exchange(first_ns=first_ns - began_ns, second_ns=second_ns - began_ns))
                await asyncio.sleep(GAP_S)
        return tuple(found)

    async def carries(self, topic: str, *, user: str = "", password: str = "") -> bool:
        """Return whether a message under a topic reaches us: brokers drop denied ones silently."""
        heard = asyncio.Event()
        async with self._met({topic: 0}) as ear:
            ear.take = lambda *_: heard.set()
            if user:
                async with self._met({}, user=user, password=password) as other:
                    other.client.publish(topic, ANSWER)
                    return await _in_time(heard)
            ear.client.publish(topic, ANSWER)
            return await _in_time(heard)

    async def lets_in(self, user: str, password: str) -> bool:
        """Return whether this user may connect; an empty one is anonymous."""
        try:
            async with self._met({}, user=user, password=password, anonymous=not user):
                return True
        except DriverLostError as error:
            if "no answer" in str(error):
                raise
            return False

    async def keeps(self, topic: str, restart: Callable[[], Awaitable[None]]) -> bool:
        """Return whether a retained message outlives the restart. Raises DriverTimeoutError."""
        word = uuid.uuid4().hex.encode()
        async with self._met({}) as writer:
            await _retain(writer, topic, word)
            await asyncio.sleep(SAVE_S)
            met = writer.connections
            await restart()
            await self._again(writer, met)
            heard = asyncio.Event()

            def take(_topic: str, payload: bytes, *_: object) -> None:
                if payload == word:
                    heard.set()

            async with self._met({topic: 1}, take=take):
                kept = await _in_time(heard)
            await _retain(writer, topic, b"")
        return kept

    async def kicks(self, seconds: float) -> int:
        """Return how often the station's own client id was thrown out in that time."""
        async with self._met({}, client_id=f"re-{self._settings.station}") as client:
            await asyncio.sleep(seconds)
            return client.disconnects

    @contextlib.asynccontextmanager
    async def _met(
        self,
        topics: Mapping[str, int],
        *,
        user: str = "",
        password: str = "",
        anonymous: bool = False,
        client_id: str = "",
        take: Callable[..., None] | None = None,
    ) -> AsyncIterator[BrokerClient]:
        settings = replace(self._settings, username="") if user or anonymous else self._settings
        client = BrokerClient(self._name, settings, self._clock, topics, client_id=client_id)
        if user:
            client.client.username_pw_set(user, password)
        if take is not None:
            client.take = take
        await client.open()
        try:
            yield client
        finally:
            client.close()

    async def _next(self, heard: asyncio.Queue[int], stem: str) -> int:
        try:
            async with asyncio.timeout(ECHO_S):
                return await heard.get()
        except TimeoutError as error:
            raise DriverTimeoutError(
                self._name, f"hear an echo under {stem}", "none came"
            ) from error

    async def _again(self, client: BrokerClient, met: int) -> None:
        back = asyncio.Event()
        client.met = back.set
        if client.connections > met:
            return
        if not await _in_time(back, BACK_S):
            raise DriverTimeoutError(self._name, "meet the broker again", "it stays away")


def _answer(robot: BrokerClient, topic: str) -> None:
    robot.client.publish(topic, ANSWER)
    robot.client.publish(topic, ANSWER)


async def _retain(client: BrokerClient, topic: str, payload: bytes) -> None:
    said = client.client.publish(topic, payload, qos=1, retain=True)
    await asyncio.to_thread(said.wait_for_publish, ECHO_S)


async def _in_time(event: asyncio.Event, seconds: float = ECHO_S) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
