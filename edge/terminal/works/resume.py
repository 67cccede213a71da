"""Work region after a crash or a power cut: what was in the hands, and how it goes on."""

from edge.terminal.cells import Line, line
from edge.terminal.pen import BLANK, INDENT, Pen
from edge.terminal.theme import BOLD, FAINT, WARNING
from edge.views import Line as Expected
from edge.views import ResumeWork, StationView

DONE_MAX = 2


def resume(work: ResumeWork, view: StationView, pen: Pen) -> list[Line]:
    """Return parcel, what of it is done, the item with its marks and question, and the next act."""
    lines = pen.text("ui.resume_at", BOLD, time=work.at) if work.at else pen.text("ui.resume", BOLD)
    if work.no:
        numbers = "  ".join(pen.say("ui.rma", no=rma) for rma in work.rmas)
        lines.append(line(" " * INDENT, pen.say("ui.parcel", no=work.no), f"   {numbers}"))
    done = [each for each in view.side.lines if _is_done(each) and each.n != work.line]
    lines += [_done(each, pen) for each in done[-DONE_MAX:]]
    if work.item is not None:
        place = f"▶ {work.line}  " if work.line else "▶ "
        lines.append(line(" " * INDENT, (place, WARNING), pen.item(work.item)))
    lines += pen.marked(work.marks)
    if work.must is not None:
        lines += pen.text("ui.resume_question", question=work.must.t)
    elif work.proposed is not None:
        lines.append(line(" " * INDENT, pen.zone(work.proposed.zone)))
    lines += [BLANK, *pen.text("ui.resume_act")]
    if work.in_doubt:
        lines += _doubt(work, view, pen)
    saved = pen.text("ui.resume_saved", FAINT)
    if work.events:
        saved = pen.text("ui.resume_read", FAINT, n=work.events, took=work.read_ms)
    return [*lines, *saved]


def _doubt(work: ResumeWork, view: StationView, pen: Pen) -> list[Line]:
    """What nobody is sure of since the stop: the one load by its tray, or how many."""
    unsure = [move for move in view.side.moves if move.s == "in_doubt"]
    if work.in_doubt > 1 or not unsure:
        return pen.text("ui.resume_doubt", WARNING, n=work.in_doubt)
    one = unsure[0]
    return pen.text("ui.resume_doubt_of", WARNING, t=one.tray, zone=one.to, r=one.by)


def _is_done(each: Expected) -> bool:
    return each.received + each.missing >= each.expected


def _done(each: Expected, pen: Pen) -> Line:
    """A line that is done: its number, its name, where it was put."""
    zone = f"  → {pen.texts.word('zone', each.zone)}" if each.zone else ""
    return line(" " * INDENT, (f"▣ {each.n}  {pen.texts.label(each.name)}{zone}", FAINT))
