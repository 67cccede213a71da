"""What a screen tells a person to do, counted: sentences behind the one that says what happened."""

import re
from typing import Final

from edge.terminal.cells import Line, clean
from edge.terminal.screen import MIN_SIZE, render, rows_of
from edge.terminal.texts import texts
from edge.views import ChoiceWork, StationView

_END: Final = re.compile(r"(?<=[.!?])\s+(?=\S)")
_CODE: Final = re.compile(r"E[0-9]{2}")


def sentences(text: str) -> list[str]:
    """Return the sentences of a message."""
    return [one for one in _END.split(text.strip()) if one]


def instructions(view: StationView, lang: str) -> list[str]:
    """Return what this screen tells a person to do, each sentence once.

    A message of a code is what happened, then what to do; a report alone asks for nothing.
    """
    said = texts(lang)
    told: dict[str, None] = {}
    if view.fb is not None and _CODE.fullmatch(view.fb.t):
        told |= dict.fromkeys(sentences(clean(said.say(view.fb.t, view.fb.p)))[1:])
    if isinstance(view.work, ChoiceWork) and _CODE.fullmatch(view.work.code):
        told |= dict.fromkeys(sentences(clean(said.say(view.work.code, view.work.p)))[1:])
    return list(told)


def cut_off(view: StationView, lang: str) -> list[str]:
    """Return what this screen was to say and does not say whole in the smallest terminal."""
    said = texts(lang)
    rows = [row.plain for row in rows_of(render(view, lang, MIN_SIZE))]
    assert {len(rows), *map(_cells, rows_of(render(view, lang, MIN_SIZE)))} == {*MIN_SIZE}
    shown = " ".join(" ".join(rows).split())
    wanted = []
    if view.fb is not None:
        wanted.append(clean(said.say(view.fb.t, view.fb.p)))
    if isinstance(view.work, ChoiceWork) and view.overlay is None:
        wanted.append(clean(said.say(view.work.code, view.work.p)))
        wanted += [clean(said.message(message)) for _, message in view.work.opts]
    return [text for text in wanted if " ".join(text.split()) not in shown]


def _cells(row: Line) -> int:
    return row.cell_length
