"""The last rows: what happened, the keys valid now, the keys that are always there."""

from collections.abc import Mapping, Sequence

from edge.terminal.cells import Line, clean, fit, line
from edge.terminal.pen import Pen, key_name
from edge.terminal.theme import FEEDBACKS, KEYCAP, PLAIN
from edge.views import ChoiceWork, StationView

ALWAYS = ("f1", "f2", "f3", "f4", "f5", "f6", "f8", "f9", "f11", "f12")
UNDO = "f9"
GAP = "  "
CLOSE = ("esc", "key.close")
OVERLAYS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "help": (("1-8", "key.do"), CLOSE),
    "why": (CLOSE,),
    "link": (CLOSE,),
    "moves": (("1-8", "key.details"), CLOSE),
}
RESOLVING = (
    ("1", "key.carry"),
    ("2", "key.on_robot"),
    ("3", "key.at_target"),
    ("4", "key.wait"),
    ("esc", "key.back"),
)


def feedback(view: StationView, pen: Pen) -> Line:
    """Return the feedback line: mark, time, text; a refusal also names its code."""
    if view.fb is None:
        return fit(line(""), pen.width).stylize_before(PLAIN)
    mark, paint = FEEDBACKS[view.fb.sev]
    code = f"{view.fb.t}  " if _is_code(view.fb.t) else ""
    said = clean(pen.texts.say(view.fb.t, view.fb.p))
    if isinstance(view.work, ChoiceWork) and view.work.code == view.fb.t:
        said = pen.say("ui.nothing_short")  # the work region says all of it
    shown = line(f" {mark} {view.fb.at}  {code}{said}")
    return fit(shown, pen.width).stylize_before(paint.style)


def _is_code(msgid: str) -> bool:
    return msgid[:1] == "E" and msgid[1:].isdigit()


def keys(view: StationView, pen: Pen) -> tuple[Line, Line]:
    """Return both key rows; language is switched here, so its key is always offered."""
    offered = dict(_offered(view))
    offered.setdefault("f2", "key.lang")
    now = [pair for pair in offered.items() if pair[0] not in ALWAYS]
    always = [(k, offered[k]) for k in ALWAYS if k in offered]
    left_s = 0 if view.undo is None else view.undo.left_s
    if view.now is not None:
        now = [view.now, *(pair for pair in now if pair != view.now)]
        always = [pair for pair in always if pair != view.now]
    first, rest = _filled(now, pen, left_s)
    second, left_out = _filled([*rest, *always], pen, left_s)
    if now and not left_out:
        return first, second
    first, rest = _filled([*now, *always], pen, left_s)
    second, _ = _filled(rest, pen, left_s)
    return first, second


def _offered(view: StationView) -> Sequence[tuple[str, str]]:
    """An overlay takes the digits; the keys that are always there stay."""
    own = OVERLAYS.get(view.overlay or "")
    if own is None:
        return view.keys
    if view.now is not None:  # the help points at one of the keys below it
        return (view.now, *(pair for pair in view.keys if pair[0] != view.now[0]))
    always = [pair for pair in view.keys if pair[0] in ALWAYS]
    if view.overlay == "moves" and view.selected:
        own = RESOLVING
    elif view.overlay == "moves" and view.head.alarm == "halted":
        own = (("enter", "key.start_again"), *own)
    return (*own, *always)


def _filled(
    pairs: Sequence[tuple[str, str]], pen: Pen, undo_s: int
) -> tuple[Line, list[tuple[str, str]]]:
    """Fill a row with whole keys; return what did not fit. `undo_s` stands at the undo key."""
    shown = line("")
    for at, (k, msgid) in enumerate(pairs):
        key = line(GAP if at else " ", _key(k, msgid, pen))
        if k == UNDO and undo_s:
            key = line(key, f" ({pen.say('ui.seconds', n=undo_s)})")
        if shown.cell_length + key.cell_length > pen.width:
            return fit(shown, pen.width).stylize_before(PLAIN), list(pairs[at:])
        shown = line(shown, key)
    return fit(shown, pen.width).stylize_before(PLAIN), []


def _key(k: str, msgid: str, pen: Pen) -> Line:
    return line((key_name(k, pen), KEYCAP), f" {pen.say(msgid)}")
