"""What a candidate's shadow says so far: disagreement per row with its exact bound. Pure."""

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

EXAMPLES_MAX: Final = 20
CONFIDENCE: Final = 0.95
_OUTPUTS: Final = ("zone", "disposition", "refund", "move")
_STEPS: Final = 60  # halvings: more digits than a float has


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReport:
    """Units that a row of the active policy decided, and for how many the candidate differs."""

    row: str
    units: int
    differ: int

    @property
    def bound(self) -> float:
        """Return the one-sided 95 % upper bound of the share that differs."""
        return upper_bound(self.differ, self.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowReport:
    """Newest verdict of each unit that the candidate decided too.

    `not_comparable` = the active checklist had no such fact; `elsewhere` = decided by another
    pack than `base`. `examples` hold sequence, unit and both outcomes.
    """

    candidate: str
    base: str
    rows: tuple[RowReport, ...]
    not_comparable: int
    elsewhere: int
    examples: tuple[dict[str, Any], ...]

    @property
    def units(self) -> int:
        """Return how many units can be compared."""
        return sum(row.units for row in self.rows)

    @property
    def differ(self) -> int:
        """Return for how many of them the candidate differs."""
        return sum(row.differ for row in self.rows)

    @property
    def bound(self) -> float:
        """Return the one-sided 95 % upper bound of the share that differs."""
        return upper_bound(self.differ, self.units)

    def to_json(self) -> dict[str, Any]:
        """Return the report for programs; shares in permille, rounded up."""
        return {
            "format": "shadow/1",
            "candidate": self.candidate,
            "base": self.base,
            "units": self.units,
            "differ": self.differ,
            "bound_permille": math.ceil(self.bound * 1000),
            "not_comparable": self.not_comparable,
            "elsewhere": self.elsewhere,
            "rows": [
                {
                    "row": row.row,
                    "units": row.units,
                    "differ": row.differ,
                    "bound_permille": math.ceil(row.bound * 1000),
                }
                for row in self.rows
            ],
            "examples": list(self.examples),
        }


def shadow_report(
    bodies: Iterable[tuple[int, bytes]], *, candidate: str, base: str
) -> ShadowReport:
    """Count over sequence and body of `verdict.made` events, in order."""
    newest: dict[str, tuple[int, dict[str, Any], dict[str, Any]]] = {}
    for seq, body in bodies:
        data = json.loads(body)["data"]
        said = next((one for one in data.get("shadow", ()) if one["sha256"] == candidate), None)
        if said is not None:
            newest[data["unit"]] = (seq, data, said)
    units: Counter[str] = Counter()
    differ: Counter[str] = Counter()
    not_comparable = elsewhere = 0
    examples: list[dict[str, Any]] = []
    for unit, (seq, data, said) in newest.items():
        if data["policy"]["sha256"] != base:
            elsewhere += 1
        elif said["gap"]:
            not_comparable += 1
        else:
            units[data["row"]] += 1
            if any(data[name] != said[name] for name in _OUTPUTS):
                differ[data["row"]] += 1
                examples.append(_example(seq, unit, data, said))
    rows = (RowReport(row=row, units=n, differ=differ[row]) for row, n in sorted(units.items()))
    return ShadowReport(
        candidate=candidate,
        base=base,
        rows=tuple(rows),
        not_comparable=not_comparable,
        elsewhere=elsewhere,
        examples=tuple(examples[-EXAMPLES_MAX:]),
    )


def _example(seq: int, unit: str, active: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    names = ("row", *_OUTPUTS)
    return {
        "sequence": seq,
        "unit": unit,
        "active": {name: active[name] for name in names},
        "candidate": {name: said[name] for name in names},
    }


def upper_bound(k: int, n: int) -> float:
    """Return U with P(Bin(n, U) <= k) = 0.05: Clopper–Pearson, one-sided; 1 without any case."""
    if k >= n:
        return 1.0
    low, high = k / n, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _at_most(k, n, middle) > 1 - CONFIDENCE:
            low = middle
        else:
            high = middle
    return high


def _at_most(k: int, n: int, p: float) -> float:
    """P(Bin(n, p) <= k) for p >= k/n: from the greatest term down, until they count no more."""
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    greatest = math.exp(ways + k * math.log(p or 1.0) + (n - k) * math.log1p(-min(p, 1 - 1e-16)))
    term = total = 1.0
    for i in range(k, 0, -1):
        term *= i * (1 - p) / ((n - i + 1) * p)
        total += term
        if term < total * 1e-17:
            break
    return greatest * total
