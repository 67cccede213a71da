"""The colour table: contrast, and zones that eyes of every kind tell apart; 16 colours as well."""

from itertools import combinations
from typing import Final

import pytest

from edge.terminal.cells import line
from edge.terminal.rows import styled
from edge.terminal.theme import (
    ALERT,
    BODY,
    CAP,
    DIM,
    RULE,
    STAGES,
    STRONG,
    TRAINING,
    Paint,
    contrast,
    few_colours,
)
from edge.views import Tone

Rgb = tuple[float, float, float]
ALL: Final = (*STAGES.values(), ALERT, BODY, CAP, DIM, RULE, STRONG, TRAINING)
ZONES: Final = (Tone.RESALE, Tone.REPAIR, Tone.DISPOSAL, Tone.HOLD, Tone.HAZMAT)
LEAST_DIFFERENCE: Final = 30.0
LEAST_CONTRAST: Final = 4.5  # WCAG 2.2, success criterion 1.4.3
# Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision
# Deficiency (2009), severity 1.0; on linear RGB.
EYES: Final = {
    "normal": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
# The sixteen colours of a PC's text screen, as the Linux console has them.
CONSOLE: Final = {
    "black": "#000000",
    "white": "#AAAAAA",
    "blue": "#0000AA",
    "bright_white": "#FFFFFF",
    "bright_yellow": "#FFFF55",
    "bright_cyan": "#55FFFF",
    "bright_red": "#FF5555",
}


def linear(colour: str) -> Rgb:
    def one(at: int) -> float:
        part = int(colour[at : at + 2], 16) / 255
        return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

    return one(1), one(3), one(5)


def seen(colour: str, eye: str) -> Rgb:
    rgb = linear(colour)
    red, green, blue = (
        min(1.0, max(0.0, sum(a * b for a, b in zip(row, rgb, strict=True)))) for row in EYES[eye]
    )
    return red, green, blue


def lab(rgb: Rgb) -> Rgb:
    """CIE 1976 L*a*b* under D65."""
    red, green, blue = rgb
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883

    def f(t: float) -> float:
        return float(t ** (1 / 3)) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116

    return 116 * f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))


def difference(one: str, two: str, eye: str) -> float:
    pair = zip(lab(seen(one, eye)), lab(seen(two, eye)), strict=True)
    return float(sum((a - b) ** 2 for a, b in pair) ** 0.5)


def test_the_difference_is_the_published_measure() -> None:
    assert difference("#FFFFFF", "#000000", "normal") == pytest.approx(100.0, abs=0.01)
    assert difference("#FF0000", "#00FF00", "normal") == pytest.approx(170.6, abs=0.2)
    assert difference("#FF0000", "#808000", "deutan") < difference("#FF0000", "#808000", "normal")


@pytest.mark.parametrize("eye", EYES)
def test_zones_errors_and_questions_differ_for_every_eye(eye: str) -> None:
    for one, two in combinations((*ZONES, Tone.NEUTRAL), 2):
        grounds = STAGES[one].ground, STAGES[two].ground
        assert difference(*grounds, eye) >= LEAST_DIFFERENCE, (one, two)


@pytest.mark.parametrize("paint", ALL, ids=lambda paint: paint.style)
def test_every_pair_can_be_read(paint: Paint) -> None:
    assert contrast(paint) >= LEAST_CONTRAST


@pytest.mark.parametrize("paint", ALL, ids=lambda paint: paint.style)
def test_every_pair_can_be_read_on_a_console_of_sixteen_colours(paint: Paint) -> None:
    text, ground = (CONSOLE[name.removeprefix("ansi_")] for name in paint.few.split(" on "))
    assert contrast(Paint(text=text, ground=ground)) >= LEAST_CONTRAST


def test_no_two_zones_share_a_pair_of_the_sixteen_colours() -> None:
    assert len({STAGES[zone].few for zone in ZONES}) == len(ZONES)


@pytest.mark.parametrize(
    ("style", "few"),
    [
        (f"bold {STRONG.style}", "bold ansi_bright_white on ansi_black"),
        (f"bold {ALERT.style}", "ansi_black on ansi_bright_yellow"),
        (BODY.style, "ansi_white on ansi_black"),
        ("#123456 on #654321", "#123456 on #654321"),
    ],
)
def test_a_style_of_the_table_has_its_pair_of_the_sixteen(style: str, few: str) -> None:
    assert few_colours(style) == few


def test_a_screen_of_few_colours_shows_the_same_text_in_its_own_colours() -> None:
    row = line(("STOP", f"bold {STAGES[Tone.ERROR].style}"), " now")
    full, few = styled(row, has_few_colours=False), styled(row, has_few_colours=True)
    assert few.plain == full.plain
    assert {str(span.style) for span in few.spans} == {
        "ansi_black on ansi_bright_red",
        "ansi_white on ansi_black",
    }
