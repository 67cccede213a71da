"""The stage: one word for the next movement of the hand, in colour, hatch and frame."""

from edge.terminal.cells import Line, clean, fit, line
from edge.terminal.glyphs import LARGE_ROWS, SMALL_ROWS, word
from edge.terminal.texts import Texts
from edge.terminal.theme import STAGES, Frame, Paint
from edge.views import Stage

WORD_MARGIN = 2


def stage_word(stage: Stage, texts: Texts) -> str:
    """Return the word; the parameter `q` is a mark put after it (a zone that is only proposed)."""
    if stage.label is not None:
        return clean(texts.label(stage.label)).upper()
    mark = str(stage.p.get("q", ""))
    return clean(f"{texts.say(stage.t, stage.p)}{mark}").upper()


def stage_rows(stage: Stage, texts: Texts, width: int, height: int) -> tuple[Line, ...]:
    """Return the stage region; a word too wide for big letters is one bold line."""
    paint = STAGES[stage.tone]
    drawn = _drawn(stage_word(stage, texts), width - 2 * WORD_MARGIN - 2, height)
    rows = _ground(paint, width, height)
    top = (height - len(drawn)) // 2
    for at, shape in enumerate(drawn, top):
        is_border = paint.frame is not Frame.NONE and at in (0, height - 1)
        rows[at] = rows[at] if is_border and not shape.strip() else _over(rows[at], shape)
    return tuple(fit(line((row, f"bold {paint.style}")), width) for row in rows)


def _drawn(text: str, width: int, height: int) -> tuple[str, ...]:
    for rows in (LARGE_ROWS, SMALL_ROWS):
        found = word(text, rows, width) if rows <= height else None
        if found is not None:
            return found
    return (f" {text[:width]} ",) if text else ()


def _ground(paint: Paint, width: int, height: int) -> list[str]:
    """The empty stage: hatch at both sides, a frame round it where the colour alone is weak."""
    rows = [(paint.hatch or " ") * width for _ in range(height)]
    if paint.frame is Frame.NONE:
        return rows
    left, flat, right, upright, low_left, low_right = tuple(paint.frame.value)
    inner = width - 2
    framed = [f"{upright}{row[:inner]}{upright}" for row in rows]
    framed[0] = f"{left}{flat * inner}{right}"
    framed[-1] = f"{low_left}{flat * inner}{low_right}"
    return framed


def _over(ground: str, drawn: str) -> str:
    """Put a row of the word in the middle of a row of the ground, with air round it."""
    air = " " * WORD_MARGIN
    shown = f"{air}{drawn}{air}"
    start = max(0, (len(ground) - len(shown)) // 2)
    return f"{ground[:start]}{shown}{ground[start + len(shown) :]}"[: len(ground)]
