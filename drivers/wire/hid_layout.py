"""Linux key codes (input-event-codes.h) and the characters they give on a US keyboard."""

from typing import Final

EV_SYN, EV_KEY, EV_MSC = 0, 1, 4
SYN_REPORT, SYN_DROPPED = 0, 3
UP, DOWN = 0, 1

TAB, ENTER, KP_ENTER, CAPS_LOCK, NUM_LOCK = 15, 28, 96, 58, 69
LEFT_ALT: Final = 56
ALT_GR: Final = 100
SHIFTS: Final = frozenset({42, 54})
CTRLS: Final = frozenset({29, 97})
ALTS: Final = frozenset({LEFT_ALT, ALT_GR})
MODIFIERS: Final = SHIFTS | CTRLS | ALTS

# Rows of neighbouring key codes: first code, characters alone, characters with Shift.
_US_ROWS = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
    (86, "\\", "|"),  # the extra key of ISO keyboards
)
US: Final = {
    first + offset: pair
    for first, alone, shifted in _US_ROWS
    for offset, pair in enumerate(zip(alone, shifted, strict=True))
}

KEYPAD_DIGITS: Final = dict(
    zip((82, 79, 80, 81, 75, 76, 77, 71, 72, 73), "0123456789", strict=True)
)
KEYPAD: Final = KEYPAD_DIGITS | {55: "*", 74: "-", 78: "+", 83: ".", 98: "/", 117: "=", 121: ","}

FUNCTION_KEYS: Final = (
    {f"F{number}": 58 + number for number in range(1, 11)}
    | {"F11": 87, "F12": 88}
    | {f"F{number}": 170 + number for number in range(13, 25)}
)
