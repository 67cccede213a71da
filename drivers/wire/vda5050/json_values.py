"""Tolerant readers of JSON from a robot: what is missing or odd is unknown, never an error."""

import json
import math
from collections.abc import Mapping
from typing import Any, Final

MESSAGE_BYTES_MAX: Final = 1 << 20
TEXT_MAX: Final = 200
LIST_MAX: Final = 1000


def parse(payload: bytes) -> Mapping[str, Any] | None:
    """Return the JSON object of a message, None for anything else."""
    if len(payload) > MESSAGE_BYTES_MAX:
        return None
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def table(message: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the object under a key, empty if it is none."""
    value = message.get(key)
    return value if isinstance(value, dict) else {}


def rows(message: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return the objects of the list under a key; of an endless list the first LIST_MAX entries."""
    value = message.get(key)
    if not isinstance(value, list):
        return []
    return [row for row in value[:LIST_MAX] if isinstance(row, dict)]


def count(message: Mapping[str, Any], key: str) -> int | None:
    """Return the length of the list under a key."""
    value = message.get(key)
    return len(value) if isinstance(value, list) else None


def text(message: Mapping[str, Any], key: str) -> str | None:
    """Return a text that UTF-8 can hold: JSON may carry half a surrogate pair."""
    value = message.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63:
        value = str(value)  # some robots write reference values as numbers
    if not isinstance(value, str):
        return None
    return value[:TEXT_MAX].encode("utf-8", "replace").decode()


def truth(message: Mapping[str, Any], key: str) -> bool | None:
    """Return a boolean."""
    value = message.get(key)
    return value if isinstance(value, bool) else None


def whole(message: Mapping[str, Any], key: str) -> int | None:
    """Return a whole number."""
    found = number(message, key)
    return int(found) if found is not None and found.is_integer() else None


def number(message: Mapping[str, Any], key: str) -> float | None:
    """Return a finite number."""
    value = message.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and abs(value) >= 1 << 63:
        return None
    return float(value) if math.isfinite(value) else None
