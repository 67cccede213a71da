"""Tones of scanners: bytes of the vendors' host command lists."""

import pytest

from drivers.protocols import ScanOutcome
from drivers.wire.scanner_feedback import Feedback, disable, enable, tone


@pytest.mark.parametrize(
    ("commands", "outcome", "expected"),
    [
        (Feedback.DATALOGIC, ScanOutcome.ACCEPTED, b"B\x1b[6q"),
        (Feedback.DATALOGIC, ScanOutcome.ZONE_1, b"B"),
        (Feedback.DATALOGIC, ScanOutcome.ZONE_2, b"BB"),
        (Feedback.DATALOGIC, ScanOutcome.ZONE_3, b"BBB"),
        (Feedback.DATALOGIC, ScanOutcome.ERROR, b"\x1b[4q\x1b[8q"),
        (Feedback.DATALOGIC, ScanOutcome.REFUSED, b""),
        (Feedback.DATALOGIC, ScanOutcome.DUPLICATE, b""),
        (Feedback.HONEYWELL, ScanOutcome.ACCEPTED, b"\x1b7"),
        (Feedback.HONEYWELL, ScanOutcome.ZONE_3, b"\x1b7\x1b7\x1b7"),
        (Feedback.HONEYWELL, ScanOutcome.ERROR, b"\x1b8"),
    ],
)
def test_each_outcome_has_the_bytes_of_the_vendor(
    commands: Feedback, outcome: ScanOutcome, expected: bytes
) -> None:
    assert tone(commands, outcome) == expected


@pytest.mark.parametrize("outcome", ScanOutcome)
def test_a_scanner_without_commands_is_sent_nothing(outcome: ScanOutcome) -> None:
    assert tone(Feedback.NONE, outcome) == b""


@pytest.mark.parametrize("commands", [Feedback.DATALOGIC, Feedback.HONEYWELL])
@pytest.mark.parametrize("outcome", ScanOutcome)
def test_no_tone_stops_or_disables_a_scanner(commands: Feedback, outcome: ScanOutcome) -> None:
    assert not set(tone(commands, outcome)) & set(b"\x11\x13DFR")


def test_a_disabled_datalogic_scanner_is_woken() -> None:
    assert [enable(commands) for commands in Feedback] == [b"", b"E", b"", b""]


def test_a_zebra_scanner_beeps_by_packets_and_never_stops() -> None:
    beeps = {outcome: tone(Feedback.ZEBRA, outcome) for outcome in ScanOutcome}
    assert beeps[ScanOutcome.ACCEPTED].hex(" ") == "05 e6 04 00 00 ff 11"
    assert beeps[ScanOutcome.ERROR].hex(" ") == "05 e6 04 00 06 ff 0b"
    assert {beep[1] for beep in beeps.values() if beep} == {0xE6}
    assert beeps[ScanOutcome.REFUSED] == b""


def test_what_stops_a_scanner_is_ended_by_what_opens_the_line() -> None:
    assert (disable(Feedback.DATALOGIC), enable(Feedback.DATALOGIC)) == (b"D", b"E")
    assert disable(Feedback.ZEBRA) == disable(Feedback.HONEYWELL) == b""
