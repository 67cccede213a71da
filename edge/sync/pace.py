"""How much is sent at once and how long is waited; knows no target and no clock."""

import random
from collections import deque
from typing import Final

from edge.sync.target import Later, Stored

BATCH_START: Final = 100
QUICK_S: Final = 2.0
QUICK_LIVE_S: Final = 0.4  # where live events wait for the batch in flight
BACKOFF_S_MAX: Final = 60.0
BACKOFF_S_FIRST: Final = 0.5
WINDOW: Final = 100
REJECTED_MAX: Final = 20  # of the last WINDOW events: beyond that the receiver is broken


class Pace:
    """Batch size in events and bytes, failures in a row, share of refused events."""

    def __init__(
        self, *, events_max: int, bytes_max: int, rng: random.Random, is_live: bool = False
    ) -> None:
        self.size = min(BATCH_START, events_max)
        self.bytes_max = bytes_max
        self.failures = 0
        self._most = self._allowed = events_max
        self._bytes_allowed = bytes_max
        self._quick_s = QUICK_LIVE_S if is_live else QUICK_S
        self._is_live = is_live
        self._rng = rng
        self._window: deque[bool] = deque(maxlen=WINDOW)

    @property
    def next_size(self) -> int:
        """Return the size after one more full and quick batch."""
        return max(1, min(self.size * 2, self._most))

    @property
    def is_rejecting(self) -> bool:
        """Return whether one more refused event would be too many."""
        return sum(self._window) >= REJECTED_MAX

    def judged(self, *, is_refused: bool) -> None:
        """Count an event that the receiver judged."""
        self._window.append(is_refused)

    def all_taken(self, events: int) -> None:
        """Count a batch of which nothing was refused."""
        self._window.extend([False] * min(events, WINDOW))

    def limits(self, stored: Stored) -> None:
        """Take what the receiver says it takes at once."""
        if stored.events_max is not None:
            self._most = min(self._allowed, stored.events_max)
        if stored.bytes_max is not None:
            self.bytes_max = min(self._bytes_allowed, stored.bytes_max)
        self.size = max(1, min(self.size, self._most))

    def too_large(self, events: int) -> None:
        """Remember that this many events were too much."""
        self._most = self.size = max(1, events // 2)

    def succeeded(self, events: int, took_s: float) -> None:
        """Take a success: a full batch and a quick answer make the next one larger."""
        self.failures = 0
        if events >= self.size and took_s < self._quick_s:
            self.size = self.next_size
        elif self._is_live and took_s > 2 * self._quick_s:
            self.size = max(1, self.size // 2)

    def wait_s(self, later: Later) -> float:
        """Return how long to wait before the next try: as asked, else with full jitter."""
        if later.is_slow:
            self.size = max(1, self.size // 2)
        most = min(BACKOFF_S_MAX, BACKOFF_S_FIRST * 2.0 ** min(self.failures, 16))
        self.failures += 1
        return self._rng.uniform(0.0, most) if later.wait_s is None else later.wait_s
