"""Fixtures: what a pack shows of itself stays true, and a changed cell does not go unseen."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from policy_kit import default_pack, pack_files, with_file
from source_tree import ROOT
from zoning import session
from zoning.evaluate import INVALID, MISSING, decide
from zoning.gate.difference import difference
from zoning.model import Facts, Members, Move, Refund, Zone
from zoning.pack import Pack, load_pack
from zoning.table import Row, read_cell, show_cell
from zoning.witness import Fixtures, facts_digest, fixtures, outcome, rerun, static_of
from zoning.witness.units import Unit

FOLDER = ROOT / "tests" / "data" / "policies"
FILES = sorted(FOLDER.glob("*.jsonl"))


@cache
def pack_of(name: str) -> Pack:
    folder = FOLDER / name
    paths = (path for path in folder.rglob("*") if path.is_file())
    return load_pack({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})


@cache
def records(path: Path) -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


@cache
def found() -> Fixtures:
    return fixtures(default_pack())


def facts_of(record: Mapping[str, Any]) -> Facts:
    given = record["facts"]
    return Facts.from_json(
        {
            "policy_sha256": "",
            "known": given.get("known", {}),
            "unknown": given.get("unknown", {}),
            "missing": given.get("missing", []),
            "source": {},
            "grade_exact": True,
        }
    )


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_fixture_is_decided_as_it_was(path: Path) -> None:
    pack = pack_of(path.stem)
    head, *rest = records(path)
    assert head["pack"] == {"id": pack.id, "version": pack.version, "sha256": pack.sha256}
    units = [record for record in rest if "facts" in record]
    assert len(units) > 100
    for record in units:
        assert outcome(decide(pack, facts_of(record))) == record["expected"], record["shows"]


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_answer_path_leads_to_the_same_facts_and_outcome(path: Path) -> None:
    pack = pack_of(path.stem)
    paths = [record for record in records(path)[1:] if "answers" in record]
    assert len(paths) > 300
    for record in paths:
        run = rerun(pack, static_of(record["static"]), record["answers"])
        assert run.checklist.id == record["checklist"]
        assert facts_digest(session.facts(run)) == record["facts_sha256"], record["shows"]
        assert outcome(decide(pack, session.facts(run))) == record["expected"], record["shows"]


def test_the_default_pack_has_fixtures_of_its_own_content() -> None:
    pack = default_pack()
    path = FOLDER / f"{pack.policy.id}-{pack.policy.version}.jsonl"
    assert records(path)[0]["pack"]["sha256"] == pack.sha256, "policy witness was not run again"
    assert list(records(path)) == [json.loads(line) for line in found().lines()]


# ---------------------------------------------------------------- what is shown


def shown(name: str) -> Unit:
    return next(unit for unit in found().units.units if name in unit.shows)


def names() -> Iterator[str]:
    return (name for unit in found().units.units for name in unit.shows)


def test_nothing_of_the_default_pack_is_left_unshown() -> None:
    assert found().unshown == ()
    assert found().count == len(found().units.units) + len(found().paths.found)


def test_each_row_is_shown_by_a_unit_that_it_takes() -> None:
    for row in default_pack().table.rows:
        assert shown(f"row {row.id}").verdict.row == row.id


def test_a_row_is_shown_by_the_plainest_unit() -> None:
    assert dict(shown("row R13").facts.values) == {
        "grade": "A",
        "flags": Members(),
        "value": 0,
        "attrs": Members(),
        "in_window": True,
    }
    assert shown("row R13").verdict.caps == ()


def test_each_cell_is_shown_by_a_unit_that_it_alone_keeps_out() -> None:
    pack = default_pack()
    for row in pack.table.rows:
        for column in row.cells:
            unit = shown(f"off {row.id} {column}")
            parts = pack.index.parts(unit.facts.values)
            at = pack.table.rows.index(row)
            rejecting = [name for name in pack.table.columns if not parts[name] >> at & 1]
            assert rejecting == [column], (row.id, column)


def test_each_value_of_a_cell_lets_a_unit_in_alone() -> None:
    unit = shown("in R02 flags empty_box")
    assert unit.verdict.row == "R02"
    assert unit.facts.values["flags"] == Members(present=frozenset({"empty_box"}))
    assert shown("in R10 grade C").facts.values["grade"] == "C"
    assert shown("in R16 value 1000000000").verdict.row == "R16"


def test_a_cut_is_shown_from_both_sides() -> None:
    below, above = shown("cut value 1000000 below"), shown("cut value 1000000")
    assert (below.facts.values["value"], above.facts.values["value"]) == (999_999, 1_000_000)
    assert {**below.facts.values, "value": 0} == {**above.facts.values, "value": 0}
    assert below.verdict.row != above.verdict.row


def test_each_cap_lowers_a_unit_that_its_row_would_treat_better() -> None:
    pack = default_pack()
    for cap in pack.policy.caps:
        verdict = shown(f"cap {cap.id}").verdict
        row = pack.table.row(verdict.row)
        assert row is not None
        assert cap.id in verdict.caps
        if cap.output == "refund":
            assert list(Refund).index(row.refund) < list(Refund).index(verdict.refund)
        else:
            assert verdict.move is Move.MANUAL
    assert shown("cap C2 flags used").facts.values["flags"] == Members(present=frozenset({"used"}))


def test_each_column_that_may_be_missing_is_shown_missing() -> None:
    for column in ("grade", "flags", "value"):
        unit = shown(f"missing {column}")
        assert unit.verdict.row == MISSING
        assert column not in unit.facts.values
        assert column in [item.column for item in unit.verdict.missing]
    # A column that only caps read is never decided by: the row fires, the cap counts as applied.
    assert shown("missing in_window").verdict.caps == ("C5",)


def test_a_contradiction_is_shown_for_each_axiom() -> None:
    assert shown("axiom X1").verdict.row == INVALID


def test_each_option_and_band_of_each_checklist_has_a_path() -> None:
    told = {(path.checklist, path.step, path.option) for path in found().paths.found}
    wanted = {
        (checklist.id, step.name, option.id)
        for checklist in default_pack().checklists.values()
        for step in checklist.steps
        for option in step.outcomes
    }
    assert told == wanted
    assert len(found().paths.found) == len(told)


def test_the_answer_of_a_path_counts_at_its_end() -> None:
    for path in found().paths.found:
        run = rerun(default_pack(), path.static, path.answers)
        step = run.checklist.step(path.step)
        assert step is not None
        if not step.by_parcel:
            value = dict(path.answers)[path.step]
            said = step.band(int(value)) if step.bands else step.option(str(value))
            assert said is not None
            assert said.id == path.option
            assert run.states[path.step] == "answered"


def test_what_no_unit_shows_is_named() -> None:
    dead = with_file("zone.csv", "R17,D", "R98,A,empty & any:wipe,,hold,RTV,review,х,x\nR17,D")
    unshown = fixtures(load_pack(dead)).unshown
    assert "row R98" in unshown


def test_an_answer_that_nothing_leads_to_is_named() -> None:
    books = pack_files()["checklists/books.toml"].decode()
    pack = load_pack({**pack_files(), "checklists/books.toml": (books + NEVER).encode()})
    assert fixtures(pack).paths.unshown == ("books never=x",)


NEVER = """
[[step]]
name = "never"
default = "x"
relevant = "seal = 'opened' and seal = 'missing'"
label = { ru = "Т", en = "T" }
option = [{ id = "x", label = { ru = "Т", en = "T" } }]
"""


# ---------------------------------------------------------------- a changed cell is seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A row with one cell changed, and the name of a unit that must tell it from the old row."""

    row: Row
    shown: str


def with_row(mutant: Mutant) -> Pack:
    pack = default_pack()
    rows = tuple(mutant.row if row.id == mutant.row.id else row for row in pack.table.rows)
    return replace(pack, table=replace(pack.table, rows=rows))


def mutants() -> Iterator[Mutant]:
    """Yield every row with a value of a cell less, a value more, a blank cell, another output."""
    pack = default_pack()
    for row in pack.table.rows:
        for column, cell in row.cells.items():
            domain = pack.policy.domains[column]
            for text, shown_by in _others(show_cell(cell, domain), domain.values):
                changed = read_cell(text, domain)
                assert changed is not None
                cells = {**row.cells, column: changed}
                yield Mutant(row=replace(row, cells=cells), shown=shown_by.format(row.id, column))
            blank = {name: other for name, other in row.cells.items() if name != column}
            yield Mutant(row=replace(row, cells=blank), shown=f"off {row.id} {column}")
        for refund in set(Refund) - {row.refund}:
            yield Mutant(row=replace(row, refund=refund), shown=f"row {row.id}")
        for zone in set(Zone) - {row.zone}:
            yield Mutant(row=replace(row, zone=zone), shown=f"row {row.id}")
        yield Mutant(row=replace(row, disposition="OTHER"), shown=f"row {row.id}")
        yield Mutant(row=replace(row, actions=("OTHER",)), shown=f"row {row.id}")


def _others(text: str, values: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    test, colon, listed = text.rpartition(":")
    members = listed.split("|")
    for gone in members if len(members) > 1 else ():
        left = "|".join(member for member in members if member != gone)
        yield f"{test}{colon}{left}", f"in {{}} {{}} {gone}"
    for extra in (value for value in values if value not in members):
        yield f"{text}|{extra}", f"off {{}} {{}} {extra}"


def can_matter(mutant: Mutant, shows: frozenset[str]) -> bool:
    """Return whether any unit tells a mutant from the old row: no earlier row takes them all."""
    if mutant.shown not in shows:
        return False
    rows = default_pack().table.rows
    at = [row.id for row in rows].index(mutant.row.id)
    if mutant.shown == f"row {mutant.row.id}":
        return not is_capped(rows[at], mutant.row)
    taken = shown(mutant.shown).verdict.row
    return taken not in [row.id for row in rows[:at]]


def is_capped(old: Row, new: Row) -> bool:
    """Return whether a cap that is on all units of a row lowers both refunds alike."""
    order = list(Refund)
    applied = shown(f"row {old.id}").verdict.caps
    caps = [cap for cap in default_pack().policy.caps if cap.id in applied]
    worst = max((order.index(Refund(c.at_most)) for c in caps if c.output == "refund"), default=0)
    before, after = (max(worst, order.index(row.refund)) for row in (old, new))
    return old.refund is not new.refund and before == after


def is_seen(mutant: Mutant) -> bool:
    pack = with_row(mutant)
    units = found().units.units
    return any(outcome(decide(pack, unit.facts)) != outcome(unit.verdict) for unit in units)


def test_every_changed_cell_and_output_is_seen_by_a_fixture() -> None:
    shows = frozenset(names())
    all_mutants = tuple(mutants())
    tried = [mutant for mutant in all_mutants if can_matter(mutant, shows)]
    assert len(tried) > 400
    assert {mutant.row.id for mutant in tried} == {row.id for row in default_pack().table.rows}
    assert [mutant.shown for mutant in tried if not is_seen(mutant)] == []


def test_a_change_that_no_unit_shows_changes_nothing() -> None:
    shows = frozenset(names())
    hidden = [mutant for mutant in mutants() if not can_matter(mutant, shows)]
    added = [mutant for mutant in hidden if mutant.shown.startswith("off R03 flags ")]
    assert added
    for mutant in added[:3]:
        assert difference(default_pack(), with_row(mutant)) == ()
