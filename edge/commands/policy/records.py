"""Fact records as JSON from outside: read strictly, refused with a code and words."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from zoning.model import Facts, Label, Members, Missing, Value

LINE_MAX: Final = 1 << 16
ID_MAX: Final = 200
LISTED_MAX: Final = 256
KEYS: Final = frozenset(
    ("id", "schema", "policy_sha256", "known", "unknown", "missing", "source", "grade_exact")
)
SCHEMA: Final = "facts/1"
_MISSING: Final = "absent"
_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "too_long": ("строка длиннее {} байт", "the line is longer than {} bytes"),
    "not_utf8": ("строка не UTF-8", "the line is not UTF-8"),
    "not_json": ("это не JSON: {}", "this is no JSON: {}"),
    "not_object": ("нужен объект JSON", "a JSON object is expected"),
    "unknown_key": ("неизвестный ключ {}", "unknown key {}"),
    "no_known": ("нет объекта known", "the object known is needed"),
    "bad_type": ("{}: недопустимое значение", "{}: a value of a wrong type"),
    "bad_schema": ("schema не facts/1", "schema is not facts/1"),
}


class RecordError(ValueError):
    """A line is no fact record: a code for programs, words for people."""

    def __init__(self, code: str, got: object = "") -> None:
        super().__init__(code)
        self.code = code
        ru, en = _TEXTS[code]
        shown = ascii(str(got)[:80])[1:-1]
        self.text: Label = {"ru": ru.format(shown), "en": en.format(shown)}


def read_line(line: bytes) -> Mapping[str, Any]:
    """Return the object of one line: no key twice, no fraction, no NaN. Raises RecordError."""
    if len(line) > LINE_MAX:
        raise RecordError("too_long", LINE_MAX)
    try:
        found = _DECODER.decode(line.decode())
    except UnicodeDecodeError as error:
        raise RecordError("not_utf8") from error
    except RecursionError as error:
        raise RecordError("not_json", "nested too deep") from error
    except ValueError as error:
        raise RecordError("not_json", error) from error
    if not isinstance(found, dict):
        raise RecordError("not_object")
    return found


def read_facts(record: Mapping[str, Any], policy_sha256: str) -> Facts:
    """Return the facts of a record: the stored form, or as little as `{"known": {…}}`.

    A known value of null counts as missing. Whether values fit the policy is left to the
    decision, whose outcome is then #invalid. Raises RecordError.
    """
    for name in record:
        if name not in KEYS:
            raise RecordError("unknown_key", name)
    if record.get("schema", SCHEMA) != SCHEMA:
        raise RecordError("bad_schema")
    known = _object(record, "known") if "known" in record else _refuse_absent()
    unknown = _object(record, "unknown")
    given = {name: item for name, item in known.items() if item is not None}
    values = {name: _value(name, item, unknown) for name, item in given.items()}
    for name in unknown.keys() - values.keys():
        values[name] = Members(unknown=_members(f"unknown.{name}", unknown[name]))
    nulls = [Missing(column=name, why=_MISSING) for name in known if name not in given]
    return Facts(
        policy_sha256=_text(record, "policy_sha256", policy_sha256),
        values=values,
        missing=(*_missing(record), *nulls),
        source=_source(record),
        grade_exact=_flag(record, "grade_exact"),
    )


def read_id(record: Mapping[str, Any]) -> str | int | None:
    """Return the caller's own name of a record, which goes back with the verdict."""
    value = record.get("id")
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and len(value) <= ID_MAX:
        return value
    raise RecordError("bad_type", "id")


def _refuse_absent() -> NoReturn:
    raise RecordError("no_known")


def _value(name: str, item: Any, unknown: Mapping[str, Any]) -> Value:
    if isinstance(item, str | int):
        return item
    left = _members(f"unknown.{name}", unknown.get(name, []))
    return Members(present=_members(f"known.{name}", item), unknown=left)


def _members(place: str, item: Any) -> frozenset[str]:
    if not isinstance(item, list) or len(item) > LISTED_MAX:
        raise RecordError("bad_type", place)
    if not all(isinstance(member, str) for member in item):
        raise RecordError("bad_type", place)
    return frozenset(item)


def _missing(record: Mapping[str, Any]) -> tuple[Missing, ...]:
    """Return the missing columns: `{"column", "why"}` each, or a name alone."""
    items = record.get("missing", [])
    if not isinstance(items, list):
        raise RecordError("bad_type", "missing")
    return tuple(_one_missing(item) for item in items)


def _one_missing(item: Any) -> Missing:
    if isinstance(item, str):
        return Missing(column=item, why=_MISSING)
    if not isinstance(item, dict) or item.keys() != {"column", "why"}:
        raise RecordError("bad_type", "missing")
    return Missing(column=_text(item, "column"), why=_text(item, "why"))


def _source(record: Mapping[str, Any]) -> dict[str, str]:
    given = _object(record, "source")
    return {name: _text(given, name) for name in given}


def _object(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = record.get(key, {})
    if not isinstance(value, dict):
        raise RecordError("bad_type", key)
    return value


def _text(record: Mapping[str, Any], key: str, default: str = "") -> str:
    value = record.get(key, default)
    if not isinstance(value, str):
        raise RecordError("bad_type", key)
    return value


def _flag(record: Mapping[str, Any], key: str) -> bool:
    value = record.get(key, True)
    if not isinstance(value, bool):
        raise RecordError("bad_type", key)
    return value


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _no_fraction(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is no integer")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=_no_fraction, parse_constant=_no_fraction
)
