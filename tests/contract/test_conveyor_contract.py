"""What every conveyor driver promises, over the double in memory and a PLC on real Modbus TCP."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from deadlines import eventually
from drivers.clock import SystemClock
from drivers.conveyor.modbus import ModbusConveyor, ModbusSettings
from drivers.errors import DriverBusyError, DriverLostError, DriverProtocolError
from drivers.memory.conveyor import MemoryConveyor, MemoryConveyorSettings
from drivers.protocols import (
    Capability,
    ConveyorDriver,
    ConveyorStatus,
    Deadline,
    DeviceName,
    DivertCommand,
    DivertPhase,
    DivertStatus,
    HealthState,
)
from plc import Plc
from ports import free_port

CLOCK = SystemClock()
TOKEN = 0x0001_0002


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A driver, its belt's faults, and a way to a second driver on the same belt."""

    driver: ConveyorDriver
    restarted: Callable[[], ConveyorDriver]
    diverts: Callable[[], int]
    reject: Callable[[int], None]
    fail: Callable[[int], None]
    lose_write: Callable[[], None]
    hide_exit: Callable[[], None]
    misroute: Callable[[int], None]
    hold: Callable[[bool], None]
    restart_plc: Callable[[], None]
    preset: Callable[[int], None]


@asynccontextmanager
async def memory_rig() -> AsyncIterator[Rig]:
    def made() -> MemoryConveyor:
        return MemoryConveyor(DeviceName("c1"), MemoryConveyorSettings(), CLOCK)

    driver = made()
    belt = driver.belt

    def restarted() -> ConveyorDriver:
        other = made()
        other.belt = belt
        return other

    def preset(number: int) -> None:
        belt.seq_seen = belt.divert_count = belt.exit_count = number

    async with driver:
        yield Rig(
            driver=driver,
            restarted=restarted,
            diverts=lambda: belt.diverts[TOKEN],
            reject=lambda reason: setattr(belt.faults, "reject", reason),
            fail=lambda fault: setattr(belt.faults, "fail", fault),
            lose_write=lambda: setattr(belt.faults, "unheard", True),
            hide_exit=lambda: setattr(belt.faults, "no_exit", True),
            misroute=lambda lane: setattr(belt.faults, "exit_lane", lane),
            hold=lambda is_held: setattr(belt.faults, "is_held", is_held),
            restart_plc=belt.restart,
            preset=preset,
        )


@asynccontextmanager
async def modbus_rig() -> AsyncIterator[Rig]:
    async with Plc(free_port()) as plc:

        def made() -> ModbusConveyor:
            settings = ModbusSettings(
                url=f"tcp://127.0.0.1:{plc.port}", lanes=3, lane_sensor=True, exit_s=0.5
            )
            return ModbusConveyor(DeviceName("c1"), settings, CLOCK)

        async with made() as driver:
            await driver.reconcile(Deadline.after(5, CLOCK))
            yield Rig(
                driver=driver,
                restarted=made,
                diverts=lambda: plc.diverts[TOKEN],
                reject=lambda reason: setattr(plc, "reject", reason),
                fail=lambda fault: setattr(plc, "fail", fault),
                lose_write=lambda: setattr(plc, "lost_writes", 1),
                hide_exit=lambda: setattr(plc, "no_exit", True),
                misroute=lambda lane: setattr(plc, "exit_lane", lane),
                hold=lambda is_held: setattr(plc, "is_held", is_held),
                restart_plc=plc.reboot,
                preset=lambda number: plc.preset(seq=number, diverts=number, exits=number),
            )


@pytest.fixture(params=[memory_rig, modbus_rig], ids=["memory", "modbus"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with request.param() as made:
        yield made


def in_time(seconds: float = 5.0) -> Deadline:
    return Deadline.after(seconds, CLOCK)


async def fresh(rig: Rig) -> ConveyorStatus:
    return await rig.driver.reconcile(in_time())


async def command(rig: Rig, *, lane: int = 1, seq: int | None = None) -> DivertCommand:
    status = await fresh(rig)
    return DivertCommand(
        token=TOKEN,
        lane=lane,
        seq=seq if seq is not None else status.seq_seen % 65535 + 1,
        boot_id=status.boot_id,
        count_before=status.divert_count,
        exit_before=status.exit_count,
    )


async def run(rig: Rig, divert: DivertCommand) -> DivertStatus:
    echo = await rig.driver.write(divert, in_time())
    if echo.phase is not DivertPhase.SEEN:
        return echo
    return await rig.driver.finish(divert, in_time())


async def test_a_divert_is_seen_and_done_and_happened_once(rig: Rig) -> None:
    divert = await command(rig)
    echo = await rig.driver.write(divert, in_time())
    end = await rig.driver.finish(divert, in_time())
    assert (echo.phase, end.phase) == (DivertPhase.SEEN, DivertPhase.DONE)
    assert (end.token, end.exit_lane, end.count_after) == (TOKEN, 1, divert.count_before + 1)
    assert rig.diverts() == 1


async def test_the_same_command_written_again_is_not_obeyed_again(rig: Rig) -> None:
    divert = await command(rig)
    phases = [(await run(rig, divert)).phase for _ in range(3)]
    assert phases == [DivertPhase.DONE] * 3
    assert rig.diverts() == 1


async def test_a_write_that_never_arrived_is_not_seen_and_may_be_repeated(rig: Rig) -> None:
    divert = await command(rig)
    rig.lose_write()
    echo = await rig.driver.write(divert, in_time())
    assert echo.phase is DivertPhase.NOT_SEEN
    assert (await run(rig, divert)).phase is DivertPhase.DONE
    assert rig.diverts() == 1


async def test_finish_alone_proves_that_a_command_never_came(rig: Rig) -> None:
    end = await rig.driver.finish(await command(rig), in_time())
    assert end.phase is DivertPhase.NOT_SEEN
    assert rig.diverts() == 0


@pytest.mark.parametrize(
    ("code", "reason"),
    [(1, "busy"), (9, "lane_full"), (6, "host_lost"), (77, "reject_77")],
)
async def test_a_refusal_carries_its_reason(rig: Rig, code: int, reason: str) -> None:
    rig.reject(code)
    echo = await rig.driver.write(await command(rig), in_time())
    assert (echo.phase, echo.code, echo.reason) == (DivertPhase.REJECTED, code, reason)
    assert rig.diverts() == 0


async def test_a_second_command_while_the_belt_is_busy_is_not_written(rig: Rig) -> None:
    first = await command(rig)
    rig.hold(True)
    await rig.driver.write(first, in_time())
    second = await command(rig, lane=2)
    with pytest.raises(DriverBusyError):
        await rig.driver.write(second, in_time())
    rig.hold(False)
    assert (await rig.driver.finish(first, in_time())).phase is DivertPhase.DONE


async def test_a_fault_of_the_diverter_ends_as_failed_with_its_number(rig: Rig) -> None:
    rig.fail(21)
    end = await run(rig, await command(rig))
    assert (end.phase, end.code, end.reason) == (DivertPhase.FAILED, 21, "diverter_position")
    assert rig.diverts() == 0


async def test_an_item_that_never_passes_the_lane_sensor_is_unconfirmed(rig: Rig) -> None:
    rig.hide_exit()
    assert (await run(rig, await command(rig))).phase is DivertPhase.UNCONFIRMED


async def test_an_item_in_another_lane_is_told(rig: Rig) -> None:
    rig.misroute(3)
    end = await run(rig, await command(rig, lane=1))
    assert (end.phase, end.exit_lane) == (DivertPhase.WRONG_LANE, 3)


async def test_a_plc_that_started_anew_leaves_the_open_command_in_doubt(rig: Rig) -> None:
    divert = await command(rig)
    rig.hold(True)
    assert (await rig.driver.write(divert, in_time())).phase is DivertPhase.SEEN
    rig.restart_plc()
    rig.hold(False)
    end = await rig.driver.finish(divert, in_time())
    assert (end.phase, end.reason) == (DivertPhase.IN_DOUBT, "boot_changed")


async def test_a_service_that_restarts_learns_the_end_by_reading(rig: Rig) -> None:
    divert = await command(rig)
    await rig.driver.write(divert, in_time())
    async with rig.restarted() as other:
        await other.reconcile(in_time())
        end = await other.finish(divert, in_time())
        again = await other.write(divert, in_time())
    assert (end.phase, again.phase) == (DivertPhase.DONE, DivertPhase.SEEN)
    assert rig.diverts() == 1


async def test_counters_and_numbers_wrap(rig: Rig) -> None:
    rig.preset(65535)
    divert = await command(rig)
    end = await run(rig, divert)
    assert (divert.seq, divert.count_before, divert.exit_before) == (1, 65535, 65535)
    assert (end.phase, end.count_after) == (DivertPhase.DONE, 0)


@pytest.mark.parametrize("lane", [0, 4])
async def test_a_lane_that_is_not_there_is_refused_before_writing(rig: Rig, lane: int) -> None:
    divert = await command(rig, lane=lane)
    with pytest.raises(DriverProtocolError):
        await rig.driver.write(divert, in_time())
    assert (await fresh(rig)).seq_seen == 0


async def test_a_divert_that_does_not_end_in_time_is_in_doubt(rig: Rig) -> None:
    divert = await command(rig)
    rig.hold(True)
    await rig.driver.write(divert, in_time())
    end = await rig.driver.finish(divert, in_time(0.2))
    assert (end.phase, end.reason) == (DivertPhase.IN_DOUBT, "no_end")


async def test_nothing_is_written_by_a_closed_driver(rig: Rig) -> None:
    divert = await command(rig)
    other = rig.restarted()
    assert other.status() is None
    with pytest.raises(DriverLostError):
        await other.write(divert, in_time())
    with pytest.raises(DriverLostError):
        await other.finish(divert, in_time(0.1))
    assert rig.diverts() == 0


async def test_the_light_is_green_while_open_and_red_when_closed(rig: Rig) -> None:
    other = rig.restarted()
    async with other:
        lights = other.healths()
        async for health in lights:
            if health.state is HealthState.OK:
                break
    assert (await anext(other.healths())).state is HealthState.LOST
    assert other.name == "c1"


async def test_the_lane_sensor_is_a_capability(rig: Rig) -> None:
    assert Capability.LANE_SENSOR in rig.driver.capabilities
    assert await eventually(lambda: rig.driver.status() is not None)


def test_a_double_that_cannot_work_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^lanes: "):
        MemoryConveyorSettings(lanes=0)
    with pytest.raises(ValueError, match=r"^divert_ms: "):
        MemoryConveyorSettings(divert_ms=-1)
