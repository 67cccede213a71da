"""Plain lines: tones, the character that acknowledges, and the one that asks again."""

import itertools

from drivers.protocols import DeviceName, Scan, ScanOutcome, ScanSource
from drivers.wire.code_gate import CodeGate, GateRules
from drivers.wire.line_codes import LineCodes
from drivers.wire.scanner_feedback import Feedback
from drivers.wire.serial_frames import FrameRules, Framing
from drivers.wire.talk import Acknowledgement, PlainTalk

SECOND_NS = 1_000_000_000


def talk(
    ack: Acknowledgement = Acknowledgement.ACK_NAK,
    feedback: Feedback = Feedback.NONE,
    framing: Framing = Framing.LINE,
) -> PlainTalk:
    gate = CodeGate(DeviceName("s"), ScanSource.SERIAL, GateRules(), numbers=itertools.count(1))
    return PlainTalk(LineCodes(FrameRules(framing=framing), gate), feedback, ack)


def test_a_code_is_acknowledged_by_its_confirmation_alone() -> None:
    line = talk()
    heard = line.feed(b"4601\r", 0)
    assert [one.payload for one in heard.told if isinstance(one, Scan)] == [b"4601"]
    assert heard.answer == b""
    assert line.confirm(1, ScanOutcome.DUPLICATE) == b"\x06"


def test_what_stayed_without_an_end_is_asked_for_again_and_not_acknowledged() -> None:
    line = talk()
    line.feed(b"46", 0)
    heard = line.tick(2 * SECOND_NS)
    assert heard.answer == b"\x15"
    assert line.confirm(heard.told[0].scan_no, ScanOutcome.ERROR) == b""
    assert line.feed(b"4601\r", 3 * SECOND_NS).answer == b""
    assert line.confirm(2, ScanOutcome.ACCEPTED) == b"\x06"


def test_a_refused_text_is_acknowledged_like_any_other() -> None:
    line = talk()
    assert line.feed(b"46\x07\r", 0).answer == b""
    assert line.confirm(1, ScanOutcome.ERROR) == b"\x06"


def test_without_a_handshake_there_are_tones_alone() -> None:
    line = talk(Acknowledgement.NONE, Feedback.DATALOGIC, Framing.STX_ETX)
    assert line.opening() == line.go_on() == b"E"
    assert line.stop() == b"D"
    assert line.feed(b"\x0246\x02", 0).answer == b""
    assert line.confirm(1, ScanOutcome.ZONE_2) == b"BB"


def test_unplug_inside_a_code_is_told() -> None:
    line = talk()
    line.feed(b"46", 0)
    assert len(line.cut(1)) == 1
