"""Framing of serial scanners: each kind of end, each kind of refusal."""

from hashlib import sha256

import pytest

from drivers.protocols import SCAN_BYTES_MAX, FaultKind, ScanFlag
from drivers.wire.raw_codes import RawCode, RawFault
from drivers.wire.serial_frames import FrameDecoder, FrameRules, Framing, LineEnd

SILENCE_NS = 1_000_000_000


def texts(found: list[RawCode | RawFault]) -> list[bytes | FaultKind]:
    return [one.payload if isinstance(one, RawCode) else one.kind for one in found]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\n\r\n"])
def test_any_run_of_ends_is_one_end(end: bytes) -> None:
    found = FrameDecoder(FrameRules()).feed(b"4601" + end + b"4602" + end, 5)
    assert texts(found) == [b"4601", b"4602"]


def test_tab_ends_only_where_configured() -> None:
    assert texts(FrameDecoder(FrameRules()).feed(b"46\t01\r", 5)) == [b"46\t01"]
    tab = FrameRules(ends=(LineEnd.TAB,))
    assert texts(FrameDecoder(tab).feed(b"46\t01\t", 5)) == [b"46", b"01"]


def test_the_first_and_the_last_byte_have_their_own_times() -> None:
    decoder = FrameDecoder(FrameRules())
    decoder.feed(b"46", 5)
    (code,) = decoder.feed(b"01\r", 9)
    assert isinstance(code, RawCode)
    assert (code.first_ns, code.at_ns, code.gap_ns) == (5, 9, 4)
    (next_one,) = decoder.feed(b"4602\r", 90)
    assert isinstance(next_one, RawCode)
    assert next_one.gap_ns == 0


def test_too_long_a_code_is_told_with_length_digest_and_head_and_the_next_is_whole() -> None:
    long = b"x" * (SCAN_BYTES_MAX + 1)
    fault, code = FrameDecoder(FrameRules()).feed(long + b"\r4601\r", 5)
    assert isinstance(fault, RawFault)
    assert fault.kind is FaultKind.OVERLONG
    assert (fault.chars, fault.head) == (len(long), b"x" * 64)
    assert fault.digest == sha256(long).hexdigest()
    assert texts([code]) == [b"4601"]


def test_the_longest_allowed_code_is_read() -> None:
    longest = b"x" * SCAN_BYTES_MAX
    assert texts(FrameDecoder(FrameRules()).feed(longest + b"\r", 5)) == [longest]


def test_silence_inside_a_line_refuses_it_without_a_text() -> None:
    decoder = FrameDecoder(FrameRules(silence_ns=SILENCE_NS))
    decoder.feed(b"46071", 5)
    assert decoder.tick(SILENCE_NS) == []
    (fault,) = decoder.tick(SILENCE_NS + 5)
    assert isinstance(fault, RawFault)
    assert (fault.kind, fault.chars, fault.head) == (FaultKind.NO_TERMINATOR, 5, b"")
    assert texts(decoder.feed(b"4601\r", SILENCE_NS + 9)) == [b"4601"]


def test_a_late_read_is_no_silence() -> None:
    decoder = FrameDecoder(FrameRules(silence_ns=SILENCE_NS))
    decoder.feed(b"46", 5)
    assert texts(decoder.feed(b"01\r", 10 * SILENCE_NS)) == [b"4601"]


def test_frames_count_only_between_stx_and_etx() -> None:
    decoder = FrameDecoder(FrameRules(framing=Framing.STX_ETX))
    assert texts(decoder.feed(b"\x024601\x03\r\n\x024602\x03", 5)) == [b"4601", b"4602"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"noise\x024601\x03", [FaultKind.BAD_FRAME, b"4601"]),
        (b"\x0246\x024601\x03", [FaultKind.BAD_FRAME, b"4601"]),
        (b"\x02\x03\x024601\x03", [b"4601"]),
        (b"\x03\x024601\x03", [FaultKind.BAD_FRAME, b"4601"]),
    ],
)
def test_what_is_outside_a_frame_is_a_bad_frame(
    data: bytes, expected: list[bytes | FaultKind]
) -> None:
    assert texts(FrameDecoder(FrameRules(framing=Framing.STX_ETX)).feed(data, 5)) == expected


def test_noise_without_any_frame_is_told_after_a_silence() -> None:
    decoder = FrameDecoder(FrameRules(framing=Framing.STX_ETX))
    assert decoder.feed(b"noise", 5) == []
    assert texts(decoder.tick(5 + SILENCE_NS)) == [FaultKind.BAD_FRAME]
    assert decoder.tick(5 + 2 * SILENCE_NS) == []


def test_silence_ends_a_code_in_idle_framing() -> None:
    decoder = FrameDecoder(FrameRules(framing=Framing.IDLE, silence_ns=30))
    decoder.feed(b"46", 5)
    decoder.feed(b"01", 20)
    assert decoder.tick(49) == []
    (code,) = decoder.tick(50)
    assert isinstance(code, RawCode)
    assert (code.payload, code.at_ns, code.flags) == (b"4601", 20, frozenset({ScanFlag.IDLE_END}))


def test_a_cut_line_is_a_fault_only_inside_a_code() -> None:
    decoder = FrameDecoder(FrameRules())
    decoder.feed(b"4601\r46", 5)
    assert texts(decoder.cut(6)) == [FaultKind.UNPLUGGED]
    assert decoder.cut(7) == []
