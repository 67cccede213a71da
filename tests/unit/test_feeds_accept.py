"""Row formats: good rows become changes, bad ones are named by row, field and reason."""

import json
from typing import Any

import pytest

from edge.feeds.accept import accept, header_problems, row_of_cells, row_of_json
from edge.journal.reference import ItemChange, LineChange

LINE: dict[str, Any] = {
    "rma": "88123",
    "line": "2",
    "tenant": "shop-a",
    "gtin": "4601234567893",
    "qty": 1,
}
ITEM: dict[str, Any] = {
    "gtin": "04601234567893",
    "sku": "S1",
    "tenant": "shop-a",
    "category": "apparel",
    "title_ru": "Футболка",
    "title_en": "T-shirt",
    "battery": 1,
    "hazmat": 0,
}


def _problems(feed: str, *rows: object) -> list[str]:
    _, problems = accept(feed, [row_of_json(n, row) for n, row in enumerate(rows, 1)])
    return [str(problem) for problem in problems]


def test_a_line_is_found_by_each_of_its_numbers() -> None:
    row = LINE | {
        "order": "A-1",
        "tracking": "RB1",
        "serials": ["356"],
        "marks": ["010460123456789321abc\x1d93tail"],
        "title_ru": "Смартфон",
        "case_id": "c-9",
    }
    (change,), _ = accept("returns", [row_of_json(1, row)])
    assert isinstance(change, LineChange)
    assert change.gtin == "04601234567893"
    assert change.numbers == (
        ("rma", "88123"),
        ("tracking", "RB1"),
        ("order", "A-1"),
        ("serial", "356"),
        ("mark", "010460123456789321abc"),
    )
    body = json.loads(change.body or "")
    assert body["title"] == {"ru": "Смартфон"}
    assert body["case_id"] == "c-9"


def test_an_article_says_which_attributes_are_not_known() -> None:
    (change,), _ = accept("items", [row_of_json(1, ITEM)])
    assert isinstance(change, ItemChange)
    body = json.loads(change.body or "")
    assert body["attrs"] == ["battery"]
    assert "hazmat" not in body["unknown_attrs"]
    assert "liquid" in body["unknown_attrs"]


def test_every_bad_row_and_field_is_named() -> None:
    bad = LINE | {"gtin": "4601234567890", "qty": 0, "colour": "red"}
    assert _problems("returns", LINE, bad, [], {"rma": "1"}) == [
        "row 2: colour: unknown column",
        "row 2: gtin: is no GTIN: 8, 12, 13 or 14 digits with their check digit",
        "row 2: qty: a whole number from 1 is expected",
        "row 3: : an object is expected",
        "row 4: line: is missing",
        "row 4: tenant: is missing",
        "row 4: gtin: is missing",
        "row 4: qty: is missing",
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rma", ""),
        ("rma", 88123),
        ("rma", "a\nb"),
        ("rma", "x" * 513),
        ("qty", True),
        ("qty", 1.0),
        ("qty", "1"),
        ("serials", "356"),
        ("serials", [356]),
        ("serials", [""]),
        ("due_at", "2026-11-23"),
        ("due_at", "tomorrow"),
        ("due_at", 5),
        ("exchange_waiting", "yes"),
        ("exchange_waiting", 2),
        ("decision", "maybe"),
        ("declared_g", -1),
        ("value_minor", 2**60),
        ("value_minor", 5),
        ("currency", "rub"),
        ("op", "upsert"),
    ],
)
def test_a_value_of_another_form_is_refused(field: str, value: object) -> None:
    assert _problems("returns", LINE | {field: value}) != []


def test_a_deletion_needs_the_keys_alone() -> None:
    row = {"op": "delete", "rma": "1", "line": "2", "tenant": "t"}
    (change,), problems = accept("returns", [row_of_json(1, row)])
    assert problems == []
    assert change == LineChange(tenant="t", rma="1", line="2")
    gone = {"op": "delete", "gtin": "4601234567893", "tenant": "t"}
    (item,), _ = accept("items", [row_of_json(1, gone)])
    assert item == ItemChange(tenant="t", gtin="04601234567893")


def test_cells_are_read_by_their_columns() -> None:
    header = ["rma", "line", "tenant", "gtin", "qty", "serials", "exchange_waiting", "reason"]
    cells = ["1", "2", "t", "4601234567893", "3", "a|b", "true", ""]
    row = row_of_cells("returns", 1, header, cells)
    assert dict(row.values) == {
        "rma": "1",
        "line": "2",
        "tenant": "t",
        "gtin": "4601234567893",
        "qty": 3,
        "serials": ["a", "b"],
        "exchange_waiting": True,
    }
    assert row_of_cells("returns", 1, header, cells[:-1]).problem == "7 fields instead of 8"


def test_a_header_names_its_strangers_its_gaps_and_its_twins() -> None:
    found = [str(one) for one in header_problems("items", ["gtin", "gtin", "size", "tenant"])]
    assert found == [
        "row 0: size: unknown column",
        "row 0: gtin: stands twice",
        "row 0: sku: column is missing",
        "row 0: category: column is missing",
        "row 0: title_ru: column is missing",
        "row 0: title_en: column is missing",
    ]
