"""What only a wire can do to a conveyor driver: lost replies, a PLC that is off or stands still."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from deadlines import eventually
from drivers.clock import SystemClock
from drivers.conveyor.modbus import ModbusConveyor, ModbusSettings
from drivers.conveyor.modbus_link import ModbusLink
from drivers.errors import DriverBusyError, DriverLostError, DriverProtocolError, DriverTimeoutError
from drivers.protocols import (
    BeltCommand,
    ConveyorStatus,
    Deadline,
    DeviceHealth,
    DeviceName,
    DivertCommand,
    DivertPhase,
    HealthState,
)
from drivers.wire.conveyor_map import Span, Write
from plc import Plc
from ports import free_port

CLOCK = SystemClock()
TOKEN = 70_000
BLOCK = Span(address=200, count=20)


def tcp_link(plc: Plc) -> ModbusLink:
    return ModbusLink("c1", ModbusSettings(url=f"tcp://127.0.0.1:{plc.port}"))


def conveyor(plc: Plc, *, heartbeat_ms: int = 500) -> ModbusConveyor:
    settings = ModbusSettings(
        url=f"tcp://127.0.0.1:{plc.port}",
        lanes=3,
        lane_sensor=True,
        heartbeat_ms=heartbeat_ms,
    )
    return ModbusConveyor(DeviceName("c1"), settings, CLOCK)


@asynccontextmanager
async def connected(plc: Plc) -> AsyncIterator[ModbusConveyor]:
    async with conveyor(plc) as driver:
        await driver.reconcile(in_time())
        yield driver


def in_time(seconds: float = 5.0) -> Deadline:
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


def commands(plc: Plc) -> list[list[int]]:
    return [values for values in plc.writes if len(values) == 8]


async def light(driver: ModbusConveyor, state: HealthState, reason: str = "") -> DeviceHealth:
    async for health in driver.healths():
        if health.state is state and reason in health.reason:
            return health
    raise AssertionError("lights never end")


async def test_a_lost_reply_costs_one_physical_divert_and_one_write() -> None:
    async with Plc(free_port()) as plc, connected(plc) as driver:
        divert = command(await driver.reconcile(in_time()))
        plc.lost_replies = 1
        echo = await driver.write(divert, in_time())
        end = await driver.finish(divert, in_time())
    assert (echo.phase, end.phase) == (DivertPhase.SEEN, DivertPhase.DONE)
    assert plc.diverts[TOKEN] == 1
    assert len(commands(plc)) == 1


async def test_the_command_stands_on_the_wire_as_the_register_map_says() -> None:
    async with Plc(free_port()) as plc, connected(plc) as driver:
        divert = command(await driver.reconcile(in_time()))
        await driver.write(divert, in_time())
        await driver.finish(divert, in_time())
    assert commands(plc)[0][1:] == [1, 2, 1, 4464, 0, 0, 11]


async def test_a_plc_that_is_silent_after_the_write_leaves_the_divert_in_doubt() -> None:
    async with Plc(free_port()) as plc, connected(plc) as driver:
        divert = command(await driver.reconcile(in_time()))
        plc.lost_replies = 1
        plc.is_frozen = True  # alive to the connection, but no second coherent block ever comes
        echo = await driver.write(divert, in_time(1.0))
        assert (echo.phase, echo.reason) == (DivertPhase.IN_DOUBT, "no_echo")
        assert driver.status() is None
        plc.is_frozen = False
        assert (await driver.finish(divert, in_time())).phase is DivertPhase.DONE
    assert plc.diverts[TOKEN] == 1


async def test_a_plc_that_is_off_at_the_start_is_found_when_it_comes() -> None:
    async with Plc(free_port(), starts=False) as plc, conveyor(plc) as driver:
        first = await light(driver, HealthState.LOST)
        with pytest.raises(DriverTimeoutError):
            await driver.reconcile(in_time(0.2))
        await plc.start()
        status = await driver.reconcile(in_time())
        last = await light(driver, HealthState.OK)
    assert (first.reason, last.reason) == ("connecting", "")
    assert status.running


async def test_a_plc_that_was_switched_off_is_found_again() -> None:
    async with Plc(free_port()) as plc, connected(plc) as driver:
        before = await driver.reconcile(in_time())
        await plc.stop()
        assert await eventually(lambda: driver.status() is None)
        with pytest.raises(DriverLostError):
            await driver.write(command(before), in_time())
        plc.reboot()
        await plc.start()
        after = await driver.reconcile(in_time())
        end = await driver.finish(command(before), in_time())
    assert after.boot_id != before.boot_id
    assert end.reason == "boot_changed"
    assert not commands(plc)


async def test_a_plc_whose_program_stands_is_lost() -> None:
    async with Plc(free_port()) as plc, connected(plc) as driver:
        plc.is_frozen = True
        assert await eventually(lambda: driver.status() is None)
        plc.is_frozen = False
        assert (await driver.reconcile(in_time())).running


async def test_a_belt_that_lost_its_host_says_so_and_is_not_started_by_the_driver() -> None:
    async with Plc(free_port(), host_timeout_s=0.2) as plc, conveyor(plc) as driver:
        await driver.reconcile(in_time())
        driver.hold_heartbeat(True)
        assert (await light(driver, HealthState.DEGRADED)).reason == "host_lost"
        driver.hold_heartbeat(False)
        assert await eventually(lambda: len(plc.writes) > 3)
        assert (await driver.reconcile(in_time())).host_lost
    assert not commands(plc)


async def test_a_belt_is_stopped_and_started_beside_an_open_divert() -> None:
    async with Plc(free_port()) as plc, connected(plc) as driver:
        divert = command(await driver.reconcile(in_time()))
        plc.is_held = True
        await driver.write(divert, in_time())
        stopped = await driver.order(BeltCommand.STOP, 12, in_time())
        assert (stopped.phase, stopped.token) == (DivertPhase.SEEN, 0)
        assert not (await driver.reconcile(in_time())).running
        assert (await driver.order(BeltCommand.START, 13, in_time())).phase is DivertPhase.SEEN
        plc.is_held = False
        assert (await driver.finish(divert, in_time())).phase is DivertPhase.DONE
    assert plc.diverts[TOKEN] == 1


async def test_a_stop_whose_reply_is_lost_is_written_once() -> None:
    async with Plc(free_port()) as plc, connected(plc) as driver:
        plc.lost_replies = 1
        assert (await driver.order(BeltCommand.STOP, 12, in_time())).phase is DivertPhase.SEEN
        assert (await driver.order(BeltCommand.STOP, 12, in_time())).phase is DivertPhase.SEEN
        plc.lost_writes = 1
        assert (await driver.order(BeltCommand.START, 13, in_time())).phase is DivertPhase.NOT_SEEN
        assert (await driver.order(BeltCommand.START, 13, in_time())).phase is DivertPhase.SEEN
    assert [(c[1], c[7]) for c in commands(plc)] == [(2, 12), (3, 13), (3, 13)]


async def test_a_cancellation_that_meets_the_reply_is_not_lost() -> None:
    async with Plc(free_port()) as plc:
        link = tcp_link(plc)
        await link.open(lambda: None)
        reading = asyncio.create_task(link.read(BLOCK, inputs=False), name="read")
        await asyncio.sleep(0)
        assert link._line is not None
        client = link._line._client
        assert client is not None
        while not client.ctx.response_future.done():  # noqa: ASYNC110 the very step counts
            await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert not link.is_open


async def test_a_question_that_is_cut_short_closes_the_link() -> None:
    lost: list[bool] = []
    async with Plc(free_port()) as plc:
        link = tcp_link(plc)
        await link.open(lambda: lost.append(True))
        plc.is_mute = True
        reading = asyncio.create_task(link.read(BLOCK, inputs=False), name="read")
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert not link.is_open
        with pytest.raises(DriverLostError):
            await link.read(BLOCK, inputs=False)
    assert lost == [True]


async def test_a_refused_request_names_the_exception_and_keeps_the_link() -> None:
    async with Plc(free_port()) as plc:
        link = tcp_link(plc)
        await link.open(lambda: None)
        with pytest.raises(DriverProtocolError, match="address not allowed"):
            await link.write(Write(address=200, values=(1,)))
        assert len(await link.read(BLOCK, inputs=True)) == 20
        link.close()


async def test_a_command_that_the_plc_refuses_to_store_was_not_written() -> None:
    async with Plc(free_port()) as plc, connected(plc) as driver:
        divert = command(await driver.reconcile(in_time()))
        plc.refuses_commands = True
        with pytest.raises(DriverBusyError, match="device busy"):
            await driver.write(divert, in_time())
        plc.refuses_commands = False
        assert (await driver.write(divert, in_time())).phase is DivertPhase.SEEN
        assert (await driver.finish(divert, in_time())).phase is DivertPhase.DONE
    assert plc.diverts[TOKEN] == 1


async def test_a_divert_that_was_seen_and_vanished_is_in_doubt() -> None:
    async with Plc(free_port()) as plc, connected(plc) as driver:
        divert = command(await driver.reconcile(in_time()))
        plc.is_held = True
        await driver.write(divert, in_time())
        plc._job, plc.seq_seen, plc.seq_result = None, 99, 2
        end = await driver.finish(divert, in_time())
    assert (end.phase, end.reason) == (DivertPhase.IN_DOUBT, "overtaken")


async def test_a_number_that_no_register_holds_is_refused_before_writing() -> None:
    async with Plc(free_port()) as plc, connected(plc) as driver:
        divert = command(await driver.reconcile(in_time()), seq=0)
        with pytest.raises(DriverProtocolError, match="seq 0"):
            await driver.write(divert, in_time())
    assert not commands(plc)


@pytest.mark.parametrize(("fault", "reason"), [(22, "drive"), (90, "fault_90")])
async def test_a_fault_of_the_belt_is_an_amber_light(fault: int, reason: str) -> None:
    async with Plc(free_port()) as plc, conveyor(plc) as driver:
        plc.fault = fault
        assert (await light(driver, HealthState.DEGRADED)).reason == reason


async def test_a_plc_that_starts_anew_behind_a_gateway_is_read_anew() -> None:
    async with Plc(free_port()) as plc, connected(plc) as driver:
        before = await driver.reconcile(in_time())
        plc.reboot()
        assert await eventually(lambda: driver.status() is None)
        assert (await driver.reconcile(in_time())).boot_id == before.boot_id + 1


async def test_a_plc_of_another_register_map_is_refused() -> None:
    async with Plc(free_port()) as plc, conveyor(plc) as driver:
        plc.map_version = 2
        assert "map_version" in (await light(driver, HealthState.LOST, "map_version")).reason
        assert driver.status() is None


@pytest.mark.parametrize(
    ("key", "settings"),
    [
        ("parity", {"url": "rtu:///dev/ttyS0"}),
        ("baudrate", {"url": "rtu:///dev/ttyS0", "parity": "E", "baudrate": 300}),
        ("url", {"url": "rtu://ttyS0", "parity": "E"}),
        ("profile", {"url": "tcp://h", "profile": "magic"}),
        ("word_order", {"url": "tcp://h", "word_order": "middle"}),
        ("registers", {"url": "tcp://h", "registers": {"speed": 1}}),
        ("registers", {"url": "tcp://h", "registers": {"cmd": 100}}),
        ("registers", {"url": "tcp://h", "registers": {"seq": 99}}),
        ("registers", {"url": "tcp://h", "registers": {"lane": 70000}}),
        ("max_registers", {"url": "tcp://h", "registers": {"boot_id": 400}}),
        ("max_registers", {"url": "tcp://h", "max_registers": 10}),
        ("read_from", {"url": "tcp://h", "read_from": 201}),
        ("accept_at_most_once", {"url": "tcp://h", "profile": "pulse"}),
        ("host_timeout_ms", {"url": "tcp://h", "host_timeout_ms": 1000}),
        ("faults", {"url": "tcp://h", "faults": {"x": {"ru": "а", "en": "a"}}}),
        ("faults", {"url": "tcp://h", "faults": {"101": {"en": "a"}}}),
        ("url", {"url": "tcp://host:70000"}),
        ("url", {"url": "10.0.0.5"}),
        ("lanes", {"url": "tcp://h", "lanes": 9}),
        ("base", {"url": "tcp://h", "base": 65500}),
        ("read_fc", {"url": "tcp://h", "read_fc": 1}),
        ("exit_s", {"url": "tcp://h", "exit_s": -1.0}),
    ],
)
def test_settings_that_cannot_work_are_refused(key: str, settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"^{key}: "):
        ModbusSettings(**settings)  # type: ignore[arg-type]


def test_the_port_is_modbus_own_when_the_url_names_none() -> None:
    assert ModbusSettings(url="tcp://plc-1").address == ("plc-1", 502)
    assert ModbusSettings(url="tcp://[::1]:1502").address == ("::1", 1502)
