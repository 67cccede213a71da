"""Frozen dataclasses to JSON values and back: strict when writing, tolerant when reading."""

import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Final, TypeVar

Record = TypeVar("Record")

_PLAIN: Final = frozenset((str, int, bool, float, type(None)))  # most of all values, by far


def to_json(value: object) -> Any:
    """Return the JSON form of a record: `None` fields and empty optionals are left out.

    Raises TypeError for floats in a record (they have no canonical form) and unknown types.
    """
    if type(value) in _PLAIN:
        return value
    match value:
        case Enum():
            return value.value
        case str() | int() | float():
            return value
        case Mapping():
            return {str(key): to_json(item) for key, item in value.items()}
        case tuple() | list():
            return [to_json(item) for item in value]
        case frozenset():
            return sorted(to_json(item) for item in value)
    if is_dataclass(value):
        return _fields_of(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _fields_of(record: object) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in _names(type(record)):  # type: ignore[arg-type]  # any dataclass
        item = getattr(record, name)
        if item is not None:
            found[name] = item if type(item) in _PLAIN else to_json(item)
    return found


def from_json(kind: type[Record], value: Mapping[str, Any]) -> Record:
    """Build a record; unknown keys are ignored, absent ones take the default.

    An enum value that is not known becomes the member UNKNOWN where the enum has one.
    Raises ValueError when a required field is absent or of another shape.
    """
    built: dict[str, Any] = {}
    for name, (hint, required) in _shape(kind).items():  # type: ignore[arg-type]
        if name in value:
            built[name] = _read(hint, value[name])
        elif required:
            raise ValueError(f"{kind.__name__}: {name} is missing")
    return kind(**built)


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _shape(kind: Any) -> dict[str, tuple[Any, bool]]:
    hints = typing.get_type_hints(kind)
    return {
        field.name: (
            hints[field.name],
            field.default is MISSING and field.default_factory is MISSING and field.init,
        )
        for field in fields(kind)
        if field.init
    }


def _read(hint: Any, value: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _read_union(typing.get_args(hint), value)
    if origin in (tuple, frozenset):
        return _read_items(origin, typing.get_args(hint), value)
    if origin is not None:
        return value  # Mapping[...], Literal[...]: JSON already has the shape
    if not isinstance(hint, type):
        return _read(hint.__supertype__, value) if hasattr(hint, "__supertype__") else value
    if is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise ValueError(f"{hint.__name__}: an object is expected")
        return from_json(hint, value)
    if issubclass(hint, Enum):
        return _read_enum(hint, value)
    if hint in (int, str, bool) and not isinstance(value, hint):
        raise ValueError(f"{value!r} is no {hint.__name__}")
    return value


def _read_items(origin: Any, arguments: tuple[Any, ...], value: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{value!r} is no list")
    if origin is frozenset or (len(arguments) == 2 and arguments[1] is Ellipsis):
        return origin(_read(arguments[0], item) for item in value)
    return tuple(_read(hint, item) for hint, item in zip(arguments, value, strict=True))


def _read_union(options: tuple[Any, ...], value: Any) -> Any:
    if value is None:
        return None
    problems: list[str] = []
    for option in options:
        if option is type(None):
            continue
        if is_dataclass(option) and not _kind_fits(option, value):
            continue
        try:
            return _read(option, value)
        except ValueError as error:
            problems.append(str(error))
    raise ValueError("; ".join(problems) or f"{value!r} fits none of the alternatives")


def _kind_fits(option: Any, value: Any) -> bool:
    kind = getattr(option, "KIND", None)
    return kind is None or (isinstance(value, Mapping) and value.get("kind") == kind)


def _read_enum(kind: type[Enum], value: Any) -> Enum:
    try:
        return kind(value)
    except ValueError:
        if "UNKNOWN" in kind.__members__:
            return kind["UNKNOWN"]
        raise
