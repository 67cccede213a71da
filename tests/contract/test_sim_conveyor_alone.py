"""`receiving-sim conveyor`: a PLC alone, its faults from the start and through its door."""

import argparse
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusTcpClient

from ports import free_port
from serial_pair import serial_pair
from sim.conveyor import alone
from sim.conveyor.arguments import STYLES, add_arguments
from sim.conveyor.styles import PROGRAMS
from sim.door import SimRefusedError, World


def parsed(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(given)


def test_every_style_has_a_program() -> None:
    assert tuple(PROGRAMS) == STYLES


@pytest.mark.parametrize("style", STYLES)
async def test_a_plc_of_each_style_is_served(style: str) -> None:
    port = free_port()
    args = parsed("--port", str(port), "--profile", style, "--map-base", "300")
    async with alone.running(args):
        client = AsyncModbusTcpClient("127.0.0.1", port=port, retries=0, reconnect_delay=0)
        assert await client.connect()
        answer = await client.read_holding_registers(400, count=2, device_id=1)
        client.close()
    assert not answer.isError()


async def test_faults_are_set_at_the_start_and_while_it_runs(tmp_path: Path) -> None:
    args = parsed("--port", str(free_port()), "--run", str(tmp_path), "--wrong-lane", "2", "--jam")
    async with alone.running(args) as running:
        assert (running.plc.faults.wrong_lane, running.plc.faults.jam) == (2, True)
        door = World(tmp_path)
        await door.ask({"do": "fault", "name": "jam", "on": False})
        await door.ask({"do": "fault", "name": "drop_replies", "value": 3})
        assert (running.plc.faults.jam, running.plc.faults.drop_replies) == (False, 3)
        before = running.plc.on_read(1)[9]
        await door.ask({"do": "fault", "name": "reboot", "on": True})
        assert running.plc.on_read(1)[9] != before
        assert (await door.ask({"do": "stats"}))["diverts"] == 0
        with pytest.raises(SimRefusedError, match="no such fault"):
            await door.ask({"do": "fault", "name": "gravity", "on": True})


async def test_a_plc_on_a_serial_line_is_served() -> None:
    async with serial_pair() as pair:
        args = parsed("--rtu", pair.device, "--parity", "N")
        async with alone.running(args) as running:
            assert running.plc.is_ready(1)
