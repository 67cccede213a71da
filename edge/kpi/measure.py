"""All key figures of a stretch of time over a book."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from edge.events.lanes import LaneOutcome
from edge.kpi.agreement import agreement
from edge.kpi.book import Book, Parcel, Recheck, Unit
from edge.kpi.figure import Figure, good_rate, mean, rate, spread
from zoning.model import Range

GRADES: Final = ("A", "B", "C", "D")
OPENING_MAX_MS: Final = 60_000  # a longer gap is no work on the parcel
Value = TypeVar("Value")
UNNAMED: Final = "-"
_ALL: Final = (50, 90, 99)
_DURATIONS: Final = (50, 90)
_AS_ANNOUNCED: Final = ("expected", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A unit counts where it was first decided, all else where it happened: since <= time < until.

    UTC ms. `at_ms` = the moment that open ages are told for.
    """

    since_ms: int
    until_ms: int
    at_ms: int

    def __contains__(self, ms: int) -> bool:
        return self.since_ms <= ms < self.until_ms


Bands = Mapping[str, Mapping[str, Range]]
"""Value bands of each policy pack, by its digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    book: Book
    period: Period
    bands: Bands
    units: tuple[Unit, ...]
    missing: int


def figures(book: Book, period: Period, bands: Bands) -> tuple[Figure, ...]:
    """Return every figure, those without anything to count as not measured."""
    units = tuple(
        unit for unit in book.units.values() if not unit.is_test and unit.verdict_ms in period
    )
    missing = sum(one.qty for one in book.missing if one.ms in period)
    view = _View(book=book, period=period, bands=bands, units=units, missing=missing)
    parts = (_touch, _returns, _flow, _first_time, _rules, _effort, _lanes, _discrepancies)
    more = (_parcels, _recovery, _graders)
    return tuple(figure for part in (*parts, *more) for figure in part(view))


# ---------------------------------------------------------------- time


def _touch(view: _View) -> Iterator[Figure]:
    touched = [unit for unit in view.units if unit.touch is not None]
    for by, groups in (
        ("", {"": touched}),
        ("category", _grouped((unit.category, unit) for unit in touched)),
        ("path", _grouped((unit.seal, unit) for unit in touched)),
    ):
        for of, group in groups.items():
            yield from _touch_of(group, by=by, of=of)
    acting = sum(unit.touch.active for unit in touched if unit.touch)
    waiting = sum(unit.touch.waiting for unit in touched if unit.touch)
    share = waiting / (acting + waiting) if acting + waiting else None
    yield Figure(name="system_wait", statistic="share", unit="share", n=len(touched), value=share)


def _touch_of(group: list[Unit], *, by: str, of: str) -> Iterator[Figure]:
    parts = [unit.touch for unit in group if unit.touch is not None]
    for name, values in (
        ("touch_unit", [_whole(unit) for unit in group]),
        ("touch_active", [part.active for part in parts]),
        ("touch_waiting", [part.waiting for part in parts]),
        ("touch_interrupted", [part.interrupted for part in parts]),
    ):
        yield from spread(name, values, _ALL, by=by, of=of)


def _whole(unit: Unit) -> int:
    touch = unit.touch
    return 0 if touch is None else touch.active + touch.waiting + touch.interrupted


def _returns(view: _View) -> Iterator[Figure]:
    """All units of a return, with second inspections, and its share of opening its parcels."""
    spent: dict[str, int] = {}
    for unit in view.book.units.values():
        if unit.rma and not unit.is_test:
            spent[unit.rma] = spent.get(unit.rma, 0) + _whole(unit)
    for parcel in view.book.parcels.values():
        for rma in parcel.rmas:
            spent[rma] = spent.get(rma, 0) + _opening(parcel) // len(parcel.rmas)
    completed = {rma for ms, rma in view.book.completed if ms in view.period}
    yield from spread("touch_return", [spent.get(rma, 0) for rma in sorted(completed)], _ALL)


def _opening(parcel: Parcel) -> int:
    gap = parcel.taken_ms - parcel.opened_ms
    is_known = parcel.opened_ms and parcel.taken_ms
    return gap if is_known and 0 <= gap <= OPENING_MAX_MS else 0


def _flow(view: _View) -> Iterator[Figure]:
    arrived = view.book.parcels
    known = [unit for unit in view.units if unit.parcel in arrived]
    since = {unit.unit: arrived[unit.parcel].arrived_ms for unit in known}
    for name, ends in (
        ("dock_to_disposition", {unit.unit: unit.verdict_ms for unit in known}),
        ("dock_to_placed", {unit.unit: unit.put_ms for unit in known}),
        ("arrival_to_refund", {unit.unit: unit.refund_ms for unit in known}),
    ):
        times = [end - since[unit] for unit, end in ends.items() if end]
        yield from spread(name, times, _DURATIONS)
    owed = [(unit, arrived[unit.parcel].due_ms) for unit in known if unit.refund_ms]
    due = [(unit.refund_ms, by) for unit, by in owed if by]
    yield rate("refund_late", sum(ms > by for ms, by in due), len(due))


# ---------------------------------------------------------------- right the first time


def _first_time(view: _View) -> Iterator[Figure]:
    n = len(view.units)
    at_once = sum(
        not (unit.is_held or unit.is_rechecked or unit.is_taken_over or unit.is_reinspected)
        for unit in view.units
    )
    yield good_rate("first_touch", at_once, n)
    yield good_rate("first_pass", sum(not unit.is_corrected for unit in view.units), n)
    slots = [digest for unit in view.units for digest in unit.slots.values()]
    there = sum(bool(digest) and digest not in view.book.lost_photos for digest in slots)
    yield good_rate("evidence", there, len(slots))


def _rules(view: _View) -> Iterator[Figure]:
    n = len(view.units)
    yield rate("override", sum(bool(unit.overridden) for unit in view.units), n)
    yield from _per_row("override", [unit.overridden for unit in view.units], n)
    yield rate("missing_fact", sum(bool(unit.outcomes) for unit in view.units), n)
    yield from _per_row("missing_fact", [unit.outcomes for unit in view.units], n)
    unknown = [unit for unit in view.units if _is_unknown(unit)]
    yield rate("unknown_reason", len(unknown), n)
    yield from _per_row("unknown_reason", [{unit.row} for unit in unknown], n)


def _is_unknown(unit: Unit) -> bool:
    return unit.reason.startswith("C99") or unit.found.startswith("F15")


def _per_row(name: str, rows: Iterable[set[str]], n: int) -> Iterator[Figure]:
    found = [row for each in rows for row in each]
    for row in sorted(set(found)):
        yield rate(name, found.count(row), n, by="row", of=row)


def _effort(view: _View) -> Iterator[Figure]:
    closed = [unit.acts for unit in view.units if unit.touch is not None]
    yield mean("acts", "acts", closed)
    typed = sum(count for ms, count in view.book.typed if ms in view.period)
    n = len(view.units)
    value = typed / n if n else None
    yield Figure(name="typed", statistic="mean", unit="characters", n=n, value=value)


def _lanes(view: _View) -> Iterator[Figure]:
    """What no sensor saw is no confirmation: it stands apart."""
    seen = [outcome for ms, outcome in view.book.lanes if ms in view.period]
    wrong = seen.count(LaneOutcome.WRONG)
    yield rate("mis_sort", wrong, wrong + seen.count(LaneOutcome.RIGHT))
    if seen:
        yield rate("lane_unseen", seen.count(LaneOutcome.MISSING), len(seen))


# ---------------------------------------------------------------- what came, and where it went


def _discrepancies(view: _View) -> Iterator[Figure]:
    n = len(view.units) + view.missing
    yield rate("discrepancy", view.missing, n, by="kind", of="missing")
    odd = _grouped((_odd(unit), unit) for unit in view.units if _odd(unit))
    for match, units in odd.items():
        yield rate("discrepancy", len(units), n, by="kind", of=match)
    for tenant, units in _grouped((unit.tenant, unit) for unit in view.units).items():
        gone = [one for one in view.book.missing if one.tenant == tenant]
        missing = sum(one.qty for one in gone if one.ms in view.period)
        k = missing + sum(bool(_odd(unit)) for unit in units)
        yield rate("discrepancy", k, len(units) + missing, by="tenant", of=tenant)
    judged = [unit for unit in view.units if unit.found]
    faultless = sum(u.reason.startswith("C04") and u.found.startswith("F03") for u in judged)
    yield rate("no_fault_found", faultless, len(judged))


def _odd(unit: Unit) -> str:
    """What is not as announced: by the code, else by what the person saw."""
    return unit.seen if unit.match in _AS_ANNOUNCED else unit.match


def _parcels(view: _View) -> Iterator[Figure]:
    parcels = [one for one in view.book.parcels.values() if not one.is_test]
    looked = [one for one in parcels if one.is_looked_at and one.arrived_ms in view.period]
    yield rate("carrier_damage", sum(one.is_damaged for one in looked), len(looked))
    for carrier, group in _grouped((one.carrier, one) for one in looked).items():
        damaged = sum(one.is_damaged for one in group)
        yield rate("carrier_damage", damaged, len(group), by="carrier", of=carrier)
    at_ms = view.period.at_ms
    ages = [at_ms - p.arrived_ms for p in parcels if _is_unclaimed(p, at_ms)]
    yield from spread("unknown_parcel_age", ages, (50, 100))


def _is_unclaimed(parcel: Parcel, at_ms: int) -> bool:
    is_matched = parcel.matched_ms and parcel.matched_ms <= at_ms
    return parcel.is_unknown and parcel.arrived_ms <= at_ms and not is_matched


def _recovery(view: _View) -> Iterator[Figure]:
    n = len(view.units)
    for zone, units in _grouped((unit.zone, unit) for unit in view.units).items():
        yield rate("recovery", len(units), n, by="zone", of=zone)
    mixed = _grouped((f"{_band(unit, view.bands)}/{unit.zone}", unit) for unit in view.units)
    for both, units in mixed.items():
        yield rate("recovery", len(units), n, by="band/zone", of=both)


def _band(unit: Unit, bands: Bands) -> str:
    if unit.value is None:
        return UNNAMED
    classes = bands.get(unit.policy, {})
    value = unit.value
    return next((name for name, held in classes.items() if value in held), UNNAMED)


# ---------------------------------------------------------------- graders


def _graders(view: _View) -> Iterator[Figure]:
    """Ways of checking are never pooled: only the random one estimates a rate."""
    checks = [one for one in view.book.rechecks if one.ms in view.period]
    drawn = [one for one in checks if one.way == "random"]
    settled = [one.is_wrong for one in drawn if one.is_wrong is not None]
    yield rate("wrong_units", settled.count(True), len(settled))
    for way in ("gold", "fast_ok"):
        known = [one.is_wrong for one in checks if one.way == way and one.is_wrong is not None]
        yield rate("found_wrong", known.count(True), len(known), by="way", of=way)
    yield from _agreement(drawn, by="", of="")
    book = view.book.units
    by_category = _grouped((_category(book, one), one) for one in drawn)
    for category, group in by_category.items():
        yield from _agreement(group, by="category", of=category)


def _category(units: Mapping[str, Unit], check: Recheck) -> str:
    return units[check.unit].category if check.unit in units else ""


def _agreement(checks: list[Recheck], *, by: str, of: str) -> Iterator[Figure]:
    for name, found in (
        ("grade_agreement", agreement([one.grades for one in checks], GRADES)),
        ("zone_agreement", agreement([one.zones for one in checks])),
    ):
        equal = good_rate(name, round((found.po or 0.0) * found.n), found.n, by=by, of=of)
        yield replace(equal, statistic="po")
        yield Figure(
            name=name, statistic="kappa", unit="kappa", n=found.n, value=found.kappa, by=by, of=of
        )


def _grouped(pairs: Iterable[tuple[str, Value]]) -> dict[str, list[Value]]:
    """Return what each name has, by name."""
    found: dict[str, list[Value]] = {}
    for name, value in pairs:
        found.setdefault(name or UNNAMED, []).append(value)
    return dict(sorted(found.items()))
