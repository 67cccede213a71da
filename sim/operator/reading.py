"""What a view says about where the work stands."""

import json
from collections.abc import Mapping
from typing import Any


def step_of(view: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return where the person is: state, what is in the hand, the open question, the marks.

    A station that came back asks first whether this is at hand: what goes on then is what counts.
    """
    work = view["work"]
    item = json.dumps(work.get("item", {}).get("ids", ()))
    parcel = None if "item" in work else work.get("no")  # an item in the hand says it already
    must = (work.get("must") or {}).get("step")
    name = work.get("then", view["state"])
    shown = work.get("marks", ()) if name != "HAZARD" else ()  # of a dangerous thing not asked on
    marks = tuple((mark["step"], mark["level"]) for mark in shown)
    return (name, parcel, item, must, marks)


def could_obey(kind: str, idle: Mapping[str, Any], view: Mapping[str, Any]) -> bool:
    """Return whether a first leg could start at once.

    It waits when another move is before it at the same device or hand-over place.
    """
    waiting = ("planned", "sent", "resent", "seen", "accepted", "picking")
    ahead = [move for move in view["side"]["moves"] if move["s"] in (*waiting, "done")]
    if kind == "conveyor":
        return bool(idle["conveyor"]) and not ahead
    return idle["robots"] > 0 and not any(move["s"] == "planned" for move in ahead)


def is_quiet(idle: Mapping[str, Any], view: Mapping[str, Any]) -> bool:
    """Return whether a calm person would scan the tray now: no device is at work.

    With a danger in the hand nobody waits for devices, and what was planned stands still.
    """
    if view["state"] == "HAZARD":
        return True
    return bool(idle["robots"] and idle["conveyor"]) and not view["side"]["moves"]
