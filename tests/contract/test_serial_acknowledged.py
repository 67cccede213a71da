"""Scanners that hold a code until it is stored: nothing is acknowledged before the commit."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.clock import SystemClock
from drivers.protocols import (
    Capability,
    Deadline,
    FaultKind,
    Scan,
    ScanFault,
    ScanFlag,
    ScanOutcome,
    ScanSource,
    Symbology,
)
from drivers.scanner.serial_line import SerialLineScanner, SerialLineSettings
from drivers.scanner.serial_settings import Parity
from drivers.wire.scanner_feedback import Feedback
from drivers.wire.serial_frames import Framing
from drivers.wire.talk import Acknowledgement
from ptys import PtyCable
from scanner_rigs import NAME, PtyFar, late, piece_by_piece, until
from ssi_scanner import ACK, EAN13, NAK_RESEND, RESENT, SCAN_ENABLE, decoded, in_parts

WITHIN_S = 10.0
EAN = b"4607112010017"
OK_BEEP = bytes.fromhex("05 E6 04 00 00 FF 11")


@pytest.fixture
def cable(tmp_path: Path) -> PtyCable:
    return PtyCable(tmp_path / "scanner")


def scanner(cable: PtyCable, **settings: object) -> SerialLineScanner:
    made = SerialLineSettings(port=str(cable.path), **settings)  # type: ignore[arg-type]
    return SerialLineScanner(NAME, made, SystemClock())


def zebra(cable: PtyCable, **settings: object) -> SerialLineScanner:
    return scanner(cable, framing=Framing.SSI, feedback=Feedback.ZEBRA, **settings)


async def take(stream: AsyncIterator[Scan | ScanFault]) -> Scan | ScanFault:
    async with asyncio.timeout(WITHIN_S):
        return await anext(stream)


async def heard(cable: PtyCable, wanted: bytes) -> None:
    """Wait until the scanner has heard these bytes and no others. Raises TimeoutError."""
    said = bytearray()

    def is_said() -> bool:
        said.extend(cable.read())
        return len(said) >= len(wanted)

    await until(is_said, WITHIN_S)
    assert bytes(said) == wanted


async def confirm(driver: SerialLineScanner, scan_no: int, outcome: ScanOutcome) -> None:
    await driver.confirm(scan_no, outcome, Deadline.after(1.0, SystemClock()))


async def test_an_ssi_code_is_acknowledged_only_when_it_is_committed(cable: PtyCable) -> None:
    with cable:
        async with zebra(cable) as driver:
            await heard(cable, b"\0" + SCAN_ENABLE)
            stream = driver.scans()
            cable.write(decoded(EAN, EAN13))
            scan = await take(stream)
            assert isinstance(scan, Scan)
            assert (scan.payload, scan.symbology) == (EAN, Symbology.EAN13)
            assert scan.source is ScanSource.SSI
            cable.write(decoded(EAN, EAN13, RESENT))  # a slow store: the scanner asks again
            again = await take(stream)
            assert isinstance(again, Scan)
            assert (again.scan_no, set(again.flags)) == (scan.scan_no, {ScanFlag.RESENT})
            assert cable.read() == b""
            await confirm(driver, scan.scan_no, ScanOutcome.ACCEPTED)
            await heard(cable, ACK + OK_BEEP)
            assert Capability.ACK_AFTER_COMMIT in driver.capabilities


@pytest.mark.parametrize("wire", [piece_by_piece, late], ids=lambda wire: wire.__name__)
async def test_an_ssi_code_of_several_packets_survives_a_bad_wire(
    cable: PtyCable, wire: type
) -> None:
    long = b"0123456789" * 40
    with cable:
        async with zebra(cable, multipacket=True) as driver:
            await heard(cable, b"\0" + SCAN_ENABLE)
            for packet in in_parts(long):
                await wire(PtyFar(cable), [bytes([byte]) for byte in packet])
            scan = await take(driver.scans())
    assert isinstance(scan, Scan)
    assert scan.payload == long


async def test_a_garbled_ssi_packet_is_asked_for_again(cable: PtyCable) -> None:
    with cable:
        async with zebra(cable) as driver:
            await heard(cable, b"\0" + SCAN_ENABLE)
            cable.write(decoded(EAN)[:-2] + b"\0\0")
            await heard(cable, NAK_RESEND)
            cable.write(decoded(EAN, status=RESENT))
            scan = await take(driver.scans())
    assert isinstance(scan, Scan)
    assert (scan.scan_no, scan.payload) == (1, EAN)


async def test_after_a_restart_a_code_that_was_never_committed_comes_again(
    cable: PtyCable,
) -> None:
    with cable:
        async with zebra(cable) as driver:
            cable.write(decoded(EAN))
            await take(driver.scans())
        async with zebra(cable) as driver:
            cable.write(decoded(EAN, status=RESENT))
            scan = await take(driver.scans())
    assert isinstance(scan, Scan)
    assert scan.payload == EAN


async def test_a_character_acknowledges_after_the_commit_and_asks_again_at_once(
    cable: PtyCable,
) -> None:
    with cable:
        async with scanner(cable, ack=Acknowledgement.ACK_NAK, framing=Framing.STX_ETX) as driver:
            stream = driver.scans()
            cable.write(b"\x024601\x03")
            scan = await take(stream)
            assert cable.read() == b""
            await confirm(driver, scan.scan_no, ScanOutcome.REFUSED)
            await heard(cable, b"\x06")
            cable.write(b"\x0246\x024601\x03")
            fault, scan = await take(stream), await take(stream)
            assert isinstance(fault, ScanFault)
            assert fault.kind is FaultKind.BAD_FRAME
            await confirm(driver, fault.scan_no, ScanOutcome.ERROR)
            await confirm(driver, scan.scan_no, ScanOutcome.ACCEPTED)
            await heard(cable, b"\x06\x06")


async def test_too_long_a_code_is_asked_for_again_and_not_acknowledged(cable: PtyCable) -> None:
    with cable:
        async with scanner(cable, ack=Acknowledgement.ACK_NAK) as driver:
            await piece_by_piece(PtyFar(cable), [b"x" * 500] * 10 + [b"\r"])
            fault = await take(driver.scans())
            assert isinstance(fault, ScanFault)
            await heard(cable, b"\x15")
            await confirm(driver, fault.scan_no, ScanOutcome.ERROR)
            assert cable.read() == b""


async def test_a_scanner_that_can_be_stopped_is_stopped_before_a_code_is_refused(
    cable: PtyCable,
) -> None:
    with cable:
        async with scanner(cable, feedback=Feedback.DATALOGIC) as driver:
            await heard(cable, b"E")
            for number in range(64):
                cable.write(b"%d\r" % number)
                await asyncio.sleep(0.052)  # a hand's best speed
            await heard(cable, b"D")
            stream = driver.scans()
            found = [await take(stream) for _ in range(64)]
            assert all(isinstance(one, Scan) for one in found)
            waiting = asyncio.ensure_future(take(stream))
            await heard(cable, b"E")
            cable.write(b"64\r")
            scan = await waiting
            assert isinstance(scan, Scan)
            assert (scan.scan_no, scan.payload) == (65, b"64")


async def test_speed_parity_and_bits_are_those_of_the_settings(cable: PtyCable) -> None:
    settings = {"baud": 2400, "data_bits": 7, "parity": Parity.EVEN, "stop_bits": 2}
    with cable:
        async with scanner(cable, **settings) as driver:
            cable.write(b"4601\r")
            scan = await take(driver.scans())
    assert isinstance(scan, Scan)
    assert scan.payload == b"4601"


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"data_bits": 6}, "data_bits"),
        ({"stop_bits": 3}, "stop_bits"),
        ({"framing": Framing.SSI, "data_bits": 7}, "data_bits"),
        ({"framing": Framing.SSI, "feedback": Feedback.DATALOGIC}, "feedback"),
        ({"feedback": Feedback.ZEBRA}, "feedback"),
        ({"framing": Framing.SSI, "ack": Acknowledgement.ACK_NAK}, "ack"),
        ({"multipacket": True}, "multipacket"),
        ({"prefix": "п"}, "prefix"),
        ({"prefix": "x" * 17}, "prefix"),
        ({"selftest_days": 0}, "selftest_days"),
    ],
)
def test_a_setting_that_does_not_fit_the_framing_names_its_key(
    settings: dict[str, object], key: str
) -> None:
    with pytest.raises(ValueError, match=f"^{key}: "):
        SerialLineSettings(**({"port": "/dev/ttyACM0"} | settings))  # type: ignore[arg-type]
