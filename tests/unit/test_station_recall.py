"""Recalls: the item scan answers where list and code tell; else a person looks."""

from dataclasses import replace

import pytest

from bench import ITEMS, SHIRT, START_MS, TRACKING, Bench, rules
from drivers.protocols import DeviceName, Scan, ScanSource, Symbology
from edge.barcodes.classify import classify
from edge.catalogue import Recall, ReturnLine
from edge.events import InspectionAnswered
from edge.station.inputs import Candidate, Lookups, ScanInput

LINE = ReturnLine(
    rma="1", line="1", tenant="shop-a", gtin=SHIRT, qty=1, tracking=TRACKING, title={"en": "Cream"}
)
CREAM = replace(ITEMS[SHIRT], category="cosmetics")
BATCH = Recall(recall_id="R-1", gtin=SHIRT, reason="taint", lot_from="L100", lot_to="L199")
ALL = Recall(recall_id="R-2", gtin=SHIRT, reason="taint")


def batch_answers(code: str, recalls: tuple[Recall, ...] | None) -> list[InspectionAnswered]:
    """What the scan of a cream answers about its batch."""
    bench = Bench(lines=(LINE,))
    bench.parcel()
    at_ns = (START_MS + 60_000) * 1_000_000
    scan = Scan(
        scan_no=9,
        payload=code.encode(),
        device=DeviceName("hand-1"),
        source=ScanSource.SERIAL,
        first_ns=at_ns,
        at_ns=at_ns,
        symbology=Symbology.GS1_DATAMATRIX,
        aim_id="]d2",
    )
    lookups = Lookups(
        candidates=(Candidate(matched_by="tracking", key=TRACKING, lines=(LINE,)),),
        items={SHIRT: CREAM},
        recalls={} if recalls is None else {SHIRT: recalls},
    )
    given = ScanInput(
        input="b/hand-1/9", scan=scan, meanings=classify(scan, rules()), lookups=lookups
    )
    assert "unit.identified" in bench.take(given)
    answers = [e.payload for e in bench.events if isinstance(e.payload, InspectionAnswered)]
    return [one for one in answers if one.step == "batch"]


@pytest.mark.parametrize(
    ("lot", "recalls", "answer"),
    [
        ("L150", (BATCH,), "recalled"),
        ("l199", (BATCH,), "recalled"),
        ("L200", (BATCH,), "clear"),
        ("L99", (BATCH,), "clear"),
        ("L1500", (BATCH,), "clear"),
        ("L7", (), "clear"),
        ("L7", (ALL, BATCH), "recalled"),
    ],
)
def test_a_lot_is_compared_with_the_list(
    lot: str, recalls: tuple[Recall, ...], answer: str
) -> None:
    (given,) = batch_answers(f"01{SHIRT}10{lot}", recalls)
    assert (given.answer, given.by, given.must) == (answer, "auto", False)


def test_without_a_list_or_a_lot_a_person_looks() -> None:
    assert batch_answers(f"01{SHIRT}10L7", None) == []
    assert batch_answers(f"01{SHIRT}", (BATCH,)) == []
    assert batch_answers(f"01{SHIRT}", ()) == []


def test_a_whole_article_is_recalled_without_a_lot() -> None:
    assert [one.answer for one in batch_answers(f"01{SHIRT}", (ALL,))] == ["recalled"]


def test_serials_in_a_range_are_recalled() -> None:
    serials = Recall(recall_id="R-3", gtin=SHIRT, reason="x", serial_from="A001", serial_to="A050")
    assert serials.hits(lot=None, serial="A050") is True
    assert serials.hits(lot=None, serial="A051") is False
    assert serials.hits(lot="L1", serial=None) is None
    both = replace(serials, lot_from="L1", lot_to="L2")
    assert both.hits(lot="L3", serial=None) is False
