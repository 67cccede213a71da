"""The identity gate: a pure table, and what may never be accepted whatever the table says."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from codes import RULES, scan_of
from drivers.protocols import Evidence, Scan, ScanSource, Symbology
from edge.barcodes.classify import classify
from edge.barcodes.identity import (
    EVIDENCE,
    LIMITS,
    Belief,
    Expected,
    ExpectedPiece,
    Judgement,
    Reader,
    SymbolKind,
    Why,
    identities_of,
    judge,
    judge_frame,
)
from edge.barcodes.meanings import ItemCode, NumberCode, SsccCode
from edge.catalogue import CodeLimits

GTINS = ("04607112010017", "00023942431015", "09784872348880", "00042100005264")
SERIALS = ("S7", "5AbcXyz12345Z", "490154203237518")


def digits(gtin: str) -> str:
    return gtin.lstrip("0").zfill(13)


PIECES = st.builds(
    ExpectedPiece,
    gtin=st.sampled_from(GTINS),
    serials=st.lists(st.sampled_from(SERIALS), max_size=2).map(tuple),
)
EXPECTED = st.builds(
    Expected,
    pieces=st.lists(PIECES, max_size=3).map(tuple),
    numbers=st.frozensets(
        st.sampled_from(["RMA-88123", "006141411234567890", "0417-0032"]), max_size=3
    ),
)
PAYLOADS = st.one_of(
    st.sampled_from(GTINS).map(digits),
    st.builds("01{}21{}".format, st.sampled_from(GTINS), st.sampled_from(SERIALS)),
    st.sampled_from(["RMA-88123", "88123", "006141411234567890", "0417-0032", *SERIALS, "T"]),
    st.text("0123456789ABT-", min_size=1, max_size=20),
)
WITNESSES = st.builds(
    Evidence,
    engines=st.frozensets(st.sampled_from(["zxing", "zbar"]), min_size=1),
    votes=st.integers(1, 9),
    runner_up=st.integers(0, 4),
)
SYMBOLS = st.sampled_from(Symbology)
SOURCES = st.sampled_from(ScanSource)


@st.composite
def scans(draw: st.DrawFn) -> Scan:
    scan = scan_of(draw(PAYLOADS), draw(SYMBOLS), source=draw(SOURCES))
    return replace(scan, evidence=draw(WITNESSES))


def judged(scan: Scan, expected: Expected, limits: CodeLimits = LIMITS) -> Judgement:
    return judge(scan, classify(scan, RULES), expected, limits)


def test_every_reader_and_every_kind_of_symbol_has_its_row() -> None:
    assert set(EVIDENCE) == {(reader, kind) for reader in Reader for kind in SymbolKind}


@given(scans(), EXPECTED)
def test_what_is_accepted_is_expected_by_name(scan: Scan, expected: Expected) -> None:
    found = judged(scan, expected)
    if found.belief is not Belief.ACCEPT:
        return
    match found.meaning:
        case ItemCode(gtin14=gtin, serial=serial):
            lines = [piece for piece in expected.pieces if piece.gtin == gtin]
            assert any(
                serial is None or not line.serials or serial in line.serials for line in lines
            )
        case SsccCode(sscc=number) | NumberCode(value=number):
            assert number in expected.numbers
        case other:
            known = {serial for piece in expected.pieces for serial in piece.serials}
            assert other.text in known


@given(scans())
def test_nothing_is_accepted_where_nothing_is_expected(scan: Scan) -> None:
    assert judged(scan, Expected()).belief is not Belief.ACCEPT


@given(scans(), EXPECTED)
def test_what_is_typed_is_never_accepted_by_itself(scan: Scan, expected: Expected) -> None:
    typed = replace(scan, source=ScanSource.TYPED)
    assert judged(typed, expected).belief is not Belief.ACCEPT


@given(scans(), EXPECTED)
def test_a_piece_of_another_unit_is_never_accepted(scan: Scan, expected: Expected) -> None:
    known = frozenset().union(*(identities_of(m) for m in classify(scan, RULES)))
    found = judged(scan, replace(expected, seen=known))
    assert found.belief is not Belief.ACCEPT or not identities_of(found.meaning)


@given(scans(), EXPECTED)
def test_a_symbol_that_is_off_is_never_accepted(scan: Scan, expected: Expected) -> None:
    limits = CodeLimits(allow=frozenset(Symbology) - {scan.symbology})
    found = judged(scan, expected, limits)
    assert found.belief is not Belief.ACCEPT or scan.symbology is Symbology.UNKNOWN


@given(scans(), EXPECTED, st.integers(1, 5))
def test_more_votes_never_take_a_belief_away(scan: Scan, expected: Expected, more: int) -> None:
    stronger = replace(scan, evidence=replace(scan.evidence, votes=scan.evidence.votes + more))
    if judged(scan, expected).belief is Belief.ACCEPT:
        assert judged(stronger, expected).belief is Belief.ACCEPT


@given(scans(), EXPECTED)
def test_one_contradicted_vote_of_a_camera_is_asked_for(scan: Scan, expected: Expected) -> None:
    lone = Evidence(engines=frozenset({"zxing", "zbar"}), votes=1, runner_up=1)
    linear = replace(scan, source=ScanSource.CAMERA, symbology=Symbology.EAN13, evidence=lone)
    assert judged(linear, expected).belief is not Belief.ACCEPT


@given(st.lists(scans(), max_size=4), EXPECTED)
def test_one_picture_gives_at_most_one_piece(seen: list[Scan], expected: Expected) -> None:
    found = judge_frame(seen, RULES, expected)
    assert (found is None) is (not seen)
    taken = {
        one.meaning.text for scan in seen if (one := judged(scan, expected)).belief is Belief.ACCEPT
    }
    if found is not None and found.belief is Belief.ACCEPT:
        assert found.meaning.text in taken


@given(st.permutations(["4607112010017", "9784872348880"]))
def test_two_expected_pieces_in_one_picture_are_asked_for(order: list[str]) -> None:
    expected = Expected(pieces=tuple(ExpectedPiece(gtin=gtin) for gtin in GTINS))
    witnesses = Evidence(engines=frozenset({"zxing", "zbar"}), votes=3)
    both = [replace(scan_of(text, "ean13", source="camera"), evidence=witnesses) for text in order]
    found = judge_frame(both, RULES, expected)
    assert found is not None
    assert (found.belief, found.why) == (Belief.ASK, Why.SEVERAL)
    assert judge_frame(both[:1] * 2, RULES, expected) == judged(both[0], expected)
