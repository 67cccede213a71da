"""Wall clock: asks the kernel whether something keeps it right (adjtimex, read only)."""

import ctypes
import os
from typing import Final

from edge.commands.doctor.lines import Line, good, poor

STA_UNSYNC: Final = 0x40  # linux/timex.h
TIME_ERROR: Final = 5
CURE: Final = "timedatectl set-ntp true, or chrony; times in events come from this clock"


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


def clock() -> Line:
    """Return the line of the wall clock."""
    timex = _Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    if state < 0:
        reason = os.strerror(ctypes.get_errno())
        return poor("clock", f"cannot be asked here ({reason})", CURE)
    return judged(state, int(timex.status), int(timex.maxerror))


def judged(state: int, status: int, maxerror_us: int) -> Line:
    """Return the line for what the kernel answered."""
    if state == TIME_ERROR or status & STA_UNSYNC:
        return poor("clock", "not synchronised", CURE)
    return good("clock", f"synchronised, off by at most {maxerror_us / 1000:.0f} ms")
