"""Adds up redecided records: as many groups as policies have outcomes, however many units."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from zoning.model import Facts
from zoning.replay.past import Again, Decided, Past

PAIR_EXAMPLES = 20  # units listed of one pair of rows, unless told otherwise
PAIRS_MAX = 1000  # pairs of rows with a list; more are counted and not listed


class Group(NamedTuple):
    """What units of a group have in common. `gap` = why they cannot be compared, "" = they can."""

    policy_sha256: str
    before: Decided
    after: Decided
    gap: str
    category: str
    tenant: str

    @property
    def is_changed(self) -> bool:
        """Return whether these units get another outcome."""
        return not self.gap and self.before.differs(self.after)


@dataclass(slots=True, kw_only=True)
class Sum:
    """Units of a group, their value in minor units, and how many had one."""

    units: int = 0
    value: int = 0
    valued: int = 0

    def add(self, other: "Sum") -> None:
        """Take another sum in."""
        self.units += other.units
        self.value += other.value
        self.valued += other.valued


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A unit whose outcome changes, for the list of the report."""

    station: str
    sequence: int
    unit: str
    facts: Facts
    before: Decided
    after: Decided
    photos: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, int]:
        """Return what orders units over all stations."""
        return self.station, self.sequence


@dataclass(slots=True, kw_only=True)
class Tally:
    """Sums and a bounded list of changed units. `limit` = units listed per pair of rows."""

    limit: int = PAIR_EXAMPLES
    groups: dict[Group, Sum] = field(default_factory=dict)
    stations: dict[str, int] = field(default_factory=dict)
    examples: dict[tuple[str, str], list[Example]] = field(default_factory=dict)

    def add(self, past: Past, again: Again) -> None:
        """Count one record; records of a station come in order of sequence."""
        group = Group(
            policy_sha256=past.policy_sha256,
            before=past.decided,
            after=again.decided,
            gap=again.gap,
            category=past.category,
            tenant=past.tenant,
        )
        value = past.value
        one = Sum(units=1, value=value or 0, valued=0 if value is None else 1)
        self.count(group, one, {past.station: 1})
        if group.is_changed and self.has_room(group):
            self.show(
                Example(
                    station=past.station,
                    sequence=past.sequence,
                    unit=past.unit,
                    facts=past.facts,
                    before=past.decided,
                    after=again.decided,
                )
            )

    def count(self, group: Group, units: Sum, stations: Mapping[str, int]) -> None:
        """Count units of a group, and where they were decided."""
        self.groups.setdefault(group, Sum()).add(units)
        for station, number in stations.items():
            self.stations[station] = self.stations.get(station, 0) + number

    def has_room(self, group: Group) -> bool:
        """Return whether the next unit of this group would be listed."""
        pair = (group.before.row, group.after.row)
        listed = self.examples.get(pair)
        if listed is None:
            return len(self.examples) < PAIRS_MAX and self.limit > 0
        return len(listed) < self.limit

    def show(self, example: Example) -> None:
        """Put a unit on the list of its pair of rows."""
        self.examples.setdefault((example.before.row, example.after.row), []).append(example)

    def merge(self, other: "Tally") -> None:
        """Take in what another fold has counted over other records."""
        for group, units in other.groups.items():
            self.groups.setdefault(group, Sum()).add(units)
        for station, number in other.stations.items():
            self.stations[station] = self.stations.get(station, 0) + number
        for pair, examples in other.examples.items():
            both = [*self.examples.get(pair, ()), *examples]
            self.examples[pair] = sorted(both, key=lambda one: one.place)[: self.limit]

    def listed(self) -> Iterator[Example]:
        """Yield the listed units, pair by pair in order of rows."""
        for pair in sorted(self.examples):
            yield from self.examples[pair]

    def to_json(self) -> dict[str, Any]:
        """Return what another process reads back with `from_json`."""
        return {
            "limit": self.limit,
            "groups": [
                [*group, one.units, one.value, one.valued] for group, one in self.groups.items()
            ],
            "stations": self.stations,
            "examples": [_shown(example) for example in self.listed()],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Tally":
        """Read what `to_json` gave. Raises KeyError or ValueError for anything else."""
        found = cls(limit=value["limit"], stations=dict(value["stations"]))
        for sha256, before, after, gap, category, tenant, units, worth, valued in value["groups"]:
            group = Group(sha256, Decided(*before), Decided(*after), gap, category, tenant)
            found.groups[group] = Sum(units=units, value=worth, valued=valued)
        for example in _examples(value["examples"]):
            found.show(example)
        return found


def _shown(example: Example) -> list[Any]:
    place = [example.station, example.sequence, example.unit, example.facts.to_json()]
    return [*place, list(example.before), list(example.after)]


def _examples(rows: Iterable[Any]) -> Iterator[Example]:
    for station, sequence, unit, facts, before, after in rows:
        yield Example(
            station=station,
            sequence=sequence,
            unit=unit,
            facts=Facts.from_json(facts),
            before=Decided(*before),
            after=Decided(*after),
        )
