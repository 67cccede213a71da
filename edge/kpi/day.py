"""The bench's day so far, event by event: what its screen tells while the work goes on.

An event that a correction took back is left out, as in the book. Nothing is counted per person: a
shift is a stretch of the day. Test pieces and training never count.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge.events import (
    ADJUDICATED,
    CorrectionMade,
    Event,
    InspectionFinished,
    PhotoMissing,
    PutConfirmed,
    UnitClosed,
    VerdictChanged,
    VerdictMade,
)
from edge.kpi.book import RECHECKED
from edge.kpi.bound import upper_bound
from edge.kpi.stretch import Closed, Defect, Named, Pace, Piece, Stretch

PAUSE_MS: Final = 60_000  # a longer gap between two pieces is no work
STRETCHES: Final = 2  # that are asked for again and again: the day, the shift
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


class Day:
    """Takes the events of KINDS in the order of the journal."""

    def __init__(self, named: Named) -> None:
        self._named = named
        self._pieces: dict[str, Piece] = {}
        self._said: dict[str, str] = {}  # event → the piece of which it said something
        self._stretches: dict[int, Stretch] = {}
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
            self._about(self._pieces.setdefault(event.unit, Piece()), event)
            self._said[event.id] = event.unit
            self._changed(event.unit)

    def _about(self, piece: Piece, event: Event) -> None:
        match event.payload:
            case PutConfirmed(zone=zone):
                piece.puts[event.id] = (event.time_ms, zone)
            case UnitClosed(ms=ms, acts_n=acts):
                piece.closed[event.id] = Closed(at_ms=event.time_ms, ms=ms, acts=acts)
            case InspectionFinished(answers=answers):
                given = ((one.step, str(one.answer)) for one in answers if one.by != "default")
                piece.answers = {event.id: tuple(given)}
            case VerdictMade() as verdict:
                piece.rules = (verdict.policy.sha256, verdict.checklist.id)
            case PhotoMissing(supervisor=supervisor):
                piece.missing.add(event.id)
                if supervisor:
                    self._allowed[event.id] = event.time_ms

    def _changed(self, unit: str) -> None:
        for stretch in self._stretches.values():
            stretch.look(unit, self._pieces[unit])

    def _take_back(self, event: Event, correction: CorrectionMade) -> None:
        """Each event of an act has a correction of its own; the first of them is the act."""
        if event.cause is None and correction.reason != ADJUDICATED:
            self._corrections.append((event.time_ms, bool(correction.supervisor)))
        self._parcels.pop(correction.of, None)
        self._allowed.pop(correction.of, None)
        unit = self._said.get(correction.of)
        if unit is not None:
            self._pieces[unit].forget(correction.of)
            self._changed(unit)

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

    def figures(self, since_ms: int) -> DayFigures:
        """Return the figures of what happened at or after a time, UTC ms."""
        stretch = self._stretch(since_ms)
        allowed = (*self._allowed.values(), *(at for at, by in self._corrections if by))
        checks = [is_wrong for at, is_wrong in self._checks if at >= since_ms]
        wrong, zones = checks.count(True), stretch.zones
        return DayFigures(
            zones=zones,
            pace=stretch.times.pace(),
            units=sum(zones.values()),
            parcels=sum(at >= since_ms for at in self._parcels.values()),
            pause_min=sum(ms for at, ms in self._pauses if at >= since_ms) // 60_000,
            corrections=sum(at >= since_ms for at, _ in self._corrections),
            supervised=sum(at >= since_ms for at in allowed),
            photos_missing=stretch.missing,
            defects=stretch.defects,
            wrong=wrong,
            checked=len(checks),
            upper=upper_bound(wrong, len(checks)) if checks else None,
        )

    def _stretch(self, since_ms: int) -> Stretch:
        """Return the stretch that is counted already, or count all there is into a new one."""
        stretch = self._stretches.pop(since_ms, None)
        if stretch is None:
            stretch = Stretch(since_ms, self._named)
            for unit, piece in self._pieces.items():
                stretch.look(unit, piece)
        self._stretches[since_ms] = stretch
        for eldest in list(self._stretches)[:-STRETCHES]:
            del self._stretches[eldest]
        return stretch
