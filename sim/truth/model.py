"""Values of the ground truth: articles, defects, units, parcels."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One row of the item master. `gtin` has 13 digits; money in kopecks."""

    gtin: str
    category: str
    ru: str
    en: str
    value_minor: int
    attrs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is true of a unit and where the policy must send it.

    `answers` = option or number by step, where it differs from the good answer;
    `marks` = wanted level by exception step; `seal_by_put` = the tray scan answers the seal.
    """

    name: str
    weight: int
    articles: str
    zone: str
    disposition: str
    answers: Mapping[str, str | int] = field(default_factory=dict)
    marks: Mapping[str, int] = field(default_factory=dict)
    seal_by_put: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One physical piece. `scan` is what its label says, `aim` the symbol it is printed in.

    `serial` is the one sold; the label of a swapped piece carries another.
    """

    article: Article
    scenario: Scenario
    rma: str
    line: str
    scan: str
    aim: str
    serial: str = ""

    @property
    def is_missing(self) -> bool:
        """Return whether the box does not hold it."""
        return self.scenario.name == "missing"

    @property
    def is_undeclared(self) -> bool:
        """Return whether nobody announced it."""
        return self.scenario.name == "undeclared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One box with its number, as printed (`code`, `aim`) and as the feeds know it (`tracking`)."""

    tracking: str
    code: str
    aim: str
    carrier: str
    rma: str
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Everything that will come to the bench."""

    articles: tuple[Article, ...]
    parcels: tuple[Parcel, ...]
