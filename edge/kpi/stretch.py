"""A stretch of the bench's day, counted piece by piece as it goes on.

When a piece says more, or something it said is taken back, its old share goes out and the new one
comes in: what a second costs does not grow with the day.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from edge.events import Milliseconds

RECENT: Final = 12
DEFECTS: Final = 4

Named = Callable[[str, str, str, str], Mapping[str, str] | None]
"""Digest of a policy pack, checklist, step, answer → the defect's name, None where it is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """An answer that is not as it should be, and of how many pieces it was given."""

    name: Mapping[str, str]
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Means of `n` pieces: acts, and seconds of a piece in three parts.

    `seconds` = active + waiting for the station; an interruption is no work on it. `recent` =
    seconds of the newest pieces, oldest first. With n = 0 nothing was measured.
    """

    n: int = 0
    acts: float = 0.0
    seconds: float = 0.0
    active: float = 0.0
    waiting: float = 0.0
    interrupted: float = 0.0
    best: float = 0.0
    recent: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A piece was done at this moment, UTC ms; its time in three parts, its acts."""

    at_ms: int
    ms: Milliseconds
    acts: int

    @property
    def worked_ms(self) -> int:
        """Return what was work on it, and waiting for the station."""
        return self.ms.active + self.ms.waiting


@dataclass(slots=True)
class Piece:
    """What stands of one piece, by the id of the event that said it."""

    puts: dict[str, tuple[int, str]] = field(default_factory=dict)
    closed: dict[str, Closed] = field(default_factory=dict)
    answers: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    rules: tuple[str, str] = ("", "")
    missing: set[str] = field(default_factory=set)

    def forget(self, event: str) -> None:
        """Leave out what an event said that does not stand."""
        for said in (self.puts, self.closed, self.answers):
            said.pop(event, None)
        self.missing.discard(event)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """What one piece adds to a stretch; without a zone it was not put in it."""

    zone: str = ""
    is_missing: bool = False
    defects: tuple[tuple[str, ...], ...] = ()
    closed: tuple[Closed, ...] = ()


class Stretch:
    """Counts what happened at or after a time, UTC ms."""

    def __init__(self, since_ms: int, named: Named) -> None:
        self.times = Times()
        self.missing = 0
        self._since_ms = since_ms
        self._named = named
        self._shares: dict[str, _Share] = {}
        self._zones: Counter[str] = Counter()
        self._defects: Counter[tuple[str, ...]] = Counter()
        self._names: dict[tuple[str, ...], Mapping[str, str]] = {}

    def look(self, unit: str, piece: Piece) -> None:
        """Count a piece as it is now, and no longer as it was."""
        self._count(self._shares.get(unit, _Share()), -1)
        self._shares[unit] = share = self._share_of(piece)
        self._count(share, +1)

    @property
    def zones(self) -> Mapping[str, int]:
        """Return how many pieces were put into each zone."""
        return {zone: n for zone, n in self._zones.items() if n}

    @property
    def defects(self) -> tuple[Defect, ...]:
        """Return the most frequent ones; of one piece each step counts once a step."""
        found = sorted((-n, key) for key, n in self._defects.items() if n)
        return tuple(Defect(name=self._names[key], n=-n) for n, key in found[:DEFECTS])

    def _share_of(self, piece: Piece) -> _Share:
        closed = tuple(one for one in piece.closed.values() if one.at_ms >= self._since_ms)
        put_ms, zone = max(piece.puts.values(), default=(-1, ""))
        if not zone or put_ms < self._since_ms:
            return _Share(closed=closed)
        defects = tuple(self._defects_of(piece))
        return _Share(zone=zone, is_missing=bool(piece.missing), defects=defects, closed=closed)

    def _defects_of(self, piece: Piece) -> Iterator[tuple[str, ...]]:
        for step, answer in (pair for given in piece.answers.values() for pair in given):
            name = self._named(*piece.rules, step, answer)
            if name is not None:
                key = tuple(name.values())
                self._names[key] = name
                yield key

    def _count(self, share: _Share, sign: int) -> None:
        if share.zone:
            self._zones[share.zone] += sign
        self.missing += sign * share.is_missing
        for key in share.defects:
            self._defects[key] += sign
        for closed in share.closed:
            self.times.count(closed, sign)


class Times:
    """Sums of pieces' times, with the quickest and the newest at hand."""

    def __init__(self) -> None:
        self._sums: Counter[str] = Counter()
        self._worked: list[int] = []  # ms, sorted
        self._order: list[tuple[int, int]] = []  # when closed, worked ms; sorted

    def count(self, closed: Closed, sign: int) -> None:
        """Take a piece in (+1) or out again (-1)."""
        ms, worked_ms = closed.ms, closed.worked_ms
        self._sums["acts"] += sign * closed.acts
        self._sums["active"] += sign * ms.active
        self._sums["waiting"] += sign * ms.waiting
        self._sums["interrupted"] += sign * ms.interrupted
        if sign > 0:
            insort(self._worked, worked_ms)
            insort(self._order, (closed.at_ms, worked_ms))
        else:
            del self._worked[bisect_left(self._worked, worked_ms)]
            del self._order[bisect_left(self._order, (closed.at_ms, worked_ms))]

    def pace(self) -> Pace:
        """Return the means."""
        n = len(self._worked)
        if not n:
            return Pace()
        sums = self._sums
        return Pace(
            n=n,
            acts=sums["acts"] / n,
            seconds=(sums["active"] + sums["waiting"]) / n / 1000,
            active=sums["active"] / n / 1000,
            waiting=sums["waiting"] / n / 1000,
            interrupted=sums["interrupted"] / n / 1000,
            best=self._worked[0] / 1000,
            recent=tuple(round(worked_ms / 1000) for _, worked_ms in self._order[-RECENT:]),
        )
