"""The terminal program follows its tty's size, whatever the shell before it has written down."""

import asyncio
from pathlib import Path

from pty_program import PtyProgram, plain
from shop import PROGRAM
from terminal_scenes import UNIT
from terminal_service import scripted


async def test_a_resized_tty_is_painted_anew_though_a_shell_exported_the_old_size(
    tmp_path: Path,
) -> None:
    async with scripted(tmp_path / "t.sock", UNIT) as service:
        command = [PROGRAM, "terminal", "--socket", str(service.path), "--lang", "en"]
        told = {"COLUMNS": "80", "LINES": "24"}
        with PtyProgram(command, more=told) as screen:
            await asyncio.to_thread(screen.until, "Press only what is WRONG")
            assert b"MOVES" not in plain(screen.raw)  # which may end within a character
            screen.resize(120, 40)
            await asyncio.to_thread(screen.until, "MOVES")  # the side panel of a large screen
        assert service.keys == []
