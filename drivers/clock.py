"""The system's clock; tests hand in their own."""

import time


class SystemClock:
    """CLOCK_MONOTONIC and the wall clock of this machine."""

    def monotonic_ns(self) -> int:
        """Return CLOCK_MONOTONIC in nanoseconds."""
        return time.monotonic_ns()

    def wall_ms(self) -> int:
        """Return UTC wall time in milliseconds since the epoch."""
        return time.time_ns() // 1_000_000
