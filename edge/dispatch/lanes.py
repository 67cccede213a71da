"""Whether a belt may take the next item: the gate of the register contract. Pure, on state alone.

Everything that closes a lane or a belt is in the committed state, so it outlives a restart.
"""

from collections.abc import Iterator
from typing import Final

from drivers.protocols import ConveyorStatus
from edge.events import DiverterState, MoveState
from edge.floor import FloorSettings, LegKind
from edge.station import room
from edge.station.state import LegWork, MoveWork, State

_OPEN: Final = (DiverterState.SENT, DiverterState.SEEN)
_LOST: Final = (DiverterState.UNCONFIRMED, DiverterState.WRONG_LANE)
_ON_BELT: Final = (*_OPEN, *_LOST, DiverterState.IN_DOUBT, DiverterState.FAILED)


def conveyor_legs(state: State, conveyor: str) -> Iterator[tuple[MoveWork, LegWork]]:
    """Yield the moves that now wait for this conveyor, oldest first, with the leg."""
    for work in state.moves.values():
        leg = work.current
        if leg is not None and leg.leg.kind == LegKind.CONVEYOR and leg.leg.carrier == conveyor:
            yield work, leg


def closed_lanes(state: State, conveyor: str) -> frozenset[int]:
    """Return the lanes that take no item until a person has found the one that went astray.

    The lane that was decided, and the one by which something left instead.
    """
    lanes: set[int] = set()
    for _, leg in conveyor_legs(state, conveyor):
        if leg.state in _LOST and leg.divert is not None:
            lanes.add(leg.divert.lane)
            if leg.state is DiverterState.WRONG_LANE and leg.divert.exit_lane:
                lanes.add(leg.divert.exit_lane)
    return frozenset(lanes)


def is_in_doubt(state: State, conveyor: str) -> bool:
    """Return whether the end of a divert of this conveyor is unknown."""
    return any(leg.state is DiverterState.IN_DOUBT for _, leg in conveyor_legs(state, conveyor))


def is_open(state: State, conveyor: str) -> bool:
    """Return whether a divert of this conveyor was sent and has not ended."""
    return any(leg.state in _OPEN for _, leg in conveyor_legs(state, conveyor))


def is_clear(
    state: State, floor: FloorSettings, status: ConveyorStatus, *, work: MoveWork, leg: LegWork
) -> bool:
    """Return whether this leg's divert may be committed now.

    Belt ready, item there if a sensor can tell, lane open and not full, room at its end, nothing
    in doubt on this belt, no danger.
    """
    conveyor, lane = leg.leg.carrier, leg.leg.lane
    ready = status.running and not (status.fault or status.host_lost or status.busy)
    allowed = status.safety_ok and not status.local and status.infeed is not False
    lane_is_open = lane not in status.lanes_full and lane not in closed_lanes(state, conveyor)
    return (
        ready
        and allowed
        and lane_is_open
        and not is_in_doubt(state, conveyor)
        and not state.is_inhibited(work)
        and (leg.state is not MoveState.PLANNED or room.has_room(leg.leg.end, state, floor))
    )


def must_stop(state: State, conveyor: str) -> bool:
    """Return whether a danger wants this belt to stand: the area's, or of what lies on it."""
    if state.is_area_inhibited:
        return True
    return any(
        leg.state in _ON_BELT and state.is_endangered(work)
        for work, leg in conveyor_legs(state, conveyor)
    )


def may_start(state: State, conveyor: str, status: ConveyorStatus) -> bool:
    """Return whether the station may start this belt by itself.

    It stands because it lost its host, or because nobody has commanded it since the PLC's start;
    nothing is open, in doubt or inhibited, and no danger had stopped it.
    """
    stands = not (status.running or status.fault or status.busy or status.local)
    is_ours = status.host_lost or status.seq_seen == 0
    is_held = is_open(state, conveyor) or is_in_doubt(state, conveyor)
    is_stopped = conveyor in state.stopped or bool(state.inhibits)
    return stands and status.safety_ok and is_ours and not is_held and not is_stopped
