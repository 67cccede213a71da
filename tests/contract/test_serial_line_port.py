"""The serial port itself: who may open it, how long a code takes, what is told when it fails."""

import asyncio
from pathlib import Path

import pytest

from drivers.clock import SystemClock
from drivers.errors import (
    DriverBusyError,
    DriverLostError,
    DriverNotFoundError,
    DriverProtocolError,
    DriverTimeoutError,
)
from drivers.protocols import (
    Deadline,
    FaultKind,
    HealthState,
    Scan,
    ScanFault,
    ScanOutcome,
    Symbology,
)
from drivers.scanner.serial_line import SerialLineScanner, SerialLineSettings
from drivers.wire.scanner_feedback import Feedback
from drivers.wire.serial_frames import Framing
from ptys import PtyCable
from scanner_rigs import NAME, until

WITHIN_S = 10.0


def scanner(cable: PtyCable, **settings: object) -> SerialLineScanner:
    made = SerialLineSettings(port=str(cable.path), **settings)  # type: ignore[arg-type]
    return SerialLineScanner(NAME, made, SystemClock())


@pytest.fixture
def cable(tmp_path: Path) -> PtyCable:
    return PtyCable(tmp_path / "scanner")


async def one_of(driver: SerialLineScanner) -> Scan | ScanFault:
    async with asyncio.timeout(WITHIN_S):
        return await anext(driver.scans())


async def test_a_port_that_is_not_there_is_told(cable: PtyCable) -> None:
    driver = scanner(cable)
    with pytest.raises(DriverNotFoundError):
        await driver.__aenter__()
    assert (await anext(driver.healths())).reason == "not found"


async def test_a_file_is_no_serial_port(cable: PtyCable) -> None:
    cable.path.write_text("no port")
    with pytest.raises(DriverProtocolError, match="no serial port"):
        await scanner(cable).__aenter__()


async def test_a_port_is_held_by_one_alone(cable: PtyCable) -> None:
    with cable:
        async with scanner(cable):
            with pytest.raises(DriverBusyError):
                await scanner(cable).__aenter__()


async def test_identifier_and_separators_reach_the_code(cable: PtyCable) -> None:
    with cable:
        async with scanner(cable, aim=True, gs=("char:~",)) as driver:
            cable.write(b"]d20104607112010017~91A\r")
            scan = await one_of(driver)
    assert isinstance(scan, Scan)
    assert scan.payload == b"0104607112010017\x1d91A"
    assert (scan.aim_id, scan.symbology) == ("]d2", Symbology.GS1_DATAMATRIX)


async def test_framed_codes_are_read(cable: PtyCable) -> None:
    with cable:
        async with scanner(cable, framing=Framing.STX_ETX) as driver:
            cable.write(b"\x024601\x03")
            scan = await one_of(driver)
    assert isinstance(scan, Scan)
    assert scan.payload == b"4601"


async def test_codes_without_any_end_are_read_where_lengths_are_configured(
    cable: PtyCable,
) -> None:
    with cable:
        async with scanner(cable, framing=Framing.IDLE, accept=(13,)) as driver:
            cable.write(b"4607112010017")
            assert isinstance(await one_of(driver), Scan)
            cable.write(b"46071120")
            fault = await one_of(driver)
    assert isinstance(fault, ScanFault)
    assert fault.kind is FaultKind.NO_TERMINATOR


async def test_a_disabled_scanner_is_woken_at_every_opening(cable: PtyCable) -> None:
    with cable:
        async with scanner(cable, feedback=Feedback.DATALOGIC):
            await until(lambda: cable.read() == b"E")
        async with scanner(cable, feedback=Feedback.DATALOGIC):
            await until(lambda: cable.read() == b"E")
        assert cable.read() == b""


async def test_tones_go_nowhere_once_it_is_too_late_or_the_port_is_gone(cable: PtyCable) -> None:
    clock = SystemClock()
    with cable:
        async with scanner(cable, feedback=Feedback.DATALOGIC) as driver:
            with pytest.raises(DriverTimeoutError):
                await driver.confirm(1, ScanOutcome.ACCEPTED, Deadline(at_ns=0))
            cable.unplug()
            with pytest.raises(DriverLostError):
                await one_of(driver)
            with pytest.raises(DriverLostError):
                await driver.confirm(1, ScanOutcome.ACCEPTED, Deadline.after(1.0, clock))
        with pytest.raises(DriverLostError):
            await driver.confirm(1, ScanOutcome.ACCEPTED, Deadline.after(1.0, clock))


async def confirm_often(driver: SerialLineScanner) -> None:
    for _ in range(100_000):
        await driver.confirm(1, ScanOutcome.ZONE_3, Deadline.after(1.0, SystemClock()))


async def test_a_scanner_that_takes_no_bytes_does_not_stop_the_loop(cable: PtyCable) -> None:
    with cable:
        async with scanner(cable, feedback=Feedback.HONEYWELL) as driver:
            with pytest.raises(DriverTimeoutError, match="takes no bytes"):
                await confirm_often(driver)


async def test_the_light_tells_the_unplug_even_when_nobody_reads(cable: PtyCable) -> None:
    with cable:
        async with scanner(cable) as driver:
            cable.unplug()
            async with asyncio.timeout(WITHIN_S):
                async for health in driver.healths():
                    if health.state is HealthState.LOST:
                        break
            assert health.reason == "unplugged"


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_nothing_stays_open_after_a_close(cable: PtyCable) -> None:
    before = open_files()
    with cable:
        for _ in range(3):
            async with scanner(cable):
                pass
    assert open_files() == before


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"port": ""}, "port"),
        ({"baud": 5}, "baud"),
        ({"ends": ()}, "ends"),
        ({"gap_ms": 5}, "gap_ms"),
        ({"framing": Framing.IDLE}, "accept"),
        ({"accept": (13,)}, "accept"),
        ({"gs": ("ctrl_bracket",)}, "gs"),
        ({"gs": ("char:",)}, "gs"),
    ],
)
def test_a_wrong_setting_names_its_key(settings: dict[str, object], key: str) -> None:
    with pytest.raises(ValueError, match=f"^{key}: "):
        SerialLineSettings(**({"port": "/dev/ttyACM0"} | settings))  # type: ignore[arg-type]
