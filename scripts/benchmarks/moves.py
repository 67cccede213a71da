"""How long from the last byte of the tray scan to the robot's state with our order.

A whole station in this process: bytes on a pseudo-terminal, the journal on disk, real MQTT over
mosquitto as it is shipped, with its rights and one password for each robot, real Modbus; robots and
PLCs are simulated in another process. An idle robot is there before the scan, it is the first leg,
and no robot gets an order sooner than its factsheet allows. For a belt the end is the block that
shows `seq_seen`. The floor is a plain paho publish to a subscriber of 1.2 kB, in the same run.
Crowded: 50 robots, most of them under way (`busy`: the mean at a scan), three PLCs with 20 lanes
are polled. Both rows of robots have the same number of samples, at the same pace of scans.
"""

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

import bench
from brokers import Mosquitto
from drivers.clock import SystemClock
from drivers.conveyor.modbus import ModbusConveyor, ModbusSettings
from drivers.protocols import DeviceName, GraphEdge, GraphNode, NodeId, RobotId
from drivers.robot.vda5050_mqtt import RobotProfile, RobotUnit, Vda5050Robots, Vda5050Settings
from drivers.scanner.serial_line import SerialLineScanner
from drivers.scanner.serial_settings import SerialLineSettings
from edge.barcodes.meanings import Meaning
from edge.dispatch.dispatch import Dispatch
from edge.events import DiverterState, MoveState
from edge.floor import FloorSettings, LegKind, RouteLeg, Tray
from edge.floor import RobotUnit as FloorRobot
from edge.intake import ScannerIntake
from edge.journal.writer import Journal
from edge.receiving.loop import Receiving
from edge.settings.model import JournalSettings
from edge.station import room
from edge.station.inputs import Candidate, DivertInput, Input, LegInput, Lookups
from edge.station.state import State
from journal_kit import IDENTITY, origin
from ports import free_port
from ptys import PtyCable

TRAYS = 400
LANES = (8, 8, 4)
INTERVAL_S = 0.1  # between two orders of a robot, by its factsheet
PAUSE_S = 0.15  # from an acceptance to the next item
SAMPLES_MIN = 120
SAMPLES_PER_S = 6
WAIT_S = 60.0
CLOCK = SystemClock()
PAYLOAD = b"x" * 1200
STATION, SECRET = "ST-01", "s3cret-word"
# `speed` divides all times. One robot is back at once; of many most are on their way.
SWIFT = {"speed": 20.0, "robot_m_per_s": 10.0, "pick_s": 0.4, "drop_s": 0.4}
STEADY = {"speed": 1.0, "robot_m_per_s": 2.0, "pick_s": 0.5, "drop_s": 0.5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is measured at once: so many scans with so many robots or belts."""

    robots: int = 0
    lanes: tuple[int, ...] = ()
    times: int
    pace: Mapping[str, float] = field(default_factory=lambda: SWIFT)


def run(seconds: float) -> list[dict[str, Any]]:
    """Return rows of name, n, p50_ms, p99_ms, max_ms."""
    times = max(SAMPLES_MIN, int(seconds * SAMPLES_PER_S))
    users = {STATION: SECRET} | {f"A-{n}": SECRET for n in range(50)}
    with tempfile.TemporaryDirectory(prefix="moves-") as folder, Mosquitto.shipped(users) as broker:
        at = Path(folder)
        for name in "123":
            (at / name).mkdir()
        (at / "password").write_text(SECRET, encoding="utf-8")
        floor = _publish_to_subscriber(broker.port, int(seconds * 20))
        alone = asyncio.run(_station(at / "1", broker.port, Part(robots=1, times=times)))
        belts = asyncio.run(_station(at / "2", broker.port, Part(lanes=LANES[:1], times=times)))
        many = Part(robots=50, lanes=LANES, times=times, pace=STEADY)
        crowd = asyncio.run(_station(at / "3", broker.port, many))
    rows = [
        _row("floor: paho publish -> subscriber, 1.2 kB, QoS 0", floor),
        _row("tray scan -> order accepted, 1 robot", alone.ms),
        _row("tray scan -> seq_seen, 1 belt", belts.ms),
        _row("tray scan -> order accepted, 50 robots, 20 lanes polled", crowd.ms)
        | {"busy": round(sum(crowd.busy) / len(crowd.busy), 1)},
    ]
    return [*rows, {"name": "p99, 50 robots / 1 robot", "ratio": _ratio(rows[3], rows[1])}]


def _ratio(one: dict[str, Any], other: dict[str, Any]) -> float:
    return float(round(one["p99_ms"] / other["p99_ms"], 2))


def _row(name: str, values: list[float]) -> dict[str, Any]:
    ranked = sorted(values)
    if not ranked:
        return {"name": name, "n": 0}
    return {
        "name": name,
        "n": len(ranked),
        "p50_ms": round(ranked[len(ranked) // 2], 2),
        "p99_ms": round(ranked[min(len(ranked) - 1, int(0.99 * len(ranked)))], 2),
        "max_ms": round(ranked[-1], 2),
    }


# ---------------------------------------------------------------- far ends


@contextmanager
def _far_ends(broker: int, part: Part, ports: list[int]) -> Iterator[None]:
    program = Path(__file__).with_name("_far_ends.py")
    plan = {
        "broker": broker, "password": SECRET, "robots": part.robots, "ports": ports,
        "pace": dict(part.pace), "interval_s": INTERVAL_S,
    }  # fmt: skip
    command = [sys.executable, "-P", str(program), json.dumps(plan)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.stdin.close()
            process.wait(20)


def _publish_to_subscriber(port: int, times: int) -> list[float]:
    """One client publishes, another one has it."""
    came = threading.Event()
    at_ns: list[int] = []
    listener, speaker = (mqtt.Client(CallbackAPIVersion.VERSION2, client_id=c) for c in "ls")

    def arrived(*_: Any) -> None:
        at_ns.append(time.monotonic_ns())
        came.set()

    listener.on_message = arrived
    topic = f"receiving-edge/{STATION}/doctor/floor"
    for client in (listener, speaker):
        client.username_pw_set(STATION, SECRET)
        client.on_socket_open = _without_delay
        client.connect("127.0.0.1", port)
        client.loop_start()
    listener.subscribe(topic)
    time.sleep(0.3)
    taken: list[float] = []
    for _ in range(times):
        came.clear()
        start_ns = time.monotonic_ns()
        speaker.publish(topic, PAYLOAD)
        if came.wait(2):
            taken.append((at_ns[-1] - start_ns) / 1e6)
        time.sleep(0.005)
    for client in (listener, speaker):
        client.disconnect()
        client.loop_stop()
    return taken


def _without_delay(_client: Any, _data: Any, opened: Any) -> None:
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


# ---------------------------------------------------------------- the station


def _plan(robots: int) -> FloorSettings:
    names = [f"P{n}" for n in range(robots)] + ["A", "B"]
    ways = [(f"P{n}", "A", 5.0) for n in range(robots)]
    ways += [(f"P{n}", "B", 5.0) for n in range(robots)] + [("A", "B", 4.0)]
    belt = RouteLeg(kind=LegKind.CONVEYOR, carrier="c0", lane=1, end="lane-1")
    carry = RouteLeg(kind=LegKind.ROBOT, carrier="any", start="A", end="B")
    trays = {f"T{n}": Tray(id=f"T{n}", zone="resale", disposition="RESTOCK") for n in range(TRAYS)}
    return FloorSettings(
        robots=tuple(FloorRobot(id=RobotId(f"r{n}"), home=NodeId(f"P{n}")) for n in range(robots)),
        nodes={
            NodeId(name): GraphNode(id=NodeId(name), x=float(i), y=0.0, theta=0.0, map_id="hall")
            for i, name in enumerate(names)
        },
        edges=tuple(
            GraphEdge(start=NodeId(one), end=NodeId(two), length=metres)
            for a, b, metres in ways
            for one, two in ((a, b), (b, a))
        ),
        trays={**bench.FLOOR.trays, **trays},
        routes={**bench.FLOOR.routes, "resale": (carry if robots else belt,)},
    )


class _Bench:
    """Receiving, dispatch and drivers; notes when devices have taken a command."""

    def __init__(
        self,
        journal: Journal,
        plan: FloorSettings,
        robots: Vda5050Robots | None,
        ports: list[int],
    ) -> None:
        context = replace(bench.context(), floor=plan, station=IDENTITY.station)
        self.receiving = Receiving(
            journal, origin(journal.journal_id), context=context, clock=CLOCK, effects=self,
            state=State(),
        )  # fmt: skip
        self.taken: deque[int] = deque()
        self.robots = robots
        self.belts = {
            f"c{n}": ModbusConveyor(
                DeviceName(f"c{n}"),
                ModbusSettings(url=f"tcp://127.0.0.1:{port}", lanes=LANES[n]),
                CLOCK,
            )
            for n, port in enumerate(ports)
        }
        self.dispatch = Dispatch(
            plan, robots=self.robots, conveyors=self.belts, desk=self, clock=CLOCK,
            station=IDENTITY.station, epoch="0123456789abcdef",
        )  # fmt: skip

    @property
    def state(self) -> State:
        return self.receiving.state

    @property
    def is_writable(self) -> bool:
        return True

    async def commit(self, given: Input) -> bool:
        self._note(given)
        return bool((await self.receiving.submit(given)).kinds)

    def _note(self, given: Input) -> None:
        match given:
            case LegInput(state=MoveState.ACCEPTED, robot=str(robot)) if self.robots:
                seen = self.robots.snapshot(RobotId(robot))
                self.taken.append(seen.received_ns if seen else CLOCK.monotonic_ns())
            case DivertInput(state=DiverterState.SEEN, conveyor=conveyor):
                status = self.belts[conveyor].status()
                self.taken.append(status.received_ns if status else CLOCK.monotonic_ns())

    def tone(self, *_: object) -> None:
        """Nobody listens."""

    def photograph(self, request: object) -> None:
        """There is no camera."""

    def committed(self, drafts: tuple[object, ...]) -> None:
        if drafts:
            self.dispatch.wake()


def _robots(plan: FloorSettings, broker: int, password: Path) -> Vda5050Robots:
    units = tuple(
        RobotUnit(
            id=str(unit.id), manufacturer="ACME", serial=f"A-{str(unit.id)[1:]}",
            profile=RobotProfile(min_order_interval_s=INTERVAL_S),
        )
        for unit in plan.robots
    )  # fmt: skip
    settings = Vda5050Settings(
        host="127.0.0.1", port=broker, station=STATION, robots=units, username=STATION,
        password_file=str(password),
    )  # fmt: skip
    return Vda5050Robots(DeviceName("robots"), settings, CLOCK)


def _look_up(_: tuple[Meaning, ...]) -> Lookups:
    line = replace(bench.LINES[0], qty=1_000_000)
    candidate = Candidate(matched_by="tracking", key=bench.TRACKING, lines=(line,))
    return Lookups(candidates=(candidate,), items=bench.ITEMS)


async def _station(folder: Path, broker: int, part: Part) -> "_Taken":
    ports = [free_port() for _ in part.lanes]
    async with AsyncExitStack() as stack:
        stack.enter_context(_far_ends(broker, part, ports))
        cable = stack.enter_context(PtyCable(folder / "scanner"))
        journal = await stack.enter_async_context(
            Journal(
                folder / "journal.db", IDENTITY, targets=(), budget=JournalSettings(), clock=CLOCK
            )
        )
        plan = _plan(part.robots)
        robots = _robots(plan, broker, folder.parent / "password") if part.robots else None
        one = _Bench(journal, plan, robots, ports)
        scanner = SerialLineScanner(
            DeviceName("hand-1"), SerialLineSettings(port=str(cable.path)), CLOCK
        )
        await stack.enter_async_context(scanner)
        for belt in one.belts.values():
            await stack.enter_async_context(belt)
        if robots is not None:
            await stack.enter_async_context(robots)
        intake = ScannerIntake(
            scanner, bench.rules(), may=frozenset({"items", "parcels", "badges", "trays"}),
            boot="b", submit=one.receiving.submit, look_up=_look_up, clock=CLOCK,
        )  # fmt: skip
        work = [
            asyncio.create_task(run, name=name)
            for name, run in (
                ("receiving", one.receiving.run()),
                ("dispatch", one.dispatch.run()),
                ("intake", intake.read()),
            )
        ]
        try:
            return await _measure(one, cable, part)
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)


@dataclass(slots=True)
class _Taken:
    """Milliseconds of each scan, and how many loads were under way then."""

    ms: list[float] = field(default_factory=list)
    busy: list[int] = field(default_factory=list)


async def _measure(one: _Bench, cable: PtyCable, part: Part) -> _Taken:
    await _until("a robot or a belt", one, lambda: _is_ready(one))
    _scan(cable, bench.label("RB-0417"))
    await _until("a shift", one, lambda: one.state.shift is not None)
    _scan(cable, bench.TRACKING)
    await _until("a parcel", one, lambda: one.state.parcel is not None)
    taken = _Taken()
    for number in range(part.times):
        await _until("a robot or a belt", one, lambda: _is_ready(one))
        _scan(cable, bench.SHIRT)
        await _until("a unit", one, lambda: one.state.unit is not None)
        one.taken.clear()
        taken.busy.append(len(one.state.moves))
        start_ns = _scan(cable, bench.label(f"RT-1-T{number % TRAYS}"))
        await _until("its acceptance", one, lambda: bool(one.taken))
        taken.ms.append((one.taken[0] - start_ns) / 1e6)
        await asyncio.sleep(PAUSE_S)
    return taken


def _is_ready(one: _Bench) -> bool:
    """A robot that may take an order now, or a belt that runs; every earlier order was taken."""
    if one.robots is None:
        status = one.belts["c0"].status()
        return status is not None and status.running and not status.busy and not one.state.moves
    booked = room.booked_robots(one.state)
    seen = [one.robots.snapshot(RobotId(name)) for name in one.robots.counts().robots]
    return any(
        s is not None and s.reconciled and s.idle and s.actions_ended and str(s.robot) not in booked
        for s in seen
    )


def _scan(cable: PtyCable, text: str) -> int:
    """Write a code and its end; return when the last byte left."""
    cable.write(text.encode() + b"\r")
    return time.monotonic_ns()


async def _until(what: str, one: _Bench, is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not is_so():
        if time.monotonic() > end:
            raise SystemExit(f"waited {WAIT_S:.0f} s for {what}\n{_story(one)}")
        await asyncio.sleep(0.0005)


def _story(one: _Bench) -> str:
    """Return what a person needs to see why it stands."""
    moves = [
        f"{work.tray}: {leg.state} {leg.reason or ''} {leg.robot or ''} attempt {leg.attempt}"
        for work in one.state.moves.values()
        for leg in work.legs
    ]
    robots = one.robots.counts().robots if one.robots is not None else ()
    seen = [one.robots.snapshot(RobotId(name)) for name in robots] if one.robots else []
    belts = [belt.status() for belt in one.belts.values()]
    last = one.receiving.screen.note
    return "\n".join(map(str, (one.state.unit, last, *moves, *seen, *belts)))
