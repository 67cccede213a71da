"""Bit masks of a pack: what each cell says of each value, and what a record may not hold."""

from collections.abc import Iterable, Mapping
from itertools import product

import pytest

from policy_kit import slow_truth
from random_policies import SMALL_DOMAINS, small_axiom, small_cap, small_pack
from zoning.index import Index, positions
from zoning.index.bits import whole_mask
from zoning.index.columns import INTERVALS_KEPT, Need, NumberColumn, SetColumn
from zoning.model import Members, Range, Value
from zoning.pack import Pack

COLUMNS = "grade,flags,attrs,value,mass,in_window,seal"


def members(present: str = "", unknown: str = "") -> Members:
    return Members(present=frozenset(present.split()), unknown=frozenset(unknown.split()))


def one_cell(column: str, cell: str) -> Pack:
    """A pack whose only row has only this cell."""
    return small_pack(column, f"{cell} -> hold")


def sight(index: Index, both: int, at: int = 0) -> bool | None:
    """What a mask says of a row: true, false or None for unknown."""
    possible, true = both >> at & 1, both >> index.width + at & 1
    return True if true else None if possible else False


def seen(pack: Pack, values: Mapping[str, Value], at: int = 0) -> bool | None:
    both = pack.index.match(values)
    assert both, "the record is valid"
    return sight(pack.index, both, at)


@pytest.mark.parametrize(
    ("column", "cell", "value", "wanted"),
    [
        ("grade", "A|B", "A", True),
        ("grade", "A|B", "B", True),
        ("grade", "A|B", "C", False),
        ("grade", "!A|B", "ungraded", True),
        ("grade", "!A|B", "B", False),
        ("seal", "!missing", "opened", True),
        ("seal", "!missing", "missing", False),
        ("in_window", "y", True, True),
        ("in_window", "y", False, False),
        ("in_window", "n", False, True),
        ("in_window", "n", True, False),
        ("value", ">=3", 2, False),
        ("value", ">=3", 3, True),
        ("value", ">=3", 7, True),
        ("value", "<3", 2, True),
        ("value", "<3", 3, False),
        ("value", "<3", 0, True),
        ("value", "2..4", 1, False),
        ("value", "2..4", 2, True),
        ("value", "2..4", 4, True),
        ("value", "2..4", 5, False),
        ("value", "low|mid", 0, True),
        ("value", "low|mid", 2, True),
        ("value", "low|mid", 4, True),
        ("value", "low|mid", 5, False),
        ("value", "low|high", 1, True),
        ("value", "low|high", 2, False),
        ("value", "low|high", 4, False),
        ("value", "low|high", 5, True),
        ("mass", "0.2..0.3", 1, False),
        ("mass", "0.2..0.3", 2, True),
        ("mass", "0.2..0.3", 3, True),
        ("mass", "0.2..0.3", 4, False),
    ],
)
def test_a_known_value_is_accepted_or_not(
    column: str, cell: str, value: Value, *, wanted: bool
) -> None:
    pack = one_cell(column, cell)
    assert seen(pack, {column: value}) is wanted
    assert seen(pack, {}) is None


@pytest.mark.parametrize(
    ("cell", "present", "unknown", "wanted"),
    [
        ("any:wipe|fix", "", "", False),
        ("any:wipe|fix", "sharp", "leak", False),
        ("any:wipe|fix", "fix", "", True),
        ("any:wipe|fix", "fix", "wipe", True),
        ("any:wipe|fix", "", "wipe", None),
        ("none:wipe|fix", "", "", True),
        ("none:wipe|fix", "sharp", "leak", True),
        ("none:wipe|fix", "wipe", "", False),
        ("none:wipe|fix", "wipe", "fix", False),
        ("none:wipe|fix", "", "fix", None),
        ("all:wipe|fix", "wipe fix sharp", "", True),
        ("all:wipe|fix", "wipe", "", False),
        ("all:wipe|fix", "fix", "", False),
        ("all:wipe|fix", "wipe", "fix", None),
        ("all:wipe|fix", "", "fix wipe", None),
        ("all:wipe|fix", "sharp", "fix", False),
        ("all:wipe|fix|sharp", "wipe fix", "", False),
        ("all:wipe|fix|sharp", "wipe sharp", "", False),
        ("all:wipe|fix|sharp", "wipe fix sharp", "leak", True),
        ("only:wipe|fix", "", "", True),
        ("only:wipe|fix", "wipe", "fix", True),
        ("only:wipe|fix", "wipe sharp", "", False),
        ("only:wipe|fix", "wipe", "sharp", None),
        ("empty", "", "", True),
        ("empty", "fix", "", False),
        ("empty", "", "leak", None),
        ("any:wipe & none:fix", "wipe", "", True),
        ("any:wipe & none:fix", "wipe fix", "", False),
        ("any:wipe & none:fix", "wipe", "fix", None),
        ("any:wipe & none:fix", "", "fix", False),
        ("any:wipe|fix & any:sharp|leak", "wipe leak", "", True),
        ("any:wipe|fix & any:sharp|leak", "wipe fix", "", False),
        ("any:wipe|fix & any:sharp|leak", "sharp leak", "", False),
        ("any:wipe|fix & any:sharp|leak", "fix", "sharp", None),
        ("any:wipe|fix & any:sharp|leak", "", "leak", False),
        ("any:wipe|fix & any:sharp & only:fix|sharp", "fix sharp", "", True),
        ("any:wipe|fix & any:sharp & only:fix|sharp", "fix sharp", "leak", None),
        ("any:wipe|fix & any:sharp & only:fix|sharp", "wipe sharp", "", False),
    ],
)
def test_a_set_is_accepted_unless_an_unknown_member_decides(
    cell: str, present: str, unknown: str, *, wanted: bool | None
) -> None:
    pack = one_cell("flags", cell)
    assert seen(pack, {"flags": members(present, unknown)}) is wanted
    assert seen(pack, {}) is None


def test_cells_of_one_group_and_of_several_stand_side_by_side() -> None:
    pack = small_pack(
        "flags",
        "all:wipe|fix|sharp -> hold",
        "any:wipe -> hold",
        "none:fix -> hold",
        "empty -> hold",
    )
    wanted = {
        "": (False, False, True, True),
        "wipe": (False, True, True, False),
        "wipe fix": (False, True, False, False),
        "wipe fix sharp": (True, True, False, False),
    }
    for present, sights in wanted.items():
        values = {"flags": members(present)}
        assert tuple(seen(pack, values, at) for at in range(4)) == sights


def test_a_row_needs_all_its_columns_and_a_blank_cell_takes_everything() -> None:
    pack = small_pack(COLUMNS, "A,any:fix,,,,y, -> hold", ",,,low,,, -> hold")
    whole: dict[str, Value] = {"grade": "A", "flags": members("fix"), "in_window": True}
    assert seen(pack, whole) is True
    assert seen(pack, {**whole, "in_window": False}) is False
    assert seen(pack, {**whole, "value": 7, "seal": "missing"}) is True
    assert seen(pack, {"grade": "A", "flags": members("fix")}) is None
    assert seen(pack, {"grade": "B", "flags": members("", "fix")}) is False
    assert seen(pack, {"value": 1}, 1) is True


INVALID: Iterable[tuple[str, object]] = (
    ("nose", "A"),
    ("grade", "E"),
    ("grade", 1),
    ("grade", None),
    ("grade", members("fix")),
    ("grade", ["A"]),
    ("grade", {"A": 1}),
    ("in_window", 1),
    ("in_window", 0),
    ("in_window", "y"),
    ("in_window", None),
    ("value", -1),
    ("value", 8),
    ("value", 10**20),
    ("value", True),
    ("value", "3"),
    ("value", 3.0),
    ("value", None),
    ("flags", "fix"),
    ("flags", None),
    ("flags", frozenset({"fix"})),
    ("flags", members("fix nose")),
    ("flags", members("fix", "nose")),
    ("flags", members("fix", "fix")),
    ("attrs", members("fix")),
)


@pytest.mark.parametrize(("column", "value"), INVALID)
def test_a_name_or_value_the_policy_does_not_know_has_no_mask(column: str, value: Value) -> None:
    pack = small_pack("grade", "A -> hold")
    rest: dict[str, Value] = {"grade": "A", "flags": members(), "seal": "opened"}
    assert pack.index.match(rest) != 0
    assert pack.index.match({**rest, column: value}) == 0
    assert pack.index.parts({**rest, column: value}) == {}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("grade", "E"),
        ("in_window", 1),
        ("value", True),
        ("value", "3"),
        ("value", 8),
        ("flags", "fix"),
        ("flags", members("fix", "fix")),
    ],
)
def test_a_value_out_of_the_domain_has_the_mask_0(column: str, value: Value) -> None:
    assert small_pack(column, _ANY[column]).index.columns[column].mask(value) == 0


_ANY = {
    "grade": "A -> hold",
    "in_window": "y -> hold",
    "value": "low -> hold",
    "flags": "any:fix -> hold",
}


@pytest.mark.parametrize("value", [0, 1, 7])
def test_the_whole_domain_of_a_number_is_known(value: int) -> None:
    index = small_pack("value", "2..4 -> hold").index
    assert index.match({"value": value}) != 0
    assert index.match({}) != 0


def test_a_column_that_nothing_reads_leaves_the_mask_as_it_is() -> None:
    index = small_pack("grade", "A -> hold").index
    assert index.match({"seal": "opened", "mass": 3}) == index.match({})
    assert index.match({"grade": "A"}) not in (index.match({"grade": "B"}), index.match({}))


def test_the_parts_of_a_record_join_to_its_mask() -> None:
    pack = small_pack(COLUMNS, "A,any:fix,,low,,, -> hold", "B,,,,,, -> hold")
    values: dict[str, Value] = {"grade": "A", "flags": members("fix"), "value": 7}
    parts = pack.index.parts(values)
    assert list(parts) == ["grade", "flags", "attrs", "value", "mass", "in_window", "seal"]
    assert pack.index.joined(parts) == pack.index.match(values)
    assert sight(pack.index, parts["value"]) is False
    assert sight(pack.index, parts["grade"]) is True
    assert sight(pack.index, parts["mass"]) is True
    rest = pack.index.joined(parts, without="value")
    assert sight(pack.index, rest) is True
    assert rest & parts["value"] == pack.index.match(values)
    assert sight(pack.index, pack.index.joined({})) is True


EXPRESSIONS = (
    "true",
    "false",
    "not true",
    "grade = 'A'",
    "grade != 'A'",
    "not grade = 'A'",
    "grade >= 'C'",
    "not (grade in {'A', 'B'})",
    "in_window = y",
    "not in_window = y",
    "value in 2..4",
    "not value in 2..4",
    "value >= 3",
    "not value >= 3",
    "value < 3",
    "not value < 3",
    "value != 3",
    "flags has any(wipe, fix)",
    "not flags has any(wipe, fix)",
    "flags has none(wipe, fix)",
    "not flags has none(wipe, fix)",
    "flags has all(wipe, fix)",
    "not flags has all(wipe, fix)",
    "flags = {wipe, fix}",
    "not flags = {wipe, fix}",
    "flags = {}",
    "not flags = {}",
    "flags = {wipe, fix, sharp, leak}",
    "not flags = {wipe, fix, sharp, leak}",
    "answered(seal)",
    "not answered(seal)",
    "grade = 'A' and flags has any(fix)",
    "grade = 'A' or flags has any(fix)",
    "not (grade = 'A' and flags has any(fix))",
    "not (grade = 'A' or flags has any(fix))",
    "grade = 'A' and (flags has any(fix) or value >= 3) and in_window = y",
    "grade = 'A' or flags has any(fix) and value >= 3 or in_window = y",
    "(grade = 'A' or in_window = y) and (value < 3 or flags has any(wipe))",
    "grade = 'A' and value >= 3 or in_window = y and flags has any(wipe)",
    "(grade = 'A' or true) and value < 3",
    "grade = 'A' or (false or value < 3 and in_window = n)",
    "grade = 'A' and not grade = 'A'",
    "flags = {fix} or grade = 'B'",
    "flags has all(wipe, fix) and grade = 'B'",
    "true and grade = 'A'",
    "false or grade = 'A'",
    "false and grade = 'A'",
    "true or grade = 'A'",
)


def partial_records() -> Iterable[dict[str, Value]]:
    """Records over the columns of the conditions above, with and without each fact."""
    flags = ("", "wipe", "fix", "wipe fix", "wipe sharp", "wipe fix sharp leak")
    sets = [members(present) for present in flags] + [
        members("wipe", "fix"),
        members("", "wipe fix"),
    ]
    choices: dict[str, list[Value | None]] = {
        "grade": [None, "A", "B", "D"],
        "in_window": [None, True, False],
        "value": [None, 1, 3],
        "flags": [None, *sets],
    }
    for found in product(*choices.values()):
        pairs = zip(choices, found, strict=True)
        yield {name: value for name, value in pairs if value is not None}


RECORDS = tuple(partial_records())


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_a_condition_over_bits_is_what_it_is_over_values(text: str) -> None:
    pack = small_pack("grade", "A -> hold", policy=small_cap("C1", "move", "manual", text))
    condition = pack.policy.caps[0].when
    ((_, term),) = pack.index.caps
    for values in RECORDS:
        both = pack.index.match(values)
        true, possible = term.holds(both >> pack.index.width), term.holds(both)
        assert {true, possible} <= {True, False}
        assert (True if true else None if possible else False) is slow_truth(condition, values)


@pytest.mark.parametrize(("when", "iff"), [(0, 1), (1, 0)])
def test_an_axiom_is_broken_only_where_both_sides_are_known_to_differ(when: int, iff: int) -> None:
    sides = ("grade = 'A' or value >= 3", "flags has any(fix)")
    policy = small_axiom("X1", sides[when], sides[iff])
    pack = small_pack("grade", "A -> hold", policy=policy)
    axiom = pack.policy.axioms[0]
    for values in RECORDS:
        truths = {slow_truth(axiom.when, values), slow_truth(axiom.iff, values)}
        is_broken = truths == {True, False}
        assert pack.index.broken(pack.index.match(values)) == (("X1",) if is_broken else ())


def test_broken_axioms_are_named_in_order() -> None:
    policy = small_axiom("X2", "grade = 'A'", "false") + small_axiom("X1", "in_window = y", "false")
    policy += small_axiom("X3", "grade = 'B'", "false")
    index = small_pack("grade", "A -> hold", policy=policy).index
    assert index.broken(index.match({"grade": "A", "in_window": True})) == ("X1", "X2")
    assert index.broken(index.match({"grade": "A"})) == ("X2",)
    assert index.broken(index.match({})) == ()


def test_the_same_test_has_one_bit_wherever_it_is_read() -> None:
    def width(policy: str) -> int:
        return small_pack("grade", "A -> hold", policy=policy).index.width

    plain = width("")
    assert plain == 1 + 3 + 4  # the row, flags with an action, grades
    once = small_cap("C1", "move", "manual", "value >= 3 or flags has any(sharp)")
    twice = once + small_cap("C2", "refund", "review", "flags has any(sharp) and value >= 3")
    assert width(once) == plain + 2
    assert width(twice) == plain + 2
    assert width(small_cap("C1", "move", "manual", "flags has any(wipe) and grade = 'B'")) == plain


def test_a_joint_of_tests_is_one_look_at_the_bits() -> None:
    text = "grade = 'A' and value >= 3 and (in_window = y or flags has any(sharp) or false)"
    pack = small_pack("grade", "A -> hold", policy=small_cap("C1", "move", "manual", text))
    ((_, term),) = pack.index.caps
    assert (term.is_any, term.bits.bit_count(), len(term.parts)) == (False, 2, 1)
    (part,) = term.parts
    assert (part.is_any, part.bits.bit_count(), part.parts) == (True, 2, ())


def test_a_row_fires_if_it_is_first_and_definite_and_no_axiom_is_broken() -> None:
    rows = ("any:fix, -> hold", ",low|mid -> hold", ",mid -> hold")
    policy = small_axiom("X1", "grade = 'D'", "in_window = y")
    index = small_pack("flags,value", *rows, policy=policy).index

    def fired(values: Mapping[str, Value]) -> list[int]:
        return [at for at in range(3) if index.is_fired(index.match(values), at)]

    assert fired({"flags": members("fix"), "value": 3}) == [0]
    assert fired({"flags": members(), "value": 3}) == [1]
    assert fired({"flags": members("", "fix"), "value": 3}) == []
    assert fired({"value": 3}) == []
    assert fired({"flags": members(), "value": 7}) == []
    assert fired({"flags": members("fix"), "grade": "D", "in_window": False}) == []
    assert fired({"flags": members("fix"), "grade": "D", "in_window": True}) == [0]
    assert fired({"flags": members("fix"), "grade": "D"}) == [0]


@pytest.mark.parametrize(
    ("rows", "wanted"), [(0, []), (1, [0]), (0b1011, [0, 1, 3]), (1 << 200, [200])]
)
def test_positions_are_those_of_the_bits(rows: int, wanted: list[int]) -> None:
    assert list(positions(rows)) == wanted


def test_the_whole_mask_has_both_halves_and_the_valid_bit() -> None:
    assert [whole_mask(width) for width in (0, 1, 3)] == [1, 0b111, 0b1111111]


def test_what_a_set_cell_needs_is_known_by_row() -> None:
    rows = ("any:fix|leak & none:wipe -> hold", "all:fix|leak -> hold", "only:fix -> hold")
    column = small_pack("flags", *rows).index.columns["flags"]
    assert isinstance(column, SetColumn)
    assert column.needs == {
        0: Need(
            banned=frozenset({"wipe"}), groups=(("fix", "leak"),), single=(("fix",), ("leak",))
        ),
        1: Need(banned=frozenset(), groups=(("fix",), ("leak",)), single=()),
        2: Need(banned=frozenset({"wipe", "sharp", "leak"}), groups=(), single=()),
    }
    assert column.lasting & 0b111 == 0b010


def test_a_further_member_is_added_to_a_weight() -> None:
    column = small_pack("flags", "any:fix & none:leak -> hold").index.columns["flags"]
    assert isinstance(column, SetColumn)
    alone, both = column.weighed(members("fix")), column.weighed(members("fix leak"))
    assert alone | column.present["leak"] == both
    assert column.settled(both) == column.mask(members("leak fix"))
    assert column.weighed(members("", "fix")) | column.present["fix"] == alone


def test_masks_of_intervals_are_kept_up_to_a_bound() -> None:
    cuts = range(1, 2 * INTERVALS_KEPT)
    column = NumberColumn(
        blank=0,
        free=1 << 40,
        width=20,
        limits=Range(low=0, high=2 * INTERVALS_KEPT),
        cuts=cuts,
        accepted=tuple(range(2 * INTERVALS_KEPT)),
    )
    masks = [column.mask(value) for value in range(2 * INTERVALS_KEPT)]
    assert masks == [1 << 40 | at | at << 20 for at in range(2 * INTERVALS_KEPT)]
    assert len(column.kept) == INTERVALS_KEPT
    assert column.mask(INTERVALS_KEPT) == masks[INTERVALS_KEPT]
    assert len(column.kept) == INTERVALS_KEPT
    assert column.mask(0) == masks[0]
    assert len(column.kept) == 1


def test_numbers_are_cut_where_ranges_and_the_domain_begin_and_end() -> None:
    policy = small_cap("C1", "move", "manual", "value in 3..5 or not value in 1..1")
    column = small_pack("value", "low -> hold", ">=6 -> hold", policy=policy).index.columns["value"]
    assert isinstance(column, NumberColumn)
    assert list(column.cuts) == [0, 1, 2, 3, 6, 8]


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("wide|inner", {1, 2, 3, 4, 5}),
        ("inner|late", {2, 3, 5, 6}),
        ("wide|late", {1, 2, 3, 4, 5, 6}),
        ("first|wide|last", {0, 1, 2, 3, 4, 5, 7}),
        ("first|last", {0, 7}),
    ],
)
def test_overlapping_classes_in_one_cell_are_their_union(cell: str, wanted: set[int]) -> None:
    classes = 'first = "0..0", wide = "1..5", inner = "2..3", late = "5..6", last = "7..7"'
    start, _, rest = SMALL_DOMAINS.partition("classes = ")
    domains = f"{start}classes = {{ {classes} }}\n{rest.partition(chr(10))[2]}"
    pack = small_pack("value", f"{cell} -> hold", domains=domains)
    assert {value for value in range(8) if seen(pack, {"value": value})} == wanted
