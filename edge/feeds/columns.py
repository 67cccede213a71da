"""Row formats of the feeds: which columns there are and what may stand in them. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from edge.barcodes.checks import is_gtin

TEXT_MAX: Final = 512
LIST_MAX: Final = 1000
INT_MAX: Final = 2**53 - 1

CODE_LISTS: Final = ("carrier", "reason", "partner")
DECISIONS: Final = ("release", "unlocked", "claimed", "quality_ok", "quality_reject", "missing")
ZONES: Final = ("resale", "repair", "disposal", "hold", "hazmat")
GRADES: Final = ("A", "B", "C", "D")

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_TRUE: Final = frozenset(("1", "true"))
_FALSE: Final = frozenset(("0", "false"))


@dataclass(frozen=True, slots=True)
class Column:
    """`check` returns what is wrong with a value of JSON, or nothing; `cell` reads a CSV cell."""

    check: Callable[[object], str]
    cell: Callable[[str], object] = str
    required: bool = False
    is_key: bool = False


def _text(value: object) -> str:
    if not isinstance(value, str):
        return "text is expected"
    if not value.strip():
        return "is empty"
    if len(value) > TEXT_MAX:
        return f"is longer than {TEXT_MAX} characters"
    return "" if value.isprintable() else "holds control characters"


def _mark(value: object) -> str:
    """A mark may hold group separators; that is what makes it one."""
    return _text(value.replace("\x1d", "")) if isinstance(value, str) else _text(value)


def _list_of(check: Callable[[object], str]) -> Callable[[object], str]:
    def whole(value: object) -> str:
        if not isinstance(value, list):
            return "a list is expected"
        if len(value) > LIST_MAX:
            return f"has more than {LIST_MAX} entries"
        return next((problem for item in value if (problem := check(item))), "")

    return whole


def _gtin(value: object) -> str:
    fits = isinstance(value, str) and len(value) in (8, 12, 13, 14) and is_gtin(value)
    return "" if fits else "is no GTIN: 8, 12, 13 or 14 digits with their check digit"


def _whole(least: int) -> Callable[[object], str]:
    def whole(value: object) -> str:
        fits = type(value) is int and least <= value <= INT_MAX
        return "" if fits else f"a whole number from {least} is expected"

    return whole


def _flag(value: object) -> str:
    return "" if value in (0, 1) and isinstance(value, int) else "0 or 1 is expected"


def _time(value: object) -> str:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    fits = moment is not None and moment.tzinfo is not None
    return "" if fits else "an ISO 8601 time with zone is expected"


def _currency(value: object) -> str:
    fits = isinstance(value, str) and _CURRENCY.fullmatch(value) is not None
    return "" if fits else "three capital letters are expected"


def _pattern(value: object) -> str:
    problem = _text(value)
    if problem or not isinstance(value, str):
        return problem
    try:
        re.compile(value, re.ASCII)
    except re.error as error:
        return f"is no regular expression: {error}"
    return ""


def _sha256(value: object) -> str:
    fits = isinstance(value, str) and _SHA256.fullmatch(value) is not None
    return "" if fits else "64 hex digits are expected"


def _url(value: object) -> str:
    fits = isinstance(value, str) and value.startswith(("http://", "https://"))
    return _text(value) if fits else "an address is expected: https://host…"


def _one_of(*allowed: str) -> Callable[[object], str]:
    def chosen(value: object) -> str:
        return "" if value in allowed else f"one of {', '.join(allowed)} is expected"

    return chosen


def _list_cell(cell: str) -> object:
    return cell.split("|")


def _int_cell(cell: str) -> object:
    return int(cell) if re.fullmatch(r"-?[0-9]{1,18}", cell) else cell


def _flag_cell(cell: str) -> object:
    word = cell.lower()
    return True if word in _TRUE else False if word in _FALSE else cell


_KEY: Final = Column(_text, required=True, is_key=True)
_TEXT: Final = Column(_text)
_MUST: Final = Column(_text, required=True)
_FLAG: Final = Column(_flag, _flag_cell)
_MONEY: Final = Column(_whole(0), _int_cell)
_TEXTS: Final = Column(_list_of(_text), _list_cell)
_OP: Final = Column(_one_of("put", "delete"))

ATTRIBUTES: Final = (
    "serialised",
    "mark_required",
    "hazmat",
    "data_bearing",
    "battery",
    "liquid",
    "two_person",
    "hygiene_wear",
)
COLUMNS: Final[Mapping[str, Mapping[str, Column]]] = {
    "returns": {
        "op": _OP,
        "rma": _KEY,
        "line": _KEY,
        "tenant": _KEY,
        "channel": _TEXT,
        "order": _TEXT,
        "upd": _TEXT,
        "sku": _TEXT,
        "gtin": Column(_gtin, required=True),
        "title_ru": _TEXT,
        "title_en": _TEXT,
        "qty": Column(_whole(1), _int_cell, required=True),
        "serials": _TEXTS,
        "marks": Column(_list_of(_mark), _list_cell),
        "reason": _TEXT,
        "due_at": Column(_time),
        "window_until": Column(_time),
        "delivered_at": Column(_time),
        "exchange_waiting": _FLAG,
        "decision": Column(_one_of("approved", "photo", "service")),
        "case_id": _TEXT,
        "flags": _TEXTS,
        "tracking": _TEXT,
        "batch": _TEXT,
        "carrier": _TEXT,
        "declared_g": Column(_whole(0), _int_cell),
        "photo_urls": _TEXTS,
        "value_minor": _MONEY,
        "currency": Column(_currency),
        "audit": _FLAG,
        "known_zone": Column(_one_of(*ZONES)),
        "known_grade": Column(_one_of(*GRADES)),
    },
    "items": {
        "op": _OP,
        "gtin": Column(_gtin, required=True, is_key=True),
        "sku": _MUST,
        "tenant": _KEY,
        "category": _MUST,
        "title_ru": _MUST,
        "title_en": _MUST,
        "brand": _TEXT,
        "value_minor": _MONEY,
        "currency": Column(_currency),
        **dict.fromkeys(ATTRIBUTES, _FLAG),
        "warranty_months": Column(_whole(0), _int_cell),
        "picture_url": _TEXT,
    },
    "codes": {
        "op": _OP,
        "list": Column(_one_of(*CODE_LISTS), required=True, is_key=True),
        "code": _KEY,
        "ru": _MUST,
        "en": _MUST,
        "pattern": Column(_pattern),
    },
    "recalls": {
        "op": _OP,
        "recall_id": _KEY,
        "gtin": Column(_gtin, required=True, is_key=True),
        "lot_from": _TEXT,
        "lot_to": _TEXT,
        "serial_from": _TEXT,
        "serial_to": _TEXT,
        "reason": _MUST,
        "since": Column(_time, required=True),
    },
    "releases": {
        "op": _OP,
        "release_id": _KEY,
        "unit": _TEXT,
        "parcel": _TEXT,
        "decision": Column(_one_of(*DECISIONS), required=True),
        "rma": _TEXT,
        "zone": Column(_one_of(*ZONES)),
        "by": _MUST,
        "at": Column(_time, required=True),
    },
    "policies": {
        "sha256": Column(_sha256, required=True, is_key=True),
        "url": Column(_url, required=True, is_key=True),
    },
}
