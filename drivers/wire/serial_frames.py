"""Bytes of a serial scanner in, whole codes out. Sans-io: arrival times come in with the bytes.

Silence is only what `tick` declares: the caller looked at the line and it was empty.
A late read therefore never ends or tears a code.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from drivers.protocols import FaultKind, ScanFlag
from drivers.wire.raw_codes import Collector, RawCode, RawFault

_STX_OR_ETX = re.compile(rb"([\x02\x03])")
_STX, _ETX = b"\x02", b"\x03"


class Framing(StrEnum):
    """Where a code ends."""

    LINE = "line"
    STX_ETX = "stx_etx"
    IDLE = "idle"
    SSI = "ssi"  # packets, which have a decoder of their own


class LineEnd(StrEnum):
    """Bytes that end a line; any run of them is one end."""

    CR = "cr"
    LF = "lf"
    TAB = "tab"


_END_BYTES = {LineEnd.CR: b"\r", LineEnd.LF: b"\n", LineEnd.TAB: b"\t"}


def end_bytes(ends: tuple[LineEnd, ...]) -> bytes:
    """Return the bytes that these ends stand for."""
    return b"".join(_END_BYTES[end] for end in ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRules:
    """Framing of one line; `silence_ns` ends a code (idle) or refuses it (all others)."""

    framing: Framing = Framing.LINE
    ends: tuple[LineEnd, ...] = (LineEnd.CR, LineEnd.LF)
    silence_ns: int = 1_000_000_000


class FrameDecoder:
    """One scanner's line for the life of one connection."""

    def __init__(self, rules: FrameRules) -> None:
        assert rules.framing is not Framing.SSI, "packets have a decoder of their own"
        self._rules = rules
        self._code = Collector()
        self._stray = Collector()
        self._in_frame = False
        self._last_ns = 0
        self._end = re.compile(b"[" + end_bytes(rules.ends) + b"]")

    def feed(self, data: bytes, at_ns: int) -> list[RawCode | RawFault]:
        """Take bytes that arrived at `at_ns` and return the codes they complete, in order."""
        self._last_ns = at_ns
        match self._rules.framing:
            case Framing.LINE:
                return self._feed_lines(data, at_ns)
            case Framing.STX_ETX:
                return self._feed_frames(data, at_ns)
            case _:
                self._code.add(data, at_ns)
                return []

    def tick(self, now_ns: int) -> list[RawCode | RawFault]:
        """Say that nothing had arrived until `now_ns`; end or refuse what stayed open too long."""
        if now_ns - self._last_ns < self._rules.silence_ns:
            return []
        stray = self._end_stray(now_ns)
        if not self._code.is_open:
            self._in_frame = False
            return stray
        if self._rules.framing is Framing.IDLE:
            return [self._code.end(self._last_ns, frozenset({ScanFlag.IDLE_END}))]
        self._in_frame = False
        return [*stray, self._code.drop(FaultKind.NO_TERMINATOR, now_ns)]

    def cut(self, at_ns: int) -> list[RawCode | RawFault]:
        """Say that the port is gone: an open code is refused, nothing of it outlives this."""
        self._stray.clear()
        self._in_frame = False
        return [self._code.drop(FaultKind.UNPLUGGED, at_ns)] if self._code.is_open else []

    def _feed_lines(self, data: bytes, at_ns: int) -> list[RawCode | RawFault]:
        *ended, rest = self._end.split(data)
        found: list[RawCode | RawFault] = []
        for line in ended:
            self._code.add(line, at_ns)
            if self._code.is_open:
                found.append(self._code.end(at_ns))
        self._code.add(rest, at_ns)
        return found

    def _feed_frames(self, data: bytes, at_ns: int) -> list[RawCode | RawFault]:
        found: list[RawCode | RawFault] = []
        for part in _STX_OR_ETX.split(data):
            if part == _STX:
                found += self._start_frame(at_ns)
            elif part == _ETX and self._in_frame:
                found += self._end_frame(at_ns)
            elif self._in_frame:
                self._code.add(part, at_ns)
            else:
                self._stray.add(part.replace(b"\r", b"").replace(b"\n", b""), at_ns)
        return found

    def _start_frame(self, at_ns: int) -> list[RawCode | RawFault]:
        stray = self._end_stray(at_ns)
        self._in_frame = True
        if self._code.is_open:
            return [*stray, self._code.drop(FaultKind.BAD_FRAME, at_ns)]
        return stray

    def _end_frame(self, at_ns: int) -> list[RawCode | RawFault]:
        self._in_frame = False
        return [self._code.end(at_ns)] if self._code.is_open else []

    def _end_stray(self, at_ns: int) -> list[RawCode | RawFault]:
        return [self._stray.drop(FaultKind.BAD_FRAME, at_ns)] if self._stray.is_open else []
