"""The conveyor driver on a serial line: late replies, rests, two devices on one pair of wires."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from deadlines import eventually
from drivers.clock import SystemClock
from drivers.conveyor.modbus import ModbusConveyor, ModbusSettings
from drivers.conveyor.modbus_link import ModbusLink, reply_s
from drivers.errors import DriverLostError, DriverProtocolError
from drivers.protocols import (
    BeltCommand,
    ConveyorStatus,
    Deadline,
    DeviceName,
    DivertCommand,
    DivertPhase,
)
from drivers.wire.conveyor_map import Span
from serial_pair import SerialPair, serial_pair
from sim.conveyor.modbus import SerialPort, serving
from sim.conveyor.plc import Belt, Plc
from sim.site import Address, BeltPlace

CLOCK = SystemClock()
BELT = Belt(lanes=3, divert_ns=60_000_000, exit_ns=30_000_000)
TOKEN = 0x1_0002


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    plc: Plc
    pair: SerialPair

    def settings(self, *, lane_sensor: bool = True, device_id: int = 1) -> ModbusSettings:
        return ModbusSettings(
            url=f"rtu://{self.pair.host}",
            parity="N",
            lanes=3,
            lane_sensor=lane_sensor,
            reply_ms=20,
            poll_ms=50,
            open_poll_ms=20,
            exit_s=1.0,
            device_id=device_id,
        )


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    plc = Plc(BELT, 4711, time.monotonic_ns(), lambda _: None)
    place = BeltPlace(name="c1", address=Address(host="", port=0), base=100, lanes=3, device_id=1)
    async with serial_pair() as pair:
        port = SerialPort(path=pair.device, parity="N")
        async with serving(place, plc, port):
            yield Rig(plc=plc, pair=pair)


@asynccontextmanager
async def connected(rig: Rig) -> AsyncIterator[ModbusConveyor]:
    async with ModbusConveyor(DeviceName("c1"), rig.settings(), CLOCK) as driver:
        await driver.reconcile(in_time())
        yield driver


def in_time(seconds: float = 8.0) -> Deadline:
    return Deadline.after(seconds, CLOCK)


def command(status: ConveyorStatus, *, seq: int = 11) -> DivertCommand:
    return DivertCommand(
        token=TOKEN,
        lane=2,
        seq=seq,
        boot_id=status.boot_id,
        count_before=status.divert_count,
        exit_before=status.exit_count,
    )


async def test_a_divert_over_a_serial_line_is_seen_and_done_once(rig: Rig) -> None:
    async with connected(rig) as driver:
        divert = command(await driver.reconcile(in_time()))
        echo = await driver.write(divert, in_time())
        end = await driver.finish(divert, in_time())
    assert (echo.phase, end.phase) == (DivertPhase.SEEN, DivertPhase.DONE)
    assert rig.plc.diverts == {TOKEN: 1}


async def test_a_lost_reply_closes_the_line_and_reading_settles_it(rig: Rig) -> None:
    async with connected(rig) as driver:
        divert = command(await driver.reconcile(in_time()))
        rig.plc.faults.drop_replies = 1
        echo = await driver.write(divert, in_time())
        end = await driver.finish(divert, in_time())
    assert (echo.phase, end.phase) == (DivertPhase.SEEN, DivertPhase.DONE)
    assert rig.plc.diverts == {TOKEN: 1}


async def test_a_late_reply_is_taken_for_nobody_elses(rig: Rig) -> None:
    """The reply to the write comes when the line rests; what is read then is read anew."""
    async with connected(rig) as driver:
        divert = command(await driver.reconcile(in_time()))
        rig.plc.faults.late_reply_ms, rig.plc.faults.late_replies = 400, 1
        echo = await driver.write(divert, in_time())
        end = await driver.finish(divert, in_time())
        again = command(await driver.reconcile(in_time()), seq=12)
        await driver.write(again, in_time())
        assert (await driver.finish(again, in_time())).phase is DivertPhase.DONE
    assert (echo.phase, end.phase) == (DivertPhase.SEEN, DivertPhase.DONE)
    assert rig.plc.diverts == {TOKEN: 2}


async def test_nothing_is_written_between_a_timeout_and_two_coherent_blocks(rig: Rig) -> None:
    async with connected(rig) as driver:
        divert = command(await driver.reconcile(in_time()))
        rig.plc.faults.drop_replies = 1
        written = asyncio.create_task(driver.write(divert, in_time()), name="write")
        assert await eventually(lambda: driver.status() is None)
        with pytest.raises(DriverLostError, match="not clean"):
            await driver.order(BeltCommand.STOP, 12, in_time())
        assert (await written).phase is DivertPhase.SEEN


async def test_a_reply_that_is_one_request_late_never_has_the_length_asked_for(rig: Rig) -> None:
    profile = rig.settings().made_profile()
    assert profile.span() == Span(address=200, count=20)
    assert profile.span(is_short=True) == Span(address=200, count=19)
    short = rig.settings(lane_sensor=False).made_profile()
    assert (short.span(), short.span(is_short=True)) == (
        Span(address=200, count=15),
        Span(address=200, count=14),
    )


async def test_a_reply_of_another_length_ends_the_trust_in_the_line(rig: Rig) -> None:
    link = ModbusLink("c1", rig.settings())
    await link.open(lambda: None)
    rig.plc.status_words = 19  # as if the block before were answered now
    with pytest.raises((DriverLostError, DriverProtocolError)):
        await link.read(Span(address=200, count=21), inputs=False)
    link.close()
    rig.plc.status_words = 20


async def test_two_devices_share_one_line_and_its_rest(rig: Rig) -> None:
    """The second device is not there: its silence drops the line for both, and both come back."""
    here = ModbusLink("c1", rig.settings())
    gone: list[str] = []
    there = ModbusLink("c2", rig.settings(device_id=2))
    await here.open(lambda: gone.append("c1"))
    await there.open(lambda: gone.append("c2"))
    with pytest.raises(DriverLostError, match="no reply"):
        await there.read(Span(address=200, count=20), inputs=False)
    assert gone == ["c1", "c2"]
    assert not here.is_open
    before = time.monotonic()
    await here.open(lambda: None)
    assert time.monotonic() - before > 0.9
    assert len(await here.read(Span(address=200, count=20), inputs=False)) == 20
    here.close()
    there.close()


async def test_one_line_has_one_speed(rig: Rig) -> None:
    one = ModbusLink("c1", rig.settings())
    other = ModbusSettings(url=f"rtu://{rig.pair.host}", parity="E")
    await one.open(lambda: None)
    with pytest.raises(DriverProtocolError, match="speed or parity"):
        await ModbusLink("c2", other).open(lambda: None)
    one.close()


async def test_requests_of_two_tasks_take_turns(rig: Rig) -> None:
    link = ModbusLink("c1", rig.settings())
    async with AsyncExitStack() as stack:
        stack.callback(link.close)
        await link.open(lambda: None)
        blocks = await asyncio.gather(
            *(link.read(Span(address=200, count=count), inputs=False) for count in range(1, 20))
        )
    assert [len(block) for block in blocks] == list(range(1, 20))


def test_a_slave_has_three_times_its_reply_time_and_the_wire() -> None:
    settings = ModbusSettings(url="rtu:///dev/ttyS0", parity="E", reply_ms=100)
    assert 0.3 < reply_s(settings) < 0.4
