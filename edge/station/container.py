"""A container as the journal knows it. Its events alone make it; an undo has events of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from edge.events import (
    ContainerClosed,
    ContainerOpened,
    ContainerReopened,
    ContainerUnitAdded,
    ContainerUnitRemoved,
    Event,
    UnitId,
)

KINDS: Final = (
    ContainerOpened.KIND,
    ContainerUnitAdded.KIND,
    ContainerUnitRemoved.KIND,
    ContainerClosed.KIND,
    ContainerReopened.KIND,
)
MANUAL: Final = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What lies in it, by unit with its grams (0 = unknown), and whether it is closed.

    `tests` = prepared test pieces among them: they are in no count that leaves the station.
    `sealed` = units that were in it when it was closed: an operator alone takes no act about them
    back. `by_hand` = units that no device may carry.
    """

    number: str
    tenant: str
    zone: str
    disposition: str
    opened_ms: int
    goods_class: str = ""
    units: Mapping[UnitId, int] = field(default_factory=dict)
    by_hand: frozenset[UnitId] = frozenset()
    tests: frozenset[UnitId] = frozenset()
    sealed: frozenset[UnitId] = frozenset()
    is_closed: bool = False
    weight_g: int | None = None

    @property
    def grams(self) -> int:
        """Return what is known of the weight of its units."""
        return sum(self.units.values())


def folded(containers: Mapping[str, Container], event: Event) -> Mapping[str, Container]:
    """Return the containers after an event; about one that is not known nothing changes."""
    match event.payload:
        case ContainerOpened() as opened:
            return {**containers, opened.container: _opened(opened, event.time_ms)}
        case ContainerUnitRemoved(container=number, unit=unit) if (
            number in containers and containers[number].units.keys() <= {unit}
        ):  # empty, it is nobody's: what is put next begins it anew
            return {name: one for name, one in containers.items() if name != number}
        case (
            ContainerUnitAdded(container=number)
            | ContainerUnitRemoved(container=number)
            | ContainerClosed(container=number)
            | ContainerReopened(container=number)
        ) if number in containers:
            return {**containers, number: _changed(containers[number], event)}
        case _:
            return containers


def found(events: Iterable[Event], open_now: Iterable[str]) -> Mapping[str, Container]:
    """Return the containers of these numbers as events of KINDS, given in order, left them."""
    containers: Mapping[str, Container] = {}
    for event in events:
        containers = folded(containers, event)
    return {number: containers[number] for number in open_now if number in containers}


def holding(containers: Mapping[str, Container], unit: UnitId) -> Container | None:
    """Return the container that a unit lies in."""
    return next((one for one in containers.values() if unit in one.units), None)


def _opened(payload: ContainerOpened, at_ms: int) -> Container:
    return Container(
        number=payload.container,
        tenant=payload.tenant,
        zone=payload.zone,
        disposition=payload.disposition,
        goods_class=payload.goods_class or "",
        opened_ms=at_ms,
    )


def _changed(one: Container, event: Event) -> Container:
    match event.payload:
        case ContainerUnitAdded(unit=name, weight_g=weight_g, move=move):
            unit = UnitId(name)
            by_hand = one.by_hand | {unit} if move == MANUAL else one.by_hand
            tests = one.tests | {unit} if event.data.get("audit") else one.tests
            units = {**one.units, unit: weight_g or 0}
            return replace(one, units=units, by_hand=by_hand, tests=tests)
        case ContainerUnitRemoved(unit=name):
            unit = UnitId(name)
            units = {key: grams for key, grams in one.units.items() if key != unit}
            return replace(one, units=units, by_hand=one.by_hand - {unit}, tests=one.tests - {unit})
        case ContainerClosed(weight_g=weight_g):
            sealed = one.sealed | one.units.keys()
            return replace(one, is_closed=True, weight_g=weight_g, sealed=sealed)
        case _:
            return replace(one, is_closed=False, weight_g=None)
