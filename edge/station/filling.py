"""What goes into a container and out of it: one tenant, zone and disposition, room, class."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from edge.events import (
    ContainerOpened,
    ContainerUnitAdded,
    ContainerUnitRemoved,
    Draft,
    ParcelId,
    Subject,
    UnitId,
    VerdictMade,
)
from edge.events.envelope import NO_TENANT
from edge.floor import ContainerKind, FloorSettings, Tray
from edge.station.container import MANUAL, Container, holding
from edge.station.decision import Decision, Screen, on_station, on_unit, refused
from edge.station.state import Done, State, UnitWork

HAZMAT: Final = "hazmat"
SHARP: Final = "sharp"
WEIGHT_STEP: Final = "weight_g"  # a checklist may ask for it
AGAIN: Final = "again"
CORRECTION: Final = "correction"
CARRIED: Final = "carried"
UNDO: Final = "undo"


def tray_of(state: State, name: str, zone: str, floor: FloorSettings) -> Tray | None:
    """Return the tray of a label, None for a name that nothing here has.

    A container with a number of its own is a tray of its label's zone; empty = whatever is put
    first. One that holds something takes more of the same alone.
    """
    tray = floor.trays.get(name)
    kind = floor.kind_of(name) if tray is None else tray.container
    if kind is None:
        return tray
    if tray is None:
        tray = Tray(id=name, zone=zone, fixed=True, load=kind.load, kg=kind.kg, container=kind)
    one = state.containers.get(name)
    return tray if one is None else replace(tray, zone=one.zone, disposition=one.disposition)


def refusal(
    state: State, screen: Screen, unit: UnitWork, *, tray: Tray, verdict: VerdictMade
) -> Decision | None:
    """Return why a unit may not go into a container, None where it may or where it is none."""
    kind, one = tray.container, state.containers.get(tray.id)
    if kind is None:
        return None
    if one is not None and one.is_closed:
        return refused(screen, "E66", c=tray.id)
    wanted = goods_class(unit, verdict)
    if kind.class_ != wanted:
        return refused(screen, "E65", c=tray.id, what=f"class.{wanted or 'none'}")
    if one is not None and one.tenant != tenant_of(unit):
        return refused(screen, "E63", c=tray.id, own=one.tenant, other=tenant_of(unit))
    held = 0 if one is None else len(one.units)
    if kind.units is not None and held >= kind.units:
        return refused(screen, "E64", c=tray.id, n=held)
    grams = grams_of(unit) + (0 if one is None else one.grams)
    if kind.kg is not None and grams > kind.kg * 1000:
        return refused(screen, "E68", c=tray.id, kg=f"{kind.kg:g}")
    return None


def is_full(grams: Collection[int], kind: ContainerKind | None) -> bool:
    """Return whether a container takes no unit more; `grams` = of each unit in it, 0 = unknown.

    A prepared test piece takes as much room as any other, and is not told from them here.
    """
    if kind is None:
        return False
    has_all = kind.units is not None and len(grams) >= kind.units
    return has_all or (kind.kg is not None and sum(grams) >= kind.kg * 1000)


def filled(state: State, unit: UnitWork, tray: Tray) -> str | None:
    """Return the number of the container that this put has filled, None where room is left."""
    one = state.containers.get(tray.id)
    held = () if one is None else tuple(one.units.values())
    return tray.id if is_full((*held, grams_of(unit)), tray.container) else None


def opened(state: State, unit: UnitWork, tray: Tray, verdict: VerdictMade) -> tuple[Draft, ...]:
    """Return the event by which a container begins with its first unit."""
    if tray.container is None or tray.id in state.containers:
        return ()
    event = ContainerOpened(
        container=tray.id,
        tenant=tenant_of(unit),
        zone=verdict.zone,
        disposition=verdict.disposition,
        goods_class=tray.container.class_ or None,
    )
    return (on_station(event),)


def added(unit: UnitWork, tray: Tray, verdict: VerdictMade) -> tuple[Draft, ...]:
    """Return the event that says that a unit lies in the container now."""
    if tray.container is None:
        return ()
    event = ContainerUnitAdded(
        container=tray.id,
        unit=unit.unit,
        weight_g=grams_of(unit) or None,
        move=MANUAL if unit.danger else verdict.move,
    )
    return (on_unit(unit, event),)


def removed(
    state: State, unit: UnitId | None, parcel: ParcelId | None, reason: str
) -> tuple[Draft, ...]:
    """Return the event by which a unit leaves the container that it lies in, if it does."""
    one = None if unit is None else holding(state.containers, unit)
    if one is None or unit is None:
        return ()
    event = ContainerUnitRemoved(container=one.number, unit=unit, reason=reason)
    subject = Subject(parcel=parcel, unit=unit)
    return (Draft(payload=event, subject=subject, audit=unit in one.tests),)


def shut(state: State, screen: Screen, unit: UnitId | None) -> Decision | None:
    """Return the refusal for a unit that is in a closed container: a supervisor opens it first."""
    one = None if unit is None else holding(state.containers, unit)
    return refused(screen, "E66", c=one.number) if one is not None and one.is_closed else None


# ---------------------------------------------------------------- what an undo does


def is_settled(state: State, last: Done) -> bool:
    """Return whether a container of this act was closed since, or is gone: no free correction."""
    units = [(state.containers.get(number), unit) for number, unit in last.added]
    gone = any(one is None or one.is_closed or unit in one.sealed for one, unit in units)
    return gone or any(_is_closed(state, number) for number, _ in last.removed)


def put_back(state: State, last: Done) -> tuple[Draft, ...]:
    """Return the events that make containers what they were before an act that does not stand."""
    drafts = [
        _on(
            last,
            state.containers[number],
            ContainerUnitRemoved(container=number, unit=unit, reason=UNDO),
        )
        for number, unit in last.added
    ]
    for number, unit in last.removed:
        before = last.before.containers[number]
        if number not in state.containers:
            drafts.append(on_station(_again(before)))
        back = ContainerUnitAdded(
            container=number,
            unit=unit,
            weight_g=before.units[unit] or None,
            move=MANUAL if unit in before.by_hand else "auto",
        )
        drafts.append(_on(last, before, back))
    return tuple(drafts)


def _is_closed(state: State, number: str) -> bool:
    one = state.containers.get(number)
    return one is not None and one.is_closed


def _again(before: Container) -> ContainerOpened:
    return ContainerOpened(
        container=before.number,
        tenant=before.tenant,
        zone=before.zone,
        disposition=before.disposition,
        goods_class=before.goods_class or None,
    )


def _on(last: Done, one: Container, event: ContainerUnitAdded | ContainerUnitRemoved) -> Draft:
    unit = UnitId(event.unit)
    subject = Subject(parcel=last.parcel, unit=unit)
    return Draft(payload=event, subject=subject, audit=unit in one.tests)


# ---------------------------------------------------------------- what is asked of a unit


def tenant_of(unit: UnitWork) -> str:
    """Return whose goods a unit is."""
    return str(unit.static.get("tenant") or NO_TENANT)


def goods_class(unit: UnitWork, verdict: VerdictMade) -> str:
    """Return the class of containers that a unit belongs into alone, empty = into any other."""
    if unit.danger or verdict.zone == HAZMAT or HAZMAT in (unit.static.get("attrs") or ()):
        return HAZMAT
    flags = verdict.facts.get("known", {}).get("flags", ())
    return SHARP if SHARP in flags else ""


def grams_of(unit: UnitWork) -> int:
    """Return what a unit weighs by its checklist, 0 where nobody was asked."""
    given = (one.answer for one in unit.answers if one.step == WEIGHT_STEP)
    grams = next(given, 0)
    return grams if isinstance(grams, int) else 0
