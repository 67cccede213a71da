"""Every screen in cells, as plain files that are reviewed as diffs.

A file that is missing is written and the test fails once: look at it before it is kept.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.content import Content

from edge.terminal.screen import render, rows_of
from edge.terminal.texts import LANGUAGES
from quality_scenes import ALL_SCENES as SCENES

FOLDER = Path(__file__).parent / "snapshots"
SIZES = [(80, 24), (120, 40)]


def drawn(rows: Sequence[Content]) -> str:
    """Rows as they stand on the screen; the bar marks the screen's edge."""
    return "".join(f"{row.plain}│\n" for row in rows)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", SCENES)
def test_the_screen_is_the_reviewed_one(name: str, lang: str, size: tuple[int, int]) -> None:
    shown = drawn(rows_of(render(SCENES[name], lang, size)))
    kept = FOLDER / f"{name}.{lang}.{size[0]}x{size[1]}.txt"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(shown, encoding="utf-8")
        pytest.fail(f"{kept.name} is new: look at it, then run again")
    assert shown == kept.read_text(encoding="utf-8")


def test_no_snapshot_is_left_of_a_screen_that_is_gone() -> None:
    known = {
        f"{name}.{lang}.{w}x{h}.txt" for name in SCENES for lang in LANGUAGES for w, h in SIZES
    }
    assert {path.name for path in FOLDER.iterdir()} == known


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.name)
def test_every_kept_row_has_the_width_of_its_screen(path: Path) -> None:
    width, height = (int(part) for part in path.name.split(".")[2].split("x"))
    rows = path.read_text(encoding="utf-8").splitlines()
    assert len(rows) == height
    assert all(Content(row).cell_length == width + 1 for row in rows)
