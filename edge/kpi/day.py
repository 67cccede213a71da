"""The bench's day so far, event by event: what its screen tells while the work goes on.

An event that a correction took back is left out, as in the book. Nothing is counted per person: a
shift is a stretch of the day. Test pieces and training never count.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final

from edge.events import (
    ADJUDICATED,
    CorrectionMade,
    Event,
    InspectionFinished,
    Milliseconds,
    PhotoMissing,
    PutConfirmed,
    UnitClosed,
    VerdictChanged,
    VerdictMade,
)
from edge.kpi.book import RECHECKED
from edge.kpi.bound import upper_bound

PAUSE_MS: Final = 60_000  # a longer gap between two pieces is no work
RECENT: Final = 12
DEFECTS: Final = 4
BEGINS: Final = frozenset(
    ("operator.in", "operator.handover", "parcel.opened", "parcel.closed", "unit.opened")
)
KINDS: Final = BEGINS | frozenset(
    (
        *("operator.out", "unit.closed", "put.confirmed", "inspection.finished", "verdict.made"),
        *("verdict.changed", "photo.missing", "correction.made", RECHECKED),
    )
)
"""The kinds that say something here; others need not be read."""

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
class DayFigures:
    """Figures of a stretch that is not over.

    `wrong` of `checked` random second looks found an error; `upper` = the rate is not above it, at
    95 %, None without a second look.
    """

    zones: Mapping[str, int]
    pace: Pace
    units: int = 0
    parcels: int = 0
    pause_min: int = 0
    corrections: int = 0
    supervised: int = 0
    photos_missing: int = 0
    defects: tuple[Defect, ...] = ()
    wrong: int = 0
    checked: int = 0
    upper: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Closed:
    at_ms: int
    ms: Milliseconds
    acts: int


@dataclass(slots=True)
class _Unit:
    """What stands of one piece, by the id of the event that said it."""

    puts: dict[str, tuple[int, str]] = field(default_factory=dict)
    closed: dict[str, _Closed] = field(default_factory=dict)
    answers: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    rules: tuple[str, str] = ("", "")
    missing: set[str] = field(default_factory=set)

    @property
    def put_ms(self) -> int:
        """Return when it was put last, -1 when it is not put."""
        return max((at for at, _ in self.puts.values()), default=-1)

    @property
    def zone(self) -> str:
        """Return where it was put last."""
        return max(self.puts.values())[1]

    def forget(self, event: str) -> None:
        """Leave out what an event said that does not stand."""
        for said in (self.puts, self.closed, self.answers):
            said.pop(event, None)
        self.missing.discard(event)


class Day:
    """Takes the events of KINDS in the order of the journal."""

    def __init__(self) -> None:
        self._units: dict[str, _Unit] = {}
        self._parcels: dict[str, int] = {}
        self._corrections: list[tuple[int, bool]] = []
        self._allowed: dict[str, int] = {}
        self._pauses: list[tuple[int, int]] = []
        self._checks: list[tuple[int, bool]] = []
        self._busy_until_ms = 0

    def take(self, event: Event) -> None:
        """Take one event."""
        if event.data.get("audit") or event.data.get("mode", "live") != "live":
            return
        self._pace(event)
        match event.payload:
            case CorrectionMade() as correction:
                self._take_back(event, correction)
            case VerdictChanged(by="supervisor", reason=reason) if reason != ADJUDICATED:
                self._allowed[event.id] = event.time_ms
            case _ if event.kind == RECHECKED:
                self._checked(event)
            case _ if event.kind == "parcel.closed":
                self._parcels[event.id] = event.time_ms
        if event.unit:
            self._about(self._units.setdefault(event.unit, _Unit()), event)

    def _about(self, unit: _Unit, event: Event) -> None:
        match event.payload:
            case PutConfirmed(zone=zone):
                unit.puts[event.id] = (event.time_ms, zone)
            case UnitClosed(ms=ms, acts_n=acts):
                unit.closed[event.id] = _Closed(at_ms=event.time_ms, ms=ms, acts=acts)
            case InspectionFinished(answers=answers):
                given = ((one.step, str(one.answer)) for one in answers if one.by != "default")
                unit.answers = {event.id: tuple(given)}
            case VerdictMade() as verdict:
                unit.rules = (verdict.policy.sha256, verdict.checklist.id)
            case PhotoMissing(supervisor=supervisor):
                unit.missing.add(event.id)
                if supervisor:
                    self._allowed[event.id] = event.time_ms

    def _take_back(self, event: Event, correction: CorrectionMade) -> None:
        """Each event of an act has a correction of its own; the first of them is the act."""
        if event.cause is None and correction.reason != ADJUDICATED:
            self._corrections.append((event.time_ms, bool(correction.supervisor)))
        self._parcels.pop(correction.of, None)
        self._allowed.pop(correction.of, None)
        for unit in self._units.values() if event.unit is None else self._of(event.unit):
            unit.forget(correction.of)

    def _of(self, unit: str) -> tuple[_Unit, ...]:
        return (self._units[unit],) if unit in self._units else ()

    def _pace(self, event: Event) -> None:
        """Between two pieces a long gap is a pause; within one its own clock knows."""
        if event.kind in BEGINS:
            gap = event.time_ms - self._busy_until_ms
            if self._busy_until_ms and gap > PAUSE_MS and event.kind != "operator.in":
                self._pauses.append((event.time_ms, gap))
            self._busy_until_ms = event.time_ms
        elif event.kind == "operator.out":
            self._busy_until_ms = 0
        elif isinstance(event.payload, UnitClosed):
            self._busy_until_ms = event.time_ms
            if event.payload.ms.interrupted:
                self._pauses.append((event.time_ms, event.payload.ms.interrupted))

    def _checked(self, event: Event) -> None:
        """Only the random second look estimates a rate; an open dispute is not settled."""
        data = event.data
        is_settled = data.get("agree") or data.get("adjudicated") is not None
        if data.get("way") == "random" and is_settled:
            is_wrong = not data.get("agree") and data.get("adjudicated") != "first"
            self._checks.append((event.time_ms, is_wrong))

    # ------------------------------------------------------------ figures

    def figures(self, since_ms: int, named: Named) -> DayFigures:
        """Return the figures of what happened at or after a time, UTC ms."""
        put = [unit for unit in self._units.values() if unit.put_ms >= since_ms]
        closed = [one for unit in self._units.values() for one in unit.closed.values()]
        allowed = (*self._allowed.values(), *(at for at, by in self._corrections if by))
        checks = [is_wrong for at, is_wrong in self._checks if at >= since_ms]
        wrong = checks.count(True)
        return DayFigures(
            zones=dict(Counter(unit.zone for unit in put)),
            pace=_pace_of([one for one in closed if one.at_ms >= since_ms]),
            units=len(put),
            parcels=sum(at >= since_ms for at in self._parcels.values()),
            pause_min=sum(ms for at, ms in self._pauses if at >= since_ms) // 60_000,
            corrections=sum(at >= since_ms for at, _ in self._corrections),
            supervised=sum(at >= since_ms for at in allowed),
            photos_missing=sum(bool(unit.missing) for unit in put),
            defects=_defects(put, named),
            wrong=wrong,
            checked=len(checks),
            upper=upper_bound(wrong, len(checks)) if checks else None,
        )


def _pace_of(closed: list[_Closed]) -> Pace:
    if not closed:
        return Pace()
    closed.sort(key=lambda one: one.at_ms)
    times = [one.ms for one in closed]
    worked = [(ms.active + ms.waiting) / 1000 for ms in times]
    return Pace(
        n=len(closed),
        acts=fmean(one.acts for one in closed),
        seconds=fmean(worked),
        active=fmean(ms.active for ms in times) / 1000,
        waiting=fmean(ms.waiting for ms in times) / 1000,
        interrupted=fmean(ms.interrupted for ms in times) / 1000,
        best=min(worked),
        recent=tuple(round(seconds) for seconds in worked[-RECENT:]),
    )


def _defects(units: Iterable[_Unit], named: Named) -> tuple[Defect, ...]:
    """Of one piece each step counts once, whatever its answer; the most frequent come first."""
    found: Counter[tuple[str, ...]] = Counter()
    names: dict[tuple[str, ...], Mapping[str, str]] = {}
    for unit in units:
        for step, answer in (pair for given in unit.answers.values() for pair in given):
            name = named(*unit.rules, step, answer)
            if name is not None:
                key = tuple(name.values())
                names[key] = name
                found[key] += 1
    return tuple(Defect(name=names[key], n=n) for key, n in found.most_common(DEFECTS))
