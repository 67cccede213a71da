"""Why a unit goes where it goes: one line, the whole of it, why not, one change; ru and en."""

from collections.abc import Mapping

import pytest

from policy_kit import HIGH, answered, begun, decided, default_pack
from random_policies import small_cap, small_pack
from zoning import session
from zoning.evaluate import decide
from zoning.explain import Cause, Explanation, explain, explanation_lines, reason, why_not
from zoning.model import Deciding, Facts, Grade, Members, Missing, Raised, Value, Verdict
from zoning.pack import Pack
from zoning.session.walk import Run


def members(present: str = "", unknown: str = "") -> Members:
    return Members(present=frozenset(present.split()), unknown=frozenset(unknown.split()))


def facts_of(**values: Value) -> Facts:
    return Facts(policy_sha256="", values=values)


def explained(pack: Pack, **values: Value) -> Explanation:
    return explain(pack, facts_of(**values))


def of_run(run: Run) -> Explanation:
    return explain(run.pack, session.facts(run), run.checklist)


def stained() -> Run:
    return session.neutral(answered(begun("apparel"), {"mark": "match", "stain": "removable"}))


def test_one_line_names_the_work_the_answer_the_grade_and_the_row() -> None:
    run = answered(begun("apparel"), {"mark": "match", "stain": "removable"})
    line = reason(default_pack(), run.checklist, decided(run))
    assert line == {
        "ru": "Доработка: Пятно или запах: Удаляется (косметика, пыль), оценка C."
        " Строка R12, политика 1",
        "en": "Rework: Stain or smell: Removable (make-up, dust), grade C. Row R12, policy 1",
    }


def test_without_the_checklist_the_line_names_step_and_answer() -> None:
    line = reason(default_pack(), None, decided(stained()))
    assert line["en"] == "Rework: stain = removable, grade C. Row R12, policy 1"


def test_a_missing_fact_is_named_in_the_line() -> None:
    run = begun("toys")
    line = reason(default_pack(), run.checklist, decide(run.pack, session.facts(run)))
    assert line == {
        "ru": "Не хватает сведений: признаки. Строка #missing, политика 1",
        "en": "Fact missing: flags. Row #missing, policy 1",
    }


def test_a_line_without_grade_or_answers_has_no_colon() -> None:
    pack = small_pack("in_window", "y -> hold")
    assert reason(pack, None, decide(pack, facts_of(in_window=True))) == {
        "ru": "hold-ru. Строка R1, политика 7",
        "en": "hold it. Row R1, policy 7",
    }
    held = decide(pack, facts_of(in_window=False))
    assert (
        reason(pack, None, held)["ru"]
        == "Нет правила для такого случая. Строка #nopolicy, политика 7"
    )
    assert reason(pack, None, held)["en"] == "No rule for such a case. Row #nopolicy, policy 7"
    wrong = decide(pack, facts_of(in_window=True, seal="ajar", nose=1))
    assert reason(pack, None, wrong)["en"] == (
        "The facts contradict each other: nose, packaging. Row #invalid, policy 7"
    )


def test_why_not_names_the_columns_that_reject_a_row() -> None:
    run = answered(begun("apparel"), {"mark": "match", "stain": "removable"})
    facts = session.facts(run)
    assert why_not(default_pack(), facts, "R13") == ("grade",)
    assert why_not(default_pack(), facts, "R11") == ("grade", "flags", "value")
    assert why_not(default_pack(), facts, "R12") == ()
    assert why_not(default_pack(), facts, "R99") == ()
    found = explain(default_pack(), facts)
    assert found.why_not("R11") == ("grade", "flags", "value")
    assert found.why_not("R12") == found.why_not("R99") == ()


def test_a_refused_record_is_explained_by_what_is_wrong_with_it() -> None:
    pack = small_pack("grade", "A -> hold")
    found = explained(pack, grade="A", seal="ajar", nose=1)
    assert (found.row, found.causes, found.one_change, found.caps) == (None, (), (), ())
    assert found.why_not("R1") == ()
    assert why_not(pack, found.facts, "R1") == ()
    assert explanation_lines(found, "en") == (
        "The facts contradict each other: nose, packaging. Row #invalid, policy 7",
        "Missing: nose: not valid, or against other facts",
        "Missing: packaging: not valid, or against other facts",
    )


def test_a_stored_record_is_decided_again_alike() -> None:
    run = answered(begun("smartphones"), {"identity": "match", "danger": "leak"})
    facts = session.facts(run)
    stored = facts.to_json()
    again = Facts.from_json(stored)
    assert again.to_json() == stored
    first, second = decide(run.pack, facts), decide(run.pack, again)
    assert (first.row, first.refund, first.move) == (second.row, second.refund, second.move)


def test_the_whole_explanation_in_both_languages() -> None:
    found = of_run(stained())
    answer = "Пятно или запах: Удаляется (косметика, пыль)"
    assert explanation_lines(found, "ru")[:7] == (
        f"Доработка: {answer}, оценка C. Строка R12, политика 1",
        "R12: Доработка: чистка, этикетка, перемаркировка",
        f"оценка: C, строка требует A|B|C ({answer})",
        f"признаки: почистить, строка требует any:remark|relabel_dg|tape_terminal|clean ({answer})",
        "Подходит и дальше R14: В уценку",
        "Иначе: признаки: +опасная АКБ, тогда R01: опасное, HAZMAT_HOLD",
        "Иначе: признаки: +не пара, тогда R18: ожидание, HOLD_DISPUTE",
    )
    answer = "Stain or smell: Removable (make-up, dust)"
    lines = explanation_lines(found, "en")
    assert lines[:6] == (
        f"Rework: {answer}, grade C. Row R12, policy 1",
        "R12: Rework: clean, relabel or re-mark",
        f"grade: C, the row asks for A|B|C ({answer})",
        f"flags: to clean, the row asks for any:remark|relabel_dg|tape_terminal|clean ({answer})",
        "Further on R14 fits, too: Marked-down stock",
        "Else: flags: +dangerous battery, then R01: hazmat, HAZMAT_HOLD",
    )
    assert lines[-1] == "Else: grade: C → D, then R17: disposal, RECYCLE"


def test_an_open_row_tells_what_it_waits_for_and_which_caps_nothing_rules_out() -> None:
    lines = explanation_lines(of_run(begun("toys")), "ru")
    assert lines[0] == "Не хватает сведений: признаки. Строка #missing, политика 1"
    assert lines[1] == (
        "признаки: возможно опасная АКБ, опасное вещество, биологическая опасность, острые края,"
        " … +7, а строка R01 требует any:hazard_battery|hazard_chem|hazard_bio"
    )
    assert (
        lines[2]
        == "Ограничение C1, не исключено: Не тот товар или заблокирован: денег не возвращать"
    )
    assert lines[-1] == "Не хватает: признаки: ещё не отвечено"
    english = explanation_lines(of_run(begun("toys")), "en")
    assert english[1].startswith("flags: perhaps dangerous battery, dangerous substance, ")
    assert english[1].endswith(
        ", sharp edges, … +7, but the row R01 asks for any:hazard_battery|hazard_chem|hazard_bio"
    )
    assert english[2] == "Cap C1, not ruled out: Not what was sold, or locked: no refund"
    assert english[-1] == "Missing: flags: not answered yet"


def test_numbers_money_and_proved_caps_are_told() -> None:
    run = answered(begun("smartphones", value_minor=HIGH, in_window=None), {"seal": "opened"})
    lines = explanation_lines(of_run(session.neutral(answered(run, {"health": 40}))), "en")
    assert lines[0] == "Refurbish: Battery health, %: 40 %, grade D. Row R11, policy 1"
    assert "value: 20000.00 RUB (high), the row asks for high" in lines
    assert "Cap C5, not ruled out: Outside the return window" in lines
    assert "Cap C6: Grade D: the centre decides" in lines
    assert "Missing: return window: not in the data" in lines


# ---------------------------------------------------------------- causes


def test_causes_name_source_and_answers_of_each_fact() -> None:
    pack = small_pack("grade,flags,value,in_window", "C,any:fix|leak,mid,y -> repair")
    raised = (
        Raised(step="a", answer="x", flags=("fix",)),
        Raised(step="b", answer=7, cap=Grade.C),
        Raised(step="c", answer="z", cap=Grade.B, flags=("sharp",)),
    )
    values: Mapping[str, Value] = {"grade": "C", "flags": members("fix sharp"), "value": 3}
    facts = Facts(
        policy_sha256="",
        values={**values, "in_window": True},
        source={"grade": "checklist", "value": "static"},
        raised=raised,
    )
    causes = {cause.column: cause for cause in explain(pack, facts).causes}
    row = pack.table.rows[0]
    assert causes["grade"] == Cause(
        column="grade",
        cell=row.cells["grade"],
        value="C",
        is_met=True,
        source="checklist",
        answers=(Deciding(step="b", answer=7),),
    )
    assert causes["flags"].answers == (Deciding(step="a", answer="x"),)
    assert (causes["flags"].source, causes["value"].source) == ("", "static")
    assert causes["value"].answers == causes["in_window"].answers == ()
    assert causes["in_window"] == Cause(
        column="in_window", cell=row.cells["in_window"], value=True, is_met=True
    )


@pytest.mark.parametrize(
    ("grade", "wanted"), [("ungraded", ["u"]), ("C", ["c"]), ("D", []), (None, [])]
)
def test_the_answers_behind_a_grade(grade: str | None, wanted: list[str]) -> None:
    pack = small_pack("grade,in_window", "ungraded|C|D,y -> hold")
    raised = (
        Raised(step="u", answer="x", ungraded=True),
        Raised(step="c", answer="x", cap=Grade.C),
        Raised(step="n", answer="x", flags=("fix",)),
    )
    values: Mapping[str, Value] = {"in_window": True, **({"grade": grade} if grade else {})}
    found = explain(pack, Facts(policy_sha256="", values=values, raised=raised))
    assert [item.step for item in found.causes[0].answers] == wanted
    assert found.causes[0].is_met is (grade is not None)
    assert found.causes[1].is_met


def test_a_fact_that_a_step_feeds_is_told_as_its_answer() -> None:
    run = stained()
    assert default_pack().policy.domains["seal"].kind == "enum"
    pack, checklist = default_pack(), run.checklist
    step = checklist.step("stain")
    assert step is not None
    small = small_pack("seal,value,attrs", "opened,mid,any:battery -> hold")
    values: Mapping[str, Value] = {"seal": "opened", "value": 3, "attrs": members("cooler battery")}
    source = {"seal": "stain", "value": "mark", "attrs": "stain"}
    facts = Facts(policy_sha256="", values=values, source=source)
    found = explain(small, facts, checklist)
    assert [cause.answers for cause in found.causes] == [
        (Deciding(step="stain", answer="opened"),),
        (Deciding(step="mark", answer=3),),
        (Deciding(step="stain", answer="battery|cooler"),),
    ]
    assert [cause.answers for cause in explain(small, facts).causes] == [(), (), ()]
    lacking = Facts(policy_sha256="", values={"value": 3}, source={"seal": "nose", "value": "x"})
    assert [cause.answers for cause in explain(small, lacking, checklist).causes] == [(), (), ()]
    assert pack is not small


def test_the_row_of_an_explanation_is_the_fired_or_the_open_one() -> None:
    pack = small_pack("grade,in_window", "A,y -> hold", "B, -> repair", "A, -> resale")
    found = explained(pack, grade="A", in_window=True)
    assert found.row is pack.table.rows[0]
    assert found.also_true == (pack.table.rows[2],)
    found = explained(pack, grade="A")
    assert (found.verdict.row, found.row, found.also_true) == ("#missing", pack.table.rows[0], ())
    assert [(cause.column, cause.is_met) for cause in found.causes] == [
        ("grade", True),
        ("in_window", False),
    ]
    assert explained(pack, grade="C").row is None


def test_caps_are_told_in_order_and_the_unproved_apart() -> None:
    policy = small_cap("C1", "refund", "review", "in_window = n")
    policy += small_cap("C2", "refund", "review", "value >= 3")
    policy += small_cap("C3", "move", "manual", "flags has any(fix)")
    pack = small_pack("grade", "A -> hold", policy=policy)
    found = explained(pack, grade="A", in_window=True, flags=members("fix"))
    assert [cap.id for cap in found.caps] == ["C2", "C3"]
    assert found.unproved == ("C2",)
    lines = explanation_lines(found, "ru")
    assert lines[2:5] == (
        "оценка: A, строка требует A",
        "Ограничение C2, не исключено: предел C2",
        "Ограничение C3: предел C3",
    )
    assert "Cap C3: limit C3" in explanation_lines(found, "en")


# ---------------------------------------------------------------- words


def test_values_are_told_in_words() -> None:
    pack = small_pack(
        "grade,flags,attrs,value,mass,in_window,seal",
        "ungraded,any:fix,any:battery,mid,0.2..0.5,y,opened -> hold",
    )
    values: dict[str, Value] = {
        "grade": "ungraded",
        "flags": members("fix leak", "wipe"),
        "attrs": members("battery"),
        "value": 3,
        "mass": 5,
        "in_window": True,
        "seal": "opened",
    }
    assert explanation_lines(explained(pack, **values), "en")[2:9] == (
        "grade: no grade, the row asks for ungraded",
        "flags: to mend, leaks, perhaps to wipe, the row asks for any:fix",
        "attributes: battery, the row asks for any:battery",
        "value: 0.03 RUB (mid), the row asks for mid",
        "mass: 0.5 kg, the row asks for 0.2..0.5",
        "return window: yes, the row asks for y",
        "packaging: opened, the row asks for opened",
    )
    assert explanation_lines(explained(pack, **values), "ru")[2:5] == (
        "оценка: без оценки, строка требует ungraded",
        "признаки: чинить, течёт, возможно стереть, строка требует any:fix",
        "свойства товара: battery, строка требует any:battery",
    )


def test_unknown_empty_and_no_are_told_in_words() -> None:
    pack = small_pack("in_window,flags,seal", "n,empty,sealed -> hold")
    found = explanation_lines(explained(pack, in_window=False, flags=members()), "ru")
    assert found[1:4] == (
        "срок возврата: нет, строка требует n",
        "признаки: нет, строка требует empty",
        "упаковка: неизвестно, а строка R1 требует sealed",
    )
    found = explanation_lines(explained(pack, in_window=False, flags=members()), "en")
    assert found[1:4] == (
        "return window: no, the row asks for n",
        "flags: none, the row asks for empty",
        "packaging: unknown, but the row R1 asks for sealed",
    )


@pytest.mark.parametrize(
    ("unknown", "wanted"),
    [
        ("wipe fix sharp leak", "perhaps to wipe, to mend, sharp edges, leaks"),
        ("sharp", "perhaps sharp edges"),
    ],
)
def test_few_unknown_members_are_named_one_by_one(unknown: str, wanted: str) -> None:
    pack = small_pack("flags,grade", "any:wipe|fix|sharp|leak,A -> hold")
    found = explanation_lines(explained(pack, grade="A", flags=members("", unknown)), "en")
    assert found[1] == f"flags: {wanted}, but the row R1 asks for any:wipe|fix|sharp|leak"


@pytest.mark.parametrize(
    ("why", "ru", "en"),
    [
        ("absent", "нет в данных", "not in the data"),
        (
            "out_of_domain",
            "политика не знает такого значения",
            "a value that the policy does not know",
        ),
        ("currency", "другая валюта", "another currency"),
        ("stale", "устарело", "out of date"),
        ("open", "ещё не отвечено", "not answered yet"),
        ("cut_off", "осмотр закончен раньше", "the inspection ended before"),
        ("lost", "lost", "lost"),
    ],
)
def test_why_a_fact_is_missing_is_told(why: str, ru: str, en: str) -> None:
    pack = small_pack("value", "low -> hold")
    gone = (Missing(column="value", why=why),)
    found = explain(pack, Facts(policy_sha256="", values={}, missing=gone))
    assert explanation_lines(found, "ru")[-1] == f"Не хватает: цена: {ru}"
    assert explanation_lines(found, "en")[-1] == f"Missing: value: {en}"


def test_every_usual_column_has_a_word() -> None:
    pack = small_pack("grade", "A -> hold")
    usual = ("category", "channel", "customer_reason", "evidence", "identity", "tenant", "warranty")
    wrong: Mapping[str, Value] = {
        **dict.fromkeys(usual, "?"),
        **dict.fromkeys(("attrs", "flags", "grade", "in_window", "seal", "value"), "?"),
    }
    told = reason(pack, None, decide(pack, Facts(policy_sha256="", values=wrong)))
    assert told["ru"] == (
        "Сведения противоречивы: свойства товара, категория, канал продажи, причина клиента,"
        " доказательства, признаки, оценка, тот ли товар, срок возврата, упаковка, продавец, цена,"
        " гарантия. Строка #invalid, политика 7"
    )
    assert told["en"] == (
        "The facts contradict each other: attributes, category, sales channel, customer's reason,"
        " evidence, flags, grade, identity, return window, packaging, tenant, value, warranty."
        " Row #invalid, policy 7"
    )


def test_every_zone_has_a_word() -> None:
    pack = small_pack("seal,grade", ",A -> repair", ",B -> disposal", ",C -> hold", ",D -> hazmat")
    found = explained(pack, grade="ungraded")
    assert [line.partition("тогда ")[2] for line in explanation_lines(found, "ru")[1:]] == [
        "R1: ремонт, REPAIR1",
        "R2: утилизация, DISPOSAL1",
        "R3: ожидание, HOLD1",
        "R4: опасное, HAZMAT1",
    ]
    found = explained(small_pack("grade", "A -> resale"), grade="B")
    assert explanation_lines(found, "ru")[1:] == (
        "Иначе: оценка: B → A, тогда R1: продажа, RESALE1",
    )


def test_another_language_gets_its_own_labels_or_the_english_ones() -> None:
    pack = small_pack("grade", "A -> hold", "B -> resale")
    assert explanation_lines(explained(pack, grade="A"), "de") == (
        "hold it: grade A. Row R1, policy 7",
        "R1: note 1",
        "grade: A, the row asks for A",
        "Else: grade: A → B, then R2: resale, RESALE1",
    )


def test_an_answer_is_told_by_its_label_or_as_it_stands() -> None:
    run = begun("smartphones")
    answers = (
        Deciding(step="health", answer=40),
        Deciding(step="seal", answer="opened"),
        Deciding(step="seal", answer="opened|nose"),
        Deciding(step="nose", answer="x"),
        Deciding(step="health", answer="?"),
        Deciding(step="health", answer=-4),
    )
    plain = decided(stained())
    lines = []
    for item in answers:
        told = Verdict(
            grade=None,
            grade_exact=True,
            zone=plain.zone,
            disposition=plain.disposition,
            row="R12",
            refund=plain.refund,
            move=plain.move,
            note=plain.note,
            deciding=(item,),
        )
        lines.append(reason(default_pack(), run.checklist, told)["en"])
    seal = run.checklist.step("seal")
    assert seal is not None
    opened = seal.option("opened")
    assert opened is not None
    question = seal.label["en"].rstrip("?")
    assert [line.removeprefix("Rework: ").partition(". Row")[0] for line in lines] == [
        "Battery health, %: 40 %",
        f"{question}: {opened.label['en']}",
        f"{question}: {opened.label['en']}, nose",
        "nose = x",
        "Battery health, %: ? %",
        "Battery health, %: -4 %",
    ]
