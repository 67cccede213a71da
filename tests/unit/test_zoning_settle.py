"""When the outcome is settled, what is asked all the same, and which question comes first."""

from dataclasses import replace

import pytest

from policy_kit import HIGH, LOW, answered, begun, default_pack
from small_packs import files, mug, option, slot, small, step
from zoning import session, settle
from zoning.evaluate import decide
from zoning.model import AnsweredBy, Grade, Members
from zoning.pack import Pack, load_pack
from zoning.session.walk import Run

SOUND = {"danger": "clear", "back_lift": "flat", "identity": "match", "serial": "match"}
PLAIN = (option("ok"), option("bad", 'cap = "D"'))
HELD = step(
    "who",
    "must = true",
    options=(option("ok"), option("odd", 'flags = ["other"]', "ungraded = true")),
)
CARE = step("care", "must = true", options=PLAIN)


def begin(pack: Pack, **said: str | int) -> Run:
    run = session.begin(pack, mug())
    for name, value in said.items():
        run = session.answer(run, name, value, AnsweredBy.KEY)
    return run


def names(run: Run) -> list[str]:
    return [one.name for one in settle.open_must(run)]


def settling(pack: Pack, *columns: str) -> Pack:
    return replace(pack, policy=replace(pack.policy, settle=columns))


def test_a_hold_is_settled_whatever_the_rest_says() -> None:
    pack = small(HELD, CARE)
    assert settle.settled(begin(pack)) is None
    assert names(begin(pack)) == ["who", "care"]
    assert settle.settled(begin(pack, who="ok")) is None
    run = begin(pack, who="odd")
    found = settle.settled(run)
    assert found is not None
    assert (found.zone, found.disposition, found.refund, found.row) == (
        "hold",
        "HOLD",
        "blocked",
        "R2",
    )
    assert names(run) == []
    assert settle.concluded(run) == (found, True)


def test_the_early_verdict_has_the_grade_so_far_and_the_reasons_given_so_far() -> None:
    worn = step("worn", "must = true", options=(option("no"), option("yes", 'cap = "B"')))
    glass = step("glass", "must = true", options=(option("no"), option("yes", 'flags = ["wipe"]')))
    rows = "R1,,any:wipe,repair,WIPE,eligible\nR2,,none:wipe,hold,HOLD,review\n"
    pack = small(glass, worn, CARE, rows=rows)
    early, is_early = settle.concluded(begin(pack, glass="yes", worn="yes"))
    assert is_early
    assert (early.grade, early.grade_exact, early.row) == (Grade.B, False, "R1")
    assert [(one.step, one.answer) for one in early.deciding] == [("glass", "yes")]
    assert early.actions == ("WIPE",)
    first, _ = settle.concluded(begin(pack, glass="yes"))
    assert first.grade is Grade.A
    ungraded, _ = settle.concluded(begin(small(HELD, CARE), who="odd"))
    assert ungraded.grade is None


def test_reasons_that_nobody_gave_are_not_told() -> None:
    """The first answer of the open step raises a flag that the row reads, but nobody said it."""
    bad = option("bad", 'flags = ["wipe"]')
    open_one = step(
        "data", "must = true", options=(bad, option("worse", 'flags = ["wipe", "fix"]'))
    )
    rows = "R1,,any:wipe,repair,WIPE,eligible\nR2,,none:wipe,hold,HOLD,review\n"
    early, is_early = settle.concluded(begin(small(open_one, rows=rows)))
    assert (is_early, early.row, early.deciding) == (True, "R1", ())


def test_a_finished_run_is_settled_by_its_own_verdict() -> None:
    run = begin(small(CARE), care="bad")
    verdict = decide(run.pack, session.facts(run))
    assert settle.settled(run) == verdict
    assert settle.concluded(run) == (verdict, False)
    assert verdict.grade_exact


def test_an_unsettled_run_is_decided_as_it_stands() -> None:
    run = begin(small(HELD, CARE))
    verdict, is_early = settle.concluded(run)
    assert (verdict.row, is_early) == ("#missing", False)


@pytest.mark.parametrize("stage", ["danger", "identity"])
def test_danger_and_identity_are_asked_although_all_is_settled(stage: str) -> None:
    rows = "R1,,,hold,HOLD,review\n".replace(",,,", ",A|B|C|D|ungraded,,")
    early = step("early", f'stage = "{stage}"', "must = true", options=PLAIN)
    pack = small(early, CARE, rows=rows)
    assert settle.settled(begin(pack)) is not None
    assert names(begin(pack)) == ["early"]
    run = begin(pack, early="ok")
    assert names(run) == []
    assert settle.concluded(run)[1]


def test_always_is_asked_with_everything_it_waits_for() -> None:
    rows = "R1,A|B|C|D,,hold,HOLD,review\n"
    first = step("first", "must = true", options=PLAIN)
    second = step("second", "must = true", "relevant = \"first = 'bad'\"", options=PLAIN)
    reads = "relevant = \"first = 'bad' and second = 'bad'\""
    third = step("third", "always = true", "must = true", reads, options=PLAIN)
    aside = step("aside", "must = true", options=PLAIN)
    pack = small(first, second, third, aside, rows=rows)
    assert names(begin(pack)) == ["first"]
    assert names(begin(pack, first="ok")) == []
    assert names(begin(pack, first="bad")) == ["second"]
    assert names(begin(pack, first="bad", second="bad")) == ["third"]
    assert names(begin(pack, first="bad", second="bad", third="ok")) == []
    by_flags = third.replace("first = 'bad' and second = 'bad'", "flags has any(fix)")
    raising = step(
        "raising", "must = true", options=(option("no"), option("yes", 'flags = ["fix"]'))
    )
    late = step("late", "must = true", options=PLAIN)
    pack = small(first, raising, by_flags, late, rows=rows)
    assert names(begin(pack)) == ["first", "raising"]


def test_the_last_question_of_all_may_be_the_one_that_is_always_asked() -> None:
    rows = "R1,A|B|C|D,,hold,HOLD,review\n"
    first = step("first", "must = true", options=PLAIN)
    last = step(
        "last", "always = true", "must = true", "relevant = \"first = 'bad'\"", options=PLAIN
    )
    assert names(begin(small(first, last, rows=rows))) == ["first"]


def test_several_choices_and_numbers_given_are_held() -> None:
    flagged = option("a", 'flags = ["wipe"]')
    keys = ('type = "select_multiple"', "must = true", 'exclusive = ["none"]')
    many = step("many", *keys, options=(option("none"), flagged, option("b", 'cap = "B"')))
    rows = (
        "R1,,any:wipe,hold,HOLD,review\nR2,D,,disposal,SCRAP,review\nR3,!D,,resale,STOCK,review\n"
    )
    pack = small(many, CARE, rows=rows)
    assert names(begin(pack, many="a|b")) == []
    assert names(begin(pack, many="b")) == ["care"]
    bands = 'band = [{ from = 5, id = "high" }, { from = 0, id = "low", flags = ["wipe"] }]'
    number = step("n", 'type = "integer"', "must = true", "min = 0", "max = 9", bands)
    pack = small(number, CARE, rows=rows)
    assert names(begin(pack, n=4)) == []
    assert names(begin(pack, n=5)) == ["care"]


def test_marks_that_nobody_made_stay_unmade() -> None:
    mark = step("stain", 'default = "ok"', options=PLAIN)
    pack = small(mark, HELD, CARE)
    run = begin(pack, who="odd")
    assert settle.concluded(run)[1]
    spotted = step(
        "stain",
        'default = "ok"',
        options=(option("ok"), option("x", 'flags = ["leak"]')),
    ).replace("[[step]]", '[[step]]\nstage = "danger"')
    pack = small(spotted, HELD, CARE)
    assert settle.concluded(begin(pack, who="odd"))[1]
    assert settle.concluded(begin(pack, stain="x"))[0].zone == "hazmat"


def test_a_missing_fact_stays_missing() -> None:
    rows = (
        "R1,>=5,,hold,HOLD,review\nR2,<5,!D,resale,STOCK,eligible\nR3,<5,D,disposal,SCRAP,review\n"
    )
    pack = small(CARE, rows=rows, columns="value,grade")
    run = session.begin(pack, mug(value_minor=None))
    early, is_early = settle.concluded(run)
    assert (is_early, early.row, early.zone) == (True, "#missing", "hold")
    assert names(session.begin(pack, mug(value_minor=9))) == []
    assert names(session.begin(pack, mug(value_minor=1))) == ["care"]


SHOWS = step("care", "must = true", options=(option("ok"), option("bad", 'photo = ["near"]')))


def test_evidence_that_an_answer_would_demand_keeps_a_question() -> None:
    pack = small(slot("near"), HELD, SHOWS)
    assert names(begin(pack, who="odd")) == []
    strict = settling(pack, "zone", "disposition", "refund", "move", "evidence")
    assert names(begin(strict, who="odd")) == ["care"]
    shown = settling(
        small(
            slot("near"),
            HELD,
            SHOWS.replace(
                'option = [\n  { id = "ok"', 'option = [\n  { id = "ok", photo = ["near"]'
            ),
        ),
        "zone",
        "evidence",
    )
    assert names(begin(shown, who="odd")) == []


def test_a_slot_that_wants_one_photograph_each_counts_every_answer() -> None:
    twice = [SHOWS.replace('"care"', f'"{name}"') for name in ("left", "right")]
    for each, left in (("each = false", []), ("each = true", ["right"])):
        pack = settling(small(slot("near", each), HELD, *twice), "zone", "evidence")
        assert names(begin(pack, who="odd", left="bad")) == left


def test_actions_can_be_settled_too() -> None:
    mend = step("mend", "must = true", options=(option("no"), option("yes", 'flags = ["fix"]')))
    pack = small(HELD, mend)
    assert names(begin(pack, who="odd")) == []
    strict = settling(pack, "zone", "actions")
    assert names(begin(strict, who="odd")) == ["mend"]
    twice = step("again", "must = true", options=(option("no"), option("yes", 'flags = ["fix"]')))
    strict = settling(small(HELD, mend, twice), "zone", "actions")
    assert names(begin(strict, who="odd", mend="yes")) == []
    data = step("data", "must = true", options=(option("no"), option("yes", 'flags = ["wipe"]')))
    strict = settling(small(HELD, mend, data), "zone", "actions")
    assert names(begin(strict, who="odd", mend="yes")) == ["data"]


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        ("zone", "hold,HOLD,review", "repair,MEND,review"),
        ("disposition", "resale,SECOND,review", "resale,STOCK,review"),
        ("refund", "hold,HOLD,review", "hold,HOLD,eligible"),
    ],
)
def test_each_column_is_compared(column: str, first: str, second: str) -> None:
    pack = small(CARE, rows=f"R1,D,,{first}\nR2,!D,,{second}\n")
    assert names(begin(settling(pack, column))) == ["care"]
    others = {"zone", "disposition", "refund", "move"} - {column}
    same = {"zone": "move", "disposition": "zone", "refund": "zone"}[column]
    assert same in others
    assert names(begin(settling(pack, same))) == []


@pytest.mark.parametrize(
    ("columns", "left"),
    [(("zone",), []), (("refund",), []), (("disposition",), ["care"]), (("move",), ["care"])],
)
def test_only_the_columns_of_the_policy_count(columns: tuple[str, ...], left: list[str]) -> None:
    rows = "R1,D,,resale,SECOND,eligible\nR2,!D,,resale,STOCK,eligible\n"
    cap = '\n[[cap]]\nid = "C1"\noutput = "move"\nat_most = "manual"\nwhen = "grade = \'D\'"\n'
    pack = small(CARE, rows=rows, policy=f'{cap}text = {{ ru = "т", en = "t" }}\n')
    assert names(begin(settling(pack, *columns))) == left


def test_an_end_answer_still_to_come_is_weighed() -> None:
    """The answer that ends the questions leaves flags unknown: the row would stop at it."""
    ends = step("ends", "must = true", options=(option("no"), option("yes", "end = true")))
    noted = step(
        "noted", 'default = "no"', options=(option("no"), option("yes", 'flags = ["wipe"]'))
    )
    pack = small(ends, noted)
    assert names(begin(pack)) == ["ends"]
    assert settle.settled(begin(pack, ends="yes")) is not None
    assert begin(pack, ends="yes").is_finished


def test_a_broken_constraint_leaves_the_question_free() -> None:
    limit = "constraint = \"care = 'ok' or more = 'bad'\""
    more = step("more", "must = true", limit, options=PLAIN)
    pack = small(CARE, more, HELD)
    run = begin(pack, more="ok", care="bad")
    assert names(run) == ["more", "who"]
    assert names(session.answer(run, "who", "odd", AnsweredBy.KEY)) == []


def test_no_neutral_way_out_means_not_settled() -> None:
    limit = "constraint = \"care = 'bad'\""
    pack = small(
        CARE,
        step("more", "must = true", limit, options=PLAIN),
        rows="R1,A|B|C|D,,hold,HOLD,review\n",
    )
    assert settle.settled(begin(pack)) is None
    assert settle.settled(begin(pack, care="bad")) is not None


# ---------------------------------------------------------------- what to ask next

FREE = ("must = true", 'group = "g"', 'order = "free"')
DATED = step("dated", *FREE, options=PLAIN)
CALLED = step(
    "called", *FREE, options=(option("no"), option("yes", 'flags = ["other"]', "ungraded = true"))
)


def test_in_a_free_group_the_step_that_settles_most_comes_first() -> None:
    pack = small(DATED, CALLED, CARE)
    run = begin(pack)
    assert settle.mass(run, run.checklist.steps[0]) == 0
    assert settle.mass(run, run.checklist.steps[1]) == 0.5
    assert names(run) == ["called", "dated", "care"]
    fixed = DATED.replace('order = "free"\n', ""), CALLED.replace('order = "free"\n', "")
    assert names(begin(small(*fixed, CARE))) == ["dated", "called", "care"]
    assert names(begin(small(CARE, DATED, CALLED))) == ["care", "dated", "called"]
    assert names(begin(pack, called="no")) == ["dated", "care"]


def test_ties_keep_the_order_of_the_file() -> None:
    twins = [CALLED.replace('"called"', f'"{name}"') for name in ("b", "a")]
    assert names(begin(small(*twins))) == ["b", "a"]


def test_frequencies_weigh_the_answers() -> None:
    weights = b'format = "frequencies/1"\n[mugs]\ncalled = { no = 3, yes = 1 }\n'
    pack = load_pack({**files(DATED, CALLED, CARE), "frequencies.toml": weights})
    run = begin(pack)
    assert settle.mass(run, run.checklist.steps[1]) == 0.25
    partly = weights.replace(b"no = 3, ", b"")
    run = begin(load_pack({**files(DATED, CALLED, CARE), "frequencies.toml": partly}))
    assert settle.mass(run, run.checklist.steps[1]) == 1
    never = weights.replace(b"yes = 1", b"yes = 0")
    run = begin(load_pack({**files(DATED, CALLED, CARE), "frequencies.toml": never}))
    assert settle.mass(run, run.checklist.steps[1]) == 0
    assert names(run) == ["dated", "called", "care"]


def test_bands_are_answers_and_what_a_constraint_refuses_settles_nothing() -> None:
    keys = ('type = "integer"', *FREE, "min = 0", "max = 9")
    low = '{ from = 0, id = "low", flags = ["other"], ungraded = true }'
    bands = f'band = [{{ from = 5, id = "high" }}, {low}]'
    run = begin(small(step("n", *keys, bands), DATED))
    assert settle.mass(run, run.checklist.steps[0]) == 0.5
    bounded = step("n", *keys, bands, 'constraint = "n > 3"')
    run = begin(small(bounded, DATED))
    assert settle.mass(run, run.checklist.steps[0]) == 0
    text = step("t", 'type = "text"', "must = true")
    run = begin(small(text))
    assert settle.mass(run, run.checklist.steps[0]) == 0


# ---------------------------------------------------------------- the default pack


def test_a_locked_phone_is_not_asked_its_battery() -> None:
    run = answered(begun("smartphones"), {**SOUND, "seal": "opened", "lock": "locked"})
    assert names(run) == ["data"]
    run = answered(run, {"data": "blank"})
    assert names(run) == []
    early, is_early = settle.concluded(run)
    assert (is_early, early.row, early.grade) == (True, "R05", Grade.C)
    flags = session.facts(run).values["flags"]
    assert isinstance(flags, Members)
    assert flags.unknown == {"fix"}


def test_what_the_default_pack_asks_always() -> None:
    pack = default_pack()
    always = {
        (checklist.id, one.name)
        for checklist in pack.checklists.values()
        for one in checklist.steps
        if one.always
    }
    assert {name for _, name in always} == {"serial", "mark", "lock", "data"}
    assert ("smartphones", "lock") in always
    assert pack.policy.settle == ("zone", "disposition", "refund", "move", "evidence")


def test_the_value_decides_whether_a_broken_device_is_asked_on() -> None:
    broken = {**SOUND, "identity": "match", "seal": "opened", "data": "blank", "body": "broken"}
    del broken["back_lift"]
    cheap = answered(begun("electronics", value_minor=LOW), broken)
    assert names(cheap) == []
    assert settle.concluded(cheap)[0].row == "R17"
    dear = answered(begun("electronics", value_minor=HIGH), broken)
    assert names(dear) == ["power"]


# ---------------------------------------------------------------- what is kept


def test_clauses_are_kept_by_the_pack_one_set_a_checklist() -> None:
    pack = small(HELD, CARE)
    assert pack.settlers == {}
    run = begin(pack, who="odd")
    settle.settled(run)
    assert set(pack.settlers) == {"mugs"}
    kept = pack.settlers["mugs"]
    settle.settled(begin(pack, who="ok"))
    assert pack.settlers["mugs"] is kept
    assert replace(pack).settlers == {}


def test_the_newest_runs_are_remembered_and_the_oldest_forgotten() -> None:
    keys = ('type = "integer"', "must = true", "min = 0", f"max = {2 * settle.RUNS_KEPT}")
    pack = small(step("n", *keys), HELD)
    first = begin(pack, n=0)
    found = settle.settled(begin(pack, n=1, who="odd"))
    settle.settled(first)
    kept = pack.settlers["mugs"]
    assert isinstance(kept, settle.Settler)
    assert len(kept.seen) == 2
    for n in range(2, settle.RUNS_KEPT + 2):
        settle.settled(begin(pack, n=n))
    assert len(kept.seen) == settle.RUNS_KEPT
    assert settle.settled(begin(pack, n=1, who="odd")) == found
    assert settle.settled(first) is None
    assert len(kept.seen) == settle.RUNS_KEPT
