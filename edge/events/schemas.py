"""JSON Schemas of the kinds, made from their classes: what `data` of an event may hold.

Pure; `scripts/event_schemas` writes them to `edge/events/schema/<kind>.v<n>.json`.
"""

import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from typing import Any, Final

from edge.events.kinds import PAYLOADS

INT_MAX: Final = 2**53 - 1
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_VALUE: Final[Mapping[str, Any]] = {"$ref": "#/$defs/value"}
_TEXT: Final[Mapping[str, Any]] = {"type": "string"}
_INT: Final[Mapping[str, Any]] = {"type": "integer", "minimum": -INT_MAX, "maximum": INT_MAX}
_ASCII_KEYS: Final[Mapping[str, Any]] = {"pattern": "^[ -~]*$"}

# Any JSON without fractions: what an unknown field or a free object may hold.
_ANY_VALUE: Final[Mapping[str, Any]] = {
    "type": ["string", "integer", "boolean", "null", "array", "object"],
    "minimum": -INT_MAX,
    "maximum": INT_MAX,
    "items": _VALUE,
    "propertyNames": _ASCII_KEYS,
    "additionalProperties": _VALUE,
}

# Written by the envelope beside every payload; a payload's field of the same name wins.
_COMMON: Final[Mapping[str, Mapping[str, Any]]] = {
    "tenant": _TEXT,
    "channel": _TEXT,
    "mode": {"enum": ["live", "training", "demo"]},
    "operator": _TEXT,
    "parcel": _TEXT,
    "unit": _TEXT,
    "rma": _TEXT,
    "boot": _TEXT,
    "mono_ms": _INT,
    "tz": _TEXT,
    "clock": {"enum": ["synced", "unsynced", "stepped"]},
    "config": _TEXT,
    "audit": {"type": "boolean"},
    "input": _TEXT,
    "acts": {
        "type": "array",
        "items": {
            "type": "array",
            "prefixItems": [_INT, _TEXT, _TEXT],
            "items": False,
            "minItems": 3,
        },
    },
    "status": _TEXT,
}
_COMMON_REQUIRED: Final = ("tenant", "mode", "boot", "mono_ms", "tz", "clock", "config", "acts")


def kinds() -> tuple[str, ...]:
    """Return every kind that can be written, by name; `unknown` is only ever read."""
    return tuple(sorted(kind for kind in PAYLOADS if not kind.endswith(".unknown")))


def name_of(kind: str) -> str:
    """Return `<kind>.v<n>`: the end of the envelope's `type`. Raises KeyError."""
    return f"{kind}.v{PAYLOADS[kind].SCHEMA}"


def schema_of(kind: str) -> dict[str, Any]:
    """Return the schema (2020-12) of a kind's `data`. Raises KeyError for an unknown kind."""
    payload = PAYLOADS[kind]
    properties, required, shapes = _object(payload)
    if "state" in properties and kind != payload.KIND:  # one class for several kinds
        properties["state"] = {"const": kind.rpartition(".")[2]}
    return {
        "$schema": DIALECT,
        "title": name_of(kind),
        "description": (payload.__doc__ or "").partition("\n")[0],
        "type": "object",
        "required": sorted({*_COMMON_REQUIRED, *required}),
        "properties": dict(sorted({**_COMMON, **properties}.items())),
        "propertyNames": _ASCII_KEYS,
        "additionalProperties": _VALUE,
        "$defs": {"value": _ANY_VALUE, **shapes},
    }


def _object(kind: Any) -> tuple[dict[str, Any], list[str], dict[str, Any]]:
    """Return properties, required names and the shapes of records inside."""
    shapes: dict[str, Any] = {}
    hints = typing.get_type_hints(kind)
    properties = {field.name: _shape(hints[field.name], shapes) for field in fields(kind)}
    required = [
        field.name
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING
    ]
    return properties, required, shapes


def _shape(hint: Any, shapes: dict[str, Any]) -> Mapping[str, Any]:
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _union([one for one in inside if one is not types.NoneType], shapes)
    if origin is tuple:
        return {"type": "array", "items": _shape(inside[0], shapes)}
    if origin is not None:
        values = _VALUE if inside[1] is Any else _shape(inside[1], shapes)
        return {"type": "object", "propertyNames": _ASCII_KEYS, "additionalProperties": values}
    if is_dataclass(hint):
        return _record(hint, shapes)
    if issubclass(hint, Enum):
        return {"enum": sorted(one.value for one in hint if one.name != "UNKNOWN")}
    return {str: _TEXT, int: _INT, bool: {"type": "boolean"}}[hint]


def _union(options: list[Any], shapes: dict[str, Any]) -> Mapping[str, Any]:
    """An absent optional is left out of the body, so null is no alternative."""
    found = [_shape(one, shapes) for one in options]
    return found[0] if len(found) == 1 else {"anyOf": found}


def _record(kind: Any, shapes: dict[str, Any]) -> Mapping[str, Any]:
    properties, required, more = _object(kind)
    shapes |= more
    shapes[kind.__name__] = {
        "type": "object",
        "required": required,
        "properties": properties,
        "propertyNames": _ASCII_KEYS,
        "additionalProperties": _VALUE,
    }
    return {"$ref": f"#/$defs/{kind.__name__}"}


def said(kind: str) -> str:
    """Return a kind's own fields in one line: `?` = may be absent, `[]` = list, `{}` = object."""
    return ", ".join(_said_fields(PAYLOADS[kind])) or "–"


def _said_fields(kind: Any) -> list[str]:
    hints = typing.get_type_hints(kind)
    return [
        field.name
        + ("" if field.default is MISSING and field.default_factory is MISSING else "?")
        + _said_shape(hints[field.name])
        for field in fields(kind)
    ]


def _said_shape(hint: Any) -> str:
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _said_shape(inside[0])
    if origin is tuple:
        return f"[]{_said_shape(inside[0])}"
    if origin is not None:
        return "{}"
    return f"{{{', '.join(_said_fields(hint))}}}" if is_dataclass(hint) else ""
