"""The burst rule and the names of keys."""

import pytest

from edge.terminal.keyboard import (
    BURST_MAX,
    GAP_S,
    KEYS,
    SILENCE_S,
    Burst,
    Pressed,
    Stroke,
    Typed,
    code_key,
)

FAST = GAP_S / 5
SLOW = GAP_S * 4


def type_run(
    burst: Burst, text: str, *, gap: float, start: float = 10.0
) -> tuple[list[Stroke], float]:
    """Press every character; return what was decided and when the last one came."""
    decided: list[Stroke] = []
    at = start
    for character in text:
        decided += burst.press(character, character, at)
        at += gap
    return decided, at - gap


def names(strokes: list[Stroke]) -> list[str]:
    return [stroke.name for stroke in strokes if isinstance(stroke, Pressed)]


def test_a_fast_run_up_to_enter_is_one_scan() -> None:
    burst = Burst()
    decided, at = type_run(burst, "4601234567893", gap=FAST)
    assert decided == []
    assert burst.press("enter", "\r", at + FAST) == [Typed(text="4601234567893")]
    assert burst.wake_at is None


def test_a_fast_run_without_enter_is_one_scan_after_silence() -> None:
    burst = Burst()
    _, at = type_run(burst, "A1b-2", gap=FAST)
    assert burst.tick(at + GAP_S) == []
    assert burst.tick(at + SILENCE_S) == [Typed(text="A1b-2")]


def test_three_fast_keys_are_keys() -> None:
    burst = Burst()
    decided, at = type_run(burst, "123", gap=FAST)
    assert decided == []
    assert names(burst.tick(at + GAP_S)) == ["1", "2", "3"]


def test_slow_digits_are_keys_each_in_its_turn() -> None:
    burst = Burst()
    decided, at = type_run(burst, "12345678", gap=SLOW)
    assert names(decided) == list("1234567")
    assert names(burst.tick(at + GAP_S)) == ["8"]


def test_a_key_is_held_no_longer_than_the_gap() -> None:
    burst = Burst()
    burst.press("3", "3", 5.0)
    assert burst.wake_at == 5.0 + GAP_S
    assert burst.tick(5.0 + GAP_S / 2) == []
    assert names(burst.tick(5.0 + GAP_S)) == ["3"]
    assert burst.tick(6.0) == []


def test_a_hiccup_inside_a_run_does_not_split_the_code() -> None:
    burst = Burst()
    _, at = type_run(burst, "46012", gap=FAST)
    _, at = type_run(burst, "345", gap=FAST, start=at + SLOW / 2)
    assert burst.press("enter", "\r", at + FAST) == [Typed(text="46012345")]


def test_enter_after_a_short_run_stays_a_key() -> None:
    burst = Burst()
    burst.press("9", "9", 1.0)
    assert names(burst.press("enter", "\r", 1.0 + FAST)) == ["9", "enter"]


def test_a_function_key_decides_what_is_held_before_it() -> None:
    burst = Burst()
    burst.press("1", "1", 1.0)
    assert names(burst.press("f11", None, 1.001)) == ["1", "f11"]
    type_run(burst, "4601", gap=FAST, start=2.0)
    assert burst.press("escape", "\x1b", 2.02) == [Typed(text="4601"), Pressed(name="escape")]


def test_an_endless_run_is_bounded() -> None:
    burst = Burst()
    _, at = type_run(burst, "7" * (BURST_MAX + 50), gap=FAST / 100)
    (typed,) = burst.tick(at + SILENCE_S)
    assert isinstance(typed, Typed)
    assert len(typed.text) == BURST_MAX


@pytest.mark.parametrize(
    ("name", "k"),
    [
        ("slash", "f9"),
        ("divide", "f9"),
        ("asterisk", "f1"),
        ("multiply", "f1"),
        ("minus", "esc"),
        ("subtract", "esc"),
        ("escape", "esc"),
        ("plus", "f11"),
        ("add", "f11"),
        ("full_stop", "backspace"),
        ("comma", "backspace"),
        ("decimal", "backspace"),
        ("separator", "backspace"),
        ("enter", "enter"),
        ("0", "0"),
        ("f12", "f12"),
    ],
)
def test_the_number_pad_alone_reaches_every_act(name: str, k: str) -> None:
    assert KEYS[name] == k


def test_no_letter_and_no_control_key_is_bound() -> None:
    control = {name for name in KEYS if name.startswith("ctrl+")}
    assert control == {"ctrl+m", "ctrl+j"}  # how some terminals send Enter
    assert not any(len(name) == 1 and name.isalpha() for name in KEYS)


@pytest.mark.parametrize(
    ("name", "character", "key"),
    [
        ("a", "a", "A"),
        ("cyrillic_small_letter_ef", "ф", "A"),
        ("7", "7", "7"),
        ("minus", "-", "-"),
        ("escape", "", "esc"),
        ("enter", "\r", "enter"),
        ("plus", "+", "f11"),
        ("cyrillic_small_letter_ha", "х", None),
        ("space", " ", None),
    ],
)
def test_a_typed_code_is_latin_and_upper_case_on_any_layout(
    name: str, character: str, key: str | None
) -> None:
    assert code_key(name, character) == key


@pytest.mark.parametrize(
    ("name", "character", "k"),
    [
        ("comma", ",", "backspace"),  # the pad's point on a Russian layout
        ("decimal", None, "backspace"),  # the same key of a terminal that names keys
        ("divide", "/", "f9"),
        ("multiply", None, "f1"),
        ("add", "+", "f11"),
        ("subtract", "-", "esc"),
        ("kp_enter", None, "enter"),
    ],
)
def test_the_pad_means_the_same_on_every_layout(name: str, character: str | None, k: str) -> None:
    burst = Burst()
    (pressed,) = [*burst.press(name, character, 5.0), *burst.tick(5.0 + GAP_S)]
    assert isinstance(pressed, Pressed)
    assert KEYS[pressed.name] == k


def test_no_letter_of_any_layout_is_a_key_outside_typing() -> None:
    letters = "qwertyuiopasdfghjklzxcvbnmйцукенгшщзхъфывапролджэячсмитьбюё"
    assert not {*letters, *letters.upper()} & KEYS.keys()
