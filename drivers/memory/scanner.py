"""A hand scanner without hardware: bytes go in by method, as a serial scanner would send them.

Keeps every promise of a real one: framing, gate, bounded queue, loss, numbers over re-opening.
"""

import itertools
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from drivers.errors import DriverLostError, DriverNotFoundError, DriverTimeoutError
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
from drivers.wire.code_gate import CodeGate, GateRules, gs_texts, overrun
from drivers.wire.line_codes import LineCodes
from drivers.wire.serial_frames import FrameRules

CONFIRMED_MAX = 256  # newest outcomes that are remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryScannerSettings:
    """As of a serial scanner: `aim` = codes carry the AIM identifier, `gs` = forms of GS."""

    aim: bool = False
    gs: tuple[str, ...] = ()
    gap_ms: int = 1000

    def __post_init__(self) -> None:
        gs_texts(self.gs)


class MemoryScanner:
    """A ScannerDriver whose line is `feed`; every method is called on the loop."""

    def __init__(self, name: DeviceName, settings: MemoryScannerSettings, clock: Clock) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._numbers = itertools.count(1)
        self._health = HealthFeed(name)
        self._is_plugged = True
        self._codes: LineCodes | None = None
        self._queue: Handover[Scan | ScanFault] | None = None
        self.confirmed: deque[tuple[int, ScanOutcome]] = deque(maxlen=CONFIRMED_MAX)

    @property
    def name(self) -> DeviceName:
        """Return the configured name."""
        return self._name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return TONE and GS, and AIM as configured."""
        found = {Capability.TONE, Capability.GS}
        return frozenset(found | {Capability.AIM}) if self._settings.aim else frozenset(found)

    async def __aenter__(self) -> Self:
        """Open. Raises DriverNotFoundError while unplugged."""
        if not self._is_plugged:
            self._health.show(HealthState.LOST, "not found")
            raise DriverNotFoundError(self._name, "open", "unplugged")
        rules = GateRules(aim=self._settings.aim, texts=gs_texts(self._settings.gs))
        gate = CodeGate(self._name, ScanSource.SERIAL, rules, numbers=self._numbers)
        silence_ns = self._settings.gap_ms * 1_000_000
        self._codes = LineCodes(FrameRules(silence_ns=silence_ns), gate)
        self._queue = Handover(PENDING_SCANS_MAX, overrun)
        self._health.show(HealthState.OK)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; what was not taken is gone."""
        if self._queue is not None:
            self._queue.finish()
        self._codes = self._queue = None
        self._health.show(HealthState.LOST, "closed")

    def scans(self) -> AsyncIterator[Scan | ScanFault]:
        """Yield codes and faults; ends on close. Raises DriverLostError once unplugged."""
        if self._queue is None:
            raise DriverLostError(self._name, "read codes", "not open")
        return self._queue.items()

    def healths(self) -> AsyncIterator[DeviceHealth]:
        """Yield the present light, then every change, also over re-opening. One consumer."""
        return self._health.stream()

    async def confirm(self, scan_no: int, outcome: ScanOutcome, deadline: Deadline) -> None:
        """Remember the outcome. Raises DriverLostError, DriverTimeoutError as a real one."""
        if deadline.remaining_s(self._clock) <= 0:
            raise DriverTimeoutError(self._name, f"confirm code {scan_no}", "too late")
        if self._codes is None or not self._is_plugged:
            raise DriverLostError(self._name, f"confirm code {scan_no}", "not open")
        self.confirmed.append((scan_no, outcome))

    def feed(self, data: bytes) -> None:
        """Send bytes as a scanner whose codes end with CR; nothing hears an unopened scanner."""
        if self._codes is not None:
            self._tell(self._codes.feed(data, self._clock.monotonic_ns()))

    def pause(self) -> None:
        """Let the line be silent: ends what waits for a silence."""
        if self._codes is not None:
            self._tell(self._codes.tick(self._clock.monotonic_ns()))

    def unplug(self) -> None:
        """Lose the device: an open code is refused, then `scans` raises DriverLostError."""
        self._is_plugged = False
        codes, self._codes = self._codes, None
        if codes is not None and self._queue is not None:
            self._tell(codes.cut(self._clock.monotonic_ns()))
            self._queue.finish(DriverLostError(self._name, "read codes", "unplugged"))
            self._health.show(HealthState.LOST, "unplugged")

    def plug(self) -> None:
        """Make the device openable again."""
        self._is_plugged = True

    def _tell(self, told: list[Scan | ScanFault]) -> None:
        if self._queue is not None:
            for one in told:
                self._queue.put(one)
