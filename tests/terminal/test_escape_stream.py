"""Whatever a label says, the bytes that reach the person's terminal are the terminal's own.

A real terminal process on a pseudo-terminal; what it draws is read byte by byte at the other end.
"""

import asyncio
import re
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from edge.views import (
    ChecklistWork,
    ChoiceWork,
    Feedback,
    Item,
    Message,
    Severity,
    Stage,
    StationView,
    Tone,
)
from pty_program import PtyProgram, plain
from scene_values import HEAD
from terminal_scenes import BASE, UNIT
from terminal_service import scripted

PROGRAM: Final = str(Path(sys.executable).with_name("receiving-edge"))
OWN: Final = re.compile(
    r"\x1b\]22;default\x07"  # the pointer's shape
    r"|\r\n(?=\x1b\[[0-9]+;1H)"  # between two rows of a whole picture
    r"|\x1b\[(?:"
    r"(?:0|(?:1;)?(?:38;2;[0-9;]+48;2;[0-9;]+|(?:3|9)[0-7];(?:4|10)[0-7]))m"  # pairs of colours
    r"|[0-9]+;[0-9]+H"  # the place of a row
    r"|\?[0-9]+[hl]|\?[0-9]+\$p|>25u|<u"  # modes, and questions for them
    r")"
)
HOSTILE: Final[Mapping[str, str]] = {
    "title": "\x1b]0;owned\x07",
    "clipboard": "\x1b]52;c;b3duZWQ=\x07",
    "clear": "\x1b[2J\x1b[H\x1b[31mowned",
    "status query": "\x1b[6n\x1b[c\x1bP$q q\x1b\\",
    "eight-bit controls": "\x9b31m\x9d0;owned\x9c\x90q\x9c",
    "line breaks": "a\r\nb\x0bc\x0cd\x85e\u2028f\u2029g\tq\x08\x08\x7f\x00",
    "overrides": "4601\u202e3210\u2066\u2067x\u2069\u200f\u061c",
    "right-to-left letters": "מדבקה 123 بطاقة",
    "zero width": "4\u200b6\u200c0\u200d1\ufeff\u2060\u00ad\U000e0041",
    "piled marks": "Z" + "\u0336\u0489\u20dd" * 200,
    "long": "0123456789" * 1000,
    "lone surrogate": "\udc80\ud800",
    "private": "\ue000\U000f0000\U0010ffff",
}


def shown(text: str) -> tuple[StationView, ...]:
    """Views with this text in every place where a label's text may stand."""
    label = {"ru": text, "en": text}
    fb = Feedback(n=1, sev=Severity.OK, t="E10", p={"code": text})
    unknown = ChoiceWork(
        code="E10",
        p={"code": text},
        opts=(("1", Message(t="opt.candidate", p={"name": label})),),
    )
    stop = Stage(t="stage.stop", tone=Tone.ERROR)
    assert isinstance(UNIT.work, ChecklistWork)
    unit = replace(UNIT.work, item=Item(name=label, ids=(("gtin", text),)))
    return (
        replace(BASE, stage=Stage(label=label), fb=fb, rev=2),
        replace(BASE, state="EXC", stage=stop, work=unknown, fb=fb, rev=3),
        replace(UNIT, work=unit, fb=fb, rev=4),
    )


def passable(text: str) -> str:
    """Return the text as it survives JSON in UTF-8."""
    return text.encode(errors="replace").decode()


def foreign(drawn: str) -> str:
    """Return what is left of a drawing when the terminal's own sequences and plain cells go."""
    rest = OWN.sub("", drawn)
    return "".join(
        char
        for char in rest
        if not char.isprintable()
        or unicodedata.category(char)[0] == "M"
        or unicodedata.bidirectional(char) in ("R", "AL", "AN")
    )


@pytest.mark.parametrize("term", ["xterm-256color", "linux"])
async def test_no_text_of_a_label_becomes_a_byte_that_drives_the_terminal(
    tmp_path: Path, term: str
) -> None:
    path = tmp_path / "t.sock"
    async with scripted(path, BASE) as service:
        command = [PROGRAM, "terminal", "--socket", str(path), "--lang", "en"]
        with PtyProgram(command, term=term) as screen:
            await asyncio.to_thread(screen.until, "Scan the parcel label.")
            views = (view for text in HOSTILE.values() for view in shown(passable(text)))
            for number, view in enumerate(views, 1):
                service.show(replace(view, head=replace(HEAD, station=f"v{number}.")))
                await asyncio.to_thread(screen.until, f"v{number}.")
            assert await asyncio.to_thread(screen.end) == 0
            drawn = bytes(screen.raw).decode("utf-8")
            assert foreign(drawn) == ""
            assert "owned" in drawn


async def test_a_code_of_ten_thousand_characters_costs_no_more_bytes_than_the_screen(
    tmp_path: Path,
) -> None:
    path = tmp_path / "t.sock"
    async with scripted(path, BASE) as service:
        with PtyProgram([PROGRAM, "terminal", "--socket", str(path), "--lang", "en"]) as screen:
            await asyncio.to_thread(screen.until, "Scan the parcel label.")
            screen.forget()
            service.show(*shown(HOSTILE["long"]))
            await asyncio.to_thread(screen.until, "Press only what is WRONG")
            assert len(plain(screen.raw)) < 3 * 80 * 24 * 4


async def test_the_bell_rings_once_for_an_act_that_asks_for_it(tmp_path: Path) -> None:
    path = tmp_path / "t.sock"
    error = Feedback(n=5, sev=Severity.ERROR, t="E45", bell=1)
    async with scripted(path, BASE) as service:
        with PtyProgram([PROGRAM, "terminal", "--socket", str(path), "--lang", "en"]) as screen:
            await asyncio.to_thread(screen.until, "Scan the parcel label.")
            screen.forget()
            for number, fb in enumerate((error, error, replace(error, n=6, bell=0)), 1):
                service.show(
                    replace(BASE, fb=fb, head=replace(HEAD, station=f"v{number}."), rev=number + 1)
                )
                await asyncio.to_thread(screen.until, f"v{number}.")
            await asyncio.to_thread(screen.end)
            assert screen.raw.count(b"\x07") == 1
