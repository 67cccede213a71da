"""What a shift leaves open: one list for the screen, the hand-over and the log-out."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge.events import DiverterState, MoveState
from edge.station.state import MoveWork, ParcelWork, State, UnitWork


class DoubtKind(StrEnum):
    """Why something is on the list."""

    UNKNOWN_PARCEL = "unknown_parcel"
    PARCEL = "parcel"  # open or laid aside
    PARCEL_LATE = "parcel_late"  # and past the time that was agreed
    UNIT = "unit"  # laid aside with its answers
    RECHECK = "recheck"  # waits for the look of another person
    DIFFER = "differ"  # two graders differ: a supervisor decides
    IN_DOUBT = "in_doubt"
    WRONG_LANE = "wrong_lane"
    UNCONFIRMED = "unconfirmed"
    UNSEEN = "unseen"
    BY_HAND = "by_hand"
    CONTAINER = "container"  # it fills: nobody has closed it
    LABEL = "label"  # printed and not scanned back
    HELD = "held"  # its hold is past its clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One thing that the next person must know of. `subject` is its name in the journal.

    `n` = how many units a container holds.
    """

    kind: DoubtKind
    subject: str
    ref: str
    since_ms: int
    n: int = 0


_MOVES: Final = {
    MoveState.IN_DOUBT: DoubtKind.IN_DOUBT,
    DiverterState.IN_DOUBT: DoubtKind.IN_DOUBT,
    DiverterState.WRONG_LANE: DoubtKind.WRONG_LANE,
    DiverterState.UNCONFIRMED: DoubtKind.UNCONFIRMED,
    MoveState.BY_HAND: DoubtKind.BY_HAND,
    MoveState.UNSEEN: DoubtKind.UNSEEN,
}


def doubts(state: State) -> tuple[Doubt, ...]:
    """Return all that is not finished and that no device finishes by itself, oldest first."""
    found = [*_parcels(state), *_units(state), *_rechecks(state)]
    found += [*_labels(state), *_overdue(state), *_containers(state)]
    found += [one for work in state.moves.values() if (one := _move(work)) is not None]
    return tuple(sorted(found, key=lambda one: (one.since_ms, one.subject)))


def subjects(state: State) -> tuple[str, ...]:
    """Return the list as it is journalled."""
    return tuple(one.subject for one in doubts(state))


def _parcels(state: State) -> list[Doubt]:
    return [
        Doubt(
            kind=_kind_of_parcel(parcel),
            subject=f"parcel/{parcel.parcel}",
            ref=parcel.number,
            since_ms=parcel.arrived_ms,
        )
        for parcel in state.parcels.values()
    ]


def _kind_of_parcel(parcel: ParcelWork) -> DoubtKind:
    if parcel.blind:
        return DoubtKind.UNKNOWN_PARCEL
    return DoubtKind.PARCEL_LATE if parcel.is_warned else DoubtKind.PARCEL


def _units(state: State) -> list[Doubt]:
    return [
        Doubt(
            kind=_kind(unit),
            subject=f"unit/{unit.unit}",
            ref=unit.serial or unit.gtin or "",
            since_ms=unit.opened_ms,
        )
        for unit in state.units.values()
        if unit.parked
    ]


def _kind(unit: UnitWork) -> DoubtKind:
    if unit.look is not None and unit.look.is_disputed:
        return DoubtKind.DIFFER
    return DoubtKind.RECHECK if unit.is_second else DoubtKind.UNIT


def _rechecks(state: State) -> list[Doubt]:
    return [
        Doubt(
            kind=DoubtKind.RECHECK,
            subject=f"unit/{unit.unit}",
            ref=unit.lpn or unit.serial or unit.gtin or "",
            since_ms=unit.look.since_ms if unit.look is not None else unit.opened_ms,
        )
        for unit in state.rechecks.values()
    ]


def _labels(state: State) -> list[Doubt]:
    """Labels that lie somewhere and count for nothing yet: of a unit, of its bag."""
    return [
        Doubt(kind=DoubtKind.LABEL, subject=f"label/{number}", ref=number, since_ms=unit.verdict_ms)
        for unit in state.units.values()
        for number in (unit.lpn_due, unit.bag.due)
        if number is not None
    ]


def _overdue(state: State) -> list[Doubt]:
    return [
        Doubt(
            kind=DoubtKind.HELD,
            subject=f"unit/{hold.unit.unit}",
            ref=hold.unit.lpn or hold.unit.serial or hold.unit.gtin or "",
            since_ms=hold.since_ms,
        )
        for hold in state.holds.values()
        if hold.is_warned
    ]


def _containers(state: State) -> list[Doubt]:
    """What fills still; a closed one is on its way, and stands among the moves where it is not."""
    return [
        Doubt(
            kind=DoubtKind.CONTAINER,
            subject=f"container/{one.number}",
            ref=one.number,
            since_ms=one.opened_ms,
            n=len(one.units),
        )
        for one in state.containers.values()
        if not one.is_closed
    ]


def _move(work: MoveWork) -> Doubt | None:
    leg = work.current
    kind = _MOVES.get(leg.state) if leg is not None else None
    if leg is None or kind is None:
        return None
    return Doubt(
        kind=kind, subject=f"move/{work.move}", ref=work.tray or work.zone, since_ms=leg.since_ms
    )
