"""What configuration says of a scanner on a serial port, checked, and the codecs made of it."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from drivers.protocols import DeviceName, ScanSource
from drivers.wire.check_digits import CheckKind
from drivers.wire.code_gate import CodeGate, GateRules, gs_texts, prefix_bytes
from drivers.wire.line_codes import LineCodes
from drivers.wire.scanner_feedback import Feedback
from drivers.wire.serial_frames import FrameRules, Framing, LineEnd, end_bytes
from drivers.wire.ssi import SsiRules, SsiTalk
from drivers.wire.talk import Acknowledgement, PlainTalk, Talk

READ_WAIT_S: Final = 0.05  # how often an empty line is noted; bytes are handed on at once
_IDLE_S_MIN: Final = 0.03
_IDLE_CHARACTERS: Final = 20
_BITS_A_CHARACTER: Final = 10  # 8N1


class Flow(StrEnum):
    """Handshake of the line."""

    NONE = "none"
    RTS_CTS = "rts_cts"


class Parity(StrEnum):
    """Check bit of every character."""

    NONE = "none"
    EVEN = "even"
    ODD = "odd"


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialLineSettings:
    """One scanner on a serial port.

    `port`: a path, best of /dev/serial/by-id. `baud`, `data_bits`, `parity`, `stop_bits` count on
    RS-232 only. `prefix`: what it sends before every code. `aim`: it sends the AIM identifier.
    `gs`: `text:…` and `char:X` that stand for GS beside 0x1D itself. `accept`, `accept_check`:
    lengths and kinds of numbers for framing `idle`. `gap_ms`: a silence this long inside a code
    refuses it. `ack`: it waits for a character before it reads on. `multipacket`: with framing
    `ssi`, it sends long codes in several packets. `selftest_days`: how long a passed self-test
    counts.
    """

    port: str
    baud: int = 9600
    data_bits: int = 8
    parity: Parity = Parity.NONE
    stop_bits: int = 1
    framing: Framing = Framing.LINE
    ends: tuple[LineEnd, ...] = (LineEnd.CR, LineEnd.LF)
    prefix: str = ""
    aim: bool = False
    gs: tuple[str, ...] = ()
    accept: tuple[int, ...] = ()
    accept_check: tuple[CheckKind, ...] = ()
    flow: Flow = Flow.NONE
    feedback: Feedback = Feedback.NONE
    ack: Acknowledgement = Acknowledgement.NONE
    multipacket: bool = False
    gap_ms: int = 1000
    selftest_days: int = 30

    def __post_init__(self) -> None:
        _check_port(self)
        _check_framing(self)
        if any(not form.startswith(("text:", "char:")) for form in self.gs):
            raise ValueError(f"gs: {', '.join(self.gs)}: text:… or char:X")
        gs_texts(self.gs)
        prefix_bytes(self.prefix)
        if not 1 <= self.selftest_days <= 3650:
            raise ValueError(f"selftest_days: {self.selftest_days}: 1 to 3650")

    @property
    def source(self) -> ScanSource:
        """Return how codes of this line are told to come."""
        return ScanSource.SSI if self.framing is Framing.SSI else ScanSource.SERIAL

    @property
    def wait_s(self) -> float:
        """Return how long one look at an empty line takes."""
        if self.framing is not Framing.IDLE:
            return READ_WAIT_S
        return max(_IDLE_S_MIN, _IDLE_CHARACTERS * _BITS_A_CHARACTER / self.baud)

    def talk(self, name: DeviceName, numbers: Iterator[int] | None = None) -> Talk:
        """Return what speaks with this scanner over one connection; `numbers` = of its codes."""
        rules = GateRules(
            prefix=prefix_bytes(self.prefix),
            aim=self.aim,
            texts=gs_texts(self.gs),
            accept=frozenset(self.accept),
            accept_check=frozenset(self.accept_check),
        )
        gate = CodeGate(name, self.source, rules, numbers=numbers or itertools.count(1))
        if self.framing is Framing.SSI:
            ssi = SsiRules(suffix=end_bytes(self.ends), multipacket=self.multipacket)
            return SsiTalk(ssi, gate, self.feedback)
        return PlainTalk(LineCodes(self._frame_rules(), gate), self.feedback, self.ack)

    def _frame_rules(self) -> FrameRules:
        silence_s = self.wait_s if self.framing is Framing.IDLE else self.gap_ms / 1000
        return FrameRules(framing=self.framing, ends=self.ends, silence_ns=int(silence_s * 1e9))


def _check_port(line: SerialLineSettings) -> None:
    if not line.port:
        raise ValueError("port: empty: a device path such as /dev/serial/by-id/…")
    if not 300 <= line.baud <= 4_000_000:
        raise ValueError(f"baud: {line.baud}: 300 to 4000000")
    if line.data_bits not in (7, 8):
        raise ValueError(f"data_bits: {line.data_bits}: 7 or 8")
    if line.stop_bits not in (1, 2):
        raise ValueError(f"stop_bits: {line.stop_bits}: 1 or 2")


def _check_framing(line: SerialLineSettings) -> None:
    is_ssi = line.framing is Framing.SSI
    if not line.ends:
        raise ValueError("ends: empty: at least one of cr, lf, tab")
    if not 100 <= line.gap_ms <= 10_000:
        raise ValueError(f"gap_ms: {line.gap_ms}: 100 to 10000")
    if (line.framing is Framing.IDLE) != bool(line.accept or line.accept_check):
        needs = "accept or accept_check is needed"
        raise ValueError(f'accept: {needs} with framing = "idle", and with no other')
    if is_ssi and line.data_bits != 8:
        raise ValueError("data_bits: 7: packets need 8")
    if is_ssi and line.feedback not in (Feedback.NONE, Feedback.ZEBRA):
        raise ValueError(f'feedback: {line.feedback}: none or zebra with framing = "ssi"')
    if not is_ssi and line.feedback is Feedback.ZEBRA:
        raise ValueError('feedback: zebra: framing = "ssi" with it')
    if is_ssi and line.ack is not Acknowledgement.NONE:
        raise ValueError('ack: is part of the packets: none with framing = "ssi"')
    if line.multipacket and not is_ssi:
        raise ValueError('multipacket: true: framing = "ssi" with it')
