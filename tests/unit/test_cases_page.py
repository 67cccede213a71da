"""The page of cases: a row for every case that a bench must master, each played by a script."""

import re
from pathlib import Path

from case_groups import GROUPS

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


def test_every_case_of_parcels_and_pieces_has_a_script() -> None:
    assert GROUPS["parcels"].cases.keys() >= PARCELS


def test_every_script_has_a_row_that_names_the_events_it_demands() -> None:
    rows = _rows()
    for group in GROUPS.values():
        for name, case in group.cases.items():
            assert tuple(re.findall(r"`([a-z_]+\.[a-z_]+)`", rows[name][3])) == case.leaves, name


def test_no_two_cases_share_a_name() -> None:
    names = [name for group in GROUPS.values() for name in group.cases]
    assert len(names) == len(set(names))
