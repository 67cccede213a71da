"""Benches for scanner drivers: each holds a driver and the far end of its cable."""

import asyncio
import os
import struct
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from drivers.clock import SystemClock
from drivers.memory.scanner import MemoryScanner, MemoryScannerSettings
from drivers.protocols import DeviceName, ScannerDriver
from drivers.registry import DRIVERS, driver_class
from drivers.scanner.hid_keyboard import HidKeyboardScanner, HidKeyboardSettings
from drivers.scanner.serial_line import SerialLineScanner, SerialLineSettings
from drivers.wire.hid_messages import HidMatch
from drivers.wire.scanner_feedback import Feedback
from example_scanner import ROW, TcpScanner, TcpScannerSettings
from keyboard import Event, Style, Typist
from ptys import PtyCable

NAME = DeviceName("hand-1")
GAP_MS = 300
READER = Path(__file__).with_name("piped_reader.py")


async def until(is_so: Callable[[], bool], within_s: float = 10.0) -> None:
    """Ask again and again until the far end says yes. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not is_so():  # noqa: ASYNC110 - the far end is a file, it has no event
            await asyncio.sleep(0.001)


class Far(Protocol):
    """The scanner's end of the cable."""

    def pieces(self, payload: bytes, *, is_ended: bool = True) -> list[bytes]:
        """Return the smallest pieces in which a code can arrive."""

    async def put(self, data: bytes) -> None:
        """Send joined pieces."""

    async def rest(self) -> None:
        """Be silent until an open code is given up, where somebody must say so."""

    def unplug(self) -> None:
        """Pull the cable."""

    def plug(self) -> None:
        """Put it back."""

    def heard(self) -> bool:
        """Return whether a tone arrived since the last look."""


@dataclass(frozen=True, slots=True)
class Rig:
    """`reopens`: whether the driver is entered again after an unplug, or finds back by itself."""

    driver: ScannerDriver
    far: Far
    reopens: bool = True


Factory = Callable[[Path], AbstractAsyncContextManager[Rig]]


def _bytes(payload: bytes, *, is_ended: bool) -> list[bytes]:
    return [bytes([byte]) for byte in payload + (b"\r" if is_ended else b"")]


@dataclass(slots=True)
class MemoryFar:
    """The methods of the double."""

    driver: MemoryScanner
    _heard: int = 0

    def pieces(self, payload: bytes, *, is_ended: bool = True) -> list[bytes]:
        return _bytes(payload, is_ended=is_ended)

    async def put(self, data: bytes) -> None:
        self.driver.feed(data)

    async def rest(self) -> None:
        await asyncio.sleep(GAP_MS / 1000)
        self.driver.pause()

    def unplug(self) -> None:
        self.driver.unplug()

    def plug(self) -> None:
        self.driver.plug()

    def heard(self) -> bool:
        before, self._heard = self._heard, len(self.driver.confirmed)
        return self._heard > before


@dataclass(slots=True)
class PtyFar:
    """A pseudo-terminal."""

    cable: PtyCable

    def pieces(self, payload: bytes, *, is_ended: bool = True) -> list[bytes]:
        return _bytes(payload, is_ended=is_ended)

    async def put(self, data: bytes) -> None:
        while data:
            data = data[self.cable.write(data) :]
            await asyncio.sleep(0.001 if data else 0)

    async def rest(self) -> None:
        """Nothing to say: the driver sees an empty line."""

    def unplug(self) -> None:
        self.cable.unplug()

    def plug(self) -> None:
        self.cable.plug()

    def heard(self) -> bool:
        return b"B" in self.cable.read()


@dataclass(slots=True)
class TcpFar:
    """A listening scanner."""

    server: asyncio.Server
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def pieces(self, payload: bytes, *, is_ended: bool = True) -> list[bytes]:
        return _bytes(payload, is_ended=is_ended)

    async def put(self, data: bytes) -> None:
        await until(lambda: bool(self.writers))
        self.writers[-1].write(data)
        await self.writers[-1].drain()

    async def rest(self) -> None:
        """Nothing to say: the driver sees an empty line."""

    def unplug(self) -> None:
        while self.writers:
            self.writers.pop().close()

    def plug(self) -> None:
        """It listens all the time."""

    def heard(self) -> bool:
        return False


_RECORD = struct.Struct("llHHi")
_CHANGE = struct.Struct("HHi")
_RECORDS_AT_ONCE = 4096 // _RECORD.size  # a pipe takes so much in one piece or not at all


def records(events: list[Event]) -> bytes:
    """Return events in the shape that `KeyFar.put` takes."""
    return b"".join(_CHANGE.pack(event.kind, event.code, event.value) for event in events)


@dataclass(slots=True)
class KeyFar:
    """A named pipe with kernel records; stamped when they are sent, as the kernel does."""

    path: Path
    _fd: int = -1

    def pieces(self, payload: bytes, *, is_ended: bool = True) -> list[bytes]:
        style = Style() if is_ended else Style(end=0)
        return [records([event]) for event in Typist(style).code(payload)]

    async def put(self, data: bytes) -> None:
        now_us = time.monotonic_ns() // 1000
        records = [
            _RECORD.pack(now_us // 1_000_000, now_us % 1_000_000, *change)
            for change in _CHANGE.iter_unpack(data)
        ]
        for start in range(0, len(records), _RECORDS_AT_ONCE):
            block = b"".join(records[start : start + _RECORDS_AT_ONCE])
            await until(partial(self._write, block))

    def _write(self, block: bytes) -> bool:
        try:
            return os.write(self._fd, block) == len(block)
        except BlockingIOError:
            return False

    async def rest(self) -> None:
        """Nothing to say: the reader sees an empty device."""

    def unplug(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            self.path.unlink()

    def plug(self) -> None:
        os.mkfifo(self.path)
        self._fd = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)

    def heard(self) -> bool:
        return False


@asynccontextmanager
async def memory(folder: Path) -> AsyncIterator[Rig]:
    """The double."""
    driver = MemoryScanner(NAME, MemoryScannerSettings(gap_ms=GAP_MS), SystemClock())
    yield Rig(driver, MemoryFar(driver))


@asynccontextmanager
async def serial_line(folder: Path) -> AsyncIterator[Rig]:
    """A real pseudo-terminal."""
    with PtyCable(folder / "scanner") as cable:
        settings = SerialLineSettings(
            port=str(cable.path), gap_ms=GAP_MS, feedback=Feedback.DATALOGIC
        )
        yield Rig(SerialLineScanner(NAME, settings, SystemClock()), PtyFar(cable))


@asynccontextmanager
async def hid_keyboard(folder: Path) -> AsyncIterator[Rig]:
    """The real reader process over a pipe of kernel records."""
    pytest.importorskip("evdev", reason="evdev is the extra `hid`")
    far = KeyFar(folder / "keyboard")
    far.plug()
    settings = HidKeyboardSettings(match=HidMatch(by_id=far.path.name))
    reader = (sys.executable, "-P", str(READER), str(folder))
    driver = HidKeyboardScanner(NAME, settings, SystemClock(), reader=reader)
    try:
        yield Rig(driver, far, reopens=False)
    finally:
        far.unplug()


@asynccontextmanager
async def example(folder: Path) -> AsyncIterator[Rig]:
    """The driver of the recipe, found through a registry with one row more."""
    far: TcpFar

    def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far.writers.append(writer)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    far = TcpFar(server)
    settings = TcpScannerSettings(
        host="127.0.0.1", port=server.sockets[0].getsockname()[1], gap_ms=GAP_MS
    )
    made = driver_class("scanner.example", {**DRIVERS, "scanner.example": ROW})
    driver: TcpScanner = made(NAME, settings, SystemClock())
    try:
        yield Rig(driver, far)
    finally:
        far.unplug()
        server.close()
        await server.wait_closed()


Wire = Callable[[Far, list[bytes]], Awaitable[None]]


async def perfect(far: Far, pieces: list[bytes]) -> None:
    """Everything at once."""
    await far.put(b"".join(pieces))


async def piece_by_piece(far: Far, pieces: list[bytes]) -> None:
    """The smallest pieces, one after the other."""
    for piece in pieces:
        await far.put(piece)


async def late(far: Far, pieces: list[bytes]) -> None:
    """Handfuls with rests between them, shorter than those that give a code up."""
    for start in range(0, len(pieces), 7):
        await far.put(b"".join(pieces[start : start + 7]))
        await asyncio.sleep(0.004)
