"""A belt without lane sensors, over real wires: what a scan says of its lanes is what counts."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cases import SHIRT, box, items, line
from config_folder import change
from ports import free_port
from ptys import PtyCable
from real_bench import RealBench
from sim import labels

SIM = Path(sys.executable).with_name("receiving-sim")
WAIT_S = 20.0
BELT = """
[conveyor.c1]
driver = "conveyor.modbus"
url = "tcp://127.0.0.1:{port}"
lanes = 3

[scanner.lane-1]
driver = "scanner.serial_line"
port = "{folder}/lane-1"
aim = true
may = ["trays"]
place = "lane-1"
"""
TRAYS = '{ id = "A2", zone = "resale" },\n  { id = "R1"'


@pytest.fixture
def plc() -> Iterator[int]:
    """A PLC in a process of its own."""
    port = free_port()
    with subprocess.Popen(
        [SIM, "conveyor", "--port", str(port), "--divert-ms", "30"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield port
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT_S)


class Lane:
    """A bench beside a belt, and a reader at the end of lane 1."""

    def __init__(self, folder: Path, plc: int) -> None:
        lines = tuple(line(f"RL-{n}", "1", SHIRT, box(n)) for n in (901, 902))
        self.bench = RealBench(folder, returns=lines, items=items())
        config = folder / "config"
        self.key = (config / "site.key").read_bytes()
        with (config / "devices.toml").open("a", encoding="utf-8") as devices:
            devices.write(BELT.format(port=plc, folder=folder))
        change(config, "floor.toml", '"RESTOCK", fixed = true', '"RESTOCK"')
        change(config, "floor.toml", '{ id = "R1"', TRAYS)
        by_belt = '"resale", legs = [{ conveyor = "c1", lane = 1, scan = true }]'
        change(config, "floor.toml", '"resale", legs = [{ hand = true }]', by_belt)
        self.reader = PtyCable(folder / "lane-1")

    def put(self, number: int, tray: str) -> None:
        self.bench.scan(box(number))
        self.bench.item(SHIRT)
        self.bench.scan(labels.tray("resale", tray, self.key))

    def passes(self, tray: str) -> None:
        self.reader.write(f"]C0{labels.tray('resale', tray, self.key)}\r".encode())

    def until(self, kind: str, times: int = 1) -> dict[str, object]:
        """Return the newest event of a kind as soon as there are so many."""
        deadline = time.monotonic() + WAIT_S
        while len(found := self.bench.events(kind)) < times:
            assert time.monotonic() < deadline, self.bench.kinds()
            time.sleep(0.02)
        return found[-1]


@pytest.mark.timeout(90)
@pytest.mark.shift("lane")
def test_a_reader_at_the_lane_confirms_and_a_person_finds_what_went_astray(
    plc: int, tmp_path: Path
) -> None:
    lane = Lane(tmp_path, plc)
    bench = lane.bench
    with lane.reader, bench:
        bench.badge()
        lane.put(901, "A1")
        lane.until("diverter.unseen")
        assert "diverter.done" not in bench.kinds()  # the PLC's word alone
        lane.passes("A1")
        done = lane.until("diverter.done")
        assert (done["seen_at"], done["exit_lane"], done["reason"]) == ("lane-1", 1, "scan")
        lane.put(902, "A2")
        lane.until("diverter.unseen", 2)
        bench.kill()
        bench.start()
        if bench.view["state"] != "IDLE":
            bench.press("enter")
        assert bench.scan(labels.tray("resale", "A2", lane.key)).no is None
        bench.scan(labels.place("resale", "LANE-2", lane.key))
        wrong = lane.until("diverter.wrong_lane")
        assert (wrong["lane"], wrong["exit_lane"], wrong["seen_at"]) == (1, 0, "LANE-2")
        assert bench.view["fb"]["t"] == "E55"
        lane.passes("A2")  # somebody brought it to its lane
        assert lane.until("diverter.resolved")["resolved_as"] == "at_target"
