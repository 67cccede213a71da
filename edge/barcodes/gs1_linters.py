"""Content checks of one application identifier's data, from the components of the dictionary.

Codes for countries, currencies, IBAN, key prefixes, coordinates and percent escapes are taken
as they come; check digits, dates, times, counts and character sets are judged.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge.barcodes.checks import has_mod10
from edge.barcodes.gs1_table import DICTIONARY


class Gs1Fault(StrEnum):
    """Why data is no valid GS1 message."""

    EMPTY = "empty"
    SYNTAX = "syntax"
    CHECK_DIGIT = "check_digit"
    CONTENT = "content"
    REPEATED = "repeated"
    EXCLUDED = "excluded"
    REQUISITE = "requisite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A part of an AI's data: character set, length and the names of its checks."""

    cset: str
    least: int
    most: int
    optional: bool
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One AI. `req`, `ex` as in the dictionary; `paths` = allowed qualifier orders as link key."""

    components: tuple[Component, ...]
    req: tuple[str, ...]
    ex: tuple[str, ...]
    paths: tuple[tuple[str, ...], ...] | None
    is_attribute: bool


_CSETS: Final = {
    "N": re.compile(r"[0-9]+"),
    "X": re.compile(r"[!\"%-?A-Z_a-z]+"),
    "Y": re.compile(r"[#\-/0-9A-Z]+"),
    "Z": re.compile(r"[A-Za-z0-9_\-]+=*"),
}
_SPEC: Final = re.compile(r"([NXYZ])(\.\.)?([0-9]+)")
_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def content_fault(ai: str, value: str) -> Gs1Fault | None:
    """Return what is wrong with the data of one AI, None when nothing is."""
    rule = RULES.get(ai)
    if rule is None:
        return Gs1Fault.SYNTAX
    rest = value
    for part in rule.components:
        if not rest and part.optional:
            break
        taken, rest = rest[: part.most], rest[part.most :]
        if len(taken) < part.least or not _CSETS[part.cset].fullmatch(taken):
            return Gs1Fault.SYNTAX
        for name in part.checks:
            if not _LINTERS.get(name, _is_anything)(taken):
                return Gs1Fault.CHECK_DIGIT if name == "csum" else Gs1Fault.CONTENT
    return Gs1Fault.SYNTAX if rest else None


def _is_anything(_text: str) -> bool:
    return True


def _is_date(text: str, *, day_zero: bool) -> bool:
    """Return whether YYMMDD (or YYYYMMDD) is a day; `day_zero` = the end of the month as 00."""
    year, month, day = int(text[:-4]), int(text[-4:-2]), int(text[-2:])
    if not 1 <= month <= 12:
        return False
    leap = year % 4 == 0 and (len(text) == 6 or year % 100 != 0 or year % 400 == 0)
    last = 28 if month == 2 and not leap else _DAYS[month - 1]
    return (0 if day_zero else 1) <= day <= last


def _is_piece(text: str) -> bool:
    half = len(text) // 2
    piece, total = int(text[:half]), int(text[half:])
    return len(text) % 2 == 0 and 0 < piece <= total


def _is_place_in_row(text: str) -> bool:
    found = re.fullmatch(r"([1-9][0-9]*)/([1-9][0-9]*)", text)
    return found is not None and int(found[1]) <= int(found[2])


_LINTERS: Final[Mapping[str, Callable[[str], bool]]] = {
    "csum": has_mod10,
    "yymmd0": lambda text: _is_date(text, day_zero=True),
    "yymmdd": lambda text: _is_date(text, day_zero=False),
    "yyyymmdd": lambda text: _is_date(text, day_zero=False),
    "hhmi": lambda text: int(text[:2]) < 24 and int(text[2:]) < 60,
    "hh": lambda text: int(text) < 24,
    "mi": lambda text: int(text) < 60,
    "ss": lambda text: int(text) < 60,
    "yesno": lambda text: text in ("0", "1"),
    "zero": lambda text: not text.strip("0"),
    "nonzero": lambda text: bool(text.strip("0")),
    "nozeroprefix": lambda text: text == "0" or not text.startswith("0"),
    "hasnondigit": lambda text: not text.isdigit(),
    "hyphen": lambda text: not text.strip("-"),
    "iso5218": lambda text: text in ("0", "1", "2", "9"),
    "winding": lambda text: text in ("0", "1", "9"),
    "pieceoftotal": _is_piece,
    "posinseqslash": _is_place_in_row,
}


def _component(text: str) -> Component:
    spec, *checks = text.split(",")
    found = _SPEC.fullmatch(spec.strip("[]"))
    assert found is not None, text
    most = int(found[3])
    least = 1 if found[2] else most
    is_optional = text.startswith("[")
    return Component(
        cset=found[1], least=least, most=most, optional=is_optional, checks=tuple(checks)
    )


def _rule(words: list[str]) -> Rule:
    flags = words[0] if words[0][0] not in "NXYZ[" else ""
    specs = [w for w in words if w[0] in "NXYZ["]
    links = [w for w in words if w.startswith("dlpkey")]
    return Rule(
        components=tuple(_component(spec) for spec in specs),
        req=tuple(w.removeprefix("req=") for w in words if w.startswith("req=")),
        ex=tuple(p for w in words if w.startswith("ex=") for p in w[3:].split(",")),
        paths=_paths(links[0]) if links else None,
        is_attribute="?" in flags,
    )


def _paths(word: str) -> tuple[tuple[str, ...], ...]:
    _, _, listed = word.partition("=")
    return tuple(tuple(path.split(",")) for path in listed.split("|")) if listed else ((),)


def _rules() -> Mapping[str, Rule]:
    built: dict[str, Rule] = {}
    for line in DICTIONARY.splitlines():
        ais, *words = line.split()
        first, _, last = ais.partition("-")
        rule = _rule(words)
        for number in range(int(first), int(last or first) + 1):
            built[str(number).zfill(len(first))] = rule
    return built


RULES: Final = _rules()
