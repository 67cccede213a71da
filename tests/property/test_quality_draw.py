"""Who is drawn: nobody foresees it, who has the key proves it, the shares are what is said."""

from hypothesis import given
from hypothesis import strategies as st

from edge.quality import FAST_OK, RANDOM, QualityRules, drawn

keys = st.binary(min_size=32, max_size=32)
units = st.uuids().map(str)
percents = st.integers(0, 100)


@st.composite
def rules(draw: st.DrawFn) -> QualityRules:
    return QualityRules(tray="Q1", percent=draw(percents), fast_ok_percent=draw(percents))


@given(units, keys, rules(), st.booleans())
def test_the_same_unit_and_key_give_the_same_draw(
    unit: str, key: bytes, given_rules: QualityRules, is_fast: bool
) -> None:
    assert drawn(unit, key, given_rules, is_fast=is_fast) == drawn(
        unit, key, given_rules, is_fast=is_fast
    )


@given(units, keys, rules())
def test_the_random_draw_does_not_look_at_the_hurry(
    unit: str, key: bytes, given_rules: QualityRules
) -> None:
    """The rate is estimated by it alone: a fast unit must not be likelier in it."""
    slow = drawn(unit, key, given_rules, is_fast=False)
    fast = drawn(unit, key, given_rules, is_fast=True)
    assert slow in ("", RANDOM)
    assert (slow == RANDOM) == (fast == RANDOM)


@given(units, keys, percents, percents, st.booleans())
def test_a_larger_share_draws_what_a_smaller_one_drew(
    unit: str, key: bytes, one: int, other: int, is_fast: bool
) -> None:
    low, high = sorted((one, other))
    small = drawn(unit, key, QualityRules(percent=low, fast_ok_percent=0), is_fast=is_fast)
    large = drawn(unit, key, QualityRules(percent=high, fast_ok_percent=0), is_fast=is_fast)
    assert not small or large == RANDOM


@given(units, keys)
def test_none_and_all_are_exact(unit: str, key: bytes) -> None:
    nobody = QualityRules(percent=0, fast_ok_percent=0)
    fast = QualityRules(percent=0, fast_ok_percent=100)
    assert drawn(unit, key, nobody, is_fast=True) == ""
    assert drawn(unit, key, QualityRules(percent=100), is_fast=False) == RANDOM
    assert drawn(unit, key, fast, is_fast=True) == FAST_OK
    assert drawn(unit, key, fast, is_fast=False) == ""


@given(keys, st.integers(1, 99))
def test_of_many_units_the_share_is_drawn(key: bytes, percent: int) -> None:
    """Twenty thousand would be exact; at two thousand six standard deviations are no chance."""
    n = 2_000
    rules_of = QualityRules(percent=percent, fast_ok_percent=0)
    hits = sum(bool(drawn(f"unit-{i}", key, rules_of, is_fast=False)) for i in range(n))
    share = percent / 100
    assert abs(hits - n * share) <= 6 * (n * share * (1 - share)) ** 0.5 + 1


def test_another_key_draws_other_units() -> None:
    rules_of = QualityRules(percent=50)
    one, other = (
        {i for i in range(400) if drawn(f"u{i}", bytes([k]) * 32, rules_of, is_fast=False)}
        for k in (1, 2)
    )
    assert 50 < len(one ^ other) < 350
