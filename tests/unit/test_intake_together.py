"""What a camera shows at one moment is handed over together; nothing else waits."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from codes import scan_of
from drivers.errors import DriverLostError
from drivers.protocols import DeviceName, FaultKind, Scan, ScanFault, ScanSource
from edge.intake import TOGETHER_MAX, together

FAULT = ScanFault(scan_no=1, device=DeviceName("cam-1"), kind=FaultKind.OVERRUN, chars=0, at_ns=0)


def seen(text: str) -> Scan:
    return scan_of(text, source="camera")


def scanned(text: str) -> Scan:
    return replace(scan_of(text), source=ScanSource.HID)


async def of(*codes: Scan | ScanFault, lost: bool = False) -> AsyncIterator[Scan | ScanFault]:
    for code in codes:
        yield code
    if lost:
        raise DriverLostError("cam-1", "read codes", "gone")


async def groups(codes: AsyncIterator[Scan | ScanFault]) -> list[list[Scan | ScanFault]]:
    return [group async for group in together(codes)]


async def test_codes_of_one_picture_come_in_one_list() -> None:
    one, two = seen("1"), seen("2")
    assert await groups(of(one, two)) == [[one, two]]


async def test_a_hand_scanners_codes_come_one_by_one() -> None:
    one, two = scanned("1"), scanned("2")
    assert await groups(of(one, two)) == [[one], [two]]


async def test_a_fault_between_parts_them_and_nothing_is_left_out() -> None:
    one, two = seen("1"), seen("2")
    assert await groups(of(one, FAULT, two)) == [[one], [FAULT], [two]]


async def test_a_full_list_is_handed_over() -> None:
    many = [seen(str(n)) for n in range(TOGETHER_MAX + 1)]
    found = await groups(of(*many))
    assert [len(group) for group in found] == [TOGETHER_MAX, 1]


async def test_a_lost_device_is_told_after_what_it_showed() -> None:
    found: list[list[Scan | ScanFault]] = []

    async def read() -> None:
        async for group in together(of(seen("1"), lost=True)):
            found.append(group)  # noqa: PERF401 - the list is kept when the error comes

    with pytest.raises(DriverLostError):
        await read()
    assert [len(group) for group in found] == [1]


async def test_a_code_that_comes_later_waits_for_nobody() -> None:
    gate = asyncio.Event()

    async def slow() -> AsyncIterator[Scan | ScanFault]:
        yield seen("1")
        await gate.wait()
        yield seen("2")

    found: list[int] = []
    async for group in together(slow()):
        found.append(len(group))
        gate.set()
    assert found == [1, 1]
