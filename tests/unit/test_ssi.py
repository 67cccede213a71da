"""SSI packets: what is acknowledged and when, what comes again, what is asked for again."""

import itertools

import pytest

from drivers.protocols import (
    DeviceName,
    FaultKind,
    Scan,
    ScanFault,
    ScanFlag,
    ScanOutcome,
    ScanSource,
    Symbology,
)
from drivers.wire.code_gate import CodeGate, GateRules
from drivers.wire.scanner_feedback import Feedback
from drivers.wire.ssi import SsiRules, SsiTalk
from drivers.wire.ssi_packets import Opcode, checksum, encode
from drivers.wire.talk import Heard
from ssi_scanner import (
    ACK,
    CMD_ACK,
    CONTINUED,
    DATAMATRIX,
    EAN13,
    EVENT,
    GS1_DATAMATRIX,
    NAK_RESEND,
    RESENT,
    SCAN_ENABLE,
    decoded,
    in_parts,
    packet,
)

SECOND_NS = 1_000_000_000
EAN = b"4607112010017"


def talk(
    *, multipacket: bool = False, aim: bool = False, feedback: Feedback = Feedback.NONE
) -> SsiTalk:
    gate = CodeGate(DeviceName("s"), ScanSource.SSI, GateRules(aim=aim), numbers=itertools.count(1))
    return SsiTalk(SsiRules(multipacket=multipacket), gate, feedback)


def told(heard: Heard) -> list[bytes | FaultKind]:
    return [one.payload if isinstance(one, Scan) else one.kind for one in heard.told]


def test_the_acknowledgement_is_the_vendors() -> None:
    assert encode(Opcode.CMD_ACK) == ACK
    assert encode(Opcode.SCAN_ENABLE) == SCAN_ENABLE
    assert encode(Opcode.CMD_NAK, b"\x01") == NAK_RESEND
    assert checksum(bytes.fromhex("04 D0 04 00")).hex() == "ff28"


def test_a_line_opens_with_a_byte_to_wake_the_scanner() -> None:
    assert talk().opening() == b"\0" + SCAN_ENABLE


def test_a_code_is_acknowledged_after_its_commit_and_once() -> None:
    line = talk()
    heard = line.feed(decoded(EAN, EAN13), SECOND_NS)
    (scan,) = heard.told
    assert isinstance(scan, Scan)
    assert (scan.payload, scan.symbology, scan.source) == (EAN, Symbology.EAN13, ScanSource.SSI)
    assert heard.answer == b""
    assert line.tick(3 * SECOND_NS).answer == b""
    assert line.confirm(scan.scan_no, ScanOutcome.REFUSED) == ACK
    assert line.confirm(scan.scan_no, ScanOutcome.REFUSED) == b""


@pytest.mark.parametrize("outcome", ScanOutcome)
def test_every_outcome_is_acknowledged(outcome: ScanOutcome) -> None:
    line = talk(feedback=Feedback.ZEBRA)
    line.feed(decoded(EAN), 0)
    assert line.confirm(1, outcome).startswith(ACK)


def test_a_code_that_comes_again_before_its_commit_is_the_same_scan() -> None:
    line = talk()
    line.feed(decoded(EAN), 0)
    again = line.feed(decoded(EAN, status=RESENT), 2 * SECOND_NS)
    (scan,) = again.told
    assert isinstance(scan, Scan)
    assert (scan.scan_no, set(scan.flags)) == (1, {ScanFlag.RESENT})
    assert again.answer == b""
    assert line.confirm(1, ScanOutcome.ACCEPTED) == ACK


def test_a_code_whose_acknowledgement_was_lost_is_acknowledged_again_and_no_event() -> None:
    line = talk()
    line.feed(decoded(EAN), 0)
    line.confirm(1, ScanOutcome.ACCEPTED)
    again = line.feed(decoded(EAN, status=RESENT), 2 * SECOND_NS)
    assert (again.told, again.answer) == ([], ACK)


def test_a_code_said_to_come_again_that_nobody_saw_is_a_scan() -> None:
    assert told(talk().feed(decoded(EAN, status=RESENT), 0)) == [EAN]


def test_the_same_label_twice_is_two_scans() -> None:
    line = talk()
    numbers = []
    for at in range(2):
        (scan,) = line.feed(decoded(EAN), at * SECOND_NS).told
        numbers.append(scan.scan_no)
        line.confirm(scan.scan_no, ScanOutcome.ACCEPTED)
    assert numbers == [1, 2]


def test_after_a_garbled_packet_the_same_text_is_no_repetition() -> None:
    line = talk()
    line.feed(decoded(EAN), 0)
    line.confirm(1, ScanOutcome.ACCEPTED)
    line.feed(decoded(EAN)[:-1] + b"\0", SECOND_NS)
    assert line.tick(2 * SECOND_NS).answer == NAK_RESEND
    assert told(line.feed(decoded(EAN, status=RESENT), 2 * SECOND_NS)) == [EAN]


@pytest.mark.parametrize("at", range(len(decoded(EAN)) * 8))
def test_any_flipped_bit_is_asked_for_again_and_never_a_code(at: int) -> None:
    damaged = bytearray(decoded(EAN))
    damaged[at // 8] ^= 1 << at % 8
    line = talk()
    heard = line.feed(bytes(damaged), 0)
    assert [one for one in heard.told if isinstance(one, Scan)] == []
    assert line.tick(SECOND_NS).answer == NAK_RESEND
    assert told(line.feed(decoded(EAN, status=RESENT), 2 * SECOND_NS)) == [EAN]


def test_a_line_that_stays_garbled_is_told_as_a_fault() -> None:
    line = talk()
    answers = []
    for at in range(3):
        line.feed(b"\xff\xff\xff", at * SECOND_NS)
        heard = line.tick(at * SECOND_NS + SECOND_NS // 2)
        answers.append(heard.answer)
    assert answers == [NAK_RESEND, NAK_RESEND, b""]
    assert told(heard) == [FaultKind.BAD_FRAME]


def test_a_code_of_several_packets_is_joined_and_acknowledged_at_its_end() -> None:
    long = b"0123456789" * 60
    line = talk(multipacket=True)
    first, second, last = in_parts(long)
    assert line.feed(first, 0) == Heard([], ACK)
    assert line.feed(second, 1) == Heard([], ACK)
    heard = line.feed(last, 2)
    assert (told(heard), heard.answer) == ([long], b"")
    assert line.confirm(1, ScanOutcome.ACCEPTED) == ACK


def test_a_part_that_comes_again_counts_once() -> None:
    long = b"0123456789" * 50
    first, last = in_parts(long)
    line = talk(multipacket=True)
    line.feed(first, 0)
    line.feed(decoded(long[:250], status=CONTINUED | RESENT), 2 * SECOND_NS)
    assert told(line.feed(last, 2 * SECOND_NS + 1)) == [long]


def test_a_code_that_was_given_up_half_way_is_never_joined_to_the_next() -> None:
    line = talk(multipacket=True)
    first, _ = in_parts(b"0123456789" * 50)
    line.feed(first, 0)
    assert told(line.feed(decoded(EAN), 5 * SECOND_NS)) == [FaultKind.BAD_FRAME]
    assert line.confirm(1, ScanOutcome.ERROR) == ACK
    assert told(line.feed(decoded(EAN), 6 * SECOND_NS)) == [EAN]


def test_half_a_code_whose_end_never_comes_is_a_fault() -> None:
    line = talk(multipacket=True)
    line.feed(in_parts(b"0123456789" * 50)[0], 0)
    assert line.tick(9 * SECOND_NS).told == []
    assert told(line.tick(11 * SECOND_NS)) == [FaultKind.NO_TERMINATOR]


def test_an_end_whose_head_may_have_come_before_the_opening_is_refused() -> None:
    line = talk(multipacket=True)
    assert told(line.feed(decoded(EAN, status=RESENT), 0)) == [FaultKind.BAD_FRAME]
    assert line.confirm(1, ScanOutcome.ERROR) == ACK


def test_parts_of_a_scanner_that_should_send_none_are_refused_with_their_end() -> None:
    line = talk()
    first, last = in_parts(b"0123456789" * 50)
    assert told(line.feed(first + last, 0)) == [FaultKind.BAD_FRAME, FaultKind.BAD_FRAME]
    assert told(line.feed(decoded(EAN), 1)) == [EAN]


def test_a_code_longer_than_any_is_overlong_in_bounded_memory() -> None:
    line = talk(multipacket=True)
    *parts, last = in_parts(b"x" * 10_000)
    for at, part in enumerate(parts):
        line.feed(part, at)
    assert told(line.feed(last, len(parts))) == [FaultKind.OVERLONG]


def test_the_longest_packet_is_read() -> None:
    text = bytes(range(0x20, 0x7F)) * 2 + b"x" * 60
    assert len(decoded(text)) == 257
    assert told(talk().feed(decoded(text), 0)) == [text]


def test_the_suffix_of_the_scanner_and_the_identifier_are_cut_off() -> None:
    (scan,) = talk(aim=True).feed(decoded(b"]d2010\x1d91A\r\n", GS1_DATAMATRIX), 0).told
    assert isinstance(scan, Scan)
    assert (scan.payload, scan.symbology) == (b"010\x1d91A", Symbology.GS1_DATAMATRIX)


def test_the_type_byte_names_the_symbol_and_an_unknown_one_is_no_fault() -> None:
    line = talk()
    kinds = [line.feed(decoded(b"1", kind), at).told[0] for at, kind in enumerate((0x1B, 0x77))]
    assert [getattr(kind, "symbology", None) for kind in kinds] == [
        Symbology.DATAMATRIX,
        Symbology.UNKNOWN,
    ]
    assert DATAMATRIX == 0x1B


def test_news_of_the_scanner_is_acknowledged_and_its_answers_are_not() -> None:
    line = talk()
    assert line.feed(packet(EVENT, b"\x01"), 0) == Heard([], ACK)
    assert line.feed(packet(CMD_ACK), 1) == Heard([], b"")


def test_a_code_without_data_is_refused() -> None:
    line = talk()
    assert told(line.feed(packet(0xF3), 0)) == [FaultKind.BAD_FRAME]
    assert told(line.feed(decoded(b"\r\n"), 1)) == [FaultKind.BAD_FRAME]


def test_unplug_inside_a_packet_or_a_code_is_a_fault_without_text() -> None:
    line = talk(multipacket=True)
    line.feed(in_parts(b"0123456789" * 50)[0] + decoded(EAN)[:7], 0)
    (fault,) = line.cut(1)
    assert isinstance(fault, ScanFault)
    assert (fault.kind, fault.chars, fault.head) == (FaultKind.UNPLUGGED, 251 + 7, b"")
    assert talk().cut(1) == []


def test_a_refused_code_that_comes_again_is_the_same_fault() -> None:
    line = talk()
    (fault,) = line.feed(decoded(b"46\x0701"), 0).told
    assert isinstance(fault, ScanFault)
    assert line.feed(decoded(b"46\x0701", status=RESENT), 2 * SECOND_NS).told == [fault]
    assert line.confirm(fault.scan_no, ScanOutcome.ERROR) == ACK


def test_a_length_that_none_can_have_is_garbled_and_bytes_that_wake_are_none() -> None:
    line = talk()
    line.feed(b"\0\0", 0)
    assert line.tick(SECOND_NS) == Heard()
    line.feed(b"\x03\xf3\x00", SECOND_NS)
    assert line.tick(2 * SECOND_NS).answer == NAK_RESEND
    assert told(line.feed(b"\0" + decoded(EAN), 3 * SECOND_NS)) == [EAN]


def test_a_scanner_that_waits_for_its_answer_need_not_be_stopped() -> None:
    line = talk()
    assert (line.stop(), line.go_on()) == (b"", b"")
