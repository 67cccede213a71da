"""Overlays in the work region: help, moves, link. They leave the work below as it is."""

from edge.terminal.cells import Line, columns, line, paragraph
from edge.terminal.pen import BLANK, INDENT, Pen, key_name
from edge.terminal.theme import BOLD, FAINT, WARNING, zone_style
from edge.terminal.works.figures import age
from edge.views import Light, MoveLine, StationView, VerdictWork

TROUBLES = frozenset(
    {"in_doubt", "failed", "rejected", "wrong_lane", "unconfirmed", "cancelled", "waits"}
)
WAYS_OUT = ("1", "2", "3", "4")
ORDER_CELLS = 18


def help_page(view: StationView, pen: Pen) -> list[Line]:
    """Say where the person is, what the digits do, the other keys, their labels and pad keys."""
    where = pen.texts.word("state", view.state)
    ways = [
        line((digit, BOLD), f" {pen.say(msgid)}", (f" ({k.upper()})" if k else "", FAINT))
        for digit, k, msgid in view.ways
    ]
    listed = {k for _, k, _ in view.ways}
    keys = [
        line((key_name(k, pen), BOLD), f" {pen.say(msgid)}")
        for k, msgid in view.keys
        if k not in listed
    ]
    return [
        *pen.text("ui.here", BOLD, state=where),
        *columns(ways, pen.width, 3, indent=INDENT),
        BLANK,
        *columns(keys, pen.width, 4, indent=INDENT),
        *pen.text("ui.labels", FAINT),
        *pen.text("ui.pad", FAINT),
        *pen.text("ui.help_end"),
    ]


def moves(view: StationView, pen: Pen) -> list[Line]:
    """Return all open moves, or one of them with the ways to resolve it."""
    chosen = next((move for move in view.side.moves if move.n == view.selected), None)
    if chosen is not None:
        return _detail(chosen, pen)
    free = pen.text("ui.free_trays", FAINT, n=view.side.free_trays)
    if not view.side.moves:
        return [BLANK, *pen.text("ui.no_moves"), BLANK, *free]
    rows = [move_line(move, pen) for move in view.side.moves]
    hint = pen.text("ui.move_hint", FAINT)
    return [*pen.text("ui.moves"), BLANK, *rows, BLANK, *hint, *free]


def move_line(move: MoveLine, pen: Pen) -> Line:
    """Return one move: number, tray, zone, who carries, state and its age."""
    style = WARNING if move.s in TROUBLES else ""
    state = (f" {pen.texts.word('move', move.s)} ", style)
    zone = (f" {pen.texts.word('zone', move.to):<10}", zone_style(move.to))
    by = "" if move.by == "hand" else pen.texts.word("carrier", move.by)
    age = pen.say("ui.seconds", n=move.since_s)
    return line(
        " " * INDENT,
        (f"{move.n}", BOLD),
        f"  {move.tray:<5}→ ",
        zone,
        f"  {by:<9}",
        state,
        f" {age}",
    )


def _detail(move: MoveLine, pen: Pen) -> list[Line]:
    state = pen.texts.word("move", move.s)
    lines = pen.text("ui.move", BOLD, tray=move.tray, zone=move.to, r=move.by, state=state)
    ref = move.ref[-ORDER_CELLS:]
    lines += pen.text("ui.move_ref", FAINT, ref=ref, seconds=move.since_s)
    if move.s in TROUBLES:
        lines += pen.text("ui.move_blind")
    if move.s == "unseen":
        lines += pen.text("ui.move_unseen")
    ways = [line(" " * INDENT, (k, BOLD), "  ", pen.say(f"ui.move_{k}")) for k in WAYS_OUT]
    return [*lines, BLANK, *ways]


def why(view: StationView, pen: Pen) -> list[Line]:
    """Return the reasons of the decision, and what would change it."""
    explained = view.work.explained if isinstance(view.work, VerdictWork) else ()
    return [
        shown
        for label in explained
        for shown in paragraph(pen.texts.label(label), pen.width, indent=INDENT)
    ]


def link(view: StationView, pen: Pen) -> list[Line]:
    """Return what is known of the network and the devices."""
    net = view.head.net
    state = pen.texts.word("net", net.s)
    lines = [line(" " * INDENT, (pen.say("ui.link_net"), BOLD), "   ", state)]
    lines += pen.text("ui.unsent", n=net.unsent)
    lines += pen.text("ui.link_lag", n=net.lag_s)
    if net.cache_at.isdecimal():
        lines += pen.text("ui.link_cache", at=age(int(net.cache_at), pen))
    more = [pen.say("ui.sent_at", at=net.sent_at)] if net.sent_at else []
    more += [pen.say("ui.disk_days", n=net.disk_days)] if net.disk_days >= 0 else []
    lines += paragraph(" · ".join(more), pen.width) if more else []
    lines += [*pen.text("ui.link_saved", FAINT), BLANK, *pen.text("ui.link_devices", BOLD)]
    head = view.head
    devices = (
        *head.robots,
        *(
            Light(id=pen.say(f"device.{name}"), s=state)
            for name, state in (
                ("conveyor", head.conveyor),
                ("camera", head.camera),
                ("scanner", head.scanner),
            )
        ),
    )
    cells = [line((each.id, BOLD), " ", pen.texts.word("light", each.s)) for each in devices]
    return [*lines, *columns(cells, pen.width, 4, indent=INDENT)]
