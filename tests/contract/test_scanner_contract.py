"""What every scanner driver promises, over every driver and every wire.

A new driver is one line in SCANNERS.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from drivers.clock import SystemClock
from drivers.errors import DriverLostError
from drivers.protocols import (
    SCAN_BYTES_MAX,
    Capability,
    Deadline,
    DeviceHealth,
    FaultKind,
    HealthState,
    Scan,
    ScanFault,
    ScanOutcome,
)
from scanner_rigs import (
    Factory,
    Rig,
    Wire,
    example,
    hid_keyboard,
    late,
    memory,
    perfect,
    piece_by_piece,
    serial_line,
    until,
)

SCANNERS: list[Factory] = [
    memory,
    serial_line,
    hid_keyboard,
    example,
]
WIRES: list[Wire] = [perfect, piece_by_piece, late]
WITHIN_S = 10.0
CODES = [b"4607112010017", b"010460711201001721abC\x1d91TE_T", b"RX-1 {}~", b"4607112010017"]

Told = Scan | ScanFault


@pytest.fixture(params=SCANNERS, ids=lambda factory: factory.__name__)
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with request.param(tmp_path) as made:
        yield made


async def take(stream: AsyncIterator[Told], count: int) -> list[Told]:
    async with asyncio.timeout(WITHIN_S):
        return [await anext(stream) for _ in range(count)]


async def take_until(stream: AsyncIterator[Told], payload: bytes) -> list[Told]:
    """Return all up to and with the scan of `payload`."""
    found: list[Told] = []
    while not (found and isinstance(found[-1], Scan) and found[-1].payload == payload):
        found += await take(stream, 1)
    return found


async def take_all(stream: AsyncIterator[Told], found: list[Told]) -> None:
    """Put all there is into `found`, up to the end of the stream or its error."""
    async with asyncio.timeout(WITHIN_S):
        async for told in stream:
            found.append(told)  # noqa: PERF401 - what came before the error is wanted too


async def light(rig: Rig, state: HealthState) -> DeviceHealth:
    async with asyncio.timeout(WITHIN_S):
        async for health in rig.driver.healths():
            if health.state is state:
                return health
    raise AssertionError("the lights ended")


def texts(found: list[Told]) -> list[bytes | FaultKind]:
    return [one.payload if isinstance(one, Scan) else one.kind for one in found]


async def send(rig: Rig, payload: bytes) -> None:
    await perfect(rig.far, rig.far.pieces(payload))


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.__name__)
async def test_every_code_arrives_once_in_order_and_equal(rig: Rig, wire: Wire) -> None:
    async with rig.driver as driver:
        before_ns = SystemClock().monotonic_ns() - 1_000_000  # kernel times count microseconds
        stream = driver.scans()
        for code in CODES:
            await wire(rig.far, rig.far.pieces(code))
        found = await take(stream, len(CODES))
        assert texts(found) == CODES
        assert [one.scan_no for one in found] == [1, 2, 3, 4]
        for scan in found:
            assert isinstance(scan, Scan)
            assert scan.device == driver.name
            assert before_ns <= scan.first_ns <= scan.at_ns <= SystemClock().monotonic_ns()


async def test_numbers_go_on_when_the_driver_is_entered_again(rig: Rig) -> None:
    async with rig.driver as driver:
        await send(rig, CODES[0])
        (first,) = await take(driver.scans(), 1)
    async with rig.driver as driver:
        await send(rig, CODES[1])
        (second,) = await take(driver.scans(), 1)
    assert texts([first, second]) == CODES[:2]
    assert [first.scan_no, second.scan_no] == [1, 2]


async def test_a_wire_that_loses_the_rest_of_a_code_gives_a_fault_and_the_next_is_whole(
    rig: Rig,
) -> None:
    async with rig.driver as driver:
        stream = driver.scans()
        await perfect(rig.far, rig.far.pieces(b"46071120", is_ended=False))
        await rig.far.rest()
        (fault,) = await take(stream, 1)
        assert isinstance(fault, ScanFault)
        assert fault.kind is FaultKind.NO_TERMINATOR
        assert (fault.chars, fault.head) == (8, b"")
        await perfect(rig.far, rig.far.pieces(b"", is_ended=True))
        await send(rig, CODES[0])
        assert texts(await take(stream, 1)) == [CODES[0]]


async def test_too_long_a_code_is_refused_with_its_digest_and_the_next_is_whole(rig: Rig) -> None:
    long = b"long" * (SCAN_BYTES_MAX // 4) + b"!"
    async with rig.driver as driver:
        stream = driver.scans()
        await send(rig, long)
        await send(rig, CODES[0])
        fault, scan = await take(stream, 2)
        assert isinstance(fault, ScanFault)
        assert fault.kind is FaultKind.OVERLONG
        assert (fault.chars, fault.head) == (len(long), long[:64])
        assert fault.digest == sha256(long).hexdigest()
        assert texts([scan]) == [CODES[0]]


async def test_several_codes_in_one_shot_are_a_flood_that_is_told(rig: Rig) -> None:
    async with rig.driver as driver:
        await perfect(rig.far, [p for _ in range(25) for p in rig.far.pieces(b"4601")])
        found = texts(await take(driver.scans(), 25))
        assert found == [b"4601"] * 20 + [FaultKind.FLOOD] * 5


async def test_the_present_light_comes_first_and_closing_ends_the_codes(rig: Rig) -> None:
    async with rig.driver as driver:
        health = await anext(driver.healths())
        assert (health.device, health.state) == (driver.name, HealthState.OK)
        stream = driver.scans()
        rest = asyncio.ensure_future(anext(stream, None))
        await asyncio.sleep(0)
    assert await rest is None
    assert (await anext(rig.driver.healths())).state is HealthState.LOST


async def test_codes_are_asked_for_only_while_open(rig: Rig) -> None:
    with pytest.raises(DriverLostError):
        rig.driver.scans()


async def test_unplug_inside_a_code_tells_no_text_and_replug_joins_nothing(rig: Rig) -> None:
    async with rig.driver as driver:
        stream = driver.scans()
        await send(rig, CODES[1])
        await perfect(rig.far, rig.far.pieces(b"46071120", is_ended=False))
        assert texts(await take(stream, 1)) == [CODES[1]]
        rig.far.unplug()
        await light(rig, HealthState.LOST)
        torn: list[Told] = []
        if rig.reopens:
            with pytest.raises(DriverLostError):
                await take_all(stream, torn)
        else:
            torn += await take(stream, 1)
            rig.far.plug()
            await light(rig, HealthState.OK)
            await send(rig, CODES[0])
            assert texts(await take(stream, 1)) == [CODES[0]]
    assert {told.kind for told in torn if isinstance(told, ScanFault)} <= {FaultKind.UNPLUGGED}
    assert all(isinstance(told, ScanFault) and told.head == b"" for told in torn)
    if rig.reopens:
        rig.far.plug()
        async with rig.driver as driver:
            await send(rig, CODES[0])
            assert texts(await take(driver.scans(), 1)) == [CODES[0]]


async def test_a_tone_reaches_the_hand_where_the_driver_claims_it(rig: Rig) -> None:
    async with rig.driver as driver:
        await send(rig, CODES[0])
        (scan,) = await take(driver.scans(), 1)
        assert not rig.far.heard()
        deadline = Deadline.after(2.0, SystemClock())
        await driver.confirm(scan.scan_no, ScanOutcome.ACCEPTED, deadline)
        if Capability.TONE in driver.capabilities:
            await until(rig.far.heard, WITHIN_S)
        assert not rig.far.heard()


@pytest.mark.parametrize("factory", [memory, serial_line, example])
async def test_ten_kilobytes_of_noise_are_faults_and_the_next_code_is_whole(
    factory: Factory, tmp_path: Path
) -> None:
    noise = random.Random(7).randbytes(10_240)
    async with factory(tmp_path) as rig, rig.driver as driver:
        stream = driver.scans()
        reading = asyncio.ensure_future(take_until(stream, CODES[0]))
        await rig.far.put(noise + b"\r")
        await send(rig, CODES[0])
        found = await reading
        faults = [told for told in found if isinstance(told, ScanFault)]
        assert FaultKind.CONTROL_CHAR in {fault.kind for fault in faults}
        assert sum(fault.chars for fault in faults) > 9_000
        assert len(found) < 64
