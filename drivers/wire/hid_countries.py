"""Keyboard countries a scanner can be set to: key codes and the ASCII characters they give.

A key that gives no ASCII character refuses its code. Dead keys count only before a space: a
scanner that means the sign itself types it so. Sources: DIN 2137-1 (T1), AFNOR NF Z71-300 in the
form of the PC keyboard.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from drivers.wire import hid_layout as keys

NONE: Final = "\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """`signs`: per key alone, with Shift, with AltGr, NUL for none. `dead`: (key, level) → sign.

    `caps_is_plain`: CapsLock touches letters alone; elsewhere systems differ, so that any other
    key under it refuses the code.
    """

    signs: Mapping[int, tuple[str, str, str]]
    dead: Mapping[tuple[int, int], str] = field(default_factory=dict)
    caps_is_plain: bool = False


def _signs(*rows: tuple[int, str, str, str]) -> Mapping[int, tuple[str, str, str]]:
    return {
        first + offset: triple
        for first, *levels in rows
        for offset, triple in enumerate(zip(*levels, strict=True))
    }


_ISO_KEY: Final = 86
ALONE, SHIFTED, ALT_GR = range(3)

US: Final = Country(
    signs={code: (*pair, NONE) for code, pair in keys.US.items()}, caps_is_plain=True
)

# NUL stands for ß, ä, é, ° and their like, and for dead keys.
DE: Final = Country(
    signs=_signs(
        (2, "1234567890\0\0", '!"\0$%&/()=?\0', "\0\0\0\0\0\0{[]}\\\0"),
        (16, "qwertzuiop\0+", "QWERTZUIOP\0*", "@" + "\0" * 10 + "~"),
        (30, "asdfghjkl\0\0\0", "ASDFGHJKL\0\0\0", "\0" * 12),
        (43, "#yxcvbnm,.-", "'YXCVBNM;:_", "\0" * 11),
        (57, " ", " ", NONE),
        (_ISO_KEY, "<", ">", "|"),
    ),
    dead={(41, ALONE): "^", (13, SHIFTED): "`"},
)

FR: Final = Country(
    signs=_signs(
        (2, "&\0\"'(-\0_\0\0)=", "1234567890\0+", "\0\0#{[|\0\\^@]}"),
        (16, "azertyuiop\0$", "AZERTYUIOP\0\0", "\0" * 12),
        (30, "qsdfghjklm\0\0", "QSDFGHJKLM%\0", "\0" * 12),
        (43, "*wxcvbn,;:!", "\0WXCVBN?./\0", "\0" * 11),
        (57, " ", " ", NONE),
        (_ISO_KEY, "<", ">", NONE),
    ),
    dead={(26, ALONE): "^", (3, ALT_GR): "~", (8, ALT_GR): "`"},
)
