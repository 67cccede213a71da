"""The page of cases: a row for every case that a bench must master, each played by a script."""

import re
from pathlib import Path

from hold_cases import DATA_CASE, HOLD_CASES
from parcel_cases import PARCEL_CASES

PAGE = Path(__file__).parents[2] / "docs" / "cases.md"
PARCELS = {
    "corrected-unit",
    "unknown-parcel",
    "unknown-but-near",
    "damaged-parcel",
    "blind-receipt",
    "several-orders",
    "several-parcels",
    "missing-item",
    "undeclared-item",
    "over-receipt",
    "wrong-item",
    "empty-box",
    "cannot-tell",
    "other-variant",
    "serial-mismatch",
    "serial-nodata",
    "serial-unreadable",
    "no-code",
    "two-returns",
    "five-units",
}


def _rows() -> dict[str, list[str]]:
    """Return the cells of each row by the name of its script."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    return {row[1].strip("`"): row for row in cells if len(row) > 1 and row[1].startswith("`")}


def test_every_case_of_parcels_and_pieces_has_a_row_and_a_script() -> None:
    assert PARCEL_CASES.keys() >= PARCELS
    assert PARCEL_CASES.keys() <= _rows().keys()


def test_the_page_names_the_events_that_the_scripts_demand() -> None:
    rows = _rows()
    for name, case in PARCEL_CASES.items():
        assert tuple(re.findall(r"`([a-z_]+\.[a-z_]+)`", rows[name][3])) == case.leaves, name


def test_every_case_of_numbers_and_holds_has_its_row_with_its_events() -> None:
    rows = _rows()
    for name, case in {**HOLD_CASES, "hold-data": DATA_CASE}.items():
        assert tuple(re.findall(r"`([a-z_]+\.[a-z_]+)`", rows[name][3])) == case.leaves, name
