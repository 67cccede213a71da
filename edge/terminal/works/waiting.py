"""Work region while nothing is in the hand: locked, idle, typing a number, stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edge.terminal.cells import Line, beside, fit, line, paragraph, phrases, squeezed
from edge.terminal.pen import BLANK, INDENT, Pen
from edge.terminal.theme import BOLD, FAINT, WARNING, zone_hatch, zone_style
from edge.terminal.works import figures
from edge.views import EntryWork, Feedback, IdleWork, LockedWork, MoveLine, StationView, StopWork

ZONES = ("resale", "repair", "disposal", "hold", "hazmat")
BAR_CELLS = 12
TODAY_CELLS = 34
SHARE_CELLS = 27
BENCH_MAX = 4
STATE_CELLS = 60  # from this width on the state of its move stands behind a piece


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
    right = squeezed(_right(work, view, pen), pen.height)
    rows = max(len(left), len(right))
    left += [BLANK] * (rows - len(left))
    right += [BLANK] * (rows - len(right))
    pairs = zip(left, right, strict=True)
    return [beside(one, _wide(other), pen.width) for one, other in pairs]


def _right(work: IdleWork, view: StationView, pen: Pen) -> list[Line]:
    """The day's figures, and what stands at the bench."""
    narrow = replace(pen, width=TODAY_CELLS)
    lines = [*today(view, pen), BLANK, *figures.pace(work.day, narrow)]
    lines += figures.spark(work.day, pen)
    trays = work.waiting.bench
    what = ", ".join(trays[:BENCH_MAX]) if trays else pen.say("ui.bench_empty")
    rest = f" +{len(trays) - BENCH_MAX}" if len(trays) > BENCH_MAX else ""
    told = [pen.say("ui.bench", what=f"{what}{rest}")]
    told += [pen.say("ui.trays_free", n=view.side.free_trays)] if view.side.free_trays else []
    return [*lines, *phrases(told, TODAY_CELLS, indent=0)]


def _left(work: IdleWork, view: StationView, pen: Pen) -> list[Line]:
    lines = _offline(view, pen) if view.head.net.s == "offline" else []
    lines = lines or pen.text("ui.scan_parcel", BOLD)
    below = _undo(view, pen)
    if work.parked:
        below += _parked(work, pen)
    below += [*figures.waiting(work.waiting, pen), *figures.defects(work.day, pen)]
    room = max(1, pen.height - len(lines) - len(below) - 1)
    return [*lines, BLANK, *_puts(view, pen)[:room], *below]


def _parked(work: IdleWork, pen: Pen) -> list[Line]:
    oldest = pen.say("ui.parked_age", age=figures.age(work.waiting.parked_min, pen))
    parked = pen.say("ui.parked", no=list(work.parked))
    late = work.waiting.late
    over = f" · {pen.say('ui.overdue', n=late)}" if late else ""
    return paragraph(f"{parked} · {oldest}{over}", pen.width, style=WARNING)


def _undo(view: StationView, pen: Pen) -> list[Line]:
    return [] if view.undo is None else pen.text("ui.undo_left", FAINT, n=view.undo.left_s)


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


def _puts(view: StationView, pen: Pen) -> list[Line]:
    """The last pieces, each with its zone and tray whole: a long name gives way."""
    return [_put(feedback, view.side.moves, pen) for feedback in view.side.puts]


def _put(put: Feedback, moves: Sequence[MoveLine], pen: Pen) -> Line:
    tray = str(put.p.get("tray", ""))
    zone = pen.texts.word("zone", str(put.p.get("zone", "")))
    state = next((pen.texts.word("move", move.s) for move in moves if move.tray == tray), "")
    shown = f" → {zone}  {tray}"
    if pen.width >= STATE_CELLS and state:
        shown = f"{shown}  {state}"
    at = line(" " * INDENT, (put.at[:5], FAINT), "  ")
    name = pen.texts.label(put.p.get("name", {}))
    room = max(1, pen.width - at.cell_length - len(shown))
    return line(at, fit(line(name), min(room, len(name) or 1)), shown)


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
