"""A scanner driver as CONTRIBUTING describes it: a fixed scanner that sends codes over TCP.

One module, one registry row, one line in the contract's parameters.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from drivers.errors import DriverLostError, DriverNotFoundError
from drivers.protocols import (
    PENDING_SCANS_MAX,
    Capability,
    Clock,
    Deadline,
    DeviceHealth,
    DeviceName,
    HealthState,
    Scan,
    ScanFault,
    ScanOutcome,
    ScanSource,
)
from drivers.thread_bridge import Handover, HealthFeed
from drivers.wire.code_gate import CodeGate, GateRules, overrun
from drivers.wire.line_codes import LineCodes
from drivers.wire.serial_frames import FrameRules

OPEN_WITHIN_S = 2.0
LOOK_S = 0.05

ROW = ("example_scanner", "TcpScanner", "TcpScannerSettings")


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpScannerSettings:
    """Where the scanner listens. `gap_ms` of silence refuse an open code."""

    host: str
    port: int
    gap_ms: int = 1000

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise ValueError(f"port: {self.port}: 1 to 65535")


class TcpScanner:
    """Codes end with CR; the scanner gives no tones."""

    def __init__(self, name: DeviceName, settings: TcpScannerSettings, clock: Clock) -> None:
        self.name = name
        self.capabilities = frozenset({Capability.GS})
        self._settings = settings
        self._clock = clock
        self._numbers = itertools.count(1)
        self._health = HealthFeed(name)
        self._queue: Handover[Scan | ScanFault] | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        address = f"{self._settings.host}:{self._settings.port}"
        try:
            async with asyncio.timeout(OPEN_WITHIN_S):
                link = await asyncio.open_connection(self._settings.host, self._settings.port)
        except OSError as error:
            self._health.show(HealthState.LOST, "not found")
            raise DriverNotFoundError(self.name, f"connect to {address}", str(error)) from error
        self._queue = Handover(PENDING_SCANS_MAX, overrun)
        self._task = asyncio.create_task(self._read(*link, self._queue), name=f"tcp[{self.name}]")
        self._health.show(HealthState.OK)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._task is not None and self._queue is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._queue.finish()
        self._task = self._queue = None
        self._health.show(HealthState.LOST, "closed")

    def scans(self) -> AsyncIterator[Scan | ScanFault]:
        if self._queue is None:
            raise DriverLostError(self.name, "read codes", "not open")
        return self._queue.items()

    def healths(self) -> AsyncIterator[DeviceHealth]:
        return self._health.stream()

    async def confirm(self, scan_no: int, outcome: ScanOutcome, deadline: Deadline) -> None:
        """Do nothing: this scanner has no tone."""

    async def _read(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        queue: Handover[Scan | ScanFault],
    ) -> None:
        gate = CodeGate(self.name, ScanSource.SERIAL, GateRules(), numbers=self._numbers)
        codes = LineCodes(FrameRules(silence_ns=self._settings.gap_ms * 1_000_000), gate)
        try:
            while data := await self._look(reader, codes, queue):
                for told in codes.feed(data, self._clock.monotonic_ns()):
                    queue.put(told)
            for told in codes.cut(self._clock.monotonic_ns()):
                queue.put(told)
            queue.finish(DriverLostError(self.name, "read codes", "the scanner hung up"))
            self._health.show(HealthState.LOST, "unplugged")
        finally:
            writer.close()

    async def _look(
        self,
        reader: asyncio.StreamReader,
        codes: LineCodes,
        queue: Handover[Scan | ScanFault],
    ) -> bytes:
        """Return bytes, or none at the end; silence is noted on the way."""
        while True:
            asked_ns = self._clock.monotonic_ns()
            try:
                async with asyncio.timeout(LOOK_S):
                    return await reader.read(4096)
            except TimeoutError:
                for told in codes.tick(asked_ns):
                    queue.put(told)
            except ConnectionError:
                return b""
