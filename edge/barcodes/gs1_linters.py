"""Content checks of one application identifier's data, from the components of the dictionary.

Coupons (8110 to 8112) are taken as they come; all else that the dictionary demands is judged.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge.barcodes.gs1_checks import CHECKS_BY_NAME, UNJUDGED
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


def is_known(ai: str) -> bool:
    """Return whether an application identifier is assigned."""
    return ai in RULES


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
            if name not in UNJUDGED and not CHECKS_BY_NAME[name](taken):
                return Gs1Fault.CHECK_DIGIT if name == "csum" else Gs1Fault.CONTENT
    return Gs1Fault.SYNTAX if rest else None


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
