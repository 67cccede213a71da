"""What a key figure is: a value or "not measured", of how many, in which unit, and its bound."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from edge.kpi.bound import lower_bound, upper_bound

_NAMES: Final = {50: "median", 100: "max"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number. `value` None = not measured; `n` = of how many; `by` and `of` name a group.

    `unit`: share (0 to 1), ms, count, acts, characters, kappa. `statistic`: share, mean, median,
    p90, p99, max, count, po, kappa. A share of counted things has `k` and its exact one-sided
    95 % bound: `upper` = not above, `lower` = not below.
    """

    name: str
    statistic: str
    unit: str
    n: int
    value: float | None = None
    k: int | None = None
    upper: float | None = None
    lower: float | None = None
    by: str = ""
    of: str = ""


def rate(name: str, k: int, n: int, *, by: str = "", of: str = "") -> Figure:
    """Return a share of what should not be, with its upper bound."""
    share = _share(name, k, n, by=by, of=of)
    return replace(share, upper=upper_bound(k, n)) if n else share


def good_rate(name: str, k: int, n: int, *, by: str = "", of: str = "") -> Figure:
    """Return a share of what should be, with its lower bound."""
    share = _share(name, k, n, by=by, of=of)
    return replace(share, lower=lower_bound(k, n)) if n else share


def _share(name: str, k: int, n: int, *, by: str, of: str) -> Figure:
    return Figure(
        name=name,
        statistic="share",
        unit="share",
        n=n,
        value=k / n if n else None,
        k=k if n else None,
        by=by,
        of=of,
    )


def mean(name: str, unit: str, values: Sequence[int]) -> Figure:
    """Return the mean of something counted per unit."""
    n = len(values)
    value = sum(values) / n if n else None
    return Figure(name=name, statistic="mean", unit=unit, n=n, value=value)


def spread(
    name: str, values: Sequence[int], percents: Sequence[int], *, by: str = "", of: str = ""
) -> tuple[Figure, ...]:
    """Return percentiles of durations, ms; 50 is called the median, 100 the maximum."""
    ordered = sorted(values)
    return tuple(
        Figure(
            name=name,
            statistic=_NAMES.get(percent, f"p{percent}"),
            unit="ms",
            n=len(ordered),
            value=percentile(ordered, percent),
            by=by,
            of=of,
        )
        for percent in percents
    )


def percentile(ordered: Sequence[int], percent: int) -> int | None:
    """Return the smallest value that `percent` of 100 do not exceed (nearest rank), None of none.

    `ordered` rises. No value is made up between two that were measured.
    """
    if not ordered:
        return None
    return ordered[max(1, -(-percent * len(ordered) // 100)) - 1]
