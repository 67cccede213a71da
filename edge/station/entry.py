"""ENTRY: a code is typed because it cannot be scanned; Enter hands it in as a typed scan."""

from dataclasses import replace
from typing import Final

from edge.station.decision import Decision, Screen, clean, noted, refused
from edge.views import Severity

CHARACTERS_MAX: Final = 64
CHARACTERS: Final = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-/")


def begin(screen: Screen) -> Decision:
    """Wait for characters; what is half done below stays."""
    shown = noted(clean(screen), Severity.INFO, "fb.entry")
    return Decision(screen=replace(shown, entry=""))


def key(screen: Screen, typed: str, pressed: str) -> Decision:
    """Take one key of the code; Esc, or Backspace with nothing typed, leads back."""
    if pressed == "esc" or (pressed == "backspace" and not typed):
        return Decision(screen=replace(screen, entry=None))
    if pressed == "backspace":
        return Decision(screen=replace(screen, entry=typed[:-1]))
    if pressed not in CHARACTERS or len(typed) >= CHARACTERS_MAX:
        return refused(screen, "E00", want="want.code")
    return Decision(screen=replace(screen, entry=typed + pressed))
