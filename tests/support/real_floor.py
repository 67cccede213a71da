"""A real bench with a floor: robots on a real broker, a PLC on Modbus TCP, each its own process."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cases import SHIRT, box, items, line, mark
from config_folder import change
from ports import free_port
from real_bench import RealBench
from sim import labels
from sim.door import ask

SIM: Final = Path(sys.executable).with_name("receiving-sim")
WAIT_S: Final = 60.0
SPEED: Final = "12"
BELT: Final = """
[conveyor.c1]
driver = "conveyor.modbus"
url = "tcp://127.0.0.1:{port}"
base = 100
lanes = 3
lane_sensor = true
"""
ROBOTS: Final = """
[robots]
driver = "robot.vda5050_mqtt"
host = "127.0.0.1"
port = {port}
"""
HALL: Final = """
robot = [{ id = "r1", profile = "demo-2.1", manufacturer = "ACME", serial = "A-1", home = "P1" }]
node = [
  { id = "P1", x = 0.0, y = 0.0 },
  { id = "DOCK", x = 2.0, y = 0.0, params = { stationType = "floor", stationName = "DOCK" } },
  { id = "Z-REP", x = 6.0, y = 0.0, params = { stationType = "floor", stationName = "Z-REP" } },
]
edge = [
  { from = "P1", to = "DOCK", length = 2.0 },
  { from = "DOCK", to = "Z-REP", length = 4.0 },
]
"""
TIMERS: Final = """
[timers]
accept = 2.5
cancel = 20
settle = 0.5
quiet = 0.5
divert = 8
"""


@contextmanager
def far_end(verb: str, *words: str) -> Iterator[None]:
    """Run a far end of the simulator in a process of its own until it is told to stop."""
    with subprocess.Popen([SIM, verb, *words], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(WAIT_S)


class Floor:
    """The bench, its far end in `run`, and units that are put one after the other."""

    def __init__(self, folder: Path, *, units: int, zone: str) -> None:
        rows = tuple(line(f"FL-{n}", "1", SHIRT, box(700 + n)) for n in range(units))
        self.bench = RealBench(folder, returns=rows, items=items())
        self.run = folder / "far"
        self.run.mkdir()
        self._zone = zone
        self._units = 0

    def configure(self, devices: str, leg: str, hall: str = "") -> None:
        """Add devices, a hall, six trays of the zone and the leg that carries them."""
        config = self.bench.config
        with (config / "devices.toml").open("a", encoding="utf-8") as file:
            file.write(devices)
        trays = "".join(f'  {{ id = "T{n}", zone = "{self._zone}" }},\n' for n in range(1, 7))
        change(config, "floor.toml", "tray = [", f"tray = [\n{trays}")
        change(config, "floor.toml", f'"{self._zone}", legs = [{{ hand = true }}]',
               f'"{self._zone}", legs = [{leg}]')  # fmt: skip
        with (config / "floor.toml").open("a", encoding="utf-8") as floor:
            floor.write(hall + TIMERS)

    def put(self) -> None:
        """Receive the next unit and put it into the next tray, which is then carried."""
        number = self._units
        self._units += 1
        self.bench.scan(box(700 + number))
        self.bench.item(SHIRT)
        if self._zone == "repair":
            mark("fabric")(self.bench)
        seen = self.bench.container(self._zone, f"T{number % 6 + 1}")
        assert "put.confirmed" in seen.kinds, (seen, self.bench.view)

    def tray_seen(self) -> None:
        """Scan the newest tray again."""
        self.bench.container(self._zone, f"T{(self._units - 1) % 6 + 1}")

    def place(self, name: str) -> None:
        """Scan the label of a place of the zone."""
        key = (self.bench.config / "site.key").read_bytes()
        self.bench.scan(labels.place(self._zone, name, key))

    def until(self, kind: str) -> Mapping[str, Any]:
        """Wait for the first event of this kind that the newest move leaves; return its data."""
        move = self.bench.events("move.planned")[-1]["move"]
        deadline = time.monotonic() + WAIT_S
        while True:
            found = [one for one in self.bench.events(kind) if one["move"] == move]
            if found:
                return found[0]
            assert time.monotonic() < deadline, [k for k in self.bench.kinds() if "." in k][-30:]
            time.sleep(0.02)

    def answer(self, *digits: str) -> None:
        """Say at F6 where the only load is that is under way."""
        for digit in digits:
            self.bench.press("f6", "1", digit)

    def ask(self, **request: Any) -> None:
        """Have the far end do something."""
        ask(self.run, request)

    def fault(self, name: str, value: Any = True) -> None:
        """Give the far end a fault, or take it away."""
        self.ask(do="fault", name=name, on=value is not False, value=value)


@contextmanager
def robots(folder: Path, broker: int, *, units: int, scan: bool = False) -> Iterator[Floor]:
    """Run a bench whose units of zone repair are carried by a robot."""
    floor = Floor(folder, units=units, zone="repair")
    leg = '{ robot = "any", from = "DOCK", to = "Z-REP"' + (", scan = true }" if scan else " }")
    floor.configure(ROBOTS.format(port=broker), leg, HALL)
    words = ("--broker", f"127.0.0.1:{broker}", "--config", str(floor.bench.config))
    with far_end("robot", *words, "--speed", SPEED, "--run", str(floor.run)), floor.bench:
        floor.bench.badge()
        yield floor


@contextmanager
def belt(folder: Path, *, units: int) -> Iterator[Floor]:
    """Run a bench whose units of zone resale go over a belt."""
    port = free_port()
    floor = Floor(folder, units=units, zone="resale")
    floor.configure(BELT.format(port=port), '{ conveyor = "c1", lane = 1 }')
    words = ("--port", str(port), "--divert-ms", "50", "--exit-ms", "20", "--run", str(floor.run))
    with far_end("conveyor", *words), floor.bench:
        floor.bench.badge()
        yield floor
