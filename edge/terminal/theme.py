"""Colours, hatches and frames of the screen, as values; no meaning by colour alone.

Every pair here keeps a contrast of 5:1 or more; a test computes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge.views import Severity, Tone


class Frame(StrEnum):
    """Border of the stage."""

    NONE = ""
    SINGLE = "┌─┐│└┘"
    DOUBLE = "╔═╗║╚╝"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint:
    """A pair of colours; `hatch` and `frame` say the same to an eye that sees no colour.

    `few` = the pair on a screen of 16 colours.
    """

    text: str
    ground: str
    few: str = "ansi_white on ansi_black"
    hatch: str = ""
    frame: Frame = Frame.NONE

    @property
    def style(self) -> str:
        """The pair in Textual's style language."""
        return f"{self.text} on {self.ground}"


GROUND: Final = "#101010"

DANGER: Final = Paint(
    text="#000000",
    ground="#D55E00",
    few="ansi_black on ansi_bright_red",
    hatch="!",
    frame=Frame.DOUBLE,
)
STAGES: Final[Mapping[Tone, Paint]] = {
    Tone.NEUTRAL: Paint(text="#FFFFFF", ground="#606060", few="ansi_black on ansi_white"),
    Tone.RESALE: Paint(
        text="#FFFFFF", ground="#0072B2", few="ansi_bright_white on ansi_blue", hatch="/"
    ),
    Tone.REPAIR: Paint(
        text="#000000", ground="#F0E442", few="ansi_black on ansi_bright_yellow", hatch="="
    ),
    Tone.DISPOSAL: Paint(
        text="#FFFFFF",
        ground="#1A1A1A",
        few="ansi_bright_white on ansi_black",
        hatch="#",
        frame=Frame.SINGLE,
    ),
    Tone.HOLD: Paint(
        text="#000000", ground="#B0E0FF", few="ansi_black on ansi_bright_cyan", hatch=":"
    ),
    Tone.HAZMAT: DANGER,
    Tone.ERROR: DANGER,
}

BODY: Final = Paint(text="#E6E6E6", ground=GROUND)
STRONG: Final = Paint(text="#FFFFFF", ground=GROUND, few="ansi_bright_white on ansi_black")
DIM: Final = Paint(text="#9C9C9C", ground=GROUND)
RULE: Final = Paint(text="#8A8A8A", ground=GROUND)
CAP: Final = Paint(text="#000000", ground="#C8C8C8", few="ansi_black on ansi_white")
ALERT: Final = Paint(text="#000000", ground="#F0E442", few="ansi_black on ansi_bright_yellow")
TRAINING: Final = Paint(text="#000000", ground="#B0E0FF", few="ansi_black on ansi_bright_cyan")

FEEDBACKS: Final[Mapping[Severity, tuple[str, Paint]]] = {
    Severity.OK: ("✓", STRONG),
    Severity.INFO: ("·", BODY),
    Severity.WARN: ("!", ALERT),
    Severity.ERROR: ("✗", STAGES[Tone.ERROR]),
}

PLAIN: Final = BODY.style
BOLD: Final = f"bold {STRONG.style}"
FAINT: Final = DIM.style
KEYCAP: Final = f"bold {CAP.style}"
WARNING: Final = f"bold {ALERT.style}"


_FEW: Final[Mapping[str, str]] = {
    paint.style: paint.few
    for paint in (*STAGES.values(), BODY, STRONG, DIM, RULE, CAP, ALERT, TRAINING)
}


def few_colours(style: str) -> str:
    """Return a style of this table for a screen of 16 colours; a foreign one stays as it is.

    Bold black is grey there, so black is never bold.
    """
    pair = style.removeprefix("bold ")
    few = _FEW.get(pair)
    if few is None:
        return style
    return f"bold {few}" if pair != style and not few.startswith("ansi_black") else few


def zone_style(zone: str) -> str:
    """Return the style of a zone's word in running text; an unknown zone is plain."""
    known = {tone.value: paint for tone, paint in STAGES.items() if tone is not Tone.NEUTRAL}
    paint = known.get(zone)
    return f"bold {paint.style}" if paint else BOLD


def zone_hatch(zone: str) -> str:
    """Return the zone's hatch, four cells wide; blank for an unknown zone."""
    known = {tone.value: paint.hatch for tone, paint in STAGES.items()}
    return known.get(zone, "") * 4


def contrast(paint: Paint) -> float:
    """Return the contrast ratio of a pair (WCAG 2.2 relative luminance)."""
    high, low = sorted((_luminance(paint.text), _luminance(paint.ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
