"""One change away: which other value of one column sends a unit elsewhere, and by which row."""

import pytest

from random_policies import small_axiom, small_cap, small_pack
from zoning.explain import Explanation, explain, explanation_lines
from zoning.model import Facts, Members, Value
from zoning.pack import Pack


def members(present: str = "", unknown: str = "") -> Members:
    return Members(present=frozenset(present.split()), unknown=frozenset(unknown.split()))


def explained(pack: Pack, **values: Value) -> Explanation:
    return explain(pack, Facts(policy_sha256="", values=values))


def reached(pack: Pack, **values: Value) -> list[tuple[str, str, Value]]:
    return [(c.row.id, c.column, c.after) for c in explained(pack, **values).one_change]


def test_a_change_names_row_column_before_and_after() -> None:
    pack = small_pack("grade,flags", "A,any:fix -> repair", "A, -> resale", "B, -> disposal")
    first, second = explained(pack, grade="A", flags=members("sharp")).one_change
    assert (first.row, first.column) == (pack.table.rows[0], "flags")
    assert (first.before, first.after) == (members("sharp"), members("sharp fix"))
    assert (first.added, first.removed) == (("fix",), frozenset())
    assert (second.row, second.column) == (pack.table.rows[2], "grade")
    assert (second.before, second.after, second.value) == ("A", "B", "B")


def test_a_row_that_an_earlier_one_keeps_out_is_not_told() -> None:
    pack = small_pack(
        "grade,value", "A, -> resale", "A,high -> hold", "B,low -> hold", "B, -> repair"
    )
    assert reached(pack, grade="A", value=7) == [("R4", "grade", "B")]
    assert reached(pack, grade="B", value=7) == [("R1", "grade", "A"), ("R3", "value", 1)]
    assert reached(pack, grade="B", value=1) == [("R1", "grade", "A")]


def test_a_row_with_the_same_outcome_is_not_told_unless_the_refund_differs() -> None:
    rows = ("A, -> hold", "B, -> hold", "C, -> hold review", "D, -> hold blocked")
    pack = small_pack("grade,value", *rows)
    assert reached(pack, grade="A") == [("R3", "grade", "C"), ("R4", "grade", "D")]
    assert reached(pack, grade="B") == [("R3", "grade", "C"), ("R4", "grade", "D")]
    capped = small_pack(
        "grade,value", *rows, policy=small_cap("C1", "refund", "review", "value >= 3")
    )
    assert reached(capped, grade="A", value=3) == [("R4", "grade", "D")]
    assert reached(capped, grade="A", value=2) == [("R3", "grade", "C"), ("R4", "grade", "D")]


def test_a_cap_that_the_change_lifts_makes_another_refund() -> None:
    policy = small_cap("C1", "refund", "blocked", "flags has any(wipe)")
    pack = small_pack("flags", "any:wipe -> hold", "none:wipe -> hold", policy=policy)
    found = explained(pack, flags=members("wipe leak"))
    assert found.verdict.refund == "blocked"
    (change,) = found.one_change
    assert (change.row.id, change.after) == ("R2", members("leak"))
    assert (change.added, change.removed) == ((), frozenset({"wipe"}))


def test_an_axiom_keeps_a_change_out() -> None:
    policy = small_axiom("X1", "grade = 'ungraded'", "flags has any(wipe)")
    pack = small_pack("grade,flags", ",any:wipe|fix -> hold", "A|B, -> resale", policy=policy)
    assert reached(pack, grade="A", flags=members()) == [("R1", "flags", members("fix"))]
    assert reached(pack, grade="A", flags=members("fix")) == []


def test_a_missing_fact_keeps_a_change_out() -> None:
    pack = small_pack(
        "grade,in_window", "A,y -> resale", "B, -> repair", "C,y -> hold", "D,y -> hold"
    )
    assert reached(pack, grade="C") == [("R2", "grade", "B")]
    assert reached(pack, grade="C", in_window=True) == [("R1", "grade", "A"), ("R2", "grade", "B")]


@pytest.mark.parametrize(
    ("grade", "wanted"), [("A", "B"), ("D", "C"), ("B", "A"), ("ungraded", "D")]
)
def test_of_an_ordered_enum_the_nearest_value_is_told(grade: str, wanted: str) -> None:
    pack = small_pack("grade", f"{grade} -> hold", f"!{grade} -> resale")
    assert reached(pack, grade=grade) == [("R2", "grade", wanted)]


def test_of_another_enum_the_first_declared_value_is_told() -> None:
    pack = small_pack("seal", "missing -> hold", "sealed|opened -> resale")
    assert reached(pack, seal="missing") == [("R2", "seal", "sealed")]


@pytest.mark.parametrize(("value", "wanted"), [(True, False), (False, True)])
def test_of_a_bool_the_other_value_is_told(*, value: bool, wanted: bool) -> None:
    pack = small_pack("in_window", "y -> hold", "n -> resale")
    assert [item[2] for item in reached(pack, in_window=value)] == [wanted]


@pytest.mark.parametrize(
    ("cell", "value", "wanted"),
    [
        ("2..4", 0, 2),
        ("2..4", 7, 4),
        (">=5", 1, 5),
        ("<=2", 6, 2),
        ("low|high", 3, 1),
        ("low|high", 4, 5),
    ],
)
def test_of_a_number_the_nearest_value_is_told(cell: str, value: int, wanted: int) -> None:
    pack = small_pack("value", f"{cell} -> resale", "0..7 -> hold")
    assert reached(pack, value=value) == [("R1", "value", wanted)]


def test_below_what_earlier_rows_take_the_highest_number_is_told() -> None:
    rows = ("7..7 -> hold", "4..6 -> hold", "0..6 -> resale")
    assert reached(small_pack("value", *rows), value=7) == [("R3", "value", 3)]
    rows = ("0..0 -> hold", "1..3 -> hold", "1..7 -> resale")
    assert reached(small_pack("value", *rows), value=0) == [("R3", "value", 4)]


@pytest.mark.parametrize(("value", "wanted"), [(0, 4), (7, 5)])
def test_a_number_is_sought_beyond_what_earlier_rows_take(value: int, wanted: int) -> None:
    rows = ("0..0 -> hold", "7..7 -> hold", "1..3 -> hold", "6..6 -> hold", "1..6 -> resale")
    assert reached(small_pack("value", *rows), value=value) == [("R5", "value", wanted)]


def test_a_number_is_sought_on_both_sides() -> None:
    rows = ("3..3 -> hold", "2..2 -> hold", "<=2 -> resale", ">=4 -> repair")
    assert reached(small_pack("value", *rows), value=3) == [("R3", "value", 1), ("R4", "value", 4)]


@pytest.mark.parametrize(
    ("cell", "present", "unknown", "wanted"),
    [
        ("any:fix|leak", "", "", ("fix", "")),
        ("any:fix|leak", "sharp", "", ("fix sharp", "")),
        ("none:wipe|fix", "wipe fix sharp", "", ("sharp", "")),
        ("only:fix", "wipe fix sharp", "", ("fix", "")),
        ("empty", "wipe fix", "", ("", "")),
        ("all:fix|leak", "", "", ("fix leak", "")),
        ("all:fix|leak", "leak", "", ("fix leak", "")),
        ("any:fix & none:wipe", "wipe", "", ("fix", "")),
        ("any:fix & none:wipe", "wipe leak", "sharp", ("fix leak", "sharp")),
        ("any:fix & any:leak|fix", "", "", ("fix", "")),
        ("any:leak|fix & any:wipe|leak", "", "", ("leak", "")),
        ("any:fix|sharp & any:wipe|leak", "sharp", "", ("sharp wipe", "")),
        ("any:fix & none:wipe|leak", "leak", "wipe", None),
    ],
)
def test_of_a_set_banned_members_go_and_lacking_ones_come(
    cell: str, present: str, unknown: str, wanted: tuple[str, str] | None
) -> None:
    pack = small_pack("flags,grade", f"{cell},A -> resale")
    found = reached(pack, grade="A", flags=members(present, unknown))
    assert found == ([("R1", "flags", members(*wanted))] if wanted else [])


def test_a_member_that_an_earlier_row_takes_is_passed_over() -> None:
    pack = small_pack("flags", "any:wipe -> hazmat", "any:wipe|fix|leak -> repair")
    found = explained(pack, flags=members("sharp"))
    assert [(c.row.id, c.added) for c in found.one_change] == [("R1", ("wipe",)), ("R2", ("fix",))]


def test_a_row_that_bans_what_another_needs_gives_way() -> None:
    """The first possible row bans leak, so that adding leak reaches a row behind it."""
    pack = small_pack(
        "flags", "any:fix & none:leak -> repair", "any:leak -> hazmat", "any:wipe -> hold"
    )
    assert reached(pack, flags=members("fix")) == [("R2", "flags", members("fix leak"))]
    lasting = small_pack("flags", "any:fix -> repair", "any:leak -> hazmat")
    assert reached(lasting, flags=members("fix")) == []
    assert reached(lasting, flags=members("leak")) == [("R1", "flags", members("leak fix"))]


def test_changes_stand_in_the_order_of_rows() -> None:
    rows = ("B, -> hold", "A,any:fix -> repair", "C, -> disposal", "A,none:fix -> resale")
    pack = small_pack("grade,flags", *rows)
    found = reached(pack, grade="A", flags=members())
    assert [(row, column) for row, column, _ in found] == [
        ("R1", "grade"),
        ("R2", "flags"),
        ("R3", "grade"),
    ]


def test_changes_are_told_in_words() -> None:
    rows = (
        "A,any:fix & none:wipe|leak, -> repair",
        "A,,low -> hazmat",
        "A,,mid -> resale",
        "B,, -> disposal",
    )
    pack = small_pack("grade,flags,value", *rows)
    values: dict[str, Value] = {"grade": "A", "flags": members("leak wipe"), "value": 3}
    found = explained(pack, **values)
    assert list(explanation_lines(found, "en")[-3:]) == [
        "Else: flags: +to mend −to wipe −leaks, then R1: repair, REPAIR1",
        "Else: value: 0.03 RUB (mid) → 0.01 RUB (low), then R2: hazmat, HAZMAT1",
        "Else: grade: A → B, then R4: disposal, DISPOSAL1",
    ]
    assert list(explanation_lines(found, "ru")[-3:]) == [
        "Иначе: признаки: +чинить −стереть −течёт, тогда R1: ремонт, REPAIR1",
        "Иначе: цена: 0.03 RUB (mid) → 0.01 RUB (low), тогда R2: опасное, HAZMAT1",
        "Иначе: оценка: A → B, тогда R4: утилизация, DISPOSAL1",
    ]
