"""Pictures that reuse what was there are those that are drawn anew; rows that changed are drawn."""

import subprocess
import sys

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from edge.terminal import FRAMES_A_SECOND
from edge.terminal.cells import line
from edge.terminal.rows import Rows
from edge.terminal.screen import drawn, render
from terminal_scenes import SCENES


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
@pytest.mark.parametrize("lang", ["ru", "en"])
def test_a_picture_that_reuses_the_one_before_is_the_same_as_a_new_one(
    lang: str, size: tuple[int, int]
) -> None:
    names = list(SCENES)
    order = [name for step in (1, 5, 7) for name in names[::step]] + names[::-1]
    before = None
    for name in order:
        before = drawn(SCENES[name], lang, size, before)
        assert before.regions == render(SCENES[name], lang, size), name


class Screen(App[None]):
    """Rows alone, which count what is asked of them."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = Counted(has_few_colours=False)

    def compose(self) -> ComposeResult:
        """Build them."""
        yield self.rows


class Counted(Rows):
    """Rows that keep which regions they wanted to be painted."""

    def __init__(self, *, has_few_colours: bool) -> None:
        super().__init__(has_few_colours=has_few_colours)
        self.wanted: list[Region] = []

    def refresh(self, *regions: Region, **more: bool) -> "Counted":
        """Note the regions."""
        self.wanted += regions
        return super().refresh(*regions, **more)


async def test_only_rows_that_changed_are_painted() -> None:
    first = tuple(line(f"row {n}".ljust(20)) for n in range(5))
    second = (*first[:2], line("other".ljust(20)), *first[3:])
    app = Screen()
    async with app.run_test(size=(20, 5)) as pilot:
        app.rows.show(first)
        await pilot.pause()
        app.rows.wanted.clear()
        app.rows.show(tuple(line(each.plain) for each in first))
        assert app.rows.wanted == []
        app.rows.show(second)
        assert app.rows.wanted == [Region(0, 2, 20, 1)]
        await pilot.pause()
        assert app.rows.text.split("\n")[2].strip() == "other"
        shown = ["".join(seg.text for seg in app.rows.render_line(y)) for y in range(5)]
        assert shown == [each.plain for each in second]


def test_the_terminal_draws_more_pictures_a_second_than_textual_would() -> None:
    asked = "import edge.terminal.app, textual.constants as c; print(c.MAX_FPS)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert int(said.stdout) == FRAMES_A_SECOND > 60
