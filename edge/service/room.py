"""How many days the disk lasts: what this journal and its photographs took, a day on average."""

import shutil
from typing import Final

from drivers.protocols import Clock
from edge.journal.reader import Reader
from edge.journal.space import MIB
from edge.journal.writer import Journal

TURNS: Final = 60  # between two looks
YOUNG_MS: Final = 3_600_000  # a younger journal tells nothing of a day
DAY_MS: Final = 86_400_000
DAYS_MAX: Final = 999
UNKNOWN: Final = -1


class Room:
    """Looks now and then; `days` is what the newest look found, -1 = not known yet."""

    def __init__(self, journal: Journal, reader: Reader, clock: Clock, *, budget_mb: int) -> None:
        self.days = UNKNOWN
        self._journal = journal
        self._reader = reader
        self._clock = clock
        self._budget_bytes = budget_mb * MIB
        self._turns = 0

    def turn(self) -> None:
        """Look, if it is time."""
        if self._turns % TURNS == 0:
            used = self._journal.path.stat().st_size + self._reader.stored_photo_bytes()
            free = shutil.disk_usage(self._journal.path.parent).free
            age_ms = self._clock.wall_ms() - self._reader.oldest_ms()
            self.days = days_left(used, min(free, self._budget_bytes - used), age_ms)
        self._turns += 1


def days_left(used: int, room: int, age_ms: int) -> int:
    """Return how many days `room` bytes last when `used` bytes came in `age_ms`."""
    if age_ms < YOUNG_MS or used <= 0:
        return UNKNOWN
    return min(DAYS_MAX, max(0, room) * age_ms // (used * DAY_MS))
