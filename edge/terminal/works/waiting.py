"""Work region while nothing is in the hand: locked, idle, typing a number, stopped."""

from collections.abc import Mapping
from dataclasses import replace

from edge.terminal.cells import Line, beside, fit, line, paragraph
from edge.terminal.pen import BLANK, INDENT, Pen
from edge.terminal.theme import BOLD, FAINT, WARNING, zone_hatch, zone_style
from edge.terminal.works import figures
from edge.views import EntryWork, Feedback, IdleWork, LockedWork, StationView, StopWork

ZONES = ("resale", "repair", "disposal", "hold", "hazmat")
BAR_CELLS = 12
TODAY_CELLS = 34
SHARE_CELLS = 27
LAST_MAX = 5


def locked(work: LockedWork, pen: Pen) -> list[Line]:
    """Say how to begin, in both languages: nobody has chosen one yet."""
    lines = [BLANK, *pen.text("ui.locked", BOLD), BLANK, *pen.text("ui.locked_other", FAINT)]
    if work.parcel and work.who is not None:
        told = pen.text("ui.open_work_of", no=work.parcel, who=work.who, time=work.at or "?")
        lines += [BLANK, *told]
    elif work.parcel:
        lines += [BLANK, *pen.text("ui.open_work", no=work.parcel)]
    return lines


def idle(work: IdleWork, view: StationView, pen: Pen) -> list[Line]:
    """Show the day beside what to do; offline comes first, work goes on."""
    is_away = view.head.net.s == "offline"
    width = pen.width if is_away else pen.width - TODAY_CELLS - 1
    left = _left(work, view, replace(pen, width=width))
    if is_away:
        return left
    narrow = replace(pen, width=TODAY_CELLS)
    right = [*today(view, pen), BLANK, *figures.pace(work.day, narrow)]
    right += figures.spark(work.day, pen)
    rows = max(len(left), len(right))
    left += [BLANK] * (rows - len(left))
    right += [BLANK] * (rows - len(right))
    pairs = zip(left, right, strict=True)
    return [beside(one, _wide(other), pen.width) for one, other in pairs]


def _left(work: IdleWork, view: StationView, pen: Pen) -> list[Line]:
    lines = _offline(view, pen) if view.head.net.s == "offline" else []
    lines = lines or pen.text("ui.scan_parcel", BOLD)
    lines += [BLANK, *_last(view, pen)]
    if view.undo is not None:
        lines += pen.text("ui.undo_left", FAINT, n=view.undo.left_s)
    if work.parked:
        oldest = pen.say("ui.parked_age", age=figures.age(work.waiting.parked_min, pen))
        parked = pen.say("ui.parked", no=list(work.parked))
        late = work.waiting.late
        over = f" · {pen.say('ui.overdue', n=late)}" if late else ""
        lines += paragraph(f"{parked} · {oldest}{over}", pen.width, style=WARNING)
    return [*lines, *figures.waiting(work.waiting, pen), *figures.defects(work.day, pen)]


def _wide(content: Line) -> Line:
    return content.truncate(TODAY_CELLS, pad=True)


def _offline(view: StationView, pen: Pen) -> list[Line]:
    net = view.head.net
    cache = figures.age(int(net.cache_at), pen) if net.cache_at.isdecimal() else "?"
    count = pen.say("ui.offline_count", n=net.unsent, cache=cache)
    room = f" · {pen.say('ui.disk_days', n=net.disk_days)}" if net.disk_days >= 0 else ""
    return [
        *pen.text("ui.offline", WARNING, since=net.since),
        *paragraph(f"{count}{room}", pen.width),
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
    return [line((pen.say("ui.today"), FAINT)), *_bars(view.side.today, pen)]


def shares(zones: Mapping[str, int], pen: Pen) -> list[Line]:
    """Return counts by zone as bars, each with its share of all."""
    total = max(1, sum(zones.values()))
    shown = [zone for zone in ZONES if zones.get(zone) or zone != "hazmat"]
    percents = (f"{round(100 * zones.get(zone, 0) / total):>4} %" for zone in shown)
    bars = _bars(zones, pen)
    return [
        line(fit(bar, SHARE_CELLS), percent) for bar, percent in zip(bars, percents, strict=True)
    ]


def _bars(counts: Mapping[str, int], pen: Pen) -> list[Line]:
    most = max([*counts.values(), 1])
    return [
        _bar(pen.say(f"zonename.{zone}"), zone, counts.get(zone, 0), most)
        for zone in ZONES
        if counts.get(zone) or zone != "hazmat"
    ]


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
