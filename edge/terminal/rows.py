"""The screen as one widget of rows: a row that is as it was costs nothing, the others are drawn.

Textual's own texts are laid out, wrapped and drawn as wholes; rows here have their exact width and
go to the compositor as they are.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from rich.segment import Segment
from rich.style import Style as Drawn
from textual.app import RenderResult
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from edge.terminal.cells import Line
from edge.terminal.theme import PLAIN, few_colours

STYLES_MAX: Final = 4096  # a photograph's small copy has a pair of colours a cell


class Rows(Widget):
    """Every row of the terminal, top down. `has_few_colours`: the screen has 16."""

    def __init__(self, *, has_few_colours: bool) -> None:
        super().__init__(id="rows")
        self._has_few_colours = has_few_colours
        self._lines: tuple[Line, ...] = ()
        self._strips: list[Strip] = []

    def show(self, lines: Sequence[Line]) -> None:
        """Show these rows; only those that changed are drawn again."""
        before, self._lines = self._lines, tuple(lines)
        if len(before) != len(self._lines):
            self._strips = [self._strip(row) for row in self._lines]
            self.refresh()
            return
        pairs = zip(before, self._lines, strict=True)
        changed = [y for y, (old, new) in enumerate(pairs) if not _is_same(old, new)]
        for y in changed:
            self._strips[y] = self._strip(self._lines[y])
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    @property
    def text(self) -> str:
        """Return what is shown, without its styles."""
        return "\n".join(row.plain for row in self._lines)

    def render(self) -> RenderResult:
        """Nothing: every line is asked for by itself."""
        return ""

    def render_line(self, y: int) -> Strip:
        """Return a row."""
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)

    def _strip(self, row: Line) -> Strip:
        whole = styled(row, has_few_colours=self._has_few_colours)
        drawn = whole.render(end="", parse_style=_style)
        return Strip([Segment(text, _drawn(style)) for text, style in drawn], whole.cell_length)


def _is_same(old: Line, new: Line) -> bool:
    return old is new or old.is_same(new)


def styled(row: Line, *, has_few_colours: bool) -> Line:
    """Return a row over the body's colours, in those of the screen."""
    whole = row.stylize_before(PLAIN)
    if not has_few_colours:
        return whole
    spans = [
        span._replace(style=few_colours(span.style)) if isinstance(span.style, str) else span
        for span in whole.spans
    ]
    return Content(whole.plain, spans)


@lru_cache(maxsize=STYLES_MAX)
def _style(style: str | Style) -> Style:
    return Style.parse(style) if isinstance(style, str) else style


@lru_cache(maxsize=STYLES_MAX)
def _drawn(style: Style) -> Drawn:
    return style.rich_style
