"""Work region of an exception and of the shift's summary."""

from dataclasses import replace

from edge.terminal.cells import Line, beside, fit, line, paragraph, phrases
from edge.terminal.pen import BLANK, INDENT, Pen
from edge.terminal.theme import BOLD, FAINT
from edge.terminal.works import figures
from edge.terminal.works.waiting import shares
from edge.views import ChoiceWork, SummaryWork

BARS_CELLS = 38


def choice(work: ChoiceWork, pen: Pen) -> list[Line]:
    """Return what happened, what was read, and the ways out by digit."""
    said = pen.texts.say(work.code, work.p)
    lines = paragraph(f"{work.code}  {said}", pen.width, style=BOLD)
    for message in work.lines:
        lines += paragraph(pen.texts.message(message), pen.width)
    lines += [BLANK] if work.opts else []
    for digit, message in work.opts:
        lines.append(line(" " * INDENT, (digit, BOLD), "  ", pen.texts.message(message)))
    return [*lines, BLANK, *pen.text("ui.nothing", FAINT)]


def summary(work: SummaryWork, pen: Pen) -> list[Line]:
    """Return the operator's shift and what is left open."""
    counts = ", ".join(
        (pen.say("ui.shift_units", n=work.units), pen.say("ui.shift_parcels", n=work.parcels))
    )
    head = beside(
        line(" " * INDENT, (_since(work, pen), BOLD)), line((counts, BOLD), "  "), pen.width
    )
    facts = _facts(work, pen)
    bars = [line(" " * INDENT, bar) for bar in shares(work.figures.zones, pen)]
    lines = [head, *_beside(bars, facts, pen), *figures.defects(work.figures, pen)[:1]]
    end = [*figures.errors(work.figures, pen), *_open(work, pen), *pen.text("ui.shift_out", BOLD)]
    return [*lines, *_doubts(work, pen, room=pen.height - len(lines) - len(end)), *end]


def _since(work: SummaryWork, pen: Pen) -> str:
    if not work.since:
        return ""
    length = pen.say(
        "ui.shift_length",
        hours=work.minutes // 60,
        minutes=f"{work.minutes % 60:02}",
        pause=work.figures.pause_min,
    )
    return f"{pen.say('ui.shift', since=work.since)}, {length}"


def _facts(work: SummaryWork, pen: Pen) -> list[Line]:
    shown = work.figures
    parts = [pen.say("ui.shift_fixes", n=shown.corrections, supervised=shown.supervised)]
    if shown.photos_missing:
        parts.append(pen.say("ui.shift_photos", n=shown.photos_missing))
    return [
        *figures.pace(shown, replace(pen, width=pen.width - BARS_CELLS)),
        line(" · ".join(parts)),
    ]


def _open(work: SummaryWork, pen: Pen) -> list[Line]:
    """What is not sent and what is not finished, in one line where it fits."""
    parts = [pen.say("ui.unsent", n=work.unsent)]
    if work.sent_at:
        parts.append(pen.say("ui.sent_at", at=work.sent_at))
    if work.open_moves:
        parts.append(pen.say("ui.shift_open", n=work.open_moves))
    if work.in_doubt:
        parts.append(pen.say("ui.shift_doubt", n=work.in_doubt))
    return paragraph(" · ".join(parts), pen.width)


def _doubts(work: SummaryWork, pen: Pen, *, room: int) -> list[Line]:
    """What the next one must know, as far as there is room; at the end how many are left out."""
    told = [pen.say(doubt.t, **doubt.p) for doubt in work.doubts]
    rows = phrases(told, pen.width)
    shown = len(told)
    while len(rows) > max(1, room) and shown > 0:
        shown -= 1
        rest = pen.say("ui.more_doubts", n=len(told) - shown)
        rows = phrases([*told[:shown], rest], pen.width)
    return rows


def _beside(bars: list[Line], facts: list[Line], pen: Pen) -> list[Line]:
    """The day on the left, the facts on the right."""
    rows = max(len(bars), len(facts))
    bars += [BLANK] * (rows - len(bars))
    facts += [BLANK] * (rows - len(facts))
    room = max(1, pen.width - BARS_CELLS)
    return [
        line(fit(bar, BARS_CELLS), fit(fact, room)) for bar, fact in zip(bars, facts, strict=True)
    ]
