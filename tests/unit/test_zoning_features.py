"""Parts of the formats that the default pack does not use: other step types, other cells."""

from functools import cache

import pytest

from policy_kit import Oracle, default_pack, pack_files, record, unit
from zoning import session
from zoning.evaluate import decide
from zoning.findings import Report
from zoning.model import AnsweredBy, Members, Value
from zoning.pack import Pack, load_pack
from zoning.session import AnswerRefusedError
from zoning.session.walk import Run
from zoning.table import read_table, show_table

LABEL = '{ ru = "Т", en = "T" }'
CHECKLIST = f"""
format = "checklist/1"
id = "books"
version = 1
extends = "base@1"
remove = ["serial", "mark", "parts"]
match = {{ category = ["books"], priority = 10 }}

[list.shades]
option = [
  {{ id = "none", label = {LABEL} }},
  {{ id = "red", label = {LABEL}, cap = "B", photo = ["defect"] }},
  {{ id = "blue", label = {LABEL}, cap = "C", flags = ["clean"], photo = ["defect"] }},
]

[slot.defect]
label = {LABEL}
camera = "defect"
bind = "unit"
each = true

[[step]]
name = "shades"
type = "select_multiple"
label = {LABEL}
choices = "shades"
default = "none"
exclusive = ["none"]

[[step]]
name = "picture"
type = "image"
label = {LABEL}
slot = "item"
min_count = 2
relevant = "shades has any(red)"

[[step]]
name = "mass"
type = "decimal"
label = {LABEL}
unit = "kg"
precision = 2
min = 0
max = 9999
must = true
feeds = "mass"
constraint = "mass > 0.5 or shades has none(blue)"
constraint_message = {{ ru = "Слишком лёгкая", en = "Too light" }}

[[step]]
name = "remark_text"
type = "text"
label = {LABEL}

[[step]]
name = "seen"
type = "acknowledge"
must = true
label = {LABEL}
after = "seal"

[[step]]
name = "story"
type = "note"
label = {LABEL}
"""
ROWS = """
X01,B|C,none:clean & only:sealed|fix,,,>1.50,y,resale,BSTOCK,eligible,PACK|WEIGH,т,t
X02,!A|B,all:fix|clean,,,,,repair,REWORK,eligible,,т,t
X03,,empty,low|mid,,0.10..0.20,n,resale,RESTOCK,eligible,,т,t
X04,,,>=500000,,,,hold,HOLD_VALUE,review,,т,t
"""
HEADER = (
    "id,grade,flags,value,seal,mass,in_window,>zone,>disposition,>refund,>actions,note_ru,note_en"
)


@cache
def workshop() -> Pack:
    """A pack of its own rows, with a checklist that uses every step type."""
    head = "#zoning-table/1 policy=returns-default version=1 hit=first"
    mass = '\n[domain.mass]\nkind = "decimal"\nprecision = 2\nmin = 0\nmax = 9999\n'
    policy = pack_files()["policy.toml"].decode()
    changed = {
        "checklists/books.toml": CHECKLIST.encode(),
        "policy.toml": policy.replace("\n[domain.attrs]", f"{mass}\n[domain.attrs]").encode(),
        "zone.csv": f"{head}\n{HEADER}{ROWS}".encode(),
    }
    return load_pack({**pack_files(), **changed})


def begun() -> Run:
    return session.begin(workshop(), unit("books"))


def told(run: Run, step: str, value: str | int) -> Run:
    return session.answer(run, step, value, AnsweredBy.KEY)


def code_of(run: Run, step: str, value: str | int) -> str:
    with pytest.raises(AnswerRefusedError) as caught:
        told(run, step, value)
    return caught.value.code


def test_several_options_count_together_in_declared_order() -> None:
    run = told(begun(), "shades", "blue|red")
    assert run.given["shades"].value == "red|blue"
    assert run.flags.present == {"clean"}
    assert [item.cap for item in run.raised] == ["B", "C"]
    assert {due.slot: due.count for due in session.slots_due(run)} == {"defect": 2, "item": 2}


def test_an_exclusive_option_stands_alone() -> None:
    assert code_of(begun(), "shades", "none|red") == "unknown_option"
    assert code_of(begun(), "shades", "green") == "unknown_option"
    assert told(begun(), "shades", "none").raised == ()


def test_a_constraint_refuses_with_its_own_words() -> None:
    run = told(begun(), "shades", "blue")
    with pytest.raises(AnswerRefusedError) as caught:
        told(run, "mass", 50)
    assert caught.value.code == "constraint"
    assert caught.value.params["text"] == {"ru": "Слишком лёгкая", "en": "Too light"}
    assert told(run, "mass", 51).answered["mass"] == 51
    assert told(begun(), "mass", 50).answered["mass"] == 50


def test_texts_are_optional_short_and_not_empty() -> None:
    assert told(begun(), "remark_text", "worn").given["remark_text"].value == "worn"
    for wrong in ("", "  ", "x" * 201, 5):
        assert code_of(begun(), "remark_text", wrong) == "bad_text"


def test_pictures_and_notes_take_no_answer() -> None:
    assert code_of(begun(), "picture", "x") == "not_asked"
    assert code_of(begun(), "story", "x") == "not_asked"


def test_a_step_stands_where_it_was_put_and_musts_can_be_met() -> None:
    run = begun()
    names = [step.name for step in run.checklist.steps]
    assert names.index("seen") == names.index("seal") + 1
    assert [step.name for step in session.open_must(run)] == ["seal", "seen", "mass"]
    run = session.neutral(run)
    assert (run.given["seen"].value, run.given["mass"].value) == ("yes", 0)


def test_a_number_feeds_its_column() -> None:
    facts = session.facts(told(begun(), "mass", 15))
    assert (facts.values["mass"], facts.source["mass"]) == (15, "mass")
    assert [m.why for m in session.facts(begun()).missing if m.column == "mass"] == ["open"]


FIX_CLEAN = Members(present=frozenset({"fix", "clean"}))
CASES: tuple[tuple[dict[str, Value], str], ...] = (
    ({"grade": "B", "flags": Members(), "mass": 151, "in_window": True}, "X01"),
    ({"grade": "B", "flags": Members(), "mass": 150, "in_window": True}, "#nopolicy"),
    ({"grade": "B", "flags": Members(), "in_window": True}, "#missing"),
    (
        {
            "grade": "B",
            "flags": Members(unknown=frozenset({"sealed"})),
            "mass": 151,
            "in_window": True,
        },
        "X01",
    ),
    (
        {
            "grade": "B",
            "flags": Members(unknown=frozenset({"used"})),
            "mass": 151,
            "in_window": True,
        },
        "#missing",
    ),
    ({"grade": "D", "flags": FIX_CLEAN, "mass": 0, "in_window": True}, "X02"),
    ({"grade": "B", "flags": FIX_CLEAN, "mass": 0, "in_window": True}, "#nopolicy"),
    ({"grade": "A", "flags": Members(), "mass": 20, "in_window": False, "value": 1}, "X03"),
    ({"grade": "A", "flags": Members(), "mass": 21, "in_window": False, "value": 500_000}, "X04"),
)


@pytest.mark.parametrize(("values", "row"), CASES)
def test_every_kind_of_cell_decides(values: dict[str, Value], row: str) -> None:
    given = {"value": 0, "attrs": Members(), **values}
    found = decide(workshop(), record(given))
    assert found.row == row
    assert Oracle(workshop()).row(given) == row


def test_the_row_s_own_work_stands_first_and_the_print_keeps_it() -> None:
    found = decide(workshop(), record({"value": 0, "attrs": Members(), **CASES[0][0]}))
    assert found.actions == ("PACK", "WEIGH")


def test_a_record_that_breaks_an_axiom_is_invalid() -> None:
    flags = Members(present=frozenset({"wrong_item"}))
    found = decide(default_pack(), record({"grade": "A", "flags": flags}))
    assert (found.row, [item.column for item in found.missing]) == ("#invalid", ["X1"])


def test_the_canonical_print_of_every_kind_of_cell_reads_back_alike() -> None:
    pack = workshop()
    printed = show_table(pack.table, pack.policy, pack.languages)
    again = read_table("zone.csv", printed.encode(), pack.policy, pack.languages, report=Report())
    assert again.rows == pack.table.rows
    assert "X02,C|D|ungraded,all:fix|clean" in printed
