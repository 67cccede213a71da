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

    @classmethod
    def of(cls, past: Past, again: Again) -> "Group":
        """Return the group of a record."""
        return cls(
            past.policy_sha256, past.decided, again.decided, again.gap, past.category, past.tenant
        )


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
        group = Group.of(past, again)
        self.count(group, past.value, past.station)
        if self.is_shown(group):
            self.show(example_of(past, again.decided))

    def count(self, group: Group, value: int | None, station: str) -> None:
        """Count one unit; `value` None = nobody knew it."""
        units = self.groups.get(group)
        if units is None:
            units = self.groups[group] = Sum()
        units.units += 1
        if value is not None:
            units.value += value
            units.valued += 1
        self.stations[station] = self.stations.get(station, 0) + 1

    def is_shown(self, group: Group) -> bool:
        """Return whether the next unit of this group belongs on the list."""
        if not group.is_changed:
            return False
        listed = self.examples.get((group.before.row, group.after.row))
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


def example_of(past: Past, after: Decided) -> Example:
    """Return a record for the list of changed units."""
    return Example(
        station=past.station,
        sequence=past.sequence,
        unit=past.unit,
        facts=past.facts,
        before=past.decided,
        after=after,
    )


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
