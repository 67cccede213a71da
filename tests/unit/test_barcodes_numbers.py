from pathlib import Path

import pytest

from edge.barcodes.checks import has_luhn, has_mod10, has_s10, upce_expanded
from edge.barcodes.numbers import compile_rules, problems, read_rows
from edge.catalogue import NumberRule

SHIPPED = Path(__file__).parents[2] / "config" / "barcodes.toml"


def test_every_shipped_row_fits_its_examples_alone() -> None:
    rows = read_rows(SHIPPED.read_text("utf-8"))
    assert len(rows) >= 6
    assert problems(rows) == ()


def test_two_rows_of_one_kind_that_fit_one_example_are_reported() -> None:
    rows = (
        NumberRule(name="a", kind="rma", regex="[0-9]{5}", examples=("12345",)),
        NumberRule(name="b", kind="rma", regex="[0-9]{4,6}"),
    )
    assert problems(rows) == ("number a: example '12345' fits a, b of one kind",)


def test_a_counter_example_that_fits_is_reported() -> None:
    rows = (NumberRule(name="a", kind="rma", regex="[0-9]+", counter_examples=("1",)),)
    assert problems(rows) == ("number a: counter example '1' fits",)


@pytest.mark.parametrize("regex", ["(a+)+", "(?:[0-9]*)*", "[0-9", "Я", "a" * 201, "(a{2,9}){2,9}"])
def test_a_pattern_that_could_run_away_is_refused(regex: str) -> None:
    with pytest.raises(ValueError, match="number x: regex"):
        compile_rules((NumberRule(name="x", kind="rma", regex=regex),))


@pytest.mark.parametrize(
    "text", ["[[number]]\nname='a'\nkind='rma'", "[[nummer]]\n", "[[number]]\nname='a'\nfoo=1"]
)
def test_a_row_with_missing_or_unknown_keys_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"missing|unknown"):
        read_rows(text)


def test_a_group_named_value_cuts_out_what_is_looked_up() -> None:
    rule = compile_rules((NumberRule(name="x", kind="rma", regex="R:(?P<value>[a-z]{3})"),))[0]
    assert rule.value_of("r:abc") == "ABC"


def test_check_digits_follow_their_standards() -> None:
    assert has_mod10("4607112010017")
    assert not has_mod10("4607112010018")
    assert not has_mod10("²")
    assert has_luhn("490154203237518")
    assert not has_luhn("490154203237517")
    assert has_s10("RB123456785RU")
    assert not has_s10("RB123456784RU")


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("04252614", "042100005264"),
        ("01234531", "012300000451"),
        ("01234542", "012340000052"),
        ("01234556", "012345000056"),
    ],
)
def test_upc_e_expands_to_upc_a(short: str, long: str) -> None:
    assert upce_expanded(short) == long[:11] + short[-1]


@pytest.mark.parametrize(
    "regex",
    ["(a*a)+", "(a+)*b", "((a{1,3}))+", "(a|b*){2,9}", "(?:x[0-9]*y)+", "(a*)?(b(c+)d)*"],
)
def test_a_repeat_inside_a_repeat_is_refused_however_it_is_written(regex: str) -> None:
    with pytest.raises(ValueError, match="inside a repeat"):
        compile_rules([NumberRule(name="x", kind="rma", regex=regex)])


@pytest.mark.parametrize("regex", ["a*a*a*b", "[0-9]+[0-9]+[0-9]+x", "a{0,60}a{0,60}a{0,60}b"])
def test_open_lengths_that_multiply_are_refused(regex: str) -> None:
    with pytest.raises(ValueError, match="open lengths"):
        compile_rules([NumberRule(name="x", kind="rma", regex=regex)])


@pytest.mark.parametrize(
    "regex",
    ["[A-Z]{2}[0-9]{9}[A-Z]{2}", r"(?P<value>[0-9]{6,10})-[0-9]{1,2}", r"\(a+\)+", "[(*+]{1,9}",
     "(ab){2}", "(ab)+c", "x(y[0-9]{4})?"],
)  # fmt: skip
def test_bounded_patterns_are_taken(regex: str) -> None:
    (rule,) = compile_rules([NumberRule(name="x", kind="rma", regex=regex)])
    assert rule.pattern.pattern == regex
