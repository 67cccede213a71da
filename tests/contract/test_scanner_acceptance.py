"""What other readers get wrong, through the real reader process and recordings of the field.

Grab and rights need a kernel's device: scripts/campaign hil-scanners. Check digits, duplicates and
storage before the tone are the station's: its flow, its loop.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.clock import SystemClock
from drivers.protocols import DeviceName, FaultKind, HealthState, Scan, ScanFault, ScannerDriver
from drivers.scanner.hid_keyboard import HidKeyboardScanner, HidKeyboardSettings
from drivers.scanner.serial_line import SerialLineScanner, SerialLineSettings
from drivers.wire.hid_keys import KeyEnd, KeyProfile
from drivers.wire.hid_messages import HidMatch
from keyboard import KEYPAD_ENTER, TAB, Style, Typist
from scanner_rigs import READER, KeyFar, records

pytest.importorskip("evdev", reason="evdev is the extra `hid`")

EAN = b"4607112010017"
MARK = b"0104607112010017215abC_?:\x1d91TEST"
RECORDINGS = Path(__file__).parents[1] / "data" / "scanners"
SIM = Path(sys.executable).with_name("receiving-sim")
WITHIN_S = 15.0
EVERY_FORM = ("ctrl_bracket", "key:F8", "alt_029")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is typed in one piece, and what must be told."""

    typed: tuple[tuple[Style, bytes], ...]
    told: tuple[bytes | FaultKind, ...]
    end: KeyEnd = KeyEnd.ENTER


CASES = {
    "ean_13_and_enter": Case(typed=((Style(), EAN),), told=(EAN,)),
    "lower_case_and_signs": Case(typed=((Style(), b"abc_?:XYZ"),), told=(b"abc_?:XYZ",)),
    "gs_as_ctrl_bracket": Case(typed=((Style(gs="ctrl"), MARK),), told=(MARK,)),
    "gs_as_f8": Case(typed=((Style(gs="F8"), MARK),), told=(MARK,)),
    "gs_as_alt_029": Case(typed=((Style(gs="alt", taps_num_lock=True), MARK),), told=(MARK,)),
    "keypad_enter": Case(typed=((Style(end=KEYPAD_ENTER), EAN),), told=(EAN,)),
    "tab": Case(typed=((Style(end=TAB), EAN),), told=(EAN,), end=KeyEnd.TAB),
    "two_codes_in_one_read": Case(typed=((Style(), EAN), (Style(), b"4008")), told=(EAN, b"4008")),
    "silence_in_mid_code": Case(typed=((Style(end=0), b"46071"),), told=(FaultKind.NO_TERMINATOR,)),
}


@pytest.fixture(scope="module", params=[KeyEnd.ENTER, KeyEnd.TAB])
def end(request: pytest.FixtureRequest) -> KeyEnd:
    found: KeyEnd = request.param
    return found


def keyboard(name: str, folder: Path, profile: KeyProfile) -> HidKeyboardScanner:
    settings = HidKeyboardSettings(match=HidMatch(by_id=name), profile=profile)
    reader = (sys.executable, "-P", str(READER), str(folder))
    return HidKeyboardScanner(DeviceName(name), settings, SystemClock(), reader=reader)


async def take(stream: AsyncIterator[Scan | ScanFault]) -> bytes | FaultKind:
    async with asyncio.timeout(WITHIN_S):
        told = await anext(stream)
    return told.payload if isinstance(told, Scan) else told.kind


async def there(driver: ScannerDriver) -> None:
    async with asyncio.timeout(WITHIN_S):
        async for health in driver.healths():
            if health.state is HealthState.OK:
                return


async def test_what_others_cut_join_and_lose_comes_once_and_whole(
    tmp_path: Path, end: KeyEnd
) -> None:
    far = KeyFar(tmp_path / "keyboard")
    far.plug()
    try:
        async with keyboard("keyboard", tmp_path, KeyProfile(end=end, gs=EVERY_FORM)) as driver:
            await there(driver)
            stream = driver.scans()
            for name, case in CASES.items():
                if case.end is not end:
                    continue
                events = [e for style, text in case.typed for e in Typist(style).code(text)]
                await far.put(records(events))
                assert [await take(stream) for _ in case.told] == list(case.told), name
    finally:
        far.unplug()


@contextmanager
def replayed(recording: str, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the simulator's player; a line to it plays once more."""
    command = [str(SIM), "scanner", "--replay", str(RECORDINGS / recording), "--run", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.stdin.close()


def begin(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()


async def test_a_recorded_overflow_is_one_fault_and_the_next_code_is_whole(tmp_path: Path) -> None:
    with replayed("stalled_reader.csv", tmp_path) as process:
        async with keyboard("hand-1", tmp_path, KeyProfile()) as driver:
            await there(driver)
            begin(process)
            stream = driver.scans()
            assert [await take(stream) for _ in range(2)] == [FaultKind.DROPPED, b"4601234567893"]


async def test_two_recorded_scanners_at_once_stay_apart(tmp_path: Path) -> None:
    with replayed("two_at_once.csv", tmp_path) as process:
        one = keyboard("hand-1", tmp_path, KeyProfile(gs=("key:F8",)))
        two = keyboard("hand-2", tmp_path, KeyProfile())
        async with one, two:
            await asyncio.gather(there(one), there(two))
            begin(process)
            assert await take(one.scans()) == b"111111111111"
            assert await take(two.scans()) == b"222222\x1d222222"


async def test_a_recorded_serial_line_gives_whole_codes_and_a_fault(tmp_path: Path) -> None:
    with replayed("serial_torn.csv", tmp_path) as process:
        settings = SerialLineSettings(port=str(tmp_path / "hand-3"))
        async with SerialLineScanner(DeviceName("hand-3"), settings, SystemClock()) as driver:
            await there(driver)
            begin(process)
            stream = driver.scans()
            told = [await take(stream) for _ in range(4)]
    mark = b"010460711201001721A\x1d91B"
    assert told == [b"4601", mark, FaultKind.NO_TERMINATOR, b"4602"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("device,t_us\n", "line 1"),
        ("device,t_us,type,code,value\nhand-1,0,1,x,1\n", "line 2"),
        ("device,t_us,type,code,value\nhand-1,0,byte,,256\n", "no byte"),
        ("device,t_us,type,code,value\nhand-1,5,1,2,1\nhand-1,4,1,2,0\n", "times go back"),
    ],
)
async def test_a_recording_that_is_none_is_one_clear_line(
    tmp_path: Path, text: str, wrong: str
) -> None:
    (tmp_path / "wrong.csv").write_text(text)
    command = [str(SIM), "scanner", "--replay", str(tmp_path / "wrong.csv"), "--run", "x"]
    process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE)
    async with asyncio.timeout(WITHIN_S):
        _, said = await process.communicate()
    assert process.returncode == 1
    assert wrong in said.decode()
    assert said.count(b"\n") == 1
