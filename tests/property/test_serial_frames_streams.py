"""Serial streams: any cut gives the same codes, any bytes give a clear answer."""

import itertools
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import SCAN_BYTES_MAX, DeviceName, FaultKind, Scan, ScanFault, ScanSource
from drivers.wire.code_gate import CodeGate, GateRules
from drivers.wire.line_codes import LineCodes
from drivers.wire.serial_frames import FrameRules, Framing

SECOND_NS = 1_000_000_000

payloads = st.text(
    st.sampled_from([chr(c) for c in range(0x20, 0x7F)] + ["\x1d"]), min_size=1, max_size=60
).map(str.encode)
ends = st.sampled_from([b"\r", b"\n", b"\r\n"])
controls = st.sampled_from([bytes([c]) for c in range(0x20) if c not in b"\r\n\x1d"] + [b"\x7f"])
cuts = st.lists(st.integers(1, 40), min_size=1, max_size=10)
framings = st.sampled_from([Framing.LINE, Framing.STX_ETX])


def line(framing: Framing = Framing.LINE) -> LineCodes:
    gate = CodeGate(DeviceName("s"), ScanSource.SERIAL, GateRules(), numbers=itertools.count(1))
    return LineCodes(FrameRules(framing=framing, silence_ns=SECOND_NS), gate)


def wire(payload: bytes, framing: Framing, end: bytes) -> bytes:
    return b"\x02" + payload + b"\x03" if framing is Framing.STX_ETX else payload + end


def send(
    codes: LineCodes, data: bytes, sizes: Sequence[int], at_ns: int = 0
) -> list[Scan | ScanFault]:
    found: list[Scan | ScanFault] = []
    start = 0
    for size in itertools.cycle(sizes):
        if start >= len(data):
            return found
        found += codes.feed(data[start : start + size], at_ns)
        start += size
    return found


def texts(found: Sequence[Scan | ScanFault]) -> list[bytes | FaultKind]:
    return [one.payload if isinstance(one, Scan) else one.kind for one in found]


@given(st.lists(payloads, min_size=1, max_size=10), framings, ends, cuts)
def test_any_cut_of_the_stream_gives_every_code_once_in_order(
    sent: list[bytes], framing: Framing, end: bytes, sizes: list[int]
) -> None:
    data = b"".join(wire(payload, framing, end) for payload in sent)
    found = send(line(framing), data, sizes)
    assert texts(found) == sent
    assert [one.scan_no for one in found] == list(range(1, len(sent) + 1))


@given(st.binary(max_size=3000), framings, cuts, payloads)
def test_after_any_bytes_and_a_silence_the_next_code_is_whole(
    noise: bytes, framing: Framing, sizes: list[int], payload: bytes
) -> None:
    codes = line(framing)
    found = send(codes, noise, sizes)
    found += codes.tick(2 * SECOND_NS)
    assert all(len(one.payload) <= SCAN_BYTES_MAX for one in found if isinstance(one, Scan))
    after = send(codes, wire(payload, framing, b"\r"), sizes, 4 * SECOND_NS)
    assert texts(after)[-1] == payload
    numbers = [one.scan_no for one in found + after]
    assert numbers == sorted(set(numbers))


@given(payloads, payloads, framings, cuts, st.data())
def test_a_line_that_falls_silent_inside_a_code_gives_no_text_of_it(
    torn: bytes, whole: bytes, framing: Framing, sizes: list[int], data: st.DataObject
) -> None:
    on_wire = wire(torn, framing, b"\r")
    first = 2 if framing is Framing.STX_ETX else 1
    keep = data.draw(st.integers(first, len(on_wire) - 1), label="bytes that arrive")
    codes = line(framing)
    found = send(codes, on_wire[:keep], sizes)
    found += codes.tick(SECOND_NS)
    found += send(codes, wire(whole, framing, b"\r"), sizes, 3 * SECOND_NS)
    assert texts(found) == [FaultKind.NO_TERMINATOR, whole]
    fault = found[0]
    assert isinstance(fault, ScanFault)
    assert fault.head == b""


@given(payloads, controls, st.data())
def test_a_control_character_anywhere_refuses_the_code(
    payload: bytes, control: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(payload)), label="place")
    dirty = payload[:at] + control + payload[at:]
    found = line().feed(dirty + b"\r", 0)
    is_message = dirty.startswith(b"[)>\x1e") and control in b"\x1e\x04"
    assert texts(found) == [dirty if is_message else FaultKind.CONTROL_CHAR]
