"""A message says what happened and at most one thing to do, in both languages."""

import pytest

from edge.terminal.texts import LANGUAGES, texts
from quality_scenes import ALL_SCENES as SCENES
from sentences import cut_off, instructions, sentences


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_message_of_a_code_has_more_than_a_fact_and_an_instruction(lang: str) -> None:
    said = texts(lang)
    codes = [msgid for msgid in said.ids if msgid[0] == "E" and msgid[1:].isdigit()]
    assert len(codes) > 60
    long = {code: said.say(code) for code in codes if len(sentences(said.say(code))) > 2}
    assert long == {}


def test_no_scene_of_the_terminal_asks_for_two_things() -> None:
    for name, view in SCENES.items():
        for lang in LANGUAGES:
            assert len(instructions(view, lang)) <= 1, name


def test_no_scene_of_the_terminal_cuts_a_message_off() -> None:
    cut = {(name, lang): cut_off(view, lang) for name, view in SCENES.items() for lang in LANGUAGES}
    assert {name: text for name, text in cut.items() if text} == {}


def test_sentences_are_counted_by_their_ends() -> None:
    assert sentences("Tray is A · B, need C. Nothing recorded.") == [
        "Tray is A · B, need C.",
        "Nothing recorded.",
    ]
    assert sentences("Screen 80x24 at 3.5 V") == ["Screen 80x24 at 3.5 V"]
