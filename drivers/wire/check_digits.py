"""Check digits that tell a whole number from a torn one, where nothing but silence ends a code.

A hint, never a proof: one torn number in ten passes. Sources: GS1 General Specifications §7.9,
ISO/IEC 7812-1 (Luhn), UPU S10.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

_S10_WEIGHTS: Final = (8, 6, 4, 2, 3, 5, 9, 7)
_S10_DIGITS: Final[Mapping[int, int]] = {10: 0, 11: 5}


class CheckKind(StrEnum):
    """Numbers with a check digit, each of its own lengths."""

    GTIN = "gtin"
    SSCC = "sscc"
    LUHN = "luhn"
    S10 = "s10"


def passes(kind: CheckKind, code: bytes) -> bool:
    """Return whether a code has the length of this kind of number and a right check digit."""
    return _TESTS[kind](code)


def _gs1(code: bytes, lengths: tuple[int, ...]) -> bool:
    if len(code) not in lengths or not code.isdigit():
        return False
    digits = [byte - 0x30 for byte in reversed(code)]
    return (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


def _luhn(code: bytes) -> bool:
    if len(code) != 15 or not code.isdigit():
        return False
    digits = [byte - 0x30 for byte in reversed(code)]
    doubled = [2 * digit - (9 if digit > 4 else 0) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _s10(code: bytes) -> bool:
    if len(code) != 13 or not (code[:2] + code[11:]).isalpha() or not code[2:11].isdigit():
        return False
    pairs = zip((byte - 0x30 for byte in code[2:10]), _S10_WEIGHTS, strict=True)
    rest = 11 - sum(digit * weight for digit, weight in pairs) % 11
    return code[10] - 0x30 == _S10_DIGITS.get(rest, rest)


_TESTS: Final[Mapping[CheckKind, Callable[[bytes], bool]]] = {
    CheckKind.GTIN: lambda code: _gs1(code, (8, 12, 13, 14)),
    CheckKind.SSCC: lambda code: _gs1(code, (18,)),
    CheckKind.LUHN: _luhn,
    CheckKind.S10: _s10,
}
