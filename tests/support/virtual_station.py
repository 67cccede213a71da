"""A station in virtual time: real journal file, receiving, dispatch and drivers over virtual doors.

It can be killed at any step of any of its tasks; only the SQLite file outlives it.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import bench
from drivers.conveyor.modbus import ModbusConveyor, ModbusSettings
from drivers.protocols import Clock, DeviceName, GraphEdge, GraphNode, NodeId, RobotId, ScanOutcome
from drivers.robot.vda5050_mqtt import RobotProfile, RobotUnit, Vda5050Robots, Vda5050Settings
from edge.dispatch.dispatch import Dispatch
from edge.events import (
    Draft,
    EventId,
    Leg,
    MovePlanned,
    OperatorIn,
    Origin,
    ParcelId,
    Stamp,
    Subject,
    UnitId,
    encode,
)
from edge.floor import FloorSettings
from edge.floor import RobotUnit as FloorRobot
from edge.journal.reader import Reader
from edge.journal.rows import Receipt
from edge.journal.schema import Synchronous
from edge.journal.store import Store, open_store
from edge.journal.writer import Journal, LiveRow, Submission
from edge.receiving.loop import Receiving, Reply
from edge.receiving.rows import SHIFT
from edge.settings.model import JournalSettings
from edge.station.apply import apply
from edge.station.decision import PhotoRequest
from edge.station.inputs import Input
from edge.station.state import State
from journal_kit import IDENTITY, uuid7
from sim.site import RobotPlace
from virtual_floor import BeltBook, Broker, PlcLink, Robot, connector, hall_of, sorter_of
from virtual_time import Life, VirtualClock, VirtualLoop

XY = {"P1": (0.0, 0.0), "P2": (0.0, 4.0), "X": (2.0, 2.0), "HO1": (4.0, 2.0), "Z": (6.0, 2.0)}
WAYS = (("P1", "X"), ("P2", "X"), ("X", "HO1"), ("X", "Z"), ("HO1", "Z"))
BUDGET = JournalSettings(ballast_mb=0)
ROBOT_LEG = Leg(kind="robot", start="HO1", end="Z", carrier="any")
BELT_LEG = Leg(kind="conveyor", start="c1", end="lane-2", lane=2, carrier="c1")
TO_ROBOT = Leg(kind="conveyor", start="c1", end="HO1", lane=1, carrier="c1")


def floor(**given: object) -> FloorSettings:
    """Two robots, one belt; lane 1 ends where robots pick up."""
    nodes = {
        NodeId(name): GraphNode(id=NodeId(name), x=x, y=y, theta=0.0, map_id="hall")
        for name, (x, y) in XY.items()
    }
    edges = tuple(
        GraphEdge(start=NodeId(one), end=NodeId(two), length=_apart(one, two))
        for a, b in WAYS
        for one, two in ((a, b), (b, a))
    )
    robots = tuple(FloorRobot(id=RobotId(f"r{n}"), home=NodeId(f"P{n}")) for n in (1, 2))
    plan = FloorSettings(robots=robots, nodes=nodes, edges=edges, places={"HO1": 1})
    return replace(plan, **given)  # type: ignore[arg-type]  # fields of FloorSettings


def _apart(one: str, two: str) -> float:
    (ax, ay), (bx, by) = XY[one], XY[two]
    return float(((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5)


class InlineJournal(Journal):
    """The journal without its thread: a commit is on disk between two steps of the loop."""

    def use(self, store: Store, life: Life) -> None:
        self._inline = store
        self._life = life
        self.last_seq = store.tip.seq

    async def commit(self, submission: Submission) -> Receipt:
        await asyncio.sleep(0)
        if self._life.is_over:
            raise asyncio.CancelledError  # the wreck is being cleared away
        (receipt,) = self._inline.append([submission], [])
        self.last_seq = receipt.last_seq
        await asyncio.sleep(0)
        return receipt


class World:
    """Everything that outlives the station."""

    def __init__(
        self,
        loop: VirtualLoop,
        folder: Path,
        *,
        routes: Sequence[Sequence[Leg]],
        plan: FloorSettings | None = None,
        profile: RobotProfile | None = None,
        lane_sensor: bool = True,
        seed: int = 0,
        in_containers: bool = False,
    ) -> None:
        self.loop = loop
        self.clock: Clock = VirtualClock(loop)
        self.path = folder / "journal.db"
        self.floor = plan or floor()
        self.profile = profile or RobotProfile()
        self.lane_sensor = lane_sensor
        self.broker = Broker(loop)
        ways = {(str(e.start), str(e.end)): e.length for e in self.floor.edges}
        self.hall = hall_of(XY, ways)
        self.robots = {
            unit.id: Robot(self.broker, _place(unit, self.profile), self.hall, seed=seed)
            for unit in self.floor.robots
        }
        self.belt = BeltBook()
        self.sorter = sorter_of(self.belt, loop.now_ns)
        self._boots = 0
        self.moves = tuple(uuid7(0x900 + n) for n in range(len(routes)))
        self._plan_moves(routes, in_containers=in_containers)

    def _plan_moves(self, routes: Sequence[Sequence[Leg]], *, in_containers: bool) -> None:
        """What was put before: an operator is there, and every move is planned.

        `in_containers` = the loads are closed containers, of no unit and no parcel.
        """
        store = self._store()
        origin = self.origin()
        shift = Draft(payload=OperatorIn(operator="0417", role="operator", method="badge"))
        drafts = [(shift, SHIFT)]
        for n, (move, legs) in enumerate(zip(self.moves, routes, strict=True)):
            name = f"T{n}"
            planned = MovePlanned(
                move=move,
                legs=tuple(legs),
                zone="resale",
                tray=name,
                container=name if in_containers else None,
            )
            subject = Subject(parcel=ParcelId(uuid7(0xB00)), unit=UnitId(uuid7(0xA00 + n)))
            subject = Subject() if in_containers else subject
            drafts.append((Draft(payload=planned, subject=subject), f"move/{move}"))
        for n, (draft, live_subject) in enumerate(drafts):
            stamp = Stamp(id=EventId(uuid7(0xE00 + n)), time_ms=self.clock.wall_ms(), mono_ms=0)
            live = (LiveRow(subject=live_subject, is_open=True),)
            store.append([Submission(events=(encode(draft, stamp, origin),), live=live)], [])
        store.close()

    def _store(self) -> Store:
        return open_store(
            self.path, IDENTITY, targets=(), budget=BUDGET, clock=self.clock,
            synchronous=Synchronous.NORMAL,
        )  # fmt: skip

    def origin(self) -> Origin:
        self._boots += 1
        return Origin(
            namespace=IDENTITY.namespace,
            site=IDENTITY.site,
            station=IDENTITY.station,
            journal_id="3f9a61c2",
            boot=f"{self._boots:08x}",
            config="c0",
            tz="+03:00",
        )

    def start(self) -> "VirtualStation":
        """Start a station on the journal as it is."""
        return VirtualStation(self, Life(self.loop))

    def replayed(self) -> State:
        """What the journal says, read by nobody's leave."""
        state = State()
        with Reader(self.path) as reader:
            for event in reader.events(1):
                state = apply(state, event)
        return state

    def picks(self, move: str) -> int:
        """How often robots really picked this move's load up."""
        book = self.hall.book.picks
        return sum(count for load, count in book.items() if load.startswith(f"{move}/"))

    def drops(self, move: str) -> int:
        book = self.hall.book.drops
        return sum(count for load, count in book.items() if load.startswith(f"{move}/"))


def _place(unit: FloorRobot, profile: RobotProfile) -> RobotPlace:
    return RobotPlace(
        id=str(unit.id),
        manufacturer="ACME",
        serial=f"A-{unit.id}",
        home=str(unit.home),
        interface=profile.interface or ("uagv" if profile.version[0] == "2" else "vda5050"),
        version=profile.version,
    )


class VirtualStation:
    """One run of the service. `life` tells when it ends."""

    def __init__(self, world: World, life: Life) -> None:
        self.world = world
        self.life = life
        self._store = world._store()
        origin = world.origin()
        self.journal = InlineJournal(
            world.path, IDENTITY, targets=(), budget=BUDGET, clock=world.clock
        )
        self.journal.use(self._store, life)
        context = replace(bench.context(), floor=world.floor, station=IDENTITY.station)
        self.receiving = Receiving(
            self.journal,
            origin,
            context=context,
            clock=world.clock,
            effects=self,
            state=world.replayed(),
        )
        self.robots = self._robots(world, life)
        self.belt = ModbusConveyor(
            DeviceName("c1"),
            ModbusSettings(url="tcp://127.0.0.1:502", lanes=3, lane_sensor=world.lane_sensor),
            world.clock,
            link=PlcLink(world.sorter, life, world.loop),
        )
        self.dispatch = Dispatch(
            world.floor,
            robots=self.robots,
            conveyors={"c1": self.belt},
            desk=self,
            clock=world.clock,
            station=IDENTITY.station,
            epoch=origin.journal_id + origin.boot,
        )
        life.begin(self._run(), "station")

    def _robots(self, world: World, life: Life) -> Vda5050Robots:
        units = tuple(
            RobotUnit(
                id=str(unit.id),
                manufacturer="ACME",
                serial=f"A-{unit.id}",
                profile=world.profile,
            )
            for unit in world.floor.robots
        )
        settings = Vda5050Settings(host="127.0.0.1", port=1883, station="st07", robots=units)
        return Vda5050Robots(
            DeviceName("robots"), settings, world.clock, connect=connector(world.broker, life)
        )

    async def _run(self) -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.robots)
            await stack.enter_async_context(self.belt)
            async with asyncio.TaskGroup() as group:
                group.create_task(self.receiving.run(), name="receiving")
                group.create_task(self.dispatch.run(), name="dispatch")

    # ------------------------------------------------------------ what dispatch sees

    @property
    def state(self) -> State:
        return self.receiving.state

    @property
    def is_writable(self) -> bool:
        return self.receiving.stopped is None

    async def commit(self, given: Input) -> bool:
        return bool((await self.receiving.submit(given)).kinds)

    # ------------------------------------------------------------ effects

    def tone(self, device: str, scan_no: int, outcome: ScanOutcome) -> None:
        """Nobody listens."""

    def photograph(self, request: PhotoRequest) -> None:
        raise AssertionError(f"nobody asked for {request}")

    def committed(self, drafts: tuple[Draft, ...]) -> None:
        if drafts:
            self.dispatch.wake()

    # ------------------------------------------------------------ what a test does

    def submit(self, given: Input) -> "asyncio.Task[Reply]":
        """Hand in an input as a person's terminal does."""
        return self.life.begin(self.receiving.submit(given), "input")

    def clear(self) -> None:
        """Close the file of a station that is dead, or kill it here and now."""
        self.life.end()
        self.world.loop.run_until_complete(self.life.clear())
        self._store.close()
