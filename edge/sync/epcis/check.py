"""Our own check of a document before it leaves; the official schema is not shipped.

It knows what the mapping may say and no more: words, fields, addresses, and that every prefix is
declared, which the official schema lets pass.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from edge.sync.epcis.document import CONTEXT, context_of
from edge.sync.epcis.names import Names

Problems = Iterator[str]
Test = Callable[[Any], bool]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BIZ_STEPS: Final = _words(
    "accepting receiving inspecting storing holding collecting packing unpacking transporting"
)
_DISPOSITIONS: Final = _words(
    "returned non_sellable_other recalled expired no_pedigree_match sellable_not_accessible"
    " unavailable disposed damaged mismatch_class mismatch_instance mismatch_quantity conformant"
    " non_conformant needs_replacement"
)
_MEASURES: Final = _words("Mass")
_KNOWN: Final = _BIZ_STEPS | _DISPOSITIONS | _MEASURES | _words("rma location")

_URI: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-F]{2})+"
)
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_OFFSET: Final = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)")
_UNIT: Final = re.compile(r"[A-Z0-9]{2,3}")


def _one_of(words: frozenset[str]) -> Test:
    return lambda value: isinstance(value, str) and value in words


def _fits(pattern: re.Pattern[str]) -> Test:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _some(test: Test) -> Test:
    """Pass a list of at least one, all good and each there once."""
    return lambda value: (
        isinstance(value, list)
        and bool(value)
        and all(map(test, value))
        and all(one not in value[:at] for at, one in enumerate(value))
    )


def _has(tests: Mapping[str, Test], *optional: str) -> Test:
    """Pass an object of exactly these members; some of them may be absent."""
    return lambda value: (
        isinstance(value, dict)
        and value.keys() <= tests.keys()
        and tests.keys() - value.keys() <= set(optional)
        and bool(value)
        and all(tests[name](member) for name, member in value.items())
    )


_is_uri: Final = _fits(_URI)
_is_place: Final = _has({"id": _is_uri})
_is_disposition: Final = _one_of(_DISPOSITIONS)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_is_word_of_measures: Final = _one_of(_MEASURES)


def _is_measure(value: Any) -> bool:
    return _is_word_of_measures(value) or _is_uri(value)


_REPORT: Final = _has(
    {"type": _is_measure, "value": _is_number, "uom": _fits(_UNIT), "uriValue": _is_uri},
    "value", "uom", "uriValue",
)  # fmt: skip
_COMMON: Final[Mapping[str, Test]] = {
    "eventID": _fits(re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")),
    "eventTime": _fits(_TIME),
    "eventTimeZoneOffset": _fits(_OFFSET),
    "action": _one_of(_words("OBSERVE ADD DELETE")),
    "bizStep": _one_of(_BIZ_STEPS),
    "readPoint": _is_place,
}
_OPTIONAL: Final[Mapping[str, Test]] = {
    "disposition": _is_disposition,
    "bizLocation": _is_place,
    "bizTransactionList": _some(_has({"type": _one_of(_words("rma")), "bizTransaction": _is_uri})),
    "sourceList": _some(_has({"type": _one_of(_words("location")), "source": _is_uri})),
    "destinationList": _some(_has({"type": _one_of(_words("location")), "destination": _is_uri})),
    "sensorElementList": _some(_has({"sensorReport": _some(_REPORT)})),
    "errorDeclaration": _has(
        {
            "declarationTime": _fits(_TIME),
            "reason": _one_of(_words("did_not_occur incorrect_data")),
            "correctiveEventIDs": _some(_is_uri),
        },
        "correctiveEventIDs",
    ),
}
_OF_TYPE: Final[Mapping[str, Mapping[str, Test]]] = {
    "ObjectEvent": {"epcList": _some(_is_uri)},
    "AggregationEvent": {"parentID": _is_uri, "childEPCs": _some(_is_uri)},
}
_LASTING: Final = _has(
    {"set": _some(_is_disposition), "unset": _some(_is_disposition)}, "set", "unset"
)
_UNHASHED: Final = _words("bizTransactionList sourceList destinationList")


def problems(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with a document, `where: what`; empty = it may leave."""
    return tuple(_document(found))


def step_problems(step: Mapping[str, Any], names: Names) -> tuple[str, ...]:
    """Return what is wrong with one event in a document of ours."""
    return tuple(_step(step, _prefixes(context_of(names)), "event"))


def _document(found: Mapping[str, Any]) -> Problems:
    context = found.get("@context")
    if not isinstance(context, list) or not context or context[0] != CONTEXT:
        yield "@context: its first entry is not the official one"
    for key, test in _ENVELOPE.items():
        if not test(found.get(key)):
            yield f"{key}: {found.get(key)!r} does not fit"
    for key in found.keys() - _ENVELOPE.keys() - {"@context", "epcisBody"}:
        yield f"{key}: not a field of a document"
    body = found.get("epcisBody")
    steps = body.get("eventList") if isinstance(body, dict) else None
    if not isinstance(steps, list) or not steps:
        yield "epcisBody.eventList: no events"
        return
    prefixes = _prefixes(context)
    for n, step in enumerate(steps):
        yield from _step(step, prefixes, f"eventList[{n}]")


_ENVELOPE: Final[Mapping[str, Test]] = {
    "type": lambda value: value == "EPCISDocument",
    "schemaVersion": lambda value: value == "2.0",
    "creationDate": _fits(_TIME),
}


def _prefixes(context: Any) -> frozenset[str]:
    entries = context if isinstance(context, list) else []
    return frozenset(
        prefix
        for entry in entries
        if isinstance(entry, dict)
        for prefix, meaning in entry.items()
        if _is_uri(meaning)
    )


def _step(step: Any, prefixes: frozenset[str], where: str) -> Problems:
    kind = _OF_TYPE.get(str(step.get("type"))) if isinstance(step, dict) else None
    if kind is None:
        yield f"{where}.type: not an event of ours"
        return
    required = {**_COMMON, **kind}
    allowed = {**required, **_OPTIONAL}
    if step["type"] == "ObjectEvent":
        allowed["persistentDisposition"] = _LASTING
    for key in sorted(required.keys() - step.keys()):
        yield f"{where}.{key}: missing"
    for key, value in step.items():
        if ":" in key:
            yield from _extension(key, value, prefixes, f"{where}.{key}")
        elif key in allowed and not allowed[key](value):
            yield f"{where}.{key}: {value!r} does not fit"
        elif key not in allowed and key != "type":
            yield f"{where}.{key}: not a field of {step['type']}"
    if "sensorElementList" in step and _UNHASHED & step.keys():
        yield f"{where}.sensorElementList: with transactions or places the hash is ambiguous"


def _extension(key: str, value: Any, prefixes: frozenset[str], where: str) -> Problems:
    prefix = key.partition(":")[0]
    if prefix not in prefixes:
        yield f"{where}: the prefix {prefix!r} is not declared in @context"
    texts = value if isinstance(value, list) and value else [value]
    for text in texts:
        if not isinstance(text, str) or not _is_steady(text):
            yield f"{where}: {text!r} would not be hashed as it stands"


def _is_steady(text: str) -> bool:
    """Return whether the event hash takes a text as it is: no number, no word of CBV."""
    is_worded = text[:1].isalpha() or text[:1] == "#"
    return is_worded and text not in _KNOWN and text.lower() not in _NUMBERS


_NUMBERS: Final = _words("inf infinity nan")
