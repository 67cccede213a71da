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


RULES = {
    "No number: a unit lives in its tray",
    "Printed with the verdict",
    "Off a roll, before the tray or after it",
    "A printed label counts only when it is scanned back; a second one is marked `R`",
    "No number is used twice",
    "No printer: written by hand",
    "The bag with a customer's things has a number of its own",
    "A container carries one tenant, zone and disposition",
    "It holds so many units, and so many kilograms",
    "Hazardous and sharp goods in containers of that class alone",
    "It is closed with its count and weight, and carried as one",
    "Only a supervisor opens it again",
    "A closed container ends the free correction of its units",
    "A unit leaves it by undo, by its number, by a release",
}


def _rows() -> dict[str, list[str]]:
    """Return the cells of each row by the name of its script."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    return {row[1].strip("`"): row for row in cells if len(row) > 3 and row[1].startswith("`")}


def test_every_case_of_parcels_and_pieces_has_a_script() -> None:
    assert GROUPS["parcels"].cases.keys() >= PARCELS


def test_every_rule_of_labels_and_containers_names_what_plays_it() -> None:
    page = PAGE.read_text(encoding="utf-8").rpartition("rule by rule")[2].splitlines()
    rows = [line.strip("|").rsplit("|", 1) for line in page if line.startswith("| ")]
    played = {rule.strip(): re.findall(r"`([a-z_-]+)`", by) for rule, by in rows[1:]}
    assert played.keys() == RULES
    system = (PAGE.parents[1] / "tests" / "system").glob("test_*.py")
    known = {name for path in system for name in re.findall(r"def (test_\w+)", path.read_text())}
    known |= {name for group in GROUPS.values() for name in group.cases}
    assert all(names and set(names) <= known for names in played.values()), played


def test_every_script_has_a_row_that_names_the_events_it_demands() -> None:
    rows = _rows()
    for group in GROUPS.values():
        for name, case in group.cases.items():
            assert tuple(re.findall(r"`([a-z_]+\.[a-z_]+)`", rows[name][3])) == case.leaves, name


def test_no_two_cases_share_a_name() -> None:
    names = [name for group in GROUPS.values() for name in group.cases]
    assert len(names) == len(set(names))
