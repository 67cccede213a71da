"""Wall clock: asks the kernel whether something keeps it right (adjtimex, read only)."""

import os
from typing import Final

from edge.commands.doctor.lines import Line, good, poor
from edge.service.wall_clock import KernelClock, kernel_clock

CURE: Final = "timedatectl set-ntp true, or chrony; times in events come from this clock"


def clock() -> Line:
    """Return the line of the wall clock."""
    return judged(kernel_clock())


def judged(said: KernelClock) -> Line:
    """Return the line for what the kernel answered."""
    if said.error:
        return poor("clock", f"cannot be asked here ({os.strerror(said.error)})", CURE)
    if not said.is_synced:
        return poor("clock", "not synchronised", CURE)
    return good("clock", f"synchronised, off by at most {said.max_error_us / 1000:.0f} ms")
