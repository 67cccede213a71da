"""The stage word in big letters of quadrant blocks; knows shapes, no meaning.

A set has rows above and below the capital height for breves and tails, so letters with them
do not shrink. A word with a letter that has no glyph cannot be drawn.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

SMALL_ROWS: Final = 7
LARGE_ROWS: Final = 10
SPACE_CELLS: Final = 2


def word(text: str, rows: int, width: int) -> tuple[str, ...] | None:
    """Return the text as `rows` rows of equal width; None if it is too wide or not drawable."""
    glyphs = _sets().get(rows, {})
    shapes = [glyphs.get(char) for char in text.upper()]
    if not text.strip() or any(shape is None for shape in shapes):
        return None
    drawn = tuple(" ".join(shape[row] for shape in shapes if shape) for row in range(rows))
    return drawn if len(drawn[0]) <= width else None


@cache
def _sets() -> Mapping[int, Mapping[str, tuple[str, ...]]]:
    text = files("edge.terminal").joinpath("glyphs.txt").read_text(encoding="utf-8")
    found: dict[int, dict[str, tuple[str, ...]]] = {}
    for entry in text.splitlines():
        if entry.startswith("# "):
            continue
        shape = tuple(entry[2:].split("|")[:-1])
        found.setdefault(len(shape), {})[entry[0]] = shape
    for rows, glyphs in found.items():
        glyphs[" "] = (" " * SPACE_CELLS,) * rows
    return found
