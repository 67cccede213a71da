"""Records decided again, sums of them, and the report that is signed."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from policy_kit import (
    HIGH,
    LOW,
    MID,
    answered,
    begun,
    default_pack,
    with_file,
)
from zoning import session
from zoning.evaluate import decide
from zoning.model import AnsweredBy, Facts, Members, Value
from zoning.pack import load_pack
from zoning.replay.past import (
    EARLY,
    NO_PACK,
    Again,
    Decided,
    Past,
    View,
    decide_answers,
    number_limits,
)
from zoning.replay.report import BlindSpot, Question, Report, direction, make_report, why
from zoning.replay.tally import Group, Sum, Tally
from zoning.replay.text import lines, major
from zoning.session.walk import Run

REPAIR = Decided("repair", "REFURB", "R10", "eligible", "auto")
SCRAP = Decided("disposal", "RECYCLE", "R17", "review", "auto")
HOLD = Decided("hold", "HOLD_DISPUTE", "R02", "blocked", "auto")
GOOD: Mapping[str, Value] = {
    "category": "toys",
    "grade": "A",
    "flags": Members(),
    "attrs": Members(),
    "value": LOW,
    "in_window": True,
}


def facts(**values: Value) -> Facts:
    return Facts(policy_sha256=default_pack().sha256, values={**GOOD, **values})


def past(number: int, decided: Decided = REPAIR, **given: object) -> Past:
    record = Past(
        station="a.b",
        sequence=number,
        unit=f"u{number}",
        policy_sha256="p",
        checklist="toys",
        tenant="shop-a",
        facts=facts(),
        decided=decided,
    )
    return replace(record, **given)  # type: ignore[arg-type]


def told(tally: Tally, *blind: BlindSpot) -> Report:
    question = Question(new=default_pack(), base=default_pack(), level=1)
    return make_report(tally, question, blind)


# ---------------------------------------------------------------- one record


def test_the_same_pack_says_the_same() -> None:
    view = View(default_pack(), default_pack())
    again = view.decide(GOOD, "toys", is_early=False)
    assert again == Again(Decided("resale", "RESTOCK", "R13", "eligible", "auto"))
    assert view.values(GOOD) == GOOD


def test_what_the_candidate_does_not_know_is_left_out() -> None:
    new = load_pack(with_file("policy.toml", "max = 1000000000\n", "max = 2000000\n"))
    view = View(default_pack(), new)
    values = {**GOOD, "value": 3_000_000, "gone": "x", "identity": "match"}
    left = {name: v for name, v in values.items() if name not in ("value", "gone")}
    assert view.values(values) == left


def test_a_new_member_is_unknown_until_it_is_assumed_away() -> None:
    files = with_file("policy.toml", '"electric",\n]', '"electric", "mould",\n]')
    flag = '[flag]\nmould = { label = { ru = "п", en = "m" } }\n'
    policy = files["policy.toml"].decode().replace("[flag]\n", flag, 1).encode()
    view = View(default_pack(), load_pack({**files, "policy.toml": policy}))
    assert view.values(GOOD)["flags"] == Members(unknown=frozenset({"mould"}))
    assert view.values(GOOD, is_absent=True)["flags"] == Members()


def test_an_early_record_that_stays_open_is_a_gap_and_one_that_does_not_counts() -> None:
    view = View(default_pack(), default_pack())
    partly = {**GOOD, "flags": Members(unknown=frozenset({"wipe"}))}
    assert view.decide(partly, "toys", is_early=True).gap == EARLY
    assert view.decide(partly, "toys", is_early=False) == Again(
        Decided("hold", "HOLD_MISSING_FACT", "#missing", "review", "manual")
    )
    assert view.decide(GOOD, "toys", is_early=True).gap == ""


def test_limits_of_a_number_are_where_it_begins_to_mean_something_else() -> None:
    limits = number_limits(default_pack(), "value")
    assert {0, 500_000, 1_000_000, 1_000_000_001} <= set(limits)
    assert number_limits(default_pack(), "nothing") == ()


# ---------------------------------------------------------------- answers


def _answers(run: Run) -> tuple[tuple[str, str | int, AnsweredBy], ...]:
    return session.final_answers(run)


def phone() -> Run:
    run = answered(begun("smartphones"), {"danger": "clear"})
    while steps := session.open_must(run):
        step = steps[0]
        harmless = [option.id for option in step.options if option.is_neutral]
        listed = [*harmless, *(option.id for option in step.options)]
        value: str | int = 97 if step.is_number else listed[0]
        run = answered(run, {step.name: value})
    return run


def test_answers_under_their_own_checklist_give_the_same_verdict() -> None:
    run = phone()
    again, found = decide_answers(default_pack(), run.checklist, run.static, _answers(run))
    assert again == Again(Decided.of(decide(default_pack(), session.facts(run))))
    assert found.values == session.facts(run).values


def test_an_answer_whose_option_is_gone_counts_for_nothing() -> None:
    run = phone()
    renamed = [
        (name, "never" if name == "seal" else value, by) for name, value, by in _answers(run)
    ]
    again, _ = decide_answers(default_pack(), run.checklist, run.static, renamed)
    assert (again.decided.row, again.gap) == ("#missing", "step:seal")


def test_a_step_that_was_never_asked_is_open_although_it_has_a_default() -> None:
    run = answered(begun("books"), {"danger": "clear", "identity": "match"})
    old = replace(run.checklist, steps=run.checklist.steps[:-1])
    last = run.checklist.steps[-1].name
    assert run.checklist.steps[-1].default
    again, _ = decide_answers(default_pack(), old, run.static, _answers(run)[:-1])
    assert (again.decided.row, again.gap) == ("#missing", f"step:{last}")


# ---------------------------------------------------------------- sums


def test_sums_add_up_and_the_list_is_bounded_per_pair() -> None:
    tally = Tally(limit=2)
    for number in range(5):
        tally.add(past(number), Again(SCRAP))
    tally.add(past(9), Again(REPAIR))
    tally.add(past(10, facts=facts(grade="B")), Again(SCRAP, EARLY))
    group = Group("p", REPAIR, SCRAP, "", "toys", "shop-a")
    assert tally.groups[group] == Sum(units=5, value=5 * LOW, valued=5)
    assert [example.unit for example in tally.listed()] == ["u0", "u1"]
    assert tally.stations == {"a.b": 7}


def test_a_unit_without_a_value_is_counted_apart() -> None:
    tally = Tally()
    tally.add(past(1, facts=Facts(policy_sha256="p", values={})), Again(REPAIR))
    assert list(tally.groups.values()) == [Sum(units=1, value=0, valued=0)]


def test_two_folds_merge_to_what_one_would_have_found() -> None:
    whole, parts = Tally(limit=3), (Tally(limit=3), Tally(limit=3))
    for number in range(12):
        after = Again((SCRAP, REPAIR, HOLD)[number % 3])
        whole.add(past(number), after)
        parts[number // 2 % 2].add(past(number), after)
    merged = Tally(limit=3)
    for part in reversed(parts):
        merged.merge(Tally.from_json(json.loads(json.dumps(part.to_json()))))
    assert merged.groups == whole.groups
    assert merged.stations == whole.stations
    assert list(merged.listed()) == list(whole.listed())


# ---------------------------------------------------------------- report


def test_the_report_is_the_same_bytes_whatever_the_order() -> None:
    first, second = Tally(), Tally()
    for number in range(6):
        first.add(past(number), Again((SCRAP, HOLD)[number % 2]))
    for part in (1, 0):
        half = Tally()
        for number in range(part, 6, 2):
            half.add(past(number), Again((SCRAP, HOLD)[number % 2]))
        second.merge(half)
    assert told(first).canonical == told(second).canonical
    assert Report.read(told(first).canonical).sha256 == told(first).sha256


def test_value_falls_with_a_worse_zone_and_has_no_sign_outside_the_order() -> None:
    pack = default_pack()
    assert direction(pack, "resale", "disposal") == -1
    assert direction(pack, "disposal", "repair") == 1
    assert direction(pack, "repair", "hold") == 0
    tally = Tally()
    tally.add(past(1), Again(SCRAP))
    tally.add(past(2, facts=facts(value=MID)), Again(HOLD))
    tally.add(past(3, SCRAP, facts=facts(value=HIGH)), Again(REPAIR))
    assert told(tally).content["categories"] == [
        {"category": "toys", "units": 3, "changed": 3, "delta": HIGH - LOW, "unordered": MID}
    ]


def test_a_gap_is_in_no_flow_and_another_row_alone_is_no_change() -> None:
    tally = Tally()
    tally.add(past(1), Again(SCRAP, NO_PACK))
    tally.add(past(2), Again(REPAIR._replace(row="R12")))
    content = told(tally).content
    assert content["zones"] == [
        {"from": "repair", "to": "repair", "units": 1, "value": LOW, "valued": 1}
    ]
    assert content["changed"]["units"] == 0
    assert content["renamed"]["units"] == 1
    assert content["not_comparable"] == [{"why": "pack", "units": 1, "value": LOW, "valued": 1}]
    assert "R12" in {row["row"] for row in content["first_rows"]}
    assert "R13" in content["silent_rows"]


def test_why_names_the_facts_of_the_new_row_and_what_is_against_the_old_one() -> None:
    pack = default_pack()
    given = facts(grade="D", flags=Members(present=frozenset({"fix"})))
    said = why(pack, given, REPAIR, SCRAP)
    assert said["en"] == "R17: grade=D; R10 does not fit: grade≠A|B|C"
    assert said["ru"] == "R17: grade=D; R10 не подходит: grade≠A|B|C"
    gone = why(pack, given, REPAIR._replace(row="R99"), SCRAP)
    assert gone["en"].endswith("there is no row R99")
    same = why(pack, given, SCRAP, SCRAP._replace(refund="blocked"))
    assert same["en"].endswith("same row, another outcome")
    missing = SCRAP._replace(row="#missing")
    assert why(pack, given, REPAIR, missing)["en"] == "#missing: a fact is not there"


@pytest.mark.parametrize(
    ("language", "first", "spot"),
    [
        ("en", "R17: 1 units repair -> disposal, -1,000", "Blind spot: hold -> resale"),
        ("ru", "R17: 1 ед. ремонт -> утиль, -1,000", "Слепое пятно: ожидание -> продажа"),
    ],
)
def test_the_largest_flows_come_first_in_words(language: str, first: str, spot: str) -> None:
    tally = Tally()
    tally.add(past(1), Again(SCRAP))
    tally.add(past(2), Again(SCRAP, "step:smell"))
    blind = BlindSpot(
        before="hold", after="resale", item={"flags": ["recall"]}, row_before="R03", row_after="R13"
    )
    text = list(lines(told(tally, blind), language))
    assert text[0] == first
    assert any(line.startswith(spot) and "recall" in line for line in text)
    assert any("smell" in line for line in text)


def test_nothing_that_changes_is_said_plainly() -> None:
    tally = Tally()
    tally.add(past(1), Again(REPAIR))
    assert next(lines(told(tally), "en")) == "No unit gets another outcome"
    assert next(lines(told(Tally()), "ru")) == "Ни у одной единицы итог не меняется"


def test_minor_units_are_shown_as_whole_ones() -> None:
    assert [major(v) for v in (0, 49, 50, -150, 106_958_400)] == ["0", "0", "1", "-2", "1,069,584"]
    assert [major(v, signed=True) for v in (0, 49, 100, -100)] == ["0", "0", "+1", "-1"]
