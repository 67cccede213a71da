"""Names of keys and the burst rule: what a person presses, what a scanner types.

Only digits, Enter, Esc, Backspace, F-keys and the pad operators mean something; a run of
printable keys faster than a hand becomes one scan, so that a scanner that types into the screen
never marks a defect.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

GAP_S: Final = 0.025
SILENCE_S: Final = 0.100
BURST_MIN: Final = 4
BURST_MAX: Final = 4096  # full: the rest of the run is dropped, no code is longer

KEYS: Final[Mapping[str, str]] = {
    **{digit: digit for digit in "0123456789"},
    **{f"f{n}": f"f{n}" for n in range(1, 13)},
    **dict.fromkeys(("slash", "divide"), "f9"),
    **dict.fromkeys(("asterisk", "multiply"), "f1"),
    **dict.fromkeys(("escape", "minus", "subtract"), "esc"),
    **dict.fromkeys(("plus", "add"), "f11"),
    **dict.fromkeys(("full_stop", "comma", "decimal", "separator", "backspace"), "backspace"),
    **dict.fromkeys(("enter", "ctrl+m", "ctrl+j", "kp_enter"), "enter"),
}
NAVIGATION: Final = frozenset(
    {"up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete"}
)


_CODE_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/")
_SAME_KEY: Final = dict(
    zip("ЙЦУКЕНГШЩЗФЫВАПРОЛДЯЧСМИТЬ", "QWERTYUIOPASDFGHJKLZXCVBNM", strict=True)
)


def code_key(name: str, character: str) -> str | None:
    """Return the key while a code is typed: its characters as such, upper-case and Latin.

    A Russian letter counts as the Latin one on the same key: codes are never Cyrillic.
    """
    letter = character.upper()
    letter = _SAME_KEY.get(letter, letter)
    return letter if letter in _CODE_LETTERS else KEYS.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """One key by its name in Textual, and the character it prints, if any."""

    name: str
    character: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A code that came as keys."""

    text: str


Stroke = Pressed | Typed


class Burst:
    """Holds printable keys until it is known whether a hand or a scanner pressed them.

    Times are seconds of one monotonic clock. `wake_at` = when `tick` has something to say.
    """

    def __init__(self) -> None:
        self._held: list[tuple[str, str]] = []
        self._last = 0.0

    @property
    def wake_at(self) -> float | None:
        """When the held keys are decided, if nothing more comes."""
        if not self._held:
            return None
        return self._last + (SILENCE_S if self._is_run else GAP_S)

    @property
    def _is_run(self) -> bool:
        return len(self._held) >= BURST_MIN

    def press(self, name: str, character: str | None, at: float) -> list[Stroke]:
        """Take one key; return what is decided by it."""
        if name in ("enter", "ctrl+m", "ctrl+j") and self._is_run:
            return self._release()
        if character is None or not character.isprintable():
            return [*self._release(), Pressed(name=name)]
        ended = self._held and not self._is_run and at - self._last >= GAP_S
        decided = self._release() if ended else []
        if len(self._held) < BURST_MAX:
            self._held.append((name, character))
        self._last = at
        return decided

    def tick(self, at: float) -> list[Stroke]:
        """Return what the silence since the last key has decided."""
        due = self.wake_at
        return self._release() if due is not None and at >= due else []

    def _release(self) -> list[Stroke]:
        held, self._held = self._held, []
        if len(held) >= BURST_MIN:
            return [Typed(text="".join(character for _, character in held))]
        return [Pressed(name=name, character=character) for name, character in held]
