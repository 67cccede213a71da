"""The keyboard reader process: its end, its death, its slow client, and finding the device."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.clock import SystemClock
from drivers.errors import DriverNotFoundError
from drivers.protocols import (
    DeviceHealth,
    FaultKind,
    HealthState,
    Scan,
    ScanFault,
    ScanSource,
)
from drivers.scanner import hid_keyboard as client
from drivers.scanner.hid_keyboard import HidKeyboardScanner, HidKeyboardSettings
from drivers.wire.hid_keys import KeyProfile
from drivers.wire.hid_messages import Beat, HidMatch, ReaderSetup, Told, decode, encode_setup
from scanner_rigs import NAME, READER, KeyFar, Rig, hid_keyboard, perfect

hid_reader = pytest.importorskip("drivers.scanner.hid_reader", reason="evdev is the extra `hid`")

EAN = b"4607112010017"
WITHIN_S = 10.0


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with hid_keyboard(tmp_path) as made:
        yield made


async def take(stream: AsyncIterator[Scan | ScanFault], count: int) -> list[Scan | ScanFault]:
    async with asyncio.timeout(WITHIN_S):
        return [await anext(stream) for _ in range(count)]


async def type_code(rig: Rig, payload: bytes, *, is_ended: bool = True) -> None:
    await perfect(rig.far, rig.far.pieces(payload, is_ended=is_ended))


def reader_pid() -> int:
    """Return the id of the one reader that this process has started."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()
    readers = [pid for pid in children if READER.name in _command_of(pid)]
    assert len(readers) == 1, readers
    return int(readers[0])


def _command_of(pid: str) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")


async def light(rig: Rig, state: HealthState) -> None:
    async with asyncio.timeout(WITHIN_S):
        async for health in rig.driver.healths():
            if health.state is state:
                return


async def test_a_reader_killed_inside_a_code_is_told_and_replaced(rig: Rig) -> None:
    async with rig.driver as driver:
        stream = driver.scans()
        await type_code(rig, EAN)
        assert isinstance((await take(stream, 1))[0], Scan)
        await type_code(rig, b"46071", is_ended=False)
        os.kill(reader_pid(), signal.SIGKILL)
        (fault,) = await take(stream, 1)
        assert isinstance(fault, ScanFault)
        assert fault.kind is FaultKind.DROPPED
        await light(rig, HealthState.OK)
        await type_code(rig, b"42")
        (scan,) = await take(stream, 1)
        assert isinstance(scan, Scan)
        assert (scan.payload, scan.scan_no) == (b"42", 3)


async def test_a_reader_that_is_silent_for_two_seconds_is_replaced(rig: Rig) -> None:
    async with rig.driver as driver:
        stopped = reader_pid()
        os.kill(stopped, signal.SIGSTOP)
        (fault,) = await take(driver.scans(), 1)
        assert isinstance(fault, ScanFault)
        assert fault.kind is FaultKind.DROPPED
        await light(rig, HealthState.OK)
        assert reader_pid() != stopped


async def test_a_reader_that_starts_slowly_is_waited_for(tmp_path: Path) -> None:
    """A machine under load: longer than the silence that replaces a running reader."""
    far = KeyFar(tmp_path / "keyboard")
    far.plug()
    slow = f"import time, runpy, sys; time.sleep(2.5); sys.argv = ['', {str(tmp_path)!r}]; "
    slow += f"runpy.run_path({str(READER)!r}, run_name='__main__')"
    settings = HidKeyboardSettings(match=HidMatch(by_id="keyboard"))
    reader = (sys.executable, "-P", "-c", slow)
    driver = HidKeyboardScanner(NAME, settings, SystemClock(), reader=reader)
    rig = Rig(driver, far, reopens=False)
    try:
        async with driver:
            await light(rig, HealthState.OK)
            await type_code(rig, EAN)
            assert isinstance((await take(driver.scans(), 1))[0], Scan)
    finally:
        far.unplug()


async def test_a_stalled_service_loses_no_code(rig: Rig) -> None:
    async with rig.driver as driver:
        stream = driver.scans()
        sent = [b"%013d" % number for number in range(60)]
        far = rig.far
        assert isinstance(far, KeyFar)
        for payload in sent:
            await perfect(far, far.pieces(payload))
            time.sleep(0.055)  # noqa: ASYNC251 - the stall; codes come at a hand's best speed
        found = await take(stream, len(sent))
        assert [one.payload for one in found if isinstance(one, Scan)] == sent


async def test_codes_that_nobody_takes_are_refused_and_counted(rig: Rig) -> None:
    async with rig.driver as driver:
        for number in range(70):
            await type_code(rig, b"%013d" % number)
            await asyncio.sleep(0.052)  # a hand's best speed
        found = await take(driver.scans(), 65)
        assert [one.scan_no for one in found[:64]] == list(range(1, 65))
        overrun = found[64]
        assert isinstance(overrun, ScanFault)
        assert (overrun.kind, overrun.scan_no, overrun.chars) == (FaultKind.OVERRUN, 70, 6 * 13)


async def test_an_absent_keyboard_is_waited_for(rig: Rig) -> None:
    rig.far.unplug()
    async with rig.driver as driver:
        health = await anext(driver.healths())
        assert (health.state, health.reason) == (HealthState.LOST, "unplugged")
        rig.far.plug()
        await light(rig, HealthState.OK)
        await type_code(rig, EAN)
        assert isinstance((await take(driver.scans(), 1))[0], Scan)


async def test_a_missing_evdev_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    settings = HidKeyboardSettings(match=HidMatch(by_id="keyboard"))
    driver = HidKeyboardScanner(NAME, settings, SystemClock())
    with pytest.raises(DriverNotFoundError, match=r"receiving-edge\[hid\]") as told:
        await driver.__aenter__()
    assert "\n" not in str(told.value)


async def test_a_program_that_is_no_reader_is_told() -> None:
    settings = HidKeyboardSettings(match=HidMatch(by_id="keyboard"))
    command = (sys.executable, "-c", "print('hello'); input(); input()")
    driver = HidKeyboardScanner(NAME, settings, SystemClock(), reader=command)
    with pytest.raises(DriverNotFoundError, match="reader does not start"):
        await driver.__aenter__()
    missing = HidKeyboardScanner(NAME, settings, SystemClock(), reader=("/no/such/reader",))
    with pytest.raises(DriverNotFoundError, match="reader does not start"):
        await missing.__aenter__()


def start(folder: Path) -> "subprocess.Popen[bytes]":
    setup = ReaderSetup(name=NAME, match=HidMatch(by_id="keyboard"), profile=KeyProfile())
    process = subprocess.Popen(
        [sys.executable, "-P", str(READER), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(encode_setup(setup))
    process.stdin.flush()
    return process


def test_the_reader_ends_with_its_stdin(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        told: list[Told] = [decode(process.stdout.readline()) for _ in range(2)]
        assert Beat() in told
        process.stdin.close()
        assert process.wait(WITHIN_S) == 0


def test_the_reader_ends_when_nobody_reads_it(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(WITHIN_S) == 0


def test_a_client_that_does_not_read_is_told_what_was_refused() -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    outbox = hid_reader.Outbox(write_end)
    sent = [_scan(number) for number in range(1, 201)]
    for scan in sent:
        outbox.add(scan)
    outbox.add(DeviceHealth(device=NAME, state=HealthState.OK))
    outbox.add(Beat())
    with os.fdopen(read_end, "rb") as lines:
        told: list[Told] = []
        while not (told and isinstance(told[-1], DeviceHealth)):
            outbox.flush()
            told.append(decode(lines.readline()))
    os.close(write_end)
    kept = [one for one in told if isinstance(one, Scan)]
    assert kept == sent[: len(kept)]
    assert 64 <= len(kept) < 200
    overrun = told[len(kept)]
    assert isinstance(overrun, ScanFault)
    assert (overrun.kind, overrun.scan_no) == (FaultKind.OVERRUN, 200)
    assert overrun.chars == 3000 * (200 - len(kept))
    assert outbox.is_empty


def _scan(number: int) -> Scan:
    return Scan(
        scan_no=number,
        payload=b"x" * 3000,
        device=NAME,
        source=ScanSource.HID,
        first_ns=number,
        at_ns=number,
    )


def test_the_client_gives_the_reader_two_seconds() -> None:
    assert client.LOOK_S * client.SILENT_LOOKS_MAX == 2.0
    assert hid_reader.BEAT_S < 2.0


async def test_a_pulled_scanner_is_ready_again_soon(rig: Rig) -> None:
    async with rig.driver as driver:
        rig.far.unplug()
        await light(rig, HealthState.LOST)
        rig.far.plug()
        await light(rig, HealthState.OK)
        await type_code(rig, EAN)
        assert isinstance((await take(driver.scans(), 1))[0], Scan)
