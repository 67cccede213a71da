"""A serial hand scanner on a real pseudo-terminal: bytes out, host tones back."""

import asyncio
import contextlib
import os
import time
import tty
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ESCAPE: Final = 0x1B
GOOD: Final = frozenset((0x42, 0x01, 0x07))  # `B` and the two forced good reads
BAD_TONE: Final = b"[4q"
WRITE_S: Final = 5.0
READ_BYTES: Final = 4096


@dataclass(slots=True)
class Tones:
    """What the host told the hand, counted; also across split reads."""

    good: int = 0
    bad: int = 0
    lights: int = 0
    _escape: bytes | None = None

    def hear(self, data: bytes) -> None:
        """Take bytes of a Datalogic-like host command stream."""
        for byte in data:
            self._hear(byte)

    def _hear(self, byte: int) -> None:
        if self._escape is not None:
            self._escape += bytes((byte,))
            if len(self._escape) == len(BAD_TONE):
                self._light(self._escape)
                self._escape = None
        elif byte == ESCAPE:
            self._escape = b""
        elif byte in GOOD:
            self.good += 1

    def _light(self, sequence: bytes) -> None:
        if sequence == BAD_TONE:
            self.bad += 1
        else:
            self.lights += 1


class PtyScanner:
    """The device end of one pty. Its host side stays open, so it outlives the service."""

    def __init__(self, master: int) -> None:
        self._master = master
        self.tones = Tones()
        self._turn = asyncio.Lock()

    async def send(self, data: bytes) -> int:
        """Write all bytes; returns CLOCK_MONOTONIC ns after the last. Raises TimeoutError."""
        async with self._turn, asyncio.timeout(WRITE_S):
            left = memoryview(data)
            while left:
                try:
                    left = left[os.write(self._master, left) :]
                except BlockingIOError:
                    await self._writable()
            return time.monotonic_ns()

    async def _writable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_writer(self._master, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_writer(self._master)

    def hear(self) -> None:
        """Read what the host says."""
        with contextlib.suppress(BlockingIOError):
            self.tones.hear(os.read(self._master, READ_BYTES))


def code_bytes(text: str, aim: str) -> bytes:
    """Return what a scanner sends for a code: AIM identifier, text, carriage return."""
    return f"{aim}{text}\r".encode("utf-8", "surrogateescape")


@contextlib.contextmanager
def plugged_in(link: Path) -> Iterator[PtyScanner]:
    """Make the pty and the symbolic link to it; on leaving both are gone."""
    master, slave = os.openpty()
    loop = asyncio.get_running_loop()
    try:
        tty.setraw(slave)
        os.set_blocking(master, False)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(slave))
        scanner = PtyScanner(master)
        loop.add_reader(master, scanner.hear)
        yield scanner
    finally:
        loop.remove_reader(master)
        link.unlink(missing_ok=True)
        os.close(slave)
        os.close(master)
