"""UUIDv7 from a given clock and generator (RFC 9562 §5.7, monotonic within a millisecond)."""

import uuid
from collections.abc import Callable

from drivers.protocols import Clock


class IdMint:
    """Mints ids that sort by time of minting, also when the wall clock steps back."""

    def __init__(self, clock: Clock, random_bytes: Callable[[int], bytes]) -> None:
        self._clock = clock
        self._random_bytes = random_bytes
        self._last = 0

    def uuid7(self) -> str:
        """Return a new id, lower-case with hyphens; strictly above the one before."""
        count = max(self._clock.wall_ms() << 12, self._last + 1)
        self._last = count
        tail = int.from_bytes(self._random_bytes(8), "big") & ((1 << 62) - 1)
        value = (count >> 12 & (1 << 48) - 1) << 80 | 0x7 << 76 | (count & 0xFFF) << 64
        return str(uuid.UUID(int=value | 0b10 << 62 | tail))
