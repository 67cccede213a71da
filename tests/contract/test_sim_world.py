"""The whole simulated world behind its control socket, the bench on a terminal of its own."""

import asyncio
import contextlib
import os
import pty
import sys
import termios
import tty
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from brokers import NatsServer
from ports import free_port
from sim.bench.screen import listed
from sim.door import SimRefusedError, World, ask
from sim.site import read_site
from sim.world import online, running
from sim_peers import eventually

KEY = bytes(range(32))
FLOOR = """
robot = [{ id = "r1", profile = "p", manufacturer = "ACME", serial = "A-1", home = "P1" }]
node = [{ id = "P1", x = 0.0, y = 0.0 }, { id = "Z", x = 3.0, y = 0.0 }]
edge = [{ from = "P1", to = "Z", length = 3.0 }]
tray = [{ id = "A1", zone = "resale", disposition = "RESTOCK" },
        { id = "H1", zone = "hold", fixed = true }]
route = [{ zone = "resale", legs = [{ conveyor = "c1", lane = 1 }] },
         { zone = "hold", legs = [{ hand = true }] }]
"""
DEVICES = """
[camera.top]
source = "http://127.0.0.1:{camera}/top.mjpg"
[robots]
host = "127.0.0.1"
port = {mqtt}
[conveyor.c1]
url = "tcp://127.0.0.1:{modbus}"
"""
PEOPLE = """
[[person]]
no = "0417"
name = { ru = "Иванова", en = "Ivanova" }
"""
SYNC = """
[[target]]
url = "http://127.0.0.1:{central}/events"
"""


@dataclass(frozen=True)
class Rig:
    run: Path
    door: World


def configured(folder: Path, mqtt: int) -> Path:
    config = folder / "config"
    config.mkdir()
    devices = DEVICES.format(camera=free_port(), mqtt=mqtt, modbus=free_port())
    station = f'station = "ST-01"\nsocket = "{folder}/terminal.sock"\n'
    (config / "station.toml").write_text(station)
    (config / "floor.toml").write_text(FLOOR)
    (config / "devices.toml").write_text(devices)
    (config / "people.toml").write_text(PEOPLE, encoding="utf-8")
    (config / "sync.toml").write_text(SYNC.format(central=free_port()))
    (config / "demo.toml").write_text("speed = 10.0\n")
    (config / "site.key").write_bytes(KEY)
    return config


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    with NatsServer() as broker:
        site = read_site(configured(tmp_path, broker.mqtt_port))
        run = tmp_path / "run"
        async with running(site, run, seed=5, parcels=6, speed=None) as world:
            assert await online(world)
            yield Rig(run, World(run))


async def test_the_plan_names_boxes_labels_and_first_legs(rig: Rig) -> None:
    plan = await rig.door.ask({"do": "plan"})
    assert len(plan["parcels"]) == 6
    assert plan["badges"] == [{"no": "0417", "role": "operator", "code": "RB-0417-0ENP"}]
    assert plan["trays"][0]["code"] == "RT-1-A1-ZMV3"
    assert plan["first_legs"] == {"resale": "conveyor", "hold": "hand"}


async def test_a_scan_reaches_the_line_and_tells_who_could_obey(rig: Rig) -> None:
    host = os.open(rig.run / "scanner", os.O_RDWR | os.O_NOCTTY)
    tty.setraw(host)
    reply = await rig.door.ask({"do": "scan", "text": "RB1", "aim": "]C0"})
    assert os.read(host, 100) == b"]C0RB1\r"
    assert reply["at_ns"] > 0
    assert reply["idle"] == {"robots": 1, "conveyor": True}
    await rig.door.ask({"do": "raw", "b64": "AAEC/w=="})
    assert os.read(host, 100) == b"\x00\x01\x02\xff"
    os.close(host)


@pytest.mark.parametrize(
    "request_",
    [
        {"do": "dance"},
        {"nothing": 1},
        {"do": "raw", "b64": "%"},
        {"do": "fault", "name": "moon", "on": True},
        {"do": "scan"},
    ],
)
async def test_a_wrong_request_is_refused_and_the_world_stays(
    rig: Rig, request_: dict[str, object]
) -> None:
    with pytest.raises(SimRefusedError):
        await rig.door.ask(request_)
    assert (await rig.door.ask({"do": "stats"}))["picks"] == 0


async def test_the_blocking_door_and_the_awaited_one_say_the_same(rig: Rig) -> None:
    blocking = await asyncio.to_thread(ask, rig.run, {"do": "bench"})
    assert blocking == await rig.door.ask({"do": "bench"})


def test_a_folder_without_a_world_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(SimRefusedError, match="no simulated world runs in"):
        ask(tmp_path, {"do": "stats"})


async def test_a_fault_is_switched_on_and_off(rig: Rig) -> None:
    fault = {"do": "fault", "name": "platform_500"}
    assert (await rig.door.ask({**fault, "on": True}))["faults"] == ["platform_500"]
    assert (await rig.door.ask({**fault, "on": False}))["faults"] == []
    await rig.door.ask({"do": "fault", "name": "plc_reboot", "on": True})
    assert (await rig.door.ask({"do": "idle"}))["idle"]["conveyor"] is True


async def test_the_bench_lists_everything_in_both_languages(rig: Rig) -> None:
    groups = (await rig.door.ask({"do": "bench"}))["groups"]
    assert [group["name"] for group in groups] == ["badges", "parcels", "trays", "commands"]
    english, russian = listed(groups, "en"), listed(groups, "ru")
    assert "Ivanova" in english
    assert "RB-0417-0ENP" in english
    assert "Иванова" in russian
    assert "Лотки" in russian


async def test_a_digit_on_the_bench_scans_and_q_leaves(rig: Rig) -> None:
    host = os.open(rig.run / "scanner", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(host)
    master, slave = pty.openpty()
    os.set_blocking(master, False)
    termios.tcsetwinsize(slave, (24, 80))
    program = Path(sys.executable).with_name("receiving-sim")
    bench = await asyncio.create_subprocess_exec(
        program, "bench", "--run", rig.run, "--lang", "ru", stdin=slave, stdout=slave, stderr=slave
    )
    screen = Screen(master)
    assert await eventually(lambda: "Бейджи" in screen.text())
    os.write(master, b"1")
    assert await eventually(lambda: "Иванова" in screen.text())
    os.write(master, b"1")
    assert await eventually(lambda: "считано" in screen.text())
    assert os.read(host, 100) == b"]C0RB-0417-0ENP\r"
    os.write(master, b"q")
    assert await bench.wait() == 0
    assert await eventually(lambda: "\x1b[?1049l" in screen.text())
    for number in (host, master, slave):
        os.close(number)


class Screen:
    """Everything a terminal was told so far."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._told = b""

    def text(self) -> str:
        with contextlib.suppress(BlockingIOError):
            self._told += os.read(self._number, 65536)
        return self._told.decode("utf-8", "replace")
