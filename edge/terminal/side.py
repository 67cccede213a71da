"""The side panel of a large screen: moves and the last acts, beside any work."""

from edge.terminal.cells import Line, beside, line
from edge.terminal.pen import BLANK, Pen
from edge.terminal.theme import BOLD, FAINT, WARNING
from edge.terminal.thumbnail import thumbnail
from edge.terminal.works.overlay import TROUBLES
from edge.views import THUMBNAIL_WIDTH, ChecklistWork, IdleWork, ParcelWork, Side, StationView

MOVES_MAX = 8
LAST_MAX = 6
LINES_MAX = 6


def side(view: StationView, pen: Pen) -> list[Line]:
    """Return the panel's lines."""
    lines: list[Line] = []
    if view.side.parcel and not isinstance(view.work, ParcelWork):
        lines += [*_parcel(view.side, pen), BLANK]
    if isinstance(view.work, ChecklistWork) and view.work.photos:
        lines += [line((pen.say("ui.side_photos"), FAINT)), *_photos(view.work, pen), BLANK]
    lines.append(line((pen.say("ui.side_moves"), FAINT)))
    moves = view.side.moves[:MOVES_MAX]
    for move in moves:
        style = WARNING if move.s in TROUBLES else BOLD
        zone = pen.texts.word("zone", move.to)[:1]
        by = "" if move.by == "hand" else pen.texts.word("carrier", move.by)
        state = pen.texts.word("move", move.s)
        lines.append(line(f"{move.n} {move.tray:<4}→ {zone} {by:<4} ", (state, style)))
    if not moves:
        lines.append(line(pen.say("ui.no_moves")))
    if isinstance(view.work, IdleWork):  # its own region tells the last pieces
        return lines
    lines += [BLANK, line((pen.say("ui.side_last"), FAINT))]
    for feedback in view.side.last[:LAST_MAX]:
        said = pen.texts.say(feedback.t, feedback.p)
        lines.append(line((feedback.at[:5], FAINT), f" {said}"))
    return lines


def _parcel(shown: Side, pen: Pen) -> list[Line]:
    """The open parcel: the box tells at a glance what is left of each line."""
    lines = [line((pen.say("ui.parcel", no=shown.parcel), FAINT))]
    for each in shown.lines[:LINES_MAX]:
        is_done = each.received + each.missing >= each.expected
        name = line((pen.texts.label(each.name), "" if is_done else BOLD))
        left = line(f"{'▣' if is_done else '▢'} {each.n} ", name)
        zone = pen.texts.word("zone", each.zone)[:1] if each.zone else ""
        lines.append(beside(left, line(f"→ {zone}"), pen.width) if zone else left)
    if len(shown.lines) > LINES_MAX:
        lines.append(line((pen.say("ui.more_lines", n=len(shown.lines) - LINES_MAX), FAINT)))
    return lines


def _photos(work: ChecklistWork, pen: Pen) -> list[Line]:
    return [
        line(f"{pen.texts.word('slot', slot)} {pen.texts.word('photo', state)}")
        for slot, state in work.photos
    ] + thumbnail(work.thumbnail, THUMBNAIL_WIDTH)
