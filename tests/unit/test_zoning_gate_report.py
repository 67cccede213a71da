"""What the gate tells: units in words, JSON, the hash of a proof, questions for other solvers."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from pysat.formula import CNF
from pysat.solvers import Cadical153

from gate_kit import EXEMPT, changed, refusals, with_row
from policy_kit import default_pack, pack_files, with_file
from zoning.encode.cnf import Cnf
from zoning.encode.space import EnumColumn
from zoning.evaluate import decide
from zoning.findings import Finding, Severity, item_json, item_words
from zoning.gate import prove
from zoning.gate.dimacs import dimacs
from zoning.gate.monotone import check_monotone
from zoning.gate.report import (
    Checked,
    Proof,
    Result,
    Status,
    joined,
    proof_sha256,
    status_of,
)
from zoning.gate.table_checks import (
    check_complete,
    check_dispositions,
    check_invariant,
    check_reachable,
    check_table,
)
from zoning.gate.theory import (
    Theory,
    Unit,
    cases,
    decided_columns,
    is_sound,
    needed,
    outcome,
    plain_unit,
    read_columns,
    shrink,
    unsound,
)
from zoning.model import Deciding, Facts, Members, Move, Refund, Value, Zone, digest
from zoning.pack import Pack, load_pack
from zoning.policy import Monotone
from zoning.table import OneOfCell

# ---------------------------------------------------------------- what a finding shows


def test_a_finding_is_told_in_both_languages_with_its_unit() -> None:
    finding = refusals(load_pack(with_file("policy.toml", EXEMPT, "")))[0]
    assert str(finding).splitlines() == [
        "G23 zone.csv:22 R17 M2 an extra member improves the zone",
        "  item    grade=D flags={} value=0 -> disposal (R17); plus wipe -> repair (R07)",
        "  want    resale > repair > disposal",
    ]
    assert finding.words("ru").splitlines() == [
        "G23 zone.csv:22 R17 M2 лишний признак улучшает зону",
        "  пример  grade=D flags={} value=0 -> disposal (R17); plus wipe -> repair (R07)",
        "  нужно   resale > repair > disposal",
    ]


def test_a_finding_is_json() -> None:
    finding = replace(
        refusals(load_pack(with_file("zone.csv", "R14,B|C", "R14,B")))[0],
        path=(Deciding(step="seal", answer="opened"),),
    )
    told = json.loads(json.dumps(finding.to_json()))
    assert told.pop("region").startswith("grade = 'C'")
    assert told == {
        "check": "G20",
        "severity": "error",
        "file": "zone.csv",
        "line": 1,
        "row": "",
        "subject": "table",
        "item": {"grade": "C", "flags": [], "value": 0},
        "path": [{"step": "seal", "answer": "opened"}],
        "got": "hold (#nopolicy)",
        "expected": "",
        "fix": {},
        "text_ru": "ни одна строка не берёт такой товар",
        "text_en": "no row takes such a unit",
    }


def test_a_finding_without_a_unit_stays_one_line() -> None:
    finding = Finding(check="G01", file="a.toml", line=3, text={"ru": "нет", "en": "no"})
    assert str(finding) == "G01 a.toml:3 no"
    assert finding.words("ru") == "G01 a.toml:3 нет"
    assert finding.words("fr") == "G01 a.toml:3 no"
    assert finding.to_json()["item"] is None
    assert finding.severity is Severity.ERROR


def test_a_unit_in_words_has_sets_yes_no_and_its_answers() -> None:
    values: dict[str, Value] = {
        "flags": Members(present=frozenset(("b", "a")), unknown=frozenset(("c",))),
        "open": True,
        "new": False,
        "value": 12,
    }
    item = item_json(values)
    assert item == {"flags": ["a", "b", "c?"], "open": True, "new": False, "value": 12}
    path = (Deciding(step="seal", answer="opened"), Deciding(step="health", answer=80))
    assert item_words(item, path) == (
        "flags={a, b, c?} open=y new=n value=12 [seal: opened, health: 80]"
    )
    assert item_words(None) == ""


def test_a_repair_and_a_region_have_lines_of_their_own() -> None:
    finding = Finding(
        check="G20",
        file="zone.csv",
        line=1,
        text={"ru": "т", "en": "t"},
        item={"grade": "A"},
        region="grade = 'A'",
        fix={"ru": "правь", "en": "edit"},
    )
    assert str(finding).splitlines()[1:] == [
        "  item    grade=A",
        "  region  grade = 'A'",
        "  fix     edit",
    ]
    assert finding.words("ru").splitlines()[2:] == ["  область grade = 'A'", "  правка  правь"]


# ---------------------------------------------------------------- the proof


def test_the_proof_of_the_default_pack_is_good_and_told_by_check() -> None:
    proof = prove(default_pack())
    assert proof.is_good
    assert set(check_table(default_pack()).statuses) <= set(proof.statuses)
    not_run = [status for status in proof.statuses if status.status is Result.NOT_RUN]
    assert [status.check for status in not_run] == ["G34"]
    assert proof.sha256 == proof_sha256(default_pack().sha256, proof.statuses)


def test_the_hash_of_a_proof_depends_on_content_and_statuses_not_on_their_order_or_cameras() -> (
    None
):
    first = Status(check="G20", subject="table", status=Result.PROVED)
    second = Status(check="G21", subject="R01", status=Result.PROVED)
    station = Status(check="G34", subject="cameras", status=Result.NOT_RUN)
    base = proof_sha256("aa", (first, second))
    assert proof_sha256("aa", (second, station, first)) == base
    assert proof_sha256("ab", (first, second)) != base
    assert proof_sha256("aa", (first,)) != base
    assert proof_sha256("aa", (first, replace(second, status=Result.REFUSED))) != base
    assert proof_sha256("aa", (first, replace(second, subject="R02"))) != base


def test_the_hash_is_that_of_content_gate_and_sorted_statuses() -> None:
    told = [
        Status(check="G34", subject="cameras", status=Result.NOT_RUN),
        Status(check="G32", subject="R01", status=Result.WARNED),
        Status(check="G20", subject="table", status=Result.PROVED),
        Status(check="G21", subject="R01", status=Result.REFUSED),
    ]
    expected = {
        "content": "aa",
        "gate": "gate/2",
        "statuses": [
            ["G20", "table", "proved"],
            ["G21", "R01", "refused"],
            ["G32", "R01", "warned"],
        ],
    }
    assert proof_sha256("aa", tuple(told)) == digest(expected)
    assert Result.NOT_RUN.value == "not_run"


def test_a_warning_does_not_refuse_a_pack() -> None:
    warning = Finding(
        check="G32",
        file="zone.csv",
        line=4,
        text={"ru": "т", "en": "t"},
        severity=Severity.WARNING,
    )
    refusal = replace(warning, severity=Severity.ERROR)
    assert status_of("G32", "R01", ()).status is Result.PROVED
    assert status_of("G32", "R01", (warning,)).status is Result.WARNED
    assert status_of("G32", "R01", (warning, refusal)).status is Result.REFUSED
    assert Proof(findings=(warning,), statuses=(), sha256="").is_good
    assert not Proof(findings=(warning, refusal), statuses=(), sha256="").is_good
    one = Checked(findings=(warning,), statuses=(status_of("G32", "R01", (warning,)),))
    assert joined((one, Checked(), one)) == Checked(
        findings=(warning, warning), statuses=one.statuses * 2
    )


# ---------------------------------------------------------------- plain units


def test_columns_that_nothing_reads_are_left_out() -> None:
    assert read_columns(default_pack()) == ("grade", "flags", "value", "attrs", "in_window")
    assert decided_columns(default_pack()) == ("grade", "flags", "value")
    pack = default_pack()
    no_axiom = replace(pack, policy=replace(pack.policy, axioms=()))
    rows = tuple(replace(row, cells={"grade": OneOfCell(values=("A",))}) for row in pack.table.rows)
    assert decided_columns(replace(no_axiom, table=replace(pack.table, rows=rows))) == ("grade",)


def test_shrinking_prefers_earlier_wishes_and_keeps_what_is_asked() -> None:
    with Cnf() as cnf:
        a, b, c = cnf.var(), cnf.var(), cnf.var()
        cnf.add(a, b)
        assert shrink(cnf, (c,), (-a, -b))
        assert (cnf.value(a), cnf.value(b), cnf.value(c)) == (False, True, True)
        assert shrink(cnf, (c,), (-b, -a))
        assert (cnf.value(a), cnf.value(b)) == (True, False)
        assert not shrink(cnf, (-a, -b), (c,))


def test_needed_limits_are_as_few_as_can_be() -> None:
    with Cnf() as cnf:
        a, b, c, d = (cnf.var() for _ in range(4))
        cnf.add(-a, -b)
        cnf.add(-d, -c, a)
        assert needed(cnf, (b,), [d, a, c]) == [a]
        assert needed(cnf, (b,), [d, c]) == [d, c]
        with pytest.raises(AssertionError, match="keep out"):
            needed(cnf, (b,), [d])


def test_a_unit_that_the_evaluator_sees_otherwise_is_told_as_our_fault() -> None:
    with Cnf() as cnf:
        theory = Theory.of(cnf, default_pack())
        unit = plain_unit(theory, theory.encoded.zone[Zone.RESALE])
        assert unit is not None
        assert is_sound(theory, unit)
        for wrong in (
            replace(unit.verdict, row="R14"),
            replace(unit.verdict, row="R00"),
            replace(unit.verdict, zone=Zone.HOLD),
            replace(unit.verdict, disposition="BSTOCK"),
            replace(unit.verdict, refund=Refund.BLOCKED),
            replace(unit.verdict, move=Move.MANUAL),
        ):
            assert not is_sound(theory, replace(unit, verdict=wrong))
    told = unsound(unit, "I1")
    assert (told.check, told.file, told.line, told.subject) == ("GATE_UNSOUND", "zone.csv", 1, "I1")
    assert told.got == "resale (R13)"
    assert told.text == {
        "ru": "проверка и решение расходятся: это ошибка программы, набор не принят",
        "en": "proof and decision disagree: a fault of this program, the pack is refused",
    }
    assert told.item is not None
    assert told.item["grade"] == "A"
    assert told.severity is Severity.ERROR


def test_an_outcome_in_words_tells_the_outputs_asked_for() -> None:
    verdict = decide(default_pack(), Facts(policy_sha256="", values={"grade": "A", "value": 0}))
    assert outcome(verdict) == "hold (#missing)"
    assert outcome(verdict, ("move", "zone")) == "hold, move=manual (#missing)"
    assert outcome(verdict, ("refund",)) == "refund=blocked (#missing)"


def test_a_unit_is_found_only_where_there_is_one() -> None:
    with Cnf() as cnf:
        theory = Theory.of(cnf, default_pack())
        assert plain_unit(theory, theory.encoded.none) is None
        found = plain_unit(theory, theory.encoded.zone[Zone.HAZMAT])
        assert isinstance(found, Unit)
        assert found.values == {
            "grade": "A",
            "flags": Members(present=frozenset(("hazard_bio",))),
            "value": 0,
            "attrs": Members(),
            "in_window": False,
        }


def without(*names: str) -> Pack:
    pack = default_pack()
    rows = tuple(row for row in pack.table.rows if row.id not in names)
    return replace(pack, table=replace(pack.table, rows=rows))


def moved(pack: Pack, name: str, zone: Zone) -> Pack:
    rows = tuple(replace(r, zone=zone) if r.id == name else r for r in pack.table.rows)
    return replace(pack, table=replace(pack.table, rows=rows))


def with_dead_row() -> Pack:
    return with_row("R99,,any:fix,,repair,REFURB,eligible,н,n")


RULES = {rule.id: rule for rule in default_pack().policy.invariants}
FLAGS_RULE = replace(default_pack().policy.monotone[1], exempt={})


@pytest.mark.parametrize(
    ("proved", "deciding", "check", "subject"),
    [
        (without("R14"), without("R19"), check_complete, "table"),
        (
            with_dead_row(),
            moved(with_dead_row(), "R10", Zone.HOLD),
            check_reachable,
            "R99",
        ),
        (without("R01"), without("R20"), lambda t: check_invariant(t, RULES["I1"]), "I1"),
        (
            moved(default_pack(), "R08", Zone.RESALE),
            default_pack(),
            check_dispositions,
            "zones",
        ),
        (
            default_pack(),
            moved(default_pack(), "R17", Zone.HOLD),
            lambda t: check_monotone(t, FLAGS_RULE),
            "M2",
        ),
    ],
    ids=["G20", "G21", "G22", "G24", "G23"],
)
def test_a_unit_on_which_solver_and_evaluator_disagree_refuses_the_pack(
    proved: Pack, deciding: Pack, check: Callable[[Theory], Checked], subject: str
) -> None:
    with Cnf() as cnf:
        found = check(replace(Theory.of(cnf, proved), pack=deciding))
    assert [(f.check, f.subject) for f in found.findings] == [("GATE_UNSOUND", subject)]
    assert [s.subject for s in found.statuses if s.status is Result.REFUSED] == [subject]


def test_two_decisions_are_compared_by_the_column_that_most_rows_test() -> None:
    with Cnf() as cnf:
        theory = Theory.of(cnf, default_pack())
        grade = theory.space.columns["grade"]
        assert isinstance(grade, EnumColumn)
        rows = theory.pack.table.rows
        assert cases(rows, theory.space) == [*grade.values.values(), cnf.false]
        assert cases(rows, theory.space, but="grade") == [cnf.true]
        assert cases((), theory.space) == [cnf.true]


# ---------------------------------------------------------------- DIMACS


def test_another_solver_gives_the_same_answers_from_the_texts() -> None:
    names = []
    for name, text in dimacs(default_pack()):
        names.append(name)
        formula = CNF(from_string=text)
        with Cadical153(bootstrap_with=formula.clauses) as solver:
            is_possible = solver.solve()
        comment = text.splitlines()[0]
        answer = "SATISFIABLE" if is_possible else "UNSATISFIABLE"
        assert comment == f"c {name}: {answer} if the pack is good"
        head = text.splitlines()[1].split()
        assert head[:2] == ["p", "cnf"]
        assert int(head[2]) >= formula.nv
        assert int(head[3]) == len(formula.clauses) == len(text.splitlines()) - 2
    assert names[:2] == ["G20", "G21-R01"]
    assert names.count("G22-I6") == 1
    assert [name for name in names if "M2" in name] == ["G23-M2-1", "G23-M2-2"]
    assert names[-1] == "G24-hazmat"
    assert "G24-DESTROY" in names


def test_a_fault_turns_the_answer_of_its_question() -> None:
    texts = dict(dimacs(load_pack(with_file("zone.csv", "R14,B|C", "R14,B"))))
    with Cadical153(bootstrap_with=CNF(from_string=texts["G20"]).clauses) as solver:
        assert solver.solve()


def test_a_column_without_an_order_asks_nothing() -> None:
    rule = Monotone(id="M9", column="seal", zone_order=(Zone.RESALE, Zone.REPAIR))
    assert not [name for name, _ in dimacs(changed(monotone=(rule,))) if "G23" in name]


# ---------------------------------------------------------------- lines


def test_rows_and_entries_of_the_policy_know_their_lines() -> None:
    pack = default_pack()
    lines = pack_files()["zone.csv"].decode().splitlines()
    for row in pack.table.rows:
        assert lines[row.line - 1].startswith(f"{row.id},")
    text = pack_files()["policy.toml"].decode().splitlines()
    policy = pack.policy
    places = [
        *((cap.id, cap.line) for cap in policy.caps),
        *((rule.id, rule.line) for rule in policy.invariants),
        *((rule.id, rule.line) for rule in policy.monotone),
        *((axiom.id, axiom.line) for axiom in policy.axioms),
    ]
    for name, line in places:
        assert f'id = "{name}"' in text[line - 1 : line + 2]


def test_a_line_makes_no_difference_to_what_an_entry_is() -> None:
    pack = default_pack()
    row, rule = pack.table.rows[0], pack.policy.invariants[0]
    assert replace(row, line=99) == row
    assert replace(rule, line=99) == rule
    assert replace(pack.policy.caps[0], line=99) == pack.policy.caps[0]
    assert replace(pack.policy.monotone[0], line=99) == pack.policy.monotone[0]
    assert replace(pack.policy.axioms[0], line=99) == pack.policy.axioms[0]
