"""One payload of every kind: with all its fields, or with the required ones alone."""

import typing
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any

from edge.events.kinds import PAYLOADS, Payload

SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
WORDS: Mapping[str, Any] = {
    "gtin": "04601234567893",
    "serial": "356938035643809",
    "rma": "88123",
    "line": "1",
    "tracking": "RB123456785RU",
    "sha256": SHA256,
    "body_sha256": SHA256,
    "raw_b64": "MDEwNDYwMTIzNDU2Nzg5Mw==",
    "body_b64": "e30=",
    "operator": "0417",
    "zone": "resale",
    "disposition": "RESTOCK",
    "refund": "eligible",
    "row": "R13",
    "grade": "A",
    "step": "power",
    "answer": "works",
    "by": "key",
    "proof": "tray",
    "how": "hand",
    "currency": "RUB",
    "matched_by": "rma",
    "facts": {"grade": "A", "flags": [], "value": 129900, "cache_age_s": 12},
    "static": {"category": "phone", "tenant": "shop-a", "attrs": ["serialised"]},
    "title": {"ru": "Смартфон X12", "en": "Smartphone X12"},
}


def payloads() -> Iterator[tuple[str, Payload]]:
    """Every kind that can be written, full and minimal."""
    for kind in sorted(PAYLOADS):
        if not kind.endswith(".unknown"):
            yield kind, payload(kind, is_full=True)
            yield kind, payload(kind, is_full=False)


def payload(kind: str, *, is_full: bool) -> Payload:
    """A payload of a kind; `state` follows from the kind where one class has several."""
    made: Payload = _record(PAYLOADS[kind], is_full=is_full, state=kind.rpartition(".")[2])
    return made


def _record(kind: Any, *, is_full: bool, state: str) -> Any:
    hints = typing.get_type_hints(kind)
    values = {
        field.name: _value(hints[field.name], field.name, is_full=is_full, state=state)
        for field in fields(kind)
        if is_full or (field.default is MISSING and field.default_factory is MISSING)
    }
    return kind(**values)


def _value(hint: Any, name: str, *, is_full: bool, state: str) -> Any:
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, UnionType):
        options = [one for one in inside if one is not NoneType]
        return _value(options[0], name, is_full=is_full, state=state)
    if origin is tuple:
        one = name.rstrip("s") if name.rstrip("s") in WORDS else name
        return (_value(inside[0], one, is_full=is_full, state=state),) if is_full else ()
    if inside == (str, int):
        return {"k": 7} if is_full else {}
    if origin is not None:
        return WORDS.get(name, {"k": "v"} if is_full else {})
    if is_dataclass(hint):
        return _record(hint, is_full=is_full, state=state)
    if issubclass(hint, Enum):
        return hint(state)
    return {str: WORDS.get(name, name), int: 7, bool: True}[hint]
