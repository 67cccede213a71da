"""Work region while nothing is in the hand: locked, idle, typing a number, stopped."""

from edge.terminal.cells import Line, beside, line, paragraph
from edge.terminal.pen import BLANK, INDENT, Pen
from edge.terminal.theme import BOLD, FAINT, WARNING, zone_hatch, zone_style
from edge.views import EntryWork, Feedback, IdleWork, LockedWork, StationView, StopWork

ZONES = ("resale", "repair", "disposal", "hold", "hazmat")
BAR_CELLS = 12
TODAY_CELLS = 34
LAST_MAX = 5


def locked(work: LockedWork, pen: Pen) -> list[Line]:
    """Say how to begin, in both languages: nobody has chosen one yet."""
    lines = [BLANK, *pen.text("ui.locked", BOLD), BLANK, *pen.text("ui.locked_other", FAINT)]
    if work.parcel:
        lines += [BLANK, *pen.text("ui.open_work", no=work.parcel)]
    return lines


def idle(work: IdleWork, view: StationView, pen: Pen) -> list[Line]:
    """Show the day beside what to do; offline comes first, work goes on."""
    left = _offline(view, pen) if view.head.net.s == "offline" else []
    left = left or pen.text("ui.scan_parcel", BOLD)
    left += [BLANK, *_last(view, pen)]
    if work.parked:
        left += [BLANK, *pen.text("ui.parked", WARNING, no=list(work.parked))]
    if view.head.net.s == "offline":
        return left
    right = today(view, pen)
    rows = max(len(left), len(right))
    left += [BLANK] * (rows - len(left))
    right += [BLANK] * (rows - len(right))
    pairs = zip(left, right, strict=True)
    return [beside(one, _wide(other), pen.width) for one, other in pairs]


def _wide(content: Line) -> Line:
    return content.truncate(TODAY_CELLS, pad=True)


def _offline(view: StationView, pen: Pen) -> list[Line]:
    net = view.head.net
    return [
        *pen.text("ui.offline", WARNING, since=net.since),
        *pen.text("ui.offline_count", n=net.unsent, cache=net.cache_at or "?"),
        BLANK,
        *pen.text("ui.offline_blind"),
    ]


def _last(view: StationView, pen: Pen) -> list[Line]:
    return [last_line(feedback, pen) for feedback in view.side.last[:LAST_MAX]]


def last_line(feedback: Feedback, pen: Pen) -> Line:
    """Return one earlier act."""
    said = pen.texts.say(feedback.t, feedback.p)
    return line(" " * INDENT, (feedback.at, FAINT), "  ", said)


def today(view: StationView, pen: Pen) -> list[Line]:
    """Return today's counts by zone as bars of the zone's colour and hatch."""
    counts = view.side.today
    most = max([*counts.values(), 1])
    lines = [line((pen.say("ui.today"), FAINT))]
    for zone in ZONES:
        count = counts.get(zone, 0)
        if count or zone != "hazmat":
            lines.append(_bar(pen.say(f"zonename.{zone}"), zone, count, most))
    return lines


def _bar(name: str, zone: str, count: int, most: int) -> Line:
    cells = max(1, count * BAR_CELLS // most) if count else 0
    hatch = (zone_hatch(zone) * BAR_CELLS)[:cells]
    return line(f"{name:<9}", (f"{count:>5} ", BOLD), (hatch, zone_style(zone)))


def entry(work: EntryWork, pen: Pen) -> list[Line]:
    """Show what is being typed."""
    return [
        BLANK,
        *pen.text("ui.entry"),
        BLANK,
        line(" " * INDENT, (f" {work.typed}_ ", WARNING)),
    ]


def stop(work: StopWork, pen: Pen) -> list[Line]:
    """Say why nothing can be received."""
    said = pen.texts.say(work.code, work.p)
    head = paragraph(f"{work.code}  {said}", pen.width, indent=INDENT, style=WARNING)
    if work.code == "E91":
        return [BLANK, *head, BLANK, *pen.text("ui.disconnected"), *pen.text("ui.dropped")]
    return [BLANK, *head, BLANK, *pen.text("ui.stop"), *pen.text("ui.stop_probe")]
