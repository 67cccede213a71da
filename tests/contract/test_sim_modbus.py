"""The simulated sorter through pymodbus' client, with register numbers written by hand."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from pymodbus.client import AsyncModbusTcpClient

from ports import free_port
from sim.conveyor.book import BeltBook
from sim.conveyor.modbus import serving
from sim.conveyor.plc import Belt, Plc
from sim.site import Address, BeltPlace
from sim_peers import eventually

BELT = Belt(divert_ns=60_000_000, exit_ns=30_000_000)
DIVERT = [1, 1, 2, 0x0001, 0x0002, 0, 0, 41]  # host_hb, cmd, lane, item high, low, -, -, seq


@dataclass(frozen=True)
class Rig:
    client: AsyncModbusTcpClient
    book: BeltBook

    async def status(self, function: int = 3) -> list[int]:
        read = (
            self.client.read_holding_registers
            if function == 3
            else self.client.read_input_registers
        )
        answer = await read(200, count=20, device_id=1)
        assert not answer.isError()
        return list(answer.registers)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    book = BeltBook()
    plc = Plc(BELT, 4711, time.monotonic_ns(), book.notice)
    address = Address(host="127.0.0.1", port=free_port())
    place = BeltPlace(name="c1", address=address, base=100, lanes=3, device_id=1)
    async with serving(place, plc):
        client = AsyncModbusTcpClient(
            address.host, port=address.port, retries=0, timeout=2.0, reconnect_delay=0.0
        )
        assert await client.connect()
        yield Rig(client, book)
        client.close()


async def test_the_status_block_is_there_for_both_read_functions(rig: Rig) -> None:
    for function in (3, 4):
        status = await rig.status(function)
        assert (status[1], status[9], status[13], status[14]) == (0b001, 4711, 1, 20)


async def test_one_written_block_diverts_one_item(rig: Rig) -> None:
    answer = await rig.client.write_registers(100, DIVERT, device_id=1)
    assert not answer.isError()
    status = await rig.status()
    assert (status[2], status[3]) == (41, 1)
    assert await eventually(lambda: rig.book.diverts[0x10002] == 1)
    status = await rig.status()
    assert (status[6], status[7], status[8]) == (1, 2, 1)
    assert (status[10], status[12]) == (41, 2)
    assert rig.book.lanes == {0x10002: 2}
    assert rig.book.stats()["double_diverts"] == 0
    assert [row["token"] for row in rig.book.stats()["diverts_seen"]] == [0x10002]


async def test_the_lane_sensor_names_lane_and_token(rig: Rig) -> None:
    await rig.client.write_registers(100, DIVERT, device_id=1)
    for _ in range(1000):
        status = await rig.status()
        if status[16] == 1:
            break
    assert (status[15], status[16], status[17], status[18]) == (2, 1, 1, 2)


async def test_write_and_read_in_one_transaction_shows_the_echo(rig: Rig) -> None:
    answer = await rig.client.readwrite_registers(
        read_address=200, read_count=20, write_address=100, values=DIVERT, device_id=1
    )
    assert not answer.isError()
    assert answer.registers[2] == 41


async def test_a_heartbeat_alone_starts_nothing(rig: Rig) -> None:
    answer = await rig.client.write_register(100, 7, device_id=1)
    assert not answer.isError()
    assert (await rig.status())[2] == 0


@pytest.mark.parametrize(("address", "values"), [(200, [1]), (107, [1, 2]), (108, [1]), (98, [1])])
async def test_a_write_outside_the_host_block_is_exception_2(
    rig: Rig, address: int, values: list[int]
) -> None:
    answer = await rig.client.write_registers(address, values, device_id=1)
    assert answer.isError()
    assert answer.exception_code == 2
    assert (await rig.status())[2] == 0


async def test_a_coil_is_exception_1(rig: Rig) -> None:
    answer = await rig.client.write_coil(100, True, device_id=1)
    assert answer.isError()
    assert answer.exception_code == 1


async def test_the_block_before_the_status_cannot_be_read_through(rig: Rig) -> None:
    answer = await rig.client.read_holding_registers(100, count=120, device_id=1)
    assert answer.isError()
    assert answer.exception_code == 2
