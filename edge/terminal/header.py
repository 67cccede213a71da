"""Row 1: station, operator, pace, network, robots, time. Troubles are the last to give way."""

from edge.terminal.cells import Line, beside, fit, line
from edge.terminal.pen import Pen
from edge.terminal.theme import BOLD, FAINT, PLAIN, TRAINING, WARNING
from edge.views import Head, Light, StationView

CALM = frozenset({"ready", "busy", "ok", "up", "off"})
WIDE_CELLS = 120
NAME_CELLS = 14
TRAINING_MODE = "training"


def header(view: StationView, pen: Pen) -> Line:
    """Return row 1."""
    head = view.head
    if view.mode == TRAINING_MODE:
        return beside(_pattern(pen), _course(head, pen), pen.width).stylize_before(TRAINING.style)
    lights = sorted(_lights(head, pen), key=lambda light: light.s in CALM)
    left, right = _fitting(view, lights, pen)
    return beside(left, right, pen.width).stylize_before(PLAIN)


def _fitting(view: StationView, lights: list[Light], pen: Pen) -> tuple[Line, Line]:
    """Return both halves: the lights give way first, then the pace, as a whole."""
    left = _left(view, pen)
    for count in range(len(lights), -1, -1):
        right = _right(view.head, lights[:count], pen)
        if left.cell_length + right.cell_length < pen.width:
            return left, right
    return _left(view, pen, has_pace=False), right


def _left(view: StationView, pen: Pen, *, has_pace: bool = True) -> Line:
    head = view.head
    if head.op is None:
        return line(" ", (head.station, BOLD))
    pace = pen.say("ui.at_number", done=head.done, per_h=head.per_h)
    name = pen.texts.label(head.op.name)
    who = fit(line(name), min(NAME_CELLS, len(name)))
    shift = ""
    if not has_pace:
        return line(" ", (head.station, BOLD), "  ", who, f" {head.op.no}")
    if pen.width >= WIDE_CELLS:
        length = f"{head.shift_min // 60}:{head.shift_min % 60:02}"
        shift = f"  {pen.say('ui.at_shift', length=length)}"
        pace = f"{pace} · {pen.say('ui.seconds', n=head.mean_s)}" if head.mean_s else pace
    return line(" ", (head.station, BOLD), "  ", who, f" {head.op.no}{shift}  {pace}")


def _pattern(pen: Pen) -> Line:
    """The whole row is of another colour and hatched: nobody takes training for work."""
    return line((f" {pen.say('ui.training')} ", f"bold {TRAINING.style}"))


def _course(head: Head, pen: Pen) -> Line:
    course = head.course
    told = "" if course is None else pen.say("ui.course", task=course.task, of=course.of)
    wrong = "" if course is None else pen.say("ui.course_wrong", n=course.wrong)
    hatch = "▒" * max(0, pen.width - WIDE_CELLS + 8)
    return line(f"{hatch} {told}   {wrong}   ", (_clock(head.at), f"bold {TRAINING.style}"), " ")


def _lights(head: Head, pen: Pen) -> list[Light]:
    """Robots, then devices; on a narrow screen a device is told of when it is in trouble."""
    devices = (("conveyor", head.conveyor), ("camera", head.camera), ("scanner", head.scanner))
    told = [
        Light(id=pen.say(f"device.{name}"), s=state)
        for name, state in devices
        if pen.width >= WIDE_CELLS or state not in CALM
    ]
    return [*head.robots, *told]


def _right(head: Head, kept: list[Light], pen: Pen) -> Line:
    """Show the lights that there is room for, in the order they always have."""
    net = head.net
    lights = [(f" {pen.texts.word('alarm', head.alarm)} ", WARNING)] if head.alarm else []
    lights.append((f"{pen.texts.word('net', net.s)}{_lag(head, pen)}", _style(net.s)))
    lights += [
        (_light(light.id, light.s, pen), _style(light.s))
        for light in _lights(head, pen)
        if light in kept
    ]
    shown = [piece for light in lights for piece in (light, "  ")]
    unsent = pen.say("ui.unsent", n=net.unsent)
    return line(*shown, unsent, "  ", (_clock(head.at), BOLD), " ")


def _light(name: str, state: str, pen: Pen) -> str:
    return f"{name} {pen.texts.word('light', state)}"


def _lag(head: Head, pen: Pen) -> str:
    if head.net.s == "offline":
        return f" {head.net.since}"
    return f" {pen.say('ui.seconds', n=head.net.lag_s)}" if pen.width >= WIDE_CELLS else ""


def _style(state: str) -> str:
    if state == "off":
        return FAINT
    return "" if state in CALM else WARNING


def _clock(at: str) -> str:
    """Return HH:MM of an ISO time or of a clock text."""
    return at.partition("T")[2][:5] if "T" in at else at[:5]
