"""CONTAINER: a container's label with nothing in the hand: what is in it, closing, reopening.

Closed it goes its zone's way with all that is in it; its units are free no more. Only a supervisor
opens it again, while no device has it.
"""

from dataclasses import replace
from typing import Final

from edge.events import (
    ContainerClosed,
    ContainerReopened,
    Draft,
    Leg,
    MoveChanged,
    MovePlanned,
    MoveState,
)
from edge.floor import ContainerKind, FloorSettings, LegKind, Tray
from edge.station import filling
from edge.station.container import Container
from edge.station.decision import (
    Context,
    Decision,
    Screen,
    accepted,
    clean,
    noted,
    on_station,
    refused,
)
from edge.station.inputs import ScanInput
from edge.station.legs import legs_of
from edge.station.state import MoveWork, State, UnitWork
from edge.station.undo import is_at_hand
from edge.views import ContainerWork, Proposal, Severity

CLOSE: Final = "1"
REOPEN: Final = "f12"
GRAMS_DIGITS: Final = 7
_DIGITS: Final = frozenset("0123456789")


def name_of(number: str) -> str:
    """Return by what a used number is found in the journal."""
    return f"container/{number}"


def kind_of(number: str, floor: FloorSettings) -> ContainerKind | None:
    """Return the kind of a container, by its series or as its tray is configured."""
    tray = floor.trays.get(number)
    return floor.kind_of(number) if tray is None else tray.container


def room_of(number: str, floor: FloorSettings) -> int:
    """Return how many units a container holds at most, 0 where that is not stated."""
    kind = kind_of(number, floor)
    return (kind.units or 0) if kind is not None else 0


def used(
    state: State, screen: Screen, given: ScanInput, *, number: str, floor: FloorSettings
) -> Decision | None:
    """Return the refusal of a number that had its container; a tray comes back, a number does not.

    None for any other label.
    """
    is_own = number not in floor.trays and number not in state.containers
    is_used = is_own and name_of(number) in given.lookups.seen
    return refused(screen, "E67", c=number) if is_used else None


def look(state: State, screen: Screen, number: str) -> Decision:
    """Show what is in a container; an empty one is nobody's yet."""
    if number not in state.containers:
        return accepted(clean(screen), "fb.container_empty", c=number)
    shown = accepted(clean(screen), "fb.container", c=number)
    return replace(shown, screen=replace(shown.screen, container=number))


def fitting(
    unit: UnitWork, proposal: Proposal, state: State, floor: FloorSettings
) -> tuple[str, ...]:
    """Return the numbers of containers with room that fill with such goods of the unit's owner."""
    wanted = (filling.tenant_of(unit), proposal.zone, proposal.disposition, False)
    return tuple(
        one.number
        for one in state.containers.values()
        if (one.tenant, one.zone, one.disposition, one.is_closed) == wanted
        if not filling.is_full(one.units.values(), kind_of(one.number, floor))
    )


def left_full(state: State, floor: FloorSettings) -> str | None:
    """Return the container that the newest act has filled and that nobody has closed since."""
    newest = state.past[-1].added if state.past else ()
    for number, _ in newest:
        one = state.containers.get(number)
        if one is None or one.is_closed:
            continue
        if filling.is_full(one.units.values(), kind_of(number, floor)):
            return number
    return None


def shown(one: Container, screen: Screen, context: Context) -> ContainerWork:
    """Return what the screen tells of a container."""
    return ContainerWork(
        no=one.number,
        zone=one.zone,
        disposition=one.disposition,
        tenant=one.tenant,
        n=len(one.units),
        most=room_of(one.number, context.floor),
        goods_class=one.goods_class,
        is_closed=one.is_closed,
        weight_g=one.weight_g or 0,
        weighs=screen.weighs,
        typed=screen.typed if screen.weighs else "",
    )


def is_shut(state: State, screen: Screen) -> bool:
    """Return whether the container that is shown is closed."""
    one = state.containers.get(screen.container or "")
    return one is not None and one.is_closed


def keys(state: State, screen: Screen) -> tuple[tuple[str, str], ...]:
    """Return the keys that mean something now."""
    if is_shut(state, screen):
        return ((REOPEN, "key.super"), ("esc", "key.back"))
    if screen.weighs:
        return (("enter", "key.close"), ("backspace", "key.delete"), ("esc", "key.back"))
    return ((CLOSE, "key.close"), ("esc", "key.back"))


def key(state: State, screen: Screen, pressed: str, context: Context) -> Decision:
    """Take a key while a container is shown: `1`, then its weight and Enter, close it."""
    one = state.containers.get(screen.container or "")
    if one is None or (pressed == "esc" and not screen.weighs):
        return Decision(screen=clean(screen))
    if pressed == "esc":
        return Decision(screen=replace(screen, weighs=False, typed=""))
    if one.is_closed:
        return refused(screen, "E66", c=one.number)
    if not screen.weighs:
        if pressed != CLOSE:
            return refused(screen, "E00", want="want.container_key")
        shown = noted(screen, Severity.INFO, "fb.weigh", c=one.number)
        return Decision(screen=replace(shown, weighs=True, typed=""))
    match pressed:
        case "enter":
            return _closed(state, screen, one, context)
        case "backspace":
            return Decision(screen=replace(screen, typed=screen.typed[:-1]))
        case digit if digit in _DIGITS:
            return Decision(screen=replace(screen, typed=(screen.typed + digit)[:GRAMS_DIGITS]))
        case _:
            return refused(screen, "E00", want="want.weight")


def may_reopen(state: State, screen: Screen) -> Decision | None:
    """Return why nobody reopens the container that is shown; None where a supervisor may."""
    one = state.containers.get(screen.container or "")
    if one is None or not one.is_closed:
        return refused(screen, "E00", want="want.container_key")
    work = _move_of(state, one)
    is_away = work is not None and not is_at_hand(work)
    return refused(screen, "E41") if is_away else None


def reopened(
    state: State, screen: Screen, number: str, *, supervisor: str, reason: str
) -> Decision:
    """A supervisor has looked: the container takes and gives again, and is not carried."""
    shown = replace(screen, container=number)
    refusal = may_reopen(state, shown)
    if refusal is not None:
        return refusal
    work = _move_of(state, state.containers[number])
    stopped = () if work is None else (_stopped(work),)
    event = ContainerReopened(container=number, supervisor=supervisor, reason=reason)
    done = accepted(clean(screen), "fb.container_open", *stopped, on_station(event), c=number)
    return replace(done, screen=replace(done.screen, container=number))


def _closed(state: State, screen: Screen, one: Container, context: Context) -> Decision:
    kind = kind_of(one.number, context.floor)
    grams = int(screen.typed) if screen.typed else None
    if kind is not None and kind.kg is not None and (grams or 0) > kind.kg * 1000:
        return refused(replace(screen, typed=""), "E68", c=one.number, kg=f"{kind.kg:g}")
    count = len(one.units.keys() - one.tests)
    event = ContainerClosed(container=one.number, count=count, weight_g=grams)
    drafts = (on_station(event), *_carried(state, one, grams, context))
    done = accepted(
        clean(screen), "fb.container_closed", *drafts, c=one.number, n=len(one.units), zone=one.zone
    )
    name = name_of(one.number)
    return replace(done, codes=((name, name),))


def _carried(
    state: State, one: Container, grams: int | None, context: Context
) -> tuple[Draft, ...]:
    """The way of its zone; by hand where a unit in it must, or where nothing else goes there."""
    kind, tray = kind_of(one.number, context.floor), context.floor.trays.get(one.number)
    kg = kind.kg if kind is not None and grams is None else (grams or 0) / 1000
    load = Tray(id=one.number, zone=one.zone, load=kind.load if kind is not None else "", kg=kg)
    names = (name_of(one.number), *(f"unit/{unit}" for unit in one.units))
    endangered = any(name in state.inhibits for name in names)
    is_fixed = tray is not None and tray.fixed
    by_hand = bool(one.by_hand) or bool(one.goods_class) or endangered or is_fixed
    legs = legs_of(one.zone, context.floor, by_hand=by_hand, tray=load)
    move = context.fresh.move
    hand = Leg(kind=LegKind.HAND, start=one.number, end=one.zone)
    planned = MovePlanned(
        move=move, legs=legs or (hand,), zone=one.zone, tray=one.number, container=one.number
    )
    if legs:
        return (on_station(planned),)
    taken = MoveChanged(move=move, leg=0, state=MoveState.BY_HAND, reason="container")
    return (on_station(planned), on_station(taken))


def _move_of(state: State, one: Container) -> MoveWork | None:
    works = (work for work in state.moves.values() if work.container == one.number)
    return next(works, None)


def _stopped(work: MoveWork) -> Draft:
    return on_station(
        MoveChanged(move=work.move, leg=0, state=MoveState.CANCELLED, reason="reopened")
    )
