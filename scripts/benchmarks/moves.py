"""How long from the last byte of the tray scan to the robot's state with our order.

A whole station in this process: bytes on a pseudo-terminal, the journal on disk, real MQTT over
mosquitto with the shipped settings, real Modbus; robots and PLCs are simulated in another process.
Robots are idle, it is the first leg, a second and more lies between two orders of one robot. For a
belt the end is the block that shows `seq_seen`. The floor is a plain paho publish to a subscriber
of 1.2 kB, in the same run. Crowded: 50 robots at work, three PLCs with 20 lanes are polled.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

import bench
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
from edge.station.inputs import Candidate, DivertInput, Input, LegInput, Lookups
from edge.station.state import State
from journal_kit import IDENTITY, origin
from ports import free_port
from ptys import PtyCable

TRAYS = 400
LANES = (8, 8, 4)
SPACING_S = 1.1
WAIT_S = 10.0
CLOCK = SystemClock()
PAYLOAD = b"x" * 1200
CONFIG = """listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
persistence true
persistence_location {folder}/
autosave_on_changes true
autosave_interval 1
queue_qos0_messages false
max_queued_messages 1000
"""


def run(seconds: float) -> list[dict[str, Any]]:
    """Return rows of name, n, p50_ms, p99_ms, max_ms."""
    with tempfile.TemporaryDirectory(prefix="moves-") as folder, _broker(Path(folder)) as port:
        for name in "123":
            (Path(folder) / name).mkdir()
        floor = _publish_to_subscriber(port, int(seconds * 20))
        alone = asyncio.run(_station(Path(folder) / "1", port, robots=1, lanes=(), for_s=seconds))
        belts = asyncio.run(
            _station(Path(folder) / "2", port, robots=0, lanes=LANES[:1], for_s=seconds / 2)
        )
        crowd = asyncio.run(
            _station(Path(folder) / "3", port, robots=50, lanes=LANES, for_s=seconds)
        )
    rows = [
        _row("floor: paho publish -> subscriber, 1.2 kB, QoS 0", floor),
        _row("tray scan -> order accepted, 1 robot", alone),
        _row("tray scan -> seq_seen, 1 belt", belts),
        _row("tray scan -> order accepted, 50 robots, 20 lanes polled", crowd),
    ]
    if alone and crowd:
        rows.append({"name": "p99, 50 robots / 1 robot", "ratio": _ratio(rows[3], rows[1])})
    return rows


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
def _broker(folder: Path) -> Iterator[int]:
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        raise SystemExit("mosquitto is not installed")
    port = free_port()
    config, store = folder / "mosquitto.conf", folder / "store"
    store.mkdir(mode=0o777)
    config.write_text(CONFIG.format(port=port, folder=store), encoding="utf-8")
    with subprocess.Popen(
        [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        time.sleep(0.5)
        try:
            yield port
        finally:
            process.terminate()


@contextmanager
def _far_ends(broker: int, robots: int, ports: list[int]) -> Iterator[None]:
    program = Path(__file__).with_name("_far_ends.py")
    command = [sys.executable, "-P", str(program), str(broker), str(robots), *map(str, ports)]
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
    for client in (listener, speaker):
        client.connect("127.0.0.1", port)
        client.loop_start()
    listener.subscribe("floor")
    time.sleep(0.3)
    taken: list[float] = []
    for _ in range(times):
        came.clear()
        start_ns = time.monotonic_ns()
        speaker.publish("floor", PAYLOAD)
        if came.wait(2):
            taken.append((at_ns[-1] - start_ns) / 1e6)
        time.sleep(0.005)
    for client in (listener, speaker):
        client.disconnect()
        client.loop_stop()
    return taken


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
        self, journal: Journal, plan: FloorSettings, broker: int, ports: list[int]
    ) -> None:
        context = replace(bench.context(), floor=plan, station=IDENTITY.station)
        self.receiving = Receiving(
            journal, origin(journal.journal_id), context=context, clock=CLOCK, effects=self,
            state=State(),
        )  # fmt: skip
        self.taken: deque[int] = deque()
        self.robots = _robots(plan, broker) if plan.robots else None
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


def _robots(plan: FloorSettings, broker: int) -> Vda5050Robots:
    units = tuple(
        RobotUnit(
            id=str(unit.id), manufacturer="ACME", serial=f"A-{str(unit.id)[1:]}",
            profile=RobotProfile(),
        )
        for unit in plan.robots
    )  # fmt: skip
    settings = Vda5050Settings(host="127.0.0.1", port=broker, station="st07", robots=units)
    return Vda5050Robots(DeviceName("robots"), settings, CLOCK)


def _look_up(_: tuple[Meaning, ...]) -> Lookups:
    line = replace(bench.LINES[0], qty=1_000_000)
    candidate = Candidate(matched_by="tracking", key=bench.TRACKING, lines=(line,))
    return Lookups(candidates=(candidate,), items=bench.ITEMS)


async def _station(
    folder: Path, broker: int, *, robots: int, lanes: tuple[int, ...], for_s: float
) -> list[float]:
    ports = [free_port() for _ in lanes]
    async with AsyncExitStack() as stack:
        stack.enter_context(_far_ends(broker, robots, ports))
        cable = stack.enter_context(PtyCable(folder / "scanner"))
        journal = await stack.enter_async_context(
            Journal(
                folder / "journal.db", IDENTITY, targets=(), budget=JournalSettings(), clock=CLOCK
            )
        )
        one = _Bench(journal, _plan(robots), broker, ports)
        scanner = SerialLineScanner(
            DeviceName("hand-1"), SerialLineSettings(port=str(cable.path)), CLOCK
        )
        await stack.enter_async_context(scanner)
        for belt in one.belts.values():
            await stack.enter_async_context(belt)
        if one.robots is not None:
            await stack.enter_async_context(one.robots)
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
            return await _measure(one, cable, robots=robots, for_s=for_s)
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)


async def _measure(one: _Bench, cable: PtyCable, *, robots: int, for_s: float) -> list[float]:
    await _until(lambda: _is_ready(one))
    _scan(cable, bench.label("RB-0417"))
    await _until(lambda: one.state.shift is not None)
    _scan(cable, bench.TRACKING)
    await _until(lambda: one.state.parcel is not None)
    taken: list[float] = []
    end = time.monotonic() + for_s
    tray = 0
    pause_s = SPACING_S / max(1, robots // 4)
    while time.monotonic() < end:
        await _until(lambda: _is_ready(one))
        _scan(cable, bench.SHIRT)
        await _until(lambda: one.state.unit is not None)
        one.taken.clear()
        start_ns = _scan(cable, bench.label(f"RT-1-T{tray % TRAYS}"))
        tray += 1
        await _until(lambda: bool(one.taken))
        taken.append((one.taken[0] - start_ns) / 1e6)
        await asyncio.sleep(pause_s)
    return taken


def _is_ready(one: _Bench) -> bool:
    """A robot that may take an order now, or a belt that runs."""
    if one.robots is None:
        status = one.belts["c0"].status()
        return status is not None and status.running and not status.busy and not one.state.moves
    seen = [one.robots.snapshot(RobotId(f"r{n}")) for n in range(len(one.robots.counts().robots))]
    free = [s for s in seen if s is not None and s.reconciled and s.idle and s.actions_ended]
    return len(free) > len(one.state.moves) or (bool(free) and not one.state.moves)


def _scan(cable: PtyCable, text: str) -> int:
    """Write a code and its end; return when the last byte left."""
    cable.write(text.encode() + b"\r")
    return time.monotonic_ns()


async def _until(is_so: Any) -> None:
    end = time.monotonic() + WAIT_S
    while not is_so():
        if time.monotonic() > end:
            raise SystemExit("the station does not get on")
        await asyncio.sleep(0.0005)
