"""A checklist run: what is asked, what an answer opens or closes, what is refused."""

import pytest

from policy_kit import answered, begun, default_pack, unit
from zoning import session
from zoning.evaluate import decide
from zoning.model import AnsweredBy, Static
from zoning.session import AnswerRefusedError
from zoning.session.walk import Run

KEY, AUTO = AnsweredBy.KEY, AnsweredBy.AUTO


def musts(run: Run) -> list[str]:
    return [step.name for step in session.open_must(run)]


def levels(run: Run) -> dict[str, int]:
    return {view.name: view.level for view in session.exceptions(run)}


def refusal(run: Run, step: str, value: str | int, by: AnsweredBy = KEY) -> str:
    with pytest.raises(AnswerRefusedError) as caught:
        session.answer(run, step, value, by)
    return caught.value.code


def test_only_what_must_be_said_is_open_and_the_seal_opens_the_rest() -> None:
    run = answered(begun("smartphones"), {"identity": "match", "serial": "match"})
    assert musts(run) == ["danger", "back_lift", "seal"]
    run = answered(run, {"danger": "clear", "back_lift": "flat", "seal": "opened"})
    assert musts(run) == ["lock", "health", "data"]


def test_a_sealed_unit_is_not_asked_what_a_seal_answers() -> None:
    run = answered(begun("smartphones"), {"danger": "clear", "back_lift": "flat"})
    run = answered(run, {"seal": "sealed", "serial": "match"})
    assert musts(run) == []
    assert session.facts(run).grade_exact


def test_the_tray_answers_the_seal_by_its_disposition() -> None:
    run = answered(begun("toys"), {"mark": "match", "danger": "clear", "batt": "clean"})
    assert session.put_answers(run, "RESTOCK") == (("seal", "sealed"),)
    assert session.put_answers(run, "BSTOCK") == (("seal", "opened"),)
    assert session.put_answers(run, "REFURB") == ()


def test_clothes_are_opened_by_default_and_no_tray_says_otherwise() -> None:
    run = begun("apparel")
    assert musts(run) == ["mark"]
    assert session.put_answers(run, "RESTOCK") == ()


def test_an_unknown_attribute_counts_as_set() -> None:
    asked = musts(begun("books", attrs=frozenset(), unknown_attrs=frozenset({"battery"})))
    assert asked == ["danger"]
    assert "strip" in musts(begun("apparel", unknown_attrs=frozenset({"hygiene_wear"})))


def test_an_article_nobody_knows_gets_the_base_questions() -> None:
    run = begun(None)
    assert run.checklist.id == "unknown_item"
    assert musts(run) == ["danger", "seal", "serial", "mark"]


def test_a_category_outside_the_domain_is_missing_and_unknown() -> None:
    run = session.begin(default_pack(), Static(category="boats"))
    assert run.checklist.id == "unknown_item"
    missing = {item.column: item.why for item in session.facts(run).missing}
    assert missing["category"] == "out_of_domain"


def test_a_digit_goes_mild_severe_off() -> None:
    run, seen = begun("apparel"), []
    for _ in range(3):
        run, level = session.cycle(run, "stain")
        seen.append((level, levels(run)["stain"]))
    assert seen == [(1, 1), (2, 2), (0, 0)]
    assert run.given == {}


def test_digits_keep_their_order_when_steps_become_irrelevant() -> None:
    run = begun("toys")
    before = list(levels(run))
    run = answered(run, {"seal": "sealed"})
    assert list(levels(run)) == before == ["identity", "parts", "used"]
    assert [view.asked for view in session.exceptions(run)] == [True, False, False]


def test_a_must_step_has_no_digit() -> None:
    with pytest.raises(AnswerRefusedError, match="not_an_exception"):
        session.cycle(begun("toys"), "seal")


def test_an_answer_that_became_irrelevant_is_kept_and_counts_for_nothing() -> None:
    run = answered(begun("books"), {"cover": "torn"})
    run = answered(run, {"seal": "sealed"})
    dropped = {item.step: item.dropped for item in run.answers}
    assert dropped == {"cover": True, "seal": False}
    facts = session.facts(run)
    assert facts.values["grade"] == "A"
    assert "cover" not in {step for step, _, _ in session.final_answers(run)}


def test_a_danger_ends_the_questions_and_inhibits_at_once() -> None:
    run = answered(begun("smartphones"), {"identity": "match", "danger": "battery"})
    assert musts(run) == []
    assert session.inhibit(run) == "area"
    assert session.facts(run).grade_exact is False
    assert refusal(run, "health", 90) == "not_asked"
    assert session.inhibit(session.withdraw(run, "danger")) is None


def test_a_danger_before_the_identity_leaves_the_grade_unknown() -> None:
    run = session.answer(begun("smartphones"), "danger", "bio", KEY)
    facts = session.facts(run)
    assert ("grade", "cut_off") in [(item.column, item.why) for item in facts.missing]
    verdict = decide(run.pack, facts)
    assert (verdict.row, verdict.grade, session.inhibit(run)) == ("R01", None, "item")


def test_a_number_is_a_scaled_integer_inside_its_limits() -> None:
    run = answered(begun("smartphones"), {"seal": "opened"})
    assert refusal(run, "health", 101) == "out_of_range"
    assert refusal(run, "health", -1) == "out_of_range"
    assert refusal(run, "health", "97") == "out_of_range"
    run = session.answer(run, "health", 85, KEY)
    assert [(item.step, item.cap) for item in run.raised if item.step == "health"] == [
        ("health", "B")
    ]


def test_a_key_can_only_say_that_a_code_cannot_be_read() -> None:
    run = begun("apparel")
    assert refusal(run, "mark", "match") == "not_by_key"
    assert session.answer(run, "mark", "unreadable", KEY).given["mark"].by is KEY
    assert session.answer(run, "mark", "match", AUTO).given["mark"].by is AUTO


@pytest.mark.parametrize(
    ("step", "value", "code"),
    [
        ("nose", "long", "unknown_step"),
        ("seal", "ajar", "unknown_option"),
        ("parcel", "damaged", "not_asked"),
        ("gas", "tight", "unknown_step"),
    ],
)
def test_a_wrong_answer_is_refused_by_code(step: str, value: str, code: str) -> None:
    assert refusal(begun("toys"), step, value) == code


def test_withdrawing_what_nobody_answered_is_refused() -> None:
    with pytest.raises(AnswerRefusedError, match="not_answered"):
        session.withdraw(begun("toys"), "seal")


def test_photographs_are_due_by_answers_one_per_defect() -> None:
    run = answered(begun("apparel"), {"stain": "permanent", "fabric": "bad", "identity": "variant"})
    due = {demand.slot: demand.count for demand in session.slots_due(run)}
    assert due == {"item": 1, "label": 1, "defect": 2}


def test_photographs_of_the_parcel_are_not_due_again_for_its_units() -> None:
    run = begun("books", parcel_flags=frozenset({"tamper"}))
    assert session.slots_due(run) == ()


def test_final_answers_tell_who_said_what() -> None:
    run = begun("books", parcel_flags=frozenset({"carrier_damage"}))
    run = session.answer(run, "cover", "worn", KEY)
    assert session.final_answers(run) == (
        ("parcel", "damaged", "inherited"),
        ("danger", "clear", "default"),
        ("identity", "match", "default"),
        ("seal", "opened", "default"),
        ("film", "intact", "default"),
        ("cover", "worn", "key"),
        ("pages", "clean", "default"),
    )


def test_an_open_question_leaves_the_grade_unknown_and_neutral_closes_it() -> None:
    run = answered(begun("toys"), {"danger": "clear"})
    assert decide(run.pack, session.facts(run)).row == "#missing"
    assert decide(run.pack, session.facts(session.neutral(run))).row == "R13"


def test_a_flag_the_policy_does_not_know_makes_the_others_unknown() -> None:
    run = session.neutral(begun("books", station_flags=frozenset({"vip"})))
    assert decide(run.pack, session.facts(run)).row == "#missing"


def test_a_run_resumes_from_its_answers_in_any_order() -> None:
    run = answered(begun("smartphones"), {"danger": "clear", "seal": "opened", "health": 70})
    again = session.resume(
        default_pack(),
        unit("smartphones"),
        [(item.step, item.value, item.by) for item in reversed(run.answers)],
    )
    assert session.facts(again) == session.facts(run)
    assert (again.states, again.raised) == (run.states, run.raised)


def test_electric_danger_spares_the_test_run() -> None:
    run = answered(begun("small_appliances"), {"serial": "match", "seal": "opened"})
    assert musts(run) == ["cord"]
    assert musts(answered(run, {"cord": "good"})) == ["power"]
    assert musts(answered(run, {"cord": "bad"})) == []
