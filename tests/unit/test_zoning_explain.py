"""The one line that says why, in both languages."""

from policy_kit import answered, begun, decided, default_pack
from zoning import session
from zoning.evaluate import decide
from zoning.explain import reason, why_not
from zoning.model import Facts


def test_one_line_names_the_work_the_answer_the_grade_and_the_row() -> None:
    run = answered(begun("apparel"), {"mark": "match", "stain": "removable"})
    line = reason(default_pack(), run.checklist, decided(run))
    assert line == {
        "ru": "Доработка: Пятно или запах: Удаляется (косметика, пыль), оценка C."
        " Строка R12, политика 1",
        "en": "Rework: Stain or smell: Removable (make-up, dust), grade C. Row R12, policy 1",
    }


def test_a_missing_fact_is_explained_without_an_answer() -> None:
    run = begun("toys")
    line = reason(default_pack(), run.checklist, decide(run.pack, session.facts(run)))
    assert line["en"] == "Fact missing. Row #missing, policy 1"


def test_why_not_names_the_columns_that_reject_a_row() -> None:
    run = answered(begun("apparel"), {"mark": "match", "stain": "removable"})
    facts = session.facts(run)
    assert why_not(default_pack(), facts, "R13") == ("grade",)
    assert why_not(default_pack(), facts, "R11") == ("grade", "flags", "value")
    assert why_not(default_pack(), facts, "R12") == ()
    assert why_not(default_pack(), facts, "R99") == ()


def test_a_stored_record_is_decided_again_alike() -> None:
    run = answered(begun("smartphones"), {"identity": "match", "danger": "leak"})
    facts = session.facts(run)
    stored = facts.to_json()
    again = Facts.from_json(stored)
    assert again.to_json() == stored
    first, second = decide(run.pack, facts), decide(run.pack, again)
    assert (first.row, first.refund, first.move) == (second.row, second.refund, second.move)
