"""The checklist format to its last key: what goes together, what counts, who wrote it last."""

import pytest

from policy_kit import pack_files, unit, with_file
from zoning import session
from zoning.findings import Finding, PolicyParseError
from zoning.model import AnsweredBy, Static
from zoning.pack import Pack, load_pack
from zoning.session import AnswerRefusedError
from zoning.session.walk import Run, StepState

BOOKS, BASE = "checklists/books.toml", "checklists/base.toml"
LABEL = '{ ru = "Т", en = "T" }'
YES_NO = (
    f'option = [{{ id = "no", label = {LABEL} }}, {{ id = "yes", label = {LABEL}, cap = "B" }}]'
)
CHOICE = f'type = "select_one"\nlabel = {LABEL}\n{YES_NO}\n'
NUMBER = f'type = "integer"\nmust = true\nlabel = {LABEL}\nmin = 0\nmax = 9\n'
MANY = f"""type = "select_multiple"
label = {LABEL}
default = "none"
option = [
  {{ id = "none", label = {LABEL} }}, {{ id = "a", label = {LABEL}, cap = "B" }},
  {{ id = "b", label = {LABEL}, cap = "C" }},
]
"""


def files_with(*steps: str) -> dict[str, bytes]:
    """Return the default pack whose books are asked these steps too."""
    text = pack_files()[BOOKS].decode() + "".join(f"\n[[step]]\n{step}" for step in steps)
    return {**pack_files(), BOOKS: text.encode()}


def pack_with(*steps: str) -> Pack:
    return load_pack(files_with(*steps))


def run_with(*steps: str) -> Run:
    return session.begin(pack_with(*steps), unit("books"))


def refused(files: dict[str, bytes]) -> list[Finding]:
    with pytest.raises(PolicyParseError) as caught:
        load_pack(files)
    return list(caught.value.findings)


def told(run: Run, step: str, value: str | int) -> Run:
    return session.answer(run, step, value, AnsweredBy.KEY)


def line_of(files: dict[str, bytes], name: str, text: str, nth: int = 1) -> int:
    lines = files[name].decode().splitlines()
    return [at for at, line in enumerate(lines, start=1) if text in line][nth - 1]


WRONG = (
    (f'name = "x"\nchoices = "shades"\nmust = true\n{CHOICE}', "G01", "either option or choices"),
    (f'name = "x"\nmust = true\nafter = "seal"\nbefore = "film"\n{CHOICE}', "G01", "either after"),
    (f'name = "x"\n{YES_NO}\n{NUMBER}', "G01", "option does not go with integer"),
    (f'name = "x"\nmust = true\nexclusive = ["no"]\n{CHOICE}', "G01", "exclusive does not go"),
    (
        f'name = "x"\ntype = "note"\nmust = true\nlabel = {LABEL}\n',
        "G01",
        "must does not go with note",
    ),
    (
        f'name = "x"\ntype = "image"\nslot = "item"\nmust = true\nlabel = {LABEL}\n',
        "G01",
        "must does not go with image",
    ),
    (f'name = "x"\nmust = true\nslot = "item"\n{CHOICE}', "G01", "slot does not go with"),
    (f'name = "x"\nmust = true\nmin_count = 2\n{CHOICE}', "G01", "min_count does not go with"),
    (
        f'name = "x"\ntype = "image"\nslot = "item"\nmin_count = 0\nlabel = {LABEL}\n',
        "G01",
        "min_count: 0 is none of >= 1",
    ),
    (
        f'name = "x"\ntype = "image"\nslot = "item"\nmin_count = "count(seal)"\nlabel = {LABEL}\n',
        "G01",
        "min_count: count(seal) is none of",
    ),
    (
        f'name = "x"\ntype = "image"\nslot = "item"\nmin_count = "count(later)"\nlabel = {LABEL}\n',
        "G01",
        "count(later) is none of",
    ),
    (f'name = "x"\nmust = true\nbudget_s = -1\n{CHOICE}', "G01", "budget_s: -1 is none of >= 0"),
    (f'name = "x"\nmust = true\norder = "free"\n{CHOICE}', "G01", "the key group is needed"),
    (f'name = "x"\nmust = true\norder = "any"\ngroup = "g"\n{CHOICE}', "G01", "any is none of"),
    (
        f'name = "x"\ntype = "decimal"\n'
        f'precision = 5\nmust = true\nmin = 0\nmax = 9\nlabel = {LABEL}\n',
        "G01",
        "above the limit: 4",
    ),
    (
        f'name = "x"\n{NUMBER}band = [{{ from = 5, id = "a" }}, {{ from = 0, id = "a" }}]\n',
        "G02",
        "a occurs twice",
    ),
    (f'name = "x"\n{NUMBER}band = [{{ from = 10, id = "a" }}, {{ from = 0, id = "b" }}]\n', "G01",
     "band limits: 10 0"),
    (f'name = "x"\n{NUMBER}feeds = "value"\n', None, ""),
    (f'name = "x"\n{NUMBER.replace("min = 0", "min = -1")}feeds = "value"\n', "G02", "no value"),
    (f'name = "x"\n{NUMBER.replace("max = 9", "max = 1000000001")}feeds = "value"\n', "G02",
     "no value"),
    (f'name = "x"\nmust = true\nconstraint = "attrs has any(battery)"\n{CHOICE}', "G01",
     "unknown name 'attrs'"),
    (f'name = "x"\nmust = true\nconstraint = "flags has none(fix)"\n{CHOICE}', "G01", "'flags'"),
    (f'name = "x"\nscope = "parcel"\nmust = true\n{CHOICE}', "G01", "must does not go with scope"),
    (
        f'name = "x"\nscope = "parcel"\ndefault = "no"\nrelevant = "seal = \'sealed\'"\n{CHOICE}',
        "G01",
        "relevant does not go with scope parcel",
    ),
    (
        f'name = "x"\nscope = "parcel"\ndefault = "no"\nconstraint = "x = \'no\'"\n{CHOICE}',
        "G01",
        "constraint does not go with scope parcel",
    ),
    (f'name = "x"\nmust = 1\n{CHOICE}', "G01", "must: text is expected"),
    (f'name = "x"\nmust = true\nalways = "y"\n{CHOICE}', "G01", "always: true | false is expected"),
)  # fmt: skip


@pytest.mark.parametrize(("step", "check", "reason"), WRONG, ids=[case[2] for case in WRONG])
def test_keys_that_contradict_each_other_are_refused(
    step: str, check: str | None, reason: str
) -> None:
    files = files_with(step)
    if check is None:
        assert load_pack(files)
        return
    found = [item for item in refused(files) if item.check == check and reason in item.text["en"]]
    assert found, [str(item) for item in refused(files)]
    assert all(item.file == BOOKS for item in found)
    assert all(item.line >= line_of(files, BOOKS, 'name = "x"') - 1 for item in found)


SCAN = f'type = "barcode"\nmust = true\nlabel = {LABEL}\n'
SCAN += f'option = [{{ id = "match", label = {LABEL} }}]\n'


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (f'name = "p"\ncompare = "mark"\n{SCAN}', f'name = "q"\ncompare = "mark"\n{SCAN}', "mark"),
        (
            f'name = "p"\nmust = true\nauto = "expiry_compare"\n{CHOICE}',
            f'name = "q"\nmust = true\nauto = "expiry_compare"\n{CHOICE}',
            "auto = expiry_compare belongs to the step p",
        ),
        (
            f'name = "p"\n{NUMBER}feeds = "value"\n',
            f'name = "q"\n{NUMBER}feeds = "value"\n',
            "value",
        ),
    ],
)
def test_one_scan_answers_one_step(first: str, second: str, reason: str) -> None:
    files = files_with(first, second)
    found = refused(files)
    assert [item.check for item in found] == ["G02"]
    assert reason in found[0].text["en"]
    assert found[0].line > line_of(files, BOOKS, 'name = "q"')


def test_two_options_on_one_key_are_refused_wherever_they_stand() -> None:
    once = '{ id = "missing", cap = "A" },'
    found = refused(with_file(BOOKS, once, f"{once} {once.replace('A', 'C')}"))
    assert [item.text["en"] for item in found] == ["missing occurs twice"]
    twin = f'{{ id = "torn", label = {LABEL}, cap = "D" }}'
    shared = f'name = "x"\nmust = true\ntype = "select_one"\nchoices = "s"\nlabel = {LABEL}\n'
    files = files_with(shared)
    files[BOOKS] += f"\n[list.s]\noption = [{twin}, {twin}]\n".encode()
    assert [item.text["en"] for item in refused(files)] == ["torn occurs twice"]


def test_a_key_written_twice_in_one_table_is_a_syntax_error_with_its_line() -> None:
    files = with_file(BOOKS, 'default = "good"', 'default = "good"\ndefault = "good"')
    found = refused(files)
    assert [item.check for item in found] == ["G01"]
    assert found[0].line == line_of(files, BOOKS, 'default = "good"', 2)


def test_a_group_stands_together_in_one_stage() -> None:
    free = 'must = true\norder = "free"\ngroup = "g"\n'
    one, two = f'name = "p"\n{free}{CHOICE}', f'name = "q"\n{free}{CHOICE}'
    between = f'name = "m"\nmust = true\n{CHOICE}'
    names = {step.name for step in pack_with(one, two).checklists["books"].steps if step.is_free}
    assert names == {"p", "q"}
    assert "group g is torn" in refused(files_with(one, between, two))[0].text["en"]
    early = f'name = "p"\nstage = "seal"\n{free}{CHOICE}'
    assert "group g is torn" in refused(files_with(early, f'{two}before = "film"\n'))[0].text["en"]


def test_defaults_that_hide_a_must_step_only_together_are_found() -> None:
    hidden = (
        f"name = \"x\"\nmust = true\nrelevant = \"cover = 'worn' or pages = 'notes'\"\n{CHOICE}"
    )
    found = refused(files_with(hidden))
    assert [item.check for item in found] == ["G05"]
    assert "hides the must step x" in found[0].text["en"]
    follow_up = hidden.replace("must = true", 'default = "no"')
    assert pack_with(follow_up)


def test_steps_and_options_know_where_they_were_written_last() -> None:
    books = load_pack(pack_files()).checklists["books"]
    seal = books.step("seal")
    assert seal is not None
    assert (seal.file, seal.line) == (BOOKS, line_of(dict(pack_files()), BOOKS, "[[step]]", 1))
    places = {option.id: (option.file, option.line) for option in seal.options}
    files = dict(pack_files())
    assert places["opened"] == (BOOKS, line_of(files, BOOKS, 'id = "opened"'))
    assert places["sealed"] == (BASE, line_of(files, BASE, 'id = "sealed"'))
    assert (books.file, books.line) == (BOOKS, line_of(files, BOOKS, 'id = "books"'))
    assert books.match is not None
    assert books.match.line == line_of(files, BOOKS, "match =")
    assert books.slots["item"].file == BASE


COUNTED = f'name = "pic"\ntype = "image"\nslot = "item"\nlabel = {LABEL}\nmin_count = "count(x)"\n'


def due(run: Run) -> dict[str, int]:
    return {one.slot: one.count for one in session.slots_due(run)}


def test_photographs_are_counted_by_what_was_chosen() -> None:
    run = run_with(f'name = "x"\n{MANY}', COUNTED)
    assert due(run) == {"item": 1}
    assert due(told(run, "x", "a|b")) == {"item": 2}
    counted = run_with(f'name = "x"\n{NUMBER}', COUNTED)
    assert due(counted) == {}
    assert due(told(counted, "x", 0)) == {}
    assert due(told(counted, "x", 3)) == {"item": 3}


LIMITED = f'name = "limited"\n{NUMBER}constraint = "limited > 4 or cover != \'torn\'"\n'


def test_a_constraint_broken_later_asks_again() -> None:
    run = told(run_with(LIMITED), "limited", 3)
    assert run.is_finished
    broken = told(run, "cover", "torn")
    assert broken.states["limited"] is StepState.OPEN
    assert not broken.is_finished
    assert {one.step: one.dropped for one in broken.answers} == {"limited": True, "cover": False}
    assert session.facts(broken).grade_exact is False
    assert told(broken, "limited", 5).is_finished
    assert session.withdraw(broken, "cover").answered["limited"] == 3
    with pytest.raises(AnswerRefusedError) as caught:
        told(broken, "limited", 4)
    assert caught.value.code == "constraint"


def test_a_default_that_breaks_a_constraint_is_no_answer() -> None:
    step = f'name = "x"\ndefault = "no"\nconstraint = "cover != \'torn\' or x = \'yes\'"\n{CHOICE}'
    run = run_with(step)
    assert run.is_finished
    torn = told(run, "cover", "torn")
    assert [step.name for step in session.open_must(torn)] == ["x"]
    assert told(torn, "x", "yes").is_finished


def test_the_neutral_answer_keeps_the_constraint_or_leaves_the_question_open() -> None:
    run = session.neutral(told(run_with(LIMITED), "cover", "torn"))
    assert run.given["limited"].value == 9
    narrow = LIMITED.replace("limited > 4", "limited in 6..7")
    assert session.neutral(told(run_with(narrow), "cover", "torn")).given["limited"].value == 6
    never = LIMITED.replace("limited > 4 or ", "limited > 4 and limited < 3 or ")
    stuck = session.neutral(told(run_with(never), "cover", "torn"))
    assert [step.name for step in session.open_must(stuck)] == ["limited"]


def test_a_step_is_answered_only_while_its_answer_counts() -> None:
    asks = f'name = "x"\ndefault = "no"\nrelevant = "answered(cover)"\n{CHOICE}'
    run = run_with(asks)
    assert run.states["x"] is StepState.IRRELEVANT
    said = told(run, "cover", "worn")
    assert said.states["x"] is StepState.DEFAULT
    assert told(said, "seal", "sealed").states["x"] is StepState.IRRELEVANT


def test_a_fed_column_belongs_to_its_step() -> None:
    asks = f'name = "p"\nmust = true\n{CHOICE}'
    step = f'name = "x"\n{NUMBER}feeds = "value"\nrelevant = "p = \'yes\'"\n'
    run = run_with(asks, step)
    facts = session.facts(told(run, "p", "no"))
    assert "value" not in facts.values
    assert ("value", "absent") in [(item.column, item.why) for item in facts.missing]
    assert "value" not in facts.source
    fed = session.facts(told(told(run, "p", "yes"), "x", 7))
    assert (fed.values["value"], fed.source["value"]) == (7, "x")


def test_a_checklist_for_a_shop_alone_does_not_take_articles_without_a_category() -> None:
    match = 'match = { category = ["books"], priority = 10 }'
    files = with_file(BOOKS, match, 'match = { tenant = ["shop-a"], priority = 20 }')
    pack = load_pack(files)
    assert pack.checklist_for(Static(category="toys", tenant="shop-a")).id == "books"
    assert pack.checklist_for(Static(category="toys", tenant="shop-b")).id == "toys"
    assert pack.checklist_for(Static(tenant="shop-a")).id == "unknown_item"
    assert pack.checklist_for(Static(category="boats", tenant="shop-a")).id == "unknown_item"


def test_a_step_can_be_asked_although_the_outcome_is_settled() -> None:
    pack = pack_with(f'name = "x"\nmust = true\nalways = true\n{CHOICE}')
    marks = {step.name: step.always for step in pack.checklists["books"].steps}
    assert marks["x"]
    assert not marks["cover"]
