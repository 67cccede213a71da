"""The masks of one fact column: what each of its values says about every bit."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from zoning.model import Domain, Members, Range, Value

INTERVALS_KEPT = 1024  # per number column; full: emptied, a mask is put together again


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumColumn:
    """Masks of the values of an enum."""

    blank: int
    masks: Mapping[Value, int]
    domain: Domain

    def mask(self, value: Value) -> int:
        """Return the mask of a value; 0 = out of the domain."""
        return self.masks.get(value, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolColumn:
    """Masks of yes and no."""

    blank: int
    yes: int
    no: int

    def mask(self, value: Value) -> int:
        """Return the mask of a value; 0 = neither yes nor no (1 and 0 are numbers)."""
        return self.yes if value is True else self.no if value is False else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberColumn:
    """Masks of the intervals between cuts: all numbers between two cuts are alike."""

    blank: int
    free: int
    width: int
    limits: Range
    cuts: Sequence[int]
    accepted: tuple[int, ...]
    kept: dict[int, int] = field(default_factory=dict)

    def mask(self, value: Value) -> int:
        """Return the mask of a number; 0 = out of the domain."""
        if not isinstance(value, int) or isinstance(value, bool):
            return 0
        at = bisect_right(self.cuts, value)
        found = self.kept.get(at)
        return self._keep(at, value) if found is None else found

    def _keep(self, at: int, value: int) -> int:
        if len(self.kept) >= INTERVALS_KEPT:
            self.kept.clear()
        is_held = value in self.limits
        self.kept[at] = self.free | twice(self.accepted[at], self.width) if is_held else 0
        return self.kept[at]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a set cell asks for: none of `banned`, and of every group at least one.

    `single` = the members of its only group, one by one; empty for none or several groups.
    """

    banned: frozenset[str]
    groups: tuple[tuple[str, ...], ...]
    single: tuple[tuple[str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetColumn:
    """Masks of partly known sets, from the weights of their members.

    A weight has layers: what a member adds to the first group of each cell, above it to the second,
    and so on (`further` = where these begin), and on `top` what it takes away.
    """

    blank: int
    whole: int
    base: int
    present: Mapping[str, int]
    unknown: Mapping[str, int]
    further: tuple[int, ...]
    top: int
    lasting: int
    needs: Mapping[int, Need]

    def mask(self, value: Value) -> int:
        """Return the mask of a set; 0 = no set, or a member both present and unknown.

        Raises KeyError for a member that is not declared.
        """
        if not isinstance(value, Members):
            return 0
        if value.unknown and not value.unknown.isdisjoint(value.present):
            return 0
        return self.settled(self.weighed(value))

    def weighed(self, value: Members) -> int:
        """Return the weight of a set. More members may be added to it (by OR) in any order."""
        found = self.base
        for member in value.present:
            found |= self.present[member]
        for member in value.unknown:
            found |= self.unknown[member]
        return found

    def settled(self, weight: int) -> int:
        """Return the mask of a weight: every group is met and nothing banned is there."""
        found = weight & self.whole & ~(weight >> self.top)
        for layer in self.further:
            found &= weight >> layer
        return found


Column: TypeAlias = EnumColumn | BoolColumn | NumberColumn | SetColumn


def union(bits: Iterable[int]) -> int:
    """Return all bits of several masks."""
    found = 0
    for bit in bits:
        found |= bit
    return found


def twice(bits: int, width: int) -> int:
    """Return bits in both halves of a mask."""
    return bits | bits << width
