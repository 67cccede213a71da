"""Work region of an exception and of the shift's summary."""

from edge.terminal.cells import Line, beside, fit, line, paragraph
from edge.terminal.pen import BLANK, INDENT, Pen
from edge.terminal.theme import BOLD, FAINT
from edge.terminal.works.waiting import today
from edge.views import ChoiceWork, StationView, SummaryWork

BARS_CELLS = 32


def choice(work: ChoiceWork, pen: Pen) -> list[Line]:
    """Return what happened, what was read, and the ways out by digit."""
    said = pen.texts.say(work.code, work.p)
    lines = paragraph(f"{work.code}  {said}", pen.width, style=BOLD)
    for message in work.lines:
        lines += paragraph(pen.texts.message(message), pen.width)
    lines.append(BLANK)
    for digit, message in work.opts:
        lines.append(line(" " * INDENT, (digit, BOLD), "  ", pen.texts.message(message)))
    return [*lines, BLANK, *pen.text("ui.nothing", FAINT)]


def summary(work: SummaryWork, view: StationView, pen: Pen) -> list[Line]:
    """Return the operator's shift and what is left open."""
    counts = ", ".join(
        (pen.say("ui.shift_units", n=work.units), pen.say("ui.shift_parcels", n=work.parcels))
    )
    since = pen.say("ui.shift", since=work.since) if work.since else ""
    head = beside(line(" " * INDENT, (since, BOLD)), line((counts, BOLD), "   "), pen.width)
    bars = [line(" " * INDENT, bar) for bar in today(view, pen)]
    lines = [head, BLANK, *_beside_doubts(bars, work, pen), BLANK]
    if work.open_moves:
        lines += pen.text("ui.shift_open", n=work.open_moves)
    lines += pen.text("ui.unsent", n=work.unsent)
    return [*lines, *pen.text("ui.shift_out", BOLD)]


def _beside_doubts(bars: list[Line], work: SummaryWork, pen: Pen) -> list[Line]:
    """The day on the left, what the next one must know on the right."""
    shown = [line(pen.say(doubt.t, **doubt.p)) for doubt in work.doubts[: len(bars)]]
    if len(work.doubts) > len(bars):
        rest = len(work.doubts) - len(bars) + 1
        shown[-1] = line((pen.say("ui.more_doubts", n=rest), FAINT))
    shown += [BLANK] * (len(bars) - len(shown))
    room = max(1, pen.width - BARS_CELLS)
    return [
        line(fit(bar, BARS_CELLS), fit(doubt, room)) for bar, doubt in zip(bars, shown, strict=True)
    ]
