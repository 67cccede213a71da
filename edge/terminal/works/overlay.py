"""Overlays in the work region: help, moves, link. They leave the work below as it is."""

from collections.abc import Sequence

from edge.terminal.cells import Line, columns, fit, line, paragraph, phrases
from edge.terminal.pen import BLANK, INDENT, Pen, key_name
from edge.terminal.theme import BOLD, FAINT, WARNING, zone_style
from edge.terminal.works.figures import age
from edge.views import Light, MoveLine, RobotSeen, StationView, VerdictWork

TROUBLES = frozenset(
    {"in_doubt", "failed", "rejected", "wrong_lane", "unconfirmed", "cancelled", "waits"}
)
WAYS_OUT = ("1", "2", "3", "4")
ORDER_CELLS = 18
ZONE_CELLS = 10
PLACE_CELLS = 11  # indent, number, tray


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
    here = pen.text("ui.here", BOLD, state=where)
    if view.now is not None:
        k, what = view.now
        here = [line(" " * INDENT, (pen.say("ui.now"), BOLD), "  ", _pointed(k, what, pen))]
    return [
        *here,
        *columns(ways, pen.width, 3, indent=INDENT),
        BLANK,
        *columns(keys, pen.width, _key_columns(keys, pen.width), indent=INDENT),
        *pen.text("ui.labels", FAINT),
        *pen.text("ui.pad", FAINT),
        *pen.text("ui.help_end"),
    ]


def _key_columns(keys: Sequence[Line], width: int) -> int:
    """As many columns as leave every key its whole word."""
    longest = max((key.cell_length for key in keys), default=1) + 1
    return max(1, min(4, (width - INDENT) // longest))


def _pointed(k: str, what: str, pen: Pen) -> Line:
    return line((f" {key_name(k, pen)} ", WARNING), f"  {pen.say(what)}")


def moves(view: StationView, pen: Pen) -> list[Line]:
    """Return all open moves, or one of them with the ways to resolve it."""
    chosen = next((move for move in view.side.moves if move.n == view.selected), None)
    if chosen is not None:
        return _detail(chosen, pen)
    free = pen.text("ui.free_trays", FAINT, n=view.side.free_trays)
    if not view.side.moves:
        return [BLANK, *pen.text("ui.no_moves"), BLANK, *free]
    rows = _move_lines(view.side.moves, pen)
    hint = pen.text("ui.move_hint", FAINT)
    return [*pen.text("ui.moves"), BLANK, *rows, BLANK, *hint, *free]


def _move_lines(moves: Sequence[MoveLine], pen: Pen) -> list[Line]:
    """One row a move: number, tray, what is in it, zone, who carries, state and since when."""
    rests = [_rest(move, pen) for move in moves]
    room = pen.width - PLACE_CELLS - max(rest.cell_length for rest in rests) - 2
    names = [line(pen.texts.label(move.name)) for move in moves]
    room = max(1, min(room, max(name.cell_length for name in names)))
    return [
        line(
            " " * INDENT,
            (f"{move.n}", BOLD),
            fit(line(f"  {move.tray}"), PLACE_CELLS - INDENT - 1),
            fit(name, room),
            " ",
            rest,
        )
        for move, name, rest in zip(moves, names, rests, strict=True)
    ]


def _rest(move: MoveLine, pen: Pen) -> Line:
    style = WARNING if move.s in TROUBLES else ""
    state = (f" {pen.texts.word('move', move.s)} ", style)
    zone = (f" {pen.texts.word('zone', move.to):<{ZONE_CELLS}}", zone_style(move.to))
    by = "" if move.by == "hand" else pen.texts.word("carrier", move.by)
    return line("→ ", zone, f" {by:<7}", state, f" {_since(move, pen)}")


def _since(move: MoveLine, pen: Pen) -> str:
    """A trouble is told by its age, anything else by the clock: no repaint each second."""
    if move.s in TROUBLES or not move.at:
        return pen.say("ui.seconds", n=move.since_s)
    return pen.say("ui.since", time=move.at)


def _detail(move: MoveLine, pen: Pen) -> list[Line]:
    state = pen.texts.word("move", move.s)
    name = pen.texts.label(move.name)
    lines = pen.text("ui.move", BOLD, tray=f"{move.tray} {name}".strip(), zone=move.to,
                     r=move.by, state=state)  # fmt: skip
    told = [pen.say("ui.move_ref", ref=move.ref[-ORDER_CELLS:])] if move.ref else []
    told += [pen.say("ui.move_sent", time=move.sent_at)] if move.sent_at else []
    lines += phrases([*told, _since(move, pen)], pen.width, style=FAINT)
    if move.seen is not None:
        load = pen.say(f"ui.robot_load_{_loaded(move.seen)}")
        seen = {"r": move.by, "time": move.seen.at, "node": move.seen.node or "?", "load": load}
        lines += pen.text("ui.robot_seen", **seen)
    if move.s in TROUBLES:
        lines += pen.text("ui.move_blind")
    if move.s == "unseen":
        lines += pen.text("ui.move_unseen")
    ways = [line(" " * INDENT, (k, BOLD), "  ", pen.say(f"ui.move_{k}")) for k in WAYS_OUT]
    return [*lines, BLANK, *ways]


def _loaded(seen: RobotSeen) -> str:
    if seen.loads < 0:
        return "unknown"
    return "some" if seen.loads else "none"


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
