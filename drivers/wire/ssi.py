"""A Zebra scanner by SSI packets: no code is acknowledged before it is committed.

What is not acknowledged the scanner sends again, twice, and then tells its user; so a code that
comes again is the same scan under the same number, and the journal knows that number.
Source: Zebra, Simple Serial Interface Programmer's Guide (72E-40451).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from drivers.protocols import FaultKind, Scan, ScanFlag, ScanOutcome, Symbology
from drivers.wire.code_gate import CodeGate
from drivers.wire.raw_codes import Collector, RawCode, RawFault
from drivers.wire.scanner_feedback import Feedback, ssi_beep
from drivers.wire.ssi_packets import Opcode, Packet, PacketReader, Status, encode
from drivers.wire.ssi_parts import Parts
from drivers.wire.talk import Heard, Told

WAKE: Final = b"\0"  # the first byte that a sleeping scanner is sent is lost
HOST_PAUSE_NS: Final = 200_000_000  # the longest pause between two bytes of a packet
NAKS_MAX: Final = 3  # then the garbled packet is told as a fault
_ACK: Final = encode(Opcode.CMD_ACK)
_NAK_RESEND: Final = encode(Opcode.CMD_NAK, b"\x01")
_ANSWERS: Final = frozenset({Opcode.CMD_ACK, Opcode.CMD_NAK})  # to answer these would never end

# Code types of DECODE_DATA; others are read, too, as symbology unknown.
_TYPES: Final[Mapping[int, Symbology]] = {
    0x01: Symbology.CODE39,
    0x02: Symbology.CODABAR,
    0x03: Symbology.CODE128,
    0x06: Symbology.ITF,
    0x07: Symbology.CODE93,
    0x08: Symbology.UPCA,
    0x09: Symbology.UPCE,
    0x0A: Symbology.EAN8,
    0x0B: Symbology.EAN13,
    0x0F: Symbology.GS1_128,
    0x11: Symbology.PDF417,
    0x13: Symbology.CODE39,
    0x1B: Symbology.DATAMATRIX,
    0x1C: Symbology.QR,
    0x2D: Symbology.AZTEC,
    0x30: Symbology.DATABAR,
    0x31: Symbology.DATABAR,
    0x32: Symbology.DATABAR,
    0xC1: Symbology.GS1_DATAMATRIX,
    0xC2: Symbology.GS1_QR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SsiRules:
    """How the scanner is set.

    `suffix`: bytes that it may put behind the data. `multipacket`: it sends long codes in several
    packets; a code that comes again may then lack its head, and is refused where we cannot know.
    """

    suffix: bytes = b"\r\n"
    multipacket: bool = False


@dataclass(frozen=True, slots=True)
class _Open:
    """The newest message that was handed on and is not acknowledged."""

    message: bytes
    told: Told


class SsiTalk:
    """One connection of a scanner that packs its codes and waits for the acknowledgement."""

    def __init__(self, rules: SsiRules, gate: CodeGate, feedback: Feedback) -> None:
        self._rules = rules
        self._gate = gate
        self._feedback = feedback
        self._packets = PacketReader(HOST_PAUSE_NS)
        self._parts = Parts()
        self._open: _Open | None = None
        self._acked = b""
        self._naks = 0
        self._has_begun = False

    def opening(self) -> bytes:
        """Wake the scanner and end a disabled state that an earlier host left behind."""
        return WAKE + encode(Opcode.SCAN_ENABLE)

    def feed(self, data: bytes, at_ns: int) -> Heard:
        """Take bytes that arrived at `at_ns`."""
        told: list[Told] = []
        answer = b""
        for packet in self._packets.feed(data, at_ns):
            self._naks = 0
            heard = self._take(packet, at_ns)
            told += heard.told
            answer += heard.answer
        return Heard(told, answer)

    def tick(self, now_ns: int) -> Heard:
        """Say that the line was empty up to `now_ns`: a garbled packet is asked for again."""
        told = self._gate.tick(now_ns)
        if (given_up := self._parts.tick(now_ns)) > 0:
            told += self._gate.admit(_fault(FaultKind.NO_TERMINATOR, given_up, now_ns))
        garbled = self._packets.tick(now_ns)
        if garbled is None:
            return Heard(told)
        self._acked = b""  # what comes next may be another code of the same text
        self._parts.garbled()
        self._naks += 1
        if self._naks < NAKS_MAX:
            return Heard(told, _NAK_RESEND)
        self._naks = 0
        count = garbled.count + (self._parts.tear() if self._parts.count else 0)
        return Heard(told + self._gate.admit(_fault(FaultKind.BAD_FRAME, count, now_ns)))

    def cut(self, at_ns: int) -> list[Told]:
        """Say that the connection is gone: half a packet, or half a code, is refused."""
        garbled = self._packets.tick(at_ns + HOST_PAUSE_NS)
        count = self._parts.count + (garbled.count if garbled else 0)
        return self._gate.admit(_fault(FaultKind.UNPLUGGED, count, at_ns)) if count else []

    def confirm(self, scan_no: int, outcome: ScanOutcome) -> bytes:
        """Return the acknowledgement and the tone of the code that the scanner waits for."""
        if self._open is None or self._open.told.scan_no != scan_no:
            return b""
        self._acked, self._open = self._open.message, None
        return _ACK + ssi_beep(self._feedback, outcome)

    def stop(self) -> bytes:
        """Return nothing: a scanner that waits for its acknowledgement reads nothing."""
        return b""

    def go_on(self) -> bytes:
        """Return nothing."""
        return b""

    def _take(self, packet: Packet, at_ns: int) -> Heard:
        if packet.opcode in _ANSWERS:
            return Heard()
        if packet.opcode != Opcode.DECODE_DATA:
            return Heard(answer=_ACK)  # news of the scanner that nobody keeps
        is_first, self._has_begun = not self._has_begun, True
        if Status.CONTINUED in packet.status:
            return self._take_part(packet, at_ns)
        return self._take_end(packet, at_ns, is_first=is_first)

    def _take_part(self, packet: Packet, at_ns: int) -> Heard:
        """Keep a part; its acknowledgement paces the scanner, the code's own comes at the end."""
        if not self._rules.multipacket:
            self._parts.tear()
            return Heard(self._gate.admit(_fault(FaultKind.BAD_FRAME, len(packet.data), at_ns)))
        self._parts.add(packet.data, at_ns, is_resent=Status.RESENT in packet.status)
        return Heard(answer=_ACK)

    def _take_end(self, packet: Packet, at_ns: int, *, is_first: bool) -> Heard:
        is_resent = Status.RESENT in packet.status
        message = self._parts.take_end(packet.data, at_ns, is_resent=is_resent)
        is_headless = self._rules.multipacket and is_first and is_resent
        if message is None or is_headless:
            fault = _fault(FaultKind.BAD_FRAME, len(packet.data), at_ns)
            return self._hand_on(packet.data, fault)
        if is_resent and self._open is not None and self._open.message == message:
            return Heard([_again(self._open.told)])
        if is_resent and message == self._acked:
            return Heard(answer=_ACK)
        return self._hand_on(message, self._code(message, at_ns))

    def _hand_on(self, message: bytes, raw: RawCode | RawFault) -> Heard:
        told = self._gate.admit(raw)
        self._open = _Open(message, told[-1]) if told else None
        return Heard(told)

    def _code(self, message: bytes, at_ns: int) -> RawCode | RawFault:
        collector = Collector()
        collector.add(message[1:].rstrip(self._rules.suffix), self._parts.first_ns)
        if not collector.is_open:
            return _fault(FaultKind.BAD_FRAME, len(message), at_ns)
        code = collector.end(at_ns)
        if isinstance(code, RawFault):
            return code
        return replace(code, symbology=_TYPES.get(message[0], Symbology.UNKNOWN))


def _fault(kind: FaultKind, chars: int, at_ns: int) -> RawFault:
    return RawFault(kind=kind, chars=chars, at_ns=at_ns)


def _again(told: Told) -> Told:
    if isinstance(told, Scan):
        return replace(told, flags=told.flags | {ScanFlag.RESENT})
    return told
