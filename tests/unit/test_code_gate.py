"""The gate: prefix, GS forms, hygiene, floods and numbers."""

import itertools
from hashlib import sha256

import pytest

from drivers.protocols import (
    DeviceName,
    FaultKind,
    Scan,
    ScanFault,
    ScanFlag,
    ScanSource,
    Symbology,
)
from drivers.wire.check_digits import CheckKind
from drivers.wire.code_gate import CodeGate, GateRules, gs_texts, overrun
from drivers.wire.raw_codes import RawCode, RawFault

SECOND_NS = 1_000_000_000


def gate(rules: GateRules) -> CodeGate:
    return CodeGate(DeviceName("hand-1"), ScanSource.SERIAL, rules, numbers=itertools.count(1))


def raw(payload: bytes, at_ns: int = 0, *flags: ScanFlag) -> RawCode:
    return RawCode(payload=payload, first_ns=at_ns, at_ns=at_ns, flags=frozenset(flags))


def scan_of(rules: GateRules, payload: bytes) -> Scan:
    (scan,) = gate(rules).admit(raw(payload))
    assert isinstance(scan, Scan)
    return scan


def fault_of(rules: GateRules, code: RawCode) -> ScanFault:
    (fault,) = gate(rules).admit(code)
    assert isinstance(fault, ScanFault)
    return fault


@pytest.mark.parametrize(
    ("prefix", "symbology"),
    [
        ("]E0", Symbology.EAN13),
        ("]E4", Symbology.EAN8),
        ("]C0", Symbology.CODE128),
        ("]C1", Symbology.GS1_128),
        ("]d1", Symbology.DATAMATRIX),
        ("]d2", Symbology.GS1_DATAMATRIX),
        ("]Q1", Symbology.QR),
        ("]Q3", Symbology.GS1_QR),
        ("]A0", Symbology.CODE39),
        ("]G0", Symbology.CODE93),
        ("]I0", Symbology.ITF),
        ("]F0", Symbology.CODABAR),
        ("]L0", Symbology.PDF417),
        ("]e0", Symbology.DATABAR),
        ("]z0", Symbology.AZTEC),
        ("]X0", Symbology.UNKNOWN),
    ],
)
def test_the_identifier_is_cut_off_and_names_the_symbol(prefix: str, symbology: Symbology) -> None:
    scan = scan_of(GateRules(aim=True), prefix.encode() + b"123")
    assert (scan.payload, scan.aim_id, scan.symbology) == (b"123", prefix, symbology)


def test_without_aim_a_bracket_is_data() -> None:
    scan = scan_of(GateRules(), b"]E0123")
    assert (scan.payload, scan.aim_id) == (b"]E0123", None)


def test_a_missing_identifier_is_flagged() -> None:
    assert scan_of(GateRules(aim=True), b"123").flags == {ScanFlag.AIM_MISSING}


@pytest.mark.parametrize(
    ("form", "sent", "flag"),
    [
        ("text:<GS>", b"21ab<GS>91", ScanFlag.GS_TEXT),
        ("text:{GS}", b"21ab{GS}91", ScanFlag.GS_TEXT),
        ("char:~", b"21ab~91", ScanFlag.GS_SUBSTITUTE),
    ],
)
def test_written_forms_of_gs_become_0x1d(form: str, sent: bytes, flag: ScanFlag) -> None:
    scan = scan_of(GateRules(texts=gs_texts((form,))), sent)
    assert (scan.payload, scan.flags) == (b"21ab\x1d91", frozenset({flag}))


def test_a_control_character_refuses_the_code_with_its_digest() -> None:
    fault = fault_of(GateRules(), raw(b"46\x0001"))
    assert (fault.kind, fault.chars, fault.head) == (FaultKind.CONTROL_CHAR, 5, b"46\x0001")
    assert fault.digest == sha256(b"46\x0001").hexdigest()


def test_record_separators_pass_in_iso_15434_alone() -> None:
    message = b"[)>\x1e06\x1d1Pabc\x1e\x04"
    assert scan_of(GateRules(), message).payload == message
    assert fault_of(GateRules(), raw(b"06\x1e1P")).kind is FaultKind.CONTROL_CHAR


def test_blanks_and_letter_case_are_left_alone() -> None:
    assert scan_of(GateRules(), b"  aB \x1d").payload == b"  aB \x1d"


def test_an_identifier_without_data_is_a_bad_frame() -> None:
    assert fault_of(GateRules(aim=True), raw(b"]E0")).kind is FaultKind.BAD_FRAME


def test_a_code_ended_by_silence_must_have_an_accepted_length() -> None:
    rules = GateRules(aim=True, accept=frozenset({13}))
    whole = raw(b"]E04607112010017", 0, ScanFlag.IDLE_END)
    assert isinstance(gate(rules).admit(whole)[0], Scan)
    torn = raw(b"]E046071120100", 0, ScanFlag.IDLE_END)
    assert fault_of(rules, torn).kind is FaultKind.NO_TERMINATOR


def test_more_than_twenty_codes_a_second_are_a_flood_and_then_it_is_over() -> None:
    one = gate(GateRules())
    told = [told for n in range(25) for told in one.admit(raw(b"4601", n))]
    assert [type(t) for t in told] == [Scan] * 20 + [ScanFault] * 5
    assert {t.kind for t in told if isinstance(t, ScanFault)} == {FaultKind.FLOOD}
    assert isinstance(one.admit(raw(b"4601", SECOND_NS + 1))[0], Scan)


def test_a_storm_of_faults_is_told_as_one_before_the_next_code() -> None:
    one = gate(GateRules())
    noise = RawFault(kind=FaultKind.BAD_FRAME, chars=3, at_ns=5)
    told = [told for _ in range(100) for told in one.admit(noise)]
    assert len(told) == 20
    storm, code = one.admit(raw(b"4601", 9))
    assert isinstance(storm, ScanFault)
    assert (storm.kind, storm.chars) == (FaultKind.FLOOD, 240)
    assert isinstance(code, Scan)
    assert [storm.scan_no, code.scan_no] == [21, 22]


def test_a_storm_of_faults_is_told_when_it_is_over() -> None:
    one = gate(GateRules())
    for _ in range(30):
        one.admit(RawFault(kind=FaultKind.BAD_FRAME, chars=3, at_ns=5))
    assert one.tick(6) == []
    (storm,) = one.tick(5 + SECOND_NS)
    assert isinstance(storm, ScanFault)
    assert (storm.kind, storm.chars) == (FaultKind.FLOOD, 30)
    assert one.tick(5 + 2 * SECOND_NS) == []


def test_an_overrun_counts_the_characters_of_all_it_stands_for() -> None:
    first, second = (scan_of(GateRules(), text) for text in (b"1234", b"123"))
    stand_in = overrun(second, overrun(first, None))
    assert isinstance(stand_in, ScanFault)
    assert (stand_in.kind, stand_in.chars) == (FaultKind.OVERRUN, 7)


@pytest.mark.parametrize("form", ["text:", "char:", "char:ab", "text:\x1d", "char:é"])
def test_a_wrong_form_of_gs_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match=r"^gs: "):
        gs_texts((form,))


def told_with(rules: GateRules, payload: bytes, *flags: ScanFlag) -> Scan | ScanFault:
    (told,) = gate(rules).admit(raw(payload, 0, *flags))
    return told


def test_a_prefix_is_cut_off_before_the_identifier_and_its_absence_is_a_lost_head() -> None:
    rules = GateRules(prefix=b"#:", aim=True)
    scan = told_with(rules, b"#:]E04006381333931")
    assert isinstance(scan, Scan)
    assert (scan.payload, scan.aim_id) == (b"4006381333931", "]E0")
    for torn in (b"]E04006381333931", b":]E04006381333931", b"3931"):
        fault = told_with(rules, torn)
        assert isinstance(fault, ScanFault)
        assert (fault.kind, fault.head) == (FaultKind.BAD_FRAME, b"")
    assert isinstance(told_with(rules, b"#:"), ScanFault)


def test_a_number_that_silence_ended_is_believed_by_its_check_digit() -> None:
    rules = GateRules(accept_check=frozenset({CheckKind.GTIN}))
    assert isinstance(told_with(rules, b"4006381333931", ScanFlag.IDLE_END), Scan)
    fault = told_with(rules, b"400638133393", ScanFlag.IDLE_END)
    assert isinstance(fault, ScanFault)
    assert fault.kind is FaultKind.NO_TERMINATOR


def test_half_a_text_for_gs_is_never_the_end_of_a_code_that_silence_ended() -> None:
    rules = GateRules(texts=(b"{GS}",), accept=frozenset({3}))
    assert isinstance(told_with(rules, b"ab{", ScanFlag.IDLE_END), ScanFault)
    assert isinstance(told_with(rules, b"ab{GS}", ScanFlag.IDLE_END), Scan)  # three characters
    assert isinstance(told_with(rules, b"ab{"), Scan)
