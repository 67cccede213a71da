"""One station on a virtual floor for one test: time passes, keys are pressed, events are read."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import PIN, label, rules
from drivers.protocols import DeviceName, Scan, ScanSource, Symbology
from drivers.robot.vda5050_mqtt import RobotProfile
from edge.barcodes.classify import classify
from edge.events import Leg, MoveChanged
from edge.floor import FloorSettings
from edge.journal.reader import Reader
from edge.station.inputs import KeyInput, Lookups, ScanInput
from virtual_station import VirtualStation, World
from virtual_time import WALL_MS, VirtualLoop


@dataclass(slots=True)
class Run:
    """A world and the station that runs on it now."""

    world: World
    station: VirtualStation
    inputs: int = 0

    @property
    def loop(self) -> VirtualLoop:
        return self.world.loop

    def passes(self, seconds: float) -> None:
        self.loop.run_for(seconds)
        assert self.station.life.failure() is None

    def until(self, kind: str, seconds: float = 60.0) -> float:
        """Let time pass until an event of this kind is journalled; returns when that was."""
        end = self.loop.time() + seconds
        while kind not in self.kinds() and self.loop.time() < end:
            self.passes(0.1)
        assert kind in self.kinds(), self.story()
        return self.loop.time()

    def restart(self, *, steps: int = 0, gap: float = 0.0) -> None:
        """Kill the station after so many more steps of its tasks, and start another one."""
        life = self.station.life
        life.end_after(steps)
        self.loop.run_for(30, until=lambda: life.is_over)
        self.station.clear()
        self.loop.run_for(gap)
        self.station = self.world.start()

    # ------------------------------------------------------------ the person

    def press(self, *keys: str) -> None:
        for key in keys:
            self.inputs += 1
            epoch = self.station.receiving.screen.epoch
            self._submit(KeyInput(input=f"k/{self.inputs}", key=key, epoch=epoch))

    def supervise(self) -> None:
        """F12, then a supervisor's badge, PIN and reason."""
        self.press("f12")
        self.inputs += 1
        at_ns = self.loop.now_ns
        code = Scan(
            scan_no=self.inputs,
            payload=label("RB-0001").encode(),
            device=DeviceName("hand-1"),
            source=ScanSource.SERIAL,
            first_ns=at_ns,
            at_ns=at_ns,
            symbology=Symbology.CODE128,
        )
        meanings = classify(code, rules())
        self._submit(
            ScanInput(input=f"s/{self.inputs}", scan=code, meanings=meanings, lookups=Lookups())
        )
        self.press(*PIN, "enter", "1")

    def _submit(self, given: KeyInput | ScanInput) -> None:
        task = self.station.submit(given)
        self.loop.run_for(2, until=task.done)
        assert task.done()

    # ------------------------------------------------------------ what became of it

    def changes(self) -> list[tuple[float, str, str | None, str | None]]:
        """(seconds, kind, reason, place) of every event about moves, diverts and devices."""
        found = []
        with Reader(self.world.path) as reader:
            for event in reader.events(1):
                if event.kind.partition(".")[0] in ("move", "diverter", "device", "danger"):
                    at_s = (event.time_ms - WALL_MS) / 1000
                    payload = event.payload
                    place = payload.resolved_as if isinstance(payload, MoveChanged) else None
                    found.append((at_s, event.kind, getattr(payload, "reason", None), place))
        return found

    def kinds(self) -> list[str]:
        return [kind for _, kind, _, _ in self.changes()]

    def last(self) -> tuple[str, str | None, str | None]:
        """(kind, reason, place) of the newest of them."""
        return self.changes()[-1][1:]

    def story(self) -> str:
        return "\n".join(map(str, self.changes()))

    @property
    def picks(self) -> list[int]:
        return [self.world.picks(move) for move in self.world.moves]


@contextmanager
def running(
    folder: Path,
    *routes: Sequence[Leg],
    plan: FloorSettings | None = None,
    profile: RobotProfile | None = None,
    habit: str = "",
    in_containers: bool = False,
) -> Iterator[Run]:
    """Run a station on a floor whose robots have a habit from the beginning."""
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    world = World(
        loop, folder, routes=routes, plan=plan, profile=profile, in_containers=in_containers
    )
    for robot in world.robots.values():
        if habit:
            robot.fault(habit, on=True)
    run = Run(world, world.start())
    try:
        yield run
    finally:
        run.station.clear()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
        asyncio.set_event_loop(None)
