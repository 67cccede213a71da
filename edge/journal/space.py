"""How full the disk is: shares of the budget and of the file system, as one of four levels.

Nothing is deleted here and nothing that is not acknowledged is ever dropped for room.
"""

import os
from enum import IntEnum
from pathlib import Path
from typing import Final

from edge.settings.model import JournalSettings

MIB: Final = 1024 * 1024
RESUME_BELOW_HIGH: Final = 5

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
