"""Every sentence of the robot's report: there in both languages, with the same values, and used."""

import re
import string
from pathlib import Path

import pytest

from edge.commands.doctor.conformance import said
from edge.commands.doctor.robot_scenarios import SCENARIOS
from edge.commands.doctor.robot_scenarios.texts import TEXTS, TITLES, WORDS

FOLDER = Path("edge/commands/doctor/robot_scenarios")
SOURCE = "\n".join(
    path.read_text("utf-8")
    for path in (
        *sorted(FOLDER.glob("*.py")),
        FOLDER.parent / "robot.py",
        FOLDER.parent / "trial.py",
    )
    if path.name != "texts.py"
)
ALL = {**TITLES, **WORDS, **TEXTS}


def places(text: str) -> set[str]:
    """Return the numbers of the values that a sentence names."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", ALL)
def test_both_languages_say_the_same_with_the_same_values(key: str) -> None:
    english, russian = ALL[key]
    assert places(english) == places(russian)
    letters = re.search(r"[a-z]", english)
    assert letters is None or re.search(r"[а-яё]", russian) is not None
    values = ("a", "b", "c", "d")
    assert said(ALL, key, "en", *values)
    assert said(ALL, key, "ru", *values)


def test_every_scenario_has_a_title() -> None:
    assert set(TITLES) == {scenario.id for scenario in SCENARIOS}


@pytest.mark.parametrize("key", TEXTS)
def test_every_sentence_is_said_somewhere(key: str) -> None:
    assert f'"{key}"' in SOURCE


def test_every_note_of_a_scenario_has_its_sentence() -> None:
    calls = re.compile(r'(?:note|FailedError|RunnableError|Note|_said|_refused)\(\s*"([a-z0-9_]+)"')
    assert set(calls.findall(SOURCE)) <= set(TEXTS)
