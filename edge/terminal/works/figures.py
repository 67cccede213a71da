"""Live figures in words: pace in three parts, defects, errors with their bound, what waits."""

from typing import Final

from edge.terminal.cells import Line, line, paragraph
from edge.terminal.pen import Pen
from edge.terminal.theme import FAINT, WARNING
from edge.views import Figures, Waiting

BARS: Final = "▁▂▃▄▅▆▇█"
LONG_CELLS: Final = 46
PPM_OF_TENTHS: Final = 1000
HOUR_MIN: Final = 60
DAY_MIN: Final = 24 * HOUR_MIN
HOURS_MAX: Final = 48  # a longer age is told in days


def pace(figures: Figures, pen: Pen) -> list[Line]:
    """Return acts and seconds per item, active, waiting and interrupted; nothing of nothing.

    `pen.width` = the room there is, in cells.
    """
    if not figures.measured:
        return []
    split = pen.say(
        "ui.pace_split",
        active=figures.active_s,
        waiting=figures.waiting_s,
        interrupted=figures.interrupted_s,
    )
    acts = pen.say("ui.pace_acts", acts=tenths(figures.acts_tenths, pen))
    mean = pen.say("ui.pace", mean=figures.mean_s, best=figures.best_s)
    if pen.width < LONG_CELLS:
        return [line(mean), line((split, FAINT)), line(acts)]
    return [line(f"{mean} · {acts}"), line((split, FAINT))]


def spark(figures: Figures, pen: Pen) -> list[Line]:
    """Return the newest items' seconds as bars, the highest of them as a full one."""
    recent = figures.recent_s
    if len(recent) < 2:
        return []
    most = max(1, *recent)
    bars = "".join(BARS[seconds * (len(BARS) - 1) // most] for seconds in recent)
    return [line(pen.say("ui.pace_now", bars=bars, now=recent[-1]))]


def defects(figures: Figures, pen: Pen) -> list[Line]:
    """Return what was wrong most often."""
    if not figures.defects:
        return []
    what = ", ".join(f"{pen.texts.label(name)} {n}" for name, n in figures.defects)
    return paragraph(pen.say("ui.defects", what=what), pen.width)


def errors(figures: Figures, pen: Pen) -> list[Line]:
    """Return the error rate of random second looks with its exact bound, so far."""
    if not figures.checked:
        return pen.text("ui.errors_none", FAINT)
    upper = tenths(-(-figures.upper_ppm // PPM_OF_TENTHS), pen)
    return pen.text("ui.errors", wrong=figures.wrong, n=figures.checked, upper=upper)


def waiting(given: Waiting, pen: Pen) -> list[Line]:
    """Return what is on hold, how old the oldest is, and what is over its time."""
    if not given.held:
        return []
    said = pen.say("ui.held", n=given.held, age=age(given.held_min, pen))
    late = f" · {pen.say('ui.overdue', n=given.overdue)}" if given.overdue else ""
    return paragraph(f"{said}{late}", pen.width, style=WARNING if given.overdue else "")


def age(minutes: int, pen: Pen) -> str:
    """Return an age in the unit that people say."""
    if minutes < HOUR_MIN:
        return pen.say("ui.age_min", n=minutes)
    if minutes < HOURS_MAX * HOUR_MIN:
        return pen.say("ui.age_h", n=minutes // HOUR_MIN)
    return pen.say("ui.age_d", n=minutes // DAY_MIN)


def tenths(number: int, pen: Pen) -> str:
    """Return a number of tenths with one decimal, as the language writes it."""
    return f"{number // 10}{',' if pen.texts.lang == 'ru' else '.'}{number % 10}"
