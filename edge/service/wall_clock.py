"""How far the wall clock may be trusted: it is watched against the monotonic one, once a second.

Source: adjtimex(2), read only: `modes` = 0; status bit STA_UNSYNC of linux/timex.h.
"""

import ctypes
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.protocols import Clock
from edge.events import StationClock

STA_UNSYNC: Final = 0x40
TIME_ERROR: Final = 5
STEP_MS: Final = 500  # slewing is slower by orders of magnitude
WARY_MS: Final = 60_000  # so long after a step nothing is believed, whatever the kernel says
BUILT_MS: Final = int(Path(__file__).stat().st_mtime * 1000)  # installed with the software
SYNCED: Final = "synced"
UNSYNCED: Final = "unsynced"
STEPPED: Final = "stepped"

log = logging.getLogger("clock")


class _Timex(ctypes.Structure):
    """The head of struct timex and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelClock:
    """What the kernel says: whether something keeps the clock right, how far off it may be.

    `error` = number of the fault when it cannot be asked, else 0.
    """

    is_synced: bool
    max_error_us: int = 0
    error: int = 0


def kernel_clock() -> KernelClock:
    """Ask the kernel; some containers forbid it."""
    timex = _Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    if state < 0:
        return KernelClock(is_synced=False, error=ctypes.get_errno())
    return said_by(state, int(timex.status), int(timex.maxerror))


def said_by(state: int, status: int, max_error_us: int) -> KernelClock:
    """Return what state and status of the call mean."""
    is_synced = state != TIME_ERROR and not status & STA_UNSYNC
    return KernelClock(is_synced=is_synced, max_error_us=max_error_us)


class WallClock:
    """Watches one clock. `built_ms` = when this software was built: no right clock is before it."""

    def __init__(
        self, clock: Clock, *, built_ms: int, ask: Callable[[], KernelClock] = kernel_clock
    ) -> None:
        self._clock = clock
        self._built_ms = built_ms
        self._ask = ask
        self._offset_ms = self._offset()
        self._wary_until_ms = 0
        self.state = SYNCED

    def look(self, newest_ms: int) -> StationClock | None:
        """Return the news since the last look; `newest_ms` = recorded time of the newest event."""
        offset_ms = self._offset()
        step_ms, self._offset_ms = offset_ms - self._offset_ms, offset_ms
        mono_ms = self._clock.monotonic_ns() // 1_000_000
        is_step = abs(step_ms) > STEP_MS
        if is_step:
            self._wary_until_ms = mono_ms + WARY_MS
        was, self.state = self.state, self._judged(newest_ms, mono_ms)
        if not is_step and was == self.state:
            return None
        log.warning("clock: %s, before %s, step %d ms", self.state, was, step_ms if is_step else 0)
        return StationClock(step_ms=step_ms if is_step else 0, was=was, now=self.state)

    def _judged(self, newest_ms: int, mono_ms: int) -> str:
        if mono_ms < self._wary_until_ms:
            return STEPPED
        wall_ms = self._clock.wall_ms()
        is_behind = wall_ms < self._built_ms or wall_ms < newest_ms - STEP_MS
        return UNSYNCED if is_behind or not self._ask().is_synced else SYNCED

    def _offset(self) -> int:
        return self._clock.wall_ms() - self._clock.monotonic_ns() // 1_000_000
