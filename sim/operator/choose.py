"""From the newest view and the truth to the next act. Pure: it may be asked again at any moment."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sim.operator.acts import Act, Press, Scan, Wait
from sim.operator.mind import Mind, View
from sim.truth.scenarios import OPTIONS

PHOTO_AGAIN_S: Final = 8.0
PHOTO_WAIVE_S: Final = 30.0
MORE_PAGES: Final = "8"
SUPERVISOR_PIN: Final = "4711"  # of the demo's people

_EXCEPTIONS: Final = {"E02": "1", "E10": "2", "E12": "2", "E13": "1", "E24": "2"}


def choose(view: View, mind: Mind, now: float) -> Act:
    """Return what to do next."""
    if view["state"] in ("BOOT", "STOP"):
        return Wait(why=f"the station says {view['state']}")
    if view["state"] == "LOCKED":
        return Scan(text=mind.plan.badge)
    if view.get("overlay") is not None:
        return _overlay(view, mind, now)
    if mind.stuck_move(view, now) is not None:
        return Press(key="f6")
    alarm = view["head"].get("alarm")
    if alarm and view["state"] in ("IDLE", "PARCEL"):  # nothing is in the hand
        return Press(key="f12" if alarm == "danger" else "f6")
    work = view["work"]
    match view["state"]:
        case "IDLE":
            return _idle(mind)
        case "PARCEL":
            return _parcel(view, work, mind)
        case "UNIT":
            return _unit(view, work, mind, now)
        case "VERDICT" | "HAZARD":
            verdict = work["verdict"]
            return _put(view, mind, verdict["zone"], verdict["disposition"], now=now)
        case "PHOTO":
            return _photo(mind, now)
        case "EXC":
            return _exception(work, mind)
        case "RESUME":
            return Press(key="enter")
        case "OVERRIDE":
            return _override(work, mind)
        case _:
            return Press(key="esc")


def _overlay(view: View, mind: Mind, now: float) -> Act:
    move = mind.stuck_move(view, now)
    if view.get("overlay") == "moves" and move is None and view["head"].get("alarm") == "halted":
        return Press(key="enter" if view["selected"] == 0 else "esc")
    if view.get("overlay") != "moves" or move is None:
        return Press(key="esc")
    if view["selected"] == 0:
        return Press(key=str(move["n"]))
    if view["selected"] != move["n"]:
        return Press(key="esc")
    arrived = mind.whereabouts.get(move["id"]) == "at_target" or move["s"] == "by_hand"
    return Press(key="3" if arrived else "1")


def _idle(mind: Mind) -> Act:
    parcel = mind.next_parcel()
    if parcel is None:
        return Wait(why="no box is left on the bench")
    return Scan(text=parcel["code"], aim=parcel["aim"])


def _parcel(view: View, work: Mapping[str, Any], mind: Mind) -> Act:
    parcel = mind.parcel
    if parcel is None:
        return Press(key="esc")
    left = {
        line["gtin"].zfill(14): (line["expected"] - line["received"] - line["missing"], line["n"])
        for line in work["lines"]
    }
    waiting = [u for u in parcel["units"] if not u["missing"] and _is_waiting(u, left, mind)]
    for unit in sorted(waiting, key=lambda one: one["id"] in mind.done):  # of two equal, the other
        return Scan(text=unit["scan"], aim=unit["aim"], unit=unit["id"])
    for unit in parcel["units"]:
        if unit["missing"] and left.get(unit["gtin"], (0, 0))[0] > 0:
            asked = (view.get("fb") or {}).get("t") == "fb.missing_which"
            return Press(key=str(left[unit["gtin"]][1]) if asked else "f7")
    return Press(key="esc")


def _is_waiting(unit: Mapping[str, Any], left: Mapping[str, tuple[int, int]], mind: Mind) -> bool:
    """What was announced is counted by the station; a stranger only by us."""
    if unit["undeclared"]:
        return unit["id"] not in mind.done
    return left.get(unit["gtin"], (0, 0))[0] > 0


def _unit(view: View, work: Mapping[str, Any], mind: Mind, now: float) -> Act:
    unit = mind.unit
    if unit is None:
        return Press(key="esc")
    must = work.get("must")
    if must is not None:
        if must["step"] == "seal" and unit["seal_by_put"]:
            return _put(view, mind, unit["zone"], unit["disposition"], now=now)
        return Press(key=_answer(must, unit))
    mark = _mark(work, unit)
    if mark is not None:
        return Press(key=mark)
    proposed = work.get("proposed")
    if proposed and all(proposed[key] == unit[key] for key in ("zone", "disposition")):
        return _put(view, mind, unit["zone"], unit["disposition"], now=now)
    return Press(key="enter")


def _answer(must: Mapping[str, Any], unit: Mapping[str, Any]) -> str:
    """The digit of the true option, by its words, else by its place; numbers are typed."""
    wanted = unit["answers"].get(must["step"])
    number = must.get("number")
    if number is not None:
        return _typed(str(wanted), number["typed"])
    words = OPTIONS.get(must["step"], {})
    for digit, label in must["opts"]:
        if label.get("en") == words.get(str(wanted), ""):
            return str(digit)
    place = list(words).index(str(wanted)) if wanted in words else 0
    return str(must["opts"][min(place, len(must["opts"]) - 1)][0])


def _typed(wanted: str, typed: str) -> str:
    if typed == wanted:
        return "enter"
    return wanted[len(typed)] if wanted.startswith(typed) else "backspace"


def _mark(work: Mapping[str, Any], unit: Mapping[str, Any]) -> str | None:
    """The digit of an exception that is not yet as bad as it really is."""
    shown = {mark["step"]: mark for mark in work["marks"]}
    for step, level in unit["marks"].items():
        mark = shown.get(step)
        if mark is None and work["pages"] > 1:
            return MORE_PAGES
        if mark is not None and mark["level"] != level:
            return str(mark["k"])
    return None


def _put(view: View, mind: Mind, zone: str, disposition: str, *, now: float) -> Act:
    """Scan a tray that is free: the longest unused first."""
    busy = {move["tray"] for move in view["side"]["moves"]}
    fitting = [
        tray
        for tray in mind.plan.trays
        if tray["zone"] == zone and tray["disposition"] in (None, disposition)
        if tray["fixed"] or tray["id"] not in busy
        if mind.taken_until.get(tray["id"], 0.0) <= now
    ]
    if not fitting:
        return Wait(why=f"no tray for {zone}/{disposition} is on the bench")
    tray = min(fitting, key=lambda row: _last_use(mind.trays_used, row["id"]))
    return Scan(text=tray["code"], tray=tray["id"])


def _last_use(used: Sequence[str], tray: str) -> int:
    return max((n for n, name in enumerate(used) if name == tray), default=-1)


def _photo(mind: Mind, now: float) -> Act:
    waited = now - (mind.photo_since or now)
    if waited > PHOTO_WAIVE_S:
        return Press(key="7")
    return Press(key="9") if waited > PHOTO_AGAIN_S else Wait(why="a photograph is owed")


def _override(work: Mapping[str, Any], mind: Mind) -> Act:
    """A supervisor comes by: badge, PIN, the first reason."""
    match work["step"]:
        case "badge":
            return Scan(text=mind.plan.supervisor)
        case "pin" if work["typed"] < len(SUPERVISOR_PIN):
            return Press(key=SUPERVISOR_PIN[work["typed"]])
        case "pin":
            return Press(key="enter")
        case _:
            return Press(key="1")


def _exception(work: Mapping[str, Any], mind: Mind) -> Act:
    code = work["code"]
    if code == "E21":
        stranger = mind.unit is not None and mind.unit["undeclared"]
        return Press(key="2" if stranger else "1")
    offered = {digit for digit, _ in work["opts"]}
    wanted = _EXCEPTIONS.get(code, "")
    return Press(key=wanted if wanted in offered else "esc")
