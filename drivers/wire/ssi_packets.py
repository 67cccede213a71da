"""Packets of the Simple Serial Interface of Zebra scanners: bytes in, packets out. Sans-io.

A packet is length, opcode, source, status, data, checksum. The length counts itself and all up to
the checksum; the checksum is the two's complement of the sum of these bytes, high byte first.
Source: Zebra, Simple Serial Interface Programmer's Guide (72E-40451), packet format.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

HEADER_BYTES: Final = 4
PACKET_BYTES_MAX: Final = 255
DATA_BYTES_MAX: Final = PACKET_BYTES_MAX - HEADER_BYTES
_CHECKSUM_BYTES: Final = 2
_SCANNER: Final = 0
_HOST: Final = 4


class Opcode(IntEnum):
    """Messages that are used here; a scanner has more."""

    CMD_ACK = 0xD0
    CMD_NAK = 0xD1
    BEEP = 0xE6
    SCAN_ENABLE = 0xE9
    SCAN_DISABLE = 0xEA
    DECODE_DATA = 0xF3


class Status(IntFlag):
    """Bits of the status byte."""

    NONE = 0
    RESENT = 1
    CONTINUED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One whole packet of a scanner whose checksum is right. `opcode` may be an unknown one."""

    opcode: int
    status: Status
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbled:
    """So many bytes came, and no packet: the scanner has to send again."""

    count: int


def checksum(body: bytes) -> bytes:
    """Return the two bytes that bring the sum of `body` and their value to 0 modulo 65536."""
    return (-sum(body) & 0xFFFF).to_bytes(2, "big")


def encode(opcode: Opcode, data: bytes = b"") -> bytes:
    """Return a packet of the host, to be written in one piece: its bytes may not pause 200 ms."""
    assert len(data) <= DATA_BYTES_MAX, "a host's message is one packet"
    body = bytes((HEADER_BYTES + len(data), opcode, _HOST, Status.NONE)) + data
    return body + checksum(body)


class PacketReader:
    """One connection's packets. Memory is bounded by one packet.

    After a garbled one nothing counts before a silence: a length that is wrong leads astray, and
    a scanner that waits for its answer is silent.
    """

    def __init__(self, silence_ns: int) -> None:
        self._silence_ns = silence_ns
        self._held = bytearray()
        self._skipped = 0
        self._last_ns = 0

    def feed(self, data: bytes, at_ns: int) -> list[Packet]:
        """Take bytes that arrived at `at_ns` and return the packets they complete."""
        self._last_ns = at_ns
        if self._skipped:
            self._skipped += len(data)
            return []
        self._held += data
        found: list[Packet] = []
        while (packet := self._next()) is not None:
            found.append(packet)
        return found

    def tick(self, now_ns: int) -> Garbled | None:
        """Say that nothing had arrived until `now_ns`; tell what stayed half or was garbled."""
        count = len(self._held) + self._skipped
        if not count or now_ns - self._last_ns < self._silence_ns:
            return None
        self._held.clear()
        self._skipped = 0
        return Garbled(count=count)

    def _next(self) -> Packet | None:
        while self._held[:1] == b"\0":  # what wakes a line up is no packet
            del self._held[0]
        if not self._held:
            return None
        length = self._held[0]
        if length < HEADER_BYTES:
            self._skip()
            return None
        if len(self._held) < length + _CHECKSUM_BYTES:
            return None
        body = bytes(self._held[:length])
        if body[2] != _SCANNER or checksum(body) != self._held[length : length + _CHECKSUM_BYTES]:
            self._skip()
            return None
        del self._held[: length + _CHECKSUM_BYTES]
        return Packet(opcode=body[1], status=Status(body[3]), data=body[HEADER_BYTES:])

    def _skip(self) -> None:
        self._skipped = len(self._held)
        self._held.clear()
