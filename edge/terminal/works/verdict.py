"""Work region once the zone is decided: why, what is owed, where to put it; danger by hand."""

from collections.abc import Sequence

from edge.terminal.cells import Line, columns, fit, line, paragraph
from edge.terminal.pen import BLANK, INDENT, Pen
from edge.terminal.theme import BOLD, FAINT, zone_hatch, zone_style
from edge.terminal.thumbnail import thumbnail
from edge.views import THUMBNAIL_WIDTH, Label, Message, Proposal, VerdictWork

CHOICES = ("resale", "repair", "disposal", "hold")
_TRAYS = ("owed.tray", "owed.look", "owed.differ")  # each says where the item goes


def verdict(work: VerdictWork, pen: Pen, *, state: str) -> list[Line]:
    """Return the decision and the next scan; dangerous goods have a sheet of their own."""
    if state == "PHOTO":
        return _photo(work, pen)
    if state == "HAZARD" or work.verdict.zone == "hazmat":
        return _hazard(work, pen)
    lines = [
        line(" " * INDENT, pen.item(work.item)),
        *_decision(work.verdict, pen, partner=work.partner),
    ]
    lines += [] if work.found is None else pen.text("ui.found", reason=work.found)
    lines += [BLANK, *_owed(work, pen)]
    ahead = [pen.say("ui.trays", trays=list(work.trays))] if work.trays else []
    ahead.append(pen.say("ui.by", r=work.by))
    lines += paragraph(" · ".join(ahead), pen.width, style=FAINT)
    zones = _zones(work.verdict.zone, pen)
    return [*lines[: pen.height - len(zones) - 1], BLANK, *zones]


def _photo(work: VerdictWork, pen: Pen) -> list[Line]:
    """What the camera saw last, beside what is owed and the ways on."""
    owed = [line(pen.texts.message(each), "") for each in work.owed]
    ways = [line(pen.say(f"ui.photo_{way}")) for way in ("take", "waive", "back")]
    right = [*owed, BLANK, *ways]
    picture = thumbnail(work.thumbnail, THUMBNAIL_WIDTH)
    asked = pen.text("ui.photo_ask", BOLD)
    if work.flaw:
        asked = pen.text("ui.photo_again", BOLD, flaw=pen.texts.word("flaw", work.flaw))
    lines = [line(" " * INDENT, pen.item(work.item)), *asked, BLANK]
    if not picture:
        return [*lines, *(line(" " * INDENT, each) for each in right)]
    rows = max(len(picture), len(right))
    picture += [BLANK] * (rows - len(picture))
    right += [BLANK] * (rows - len(right))
    return lines + [
        line(" " * INDENT, fit(pixels, THUMBNAIL_WIDTH), "  ", said)
        for pixels, said in zip(picture, right, strict=True)
    ]


def _decision(proposal: Proposal, pen: Pen, *, partner: Label | None = None) -> list[Line]:
    parts = [pen.texts.word("disp", proposal.disposition), pen.say("ui.row", row=proposal.row)]
    if proposal.grade:
        parts.insert(0, pen.say("ui.grade", grade=proposal.grade))
    if proposal.note is not None:
        parts.append(pen.texts.label(proposal.note))
    if proposal.refund:
        parts.append(pen.texts.word("refund", proposal.refund))
    if partner is not None:
        parts.append(pen.say("ui.partner", partner=partner))
    lines = paragraph(" · ".join(parts), pen.width)
    if proposal.why:
        why = ", ".join(pen.texts.label(each) for each in proposal.why)
        lines += pen.text("ui.why", FAINT, why=why)
    return lines


def _owed(work: VerdictWork, pen: Pen) -> list[Line]:
    tray = Message(t="owed.tray", p={"zone": work.verdict.zone})
    owed = work.owed if any(each.t in _TRAYS for each in work.owed) else (*work.owed, tray)
    return [
        each
        for message in owed
        for each in paragraph(f"▢ {pen.texts.message(message)}", pen.width, style=BOLD)
    ]


def _zones(chosen: str, pen: Pen) -> list[Line]:
    """The four zones of the operator: digit, word, colour, hatch."""
    words = [line("▶ " if zone == chosen else "  ", pen.zone(zone)) for zone in CHOICES]
    hatches = [
        line("  ", (f" {zone_hatch(zone)} ", zone_style(zone)), " ", pen.say(f"zonecolour.{zone}"))
        for zone in CHOICES
    ]
    rows = columns(words, pen.width, len(CHOICES), indent=INDENT)
    return rows + columns(hatches, pen.width, len(CHOICES), indent=INDENT)


def _hazard(work: VerdictWork, pen: Pen) -> list[Line]:
    name = line(" " * INDENT, (pen.texts.label(work.item.name), BOLD))
    bar = (pen.say("ui.hazard_bar"), BOLD)
    head = [line(name, " · ", bar)]
    if head[0].cell_length > pen.width:
        head = [name, line(" " * INDENT, bar)]
    lines = [*head, BLANK]
    for msgid in ("ui.hazard_1", "ui.hazard_2", "ui.hazard_3"):
        lines += pen.text(msgid, BOLD)
    if work.trays:
        lines += pen.text("ui.containers", trays=list(work.trays))
    if work.owed:
        lines += [BLANK, *pen.text("ui.hazard_kind"), *_kinds(work.owed, pen)]
    return [*lines, BLANK, *pen.text("ui.hazard_wrong", FAINT)]


def _kinds(owed: Sequence[Message], pen: Pen) -> list[Line]:
    """The kinds by digit, two in a row where every one of them fits."""
    kinds = [line(pen.texts.message(each)) for each in owed]
    each_cells = (pen.width - INDENT) // 2
    count = 2 if max(kind.cell_length for kind in kinds) < each_cells else 1
    return columns(kinds, pen.width, count, indent=INDENT)
