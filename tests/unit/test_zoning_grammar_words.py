"""The condition language to the letter: what each refusal says, where each limit stands."""

import pytest

from zoning.grammar import (
    FALSE,
    TRUE,
    All,
    Any,
    Constant,
    Expression,
    GrammarError,
    Has,
    Is,
    Not,
    OneOf,
    Test,
    Within,
    atoms,
    conjunction,
    has,
    names,
    parse,
    read_number,
    read_range,
    show,
    show_number,
    show_range,
    truth,
)
from zoning.model import Domain, Kind, Members, Range, Value

SCOPE = {
    "grade": Domain(kind=Kind.ENUM, values=("A", "B", "C"), ordered=True),
    "seal": Domain(kind=Kind.ENUM, values=("sealed", "opened")),
    "in_window": Domain(kind=Kind.BOOL),
    "value": Domain(kind=Kind.INT, range=Range(low=0, high=1000)),
    "mass": Domain(kind=Kind.DECIMAL, range=Range(low=0, high=9999), precision=2),
    "flags": Domain(kind=Kind.SET, values=("wipe", "fix", "sharp")),
}
SET_TEST = ("flags: нужно has any|all|none(…)", "flags: has any|all|none(…) is expected")
NO_ORDER = ("seal: значения не упорядочены", "seal: its values have no order")
BROKEN_OFF = ("выражение обрывается", "the expression breaks off")
NO_PLACES = ("0.1: знаков больше 0", "0.1: more than 0 places")
REFUSALS = (
    ("", BROKEN_OFF),
    ("seal", BROKEN_OFF),
    ("seal =", BROKEN_OFF),
    ("value >", BROKEN_OFF),
    ("not", BROKEN_OFF),
    ("true and", BROKEN_OFF),
    ("true true", ("лишнее: true", "true is left over")),
    ("true)", ("лишнее: )", ") is left over")),
    ("nose = 'x'", ("неизвестное имя 'nose'", "unknown name 'nose'")),
    ("answered(nose)", ("неизвестное имя 'nose'", "unknown name 'nose'")),
    ("in = 'x'", ("неизвестное имя 'in'", "unknown name 'in'")),
    ("(true", ("нужно ), есть ∅", ") is expected, not ∅")),
    ("(true or false", ("нужно ), есть ∅", ") is expected, not ∅")),
    ("answered seal", ("нужно (, есть seal", "( is expected, not seal")),
    ("answered(seal", ("нужно ), есть ∅", ") is expected, not ∅")),
    ("flags = wipe", ("нужно {, есть wipe", "{ is expected, not wipe")),
    ("flags = {wipe", ("нужно }, есть ∅", "} is expected, not ∅")),
    ("flags has any wipe", ("нужно (, есть wipe", "( is expected, not wipe")),
    ("flags has any(wipe", ("нужно ), есть ∅", ") is expected, not ∅")),
    ("flags has any()", (") не из wipe fix sharp", ") is none of wipe fix sharp")),
    ("flags has any(red)", ("red не из wipe fix sharp", "red is none of wipe fix sharp")),
    ("flags has any('fix')", ("'fix' не из wipe fix sharp", "'fix' is none of wipe fix sharp")),
    ("flags has some(fix)", SET_TEST),
    ("flags has only(fix)", SET_TEST),
    ("flags in any(fix)", SET_TEST),
    ("in_window = 'y'", ("in_window: нужно = y или = n", "in_window: = y or = n is expected")),
    ("in_window < y", ("in_window: нужно = y или = n", "in_window: = y or = n is expected")),
    ("seal = opened", ("opened не из sealed opened", "opened is none of sealed opened")),
    ("seal = 'ajar'", ("'ajar' не из sealed opened", "'ajar' is none of sealed opened")),
    ("seal in sealed", ("нужно {, есть sealed", "{ is expected, not sealed")),
    ("seal in {}", ("} не из sealed opened", "} is none of sealed opened")),
    (
        "seal in {'sealed', 'ajar'}",
        ("'ajar' не из sealed opened", "'ajar' is none of sealed opened"),
    ),
    ("seal in {'sealed' 'opened'}", ("нужно }, есть 'opened'", "} is expected, not 'opened'")),
    ("seal < 'opened'", NO_ORDER),
    ("seal >= 'opened'", NO_ORDER),
    ("grade has 'A'", ("неизвестное сравнение has", "unknown comparison has")),
    ("value has 5", ("value: нужно сравнение", "value: a comparison is expected")),
    ("value = five", ("five не число", "five is no number")),
    ("value = 0.1", NO_PLACES),
    ("value in 0.1..5", NO_PLACES),
    ("value in 0..0.1", NO_PLACES),
    ("mass = 0.123", ("0.123: знаков больше 2", "0.123: more than 2 places")),
    ("value in 5..4", ("5..4: пустой диапазон", "5..4: an empty range")),
    ("value in 5..<5", ("5..<5: пустой диапазон", "5..<5: an empty range")),
    ("value in 5, 6", ("5,6 не диапазон", "5,6 is no range")),
    ("value = 5; true", ("лишний знак ;", "stray character ;")),
    ("value = 'x", ("лишний знак '", "stray character '")),
    ("(" * 17 + "true" + ")" * 17, ("вложенность больше 16", "nested deeper than 16")),
    ("not " * 17 + "true", ("вложенность больше 16", "nested deeper than 16")),
    ("(not " * 9 + "true" + ")" * 9, ("вложенность больше 16", "nested deeper than 16")),
    (" or ".join(["in_window = y"] * 65), ("условий больше 64", "more than 64 tests")),
    ("true".ljust(8193), ("длиннее 8192 знаков", "longer than 8192 characters")),
)


@pytest.mark.parametrize(("text", "told"), REFUSALS, ids=[text[:40] for text, _ in REFUSALS])
def test_a_refusal_says_what_is_wrong_in_both_languages(text: str, told: tuple[str, str]) -> None:
    with pytest.raises(GrammarError) as caught:
        parse(text, SCOPE)
    assert (caught.value.ru, caught.value.en) == told
    assert str(caught.value) == told[1]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 16 + "true" + ")" * 16,
        "not " * 16 + "true",
        "(not " * 8 + "true" + ")" * 8,
        " or ".join(["in_window = y"] * 64),
        " and ".join(["answered(seal)"] * 64),
        "true".ljust(8192),
    ],
    ids=["brackets", "not", "both", "or", "and", "length"],
)
def test_what_just_keeps_a_limit_is_read(text: str) -> None:
    assert parse(text, SCOPE)


def test_each_part_counts_its_own_depth() -> None:
    deep = "(" * 16 + "true" + ")" * 16
    assert parse(f"{deep} or {deep} and {deep}", SCOPE) == parse("true or (true and true)", SCOPE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("grade < 'B'", OneOf(name="grade", values=("A",))),
        ("grade <= 'B'", OneOf(name="grade", values=("A", "B"))),
        ("grade > 'B'", OneOf(name="grade", values=("C",))),
        ("grade >= 'B'", OneOf(name="grade", values=("B", "C"))),
        ("grade = 'B'", OneOf(name="grade", values=("B",))),
        ("grade != 'B'", OneOf(name="grade", values=("A", "C"))),
        ("grade < 'A'", FALSE),
        ("value < 5", Within(name="value", range=Range(high=4))),
        ("value <= 5", Within(name="value", range=Range(high=5))),
        ("value > 5", Within(name="value", range=Range(low=6))),
        ("value >= 5", Within(name="value", range=Range(low=5))),
        ("value = 5", Within(name="value", range=Range(low=5, high=5))),
        ("value != 5", Not(of=Within(name="value", range=Range(low=5, high=5)))),
        ("value in 5..5", Within(name="value", range=Range(low=5, high=5))),
        ("value in 5..<6", Within(name="value", range=Range(low=5, high=5))),
        ("mass > 1.5", Within(name="mass", range=Range(low=151), precision=2)),
        ("mass in 1..1.25", Within(name="mass", range=Range(low=100, high=125), precision=2)),
        ("in_window = y", Is(name="in_window", value=True)),
        ("in_window = n", Is(name="in_window", value=False)),
        ("in_window != y", Is(name="in_window", value=False)),
        ("in_window != n", Is(name="in_window", value=True)),
        ("flags = {}", Has(name="flags", test=Test.IS, members=())),
        ("flags = {sharp, wipe}", Has(name="flags", test=Test.IS, members=("wipe", "sharp"))),
        ("flags has all(sharp,wipe)", Has(name="flags", test=Test.ALL, members=("wipe", "sharp"))),
        ("true", TRUE),
        ("false", FALSE),
        ("not false", Not(of=FALSE)),
        ("true or false and true", Any(of=(TRUE, All(of=(FALSE, TRUE))))),
        ("(true or false) and true", All(of=(Any(of=(TRUE, FALSE)), TRUE))),
        ("not true and false", All(of=(Not(of=TRUE), FALSE))),
    ],
)
def test_an_expression_is_read_as_it_is_meant(text: str, expected: Expression) -> None:
    assert parse(text, SCOPE) == expected


def test_the_columns_that_an_expression_reads_are_known() -> None:
    found = parse("not (seal = 'sealed' or value > 5) and answered(grade) and true", SCOPE)
    assert names(found) == {"seal", "value", "grade"}
    assert [atom.name for atom in atoms(found)] == ["seal", "value", "grade"]
    assert names(TRUE) == frozenset()


CONSTANTS: dict[bool | None, str] = {True: "true", False: "false", None: "value = 1"}
KLEENE: tuple[tuple[bool | None, bool | None, bool | None, bool | None], ...] = (
    (True, True, True, True),
    (True, False, False, True),
    (True, None, None, True),
    (False, True, False, True),
    (False, False, False, False),
    (False, None, False, None),
    (None, True, None, True),
    (None, False, False, None),
    (None, None, None, None),
)


@pytest.mark.parametrize(("left", "right", "both", "either"), KLEENE)
def test_and_or_follow_kleene(
    left: bool | None, right: bool | None, both: bool | None, either: bool | None
) -> None:
    one, other = CONSTANTS[left], CONSTANTS[right]
    assert truth(parse(f"{one} and {other}", SCOPE), {}) is both
    assert truth(parse(f"{one} or {other}", SCOPE), {}) is either
    assert conjunction((left, right)) is both


@pytest.mark.parametrize(("of", "expected"), [(True, False), (False, True), (None, None)])
def test_not_follows_kleene(of: bool | None, expected: bool | None) -> None:
    assert truth(parse(f"not {CONSTANTS[of]}", SCOPE), {}) is expected


def test_what_was_answered_is_known_below_not_and_or() -> None:
    for text, expected in (
        ("not answered(seal)", False),
        ("not answered(grade)", True),
        ("answered(seal) and true", True),
        ("answered(grade) or false", False),
        ("answered(seal) or false", True),
    ):
        assert truth(parse(text, SCOPE), {}, {"seal"}) is expected, text
    assert truth(parse("answered(seal)", SCOPE), {}) is False


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("seal = 'sealed'", "sealed", True),
        ("seal = 'sealed'", "opened", False),
        ("value in 5..7", 4, False),
        ("value in 5..7", 5, True),
        ("value in 5..7", 7, True),
        ("value in 5..7", 8, False),
        ("value in 5..7", "6", False),
        ("in_window = n", False, True),
        ("in_window = n", True, False),
        ("flags has any(wipe)", "wipe", False),
        ("flags has any(wipe)", Members(present=frozenset({"wipe"})), True),
    ],
)
def test_an_atom_looks_at_its_value(text: str, value: Value, expected: bool) -> None:
    found = parse(text, SCOPE)
    assert truth(found, {next(iter(names(found))): value}) is expected


def members(present: str, unknown: str = "") -> Members:
    return Members(present=frozenset(present.split()), unknown=frozenset(unknown.split()))


@pytest.mark.parametrize(
    ("test", "listed", "value", "expected"),
    [
        (Test.ANY, "a b", members("a"), True),
        (Test.ANY, "a b", members("a", "b"), True),
        (Test.ANY, "a b", members("c", "b"), None),
        (Test.ANY, "a b", members("c", "d"), False),
        (Test.NONE, "a b", members("a", "b"), False),
        (Test.NONE, "a b", members("c", "b"), None),
        (Test.NONE, "a b", members("c", "d"), True),
        (Test.ALL, "a b", members("a b", "c"), True),
        (Test.ALL, "a b", members("a", "b"), None),
        (Test.ALL, "a b", members("a", "c"), False),
        (Test.ALL, "a b", members("", "a"), False),
        (Test.ONLY, "a b", members(""), True),
        (Test.ONLY, "a b", members("a", "b"), True),
        (Test.ONLY, "a b", members("a", "c"), None),
        (Test.ONLY, "a b", members("c"), False),
        (Test.ONLY, "a b", members("c", "d"), False),
        (Test.IS, "a b", members("a b"), True),
        (Test.IS, "a b", members("a", "b"), None),
        (Test.IS, "a b", members("a b", "c"), None),
        (Test.IS, "a b", members("a", "c"), False),
        (Test.IS, "a b", members("a b c"), False),
        (Test.IS, "", members(""), True),
        (Test.IS, "", members("", "a"), None),
        (Test.IS, "", members("a"), False),
    ],
)
def test_a_partly_known_set_decides_when_it_can(
    test: Test, listed: str, value: Members, expected: bool | None
) -> None:
    assert has(test, listed.split(), value) is expected


@pytest.mark.parametrize(
    ("value", "precision", "text"),
    [
        (0, 0, "0"),
        (-7, 0, "-7"),
        (0, 2, "0.00"),
        (1, 2, "0.01"),
        (-1, 2, "-0.01"),
        (12, 1, "1.2"),
        (-1234, 2, "-12.34"),
        (10000, 4, "1.0000"),
    ],
)
def test_a_number_is_printed_with_its_places_and_reads_back(
    value: int, precision: int, text: str
) -> None:
    assert show_number(value, precision) == text
    assert read_number(text, precision) == value


@pytest.mark.parametrize(
    ("text", "precision", "value"),
    [("5", 2, 500), ("5.1", 2, 510), ("-0.5", 1, -5), ("0.5", 4, 5000), ("0" * 15, 0, 0)],
)
def test_a_number_may_have_fewer_places(text: str, precision: int, value: int) -> None:
    assert read_number(text, precision) == value


def test_a_number_has_no_places_unless_it_may() -> None:
    assert (read_number("5"), read_range("5..6")) == (5, Range(low=5, high=6))


@pytest.mark.parametrize("text", ["", "5.", ".5", "1e5", "--5", "5 ", "1" * 16, "1.00000"])
def test_what_is_no_number_is_named(text: str) -> None:
    with pytest.raises(GrammarError) as caught:
        read_number(text)
    assert (caught.value.ru, caught.value.en) == (f"{text} не число", f"{text} is no number")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (">=5", Range(low=5)),
        ("> 5", Range(low=6)),
        ("<=5", Range(high=5)),
        ("<\t5", Range(high=4)),
        (" 1 .. 5 ", Range(low=1, high=5)),
        ("1..<5", Range(low=1, high=4)),
        ("-5..-5", Range(low=-5, high=-5)),
    ],
)
def test_a_range_is_read_with_its_blanks(text: str, expected: Range) -> None:
    assert read_range(text) == expected


def test_a_range_takes_its_places_on_both_sides() -> None:
    assert read_range("0.1..0.5", 1) == Range(low=1, high=5)
    assert read_range("0.1..<0.5", 1) == Range(low=1, high=4)
    assert read_range(">0.5", 1) == Range(low=6)
    with pytest.raises(GrammarError, match=r"0\.25: more than 1 places"):
        read_range("0.1..0.25", 1)


@pytest.mark.parametrize(
    ("limits", "precision", "text"),
    [
        (Range(low=5), 0, ">=5"),
        (Range(high=5), 0, "<=5"),
        (Range(low=5, high=7), 0, "5..7"),
        (Range(low=5), 1, ">=0.5"),
        (Range(high=-5), 1, "<=-0.5"),
        (Range(low=0, high=15), 1, "0.0..1.5"),
    ],
)
def test_a_range_is_printed_as_it_is_read(limits: Range, precision: int, text: str) -> None:
    assert show_range(limits, precision) == text
    assert read_range(text, precision) == limits


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (Constant(value=True), "true"),
        (Constant(value=False), "false"),
        (Not(of=Any(of=(TRUE, FALSE))), "not (true or false)"),
        (Not(of=All(of=(TRUE, FALSE))), "not (true and false)"),
        (Any(of=(All(of=(TRUE, FALSE)), TRUE)), "(true and false) or true"),
        (All(of=(Any(of=(TRUE, FALSE)), Not(of=TRUE))), "(true or false) and not true"),
        (Within(name="value", range=Range(low=5)), "value >= 5"),
        (Within(name="value", range=Range(high=5)), "value <= 5"),
        (Within(name="mass", range=Range(low=5, high=7), precision=2), "mass in 0.05..0.07"),
        (Has(name="flags", test=Test.IS, members=("wipe", "fix")), "flags = {wipe, fix}"),
        (Has(name="flags", test=Test.ALL, members=("wipe", "fix")), "flags has all(wipe, fix)"),
        (Is(name="in_window", value=False), "in_window = n"),
    ],
)
def test_the_canonical_text_stands_still(expression: Expression, text: str) -> None:
    assert show(expression) == text
    assert parse(text, SCOPE) == expression
