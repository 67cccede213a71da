"""A program in tmux: a terminal emulator that nobody of us wrote, with keys, text and pictures."""

import re
import subprocess
import time
from collections.abc import Sequence
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from rich.ansi import AnsiDecoder
from rich.color_triplet import ColorTriplet
from rich.console import Console
from rich.segment import Segment
from rich.style import Style

WAIT_S: Final = 60.0
LOOK_S: Final = 0.05
BLANKS: Final = re.compile(" {2,}")  # a browser makes one of several, whatever it is told
CELL: Final = (8, 17)  # pixels of one character in a picture
TEXT: Final = ColorTriplet(230, 230, 230)
GROUND: Final = ColorTriplet(16, 16, 16)


class TmuxScreen:
    """One window of a private tmux server. Waits for texts, never for time."""

    def __init__(self, folder: Path, command: Sequence[str], size: tuple[int, int]) -> None:
        self._door = ["tmux", "-S", str(folder / "tmux.sock"), "-f", "/dev/null"]
        self._command = list(command)
        self._size = size

    def __enter__(self) -> Self:
        width, height = self._size
        options = ["set", "-g", "status", "off", ";", "set", "-g", "remain-on-exit", "on"]
        options += [";", "set", "-g", "default-terminal", "tmux-256color"]
        options += [";", "set", "-s", "escape-time", "10", ";"]
        new = ["new-session", "-d", "-x", str(width), "-y", str(height)]
        new += ["-e", "COLORTERM=truecolor", "-e", "LC_ALL=C.UTF-8", *self._command]
        self._tmux("start-server", ";", *options, *new)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tmux("kill-server")

    def press(self, *names: str) -> None:
        """Press keys by their names in tmux: `Enter`, `Escape`, `F9`, `3`."""
        self._tmux("send-keys", *names)

    def resize(self, width: int, height: int) -> None:
        """Change the window's size."""
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def text(self) -> str:
        """Return what is on the screen."""
        return self._tmux("capture-pane", "-p")

    def until(self, *texts: str, top: str = "") -> str:
        """Wait until all texts are on the screen and `top` in its first row; return it.

        After a resize tmux shifts the old rows until the program has drawn them anew.
        """
        deadline = time.monotonic() + WAIT_S
        while True:
            shown = self.text()
            if top in shown.partition("\n")[0] and all(text in shown for text in texts):
                return shown
            assert time.monotonic() < deadline, f"{texts} not on:\n{shown}"
            time.sleep(LOOK_S)

    def exit_code(self) -> int:
        """Wait until the program has ended; return its exit code."""
        deadline = time.monotonic() + WAIT_S
        while True:
            is_dead, _, code = self._tmux(
                "display", "-p", "#{pane_dead} #{pane_dead_status}"
            ).partition(" ")
            if is_dead == "1":
                return int(code)
            assert time.monotonic() < deadline, "the program does not end"
            time.sleep(LOOK_S)

    def picture(self) -> str:
        """Return what is on the screen as an SVG drawing; no font and no other file is named."""
        drawn = self._tmux("capture-pane", "-p", "-e", "-N")
        width, height = (
            int(n) for n in self._tmux("display", "-p", "#{pane_width} #{pane_height}").split()
        )
        return svg(drawn.splitlines()[:height], width)

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            [*self._door, *words], check=True, stdout=subprocess.PIPE, encoding="utf-8"
        )
        return done.stdout


def svg(lines: Sequence[str], width: int) -> str:
    """Return lines with colour sequences as an SVG drawing of `width` columns."""
    across, down = CELL
    console = Console(
        width=width, color_system="truecolor", force_terminal=True, legacy_windows=False
    )
    box = f"0 0 {width * across} {len(lines) * down}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"'
        f' font-family="DejaVu Sans Mono, monospace" font-size="13.3">',
        f'<rect width="100%" height="100%" fill="{GROUND.hex}"/>',
    ]
    decoder = AnsiDecoder()
    for row, raw in enumerate(lines):
        text = next(iter(decoder.decode(raw)), None)
        column = 0
        runs = [] if text is None else list(Segment.simplify(text.render(console, end="")))
        for segment in runs:
            cells = segment.cell_length
            parts.append(_run(segment, column * across, row * down, cells * across))
            column += cells
    return "\n".join([part for part in parts if part] + ["</svg>\n"])


def _run(segment: Segment, x: int, y: int, wide: int) -> str:
    """Return one run of cells of one style: its ground, and its text where there is any."""
    style = segment.style or Style()
    text, ground = _colour(style, is_text=True), _colour(style, is_text=False)
    drawn = ""
    if ground != GROUND:
        drawn = f'<rect x="{x}" y="{y}" width="{wide}" height="{CELL[1]}" fill="{ground.hex}"/>'
    shown = segment.text.rstrip()
    if not shown.strip():
        return drawn
    lead = len(shown) - len(shown.lstrip())
    shown = shown.lstrip()
    bold = ' font-weight="bold"' if style.bold else ""
    at = x + lead * CELL[0]
    length = f'textLength="{len(shown) * CELL[0]}" lengthAdjust="spacingAndGlyphs"'
    place = f'x="{at}" y="{y + 13}" fill="{text.hex}"'
    kept = BLANKS.sub(lambda blanks: "\xa0" * len(blanks[0]), shown)
    return f"{drawn}<text {place} {length}{bold}>{escape(kept)}</text>"


def _colour(style: Style, *, is_text: bool) -> ColorTriplet:
    colour = style.color if is_text else style.bgcolor
    if colour is None or colour.is_default:
        return TEXT if is_text else GROUND
    return colour.get_truecolor()
