"""Open moves as a screen shows them: what is carried, by whom, how far and since when."""

from edge.events import DiverterState, MoveState
from edge.floor import LegKind, Timers
from edge.station import clocks
from edge.station.decision import Context
from edge.station.state import LegWork, MoveWork, State
from edge.views import Label, MoveLine

MOVES_SHOWN = 8


def shown(state: State, context: Context) -> tuple[MoveLine, ...]:
    """Return the first open moves, numbered by the digits that open them."""
    first = tuple(state.moves.values())[:MOVES_SHOWN]
    return tuple(_move(n, work, context) for n, work in enumerate(first, start=1))


def _move(n: int, work: MoveWork, context: Context) -> MoveLine:
    leg = work.current
    assert leg is not None, "a finished move leaves the state"
    since = max(0, context.wall_ms - leg.since_ms) // 1000
    ref = ""
    by = str(leg.leg.kind)
    if leg.order is not None:
        ref, by = leg.order.order_id, leg.order.robot
    elif leg.divert is not None:
        ref, by = str(leg.divert.token), leg.divert.conveyor
    if leg.state is MoveState.BY_HAND:
        by = "hand"
    return MoveLine(
        n=n,
        id=work.move,
        tray=work.tray or "",
        to=work.zone,
        by=by,
        s=_shown(leg, since, context.floor.timers),
        ref=ref,
        since_s=since,
        name=_name(work),
        at=clocks.clock(leg.since_ms, context.offset_s),
        sent_at=clocks.clock(leg.sent_ms, context.offset_s) if leg.sent_ms else "",
    )


def _name(work: MoveWork) -> Label:
    if work.container is not None:
        return {"ru": work.container, "en": work.container}
    return work.title


def _shown(leg: LegWork, since_s: int, timers: Timers) -> str:
    """An order without acceptance in time is shown in doubt, a leg that nobody takes as late."""
    if leg.leg.kind == LegKind.ROBOT:
        if leg.state in (MoveState.SENT, MoveState.RESENT) and since_s >= timers.accept:
            return str(MoveState.IN_DOUBT)
        if leg.state is MoveState.PLANNED and since_s >= timers.robot_wait:
            return "waits"
    is_planned = leg.state in (MoveState.PLANNED, DiverterState.UNKNOWN)
    return "planned" if is_planned else str(leg.state)
