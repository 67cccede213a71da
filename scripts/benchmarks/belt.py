"""From a committed divert to its echo: the driver against the simulated PLC, TCP and RTU 19200.

The clock runs from the call that follows the commit to the block that shows `seq_seen`. The floor
is the plain library on the same connection. The serial line is two pseudo-terminals whose bytes
take as long as 11 bits each at 19200 baud. Also: how soon a stop stands at the PLC, and a belt
whose host is dead.
"""

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import monotonic_ns
from typing import Any

from pymodbus.client import AsyncModbusTcpClient

from drivers.clock import SystemClock
from drivers.conveyor.modbus import ModbusConveyor, ModbusSettings
from drivers.protocols import (
    BeltCommand,
    Deadline,
    DeviceName,
    DivertCommand,
    DivertPhase,
)
from sim.conveyor.modbus import SerialPort, serving
from sim.conveyor.plc import Belt, Plc
from sim.site import Address, BeltPlace

PORT = 15702
BAUD = 19200
MS = 1_000_000
BELT = Belt(lanes=3, divert_ns=5 * MS, exit_ns=1 * MS)
CLOCK = SystemClock()


def run(seconds: float) -> list[dict[str, Any]]:
    """Return rows of name, n, p50_ms, p99_ms, max_ms."""
    return asyncio.run(_run(seconds))


async def _run(seconds: float) -> list[dict[str, Any]]:
    times = max(20, int(seconds * 15))
    rows = []
    url = f"tcp://127.0.0.1:{PORT}"
    async with _plc():
        rows += await _floor(times)
        for name, fc23 in (("TCP, function 16 and reads", False), ("TCP, function 23", True)):
            rows.append(
                _row(name, await _echoes(times, ModbusSettings(url=url, fc23=fc23, lanes=3)))
            )
        stops = await _stops(times, ModbusSettings(url=url, lanes=3))
        rows.append(_row("TCP, stop ordered -> stop at the PLC", stops))
        dead = [await _dead(ModbusSettings(url=url, lanes=3)) for _ in range(3)]
        rows.append(_row("TCP, host dead -> belt stopped", dead))
    async with _line() as (host, device), _plc(SerialPort(path=device, baudrate=BAUD, parity="N")):
        settings = ModbusSettings(url=f"rtu://{host}", baudrate=BAUD, parity="N", lanes=3)
        rows.append(_row("RTU 19200, function 16 and reads", await _echoes(times // 4, settings)))
    return rows


@asynccontextmanager
async def _plc(serial: SerialPort | None = None) -> AsyncIterator[Plc]:
    plc = Plc(BELT, 4711, monotonic_ns(), lambda _: None)
    address = Address(host="127.0.0.1", port=PORT)
    place = BeltPlace(name="c1", address=address, base=100, lanes=3, device_id=1)
    async with serving(place, plc, serial):
        yield plc


async def _echoes(times: int, settings: ModbusSettings) -> list[float]:
    took = []
    async with ModbusConveyor(DeviceName("c1"), settings, CLOCK) as driver:
        for _ in range(times):
            status = await driver.reconcile(_within(5))
            divert = DivertCommand(
                token=status.seq_seen + 1,
                lane=1,
                seq=status.seq_seen % 65535 + 1,
                boot_id=status.boot_id,
                count_before=status.divert_count,
                exit_before=status.exit_count,
            )
            began = monotonic_ns()
            echo = await driver.write(divert, _within(5))
            took.append((monotonic_ns() - began) / 1e6)
            assert echo.phase is DivertPhase.SEEN, echo
            await driver.finish(divert, _within(5))
    return took


async def _stops(times: int, settings: ModbusSettings) -> list[float]:
    took = []
    async with ModbusConveyor(DeviceName("c1"), settings, CLOCK) as driver:
        for _ in range(times):
            for command in (BeltCommand.STOP, BeltCommand.START):
                status = await driver.reconcile(_within(5))
                began = monotonic_ns()
                await driver.order(command, status.seq_seen % 65535 + 1, _within(5))
                if command is BeltCommand.STOP:
                    took.append((monotonic_ns() - began) / 1e6)
    return took


async def _dead(settings: ModbusSettings) -> float:
    """The driver closes as a dead process does: its last heartbeat is up to 500 ms old."""
    async with ModbusConveyor(DeviceName("c1"), settings, CLOCK) as driver:
        status = await driver.reconcile(_within(5))
        await driver.order(BeltCommand.START, status.seq_seen % 65535 + 1, _within(5))
    began = monotonic_ns()
    async with _client() as client:
        while True:
            block = await client.read_holding_registers(200, count=20, device_id=1)
            if not block.registers[1] & 1:
                return (monotonic_ns() - began) / 1e6
            await asyncio.sleep(0.005)


async def _floor(times: int) -> list[dict[str, Any]]:
    words = [1, 0, 0, 0, 0, 0, 0, 0]

    async def both(client: AsyncModbusTcpClient) -> None:
        await client.write_registers(100, words, device_id=1)
        await client.read_holding_registers(200, count=20, device_id=1)

    async def one(client: AsyncModbusTcpClient) -> None:
        await client.readwrite_registers(
            read_address=200, read_count=20, write_address=100, values=words, device_id=1
        )

    return [
        await _timed("floor: pymodbus, write 8 and read 20", times, both),
        await _timed("floor: pymodbus, function 23", times, one),
    ]


async def _timed(
    name: str, times: int, act: Callable[[AsyncModbusTcpClient], Awaitable[None]]
) -> dict[str, Any]:
    took = []
    async with _client() as client:
        for _ in range(times * 4):
            began = monotonic_ns()
            await act(client)
            took.append((monotonic_ns() - began) / 1e6)
    return _row(name, took)


@asynccontextmanager
async def _client() -> AsyncIterator[AsyncModbusTcpClient]:
    client = AsyncModbusTcpClient("127.0.0.1", port=PORT, retries=0, reconnect_delay=0)
    await client.connect()
    try:
        yield client
    finally:
        client.close()


@asynccontextmanager
async def _line() -> AsyncIterator[tuple[str, str]]:
    ends = [os.openpty(), os.openpty()]
    loop = asyncio.get_running_loop()
    free = [0.0, 0.0]

    def carry(index: int) -> None:
        data = os.read(ends[index][0], 4096)
        start = max(loop.time(), free[index])
        free[index] = start + len(data) * 11 / BAUD
        loop.call_at(free[index], os.write, ends[1 - index][0], data)

    for index, (master, slave) in enumerate(ends):
        tty.setraw(slave)
        loop.add_reader(master, carry, index)
    try:
        yield os.ttyname(ends[0][1]), os.ttyname(ends[1][1])
    finally:
        for master, slave in ends:
            loop.remove_reader(master)
            os.close(slave)
        await asyncio.sleep(0.3)
        for master, _ in ends:
            os.close(master)


def _within(seconds: float) -> Deadline:
    return Deadline.after(seconds, CLOCK)


def _row(name: str, took: list[float]) -> dict[str, Any]:
    ranked = sorted(took)
    return {
        "name": name,
        "n": len(ranked),
        "p50_ms": round(ranked[len(ranked) // 2], 2),
        "p99_ms": round(ranked[min(len(ranked) - 1, int(0.99 * len(ranked)))], 2),
        "max_ms": round(ranked[-1], 2),
    }
