"""A floor in virtual time: a broker, simulated robots, a PLC, and the station's doors to them.

The far ends are the simulator's own machines; the doors take the place of sockets alone.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from drivers.errors import DriverLostError
from drivers.protocols import Clock
from drivers.robot.mqtt_link import Account, Arrived, LinkOwner, Subscription
from drivers.wire.conveyor_map import Span, Write
from sim.conveyor.plc import STATUS_AT, Belt, Happening, Plc
from sim.robot.floor import FloorBook, Hall
from sim.robot.messages import Out
from sim.robot.quirks import Quirks
from sim.robot.vehicle import Vehicle
from sim.site import Pace, RobotPlace
from virtual_time import Life, VirtualLoop

LATENCY_S = 0.001
CONNECT_S = 0.05
AGAIN_S = 1.0
REPLY_S = 0.002
BASE = 100


@dataclass(slots=True, kw_only=True)
class Message:
    """One publish on its way."""

    topic: str
    payload: bytes
    retained: bool = False


class Broker:
    """QoS 0 in order; what is on the way when it dies is lost; retained messages survive."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.is_up = True
        self.boots = 0
        self.loses_orders = False
        self.retained: dict[str, bytes] = {}
        self.doors: list[StationLink] = []
        self.robots: list[Robot] = []

    def publish(self, message: Message) -> None:
        if not self.is_up or (self.loses_orders and message.topic.endswith("/order")):
            return
        if message.retained:
            self.retained[message.topic] = message.payload
        self.loop.call_later(LATENCY_S, self._deliver, message, self.boots)

    def _deliver(self, message: Message, boot: int) -> None:
        if not self.is_up or boot != self.boots:
            return
        for door in tuple(self.doors):
            door.deliver(message, retained=False)
        for robot in self.robots:
            robot.deliver(message)

    def down(self) -> None:
        self.is_up = False
        self.boots += 1
        for door in tuple(self.doors):
            door.lost()
        for robot in self.robots:
            robot.is_online = False

    def up(self) -> None:
        self.is_up = True
        for robot in self.robots:
            robot.meet_soon()


class StationLink:
    """The station's connection to the broker; a dead station hears and says nothing."""

    def __init__(
        self,
        broker: Broker,
        life: Life,
        *,
        subscriptions: Sequence[Subscription],
        owner: LinkOwner,
        clock: Clock,
    ) -> None:
        self._broker = broker
        self._life = life
        self._topics = {one.topic for one in subscriptions}
        self._owner = owner
        self._clock = clock
        self._is_open = False
        self.is_up = False
        self.disconnects = 0

    def disconnects_since(self, at_ns: int) -> int:
        return 0 * at_ns

    def open(self) -> None:
        self._is_open = True
        self._broker.doors.append(self)
        self._broker.loop.call_later(CONNECT_S, self._connect)

    def close(self) -> None:
        self._is_open = self.is_up = False
        if self in self._broker.doors:
            self._broker.doors.remove(self)

    def publish(self, topic: str, payload: bytes) -> bool:
        if not self.is_up or self._life.is_over:
            return False
        self._broker.publish(Message(topic=topic, payload=payload))
        return True

    def _connect(self) -> None:
        if not self._is_open or self.is_up or self._life.is_over:
            return
        if not self._broker.is_up:
            self._broker.loop.call_later(AGAIN_S, self._connect)
            return
        self.is_up = True
        self._owner.link_up()
        for topic, payload in self._broker.retained.items():
            self.deliver(Message(topic=topic, payload=payload), retained=True)

    def deliver(self, message: Message, *, retained: bool) -> None:
        if self.is_up and message.topic in self._topics and not self._life.is_over:
            self._owner.arrived(
                Arrived(
                    topic=message.topic,
                    payload=message.payload,
                    retained=retained,
                    at_ns=self._clock.monotonic_ns(),
                    size=len(message.payload),
                )
            )

    def lost(self) -> None:
        if self.is_up and not self._life.is_over:
            self.is_up = False
            self.disconnects += 1
            self._owner.link_down("broker_lost")
            self._broker.loop.call_later(AGAIN_S, self._connect)


def connector(broker: Broker, life: Life) -> Callable[..., StationLink]:
    """What a robot driver makes its connection with."""

    def connect(
        account: Account, subscriptions: Sequence[Subscription], owner: LinkOwner, clock: Clock
    ) -> StationLink:
        del account
        return StationLink(broker, life, subscriptions=subscriptions, owner=owner, clock=clock)

    return connect


class Robot:
    """A simulated vehicle on the broker."""

    def __init__(self, broker: Broker, place: RobotPlace, hall: Hall, *, seed: int = 0) -> None:
        self._broker = broker
        self._loop = broker.loop
        now = self._loop.time()
        self.vehicle = Vehicle(place, hall, now=now, seed=seed, quirks=Quirks())
        self.stem = f"{place.interface}/v{place.version[0]}/{place.manufacturer}/{place.serial}"
        self.is_online = False
        self._was_online = False
        self._timer: asyncio.TimerHandle | None = None
        broker.robots.append(self)
        self.meet_soon()

    def meet_soon(self) -> None:
        self._loop.call_later(CONNECT_S / 2, self._meet)

    def _meet(self) -> None:
        if self.is_online or not self._broker.is_up or not self.vehicle.is_on:
            return
        self.is_online = True
        self._say(self.vehicle.connected(self._loop.time(), again=self._was_online))
        self._was_online = True

    def deliver(self, message: Message) -> None:
        if self.is_online and message.topic.startswith(f"{self.stem}/"):
            name = message.topic.rpartition("/")[2]
            if name in ("order", "instantActions"):
                now = self._loop.time()
                self._say(self.vehicle.on_message(message.topic, message.payload, now))

    def _tick(self) -> None:
        self._timer = None
        self._say(self.vehicle.tick(self._loop.time()))

    def _say(self, out: Sequence[Out]) -> None:
        for one in out:
            self._publish(one)
        if self._timer is not None:
            self._timer.cancel()
        nap = self.vehicle.wakes_at() - self._loop.time()
        if nap < 1e6:
            self._timer = self._loop.call_later(max(nap, 0.001), self._tick)

    def _publish(self, one: Out) -> None:
        if self.is_online:
            topic = f"{self.stem}/{one.topic}"
            self._broker.publish(
                Message(topic=topic, payload=_bytes(one.payload), retained=one.retain)
            )

    def fault(self, text: str, *, on: bool) -> None:
        self._say(self.vehicle.fault(text, self._loop.time(), on=on))

    def power(self, *, on: bool) -> None:
        now = self._loop.time()
        if on and not self.vehicle.is_on:
            self.vehicle.switch_on(now)
            self._was_online = False
            self.meet_soon()
            self._say(())
        elif not on and self.vehicle.is_on:
            will = self.vehicle.will(now)
            self.vehicle.switch_off(now)
            if will is not None:
                self._publish(will)
            self.is_online = False


def _bytes(payload: bytes | str) -> bytes:
    return payload.encode() if isinstance(payload, str) else payload


@dataclass(slots=True, kw_only=True)
class Sorter:
    """A PLC that is on or off, with what its wire does to the next requests."""

    plc: Plc
    is_on: bool = True
    lost_replies: int = 0
    lost_requests: int = 0
    boots: int = 1
    links: list["PlcLink"] = field(default_factory=list)

    def reboot(self, now_ns: int) -> None:
        self.boots += 1
        self.plc.reboot(self.boots, now_ns)


class PlcLink:
    """The station's connection to the PLC."""

    def __init__(self, sorter: Sorter, life: Life, loop: VirtualLoop) -> None:
        self._sorter = sorter
        self._life = life
        self._loop = loop
        self._lost: Callable[[], None] | None = None

    @property
    def is_open(self) -> bool:
        return self._lost is not None

    async def open(self, lost: Callable[[], None]) -> None:
        self.close()
        await asyncio.sleep(REPLY_S)
        if not self._sorter.is_on:
            raise DriverLostError("c1", "connect", "no answer")
        self._lost = lost

    def close(self) -> None:
        lost, self._lost = self._lost, None
        if lost is not None:
            lost()

    async def read(self, span: Span, *, inputs: bool) -> list[int]:
        del inputs
        await self._request("read")
        return self._words(span)

    async def write(self, write: Write) -> None:
        await self._request("write", write)

    async def exchange(self, write: Write, span: Span) -> list[int]:
        await self._request("exchange", write)
        return self._words(span)

    def _words(self, span: Span) -> list[int]:
        words = self._sorter.plc.on_read(self._loop.now_ns)
        at = span.address - BASE - STATUS_AT
        return words[at : at + span.count]

    async def _request(self, tried: str, write: Write | None = None) -> None:
        """There and back; what has left is obeyed, even if nobody waits for the answer any more."""
        sorter = self._sorter
        if self._lost is None or not sorter.is_on or sorter.lost_requests:
            sorter.lost_requests = max(0, sorter.lost_requests - 1)
            self.close()
            raise DriverLostError("c1", tried, "no reply")
        if write is not None and not self._life.is_over:
            self._loop.call_later(REPLY_S / 2, self._obey, write)
        await asyncio.sleep(REPLY_S)
        if write is not None and sorter.lost_replies:
            sorter.lost_replies -= 1
            self.close()
            raise DriverLostError("c1", tried, "no reply")

    def _obey(self, write: Write) -> None:
        if self._sorter.is_on:
            at = write.address - BASE
            self._sorter.plc.on_write(at, list(write.values), self._loop.now_ns)


@dataclass(slots=True)
class BeltBook:
    """What the belt really did, by token."""

    diverts: Counter[int] = field(default_factory=Counter)
    lanes: dict[int, int] = field(default_factory=dict)

    def notice(self, happening: Happening) -> None:
        if happening.kind == "diverted":
            self.diverts[happening.token] += 1
            self.lanes[happening.token] = happening.lane


def hall_of(nodes: dict[str, tuple[float, float]], ways: dict[tuple[str, str], float]) -> Hall:
    """The robots' floor at a walking pace."""
    pace = Pace(speed=1.0, robot_m_per_s=1.0, pick_s=1.0, drop_s=1.0)
    return Hall(nodes=nodes, ways=ways, pace=pace, book=FloorBook())


def sorter_of(book: BeltBook, now_ns: int = 0) -> Sorter:
    """A PLC with three lanes."""
    return Sorter(plc=Plc(Belt(), 1, now_ns, book.notice))
