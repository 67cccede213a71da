"""The document around EPCIS events, as it is captured."""

import json
from collections.abc import Sequence
from typing import Any, Final

from edge.events import utc_text
from edge.sync.epcis.mapping import PREFIX, Step
from edge.sync.epcis.names import Names

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def context_of(names: Names) -> list[Any]:
    """Return the `@context`: the official one, then our prefix."""
    return [CONTEXT, {PREFIX: names.vocabulary}]


def document(steps: Sequence[Step], names: Names, created_ms: int) -> dict[str, Any]:
    """Return an EPCISDocument; `created_ms` = UTC, milliseconds."""
    return {
        "@context": context_of(names),
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": utc_text(created_ms),
        "epcisBody": {"eventList": list(steps)},
    }


def encoded(value: object) -> bytes:
    """Return JSON as it is sent. Raises ValueError for infinite numbers."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def framed(steps: Sequence[bytes], names: Names, created_ms: int) -> bytes:
    """Return the document around events that are encoded already."""
    before, empty, after = encoded(document((), names, created_ms)).rpartition(b"[]")
    assert empty, "the event list is the last list of the document"
    return b"".join((before, b"[", b",".join(steps), b"]", after))


def alone(step: Step, names: Names) -> dict[str, Any]:
    """Return one event as it goes by itself, with a context of its own."""
    return {"@context": context_of(names), **step}
