"""Checks of one component of an application identifier's data, by their dictionary names.

Each takes any text and tells whether it is good; none raises. A company prefix is looked up
nowhere: only its first four characters are held to be digits.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from edge.barcodes.checks import has_mod10, is_digits
from edge.barcodes.gs1_codes import COUNTRY_LETTERS, COUNTRY_NUMBERS, CURRENCIES, PACKAGES

CSET_82: Final = (
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)
_CSET_32: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_CSET_39: Final = re.compile(r"[#\-/0-9A-Z]*", re.ASCII)
_CSET_64: Final = re.compile(r"[A-Za-z0-9_-]*={0,2}", re.ASCII)
_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PREFIX_CHARS: Final = 4  # the shortest company prefix that GS1 gives out
_CHECK_PAIR_CHARS: Final = 97
_MODULUS: Final = 1021
_TURN: Final = 3_600_000_000  # tenths of a microdegree: 360 degrees
_HALF_TURN: Final = 1_800_000_000
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9A-Z]{9,32}", re.ASCII)
_ESCAPES: Final = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*", re.ASCII)
_PLACE: Final = re.compile(r"([0-9]+)/([0-9]+)", re.ASCII)


def _first_primes(count: int) -> tuple[int, ...]:
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return tuple(found)


_PRIMES: Final = _first_primes(_CHECK_PAIR_CHARS)


def has_check_pair(text: str) -> bool:
    """Return whether the last two characters check the ones before (GS1 General Spec. §7.9.5)."""
    data, pair = text[:-2], text[-2:]
    if len(pair) < 2 or len(data) > _CHECK_PAIR_CHARS or not set(data) <= set(CSET_82):
        return False
    weighted = zip(reversed(data), _PRIMES, strict=False)
    total = sum(CSET_82.index(char) * prime for char, prime in weighted) % _MODULUS
    return pair == _CSET_32[total >> 5] + _CSET_32[total & 31]


def has_iban(text: str) -> bool:
    """Return whether text is an IBAN of an existing country (ISO 13616-1, mod 97-10)."""
    if _IBAN.fullmatch(text) is None or text[:2] not in COUNTRY_LETTERS:
        return False
    digits = "".join(str(int(char, 36)) for char in text[4:] + text[:4])
    return int(digits) % 97 == 1


def _is_date(text: str, *, length: int, day_zero: bool) -> bool:
    """Return whether text is a day, YYMMDD or YYYYMMDD; `day_zero`: 00 = the end of the month."""
    if len(text) != length or not is_digits(text):
        return False
    year, month, day = int(text[:-4]), int(text[-4:-2]), int(text[-2:])
    if not 1 <= month <= 12:
        return False
    leap = year % 4 == 0 and (length == 6 or year % 100 != 0 or year % 400 == 0)
    last = 28 if month == 2 and not leap else _DAYS[month - 1]
    return (0 if day_zero else 1) <= day <= last


def _is_below(text: str, limit: int) -> bool:
    return len(text) == 2 and is_digits(text) and int(text) < limit


def _is_time(text: str) -> bool:
    return _is_below(text[:2], 24) and _is_below(text[2:], 60)


def _is_piece(text: str) -> bool:
    half = len(text) // 2
    if len(text) % 2 or not is_digits(text):
        return False
    return 0 < int(text[:half]) <= int(text[half:])


def _is_place_in_row(text: str) -> bool:
    found = _PLACE.fullmatch(text)
    if found is None or found[1].startswith("0") or found[2].startswith("0"):
        return False
    return int(found[1]) <= int(found[2])


def _has_prefix(text: str) -> bool:
    return len(text) >= _PREFIX_CHARS and is_digits(text[:_PREFIX_CHARS])


def _is_media(text: str) -> bool:
    return len(text) == 2 and is_digits(text) and (1 <= int(text) <= 10 or int(text) >= 80)


def _is_angle(text: str, most: int) -> bool:
    return len(text) == 10 and is_digits(text) and int(text) <= most


def _is_cset_64(text: str) -> bool:
    return _CSET_64.fullmatch(text) is not None and (not text.endswith("=") or len(text) % 3 == 0)


CHECKS_BY_NAME: Final[Mapping[str, Callable[[str], bool]]] = {
    "csetnumeric": lambda text: not text or is_digits(text),
    "cset39": lambda text: _CSET_39.fullmatch(text) is not None,
    "cset64": _is_cset_64,
    "cset82": lambda text: set(text) <= set(CSET_82),
    "csum": has_mod10,
    "csumalpha": has_check_pair,
    "gcppos1": _has_prefix,
    "gcppos2": lambda text: _has_prefix(text[1:]),
    "hasnondigit": lambda text: bool(text) and not is_digits(text),
    "hh": lambda text: _is_below(text, 24),
    "hhmi": _is_time,
    "hyphen": lambda text: bool(text) and not text.strip("-"),
    "iban": has_iban,
    "importeridx": lambda text: re.fullmatch(r"[0-9A-Za-z_-]", text) is not None,
    "iso3166": lambda text: text in COUNTRY_NUMBERS,
    "iso3166999": lambda text: text in COUNTRY_NUMBERS or text == "999",
    "iso3166alpha2": lambda text: text in COUNTRY_LETTERS,
    "iso4217": lambda text: text in CURRENCIES,
    "iso5218": lambda text: text in ("0", "1", "2", "9"),
    "latitude": lambda text: _is_angle(text, _HALF_TURN),
    "longitude": lambda text: _is_angle(text, _TURN),
    "mediatype": _is_media,
    "mi": lambda text: _is_below(text, 60),
    "nonzero": lambda text: is_digits(text) and bool(text.strip("0")),
    "nozeroprefix": lambda text: not text or (is_digits(text) and text[0] != "0"),
    "packagetype": lambda text: text in PACKAGES,
    "pcenc": lambda text: _ESCAPES.fullmatch(text) is not None,
    "pieceoftotal": _is_piece,
    "posinseqslash": _is_place_in_row,
    "ss": lambda text: _is_below(text, 60),
    "winding": lambda text: text in ("0", "1", "9"),
    "yesno": lambda text: text in ("0", "1"),
    "yymmd0": lambda text: _is_date(text, length=6, day_zero=True),
    "yymmdd": lambda text: _is_date(text, length=6, day_zero=False),
    "yyyymmd0": lambda text: _is_date(text, length=8, day_zero=True),
    "yyyymmdd": lambda text: _is_date(text, length=8, day_zero=False),
    "zero": lambda text: bool(text) and not text.strip("0"),
}
# Coupons of North America carry a structure of their own and are no goods: taken as they come.
UNJUDGED: Final = frozenset({"couponcode", "couponposoffer"})
