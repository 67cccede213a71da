"""Work region of an override: who must come, what is asked of them, how long it waits."""

from edge.terminal.cells import Line, line
from edge.terminal.pen import BLANK, INDENT, Pen
from edge.terminal.theme import BOLD, FAINT, WARNING
from edge.views import OverrideWork

STEPS = ("badge", "pin", "reason")


def override(work: OverrideWork, pen: Pen) -> list[Line]:
    """Return what is to be allowed, the three steps, and that only this is."""
    lines = pen.text(work.what.t, BOLD, **work.what.p)
    if work.item is not None:
        lines.append(line(" " * INDENT, pen.item(work.item)))
    lines += [BLANK, _badge(work, pen), _pin(work, pen)]
    if work.step == "number":
        lines.append(_step(3, "ui.over_number", f" {work.number}_ ", pen))
    else:
        lines.append(_step(3, "ui.over_reason", "", pen))
    lines += [
        line(" " * (INDENT + 3), (digit, BOLD), "  ", pen.texts.label(label))
        for digit, label in work.opts
    ]
    lines += [
        line(" " * (INDENT + 3), (digit, BOLD), "  ", pen.texts.message(way))
        for digit, way in work.ways
    ]
    return [*lines, BLANK, *pen.text("ui.over_only", FAINT), *pen.text("ui.over_cancel", FAINT)]


def _badge(work: OverrideWork, pen: Pen) -> Line:
    if work.step == "badge":
        return _step(1, "ui.over_badge", f" {pen.say('ui.over_wait', n=work.left_s)} ", pen)
    return _step(1, "ui.over_badge", " ✓ ", pen)


def _pin(work: OverrideWork, pen: Pen) -> Line:
    if work.step == "pin":
        return _step(2, "ui.over_pin", f" {'•' * work.typed}_ ", pen)
    return _step(2, "ui.over_pin", "" if work.step == "badge" else " ✓ ", pen)


def _step(n: int, msgid: str, shown: str, pen: Pen) -> Line:
    return line(" " * INDENT, (f"{n}.", BOLD), f" {pen.say(msgid)}  ", (shown, WARNING))
