"""Work region of an item in the hand: the open question, or what may be wrong with it."""

from collections.abc import Sequence

from edge.terminal.cells import Line, beside, columns, fit, line, paragraph, phrases
from edge.terminal.pen import BLANK, INDENT, Pen
from edge.terminal.theme import BOLD, FAINT, WARNING
from edge.views import ChecklistWork, Label, Mark, NumberEntry, Proposal, Question

COLUMN_COUNTS = (4, 2, 1)
MARK_INDENT = 4
TALL_ROWS = 20  # so many rows hold a page of marks one below the other


def checklist(work: ChecklistWork, pen: Pen) -> list[Line]:
    """Return the item, then the question or the exceptions, then the way on."""
    lines = [_head(work, pen), *_facts(work, pen), BLANK]
    if work.must is not None:
        lines += _question(work.must, pen)
        lines += [BLANK, *_answered(work, pen)]
        if work.marks:
            lines += [*pen.text("ui.later", FAINT), *_marks(work.marks, pen, is_dim=True)]
        return lines
    lines += pen.text("ui.only_wrong", BOLD)
    lines += _marks(work.marks, pen, is_dim=False)
    lines += pen.marked(work.marks) if pen.height < TALL_ROWS else []
    return [*lines, BLANK, *_way_on(work, pen), *_proposal(work.proposed, pen)]


def _head(work: ChecklistWork, pen: Pen) -> Line:
    place = f"{work.pos[0]}/{work.pos[1]}"
    left = line(" " * INDENT, (place, FAINT), "  ", (pen.texts.label(work.item.name), BOLD))
    if work.proposed is None:
        return left
    right = line(pen.zone(work.proposed.zone), " ")
    return beside(left, right, pen.width)


def _facts(work: ChecklistWork, pen: Pen) -> list[Line]:
    """Codes, what was compared, how long there is time; photographs where no panel shows them."""
    is_compared = any(fact.t.startswith("fact.serial") for fact in work.facts)
    codes = (each for each in work.item.ids if not (is_compared and each[0] == "serial"))
    parts = [f"{scheme.upper()} {code}" for scheme, code in codes]
    parts += [pen.texts.message(fact) for fact in work.facts]
    if work.photos and pen.height < TALL_ROWS:
        photos = "  ".join(
            f"{pen.texts.word('slot', slot)} {pen.texts.word('photo', state)}"
            for slot, state in work.photos
        )
        parts.append(f"{pen.say('ui.photos')}: {photos}")
    if work.pages > 1:
        parts.append(pen.say("ui.page", page=work.page, pages=work.pages))
    return phrases(parts, pen.width, style=FAINT)


def _question(must: Question, pen: Pen) -> list[Line]:
    asked = pen.texts.label(must.t)
    head = pen.say("ui.question", k=must.n, of=must.of)
    lines = [line(" " * INDENT, (f" {head} ", WARNING), "  ", (asked, BOLD))]
    if must.hint is not None:
        lines += paragraph(pen.texts.label(must.hint), pen.width, style=FAINT)
    if must.number is not None:
        return [*lines, *_number(must.number, pen)]
    if not must.opts:
        return [*lines, *pen.text("ui.scan_answer")]
    cells = [line((k, BOLD), " ", pen.texts.label(text)) for k, text in must.opts]
    longest = max(_longest(text) for _, text in must.opts) + 3
    return [*lines, *columns(cells, pen.width, _count(longest, pen.width), indent=MARK_INDENT)]


def _number(number: NumberEntry, pen: Pen) -> list[Line]:
    limits = pen.say("ui.range", min=number.minimum, max=number.maximum, unit=number.unit)
    typed = (f" {number.typed}_ ", WARNING)
    return [line(" " * INDENT, pen.say("ui.number"), ":  ", typed, f"  {limits}")]


def _answered(work: ChecklistWork, pen: Pen) -> list[Line]:
    if not work.answered:
        return []
    label = pen.texts.label
    shown = "   ".join(f"✓ {label(step)}: {label(given)}" for step, given in work.answered)
    return paragraph(shown, pen.width, style=FAINT)


def _marks(marks: Sequence[Mark], pen: Pen, *, is_dim: bool) -> list[Line]:
    if not marks:
        return []
    longest = max(_longest(mark.t) for mark in marks) + 3
    if pen.height >= TALL_ROWS and not is_dim:
        return [_tall(mark, longest, pen) for mark in marks]
    cells = [_mark(mark, pen, is_dim=is_dim) for mark in marks]
    return columns(cells, pen.width, _count(longest, pen.width), indent=MARK_INDENT)


def _mark(mark: Mark, pen: Pen, *, is_dim: bool) -> Line:
    """One digit: a full block is the worst level, a shaded one a milder level."""
    text = pen.texts.label(mark.t)
    if mark.level:
        return line((f"{mark.k}{_block(mark)}", BOLD), (text, WARNING))
    is_dim = is_dim or not mark.is_open
    return line((f"{mark.k} {text}", FAINT)) if is_dim else line((mark.k, BOLD), f" {text}")


def _block(mark: Mark) -> str:
    return "█" if mark.level >= mark.levels else "▒"


def _tall(mark: Mark, longest: int, pen: Pen) -> Line:
    """One digit a row: beside its word what was marked, and the grade that is left by it."""
    word = line(" " * MARK_INDENT, fit(_mark(mark, pen, is_dim=False), longest + 2))
    if not mark.level:
        return line(word, ("▢", FAINT))
    cap = f"   {pen.say('ui.cap', grade=mark.cap)}" if mark.cap else ""
    said = pen.texts.label(mark.said) if mark.said is not None else ""
    return line(word, (f"{_block(mark) * 2} {said}", BOLD), (cap, FAINT))


def _longest(label: Label) -> int:
    """Both languages count, so that F2 moves nothing."""
    return max((len(text) for text in label.values()), default=0)


def _count(longest: int, width: int) -> int:
    fitting = (n for n in COLUMN_COUNTS if (width - MARK_INDENT) // n >= longest)
    return next(fitting, 1)


def _way_on(work: ChecklistWork, pen: Pen) -> list[Line]:
    if any(mark.level for mark in work.marks):
        way = pen.text("ui.put_marked", zone=work.proposed.zone if work.proposed else "")
        return [*way, *pen.text("ui.heavier", FAINT)]
    return pen.text("ui.put_scan", zone=work.proposed.zone if work.proposed else "resale")


def _proposal(proposed: Proposal | None, pen: Pen) -> list[Line]:
    if proposed is None:
        return []
    parts = [pen.texts.word("disp", proposed.disposition), pen.say("ui.row", row=proposed.row)]
    if proposed.grade:
        parts.insert(0, pen.say("ui.grade", grade=proposed.grade))
    if proposed.why:
        parts.append(", ".join(pen.texts.label(why) for why in proposed.why))
    return paragraph(" · ".join(parts), pen.width, style=FAINT)
