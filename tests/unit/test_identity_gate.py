"""Single rows of the identity gate, by the names of what is read."""

from dataclasses import replace

import pytest

from codes import RULES, scan_of
from drivers.protocols import Evidence, Symbology
from edge.barcodes.classify import classify
from edge.barcodes.identity import Belief, Expected, ExpectedPiece, Judgement, Why, judge
from edge.catalogue import CodeLimits

GTIN = "04607112010017"
ONE_LINE = Expected(
    pieces=(ExpectedPiece(gtin=GTIN, serials=("S7",)),), numbers=frozenset({"RMA-88123", "SN-9"})
)
VOTED = Evidence(engines=frozenset({"zxing"}), votes=2)
BOTH = Evidence(engines=frozenset({"zxing", "zbar"}), votes=1)
ONCE = Evidence(engines=frozenset({"zxing"}), votes=1)
TORN = Evidence(engines=frozenset({"zxing", "zbar"}), votes=3, runner_up=2)


def judged(
    payload: str,
    symbology: str,
    *,
    source: str = "serial",
    evidence: Evidence | None = None,
    expected: Expected = ONE_LINE,
    limits: CodeLimits | None = None,
) -> Judgement:
    scan = scan_of(payload, symbology, source=source)
    scan = scan if evidence is None else replace(scan, evidence=evidence)
    return judge(scan, classify(scan, RULES), expected, limits or CodeLimits())


@pytest.mark.parametrize(
    ("payload", "symbology", "source", "evidence"),
    [
        ("4607112010017", "ean13", "serial", None),
        ("4607112010017", "unknown", "hid", None),
        ("010460711201001721S7", "gs1_datamatrix", "hid", None),
        ("RMA-88123", "code128", "ssi", None),
        ("RMA-88123", "unknown", "hid", None),
        ("4607112010017", "ean13", "camera", VOTED),
        ("4607112010017", "ean13", "camera", BOTH),
        ("010460711201001721S7", "gs1_datamatrix", "camera", ONCE),
        ("4607112010017", "unknown", "wedge", None),
    ],
)
def test_expected_and_well_read_is_accepted(
    payload: str, symbology: str, source: str, evidence: Evidence | None
) -> None:
    found = judged(payload, symbology, source=source, evidence=evidence)
    assert (found.belief, found.why) == (Belief.ACCEPT, Why.EXPECTED)


@pytest.mark.parametrize(
    ("payload", "symbology", "source", "evidence", "why"),
    [
        ("4607112010017", "ean13", "camera", ONCE, Why.WEAK),
        ("4607112010017", "ean13", "camera", TORN, Why.WEAK),
        ("SN-9", "unknown", "hid", None, Why.WEAK),
        ("4607112010017", "ean13", "typed", None, Why.UNCONFIRMED),
        ("9784872348880", "ean13", "serial", None, Why.NOT_EXPECTED),
        ("010460711201001721S8", "gs1_datamatrix", "hid", None, Why.WRONG_SERIAL),
        ("hello", "code128", "hid", None, Why.NOT_EXPECTED),
    ],
)
def test_anything_less_is_asked_for(
    payload: str, symbology: str, source: str, evidence: Evidence | None, why: Why
) -> None:
    found = judged(payload, symbology, source=source, evidence=evidence)
    assert (found.belief, found.why) == (Belief.ASK, why)


@pytest.mark.parametrize(
    ("payload", "symbology"),
    [
        ("96385074", "ean8"),
        ("04252614", "upce"),
        ("A4607B", "codabar"),
        ("460711", "code93"),
        ("T", "code39"),
        ("460711", "itf"),
    ],
)
def test_short_and_unchecked_symbols_are_off_until_somebody_switches_them_on(
    payload: str, symbology: str
) -> None:
    found = judged(payload, symbology)
    assert (found.belief, found.why) == (Belief.REFUSE, Why.SYMBOLOGY_OFF)


def test_a_symbol_that_is_switched_on_counts() -> None:
    expected = Expected(pieces=(ExpectedPiece(gtin="00000096385074"),))
    limits = CodeLimits(allow=frozenset({Symbology.EAN8}))
    found = judged("96385074", "ean8", expected=expected, limits=limits)
    assert found.belief is Belief.ACCEPT


@pytest.mark.parametrize("payload", ["RX-OK-0000", "4607112010018", "TR-1"])
def test_what_is_refused_stays_refused(payload: str) -> None:
    assert judged(payload, "ean13").belief is Belief.REFUSE


def test_a_number_that_may_be_two_things_is_asked_for() -> None:
    both = Expected(pieces=(ExpectedPiece(gtin="00000096385074"),), numbers=frozenset({"96385074"}))
    rules = replace(RULES, numbers=RULES.numbers[:1])
    scan = scan_of("96385074", "code128")
    meanings = (*classify(scan, rules), *classify(scan_of("RMA-88123"), rules))
    both = replace(both, numbers=frozenset({"RMA-88123"}))
    found = judge(scan, meanings, both)
    assert (found.belief, found.why) == (Belief.ASK, Why.AMBIGUOUS)


def test_the_print_that_both_engines_misread_is_not_accepted() -> None:
    # 0 23942 43101 5 comes back as 9074932437075 with a good check digit from both engines.
    announced = Expected(pieces=(ExpectedPiece(gtin="00023942431015"),))
    sure = Evidence(engines=frozenset({"zxing", "zbar"}), votes=9)
    found = judged("9074932437075", "ean13", source="camera", evidence=sure, expected=announced)
    assert (found.belief, found.why) == (Belief.ASK, Why.NOT_EXPECTED)


def test_a_serial_that_may_have_swallowed_its_neighbour_needs_the_sold_one() -> None:
    unknown_serials = Expected(pieces=(ExpectedPiece(gtin=GTIN),))
    found = judged(
        "0104607112010017215Abc91EE0692aGVsbG8=", "gs1_datamatrix", expected=unknown_serials
    )
    assert (found.belief, found.why) == (Belief.ASK, Why.GS_SUSPECT)
