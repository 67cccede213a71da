"""Numbers that parcels and articles carry, built from the rules: check digits, element strings."""

from typing import Final

GS: Final = "\x1d"
_S10_WEIGHTS: Final = (8, 6, 4, 2, 3, 5, 9, 7)


def gs1_digit(body: str) -> str:
    """Return the GS1 mod 10 check digit: weights 3 and 1 from the right."""
    total = sum(int(d) * (3, 1)[i % 2] for i, d in enumerate(reversed(body)))
    return str(-total % 10)


def gtin13(body: str) -> str:
    """Return 12 digits with their check digit."""
    return body + gs1_digit(body)


def gtin14(gtin: str) -> str:
    """Return a shorter GTIN in its 14-digit form."""
    return gtin.zfill(14)


def sscc(body: str) -> str:
    """Return 17 digits with their check digit."""
    return body + gs1_digit(body)


def s10(service: str, serial: str, country: str) -> str:
    """Return a postal number, e.g. RB123456785RU (UPU S10, mod 11)."""
    rest = 11 - sum(int(d) * w for d, w in zip(serial, _S10_WEIGHTS, strict=True)) % 11
    digit = {10: 0, 11: 5}.get(rest, rest)
    return f"{service}{serial}{digit}{country}"


def luhn_digit(body: str) -> str:
    """Return the Luhn check digit of an IMEI body."""
    total = 0
    for i, digit in enumerate(reversed(body)):
        value = int(digit) * (2, 1)[i % 2]
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def imei(body: str) -> str:
    """Return 14 digits with their check digit."""
    return body + luhn_digit(body)


def element_string(gtin: str, serial: str, lot: str = "") -> str:
    """Return the text of a GS1 DataMatrix: 01 is of fixed length, 21 needs a GS before a lot."""
    text = f"01{gtin14(gtin)}21{serial}"
    return f"{text}{GS}10{lot}" if lot else text
