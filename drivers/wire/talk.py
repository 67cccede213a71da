"""What a serial scanner and its host say to each other, whatever the framing: one shape for all.

Sans-io: bytes and times come in, codes and the bytes of the answer come out.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from drivers.protocols import FaultKind, Scan, ScanFault, ScanOutcome
from drivers.wire.line_codes import LineCodes
from drivers.wire.scanner_feedback import Feedback, disable, enable, tone

Told = Scan | ScanFault

ACK: Final = b"\x06"
NAK: Final = b"\x15"
# The frame itself was wrong: the scanner still has the code and can send it again.
_SEND_AGAIN: Final = frozenset({FaultKind.OVERLONG, FaultKind.BAD_FRAME, FaultKind.NO_TERMINATOR})


class Acknowledgement(StrEnum):
    """Whether a scanner waits for a character before it reads anything new."""

    NONE = "none"
    ACK_NAK = "06/15"


@dataclass(frozen=True, slots=True)
class Heard:
    """Codes and faults in order, and the bytes that answer at once, behind their handing over."""

    told: list[Told] = field(default_factory=list)
    answer: bytes = b""


class Talk(Protocol):
    """One connection of a scanner; begins anew with every opening of the port."""

    def opening(self) -> bytes:
        """Return what is said first."""

    def feed(self, data: bytes, at_ns: int) -> Heard:
        """Take bytes that arrived at `at_ns`."""

    def tick(self, now_ns: int) -> Heard:
        """Say that the line was looked at and had been empty up to `now_ns`."""

    def cut(self, at_ns: int) -> list[Told]:
        """Say that the connection is gone; not to be used afterwards."""

    def confirm(self, scan_no: int, outcome: ScanOutcome) -> bytes:
        """Return what tells the scanner that this code was committed, and how it turned out."""

    def stop(self) -> bytes:
        """Return what keeps the scanner from reading, empty where it has no such command."""

    def go_on(self) -> bytes:
        """Return what lets it read again."""


class PlainTalk:
    """Codes as lines or frames of bytes, tones by host commands, a character as acknowledgement.

    With `06/15` a code is acknowledged when it is committed, refused codes too; a frame that was
    not whole is asked for again at once.
    """

    def __init__(self, codes: LineCodes, feedback: Feedback, ack: Acknowledgement) -> None:
        self._codes = codes
        self._feedback = feedback
        self._acks = ack is Acknowledgement.ACK_NAK
        self._asked_again: int | None = None

    def opening(self) -> bytes:
        """Return what ends a disabled state that an earlier host left behind."""
        return enable(self._feedback)

    def feed(self, data: bytes, at_ns: int) -> Heard:
        """Take bytes that arrived at `at_ns`."""
        return self._heard(self._codes.feed(data, at_ns))

    def tick(self, now_ns: int) -> Heard:
        """Say that the line was looked at and had been empty up to `now_ns`."""
        return self._heard(self._codes.tick(now_ns))

    def cut(self, at_ns: int) -> list[Told]:
        """Say that the connection is gone; not to be used afterwards."""
        return self._codes.cut(at_ns)

    def confirm(self, scan_no: int, outcome: ScanOutcome) -> bytes:
        """Return the acknowledgement and the tone; a frame that is asked for again has none."""
        signs = tone(self._feedback, outcome)
        return ACK + signs if self._acks and scan_no != self._asked_again else signs

    def stop(self) -> bytes:
        """Return the vendor's command to read nothing."""
        return disable(self._feedback)

    def go_on(self) -> bytes:
        """Return the vendor's command to read again."""
        return enable(self._feedback)

    def _heard(self, told: list[Told]) -> Heard:
        last = told[-1] if told else None
        if not self._acks or not isinstance(last, ScanFault) or last.kind not in _SEND_AGAIN:
            return Heard(told)
        self._asked_again = last.scan_no
        return Heard(told, NAK)
