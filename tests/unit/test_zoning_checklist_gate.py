"""What the gate refuses in checklists: each with its place, a unit and the answers that show it."""

import pytest

from policy_kit import default_pack
from small_packs import MUGS, files, found, line_of, only, option, replayed, small, step
from zoning import session
from zoning.evaluate import decide
from zoning.findings import Severity
from zoning.gate.checklist_checks import check_checklists
from zoning.gate.report import Result
from zoning.model import AnsweredBy
from zoning.pack import load_pack
from zoning.session import AnswerRefusedError
from zoning.session.walk import readings

PLAIN = (option("ok"), option("bad", 'cap = "D"'))
SEAL = step("seal", "must = true", options=(option("sealed"), option("opened", 'cap = "B"')))
CARE = step("care", "must = true", "relevant = \"seal != 'sealed'\"", options=PLAIN)


def test_the_default_pack_is_proved_whole() -> None:
    told = check_checklists(default_pack(), None).checked
    assert told.findings == ()
    assert {status.status for status in told.statuses} == {Result.PROVED}
    checks = {status.check for status in told.statuses}
    assert checks == {"G02", "G04", "G10", "G11", "G12", "G13", "G30", "G31", "G32", "G33", "G34"}
    names = set(default_pack().checklists)
    for check in ("G10", "G11", "G12", "G30", "G33"):
        assert {one.subject for one in told.statuses if one.check == check} == names


# ---------------------------------------------------------------- G10


def test_a_condition_that_reads_an_unasked_step_is_shown_with_the_answers() -> None:
    reads = step("more", "must = true", "relevant = \"care = 'bad'\"", options=PLAIN)
    content = files(SEAL, CARE, reads)
    pack = load_pack(content)
    finding = only(found(pack, "G10"))
    assert (finding.file, finding.line) == (MUGS, line_of(content, MUGS, 'name = "more"') - 1)
    assert finding.subject == "mugs.more"
    assert "care = 'bad'" in finding.text["en"]
    assert "care = 'bad'" in finding.text["ru"]
    assert {one.step: one.answer for one in finding.path}["seal"] == "sealed"
    run = replayed(pack, finding)
    assert run.is_finished
    assert readings(run, "more") == (None, True)


@pytest.mark.parametrize(
    "guard",
    [
        "seal != 'sealed' and care = 'bad'",
        "seal = 'sealed' or care = 'bad'",
        "not (seal = 'sealed' or care = 'ok')",
    ],
)
def test_an_operand_that_another_one_decides_may_be_unasked(guard: str) -> None:
    reads = step("more", "must = true", f'relevant = "{guard}"', options=PLAIN)
    assert found(small(SEAL, CARE, reads), "G10") == []


def test_an_unknown_fact_is_not_an_unasked_step() -> None:
    reads = step("more", "must = true", 'relevant = "attrs has any(battery)"', options=PLAIN)
    assert found(small(reads), "G10") == []


def test_a_constraint_that_reads_an_unasked_step_is_refused() -> None:
    reads = step(
        "more", "must = true", "constraint = \"care = 'ok' or more = 'bad'\"", options=PLAIN
    )
    pack = small(SEAL, CARE, reads)
    finding = only(found(pack, "G10"))
    assert finding.text["en"].startswith("constraint reads")
    assert readings(replayed(pack, finding), "more")[1] is None
    guarded = reads.replace("care = 'ok' or", "seal = 'sealed' or care = 'ok' or")
    assert found(small(SEAL, CARE, guarded), "G10") == []


def test_steps_behind_an_end_are_not_read() -> None:
    end = step(
        "danger",
        'stage = "danger"',
        "must = true",
        options=(option("no"), option("yes", 'flags = ["leak"]', "end = true")),
    )
    reads = step("more", "must = true", "relevant = \"seal = 'opened'\"", options=PLAIN)
    assert found(small(end, SEAL, reads), "G10") == []


# ---------------------------------------------------------------- G11, G12


def test_a_step_that_is_never_asked_is_refused_and_its_options_are_not_named() -> None:
    never = "seal = 'sealed' and seal = 'opened'"
    content = files(SEAL, step("more", "must = true", f'relevant = "{never}"', options=PLAIN))
    finding = only(found(load_pack(content), "G11"))
    assert (finding.subject, finding.line) == (
        "mugs.more",
        line_of(content, MUGS, 'name = "more"') - 1,
    )
    assert "never asked" in finding.text["en"]
    assert never in finding.expected


def test_a_step_behind_an_end_that_everybody_meets_is_never_asked() -> None:
    end = step("last", "must = true", options=(option("ok", "end = true"),))
    assert [one.subject for one in found(small(end, SEAL), "G11")] == ["mugs.seal"]


def test_an_option_that_a_constraint_excludes_is_refused_at_its_line() -> None:
    limited = step("more", "must = true", "constraint = \"more != 'bad'\"", options=PLAIN)
    content = files(limited)
    pack = load_pack(content)
    finding = only(found(pack, "G11"))
    assert (finding.subject, finding.line) == (
        "mugs.more.bad",
        line_of(content, MUGS, 'id = "bad"'),
    )
    assert found(pack, "G12") == []


def test_a_band_that_no_number_reaches_is_refused() -> None:
    keys = ['type = "integer"', "must = true", "min = 0", "max = 9", 'constraint = "n < 5"']
    bands = 'band = [\n  { from = 6, id = "high" },\n  { from = 0, id = "low" },\n]'
    finding = only(found(small(step("n", *keys, bands)), "G11"))
    assert finding.subject == "mugs.n.high"


def test_an_answer_of_the_parcel_that_raises_nothing_can_never_be_read_back() -> None:
    parcel = step(
        "parcel",
        'stage = "parcel"',
        'scope = "parcel"',
        'default = "intact"',
        options=(option("intact"), option("wet", 'cap = "B"')),
    )
    assert [one.subject for one in found(small(parcel), "G11")] == ["mugs.parcel.wet"]


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("seal = 'sealed' or seal = 'opened'", "refuses nothing"),
        ("seal = 'sealed' and seal = 'opened'", "is never kept"),
    ],
)
def test_an_idle_constraint_is_refused(limit: str, reason: str) -> None:
    asked = step("more", "must = true", f'constraint = "{limit}"', options=PLAIN)
    finding = only(found(small(SEAL, asked), "G12"))
    assert reason in finding.text["en"]
    assert limit in finding.text["ru"]
    assert finding.subject == "mugs.more"


def test_a_constraint_that_can_be_kept_and_broken_is_good() -> None:
    asked = step(
        "more", "must = true", "constraint = \"seal = 'sealed' or more = 'ok'\"", options=PLAIN
    )
    assert found(small(SEAL, asked), "G11", "G12") == []


def test_a_question_without_a_way_out_is_shown_with_the_answers_before_it() -> None:
    limit = "constraint = \"seal = 'sealed' or (more = 'ok' and more = 'bad')\""
    content = files(SEAL, step("more", "must = true", limit, options=PLAIN))
    pack = load_pack(content)
    finding = only(found(pack, "G12"))
    assert (finding.subject, finding.text["en"]) == ("mugs.more", "no answer is taken")
    assert finding.line == line_of(content, MUGS, 'name = "more"') - 1
    assert [(one.step, one.answer) for one in finding.path] == [("seal", "opened")]
    run = replayed(pack, finding)
    assert [one.name for one in session.open_must(run)] == ["more"]
    for answer in ("ok", "bad"):
        with pytest.raises(AnswerRefusedError):
            session.answer(run, "more", answer, AnsweredBy.AUTO)


def test_a_number_without_a_way_out_is_refused_and_one_with_a_gap_is_not() -> None:
    keys = ('type = "integer"', "must = true", "min = 0", "max = 9")
    stuck = step("n", *keys, "constraint = \"seal = 'sealed' or (n < 3 and n > 6)\"")
    assert only(found(small(SEAL, stuck), "G12")).text["en"] == "no answer is taken"
    gap = step("n", *keys, "constraint = \"seal = 'sealed' or (n < 3 or n > 6)\"")
    assert found(small(SEAL, gap), "G12") == []


def test_checks_do_not_hold_for_want_of_a_finished_run() -> None:
    first = step("a", "must = true", options=PLAIN)
    never = "constraint = \"a = 'ok' and a = 'bad'\""
    second, third = (step(name, "must = true", never, options=PLAIN) for name in "bc")
    told = check_checklists(small(first, second, third)).checked
    assert [one.text["en"] for one in told.findings if one.check == "G12"] == [
        "no run of this checklist can be finished"
    ]
    assert not [one for one in told.statuses if (one.check, one.subject) == ("G33", "mugs")]


# ---------------------------------------------------------------- G13


def second(match: str, name: str = "cups") -> dict[str, bytes]:
    """Return the small pack with one more checklist."""
    text = f'format = "checklist/1"\nid = "{name}"\nversion = 1\nmatch = {match}\n'
    return {**files(), f"checklists/{name}.toml": text.encode()}


def test_a_category_without_a_checklist_is_refused() -> None:
    content = {name: text for name, text in files().items() if name != MUGS}
    finding = only(found(load_pack(content), "G13"))
    assert (finding.subject, finding.file) == ("mugs", "policy.toml")
    assert finding.text["en"] == "no checklist is for mugs"
    assert finding.item == {"category": "mugs", "attrs": []}


def test_a_category_covered_for_one_shop_only_is_refused_with_another_shop() -> None:
    match = 'match = { category = ["mugs"], tenant = ["shop-a"], priority = 1 }'
    content = files()
    content[MUGS] = content[MUGS].replace(
        b'match = { category = ["mugs"], priority = 1 }', match.encode()
    )
    finding = only(found(load_pack(content), "G13"))
    assert finding.item == {"category": "mugs", "attrs": []}
    rest = '{ category = ["mugs"], priority = 0 }'
    content |= {"checklists/cups.toml": second(rest)["checklists/cups.toml"]}
    assert found(load_pack(content), "G13") == []


def test_two_checklists_of_one_priority_are_shown_with_a_unit_of_both() -> None:
    content = second("{ when = 'attrs has any(battery)', priority = 1 }")
    finding = only(found(load_pack(content), "G13"))
    assert (finding.file, finding.line) == (MUGS, line_of(content, MUGS, "match ="))
    assert finding.got == "cups, mugs"
    assert finding.item is not None
    assert finding.item["category"] == "mugs"
    assert finding.item["attrs"] == ["battery"]


def test_an_unknown_attribute_may_not_leave_two_checklists() -> None:
    content = second("{ when = 'not attrs has any(cooler)', priority = 2 }")
    text = second("{ when = 'attrs has any(cooler)', priority = 2 }", "cold")
    tie, useless = found(load_pack({**content, **text}), "G13")
    assert (tie.subject, tie.item) == ("cups", {"category": "mugs", "attrs": ["cooler?"]})
    assert (useless.subject, useless.item) == ("mugs", None)


def test_a_higher_priority_is_no_tie() -> None:
    assert (
        found(load_pack(second("{ when = 'attrs has any(battery)', priority = 2 }")), "G13") == []
    )


def test_a_checklist_that_no_unit_gets_is_refused() -> None:
    content = second("{ category = ['mugs'], priority = 0 }")
    finding = only(found(load_pack(content), "G13"))
    assert (finding.subject, finding.text["en"]) == ("cups", "is for no unit at all")
    assert finding.file == "checklists/cups.toml"
    text = 'format = "checklist/1"\nid = "cups"\nversion = 1\n'
    content["checklists/cups.toml"] = text.encode()
    assert only(found(load_pack(content), "G13")).line == 2


def test_without_a_column_of_categories_only_the_unknown_article_is_asked() -> None:
    content = files()
    line = b'domain.category = { kind = "enum", values = ["mugs"] }\n'
    content["policy.toml"] = content["policy.toml"].replace(line, b"")
    assert found(load_pack(content), "G13") == []
    del content[MUGS]
    assert found(load_pack(content), "G13") == []


def test_every_tie_is_told_and_the_loser_of_one_is_not_called_useless() -> None:
    content = files()
    content["policy.toml"] = content["policy.toml"].replace(b'["mugs"]', b'["mugs", "cups"]')
    for name, category in (("cups", "cups"), ("tea", "cups"), ("ale", "mugs")):
        text = f"match = {{ category = ['{category}'], priority = 1 }}"
        head = f'format = "checklist/1"\nid = "{name}"\nversion = 1\n{text}\n'
        content[f"checklists/{name}.toml"] = head.encode()
    told = found(load_pack(content), "G13")
    assert [one.got for one in told] == ["ale, mugs", "cups, tea"]
    assert [one.file for one in told] == [MUGS, "checklists/tea.toml"]
    status = check_checklists(load_pack(content)).checked.statuses
    assert [(one.subject, one.status) for one in status if one.check == "G13"] == [
        ("checklists", Result.REFUSED)
    ]


# ---------------------------------------------------------------- G30, G31, G32

END_AT_IDENTITY = step(
    "identity",
    'stage = "identity"',
    "must = true",
    options=(option("ok"), option("skip", "end = true")),
)


def test_a_run_that_ends_in_missing_is_shown_with_its_row() -> None:
    content = files(
        END_AT_IDENTITY,
        step("flaw", "must = true", options=(option("none"), option("some", 'flags = ["fix"]'))),
    )
    pack = load_pack(content)
    finding = only(found(pack, "G30"))
    assert finding.row == "R4"
    assert "flags" in finding.text["en"]
    assert (finding.subject, finding.file) == ("mugs", MUGS)
    assert decide(pack, session.facts(replayed(pack, finding))).row == "#missing"


def test_a_column_that_nobody_fills_is_a_run_that_ends_in_missing() -> None:
    policy = 'domain.seal = { kind = "enum", values = ["sealed", "opened"] }\n'
    rows = "R1,sealed,hold,HOLD,review\nR2,opened,hold,HOLD,review\n"
    feeding = SEAL.replace("must = true", 'must = true\nfeeds = "seal"')
    other = SEAL.replace('name = "seal"', 'name = "wrap"')
    assert len(found(small(other, rows=rows, columns="seal", policy=policy), "G30")) == 2
    good = small(feeding, rows=rows, columns="seal", policy=policy)
    assert [one.subject for one in found(good, "G30")] == ["unknown_item"]


def test_missing_static_facts_excuse_a_missing_row() -> None:
    rows = "R1,>=5,hold,HOLD,review\nR2,<5,hold,HOLD,review\n"
    assert found(small(rows=rows, columns="value"), "G30") == []


def test_an_unknown_article_is_excused_where_the_table_asks_for_its_category() -> None:
    rows = "R1,mugs,hold,HOLD,review\n"
    assert found(small(rows=rows, columns="category"), "G30") == []


AXIOM = """
[[axiom]]
id = "X1"
when = "grade = 'ungraded'"
iff = "flags has any(other)"
"""


def test_answers_that_break_an_axiom_are_shown() -> None:
    who = step(
        "who",
        'stage = "identity"',
        "must = true",
        options=(option("ok"), option("odd", 'flags = ["other"]')),
    )
    content = files(who, policy=AXIOM)
    pack = load_pack(content)
    finding = only(found(pack, "G31"))
    assert finding.subject == "X1 mugs"
    assert [(one.step, one.answer) for one in finding.path] == [("who", "odd")]
    assert decide(pack, session.facts(replayed(pack, finding))).row == "#invalid"
    right = who.replace('flags = ["other"]', 'flags = ["other"], ungraded = true')
    assert found(small(right, policy=AXIOM), "G31") == []


def test_a_sentence_of_the_policy_holds_with_facts_missing_too() -> None:
    rule = (
        '\n[[invariant]]\nid = "I1"\nwhen = "flags has any(note)"\nthen = "refund = \'blocked\'"\n'
        'text = { ru = "Стоп", en = "Stop" }\n'
    )
    rows = "R1,>=5,any:note,hold,HOLD,blocked\nR2,<5,any:note,hold,HOLD,blocked\n"
    rows += "R3,,none:note,hold,HOLD,review\n"
    noted = step("noted", "must = true", options=(option("no"), option("yes", 'flags = ["note"]')))
    pack = small(noted, rows=rows, columns="value,flags", policy=rule)
    finding = only(found(pack, "G31"))
    assert finding.subject == "I1 mugs"
    assert finding.text == {
        "ru": "ответы нарушают правило: «Стоп»",
        "en": "answers break the rule: «Stop»",
    }
    assert (finding.got, finding.expected) == (
        "hold, refund=review (#missing)",
        "refund = 'blocked'",
    )
    assert finding.item is not None
    assert "value" not in finding.item
    assert {one.step: one.answer for one in finding.path} == {"noted": "yes"}


DANGER = step(
    "danger",
    'stage = "danger"',
    "must = true",
    options=(option("no"), option("yes", 'flags = ["leak"]')),
)
WHO = step(
    "who",
    'stage = "identity"',
    "must = true",
    options=(option("ok"), option("odd", 'flags = ["other"]', "ungraded = true")),
)


def test_an_answer_of_danger_leads_to_hazmat_and_nowhere_else() -> None:
    assert found(small(DANGER, WHO), "G31") == []
    rows = "R0,,any:wipe,hold,HOLD,review\nR1,,any:leak,hazmat,DANGER,review\n"
    rows += "R2,,none:leak,hold,HOLD,review\n"
    data = step("data", "must = true", options=(option("no"), option("yes", 'flags = ["wipe"]')))
    content = files(DANGER, data, rows=rows)
    finding = only(found(load_pack(content), "G31"))
    assert (finding.subject, finding.expected) == ("mugs.danger.yes", "hazmat")
    assert finding.line == line_of(content, MUGS, 'flags = ["leak"]')
    assert finding.got == "hold (R0)"
    assert {one.step: one.answer for one in finding.path} == {"danger": "yes", "data": "yes"}


def test_an_answer_that_denies_identity_leads_to_hold_or_hazmat() -> None:
    rows = "R1,,any:leak,hazmat,DANGER,review\nR2,!ungraded,,hold,HOLD,review\n"
    rows += "R3,ungraded,,disposal,SCRAP,review\n"
    content = files(DANGER, WHO, rows=rows)
    finding = only(found(load_pack(content), "G31"))
    assert (finding.subject, finding.expected) == ("mugs.who.odd", "hold | hazmat")
    assert finding.line == line_of(content, MUGS, "ungraded = true")
    assert finding.got == "disposal (R3)"
    held = rows.replace("disposal,SCRAP", "hold,HOLD")
    assert found(small(DANGER, WHO, rows=held), "G31") == []


def test_a_row_that_no_checklist_fires_is_a_warning() -> None:
    content = files(SEAL)
    told = found(load_pack(content), "G32")
    assert {one.row for one in told} == {"R1", "R2", "R3", "R4", "R7"}
    assert {one.severity for one in told} == {Severity.WARNING}
    lines = {one.row: one.line for one in told}
    assert lines["R7"] == line_of(content, "zone.csv", "R7,")
    status = [one for one in check_checklists(small(SEAL)).checked.statuses if one.check == "G32"]
    assert [one.status for one in status] == [Result.WARNED]


# ---------------------------------------------------------------- around


def test_a_frequency_of_nothing_is_a_warning() -> None:
    text = (
        'format = "frequencies/1"\n[mugs]\nseal = { sealed = 1, ajar = 2 }\n[cups]\nx = { y = 1 }\n'
    )
    content = {**files(SEAL), "frequencies.toml": text.encode()}
    told = found(load_pack(content), "G02")
    assert [(one.subject, one.severity) for one in told] == [
        ("mugs.seal.ajar", Severity.WARNING),
        ("cups.x.y", Severity.WARNING),
    ]
    assert told[0].line == line_of(content, "frequencies.toml", "ajar")
    assert (told[0].file, told[1].line) == ("frequencies.toml", 5)


def test_hazards_of_the_parcel_are_believed_and_odd_flags_are_not_counted_as_lawful() -> None:
    """A station cannot raise what makes a unit another's: G31 and G30 do not stumble over it."""
    assert found(small(DANGER, WHO, policy=AXIOM), "G30", "G31") == []
