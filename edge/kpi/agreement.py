"""How far two graders agree beyond chance: po and kappa (Cohen 1960; linear weights 1968)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """`po` = equal pairs / pairs; `kappa` is None where chance alone agrees always; n pairs."""

    po: float | None
    kappa: float | None
    n: int


def agreement(pairs: Sequence[tuple[str, str]], scale: Sequence[str] = ()) -> Agreement:
    """Return the agreement of pairs (first, second).

    With a `scale` (best to worst) a near miss counts in part: weight 1 - distance / (len - 1);
    pairs with a value outside the scale are left out. Without one only equal values count.
    """
    if scale:
        pairs = [pair for pair in pairs if set(pair) <= set(scale)]
    n = len(pairs)
    if not n:
        return Agreement(po=None, kappa=None, n=0)
    seen = sum(_weight(a, b, scale) for a, b in pairs) / n
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(_weight(a, b, scale) * first[a] * second[b] for a in first for b in second) / (
        n * n
    )
    kappa = None if chance >= 1.0 else (seen - chance) / (1.0 - chance)
    return Agreement(po=sum(a == b for a, b in pairs) / n, kappa=kappa, n=n)


def _weight(a: str, b: str, scale: Sequence[str]) -> float:
    if len(scale) < 2:
        return float(a == b)
    return 1.0 - abs(scale.index(a) - scale.index(b)) / (len(scale) - 1)
