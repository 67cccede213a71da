"""A shift with three faults in virtual time, told as a page: what happened, and where each load is.

A robot dies with a load on it, the PLC starts anew in the middle of a divert, the broker is gone
for a minute. The person at the bench only looks and answers what the station asks.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from drivers.protocols import RobotId
from edge.events import DiverterChanged, Event, MoveChanged, MovePlanned, MoveState
from edge.journal.reader import Reader
from edge.station.state import MoveWork
from virtual_run import Run, running
from virtual_station import BELT_LEG, ROBOT_LEG, TO_ROBOT
from virtual_time import WALL_MS

ROUTES = (
    (ROBOT_LEG,),
    (BELT_LEG,),
    (TO_ROBOT, ROBOT_LEG),
    (ROBOT_LEG,),
    (BELT_LEG,),
    (TO_ROBOT, ROBOT_LEG),
    (ROBOT_LEG,),
    (BELT_LEG,),
)
_WORDS = {
    "planned": "planned",
    "sent": "sent",
    "resent": "sent again",
    "done": "done",
    "in_doubt": "IN DOUBT",
    "resolved": "resolved",
    "by_hand": "by hand",
    "rejected": "rejected",
    "failed": "FAILED",
    "cancelling": "cancelling",
    "cancelled": "cancelled",
    "unconfirmed": "NOT CONFIRMED",
}


def page() -> str:
    """Run the shift and return its page."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), *ROUTES) as run:
        told = _shift(run)
        rows = list(_merged(run, told))
        return _HEAD + "\n".join(rows) + "\n" + _account(run)


def _shift(run: Run) -> list[tuple[float, str]]:
    told: list[tuple[float, str]] = []

    def tell(text: str) -> None:
        told.append((run.loop.time(), text))

    run.until("move.carrying")
    carrier = next(
        str(work.current.robot)
        for work in run.station.state.moves.values()
        if work.current is not None and work.current.state is MoveState.CARRYING
    )
    run.world.robots[RobotId(carrier)].power(on=False)
    tell(f"**FAULT** robot {carrier} loses its power with a load on it")
    while not any(_is_seen(work) for work in run.station.state.moves.values()):
        run.passes(0.05)
    run.passes(0.3)
    run.world.sorter.reboot(run.loop.now_ns)
    tell("**FAULT** the PLC starts anew in the middle of a divert")
    run.passes(4)
    run.world.broker.down()
    tell("**FAULT** the broker is gone")
    run.passes(60)
    run.world.broker.up()
    tell("the broker is back")
    run.passes(10)
    run.world.robots[RobotId(carrier)].power(on=True)
    tell(f"robot {carrier} is switched on again; it remembers nothing")
    for _ in range(30):
        if not run.station.state.moves:
            break
        run.passes(10)
        _answer(run, tell)
    return told


def _is_seen(work: MoveWork) -> bool:
    leg = work.current
    return leg is not None and leg.divert is not None and str(leg.state) == "seen"


def _answer(run: Run, tell: object) -> None:
    """Look at each load that the station asks about, and say where it is."""
    assert callable(tell)
    for n, work in enumerate(tuple(run.station.state.moves.values()), 1):
        leg = work.current
        if leg is None:
            continue
        name = _name(run, work.move)
        load = f"{work.move}/{work.position}"
        book = run.world.hall.book
        on_robot = book.picks[load] > book.drops[load]
        match str(leg.state):
            case "in_doubt" if on_robot:
                tell(f"the person finds {name} on robot {leg.robot}: F6, {n}, 2")
                run.press("esc", "esc", "f6", str(n), "2")
            case "in_doubt" | "resolved" | "failed" | "cancelled" | "rejected" | "unconfirmed":
                tell(f"the person takes {name} into the hand: F6, {n}, 1")
                run.press("esc", "esc", "f6", str(n), "1")
            case "by_hand":
                tell(f"the person has carried {name} to its zone: F6, {n}, 3")
                run.press("esc", "esc", "f6", str(n), "3")
            case _:
                continue
        return


def _name(run: Run, move: str) -> str:
    return f"T{run.world.moves.index(move)}"


def _merged(run: Run, told: list[tuple[float, str]]) -> Iterator[str]:
    rows = [(at_s, 1, text) for at_s, text in told]
    with Reader(run.world.path) as reader:
        for event in reader.events(1):
            said = _said(run, event)
            if said:
                rows.append(((event.time_ms - WALL_MS) / 1000, 0, said))
    for at_s, _, text in sorted(rows, key=lambda row: (round(row[0], 3), row[1])):
        yield f"| {at_s:.1f} | {text} |"


def _said(run: Run, event: Event) -> str:
    match event.payload:
        case MovePlanned(move=move, legs=legs):
            way = " → ".join(f"{leg.carrier} {leg.start}–{leg.end}" for leg in legs)
            return f"{_name(run, move)} planned: {way}"
        case MoveChanged(move=move, state=state, robot=robot) as changed:
            word = _WORDS.get(str(state))
            who = f"robot {robot}: " if robot else ""
            why = f" ({changed.reason})" if changed.reason else ""
            where = f", {changed.resolved_as}" if changed.resolved_as else ""
            return f"{_name(run, move)} {who}{word}{why}{where}" if word else ""
        case DiverterChanged(move=move, state=state, lane=lane, reason=reason):
            word = _WORDS.get(str(state))
            why = f" ({reason})" if reason else ""
            return f"{_name(run, move)} belt, lane {lane}: {word}{why}" if word else ""
        case _:
            return ""


def _account(run: Run) -> str:
    rows = ["", "## Where every load is", "| load | physical picks | ended by |", "|---|---|---|"]
    ends: dict[str, str] = {}
    with Reader(run.world.path) as reader:
        for event in reader.events(1):
            match event.payload:
                case MoveChanged(move=move, state=MoveState.DONE, robot=robot):
                    ends[move] = f"robot {robot}'s own state"
                case MoveChanged(move=move, state=MoveState.RESOLVED, reason=reason):
                    ends[move] = f"{reason}'s word" if reason == "operator" else str(reason)
                case DiverterChanged(move=move) as changed if str(changed.state) == "resolved":
                    ends[move] = f"{changed.reason}'s word"
                case DiverterChanged(move=move) as changed if str(changed.state) == "done":
                    ends[move] = f"the PLC's registers and the sensor of lane {changed.lane}"
    rows += [
        f"| {_name(run, move)} | {run.world.picks(move)} | {ends.get(move, '–')} |"
        for move in run.world.moves
    ]
    diverts = run.world.belt.diverts
    twice = sum(count > 1 for count in (*run.world.hall.book.picks.values(), *diverts.values()))
    rows += [
        "",
        f"Open moves at the end: {len(run.station.state.moves)}. Physical picks"
        f" {run.world.hall.book.picks.total()}, diverts {diverts.total()}, moved twice: {twice}.",
        "",
    ]
    return "\n".join(rows)


_HEAD = """# A shift with three faults
Written by `scripts/campaign three-faults`; a test runs the same shift and compares. Journal,
receiving, dispatch and drivers are those of the station; robots, PLC and broker are simulated, time
is virtual. A robot that was switched off and on remembers nothing: what it carried is a doubt until
a person has looked, and no second order.

## What happened
| s | |
|---|---|
"""
