"""The page of cases: a row for every case that a bench must master, each played by a script."""

import re
from pathlib import Path

import kinds_page
from case_groups import GROUPS
from edge.events.schemas import kinds

PAGE = Path(__file__).parents[2] / "docs" / "cases.md"
TESTS = PAGE.parents[1]
SYSTEM = TESTS / "tests" / "system"
EXCEPTIONS = {"unit.taken_over"}  # kinds of events that no shift leaves; none may be added lightly
ROWS = {
    "unknown parcel": ("unknown-parcel", "unknown-but-near"),
    "blind receipt": ("blind-receipt",),
    "several orders in a parcel": ("several-orders", "five-units"),
    "several parcels of a return": ("several-parcels", "five-units"),
    "missing item": ("missing-item", "five-units"),
    "undeclared item": ("undeclared-item",),
    "over-receipt": ("over-receipt", "five-units"),
    "wrong item, empty box, cannot tell": ("wrong-item", "empty-box", "cannot-tell"),
    "serial is not the sold one": ("serial-mismatch",),
    "other size or colour, one shoe": ("other-variant", "one-shoe"),
    "serial unreadable, nothing to compare": ("serial-unreadable", "serial-nodata"),
    "account lock": ("account-lock",),
    "customer's things": ("property-bag", "property-bag-and-number"),
    "damaged or opened parcel": ("damaged-parcel",),
    "no code on the item": ("no-code",),
    "two numbers name two returns": ("two-returns",),
    "parcel missing at the cut-off": ("parcel-missing",),
    "marking codes": ("mark-ready", "mark-unreadable", "mark-mismatch", "mark-twice"),
    "numbers of units": ("lpn-after-tray", "lpn-before-tray"),
    "containers": ("container-filled", "container-other-tenant", "container-other-zone",
                   "container-full", "container-class", "container-closed", "container-reopened"),
    "danger": ("danger", "danger-by-mistake"),
    "override": ("hold-supervisor-zone", "hold-supervisor-again"),
    "correction": ("corrected-unit",),
    "comes back": ("rework", "rework-too-often"),
    "released by the centre, by data": ("hold-centre", "hold-data"),
}  # fmt: skip
"""What the page must hold, and the scripts that play it."""
HOW = ("case", "test")
PLAYED_BY_TESTS = {
    "Cyrillic on labels",
    "A printer out of paper",
    "Danger: robot and belt stop",
    "Override: what an operator may alone",
    "Override: what nobody may",
    "Correction of what a device carries",
    "Wrong lane",
}
HOLDS = {
    "dispute", "unannounced", "verify", "quality", "unlock", "value", "rtv", "missing_fact",
    "invalid_facts", "no_policy", "rework", "supervisor",
}  # fmt: skip


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
    "What fills still, and a label that nobody scanned back, stand on the list of doubts",
    "A unit leaves it by undo, by its number, by a release",
}


def _cells() -> list[list[str]]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]


def _rows() -> dict[str, list[str]]:
    """Return the cells of each row by the name of its script."""
    return {row[1].strip("`"): row for row in _cells() if len(row) > 3 and row[1].startswith("`")}


def _is_played(name: str) -> bool:
    """Return whether a name is that of a case, or of a test that is there."""
    path, colons, test = name.partition("::")
    if not colons:
        return any(name in group.cases for group in GROUPS.values())
    return f"def {test}(" in (TESTS / path).read_text(encoding="utf-8")


def test_every_row_that_a_bench_must_master_has_its_scripts_on_the_page() -> None:
    on_page = _rows()
    for row, scripts in ROWS.items():
        for name in scripts:
            assert _is_played(name), f"{row}: {name}"
            assert name in on_page, f"{row}: {name}"


def test_every_hold_says_who_ends_it_and_where_it_is_played() -> None:
    held = {row[0].strip("`"): row[3].strip("`") for row in _cells() if len(row) == 4}
    assert held.keys() >= HOLDS
    assert [name for hold, name in held.items() if hold in HOLDS and not _is_played(name)] == []


def test_what_no_script_can_play_names_its_test() -> None:
    named = {row[0]: row[1] for row in _cells() if len(row) == 2 and row[1][:4] in HOW}
    assert named.keys() >= PLAYED_BY_TESTS
    sources = [re.findall("`(.+)`", how) for how in named.values()]
    assert [name for found in sources for name in found if not _is_played(name)] == []


def test_every_kind_of_event_was_left_by_a_shift_or_is_an_exception_with_a_reason() -> None:
    """What each shift leaves is compared with its journals where it is played."""
    seen, never = kinds_page.seen(), kinds_page.never()
    assert set(kinds()) - seen.keys() == never.keys() & set(kinds())
    assert seen.keys() <= set(kinds())
    assert never.keys() <= EXCEPTIONS
    assert all(len(reason) > len("it takes robots") for reason in never.values())


def test_every_shift_of_the_page_is_played() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in SYSTEM.glob("test_*.py"))
    marked = set(re.findall(r'mark\.shift\("([a-z-]+)"\)', tests)) | GROUPS.keys()
    assert frozenset().union(*kinds_page.seen().values()) == marked


def test_every_rule_of_labels_and_containers_names_what_plays_it() -> None:
    page = PAGE.read_text(encoding="utf-8").rpartition("rule by rule")[2]
    rule_rows = page.partition("\n## ")[0].splitlines()
    rows = [line.strip("|").rsplit("|", 1) for line in rule_rows if line.startswith("| ")]
    played = {rule.strip(): re.findall(r"`([a-z_-]+)`", by) for rule, by in rows[1:]}
    assert played.keys() == RULES
    known = {
        name
        for path in SYSTEM.glob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text())
    }
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
