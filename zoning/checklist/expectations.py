"""What a pack expects of its checklists: acts and seconds allowed, photographs, usual answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from zoning.findings import Section
from zoning.policy import Policy

ANY_CHECKLIST = "all"
PHOTOS_MAX = 12
_ACTS = ("sealed", "opened", "longest")
_NO_WEIGHTS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Acts and seconds that a unit of one category may take; `goal` is only compared.

    The figures are those of an item with `attrs`. Keys: sealed, opened, longest, seconds.
    """

    attrs: frozenset[str] = frozenset()
    allowed: Mapping[str, int] = field(default_factory=dict)
    goal: Mapping[str, int] = field(default_factory=dict)
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequencies:
    """How often each answer comes: weights by checklist (or `all`), step and option or band.

    They change no outcome, so a name that no checklist has is left for the gate to warn of.
    """

    weights: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict, compare=False)

    def of(self, checklist: str, step: str) -> Mapping[str, int]:
        """Return the weights of a step's answers; empty = all are alike."""
        for name in (checklist, ANY_CHECKLIST):
            found = self.weights.get(name, {}).get(step)
            if found is not None:
                return found
        return _NO_WEIGHTS


def read_allowances(section: Section, policy: Policy) -> dict[str, Allowance]:
    """Return the budgets of pack.toml by category."""
    column = policy.domains.get("category")
    found = {}
    for name, part in section.named("budget"):
        if column is not None and name not in column.values:
            part.place.refuse("unknown_name", {"key": "budget", "got": name})
        goal = part.table("goal")
        found[name] = Allowance(
            attrs=frozenset(_attrs(part, policy)),
            allowed=_figures(part, (*_ACTS, "seconds")),
            goal=_figures(goal, _ACTS),
            line=part.place.line,
        )
        goal.finish()
        part.finish()
    return found


def read_photos_max(section: Section) -> int:
    """Return how many photographs one unit may demand."""
    limit = section.integer("photos_max", PHOTOS_MAX)
    if limit < 0:
        want = ">= 0"
        section.place.at("photos_max").refuse(
            "bad_value", {"key": "photos_max", "got": limit, "want": want}
        )
    return limit


def read_frequencies(section: Section | None) -> Frequencies:
    """Return the weights of frequencies.toml."""
    if section is None:
        return Frequencies()
    section.one_of("format", ("frequencies/1",), "")
    weights: dict[str, dict[str, dict[str, int]]] = {}
    lines = {}
    for checklist in [name for name in section.raw if name != "format"]:
        for step, part in section.named(checklist):
            weights.setdefault(checklist, {})[step] = _weights(part)
            lines[checklist, step] = part.place.line
    section.finish()
    return Frequencies(weights=weights, lines=lines)


def _attrs(section: Section, policy: Policy) -> tuple[str, ...]:
    attrs = section.codes("attrs")
    for name in sorted(set(attrs) - set(policy.domains["attrs"].values)):
        section.place.at("attrs").refuse("unknown_name", {"key": "attrs", "got": name})
    return attrs


def _figures(section: Section, names: tuple[str, ...]) -> dict[str, int]:
    return {name: section.integer(name) for name in names if name in section.raw}


def _weights(section: Section) -> dict[str, int]:
    found = {name: section.integer(name) for name in section.raw}
    for name, weight in found.items():
        if weight < 0:
            want = ">= 0"
            section.place.at(name).refuse("bad_value", {"key": name, "got": weight, "want": want})
    return found
