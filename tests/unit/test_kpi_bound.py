"""The exact bound and the agreement of graders, against known figures and plain counting."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.kpi.agreement import agreement
from edge.kpi.bound import checks_needed, lower_bound, upper_bound

GRADES = ("A", "B", "C", "D")


def exact_tail(k: int, n: int, p: Fraction) -> Fraction:
    """P(Bin(n, p) <= k) without rounding."""
    return sum((comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1)), Fraction(0))


@pytest.mark.parametrize(
    ("k", "n", "bound", "digits"),
    [
        (0, 100, 0.0295, 4),
        (0, 298, 0.01000, 5),
        (0, 299, 0.00997, 5),
        (0, 320, 0.00932, 5),
        (9, 1000, 0.01565, 5),
    ],
)
def test_bounds_are_the_published_ones(k: int, n: int, bound: float, digits: int) -> None:
    assert round(upper_bound(k, n), digits) == bound


@pytest.mark.parametrize(
    ("k", "n"),
    [(0, 299), (1, 473), (2, 628), (3, 773), (4, 913), (5, 1049), (8, 1441), (10, 1693)],
)
def test_so_many_checks_prove_less_than_one_in_a_hundred(k: int, n: int) -> None:
    assert checks_needed(k, 0.01) == n
    assert upper_bound(k, n) < 0.01 <= upper_bound(k, n - 1)


@given(st.integers(0, 40).flatmap(lambda k: st.tuples(st.just(k), st.integers(k + 1, 60))))
def test_the_bound_is_where_the_tail_is_five_in_a_hundred(case: tuple[int, int]) -> None:
    k, n = case
    bound = upper_bound(k, n)
    assert float(exact_tail(k, n, Fraction(bound))) == pytest.approx(0.05, abs=1e-9)
    assert k / n < bound < 1
    assert lower_bound(n - k, n) == 1 - bound


def test_no_error_at_all_has_the_bound_of_the_closed_form() -> None:
    for n in (1, 7, 300, 100_000):
        assert upper_bound(0, n) == pytest.approx(1 - 0.05 ** (1 / n), rel=1e-9)
    assert (upper_bound(5, 5), lower_bound(0, 5)) == (1.0, 0.0)


@pytest.mark.parametrize(("k", "n"), [(0, 0), (2, 1), (-1, 5)])
def test_what_is_no_rate_is_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="no rate"):
        upper_bound(k, n)


@pytest.mark.parametrize("limit", [0.0, 1.0, -0.5])
def test_what_is_no_limit_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match="limit"):
        checks_needed(0, limit)


def test_agreement_of_a_table_counted_by_hand() -> None:
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: po 0.7, chance 0.5, kappa 0.4."""
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    found = agreement(pairs)
    assert (found.po, found.n) == (0.7, 50)
    assert found.kappa == pytest.approx(0.4)


def test_a_near_miss_counts_in_part() -> None:
    """A-A and A-B: seen (1 + 2/3) / 2 = 5/6, chance the same: no better than chance."""
    near = agreement([("A", "A"), ("A", "B")], GRADES)
    assert near.po == 0.5
    assert near.kappa == pytest.approx(0.0)
    far = agreement([("A", "A"), ("D", "D"), ("A", "B")], GRADES)
    # seen (1 + 1 + 2/3) / 3 = 8/9; chance (2 * (1 + 2/3 + 0) + (0 + 1/3 + 1)) / 9 = 14/27
    assert far.kappa == pytest.approx((8 / 9 - 14 / 27) / (1 - 14 / 27))


def test_who_always_says_the_same_proves_nothing_by_agreeing() -> None:
    assert agreement([("A", "A")] * 9, GRADES).kappa is None


def test_what_has_no_grade_is_no_pair_of_grades() -> None:
    assert agreement([("A", ""), ("", ""), ("B", "B")], GRADES).n == 1
    assert agreement([], GRADES).po is None
