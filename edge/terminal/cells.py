"""Lines of exact width out of pieces of text: the only place that counts cells.

Texts from labels and boxes are foreign. What drives a terminal, turns its writing round, hides or
piles up never reaches the screen: control and format characters, right-to-left letters, marks
that stand on a letter. No text is longer than a screen can show.
"""

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from textual.content import Content

Piece = str | tuple[str, str] | Content
Line = Content

ELLIPSIS = "…"
HIDDEN: Final = "·"
TEXT_MAX: Final = 4096  # characters; the largest screen that makes sense has fewer cells
RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})  # Unicode Standard Annex 9, table 4


def clean(text: str) -> str:
    """Return the text in characters that take their own cells, left to right; others are dots.

    Letters and their marks are composed first, so that a decomposed `й` stays a letter.
    """
    whole = text if len(text) <= TEXT_MAX else f"{text[: TEXT_MAX - 1]}{ELLIPSIS}"
    if whole.isascii() and whole.isprintable():
        return whole
    return "".join(map(_shown, unicodedata.normalize("NFC", whole)))


@lru_cache(maxsize=TEXT_MAX)
def _shown(char: str) -> str:
    is_own_cell = char.isprintable() and unicodedata.category(char)[0] != "M"
    is_left_to_right = unicodedata.bidirectional(char) not in RIGHT_TO_LEFT
    return char if is_own_cell and is_left_to_right else HIDDEN


def line(*pieces: Piece) -> Line:
    """Join pieces; a piece is a text or a pair of text and style."""
    built = (piece if isinstance(piece, Content) else _piece(*_pair(piece)) for piece in pieces)
    return Content("").join(built)


def _pair(piece: str | tuple[str, str]) -> tuple[str, str]:
    return (piece, "") if isinstance(piece, str) else piece


def _piece(text: str, style: str) -> Content:
    shown = clean(text)
    return Content.styled(shown, style) if style else Content(shown)


def fit(content: Line, width: int) -> Line:
    """Return the line at exactly this width: padded, or cut with an ellipsis."""
    return content.truncate(width, ellipsis=True, pad=True)


def beside(left: Line, right: Line, width: int) -> Line:
    """Return a line with one text at each end; the left one gives way, by one blank at least."""
    if right.cell_length >= width - 1:
        return fit(right, width)
    room = width - right.cell_length
    return line(fit(left, room - 1), " ", right)


def columns(cells: Sequence[Line], width: int, count: int, indent: int = 0) -> list[Line]:
    """Lay cells out in `count` columns, row by row."""
    each = (width - indent) // count
    rows = [cells[at : at + count] for at in range(0, len(cells), count)]
    return [fit(line(" " * indent, *(fit(cell, each) for cell in row)), width) for row in rows]


def paragraph(text: str, width: int, *, indent: int = 3, style: str = "") -> list[Line]:
    """Break a text into lines that fit, each indented."""
    parts = textwrap.wrap(clean(text), max(1, width - indent - 1)) or [""]
    return [line(" " * indent, (part, style)) for part in parts]


def phrases(parts: Sequence[str], width: int, *, indent: int = 3, style: str = "") -> list[Line]:
    """Lay short texts out with dots between them; a line ends between two of them.

    One that is longer than a line is cut: a foreign code takes no other line's place.
    """
    room = max(1, width - indent - 1)
    rows: list[str] = []
    for part in map(clean, parts):
        joined = f"{rows[-1]} · {part}" if rows else part
        if rows and len(joined) <= room:
            rows[-1] = joined
        else:
            rows.append(part if len(part) <= room else f"{part[: room - 1]}{ELLIPSIS}")
    return [line(" " * indent, (row, style)) for row in rows]


def block(lines: Iterable[Line], width: int, height: int) -> tuple[Line, ...]:
    """Return exactly `height` lines of exactly `width` cells.

    Of too many the empty ones go first, the last of them before the others; then the rest is cut.
    """
    shown = [fit(each, width) for each in squeezed(lines, height)][:height]
    shown.extend(Content(" " * width) for _ in range(height - len(shown)))
    return tuple(shown)


def squeezed(lines: Iterable[Line], height: int) -> list[Line]:
    """Return the lines without as many of the empty ones, from below, as are too many."""
    kept = list(lines)
    for at in range(len(kept) - 1, -1, -1):
        if len(kept) <= height:
            break
        if not kept[at].plain.strip():
            del kept[at]
    return kept


def short_code(code: str) -> str:
    """Return a code for a narrow place: first 4 … last 6 characters."""
    return code if len(code) <= 14 else f"{code[:4]}{ELLIPSIS}{code[-6:]}"
