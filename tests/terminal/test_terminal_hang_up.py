"""A terminal whose screen is gone ends by itself, also where no SIGHUP is sent."""

from pathlib import Path
from typing import Final

from pty_program import PtyProgram
from shop import PROGRAM

UNFLUSHED: Final = 120  # Python's own: what was left to draw had nowhere to go any more


def test_a_terminal_ends_when_its_screen_is_gone(tmp_path: Path) -> None:
    command = [PROGRAM, "terminal", "--socket", str(tmp_path / "nobody"), "--lang", "en"]
    with PtyProgram(command) as screen:
        screen.first()
        assert screen.hang_up() in (0, UNFLUSHED)
