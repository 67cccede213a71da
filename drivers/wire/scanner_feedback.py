"""Bytes that make a serial scanner tell its user what became of a code. Sent after the commit."""

from enum import StrEnum

from drivers.protocols import ScanOutcome


class Feedback(StrEnum):
    """Host command sets; `none` for scanners that take no commands."""

    NONE = "none"
    DATALOGIC = "datalogic"
    HONEYWELL = "honeywell"


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


def wake(commands: Feedback) -> bytes:
    """Return what ends a disabled state that an earlier host left behind."""
    return b"E" if commands is Feedback.DATALOGIC else b""
