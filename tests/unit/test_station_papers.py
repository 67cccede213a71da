"""Papers' data: emitted with the parcel's closing, from what was found, undone with it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bench import LINES, MUG, PHONE, SHIRT, TRACKING, Bench, context
from drivers.protocols import Symbology
from edge.events import (
    CorrectionMade,
    DocumentData,
    ParcelDamaged,
    PhotoTaken,
    UnitId,
    UnitIdentified,
    UnitOpened,
    canonical,
    kind_of,
)
from edge.station.box import Box, told
from edge.station.inputs import PhotoInput
from source_tree import ROOT


def documents(bench: Bench) -> list[DocumentData]:
    return [one.payload for one in bench.events if isinstance(one.payload, DocumentData)]


def act(bench: Bench, form: str) -> dict[str, Any]:
    found = [one for one in documents(bench) if one.form == form]
    assert len(found) == 1
    return dict(found[0].fields)


def one_shirt() -> Bench:
    bench = Bench(lines=LINES[:1])
    bench.parcel()
    return bench


def test_a_return_whose_goods_are_all_here_leaves_a_return_act_and_no_discrepancy() -> None:
    bench = one_shirt()
    bench.shirt()
    kinds = bench.tray("A1")
    assert kinds[-3:] == ["parcel.closed", "return.completed", "document.data"]
    said = act(bench, "return_act")
    assert (said["rma"], said["is_complete"], said["receiver"]) == ("88123", True, "0417")
    (item,) = said["items"]
    assert (item["gtin"], item["qty"], item["line"], item["grade"]) == (SHIRT, 1, "1", "A")
    assert item["answers"]["seal"] == "opened"
    assert said["tracking"] == TRACKING


def test_a_missing_piece_is_a_shortage_with_what_was_announced_and_what_came() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    assert documents(bench) == []
    bench.press("f7", "2")
    said = act(bench, "discrepancy_act")
    (row,) = said["rows"]
    assert (row["kind"], row["line"], row["announced"], row["actual"]) == ("shortage", "2", 1, 0)
    assert [item["gtin"] for item in act(bench, "return_act")["items"]] == [SHIRT]


def test_a_piece_that_nobody_announced_is_a_surplus_row_and_in_no_return_act() -> None:
    bench = one_shirt()
    bench.scan(MUG[1:], symbology=Symbology.EAN13, aim_id="]E0")
    bench.press("2")
    assert bench.state.unit is not None
    mug = bench.state.unit.unit
    bench.tray("H1")
    bench.shirt()
    bench.tray("A1")
    rows = act(bench, "discrepancy_act")["rows"]
    assert [(row["kind"], row["units"]) for row in rows] == [("surplus", [mug])]
    assert mug not in [item["unit"] for item in act(bench, "return_act")["items"]]


def test_photographs_and_serials_of_the_pieces_are_named() -> None:
    bench = one_shirt()
    bench.shirt()
    unit = bench.state.unit
    assert unit is not None
    photo = PhotoTaken(
        sha256="c3" * 32, bytes=1, mime="image/jpeg", width=1, height=1, slot="item", camera="top",
        sharpness=9, mean=1, clipped=0, bound_by="open_window",
    )  # fmt: skip
    bench.take(PhotoInput(unit=unit.unit, slot="item", photo=photo, at_ms=bench.now_ms))
    bench.tray("A1")
    (document,) = documents(bench)
    assert document.photos == ("c3" * 32,)
    assert document.fields["items"][0]["photos"] == ["c3" * 32]


def test_a_closing_that_is_undone_takes_its_papers_back_and_the_next_one_is_whole() -> None:
    bench = one_shirt()
    bench.shirt()
    bench.tray("A1")
    bench.press("f9")
    corrections = [one.payload for one in bench.events if isinstance(one.payload, CorrectionMade)]
    papers = {one.id for one in bench.events if one.kind == "document.data"}
    assert papers
    assert papers <= {one.of for one in corrections}
    bench.tray("A1")
    assert len(documents(bench)) == 2
    assert len(documents(bench)[1].fields["items"]) == 1


def test_a_parcel_that_nobody_announced_has_no_discrepancies() -> None:
    bench = Bench(lines=(), given=context())
    bench.badge()
    bench.scan("RB999999995RU")
    bench.press("1")
    bench.shirt()
    bench.tray("H1")
    bench.press("f7", "enter")
    bench.press("enter")
    assert "parcel.closed" in [one.kind for one in bench.events]
    assert [one.form for one in documents(bench) if one.form == "discrepancy_act"] == []


def test_an_article_with_another_serial_is_a_mix_up() -> None:
    bench = Bench(lines=LINES[1:])
    bench.parcel()
    bench.phone("490154203237518")
    for key in ("1", "1", "1"):
        bench.press(*key, "enter")
    bench.tray("H1")
    rows = act(bench, "discrepancy_act")["rows"]
    assert [(row["kind"], row["match"]) for row in rows] == [("mix_up", "wrong_serial")]
    assert [item["serial"] for item in act(bench, "return_act")["items"]] == ["490154203237518"]


def test_what_the_person_saw_is_a_mix_up_though_the_code_was_as_announced() -> None:
    bench = one_shirt()
    bench.shirt()
    bench.press("2")  # another size or colour
    bench.tray("H1")
    rows = act(bench, "discrepancy_act")["rows"]
    assert [(row["kind"], row["match"]) for row in rows] == [("mix_up", "expected")]


def test_every_paper_has_a_canonical_form() -> None:
    bench = Bench(lines=tuple(replace(line, gtin=line.gtin or PHONE) for line in LINES))
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    bench.press("f7", "2")
    for document in documents(bench):
        assert kind_of(document) == "document.data"
        assert canonical(dict(document.fields))


def test_a_box_that_came_damaged_says_so_once() -> None:
    torn = ParcelDamaged(kinds=("torn",), weight_g=900)
    box = told(told(Box(), None, torn), None, ParcelDamaged(kinds=("torn", "wet")))
    assert (box.damage, box.weight_g) == (("torn", "wet"), 900)


def test_a_piece_that_is_inspected_anew_is_told_of_once() -> None:
    first = UnitIdentified(how="scan", basis="parcel", match="expected", confirmed=True, epc="x")
    box = told(Box(), UnitId("u1"), first)
    box = told(box, UnitId("u2"), UnitOpened(n=2, previous="u1"))
    box = told(box, UnitId("u2"), first)
    assert list(box.pieces) == ["u2"]


def test_a_company_s_return_has_what_its_transfer_document_s_correction_needs() -> None:
    sold = tuple(replace(line, order="ORD-7", upd="UPD-55") for line in LINES)
    bench = Bench(lines=sold)
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    bench.press("f7", "2")
    assert act(bench, "return_act")["orders"] == ["ORD-7"]
    said = act(bench, "upd_correction")
    assert (said["upd"], len(said["date"])) == ("UPD-55", 10)
    assert said["lines"] == [
        {"rma": "88123", "line": "1", "accepted": 1},
        {"rma": "88123", "line": "2", "accepted": 0},
    ]


def test_a_consumer_s_return_has_no_such_paper() -> None:
    bench = one_shirt()
    bench.shirt()
    bench.tray("A1")
    assert [one.form for one in documents(bench)] == ["return_act"]


def test_papers_hold_the_fields_that_the_page_lists_and_no_other() -> None:
    page = (ROOT / "docs" / "papers.md").read_text(encoding="utf-8")
    bench = Bench(lines=tuple(replace(line, order="O", upd="U") for line in LINES))
    bench.parcel()
    bench.press("1")
    bench.shirt()
    bench.tray("A1")
    bench.press("f7", "2")
    forms = {one.form: one.fields for one in documents(bench)}
    assert set(forms) == {"return_act", "discrepancy_act", "upd_correction"}
    named = {name for fields in forms.values() for name in _names(fields)}
    assert {name for name in named if f"`{name}" not in page} == set()


def _names(fields: Mapping[str, Any]) -> Iterator[str]:
    """Field names, those of rows and items too; answers are the checklist's own."""
    for name, value in fields.items():
        yield name
        for part in value if isinstance(value, list) else ():
            if isinstance(part, dict):
                yield from _names({**part, "answers": None})
