"""A person's whole shift in Russian, in a terminal emulator that nobody of us wrote."""

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tmux_screen import svg
from whole_shift import shift

PICTURES = {"s00_locked", "s01_idle", "s02_parcel", "s03_item", "s05_verdict", "s08_shift"}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed: apt install tmux")
async def test_a_whole_shift_is_worked_in_tmux(tmp_path: Path) -> None:
    kept: dict[str, str] = {}
    states = await shift(tmp_path, parcels=2, seed=7, keep=kept.__setitem__)
    assert states[0] == states[-1] == "LOCKED"
    assert {"IDLE", "PARCEL", "UNIT", "VERDICT", "EXC", "SUMMARY"} <= set(states)
    assert kept.keys() >= PICTURES
    for picture in kept.values():
        ElementTree.fromstring(picture)


def test_a_picture_holds_texts_and_colours_and_names_no_other_place() -> None:
    rows = ["\x1b[1;38;2;255;255;255;48;2;0;114;178m ПРОДАЖА & <1> \x1b[0m end", ""]
    drawn = svg(rows, 20)
    shown = ElementTree.fromstring(drawn)
    assert [each.text for each in shown.iter() if each.text and each.text.strip()] == [
        "ПРОДАЖА & <1>",
        "end",
    ]
    assert '"#0072b2"' in drawn
    assert drawn.count("://") == 1  # the name of the format
