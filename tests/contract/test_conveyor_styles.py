"""The four styles of PLC over real Modbus TCP: what each can prove, and what stays in doubt."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from deadlines import eventually
from drivers.clock import SystemClock
from drivers.conveyor.modbus import ModbusConveyor, ModbusSettings
from drivers.errors import DriverProtocolError
from drivers.protocols import (
    BeltCommand,
    Capability,
    ConveyorStatus,
    Deadline,
    DeviceName,
    DivertCommand,
    DivertPhase,
    DivertStatus,
)
from ports import free_port
from sim.conveyor.modbus import serving
from sim.conveyor.plc import Belt, Program
from sim.conveyor.styles import PROGRAMS
from sim.site import Address, BeltPlace

CLOCK = SystemClock()
MS = 1_000_000
BELT = Belt(lanes=3, divert_ns=60 * MS, exit_ns=30 * MS)
TOKEN = 0x1_0002
ECHOING = ["seq_ack", "release_counter", "task_echo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    plc: Program
    driver: ModbusConveyor

    async def command(self, *, lane: int = 2, seq: int = 11) -> DivertCommand:
        status = await self.status()
        return DivertCommand(
            token=TOKEN + seq,
            lane=lane,
            seq=seq,
            boot_id=status.boot_id,
            count_before=status.divert_count,
            exit_before=status.exit_count,
        )

    async def status(self) -> ConveyorStatus:
        return await self.driver.reconcile(in_time())

    async def run(self, divert: DivertCommand, *, echo_s: float = 1.0) -> DivertStatus:
        echo = await self.driver.write(divert, in_time(echo_s))
        if echo.phase is not DivertPhase.SEEN:
            return echo
        return await self.driver.finish(divert, in_time())

    @property
    def diverts(self) -> int:
        return self.plc.sorter.diverts.total()


@asynccontextmanager
async def rig_of(
    style: str, *, lane_sensor: bool = True, fc23: bool = False, max_registers: int = 45
) -> AsyncIterator[Rig]:
    plc = PROGRAMS[style](BELT, 4711, time.monotonic_ns(), lambda _: None)
    address = Address(host="127.0.0.1", port=free_port())
    place = BeltPlace(name="c1", address=address, base=100, lanes=3, device_id=1)
    settings = ModbusSettings(
        url=f"tcp://127.0.0.1:{address.port}",
        profile=style,
        lanes=3,
        lane_sensor=lane_sensor,
        fc23=fc23,
        max_registers=max_registers,
        accept_at_most_once=True,
        heartbeat_ms=50,
        pulse_ms=20,
        open_poll_ms=10,
        exit_s=0.6,
    )
    async with serving(place, plc), ModbusConveyor(DeviceName("c1"), settings, CLOCK) as driver:
        await driver.reconcile(in_time())
        yield Rig(plc=plc, driver=driver)


def in_time(seconds: float = 5.0) -> Deadline:
    return Deadline.after(seconds, CLOCK)


@pytest.mark.parametrize("style", PROGRAMS)
@pytest.mark.parametrize("lane_sensor", [True, False])
async def test_two_items_leave_by_their_lanes(style: str, *, lane_sensor: bool) -> None:
    async with rig_of(style, lane_sensor=lane_sensor) as rig:
        for seq, lane in ((11, 2), (12, 3)):
            end = await rig.run(await rig.command(lane=lane, seq=seq))
            assert end.phase is DivertPhase.DONE, end
            assert await eventually(lambda: rig.plc.is_ready(time.monotonic_ns()))
            assert await eventually(lambda want=seq - 10: rig.diverts == want)  # type: ignore[misc]
    assert sorted(rig.plc.sorter.lanes.values()) == [2, 3]


@pytest.mark.parametrize("style", PROGRAMS)
async def test_an_item_in_another_lane_is_told_by_every_style(style: str) -> None:
    async with rig_of(style) as rig:
        rig.plc.faults.wrong_lane = 3
        end = await rig.run(await rig.command(lane=1))
    assert (end.phase, end.exit_lane) == (DivertPhase.WRONG_LANE, 3)


@pytest.mark.parametrize("style", PROGRAMS)
async def test_a_sensor_that_sees_nothing_leaves_the_divert_unconfirmed(style: str) -> None:
    async with rig_of(style) as rig:
        rig.plc.faults.stick_lane = 2
        end = await rig.run(await rig.command())
    assert end.phase is DivertPhase.UNCONFIRMED


@pytest.mark.parametrize("style", ECHOING)
async def test_a_lost_reply_is_settled_by_the_echo(style: str) -> None:
    async with rig_of(style) as rig:
        rig.plc.faults.drop_replies = 1
        end = await rig.run(await rig.command())
    assert end.phase is DivertPhase.DONE
    assert rig.diverts == 1


@pytest.mark.parametrize("style", ["release_counter", "task_echo"])
async def test_a_lost_write_stays_in_doubt_where_starts_are_not_numbered(style: str) -> None:
    async with rig_of(style) as rig:
        rig.plc.faults.lose_writes = 1
        end = await rig.run(await rig.command(), echo_s=10.0)  # a busy machine is no lost echo
        again = await rig.driver.finish(await rig.command(), in_time())
    assert (end.phase, end.reason) == (DivertPhase.IN_DOUBT, "no_boot_id")
    assert again.phase is DivertPhase.IN_DOUBT
    assert rig.diverts == 0


async def test_a_lost_write_of_a_pulse_is_settled_by_the_lane_sensor_alone() -> None:
    async with rig_of("pulse") as rig:
        divert = await rig.command()
        rig.plc.on_write(0, [divert.lane], time.monotonic_ns())  # by the process before this one
        end = await rig.driver.finish(divert, in_time())
        assert end.phase is DivertPhase.DONE
        other = await rig.command(lane=1, seq=12)
        lost = await rig.driver.finish(other, in_time())
    assert (lost.phase, lost.reason) == (DivertPhase.IN_DOUBT, "no_echo")


async def test_without_a_sensor_nothing_settles_a_pulse_whose_process_died() -> None:
    async with rig_of("pulse", lane_sensor=False) as rig:
        end = await rig.driver.finish(await rig.command(), in_time())
    assert (end.phase, end.reason) == (DivertPhase.IN_DOUBT, "no_echo")


async def test_one_request_writes_and_reads_where_the_plc_can() -> None:
    async with rig_of("seq_ack", fc23=True) as rig:
        divert = await rig.command()
        assert (await rig.run(divert)).phase is DivertPhase.DONE
        rig.plc.faults.drop_replies = 1
        other = await rig.command(seq=12)
        assert (await rig.run(other)).phase is DivertPhase.DONE
    assert rig.diverts == 2


async def test_a_fault_on_the_way_fails_the_divert() -> None:
    for style in ECHOING:
        async with rig_of(style) as rig:
            rig.plc.faults.fail = 21
            end = await rig.run(await rig.command())
        assert (end.phase, end.code) == (DivertPhase.FAILED, 21), style


async def test_only_styles_with_orders_take_them() -> None:
    async with rig_of("task_echo") as rig:
        assert Capability.BELT_ORDERS in rig.driver.capabilities
        await rig.driver.order(BeltCommand.STOP, 5, in_time())
        assert not rig.plc.sorter.running
        beats = rig.plc.on_read(time.monotonic_ns())
        assert await eventually(lambda: rig.driver._keeper._host_hb > 3)
        assert not rig.plc.sorter.running, beats  # a heartbeat starts nothing
        await rig.driver.order(BeltCommand.START, 6, in_time())
        assert rig.plc.sorter.running
    for style in ("release_counter", "pulse"):
        async with rig_of(style) as rig:
            assert Capability.BELT_ORDERS not in rig.driver.capabilities
            with pytest.raises(DriverProtocolError, match="no such order"):
                await rig.driver.order(BeltCommand.STOP, 5, in_time())


async def test_a_zone_that_is_told_what_arrived_does_not_jam() -> None:
    async with rig_of("release_counter") as rig:
        assert (await rig.run(await rig.command())).phase is DivertPhase.DONE
        rig.plc.tick(time.monotonic_ns() + 60_000 * MS)
        assert rig.plc.sorter.fault == 0
