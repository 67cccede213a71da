"""Event to state: moves and their legs, dangers, what devices were told."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

from edge.events import (
    DangerKind,
    DangerRaised,
    DangerWithdrawn,
    DeviceCommand,
    DiverterChanged,
    DiverterState,
    Event,
    MoveChanged,
    MovePlanned,
    MoveState,
)
from edge.station.state import (
    AREA,
    Inhibit,
    LegWork,
    MoveWork,
    State,
    UnitWork,
    inhibit_key,
)

_SENT: Final = (MoveState.SENT, MoveState.RESENT, DiverterState.SENT)

Key = TypeVar("Key")
Value = TypeVar("Value")


def moved(state: State, event: Event) -> State:
    """Return the state after an event about a move."""
    match event.payload:
        case MovePlanned() as planned if event.unit is not None or planned.container is not None:
            legs = tuple(LegWork(leg=leg, since_ms=event.time_ms) for leg in planned.legs)
            unit = None if event.unit is None else state.units.get(event.unit)
            work = MoveWork(
                title=unit.title if unit is not None else {},
                move=planned.move,
                unit=event.unit,
                parcel=event.parcel,
                zone=planned.zone,
                tray=planned.tray,
                container=planned.container,
                legs=legs,
                planned_ms=event.time_ms,
                audit=bool(event.data.get("audit")),
            )
            return replace(state, moves=put(state.moves, planned.move, work))
        case MoveChanged() as changed:
            return _leg_changed(state, changed, event.time_ms)
        case DiverterChanged() as changed:
            state = _leg_changed(state, changed, event.time_ms)
            if changed.state is not DiverterState.SENT:
                return state  # an order to the belt may have taken a later number meanwhile
            seqs = put(state.conveyor_seq, changed.conveyor, changed.wire_seq)
            return replace(state, conveyor_seq=seqs)
        case _:
            return state


def _leg_changed(state: State, changed: MoveChanged | DiverterChanged, at_ms: int) -> State:
    work = state.moves.get(changed.move)
    if work is None or not 0 <= changed.leg < len(work.legs):
        return state
    legs = list(work.legs)
    legs[changed.leg] = _leg_after(legs[changed.leg], changed, at_ms)
    work = replace(work, legs=tuple(legs))
    if work.current is None:
        at_end = drop(state.containers, work.container or "")
        return replace(state, moves=drop(state.moves, work.move), containers=at_end)
    return replace(state, moves=put(state.moves, work.move, work))


def _leg_after(leg: LegWork, changed: MoveChanged | DiverterChanged, at_ms: int) -> LegWork:
    since = leg.since_ms if leg.state == changed.state else at_ms
    leg = replace(
        leg,
        since_ms=since,
        sent_ms=at_ms if changed.state in _SENT else leg.sent_ms,
        attempt=changed.attempt,
        reason=changed.reason,
        place=changed.resolved_as or leg.place,
    )
    if changed.state in (MoveState.RESOLVED, DiverterState.RESOLVED):
        return _resolved(leg, changed)
    match changed:
        case MoveChanged():
            order = changed.order or leg.order
            robot = changed.robot or leg.robot
            cancel_id = changed.cancel_id or leg.cancel_id
            return replace(leg, state=changed.state, order=order, robot=robot, cancel_id=cancel_id)
        case DiverterChanged():
            return replace(leg, state=changed.state, divert=changed)


def _resolved(leg: LegWork, changed: MoveChanged | DiverterChanged) -> LegWork:
    """At its target a leg is done; in a hand it goes by hand; else the load lies where it is."""
    match changed.resolved_as:
        case "at_target" | None:
            return replace(leg, state=MoveState.DONE)
        case "in_hand":
            return replace(leg, state=MoveState.BY_HAND)
        case _:
            return replace(leg, state=MoveState.RESOLVED)


# ---------------------------------------------------------------- dangers


def danger(state: State, event: Event) -> State:
    """Return the state after an event about a danger or a device's command."""
    match event.payload:
        case DeviceCommand() as command:
            return _commanded(state, command)
        case DangerRaised(scope=scope) | DangerKind(scope=scope):
            return _endangered(state, event, scope)
        case DangerWithdrawn(scope=scope):
            return _withdrawn(state, event, scope)
        case _:
            return state


def _endangered(state: State, event: Event, scope: str) -> State:
    """An area's danger is one of the item that it was seen at, too."""
    unit = None if event.unit is None else state.units.get(event.unit)
    if unit is not None:
        state = with_unit(state, replace(unit, danger=True))
    container = event.payload.container if isinstance(event.payload, DangerRaised) else None
    keys = {inhibit_key(unit=event.unit, parcel=event.parcel, container=container)}
    if scope == AREA:
        keys.add(AREA)
    inhibit = Inhibit(
        scope=scope,
        since_ms=event.time_ms,
        unit=event.unit,
        parcel=event.parcel,
        container=container,
    )
    fresh = {key: inhibit for key in keys if key not in state.inhibits}
    return replace(state, inhibits={**state.inhibits, **fresh})


def _withdrawn(state: State, event: Event, scope: str) -> State:
    ended = AREA if scope == AREA else inhibit_key(unit=event.unit, parcel=event.parcel)
    unit = None if event.unit is None or scope == AREA else state.units.get(event.unit)
    if unit is not None:
        state = with_unit(state, replace(unit, danger=False))
    return replace(state, inhibits=drop(state.inhibits, ended))


def without_ended(state: State) -> State:
    """An item's inhibit ends with its stay: nothing of it, nor a move of it, is open any more."""
    moves = state.moves.values()
    here = {
        *(f"unit/{unit}" for unit in (*state.units, *(work.unit for work in moves))),
        *(f"parcel/{parcel}" for parcel in (*state.parcels, *(work.parcel for work in moves))),
        *(f"container/{number}" for number in state.containers),
    }
    kept = {key: one for key, one in state.inhibits.items() if key == AREA or key in here}
    return state if len(kept) == len(state.inhibits) else replace(state, inhibits=kept)


def _commanded(state: State, command: DeviceCommand) -> State:
    match command.command:
        case "stop" if command.reason == "danger":
            state = replace(state, stopped=state.stopped | {command.device})
        case "start":
            state = replace(state, stopped=state.stopped - {command.device})
    if command.wire_seq is None:
        return state
    seqs = put(state.conveyor_seq, command.device, command.wire_seq)
    return replace(state, conveyor_seq=seqs)


def with_unit(state: State, unit: UnitWork) -> State:
    """Return the state with this unit's work in place of the old one."""
    return replace(state, units=put(state.units, unit.unit, unit))


def put(mapping: Mapping[Key, Value], key: Key, value: Value) -> dict[Key, Value]:
    """Return a mapping with one more entry, or another value of it."""
    return {**mapping, key: value}


def drop(mapping: Mapping[Key, Value], key: Key) -> dict[Key, Value]:
    """Return a mapping without an entry."""
    return {name: value for name, value in mapping.items() if name != key}
