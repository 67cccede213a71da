"""What is written otherwise in another pack: every part, cell and text, and what was moved."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_kit import default_pack, pack_files, with_file
from zoning.compare import Edit, Kind, edits
from zoning.pack import load_pack

BOOKS, PHONE = "checklists/books.toml", "checklists/smartphones.toml"


def found(files: Mapping[str, bytes]) -> tuple[Edit, ...]:
    return edits(default_pack(), load_pack(files))


def changed(part: str, name: str, facet: str, old: str, new: str) -> Edit:
    return Edit(kind=Kind.CHANGED, part=part, name=name, facet=facet, old=old, new=new)


def table_with(*lines: str) -> dict[str, bytes]:
    """Return the files with the rows in this order."""
    head, columns, *_ = pack_files()["zone.csv"].decode().split("\n")
    return {**pack_files(), "zone.csv": "\n".join((head, columns, *lines, "")).encode()}


def rows() -> list[str]:
    return pack_files()["zone.csv"].decode().strip().split("\n")[2:]


CHANGES = (
    ("pack.toml", "version = 1", "version = 2", changed("pack", "pack", "version", "1", "2")),
    (
        "pack.toml",
        'en = "Returns: starting set"',
        'en = "Returns"',
        changed("pack", "pack", "title.en", "Returns: starting set", "Returns"),
    ),
    (
        "policy.toml",
        'currency = "RUB"',
        'currency = "EUR"',
        changed("policy", "policy", "currency", "RUB", "EUR"),
    ),
    (
        "policy.toml",
        "retired = []",
        'retired = ["R90", "R91"]',
        changed("policy", "policy", "retired", "", "R90 R91"),
    ),
    (
        "policy.toml",
        'low = "0..<500000"',
        'low = "0..<400000"',
        changed("column", "value", "classes.low", "0..499999", "0..399999"),
    ),
    (
        "policy.toml",
        "max = 1000000000",
        "max = 2000000000",
        changed("column", "value", "range", "0..1000000000", "0..2000000000"),
    ),
    (
        "policy.toml",
        'when = "in_window = n"',
        'when = "not in_window = y"',
        changed("cap", "C5", "when", "in_window = n", "not in_window = y"),
    ),
    (
        "policy.toml",
        'exempt = { wipe = "customer data must be wiped before disposal" }',
        "",
        changed("monotone", "M2", "exempt.wipe", "customer data must be wiped before disposal", ""),
    ),
    (
        "policy.toml",
        'RTV = { zone = "hold", ',
        'RTV = { zone = "repair", ',
        changed("disposition", "RTV", "zone", "hold", "repair"),
    ),
    ("zone.csv", "R14,B|C", "R14,B", changed("row", "R14", "grade", "B|C", "B")),
    ("zone.csv", "As new", "Like new", changed("row", "R13", "note.en", "As new", "Like new")),
    (
        "zone.csv",
        "RECYCLE,review",
        "RECYCLE,blocked",
        changed("row", "R17", ">refund", "review", "blocked"),
    ),
    (
        BOOKS,
        'cap = "B"',
        'cap = "C"',
        changed("option", "books film=open", "cap", "B", "C"),
    ),
    (
        BOOKS,
        "relevant = \"seal != 'sealed'\"",
        "relevant = \"seal = 'opened'\"",
        changed(
            "step",
            "books film",
            "relevant",
            "seal in {'opened', 'damaged', 'missing'}",
            "seal = 'opened'",
        ),
    ),
    (
        PHONE,
        "{ from = 85",
        "{ from = 80",
        changed("option", "smartphones health=good", "from", "85", "80"),
    ),
)


@pytest.mark.parametrize(("name", "old", "new", "edit"), CHANGES)
def test_a_change_is_told_with_its_place(name: str, old: str, new: str, edit: Edit) -> None:
    files = with_file(name, old, new)
    if name == "policy.toml" and edit.part == "disposition":
        files["zone.csv"] = files["zone.csv"].replace(b"hold,RTV", b"repair,RTV")
    told = [one for one in found(files) if one.part == edit.part]
    assert told == [edit]


def test_equal_packs_have_no_edits_whatever_their_spelling() -> None:
    assert edits(default_pack(), default_pack()) == ()
    spelled = with_file("policy.toml", 'when = "in_window = n"', 'when = "in_window  !=  y"')
    spelled |= {"zone.csv": with_file("zone.csv", "R14,B|C", "R14,C|B")["zone.csv"]}
    assert found(spelled) == ()


def test_where_a_thing_stands_in_a_file_is_no_difference() -> None:
    assert found(with_file(BOOKS, "[[step]]", "\n# a note\n\n[[step]]")) == ()


def test_a_new_part_is_told_in_one_line_and_a_gone_one_by_its_name() -> None:
    new = "R21,C,any:fix,,hold,RTV,review,Новая,New"
    files = table_with(*rows(), new)
    added = Edit(
        kind=Kind.ADDED,
        part="row",
        name="R21",
        new="grade=C flags=any:fix >zone=hold >disposition=RTV >refund=review note.en=New",
    )
    assert found(files) == (added,)
    back = edits(load_pack(files), default_pack())
    assert back == (Edit(kind=Kind.REMOVED, part="row", name="R21"),)


def test_a_cell_that_is_gone_is_a_change_to_nothing() -> None:
    files = with_file("zone.csv", "R11,D,any:fix,high", "R11,D,any:fix,")
    assert found(files) == (changed("row", "R11", "value", "high", ""),)


def test_a_new_flag_an_option_and_a_step_are_parts_of_their_own() -> None:
    step = (
        '\n[[step]]\nname = "sleeve"\ndefault = "yes"\nlabel = { ru = "Т", en = "Sleeve?" }\n'
        'option = [{ id = "yes", label = { ru = "Да", en = "Yes" } }]\n'
    )
    files = {**pack_files(), BOOKS: pack_files()[BOOKS] + step.encode()}
    told = {(one.kind, one.part, one.name): one.new for one in found(files)}
    assert set(told) == {
        (Kind.ADDED, "step", "books sleeve"),
        (Kind.ADDED, "option", "books sleeve=yes"),
    }
    assert "label.en=Sleeve?" in told[Kind.ADDED, "step", "books sleeve"]
    assert "label.ru" not in told[Kind.ADDED, "step", "books sleeve"]
    assert "default=yes" in told[Kind.ADDED, "step", "books sleeve"]


def test_a_reason_is_named_by_its_group() -> None:
    text = pack_files()["reasons.toml"].decode()
    begin = text.index('id = "') + 6
    name = text[begin : text.index('"', begin)]
    files = with_file("reasons.toml", f'id = "{name}"', 'id = "quite_new"')
    told = [(one.kind, one.part, one.name.split()[1]) for one in found(files)]
    assert told == [(Kind.REMOVED, "reason", name), (Kind.ADDED, "reason", "quite_new")]


def test_a_moved_row_is_named_with_what_it_stands_after() -> None:
    lines = rows()
    ids = [line.partition(",")[0] for line in lines]
    first, *rest = lines
    assert found(table_with(*rest[:3], first, *rest[3:])) == (
        Edit(kind=Kind.MOVED, part="row", name=ids[0], new=ids[3]),
    )
    *others, last = lines
    assert found(table_with(last, *others)) == (
        Edit(kind=Kind.MOVED, part="row", name=ids[-1], new=""),
    )


def test_a_moved_step_is_named_with_its_checklist() -> None:
    book = pack_files()[BOOKS].decode()
    at = [book.index(f'[[step]]\nname = "{name}"') for name in ("film", "cover", "pages")]
    film, cover, rest = book[at[0] : at[1]], book[at[1] : at[2]], book[at[2] :]
    files = {**pack_files(), BOOKS: (book[: at[0]] + cover + film + rest).encode()}
    assert found(files) == (
        Edit(kind=Kind.MOVED, part="step", name="books cover", new="books seal"),
    )


def test_a_checklist_that_only_one_pack_has_moves_nothing() -> None:
    files = {name: text for name, text in pack_files().items() if name != BOOKS}
    told = found(files)
    assert {one.kind for one in told} == {Kind.REMOVED}
    assert Edit(kind=Kind.REMOVED, part="checklist", name="books") in told
    assert Edit(kind=Kind.REMOVED, part="step", name="books film") in told
    assert all(one.name.startswith("books") for one in told)


@settings(max_examples=40)
@given(st.permutations(range(len(default_pack().table.rows))))
def test_moved_rows_are_the_fewest_that_explain_a_new_order(order: list[int]) -> None:
    pack = default_pack()
    rows = tuple(pack.table.rows[at] for at in order)
    told = edits(pack, replace(pack, table=replace(pack.table, rows=rows)))
    assert all(one.kind is Kind.MOVED for one in told)
    moved = {one.name for one in told}
    left = [at for at in order if pack.table.rows[at].id not in moved]
    assert left == sorted(left)
    assert len(left) == longest_ascending(order)


def longest_ascending(order: list[int]) -> int:
    """Return the length of a longest ascending choice, the slow and obvious way."""
    best: list[int] = []
    for at, place in enumerate(order):
        shorter = [best[i] for i in range(at) if order[i] < place]
        best.append(1 + max(shorter, default=0))
    return max(best, default=0)
