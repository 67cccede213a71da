"""A station without people in a process of its own: journal, receiving, dispatch, real wires.

`moves_process.py JOURNAL BROKER-PORT PLC-PORT` works off what the journal has planned, until it is
killed. `planned` writes such a journal.
"""

import asyncio
import secrets
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

import bench
from drivers.clock import SystemClock
from drivers.conveyor.modbus import ModbusConveyor, ModbusSettings
from drivers.protocols import DeviceName, GraphEdge, GraphNode, NodeId, RobotId, ScanOutcome
from drivers.robot.vda5050_mqtt import RobotProfile, RobotUnit, Vda5050Robots, Vda5050Settings
from edge.dispatch.dispatch import Dispatch
from edge.events import (
    Draft,
    EventId,
    Leg,
    MovePlanned,
    ParcelId,
    Stamp,
    Subject,
    UnitId,
    encode,
)
from edge.floor import FloorSettings
from edge.floor import RobotUnit as FloorRobot
from edge.journal.reader import Reader
from edge.journal.store import open_store
from edge.journal.writer import Journal, LiveRow, Submission
from edge.receiving.loop import Receiving
from edge.settings.model import JournalSettings
from edge.station.apply import apply
from edge.station.decision import PhotoRequest
from edge.station.inputs import Input
from edge.station.state import State
from journal_kit import IDENTITY, origin, uuid7
from moves_far_ends import WAYS, XY

CLOCK: Final = SystemClock()
BUDGET: Final = JournalSettings(ballast_mb=0)
CARRY: Final = Leg(kind="robot", start="A", end="B", carrier="any")
BELT: Final = Leg(kind="conveyor", start="c1", end="lane-2", lane=2, carrier="c1")
TO_ROBOT: Final = Leg(kind="conveyor", start="c1", end="A", lane=1, carrier="c1")
ROUTES: Final = ((CARRY,), (BELT,), (TO_ROBOT, CARRY))


def planned(path: Path, moves: int) -> tuple[str, ...]:
    """Write a journal in which so many moves are planned; returns their ids."""
    store = open_store(path, IDENTITY, targets=(), budget=BUDGET, clock=CLOCK)
    names = tuple(uuid7(0x900 + n) for n in range(moves))
    for n, move in enumerate(names):
        legs: Sequence[Leg] = ROUTES[n % len(ROUTES)]
        payload = MovePlanned(move=move, legs=tuple(legs), zone="resale", tray=f"T{n}")
        subject = Subject(parcel=ParcelId(uuid7(0xB00)), unit=UnitId(uuid7(0xA00 + n)))
        stamp = Stamp(id=EventId(uuid7(0xE00 + n)), time_ms=CLOCK.wall_ms(), mono_ms=0)
        event = encode(Draft(payload=payload, subject=subject), stamp, origin())
        live = (LiveRow(subject=f"move/{move}", is_open=True),)
        store.append([Submission(events=(event,), live=live)], [])
    store.close()
    return names


def replayed(path: Path) -> State:
    """What the journal says."""
    state = State()
    with Reader(path) as reader:
        for event in reader.events(1):
            state = apply(state, event)
    return state


class Station:
    """Receiving and dispatch on one journal."""

    def __init__(self, journal: Journal, path: Path, broker: int, plc: int) -> None:
        plan = _plan()
        who = origin(journal.journal_id)
        self.receiving = Receiving(
            journal,
            who,
            context=replace(bench.context(), floor=plan, station=IDENTITY.station),
            clock=CLOCK,
            effects=self,
            state=replayed(path),
        )
        units = tuple(
            RobotUnit(
                id=str(one.id),
                manufacturer="ACME",
                serial=f"A-{str(one.id)[1:]}",
                profile=RobotProfile(),
            )
            for one in plan.robots
        )
        settings = Vda5050Settings(host="127.0.0.1", port=broker, station="st07", robots=units)
        self.robots = Vda5050Robots(DeviceName("robots"), settings, CLOCK)
        url = f"tcp://127.0.0.1:{plc}"
        self.belt = ModbusConveyor(
            DeviceName("c1"), ModbusSettings(url=url, lanes=3, lane_sensor=True), CLOCK
        )
        self.dispatch = Dispatch(
            plan,
            robots=self.robots,
            conveyors={"c1": self.belt},
            desk=self,
            clock=CLOCK,
            station=IDENTITY.station,
            epoch=secrets.token_hex(8),
        )

    @property
    def state(self) -> State:
        return self.receiving.state

    @property
    def is_writable(self) -> bool:
        return self.receiving.stopped is None

    async def commit(self, given: Input) -> bool:
        return bool((await self.receiving.submit(given)).kinds)

    def tone(self, device: str, scan_no: int, outcome: ScanOutcome) -> None:
        """Nobody listens."""

    def photograph(self, request: PhotoRequest) -> None:
        """There is no camera."""

    def committed(self, drafts: tuple[Draft, ...]) -> None:
        if drafts:
            self.dispatch.wake()


def _plan() -> FloorSettings:
    return FloorSettings(
        robots=tuple(FloorRobot(id=RobotId(f"r{n}"), home=NodeId(f"P{n}")) for n in range(4)),
        nodes={
            NodeId(name): GraphNode(id=NodeId(name), x=x, y=y, theta=0.0, map_id="hall")
            for name, (x, y) in XY.items()
        },
        edges=tuple(
            GraphEdge(start=NodeId(a), end=NodeId(b), length=4.0)
            for one, two in WAYS
            for a, b in ((one, two), (two, one))
        ),
    )


async def main() -> None:
    """Work until killed."""
    path, broker, plc = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    async with AsyncExitStack() as stack:
        journal = await stack.enter_async_context(
            Journal(path, IDENTITY, targets=(), budget=BUDGET, clock=CLOCK)
        )
        one = Station(journal, path, broker, plc)
        await stack.enter_async_context(one.robots)
        await stack.enter_async_context(one.belt)
        async with asyncio.TaskGroup() as group:
            group.create_task(one.receiving.run(), name="receiving")
            group.create_task(one.dispatch.run(), name="dispatch")
            sys.stdout.write("ready\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
