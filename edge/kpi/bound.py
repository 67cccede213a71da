"""Exact one-sided 95 % bound of a rate (Clopper and Pearson, Biometrika 26, 1934)."""

from math import exp, lgamma, log
from typing import Final

RISK: Final = 0.05
_STEPS: Final = 60  # halvings: far below what a float can tell apart
_NEGLIGIBLE: Final = 1e-18


def upper_bound(k: int, n: int) -> float:
    """Return U with P(Bin(n, U) <= k) = 0.05: the rate is not above U, at 95 %.

    `k` of `n` were counted. Raises ValueError where 0 <= k <= n, n >= 1 does not hold.
    """
    _check(k, n)
    if k == n:
        return 1.0
    low, high = k / n, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(k, n, middle) > RISK else (low, middle)
    return high


def lower_bound(k: int, n: int) -> float:
    """Return L with P(Bin(n, L) >= k) = 0.05: the rate is not below L, at 95 %.

    Raises ValueError as `upper_bound`.
    """
    return 1.0 - upper_bound(n - k, n)


def tail(k: int, n: int, p: float) -> float:
    """Return P(Bin(n, p) <= k) for k/n <= p: its terms fall from k downwards, none is skipped."""
    if p >= 1.0:
        return float(k >= n)
    if p <= 0.0:
        return 1.0
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    term = exp(ways + k * log(p) + (n - k) * log(1.0 - p))
    total, ratio = term, (1.0 - p) / p
    for i in range(k, 0, -1):
        term *= ratio * i / (n - i + 1)
        total += term
        if term < total * _NEGLIGIBLE:
            break
    return total


def checks_needed(k: int, limit: float) -> int:
    """Return the fewest checked units that prove a rate below `limit` with `k` wrong ones.

    Raises ValueError for a limit outside 0 to 1.
    """
    if not 0.0 < limit < 1.0:
        raise ValueError(f"limit: {limit} is not between 0 and 1")
    low, high = k, max(1, 2 * k)
    while upper_bound(k, high) >= limit:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if upper_bound(k, middle) < limit else (middle, high)
    return high


def _check(k: int, n: int) -> None:
    if not 0 <= k <= n or n < 1:
        raise ValueError(f"{k} of {n} is no rate")
