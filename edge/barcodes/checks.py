"""Check digits of printed numbers. Text that is not all ASCII digits never passes."""

from collections.abc import Callable, Mapping
from typing import Final

GTIN_LENGTHS: Final = (8, 12, 13, 14)
_S10_WEIGHTS: Final = (8, 6, 4, 2, 3, 5, 9, 7)


def is_digits(text: str) -> bool:
    """Return whether text is one or more ASCII digits; `²` and Arabic digits are not."""
    return text.isascii() and text.isdigit()


def has_mod10(text: str) -> bool:
    """Return whether the last digit is the GS1 check digit (General Specifications §7.9.1)."""
    if not is_digits(text) or len(text) < 2:
        return False
    weighted = sum(int(digit) * (3, 1)[at % 2] for at, digit in enumerate(reversed(text[:-1])))
    return (10 - weighted % 10) % 10 == int(text[-1])


def is_gtin(text: str) -> bool:
    """Return whether text is a GTIN-8, -12, -13 or -14 with a good check digit."""
    return len(text) in GTIN_LENGTHS and has_mod10(text)


def is_sscc(text: str) -> bool:
    """Return whether text is 18 digits with a good check digit."""
    return len(text) == 18 and has_mod10(text)


def has_luhn(text: str) -> bool:
    """Return whether the last digit is the Luhn check digit (ISO/IEC 7812-1 annex B)."""
    if not is_digits(text) or len(text) < 2:
        return False
    digits = [int(digit) for digit in reversed(text)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def has_s10(text: str) -> bool:
    """Return whether a postal item number carries its check digit (UPU S10)."""
    number = text[2:11]
    if len(text) != 13 or not is_digits(number):
        return False
    left = 11 - sum(int(d) * w for d, w in zip(number, _S10_WEIGHTS, strict=False)) % 11
    return int(number[8]) == {10: 0, 11: 5}.get(left, left)


CHECKS: Final[Mapping[str, Callable[[str], bool]]] = {
    "": bool,
    "gtin": is_gtin,
    "sscc": is_sscc,
    "luhn": has_luhn,
    "s10": has_s10,
}


def upce_expanded(text: str) -> str | None:
    """Return the UPC-A digits of an 8-digit UPC-E, None if it is none of system 0 or 1."""
    if len(text) != 8 or not is_digits(text) or text[0] not in "01":
        return None
    system, body, check = text[0], text[1:7], text[7]
    last = body[5]
    if last in "012":
        core = f"{body[:2]}{last}0000{body[2:5]}"
    elif last == "3":
        core = f"{body[:3]}00000{body[3:5]}"
    elif last == "4":
        core = f"{body[:4]}00000{body[4]}"
    else:
        core = f"{body[:5]}0000{last}"
    return f"{system}{core}{check}"


def gtin14(text: str) -> str:
    """Return a GTIN of any length in the one form that is compared and stored."""
    return text.zfill(14)
