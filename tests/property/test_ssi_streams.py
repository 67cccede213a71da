"""SSI lines over bad wires: every code is committed once, or the hand is told."""

import itertools
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import DeviceName, Scan, ScanOutcome, ScanSource
from drivers.wire.code_gate import CodeGate, GateRules
from drivers.wire.scanner_feedback import Feedback
from drivers.wire.ssi import SsiRules, SsiTalk
from ssi_scanner import ACK, NAK_RESEND, RESENT, decoded

TIMEOUT_NS = 2_000_000_000
STEP_NS = 100_000_000
SENDINGS = 3

payloads = st.text(
    st.sampled_from([chr(c) for c in range(0x20, 0x7F)] + ["\x1d"]), min_size=1, max_size=40
).map(str.encode)


@dataclass(slots=True)
class Bench:
    """A scanner that sends again, a wire that harms, a journal that may refuse or be slow."""

    talk: SsiTalk
    journal: dict[int, bytes] = field(default_factory=dict)
    now_ns: int = 0

    def scan(self, code: bytes, harms: list[str]) -> bool:
        """Send a code until it is acknowledged; True when the scanner was told so."""
        status = 0
        for _ in range(SENDINGS):
            answer = self._exchange(decoded(code, status=status), harms.pop() if harms else "")
            status = RESENT
            if answer.endswith(ACK):
                return True
            if not answer.endswith(NAK_RESEND):
                self._rest(TIMEOUT_NS)
        return False

    def _exchange(self, sent: bytes, harm: str) -> bytes:
        if harm == "lost":
            return b""
        data = bytearray(sent)
        if harm == "flip":
            data[len(data) // 2] ^= 4
        if harm == "cut":
            del data[-3:]
        self.now_ns += STEP_NS
        heard = self.talk.feed(bytes(data), self.now_ns)
        answer = heard.answer + self._rest(3 * STEP_NS)
        for told in heard.told:
            assert isinstance(told, Scan), "a whole code of printable text is a scan"
            if harm == "full":  # the commit fails: nothing may be acknowledged
                continue
            is_new = told.scan_no not in self.journal
            assert is_new or self.journal[told.scan_no] == told.payload
            self.journal[told.scan_no] = told.payload
            answer += self.talk.confirm(told.scan_no, ScanOutcome.ACCEPTED)
        return b"" if harm == "deaf" else answer

    def _rest(self, rest_ns: int) -> bytes:
        self.now_ns += rest_ns
        return self.talk.tick(self.now_ns).answer


def is_ambiguous(wire: list[str]) -> bool:
    """Whether a garbled sending follows a lost acknowledgement.

    It may be the same code again or the next one of the same text: twice, rather than never.
    """
    sendings = [harm for harm in reversed(wire) if harm][:SENDINGS]
    return "deaf" in sendings and bool({"flip", "cut"} & set(sendings[sendings.index("deaf") :]))


harms = st.lists(st.sampled_from(["", "flip", "cut", "full", "deaf"]), max_size=6)


@given(st.lists(st.tuples(payloads, harms), min_size=1, max_size=6))
def test_a_code_is_stored_once_where_it_is_acknowledged_and_never_changed(
    sent: list[tuple[bytes, list[str]]],
) -> None:
    gate = CodeGate(DeviceName("s"), ScanSource.SSI, GateRules(), numbers=itertools.count(1))
    bench = Bench(SsiTalk(SsiRules(), gate, Feedback.NONE))
    stored: list[bytes] = []
    for code, wire in sent:
        before = len(bench.journal)
        is_told = bench.scan(code, list(wire))
        assert len(bench.journal) - before <= (2 if is_ambiguous(wire) else 1)
        stored += [code] * (len(bench.journal) - before)
        assert not is_told or len(bench.journal) > before
    assert list(bench.journal.values()) == stored


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes_raise_nothing_and_the_next_code_is_whole(noise: list[bytes]) -> None:
    gate = CodeGate(DeviceName("s"), ScanSource.SSI, GateRules(), numbers=itertools.count(1))
    line = SsiTalk(SsiRules(), gate, Feedback.NONE)
    at_ns = 0
    for part in noise:
        at_ns += STEP_NS
        line.feed(part, at_ns)
        line.tick(at_ns + 10 * STEP_NS)
        at_ns += 10 * STEP_NS
    line.tick(at_ns + 20 * TIMEOUT_NS)
    line.feed(decoded(b"first"), at_ns + 20 * TIMEOUT_NS)
    heard = line.feed(decoded(b"whole"), at_ns + 21 * TIMEOUT_NS)
    assert [one.payload for one in heard.told if isinstance(one, Scan)] == [b"whole"]
