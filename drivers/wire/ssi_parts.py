"""Parts of a code that a Zebra scanner sends in several packets: joined whole or refused. Sans-io.

Packets carry no number, so time and the resend bit alone tell a part that came again from the next
one, and an end that belongs to a code given up from a whole one.
"""

from typing import Final

from drivers.protocols import SCAN_BYTES_MAX

PART_PAUSE_NS: Final = 1_000_000_000  # a scanner that is acknowledged sends on at once
GIVEN_UP_NS: Final = 10_000_000_000  # longer than any scanner waits before it sends again


class Parts:
    """The message that is arriving. `take_end` returns None for one whose head is not sure."""

    def __init__(self) -> None:
        self._head = b""
        self._last = b""
        self._last_ns = 0
        self._is_torn = False
        self.first_ns = 0

    @property
    def count(self) -> int:
        """Return the bytes that wait for their end."""
        return len(self._head)

    def add(self, part: bytes, at_ns: int, *, is_resent: bool) -> None:
        """Keep a part that is not the last; one that came again is kept once."""
        self._check_pause(at_ns, is_resent=is_resent)
        if not self._head:
            self.first_ns = at_ns
        is_again = is_resent and part == self._last
        if not is_again and not self._is_torn and len(self._head) <= SCAN_BYTES_MAX:
            self._head += part[1:] if self._head else part
        self._last, self._last_ns = part, at_ns

    def take_end(self, part: bytes, at_ns: int, *, is_resent: bool) -> bytes | None:
        """Return the whole message, the code type first and once; start over."""
        self._check_pause(at_ns, is_resent=is_resent)
        if not self._head and not self._is_torn:
            self.first_ns = at_ns
            return part
        whole = None if self._is_torn else self._head + part[1:]
        self._head = self._last = b""
        self._is_torn = False
        return whole

    def garbled(self) -> None:
        """Say that a packet was not read: what comes again is not what was kept."""
        self._last = b""

    def tear(self) -> int:
        """Give the head up: nothing counts up to the next end. Return the bytes given up."""
        count, self._head, self._is_torn = len(self._head), b"", True
        return count

    def tick(self, now_ns: int) -> int:
        """Return the bytes that are given up because their end did not come."""
        if not self._head or now_ns - self._last_ns < GIVEN_UP_NS:
            return 0
        return self.tear()

    def _check_pause(self, at_ns: int, *, is_resent: bool) -> None:
        if self._head and not is_resent and at_ns - self._last_ns > PART_PAUSE_NS:
            self.tear()
