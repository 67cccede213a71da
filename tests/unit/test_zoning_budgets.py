"""Acts and seconds of a unit: best and worst, counted as the station counts them."""

from collections.abc import Mapping

import pytest

from policy_kit import default_pack, pack_files
from small_packs import files, found, line_of, mug, only, option, small, step
from zoning.findings import Finding, PolicyParseError, Severity
from zoning.gate.budgets import acts_of
from zoning.gate.checklist_checks import check_checklists
from zoning.gate.report import Budget, Result
from zoning.model import AnsweredBy
from zoning.pack import Pack, load_pack
from zoning.session import begin
from zoning.session.walk import Given, Run, walked

FIGURES = {
    "apparel": (3, 3),
    "footwear": (3, 3),
    "books": (3, 3),
    "toys": (3, 4),
    "small_appliances": (3, 5),
    "large_appliances": (4, 4),
    "electronics": (4, 6),
    "smartphones": (5, 8),
    "cosmetics": (5, 6),
    "batteries_hazmat": (8, 8),
}
PLAIN = (option("ok"), option("bad", 'cap = "D"'))
SEAL = step(
    "seal",
    "must = true",
    'put_scan = { STOCK = "sealed", SECOND = "opened" }',
    options=(option("sealed"), option("opened", 'cap = "B"')),
)
BUDGET = "[budget.mugs]\n"


def budget(pack: Pack) -> Budget:
    """Return the one budget of a small pack."""
    budgets = check_checklists(pack).budgets
    assert [one.category for one in budgets] == ["mugs"]
    return budgets[0]


def figures(pack: Pack) -> tuple[int, int, int]:
    one = budget(pack)
    return one.sealed, one.opened, one.longest


def test_the_default_pack_takes_the_acts_that_returns_receiving_states() -> None:
    budgets = {one.category: one for one in check_checklists(default_pack()).budgets}
    assert {name: (one.sealed, one.opened) for name, one in budgets.items()} == FIGURES
    for name, one in budgets.items():
        assert {"sealed", "opened", "longest", "seconds"} == set(one.allowed), name
        assert (one.sealed, one.opened) == (one.allowed["sealed"], one.allowed["opened"])
        assert one.longest <= one.allowed["longest"]
        assert 0 < one.seconds <= one.allowed["seconds"]
        assert one.goal["sealed"] == 3
    assert budgets["smartphones"].goal["opened"] == 7


def test_the_tray_answers_the_seal_and_keys_answer_the_rest() -> None:
    assert figures(small(SEAL)) == (3, 3, 4)
    care = step("care", "must = true", "relevant = \"seal != 'sealed'\"", options=PLAIN)
    assert figures(small(SEAL, care)) == (3, 4, 5)


def test_a_tray_that_does_not_fit_the_verdict_answers_nothing() -> None:
    """Sealed goods that go to repair: no tray for stock is scanned, so a key says it."""
    rows = "R1,A,,repair,MEND,eligible\nR2,!A,,resale,SECOND,eligible\n"
    assert figures(small(SEAL, rows=rows)) == (4, 3, 4)


def test_the_item_scan_answers_identity_serial_and_mark_for_nothing() -> None:
    code = 'type = "barcode"'
    options = (option("match"), option("unreadable", 'cap = "B"'))
    serial = step("serial", code, "must = true", 'compare = "serial"', options=options)
    mark = step("mark", code, "must = true", 'compare = "mark"', options=options)
    lpn = step("lpn", code, "must = true", 'compare = "lpn"', options=options)
    who = step("who", "must = true", 'auto = "item_scan"', options=PLAIN)
    date = step("date", "must = true", 'auto = "expiry_compare"', options=PLAIN)
    assert figures(small(serial, mark, who)) == (3, 3, 6)
    assert figures(small(lpn, date)) == (5, 5, 5)


def test_a_number_counts_once_and_the_neutral_band_is_the_perfect_one() -> None:
    keys = ('type = "integer"', "must = true", "min = 0", "max = 9")
    bands = 'band = [{ from = 5, id = "high", cap = "B" }, { from = 0, id = "low" }]'
    after = step("after", "must = true", 'relevant = "n >= 5"', options=PLAIN)
    assert figures(small(step("n", *keys, bands), after)) == (4, 4, 5)


def test_marks_cost_one_press_a_level_and_only_the_longest_path_has_them() -> None:
    levels = (option("ok"), option("mild", 'cap = "B"'), option("bad", 'cap = "D"'))
    assert figures(small(step("stain", 'default = "ok"', options=levels))) == (3, 3, 5)
    two = [step(name, 'default = "ok"', options=levels) for name in ("stain", "tear")]
    assert figures(small(*two)) == (3, 3, 7)


def test_a_mark_that_ends_the_questions_is_weighed_against_going_on() -> None:
    ends = (option("ok"), option("bad", 'cap = "D"'), option("over", 'cap = "D"', "end = true"))
    first = step("stain", 'default = "ok"', options=ends)
    after = step("care", "must = true", options=PLAIN)
    assert figures(small(first, after)) == (4, 4, 6)
    assert figures(small(first, after, step("more", "must = true", options=PLAIN))) == (5, 5, 7)


def test_what_must_be_answered_for_some_attributes_costs_one_act_there() -> None:
    levels = (option("ok"), option("mild", 'cap = "B"'), option("bad", 'cap = "D"'))
    by_attr = step("stain", 'must = "attrs has any(battery)"', 'default = "ok"', options=levels)
    assert figures(small(by_attr)) == (3, 3, 5)
    powered = small(by_attr, head=BUDGET + 'attrs = ["battery"]\n')
    assert figures(powered) == (4, 4, 5)


def test_several_choices_are_one_key_more_than_the_deepest() -> None:
    many = step(
        "many",
        'type = "select_multiple"',
        'default = "none"',
        'exclusive = ["none"]',
        options=(option("none"), option("a", 'cap = "B"'), option("b", 'cap = "C"')),
    )
    assert figures(small(many)) == (3, 3, 5)


def run_of(pack: Pack, answers: Mapping[str, tuple[str, AnsweredBy]]) -> Run:
    given = {name: Given(step=name, value=v, by=by) for name, (v, by) in answers.items()}
    run = begin(pack, mug())
    return walked(Run(pack=run.pack, checklist=run.checklist, static=run.static, given=given))


def test_acts_are_those_of_the_answers_that_count() -> None:
    care = step("care", "must = true", "relevant = \"seal != 'sealed'\"", options=PLAIN)
    pack = small(SEAL, care)
    key, auto, tray = AnsweredBy.KEY, AnsweredBy.AUTO, AnsweredBy.PUT_SCAN
    assert acts_of(run_of(pack, {})) == 3
    assert acts_of(run_of(pack, {"seal": ("opened", key), "care": ("ok", key)})) == 5
    assert acts_of(run_of(pack, {"seal": ("opened", tray), "care": ("ok", auto)})) == 3
    assert acts_of(run_of(pack, {"seal": ("sealed", tray), "care": ("ok", key)})) == 3
    levels = (option("ok"), option("mild", 'cap = "B"'), option("bad", 'cap = "D"'))
    marked = small(step("stain", 'default = "ok"', options=levels))
    for answer, presses in (("ok", 0), ("mild", 1), ("bad", 2)):
        assert acts_of(run_of(marked, {"stain": (answer, key)})) == 3 + presses


def test_seconds_are_those_of_every_step_that_is_looked_at() -> None:
    care = step(
        "care", "must = true", "budget_s = 5", "relevant = \"seal != 'sealed'\"", options=PLAIN
    )
    look = step("look", 'default = "ok"', "budget_s = 2", options=PLAIN)
    never = step(
        "never", 'default = "ok"', "budget_s = 50", "relevant = \"look = 'bad'\"", options=PLAIN
    )
    assert budget(small(SEAL, care, look, never)).seconds == 7


@pytest.mark.parametrize(
    ("name", "limit", "got"),
    [("sealed", 2, 3), ("opened", 3, 4), ("longest", 4, 5), ("seconds", 6, 7)],
)
def test_a_path_over_its_budget_is_refused_with_its_answers(
    name: str, limit: int, got: int
) -> None:
    care = step(
        "care", "must = true", "budget_s = 7", "relevant = \"seal != 'sealed'\"", options=PLAIN
    )
    content = files(SEAL, care, head=f"{BUDGET}{name} = {limit}\n")
    finding = only(found(load_pack(content), "G04"))
    assert (finding.file, finding.line) == (
        "pack.toml",
        line_of(content, "pack.toml", BUDGET.strip()),
    )
    assert (finding.subject, finding.severity) == ("mugs", Severity.ERROR)
    assert (finding.got, finding.expected) == (f"{name} = {got}", f"<= {limit}")
    said = {one.step: one.answer for one in finding.path}
    assert said["seal"] == ("sealed" if name == "sealed" else "opened")
    assert finding.item is not None
    assert finding.item["category"] == "mugs"
    good = files(SEAL, care, head=f"{BUDGET}{name} = {got}\n")
    assert found(load_pack(good), "G04") == []


def test_a_category_without_a_budget_is_counted_and_not_judged() -> None:
    told = check_checklists(small(SEAL))
    status = {one.subject: one.status for one in told.checked.statuses if one.check == "G04"}
    assert status["budget mugs"] is Result.NOT_RUN
    assert told.budgets[0].allowed == {}


def test_the_goal_is_handed_on_and_refuses_nothing() -> None:
    pack = small(SEAL, head=f"{BUDGET}sealed = 9\ngoal = {{ sealed = 1, opened = 2 }}\n")
    assert budget(pack).goal == {"sealed": 1, "opened": 2}
    assert found(pack, "G04") == []


def test_more_digits_than_keys_are_a_warning_at_the_step_that_is_too_many() -> None:
    marks = [step(f"s{at}", 'default = "ok"', options=PLAIN) for at in range(9)]
    assert found(small(*marks[:8]), "G04") == []
    content = files(*marks)
    finding = only(found(load_pack(content), "G04"))
    assert finding.severity is Severity.WARNING
    assert finding.line == line_of(content, "checklists/mugs.toml", 'name = "s8"') - 1
    assert finding.text["en"] == "9 default steps, 8 digits: a second page is needed"
    musts = [mark.replace('default = "ok"', "must = true") for mark in marks]
    assert found(small(*musts), "G04") == []


def refusals(head: str) -> list[Finding]:
    with pytest.raises(PolicyParseError) as caught:
        small(SEAL, head=head)
    return list(caught.value.findings)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("[budget.cups]\nsealed = 3\n", "budget: there is no cups"),
        (BUDGET + 'attrs = ["wheels"]\n', "attrs: there is no wheels"),
        (BUDGET + "seald = 3\n", "unknown key seald"),
        (BUDGET + 'sealed = "3"\n', "sealed: integer is expected"),
        (BUDGET + "goal = { seconds = 3 }\n", "unknown key seconds"),
        ("photos_max = -1\n", "photos_max: -1 is none of >= 0"),
    ],
)
def test_a_mistake_in_the_budget_is_found(head: str, reason: str) -> None:
    assert reason in only(refusals(head)).text["en"]


def test_frequencies_are_read_by_checklist_and_else_for_all() -> None:
    text = (
        'format = "frequencies/1"\n[all]\nseal = { sealed = 3, opened = 1 }\n'
        "[mugs]\ncare = { ok = 9, bad = 1 }\n"
    )
    pack = load_pack({**files(SEAL), "frequencies.toml": text.encode()})
    assert pack.frequencies.of("mugs", "seal") == {"sealed": 3, "opened": 1}
    assert pack.frequencies.of("mugs", "care") == {"ok": 9, "bad": 1}
    assert pack.frequencies.of("cups", "care") == {}
    assert small(SEAL).frequencies.of("mugs", "seal") == {}
    assert pack.sha256 != small(SEAL).sha256
    assert default_pack().frequencies.of("books", "seal")["opened"] == 70
    assert default_pack().frequencies.of("toys", "seal")["opened"] == 50


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('format = "frequencies/2"\n', "frequencies/2 is none of frequencies/1"),
        ('format = "frequencies/1"\nmugs = 3\n', "mugs: {…} is expected"),
        ('format = "frequencies/1"\n[mugs]\nseal = 3\n', "seal: {…} is expected"),
        ('format = "frequencies/1"\n[mugs]\nseal = { sealed = 0.5 }\n', "integer is expected"),
        ('format = "frequencies/1"\n[mugs]\nseal = { sealed = -1 }\n', "-1 is none of >= 0"),
    ],
)
def test_a_mistake_in_the_frequencies_is_found(text: str, reason: str) -> None:
    with pytest.raises(PolicyParseError) as caught:
        load_pack({**files(SEAL), "frequencies.toml": text.encode()})
    assert reason in only(list(caught.value.findings)).text["en"]
    assert caught.value.findings[0].file == "frequencies.toml"


def test_the_default_pack_says_how_often_every_answer_of_a_question_comes() -> None:
    pack = default_pack()
    silent = [
        f"{checklist.id}.{one.name}"
        for checklist in pack.checklists.values()
        for one in checklist.steps
        if one.outcomes and not one.by_parcel and not pack.frequencies.of(checklist.id, one.name)
    ]
    assert silent == []
    assert "frequencies.toml" in pack_files()
