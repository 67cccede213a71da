"""Work region of an open parcel: what is expected and what has been received."""

from edge.terminal.cells import Line, beside, columns, line
from edge.terminal.pen import BLANK, INDENT, Pen
from edge.terminal.theme import BOLD, FAINT, WARNING
from edge.views import Line as Expected
from edge.views import Mark, ParcelWork

FIXED_ROWS = 2  # counts, what to do next
BOX_COLUMNS = 2
LATE = "left.late"


def parcel(work: ParcelWork, pen: Pen, *, state: str) -> list[Line]:
    """Return the parcel's head, its lines and what to do next; in state PHOTO, for the camera."""
    is_owed = state == "PHOTO"
    box, lines = [] if is_owed else _box(work, pen), _head(work, pen)
    told = sum(1 for each in box if each is not BLANK)
    room = pen.height - len(lines) - FIXED_ROWS - told
    is_all = len(work.lines) <= room
    shown = work.lines if is_all else work.lines[: max(1, room - 1)]
    if work.blind:
        lines += [*pen.text("ui.blind"), *pen.text("ui.blind_end", FAINT)]
    elif work.lines:
        lines += [_counts(work, pen), BLANK]
    lines += [_expected(each, pen) for each in shown]
    if len(shown) < len(work.lines):
        lines += pen.text("ui.more_lines", FAINT, n=len(work.lines) - len(shown))
    return [*lines, *box, BLANK, *pen.text("ui.show_packing" if is_owed else "ui.scan_item", BOLD)]


def _box(work: ParcelWork, pen: Pen) -> list[Line]:
    """What may be wrong with the box, under a head of its own: its digits are not the lines'."""
    claim = [] if work.claim is None else pen.text(work.claim.t, WARNING, **work.claim.p)
    if not work.damage:
        return claim
    marks = [_damage(each, pen) for each in work.damage]
    each_cells = (pen.width - INDENT) // BOX_COLUMNS
    count = BOX_COLUMNS if max(mark.cell_length for mark in marks) < each_cells else 1
    shown = columns(marks, pen.width, count, indent=INDENT)
    return [BLANK, *pen.text("ui.box", FAINT), *shown, *claim]


def _damage(mark: Mark, pen: Pen) -> Line:
    """One thing that may be wrong with the box, dim until it is said."""
    box = "▣" if mark.level else "▢"
    style = BOLD if mark.level else FAINT
    return line((f"{box} {mark.k} {pen.texts.label(mark.t)}", style))


def _head(work: ParcelWork, pen: Pen) -> list[Line]:
    """Its numbers, and the customer's word beside them where it fits."""
    numbers = "  ".join(pen.say("ui.rma", no=rma) for rma in work.rmas)
    head = line(" " * INDENT, (pen.say("ui.parcel", no=work.no), BOLD), f"   {numbers}")
    due = _due(work, pen)
    if not work.reason:
        return [head, *due]
    reason = pen.say("ui.reason", reason=work.reason)
    whole = line(head, f"   {reason}")
    if whole.cell_length <= pen.width:
        return [whole, *due]
    return [head, line(" " * INDENT, reason), *due]


def _due(work: ParcelWork, pen: Pen) -> list[Line]:
    """How long there is left, plain to see where it is late."""
    if work.due is None:
        return []
    style = WARNING if work.due.p["left"]["t"] == LATE else FAINT
    return pen.text(work.due.t, style, **work.due.p)


def _counts(work: ParcelWork, pen: Pen) -> Line:
    wanted = sum(each.expected for each in work.lines)
    done = sum(min(each.received, each.expected) for each in work.lines)
    left = line(" " * INDENT, pen.say("ui.expected", n=wanted))
    return beside(left, line(pen.say("ui.received", done=done, all=wanted), "   "), pen.width)


def _expected(expected: Expected, pen: Pen) -> Line:
    """One line: box, number, name, count, code; the box tells at a glance what is left."""
    is_done = expected.received + expected.missing >= expected.expected
    box = "▣" if is_done else "▢"
    name = line((pen.texts.label(expected.name), FAINT if is_done else BOLD))
    count = f"{expected.received}/{expected.expected}" if expected.expected > 1 else ""
    missing = f"{pen.say('ui.line_missing')} {expected.missing}" if expected.missing else ""
    zone = f"→ {pen.texts.word('zone', expected.zone)}" if expected.zone else ""
    codes = "  ".join(part for part in (count, missing, zone or expected.gtin) if part)
    left = line(" " * INDENT, f"{box} {expected.n}  ", name)
    return beside(left, line((codes, FAINT), _number(expected, pen), "   "), pen.width)


def _number(expected: Expected, pen: Pen) -> Line:
    """The number of its piece: it will be compared as soon as it is read."""
    if not expected.serial or expected.received >= expected.expected:
        return BLANK
    return line("  ", (pen.say("ui.check_serial", no=expected.serial), BOLD))
