"""TOML tables into frozen dataclasses: unknown keys, missing keys and wrong types are problems.

A field `from_` is the key `from`. A dataclass that stands in a table already passes as it is.
"""

import difflib
import math
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from edge.settings.problems import Findings, Place

Record = TypeVar("Record")
BAD: Final[Any] = object()
_UNITS: Final = {
    "_ms": "milliseconds",
    "_s": "seconds",
    "_m": "metres",
    "_mb": "MiB",
    "_percent": "percent, 0 to 100",
}
_WORDS: Final[Mapping[Any, str]] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    Path: "a path",
    date: "a date, as 2027-01-31 without quotes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    name: str
    hint: Any
    required: bool


def read(kind: type[Record], table: Any, place: Place, found: Findings) -> Record | None:
    """Return the record, or None when one of its keys is wrong; all problems are in `found`.

    A ValueError of the record's own check, `key: problem: what is allowed`, is a problem too.
    """
    if not isinstance(table, Mapping):
        found.add(place, f"{table!r} is no table", "a table of keys")
        return None
    slots = _slots(typing.cast("Any", kind))
    for key in table:
        if key not in slots:
            found.add(place.at(str(key)), "unknown key", _meant(str(key), tuple(slots)))
    values: dict[str, Any] = {}
    for key, slot in slots.items():
        if key in table:
            values[slot.name] = value_of(slot.hint, table[key], place.at(key), found)
        elif slot.required:
            found.add(place.at(key), "missing", wanted(slot.hint, key))
            values[slot.name] = BAD
    return None if BAD in values.values() else _built(kind, values, place, found)


def read_rows(
    kind: type[Record], rows: Any, place: Place, found: Findings
) -> tuple[tuple[Place, Record], ...]:
    """Return the good rows of a list of tables, each with its place."""
    if not isinstance(rows, list):
        found.add(place, "is no list of tables", f"[[{place.key}]] or {place.key} = [{{ … }}]")
        return ()
    pairs = [(place.row(n), row) for n, row in enumerate(rows, 1)]
    records = [(at, read(kind, row, at, found)) for at, row in pairs]
    return tuple((at, record) for at, record in records if record is not None)


def value_of(hint: Any, value: Any, place: Place, found: Findings) -> Any:
    """Return the value in the shape of `hint`, BAD when it does not fit."""
    hint = _plain(hint)
    if hint is Any:
        return value
    origin = typing.get_origin(hint)
    if origin in (tuple, frozenset):
        return _items(origin, typing.get_args(hint)[0], value, place, found)
    if origin is not None:
        return _mapping(typing.get_args(hint)[1], value, place, found)
    if is_dataclass(hint):
        if isinstance(value, typing.cast("type[Any]", hint)):
            return value
        record = read(typing.cast("type[Any]", hint), value, place, found)
        return BAD if record is None else record
    return _leaf(hint, value, place, found)


def wanted(hint: Any, key: str) -> str:
    """Return in words what a key may hold."""
    hint = _plain(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "one of " + ", ".join(str(member.value) for member in hint)
    if typing.get_origin(hint) in (tuple, frozenset):
        return "a list"
    word = _WORDS.get(hint, "a table")
    unit = next((text for end, text in _UNITS.items() if key.endswith(end)), "")
    return f"{word} of {unit}" if unit and hint in (int, float) else word


def _leaf(hint: Any, value: Any, place: Place, found: Findings) -> Any:
    key = place.key.rpartition(".")[2]
    if issubclass(hint, Enum):
        known = {str(member.value): member for member in hint}
        if isinstance(value, str) and value in known:
            return known[value]
    elif _FITS[hint](value):
        if hint is Path:
            return found.folder / value
        if hint is date:
            return value
        if hint in (int, float) and not _is_in_range(key, value):
            found.add(place, f"{value!r} is out of range", wanted(hint, key))
            return BAD
        return hint(value)
    found.add(place, f"{value!r} does not fit", wanted(hint, key))
    return BAD


_FITS: Final[Mapping[Any, Callable[[Any], bool]]] = {
    bool: lambda value: isinstance(value, bool),
    int: lambda value: isinstance(value, int) and not isinstance(value, bool),
    float: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    str: lambda value: isinstance(value, str),
    Path: lambda value: isinstance(value, str) and value != "",
    date: lambda value: type(value) is date,  # a time of day would be one, too
}


def _is_in_range(key: str, value: float) -> bool:
    if not math.isfinite(value):
        return False
    if not any(key.endswith(end) for end in _UNITS):
        return True
    return 0 <= value <= (100 if key.endswith("_percent") else math.inf)


def _items(origin: Any, hint: Any, value: Any, place: Place, found: Findings) -> Any:
    if not isinstance(value, list | tuple):
        found.add(place, f"{value!r} is no list", "a list")
        return BAD
    items = [value_of(hint, item, place.row(n), found) for n, item in enumerate(value, 1)]
    return BAD if BAD in items else origin(items)


def _mapping(hint: Any, value: Any, place: Place, found: Findings) -> Any:
    if not isinstance(value, Mapping):
        found.add(place, f"{value!r} is no table", "a table")
        return BAD
    items = {key: value_of(hint, item, place.at(key), found) for key, item in value.items()}
    return BAD if BAD in items.values() else items


def _plain(hint: Any) -> Any:
    """Take off `| None` and NewType: TOML has no null, an absent key says it."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return _plain(next(arg for arg in typing.get_args(hint) if arg is not type(None)))
    return _plain(hint.__supertype__) if hasattr(hint, "__supertype__") else hint


@cache
def _slots(kind: Any) -> dict[str, _Slot]:
    hints = typing.get_type_hints(kind)
    return {
        field.name.rstrip("_"): _Slot(
            name=field.name,
            hint=hints[field.name],
            required=field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(kind)
        if field.init
    }


def _meant(key: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {near[0]}?" if near else "allowed are " + ", ".join(sorted(known))


def _built(
    kind: type[Record], values: dict[str, Any], place: Place, found: Findings
) -> Record | None:
    try:
        return kind(**values)
    except ValueError as error:
        first, _, rest = str(error).partition(": ")
        is_key = first in _slots(typing.cast("Any", kind))
        if not is_key and not place.key.endswith(first):  # the message names no key of this table
            first, rest = "", str(error)
        problem, _, allowed = rest.partition(": ")
        found.add(place.at(first) if is_key else place, problem, allowed)
        return None
