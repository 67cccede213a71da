"""Rows of barcodes.toml: anchored, bounded patterns for carrier, shop and house numbers."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from edge.barcodes.checks import CHECKS
from edge.catalogue import NumberRule
from zoning.terms import Terms

REGEX_CHARS_MAX: Final = 200
NUMBER_CHARS_MAX: Final = 64
_FIELDS: Final = frozenset({"name", "kind", "regex", "check", "examples", "counter_examples"})
WAYS_MAX: Final = 10_000  # in which a pattern may try one code: what a hostile one costs at most
# One piece of a pattern: an escape, a class, a group's begin or end, a repeat, any other character.
_PIECE: Final = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(|\)|[*+?]|\{[0-9]*(?:,[0-9]*)?\}|.", re.ASCII | re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """A row ready for use. A group `value` in the pattern cuts out what is looked up."""

    row: NumberRule
    pattern: re.Pattern[str]

    def value_of(self, text: str) -> str | None:
        """Return the number that is looked up, upper-cased, None if the row does not fit."""
        found = self.pattern.fullmatch(text)
        if found is None or not CHECKS[self.row.check](found[0]):
            return None
        return (found["value"] if "value" in self.pattern.groupindex else found[0]).upper()


def read_rows(text: str) -> tuple[NumberRule, ...]:
    """Return the rows of a barcodes.toml. Raises ValueError naming the first row that is wrong."""
    document = tomllib.loads(text)
    unknown = sorted(set(document) - {"number"})
    if unknown:
        raise ValueError(f"{unknown[0]}: unknown table: only [[number]] is allowed")
    return tuple(_row(at, given) for at, given in enumerate(document.get("number", []), 1))


def rows_of(terms: Terms) -> tuple[NumberRule, ...]:
    """Return the rows that a pack brings for its owner's and its carriers' numbers."""
    return tuple(
        NumberRule(
            name=one.name,
            kind=one.kind,
            regex=one.regex,
            check=one.check,
            examples=one.examples,
            counter_examples=one.counter_examples,
        )
        for one in terms.numbers
    )


def compile_rules(rows: Iterable[NumberRule]) -> tuple[CompiledRule, ...]:
    """Return the rows compiled, in their order. Raises ValueError for a pattern that is refused."""
    return tuple(_compiled(row) for row in rows)


def problems(rows: Iterable[NumberRule]) -> tuple[str, ...]:
    """Return everything wrong with the rows: patterns, and examples run through all of them."""
    good: list[CompiledRule] = []
    found: list[str] = []
    for row in rows:
        try:
            good.append(_compiled(row))
        except ValueError as error:
            found.append(str(error))
    return (*found, *(text for rule in good for text in _contradictions(rule, good)))


def open_ways(regex: str) -> int | None:
    """Return in how many ways a pattern can try lengths; None = a group repeats that has one.

    Only such a pattern takes exponential time on a code; open lengths side by side multiply.
    """
    ways, inside = 1, [False]  # of the open groups: whether they hold an open length
    closed = False  # whether the piece before was a group that does
    for piece in _PIECE.findall(regex):
        spread = _spread(piece)
        if piece == "(":
            inside.append(False)
        elif piece == ")" and len(inside) > 1:
            closed = inside.pop()
            inside[-1] |= closed
            continue
        elif spread > 1:
            if closed and piece != "?":
                return None
            inside[-1] |= piece != "?"
            ways *= spread
        closed = False
    return ways


def _spread(piece: str) -> int:
    """Return how many lengths a repeat allows, 1 for a fixed one and for what is none."""
    if piece in ("*", "+"):
        return NUMBER_CHARS_MAX
    if piece == "?":
        return 2
    if not piece.startswith("{") or piece == "{":
        return 1
    low, comma, high = piece[1:-1].partition(",")
    if not comma:
        return 1
    most = int(high) if high else NUMBER_CHARS_MAX
    return max(1, most - int(low or 0) + 1)


def _contradictions(rule: CompiledRule, rules: list[CompiledRule]) -> Iterable[str]:
    row = rule.row
    for text in row.examples:
        hits = [r.row.name for r in rules if r.row.kind == row.kind and r.value_of(text)]
        if row.name not in hits:
            yield f"number {row.name}: example {text!r} does not fit its own row"
        if len(hits) > 1:
            yield f"number {row.name}: example {text!r} fits {', '.join(hits)} of one kind"
    for text in row.counter_examples:
        if rule.value_of(text) is not None:
            yield f"number {row.name}: counter example {text!r} fits"


def _row(at: int, given: dict[str, Any]) -> NumberRule:
    unknown = sorted(set(given) - _FIELDS)
    missing = sorted({"name", "kind", "regex"} - set(given))
    if unknown or missing:
        key, what = (unknown[0], "unknown key") if unknown else (missing[0], "missing")
        raise ValueError(f"number {at}: {key}: {what}: allowed are {', '.join(sorted(_FIELDS))}")
    lists = {"examples", "counter_examples"}
    texts = {key: str(value) for key, value in given.items() if key not in lists}
    return NumberRule(
        **texts,
        examples=tuple(map(str, given.get("examples", ()))),
        counter_examples=tuple(map(str, given.get("counter_examples", ()))),
    )


def _compiled(row: NumberRule) -> CompiledRule:
    who = f"number {row.name}: regex"
    if not row.regex.isascii() or len(row.regex) > REGEX_CHARS_MAX:
        raise ValueError(f"{who}: not ASCII or over {REGEX_CHARS_MAX} characters")
    ways = open_ways(row.regex)
    if ways is None:
        raise ValueError(f"{who}: a repeat inside a repeat: write the lengths out")
    if ways > WAYS_MAX:
        raise ValueError(f"{who}: too many open lengths beside each other: write them out")
    if row.check not in CHECKS:
        raise ValueError(f"number {row.name}: check: {row.check!r}: one of {', '.join(CHECKS)}")
    try:
        return CompiledRule(row=row, pattern=re.compile(row.regex, re.ASCII | re.IGNORECASE))
    except re.error as error:
        raise ValueError(f"{who}: {error}") from error
