"""What a run says to the screen: refusals with their words, digits, photographs, facts."""

from collections.abc import Callable
from functools import cache

import pytest

from policy_kit import answered, begun, default_pack, pack_files, unit
from zoning import session
from zoning.model import AnsweredBy, Grade, Members, Static
from zoning.pack import Pack, load_pack
from zoning.session import AnswerRefusedError, SlotDemand, StepView
from zoning.session.walk import Run, StepState

KEY, AUTO, SCAN = AnsweredBy.KEY, AnsweredBy.AUTO, AnsweredBy.SCAN
LABEL = '{ ru = "Т", en = "T" }'
YES_NO = (
    f'option = [{{ id = "no", label = {LABEL} }}, {{ id = "yes", label = {LABEL}, cap = "B" }}]'
)
CHOICE = f'type = "select_one"\nlabel = {LABEL}\n{YES_NO}\n'
NUMBER = f'type = "integer"\nunit = "g"\nmust = true\nlabel = {LABEL}\nmin = 2\nmax = 9\n'
MANY = f"""type = "select_multiple"
label = {LABEL}
default = "none"
exclusive = ["none"]
option = [
  {{ id = "none", label = {LABEL} }},
  {{ id = "a", label = {LABEL}, cap = "B", flags = ["clean"], photo = ["defect"] }},
  {{ id = "b", label = {LABEL}, cap = "C", flags = ["fix"], photo = ["defect", "label"] }},
]
"""
TEXT = f'type = "text"\nlabel = {LABEL}\n'


@cache
def pack_with(*steps: str) -> Pack:
    """Return the default pack whose books are asked these steps too."""
    text = pack_files()["checklists/books.toml"].decode()
    text += "".join(f"\n[[step]]\n{step}" for step in steps)
    return load_pack({**pack_files(), "checklists/books.toml": text.encode()})


def run_with(*steps: str, **given: object) -> Run:
    return session.begin(pack_with(*steps), unit("books", **given))


def told(run: Run, step: str, value: str | int, by: AnsweredBy = KEY) -> Run:
    return session.answer(run, step, value, by)


def refusal(act: Callable[[], object]) -> tuple[str, object]:
    with pytest.raises(AnswerRefusedError) as caught:
        act()
    assert str(caught.value) == f"answer refused: {caught.value.code}"
    return caught.value.code, caught.value.params


NO = '{ ru = "Нет", en = "No" }'
LIMITED = f'name = "x"\n{NUMBER}constraint = "x < 5"\nconstraint_message = {NO}\n'
DEBT = f'name = "debt"\ntype = "integer"\nmust = true\nlabel = {LABEL}\nmin = -5\nmax = 0\n'
REFUSED: tuple[tuple[str, str | int, AnsweredBy, str, dict[str, object]], ...] = (
    ("nose", "long", KEY, "unknown_step", {"step": "nose"}),
    ("parcel", "damaged", KEY, "not_asked", {"step": "parcel"}),
    ("seal", "ajar", KEY, "unknown_option", {"step": "seal", "answer": "ajar"}),
    ("seal", "sealed|opened", KEY, "unknown_option", {"step": "seal", "answer": "sealed|opened"}),
    ("seal", "", KEY, "unknown_option", {"step": "seal", "answer": ""}),
    ("many", "none|a", KEY, "unknown_option", {"step": "many", "answer": "none|a"}),
    ("many", "a|c", KEY, "unknown_option", {"step": "many", "answer": "a|c"}),
    ("x", 1, KEY, "out_of_range", {"step": "x", "min": 2, "max": 9, "unit": "g"}),
    ("x", 10, KEY, "out_of_range", {"step": "x", "min": 2, "max": 9, "unit": "g"}),
    ("debt", 1, KEY, "out_of_range", {"step": "debt", "min": -5, "max": 0, "unit": ""}),
    ("x", True, KEY, "out_of_range", {"step": "x", "min": 2, "max": 9, "unit": "g"}),
    ("x", "3", KEY, "out_of_range", {"step": "x", "min": 2, "max": 9, "unit": "g"}),
    ("x", 5, KEY, "constraint", {"step": "x", "text": {"ru": "Нет", "en": "No"}}),
    ("words", "", KEY, "bad_text", {"step": "words", "max": 200}),
    ("words", "w" * 201, KEY, "bad_text", {"step": "words", "max": 200}),
    ("words", 5, KEY, "bad_text", {"step": "words", "max": 200}),
)


@pytest.mark.parametrize(("step", "value", "by", "code", "params"), REFUSED)
def test_a_refusal_names_its_step_and_what_was_wrong(
    step: str, value: str | int, by: AnsweredBy, code: str, params: dict[str, object]
) -> None:
    run = run_with(f'name = "many"\n{MANY}', LIMITED, DEBT, f'name = "words"\n{TEXT}')
    assert refusal(lambda: told(run, step, value, by)) == (code, params)


def test_a_key_may_not_say_what_only_a_scan_can_know() -> None:
    run = begun("apparel")
    params = {"step": "mark", "answer": "match"}
    assert refusal(lambda: told(run, "mark", "match")) == ("not_by_key", params)
    assert told(run, "mark", "match", SCAN).states["mark"] is StepState.ANSWERED
    static = unit("apparel")
    again = [("mark", "match", KEY)]
    assert refusal(lambda: session.resume(default_pack(), static, again))[0] == "not_by_key"


def test_acts_on_steps_that_do_not_fit_are_refused_by_name() -> None:
    run = begun("toys")
    for act, code in (
        (session.withdraw, "not_answered"),
        (session.cycle, "not_an_exception"),
    ):
        assert refusal(lambda act=act: act(run, "seal")) == (code, {"step": "seal"})  # type: ignore[misc]
    assert refusal(lambda: session.cycle(run, "nose")) == ("unknown_step", {"step": "nose"})


def test_texts_up_to_their_limit_are_taken() -> None:
    run = run_with(f'name = "words"\n{TEXT}')
    assert told(run, "words", "w" * 200).given["words"].value == "w" * 200
    assert told(run, "words", "w").given["words"].value == "w"


def test_a_resumed_run_knows_who_said_what() -> None:
    static = unit("smartphones")
    given = [("danger", "clear", KEY), ("serial", "match", SCAN), ("seal", "sealed", AUTO)]
    run = session.resume(default_pack(), static, given)
    assert [(item.step, item.value, item.by) for item in run.answers] == given
    assert {name: item.step for name, item in run.given.items()} == {n: n for n, _, _ in given}


def test_withdrawing_an_answer_leaves_the_others() -> None:
    run = answered(begun("books"), {"cover": "torn", "seal": "opened"})
    left = session.withdraw(run, "cover")
    assert [item.step for item in left.answers] == ["seal"]
    assert left.raised == ()


T = {"ru": "Т", "en": "T"}


def test_a_digit_tells_its_level_and_the_answer_that_holds() -> None:
    run = begun("apparel")
    stain = next(view for view in session.exceptions(run) if view.name == "stain")
    step = run.checklist.step("stain")
    assert step is not None
    none, mild, severe = step.options
    assert stain == StepView(
        wrong=step.wrong,
        name="stain",
        label=step.label,
        level=0,
        levels=2,
        answer=none.id,
        answer_label=none.label,
        asked=True,
    )
    for level, option in ((1, mild), (2, severe)):
        run, _ = session.cycle(run, "stain")
        view = next(view for view in session.exceptions(run) if view.name == "stain")
        assert (view.level, view.levels) == (level, 2)
        assert (view.answer, view.answer_label) == (option.id, option.label)
        assert run.given["stain"].by is KEY


def test_a_digit_is_for_a_default_that_no_static_fact_rules_out() -> None:
    optional = f'name = "x"\ndefault = "no"\nmust = "attrs has any(battery)"\n{CHOICE}'
    hidden = f'name = "h"\ndefault = "no"\nrelevant = "attrs has any(liquid)"\n{CHOICE}'
    follows = f'name = "f"\ndefault = "no"\nrelevant = "cover = \'torn\'"\n{CHOICE}'
    words = f'name = "words"\n{TEXT}'
    run = run_with(optional, hidden, follows, words)
    views = {view.name: view.asked for view in session.exceptions(run)}
    assert "parcel" not in views, "what the parcel answers has no digit"
    assert {name: views.get(name) for name in ("x", "h", "f", "words")} == {
        "x": True,
        "h": None,
        "f": False,
        "words": None,
    }
    battery = run_with(optional, hidden, attrs=frozenset({"battery", "liquid"}))
    views = {view.name: view.asked for view in session.exceptions(battery)}
    assert ("x" in views, views["h"]) == (False, True)


def slots(run: Run) -> dict[str, SlotDemand]:
    return {demand.slot: demand for demand in session.slots_due(run)}


def image(name: str, count: int) -> str:
    return f'name = "{name}"\ntype = "image"\nslot = "item"\nmin_count = {count}\nlabel = {LABEL}\n'


def test_photographs_name_their_slot_camera_and_the_steps_that_want_them() -> None:
    run = told(run_with(f'name = "x"\n{MANY}'), "x", "a|b")
    defect, label = run.checklist.slots["defect"], run.checklist.slots["label"]
    assert slots(run) == {
        "defect": SlotDemand(
            slot="defect",
            label=defect.label,
            camera=defect.camera,
            bind=defect.bind,
            count=2,
            steps=("x",),
        ),
        "label": SlotDemand(
            slot="label",
            label=label.label,
            camera=label.camera,
            bind=label.bind,
            count=1,
            steps=("x",),
        ),
    }
    both = told(run, "cover", "torn")
    assert (slots(both)["defect"].count, slots(both)["defect"].steps) == (3, ("cover", "x"))


def test_of_several_wishes_for_a_slot_the_largest_counts() -> None:
    assert slots(run_with(image("p", 3), image("q", 2)))["item"].count == 3
    assert slots(run_with(image("p", 2), image("q", 3)))["item"].count == 3
    assert slots(run_with(image("p", 1)))["item"].count == 1
    assert slots(run_with(image("p", 2), image("q", 3)))["item"].steps == ("p", "q")


def test_a_picture_that_is_not_asked_is_not_due() -> None:
    follows = f"{image('p', 2)}relevant = \"cover = 'torn'\"\n"
    run = run_with(follows)
    assert "item" not in slots(run)
    assert slots(told(run, "cover", "torn"))["item"].count == 2


def test_a_default_demands_no_photograph_and_a_withdrawn_answer_neither() -> None:
    run = run_with(f'name = "x"\n{MANY}')
    assert slots(run) == {}
    assert slots(session.withdraw(told(run, "x", "a"), "x")) == {}


def test_several_choices_are_stored_in_declared_order_and_count_together() -> None:
    run = told(run_with(f'name = "x"\n{MANY}'), "x", "b|a")
    assert run.given["x"].value == "a|b"
    assert run.answered["x"] == Members(present=frozenset({"a", "b"}))
    assert [(item.answer, item.cap, item.flags) for item in run.raised] == [
        ("a|b", Grade.B, ("clean",)),
        ("a|b", Grade.C, ("fix",)),
    ]
    assert session.facts(run).values["grade"] == "C"


def test_why_a_column_is_missing_is_told_by_the_state_of_its_step() -> None:
    phone = begun("smartphones")
    assert (missing(phone)["seal"], missing(phone)["grade"]) == ("open", "open")
    ended = answered(phone, {"danger": "battery"})
    assert missing(ended)["seal"] == "cut_off"
    asks = f'name = "p"\nmust = true\n{CHOICE}'
    fed = f'name = "x"\n{NUMBER}feeds = "value"\nrelevant = "p = \'yes\'"\n'
    run = run_with(asks, fed)
    assert run.states["x"] is StepState.PENDING
    assert missing(run)["value"] == "open"
    assert missing(told(run, "p", "no"))["value"] == "absent"


def missing(run: Run) -> dict[str, str]:
    return {item.column: item.why for item in session.facts(run).missing}


def test_the_facts_name_where_each_of_them_comes_from() -> None:
    run = answered(begun("books"), {"seal": "sealed"})
    facts = session.facts(run)
    assert facts.source == {
        "attrs": "static",
        "category": "static",
        "in_window": "static",
        "identity": "identity",
        "value": "static",
        "seal": "seal",
        "grade": "checklist",
        "flags": "checklist",
    }
    assert [item.column for item in facts.missing] == sorted(item.column for item in facts.missing)
    assert (facts.policy_sha256, facts.raised) == (run.pack.sha256, run.raised)
    assert {item.column for item in facts.missing}.isdisjoint(facts.values)
    opened = session.facts(begun("toys"))
    assert ("grade" in opened.source, opened.source["flags"]) == (False, "checklist")


@pytest.mark.parametrize(
    ("static", "column", "why"),
    [
        (Static(), "category", "absent"),
        (Static(category="boats"), "category", "out_of_domain"),
        (Static(value_minor=5, currency="EUR"), "value", "currency"),
        (Static(value_minor=5), "value", "currency"),
        (Static(value_minor=-5, currency="RUB"), "value", "out_of_domain"),
        (Static(in_window=None), "in_window", "absent"),
    ],
)
def test_why_a_feed_s_column_is_missing(static: Static, column: str, why: str) -> None:
    assert missing(session.begin(default_pack(), static))[column] == why


@pytest.mark.parametrize(
    ("step", "value"),
    [
        (f'name = "x"\nmust = true\n{TEXT}', "-"),
        (f'name = "x"\nmust = true\n{CHOICE}', "no"),
        (f'name = "x"\nmust = true\ndefault = "no"\n{CHOICE}', "no"),
        (f'name = "x"\n{NUMBER}', 2),
        (f'name = "x"\n{NUMBER}constraint = "x > 4"\n', 9),
        (f'name = "x"\n{NUMBER}constraint = "x in 5..6"\n', 5),
        (f'name = "x"\n{NUMBER}constraint = "x != 2 and x != 9"\n', 3),
        (f'name = "x"\n{NUMBER}constraint = "not (x <= 3 or x >= 8)"\n', 4),
        (f'name = "x"\n{NUMBER}constraint = "not (x >= 8 or x <= 3)"\n', 7),
        (
            f'name = "x"\n{NUMBER}band = [{{ from = 6, id = "high" }}, '
            '{ from = 4, id = "mid", cap = "B" }, { from = 2, id = "low" }]\n',
            6,
        ),
        (
            f'name = "x"\n{NUMBER}band = [{{ from = 6, id = "high", cap = "B" }}, '
            '{ from = 2, id = "low" }]\n',
            2,
        ),
    ],
)
def test_an_open_question_is_calmed_by_the_most_harmless_answer(
    step: str, value: str | int
) -> None:
    run = run_with(step)
    assert [one.name for one in session.open_must(run)] == ["x"]
    calm = session.neutral(run)
    given = calm.given["x"]
    assert (given.step, given.value, given.by) == ("x", value, AnsweredBy.DEFAULT)
    assert calm.is_finished


def test_final_answers_are_by_the_parcel_where_the_parcel_was_asked() -> None:
    quiet = {step: (value, by) for step, value, by in session.final_answers(begun("books"))}
    assert quiet["cover"] == ("good", AnsweredBy.DEFAULT)
    parcel = begun("books").checklist.step("parcel")
    assert parcel is not None
    assert quiet["parcel"] == (parcel.default, AnsweredBy.INHERITED)
    flagged = begun("books", parcel_flags=frozenset({"tamper"}))
    final = {step: (value, by) for step, value, by in session.final_answers(flagged)}
    assert final["parcel"] == ("reopened", AnsweredBy.INHERITED)
    assert [step.name for step in flagged.checklist.steps if step.by_parcel] == ["parcel"]


def test_a_unit_is_asked_although_its_parcel_has_the_flag_already() -> None:
    run = run_with(f'name = "x"\n{MANY}', parcel_flags=frozenset({"clean"}))
    final = {step: (value, by) for step, value, by in session.final_answers(run)}
    assert final["x"] == ("none", AnsweredBy.DEFAULT)
    assert run.answered["x"] == Members(present=frozenset({"none"}))
    assert run.raised == ()


def test_a_number_from_zero_says_so() -> None:
    run = answered(begun("smartphones"), {"seal": "opened"})
    code, params = refusal(lambda: told(run, "health", 101))
    assert (code, params) == (
        "out_of_range",
        {"step": "health", "min": 0, "max": 100, "unit": "%"},
    )


def test_what_has_one_answer_takes_it() -> None:
    run = run_with(f'name = "seen"\ntype = "acknowledge"\nmust = true\nlabel = {LABEL}\n')
    assert told(run, "seen", "yes").states["seen"] is StepState.ANSWERED


def test_a_constraint_may_ask_whether_somebody_answered() -> None:
    run = run_with(f'name = "x"\nmust = true\nconstraint = "answered(cover)"\n{CHOICE}')
    assert refusal(lambda: told(run, "x", "no"))[0] == "constraint"
    assert told(told(run, "cover", "worn"), "x", "no").is_finished
