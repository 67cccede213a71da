"""The condition language: what it accepts, how it prints, how unknown spreads."""

import pytest

from zoning.grammar import GrammarError, parse, read_range, show, truth
from zoning.model import Domain, Kind, Members, Range, Value

SCOPE = {
    "grade": Domain(kind=Kind.ENUM, values=("A", "B", "C", "D"), ordered=True),
    "seal": Domain(kind=Kind.ENUM, values=("sealed", "opened", "missing")),
    "in_window": Domain(kind=Kind.BOOL),
    "value": Domain(kind=Kind.INT, range=Range(low=0, high=1000)),
    "mass": Domain(kind=Kind.DECIMAL, range=Range(low=0, high=9999), precision=2),
    "flags": Domain(kind=Kind.SET, values=("wipe", "fix", "sharp")),
}


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("seal = 'sealed'", "seal = 'sealed'"),
        ("seal != 'sealed'", "seal in {'opened', 'missing'}"),
        ("grade >= 'C'", "grade in {'C', 'D'}"),
        ("seal in {'missing','sealed'}", "seal in {'sealed', 'missing'}"),
        ("in_window != n", "in_window = y"),
        ("value < 5", "value <= 4"),
        ("value in 1..<5", "value in 1..4"),
        ("value != 5", "not value in 5..5"),
        ("mass >= 1.5", "mass >= 1.50"),
        ("mass in -0.05..0.5", "mass in -0.05..0.50"),
        ("flags has any(sharp, wipe)", "flags has any(wipe, sharp)"),
        ("flags = {}", "flags = {}"),
        ("flags = {fix}", "flags = {fix}"),
        ("not (true or false)", "not (true or false)"),
        ("answered(seal) and true", "answered(seal) and true"),
        (
            "grade = 'A' or grade = 'B' and not flags has none(fix)",
            "grade = 'A' or (grade = 'B' and not flags has none(fix))",
        ),
    ],
)
def test_an_expression_prints_canonically(text: str, printed: str) -> None:
    assert show(parse(text, SCOPE)) == printed
    assert parse(printed, SCOPE) == parse(show(parse(printed, SCOPE)), SCOPE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "seal",
        "seal =",
        "seal = sealed",
        "seal = 'ajar'",
        "seal < 'opened'",
        "seal ~ 'opened'",
        "nose = 'long'",
        "and = 'x'",
        "value = 'five'",
        "value = 1.5",
        "value in 5..<5",
        "value in 1,5",
        "value + 1",
        "in_window = yes",
        "flags has some(fix)",
        "flags has any()",
        "flags any(fix)",
        "(true",
        "true)",
        "true true",
        "f(x)",
        "answered(nose)",
        "value < 99999999999999999999",
        "(" * 17 + "true" + ")" * 17,
        "not " * 17 + "true",
        " or ".join(["in_window = y"] * 65),
        "in_window = y" + " " * 8192,
        "seal = 'sealed' ; drop",
    ],
)
def test_a_wrong_expression_is_refused_in_both_languages(text: str) -> None:
    with pytest.raises(GrammarError) as caught:
        parse(text, SCOPE)
    assert caught.value.ru
    assert caught.value.en


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("value < 5 and false", False),
        ("value < 5 or true", True),
        ("value < 5 and true", None),
        ("not value < 5", None),
        ("flags has any(wipe, fix)", True),
        ("flags has any(fix)", None),
        ("flags has any(sharp)", False),
        ("flags has all(wipe, fix)", None),
        ("flags has all(wipe, sharp)", False),
        ("flags has none(wipe)", False),
        ("flags has none(fix)", None),
        ("flags has none(sharp)", True),
        ("flags = {wipe}", None),
        ("flags = {wipe, fix}", None),
        ("flags = {fix}", False),
        ("flags = {wipe, sharp}", False),
        ("answered(seal)", True),
        ("answered(grade)", False),
    ],
)
def test_unknown_spreads_only_where_it_matters(text: str, expected: bool | None) -> None:
    values: dict[str, Value] = {
        "flags": Members(present=frozenset({"wipe"}), unknown=frozenset({"fix"}))
    }
    assert truth(parse(text, SCOPE), values, {"seal"}) is expected


@pytest.mark.parametrize("text", ["", "..", "1..", "5..1", ">", "1-2", "mar1", "1..2..3"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(GrammarError):
        read_range(text)
