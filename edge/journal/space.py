"""How full the disk is: shares of the budget and of the file system, as one of four levels.

Nothing that is not acknowledged is ever dropped for room: only the ballast is.
"""

import logging
import os
import tempfile
import time
from enum import IntEnum
from pathlib import Path
from typing import Final

from edge.settings.model import JournalSettings

MIB: Final = 1024 * 1024
RESUME_BELOW_HIGH: Final = 5
BALLAST_FILE: Final = "ballast"
BALLAST_SHARE: Final = 32  # of the budget
ROOMY: Final = 4  # times the ballast must be free before it is loaded
YARDSTICK_WRITES: Final = 9
LITTLE: Final = 4 * MIB  # free: what a log needs to go on

_BLOCK: Final = bytes(4096)

log = logging.getLogger("journal")

# What must still be recorded when there is next to no room: where a unit is, and what is dangerous.
_RESERVED: Final = frozenset(("put", "move", "diverter", "danger", "hold", "correction", "station"))
_RESERVED_KINDS: Final = frozenset(("operator.out", "sync.waived", "sync.retired"))


class DiskLevel(IntEnum):
    """How much is left: a light, no new parcel, only what the reserve is for."""

    NORMAL = 0
    WARN = 1
    HIGH = 2
    FULL = 3


def level_of(percent: int, budget: JournalSettings, before: DiskLevel) -> DiskLevel:
    """Return the level of a used share in percent; work resumes some way below where it stopped."""
    if percent >= budget.full_percent:
        return DiskLevel.FULL
    resume = budget.high_percent - RESUME_BELOW_HIGH
    if percent >= (resume if before >= DiskLevel.HIGH else budget.high_percent):
        return DiskLevel.HIGH
    return DiskLevel.WARN if percent >= budget.warn_percent else DiskLevel.NORMAL


def used_percent(folder: Path, used_bytes: int, budget: JournalSettings) -> int:
    """Return the larger share: of the budget, or of the file system's bytes or inodes."""
    disk = os.statvfs(folder)
    return max(
        used_bytes * 100 // (budget.budget_mb * MIB),
        _share(disk.f_blocks - disk.f_bfree, disk.f_bavail),
        _share(disk.f_files - disk.f_ffree, disk.f_favail),
    )


def is_reserved(kind: str) -> bool:
    """Return whether an event of this kind is written into the reserve."""
    return kind.partition(".")[0] in _RESERVED or kind in _RESERVED_KINDS


def _share(used: int, free: int) -> int:
    return used * 100 // (used + free) if used + free else 0


def yardstick_s(folder: Path) -> float:
    """Return the median time of a 4 KiB block written over and flushed. Raises OSError."""
    took: list[float] = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as scratch:
        scratch.write(_BLOCK)
        os.fsync(scratch.fileno())
        for _ in range(YARDSTICK_WRITES):
            began_s = time.perf_counter()
            os.pwrite(scratch.fileno(), _BLOCK, 0)
            os.fdatasync(scratch.fileno())
            took.append(time.perf_counter() - began_s)
    return sorted(took)[YARDSTICK_WRITES // 2]


class Ballast:
    """A file that only takes up room: given up when the disk is full, so that work can end."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self._size = size

    @classmethod
    def of(cls, folder: Path, budget: JournalSettings) -> "Ballast":
        """Return the ballast of a data folder: no more than a small part of the budget."""
        most = budget.budget_mb * MIB // BALLAST_SHARE
        return cls(folder / BALLAST_FILE, min(budget.ballast_mb * MIB, most))

    def load(self) -> None:
        """Take the room up, if there is plenty of it; what cannot be had is tried again later."""
        if not self._size or self._is_loaded() or self._free() < ROOMY * self._size:
            return
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            os.posix_fallocate(handle, 0, self._size)
            os.fsync(handle)
        except OSError as error:
            log.warning("journal: ballast not loaded: %s", error)
            self.path.unlink(missing_ok=True)
        finally:
            os.close(handle)

    def drop(self) -> bool:
        """Give the room back when the file system has none left; True if that has helped."""
        if not self.path.exists() or self._free() >= LITTLE:
            return False
        self.path.unlink()
        log.error("journal: the disk is full: the ballast is given up")
        return True

    def _is_loaded(self) -> bool:
        return self.path.exists() and self.path.stat().st_size == self._size

    def _free(self) -> int:
        disk = os.statvfs(self.path.parent)
        return disk.f_bavail * disk.f_frsize
