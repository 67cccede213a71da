"""Which keys the screen offers, in the order of their use. What they do is in `keys`."""

from collections.abc import Sequence
from typing import Final

from edge.station import asking, by_word, containers, danger
from edge.station.decision import Context, Screen, wanted
from edge.station.state import State
from edge.views import Question

_KEYS: dict[str, tuple[tuple[str, str], ...]] = {
    "LOCKED": (("f2", "key.lang"),),
    "IDLE": (
        ("f10", "key.entry"),
        ("f3", "key.lock"),
        ("f6", "key.moves"),
        ("f8", "key.shift"),
        ("f11", "key.danger"),
    ),
    "PARCEL": (
        ("f7", "key.missing"),
        ("f10", "key.entry"),
        ("esc", "key.park"),
        ("f6", "key.moves"),
        ("f8", "key.shift"),
        ("f11", "key.danger"),
    ),
    "UNIT": (
        ("0", "key.ok"),
        ("1-8", "key.defect"),
        ("enter", "key.accept"),
        ("9", "key.photo"),
        ("backspace", "key.unmark"),
        ("esc", "key.back"),
        ("f11", "key.danger"),
    ),
    "VERDICT": (
        ("scan", "key.scan"),
        ("1-4", "key.zone"),
        ("6", "key.reason"),
        ("7", "key.feedback"),
        ("8", "key.why"),
        ("9", "key.photo"),
        ("esc", "key.back"),
        ("f11", "key.danger"),
    ),
    "PHOTO": (("9", "key.photo"), ("7", "key.super"), ("esc", "key.back")),
    "HAZARD": (("scan", "key.scan"), ("f6", "key.moves")),
    "RESUME": (("enter", "key.resume"), ("esc", "key.park"), ("f6", "key.moves")),
    "ENTRY": (("enter", "key.accept"), ("backspace", "key.delete"), ("esc", "key.back")),
    "OVERRIDE": (("esc", "key.cancel"),),
    "EXC": (("esc", "key.back"),),
    "SUMMARY": (("esc", "key.work"), ("f5", "key.report"), ("f6", "key.moves")),
}


def offered(
    name: str, state: State, screen: Screen, *, asked: Question | None, context: Context
) -> tuple[tuple[str, str], ...]:
    """Return (key, message id) pairs; `1-4` is a range of digits, `asked` = the open question."""
    if name == "LOCKED":
        return (*_KEYS[name], ("f1", "key.help"))
    if name == "IDLE" and context.course is not None:
        return (("f12", "key.leave"), ("f1", "key.help"))
    own = containers.keys(state, screen) if name == "CONTAINER" else _KEYS.get(name, ())
    own = own if asked is None else (*_answers(asked), *_ASKED)
    if name == "VERDICT" and state.unit and by_word.lane_of(state.unit, context) is not None:
        shown = (pair for pair in own[1:] if pair[1] != "key.feedback")  # the help has it, too
        own = (own[0], ("enter", "key.conveyor"), *shown)
    if name == "SUMMARY" and not context.lpn.printer:
        own = tuple(pair for pair in own if pair[0] != "f5")
    if screen.missing:  # Esc ends the question what is missing, the parcel stays
        own = tuple((key, "key.back" if key == "esc" else text) for key, text in own)
    choices = _digits(name, state, screen, context)
    undo = (("f9", "key.undo"),) if state.past else ()
    is_taken = any(key == containers.REOPEN for key, _ in own)
    is_over = danger.to_be_ended(state) is not None and not is_taken
    over = (("f12", "key.danger_over"),) if is_over else ()
    return (*choices, *own, *undo, *over, ("f1", "key.help"))


def _answers(asked: Question) -> tuple[tuple[str, str], ...]:
    """What answers the open question: its digits, a number, or a scan alone."""
    if asked.number is not None:
        return (("0-9", "key.number"), ("enter", "key.enter"))
    if not asked.opts:
        return (("scan", "key.answer"),)
    return ((_span([digit for digit, _ in asked.opts]), "key.answer"),)


def _span(digits: Sequence[str]) -> str:
    return digits[0] if len(digits) == 1 else f"{digits[0]}-{digits[-1]}"


def now(
    name: str, state: State, screen: Screen, *, asked: Question | None, context: Context
) -> tuple[str, str] | None:
    """Return the one key to press now and what it is for, or `scan` and what is to be scanned."""
    if name == "UNIT" and asked is None and state.unit is not None:
        marked = asking.has_marks(state.unit, context)
        return ("enter", "key.accept") if marked else ("0", "key.ok")
    if name in _SCANNED:
        return "scan", wanted(state, screen)
    listed = offered(name, state, screen, asked=asked, context=context)
    return next((pair for pair in listed if pair[0] != "f1"), None)


_SCANNED: Final = frozenset(("LOCKED", "IDLE", "PARCEL", "VERDICT", "HAZARD", "SUMMARY"))
_ASKED: Final = (
    ("9", "key.photo"),
    ("backspace", "key.unmark"),
    ("esc", "key.back"),
    ("f11", "key.danger"),
)
"""Beside the answers of an open question."""
_WAYS: Final = (
    ("f10", "key.entry"),
    ("f7", "key.missing"),
    ("f5", "key.print"),
    ("f6", "key.moves"),
    ("f4", "key.link"),
    ("f8", "key.shift"),
    ("f3", "key.lock"),
    ("f2", "key.lang"),
    ("f12", "key.super"),
)
"""Keys that a number pad has not, in the order of the help's digits."""
_TYPED: Final = frozenset(("IDLE", "PARCEL", "UNIT", "VERDICT"))
_JUDGED: Final = frozenset(("UNIT", "VERDICT"))
_SHIFT: Final = frozenset(("IDLE", "PARCEL"))
FEEDBACK: Final = "8"


def ways(name: str, state: State) -> tuple[tuple[str, str, str], ...]:
    """Return what the help's digits do here: (digit, key, message id); 8 is no key of its own."""
    shut = {
        "f10": name not in _TYPED,
        "f7": name != "PARCEL" or state.parcel is None or state.parcel.blind,
        "f5": state.unit is None or name == "LOCKED",
        "f6": name == "LOCKED",
        "f4": name == "LOCKED",
        "f8": name not in _SHIFT,
        "f3": name == "LOCKED",
        "f12": name != "LOCKED" and danger.to_be_ended(state) is None,
    }
    open_now = [way for way in _WAYS if not shut.get(way[0], False)]
    listed = tuple((str(n), *way) for n, way in enumerate(open_now, start=1))
    is_judged = name in _JUDGED and state.unit is not None
    return (*listed[:7], (FEEDBACK, "", "key.feedback")) if is_judged else listed[:8]


def _digits(
    name: str, state: State, screen: Screen, context: Context
) -> tuple[tuple[str, str], ...]:
    """From the first way out to the last one."""
    ways: tuple[str, ...] = ()
    if name == "EXC" and screen.choice is not None:
        ways = tuple(sorted(digit for digit, _ in screen.choice.ways))
    elif name == "HAZARD" and state.unit is not None:
        ways = tuple(str(n) for n, _ in enumerate(asking.danger_kinds(state.unit, context), 1))
    if not ways:
        return ()
    return ((_span(ways), "key.choose"),)
