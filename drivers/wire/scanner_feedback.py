"""Bytes that make a serial scanner tell its user what became of a code. Sent after the commit."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from drivers.protocols import ScanOutcome
from drivers.wire.ssi_packets import Opcode, encode


class Feedback(StrEnum):
    """Host command sets; `none` for scanners that take no commands."""

    NONE = "none"
    DATALOGIC = "datalogic"
    HONEYWELL = "honeywell"
    ZEBRA = "zebra"


_ESC = b"\x1b"
_DATALOGIC_GREEN = _ESC + b"[6q"
_DATALOGIC = {
    ScanOutcome.ACCEPTED: b"B" + _DATALOGIC_GREEN,
    ScanOutcome.ZONE_1: b"B",
    ScanOutcome.ZONE_2: b"BB",
    ScanOutcome.ZONE_3: b"BBB",
    ScanOutcome.ERROR: _ESC + b"[4q" + _ESC + b"[8q",  # bad tone, red light
}
_HONEYWELL_GOOD = _ESC + b"7"
_HONEYWELL = {
    ScanOutcome.ACCEPTED: _HONEYWELL_GOOD,
    ScanOutcome.ZONE_1: _HONEYWELL_GOOD,
    ScanOutcome.ZONE_2: _HONEYWELL_GOOD * 2,
    ScanOutcome.ZONE_3: _HONEYWELL_GOOD * 3,
    ScanOutcome.ERROR: _ESC + b"8",
}

# Beep codes of Zebra scanners: 0, 1, 2 = so many and one short high tones, 6 = two short low ones.
_ZEBRA: Final[Mapping[ScanOutcome, int]] = {
    ScanOutcome.ACCEPTED: 0,
    ScanOutcome.ZONE_1: 0,
    ScanOutcome.ZONE_2: 1,
    ScanOutcome.ZONE_3: 2,
    ScanOutcome.ERROR: 6,
}


def tone(commands: Feedback, outcome: ScanOutcome) -> bytes:
    """Return the bytes for one outcome; empty where the set has no sign for it.

    Refused, duplicate, hold and hazmat are the station's own signs: a scanner has no tone that
    could not be taken for another one.
    """
    match commands:
        case Feedback.NONE:
            return b""
        case Feedback.DATALOGIC:
            return _DATALOGIC.get(outcome, b"")
        case Feedback.HONEYWELL:
            return _HONEYWELL.get(outcome, b"")
        case Feedback.ZEBRA:
            return ssi_beep(commands, outcome)


def ssi_beep(commands: Feedback, outcome: ScanOutcome) -> bytes:
    """Return the packet that makes a Zebra scanner beep; empty for other sets and outcomes.

    The lamp commands are left out: a lamp that is switched on stays on.
    """
    if commands is not Feedback.ZEBRA or outcome not in _ZEBRA:
        return b""
    return encode(Opcode.BEEP, bytes((_ZEBRA[outcome],)))


def enable(commands: Feedback) -> bytes:
    """Return what ends a disabled state, of this host or of an earlier one."""
    return b"E" if commands is Feedback.DATALOGIC else b""


def disable(commands: Feedback) -> bytes:
    """Return what keeps the scanner from reading until `enable`; empty where there is no way."""
    return b"D" if commands is Feedback.DATALOGIC else b""
