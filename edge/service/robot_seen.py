"""Where a robot is, beside the move that a person looks at: its newest state, asked for no more."""

from dataclasses import replace
from datetime import datetime, timedelta

from drivers.protocols import Clock, RobotDriver, RobotSnapshot
from edge.floor import FloorSettings
from edge.views import MoveLine, RobotSeen, StationView


def with_robot(
    view: StationView, robots: RobotDriver | None, floor: FloorSettings, clock: Clock
) -> StationView:
    """Return the view with the robot of the move in detail; any other view as it is."""
    if robots is None or view.overlay != "moves" or not view.selected:
        return view
    known = {str(unit.id): unit.id for unit in floor.robots}
    moves = tuple(
        _seen(move, robots.snapshot(known[move.by]), clock)
        if move.n == view.selected and move.by in known
        else move
        for move in view.side.moves
    )
    return replace(view, side=replace(view.side, moves=moves))


def _seen(move: MoveLine, shot: RobotSnapshot | None, clock: Clock) -> MoveLine:
    if shot is None:
        return move
    age = timedelta(microseconds=(clock.monotonic_ns() - shot.received_ns) // 1000)
    heard = datetime.fromtimestamp(clock.wall_ms() / 1000).astimezone() - age
    seen = RobotSeen(
        at=f"{heard:%H:%M:%S}",
        node=str(shot.last_node),
        loads=-1 if shot.loads is None else shot.loads,
    )
    return replace(move, seen=seen)
