"""The event hash of CBV 2.0: one fingerprint of an EPCIS event, however it is written down.

`recordTime`, `eventID` and `errorDeclaration` are left out, so a declared copy has the hash of its
original. Values whose canonical form would be infinite have no hash.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from edge.sync.epcis.canonical import canonical_uri

_CBV: Final = "https://ref.gs1.org/cbv/"
_VOC: Final = "https://gs1.org/voc/"

# Where a bare word of the vocabulary stands, and what it is short for.
_WORDS: Final[Mapping[str, str]] = {
    "bizStep": f"{_CBV}BizStep-",
    "disposition": f"{_CBV}Disp-",
    "set": f"{_CBV}Disp-",
    "unset": f"{_CBV}Disp-",
    "component": f"{_CBV}Comp-",
    "exception": _VOC,
}
_TYPES: Final[Mapping[str, str]] = {
    "bizTransactionList": f"{_CBV}BTT-",
    "sourceList": f"{_CBV}SDT-",
    "destinationList": f"{_CBV}SDT-",
    "sensorReport": _VOC,
}
# Lists whose members the XML form gives a name of its own.
_MEMBERS: Final[Mapping[str, str]] = {
    "epcList": "epc",
    "childEPCs": "epc",
    "inputEPCList": "epc",
    "outputEPCList": "epc",
    "quantityList": "quantityElement",
    "childQuantityList": "quantityElement",
    "inputQuantityList": "quantityElement",
    "outputQuantityList": "quantityElement",
    "sensorElementList": "sensorElement",
    "bizTransactionList": "",
    "sourceList": "",
    "destinationList": "",
}
_PAIRS: Final = frozenset(("bizTransaction", "source", "destination"))
_TIMES: Final = frozenset(("eventTime", "time", "startTime", "endTime"))
_OURS: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_NUMERIC: Final = "+-.0123456789iInN"  # what a number starts with, infinite ones too
_IGNORED: Final = frozenset(("recordTime", "eventID", "type", "errorDeclaration"))
_COMMENTS: Final = frozenset(("rdfs:comment", "comment"))


class _Node(NamedTuple):
    """One member of an event: name, text, members below."""

    name: str
    text: str = ""
    below: "tuple[_Node, ...]" = ()


_Order = Mapping[str, Any]  # a name in its place: the order of what is below it


def _plain(names: str) -> _Order:
    return {name: {} for name in names.split()}


_EPCS: Final = _plain("epc")
_QUANTITIES: Final[_Order] = {"quantityElement": _plain("epcClass quantity uom")}
_ID: Final = _plain("id")
_METADATA: Final = _plain(
    "time startTime endTime deviceID deviceMetadata rawData dataProcessingMethod bizRules"
)
_REPORT: Final = _plain(
    "type exception deviceID deviceMetadata rawData dataProcessingMethod time microorganism"
    " chemicalSubstance value component stringValue booleanValue hexBinaryValue uriValue minValue"
    " maxValue meanValue sDev percRank percValue uom coordinateReferenceSystem"
)
_ELEMENT: Final[_Order] = {"sensorMetadata": _METADATA, "sensorReport": _REPORT}
# The order of CBV 2.0 as its published implementation has it: transactions, sources and
# destinations come behind all these, sorted, and before the extensions.
_ORDER: Final[_Order] = {
    **_plain("eventTime eventTimeZoneOffset certificationInfo parentID"),
    "epcList": _EPCS,
    "inputEPCList": _EPCS,
    "childEPCs": _EPCS,
    "quantityList": _QUANTITIES,
    "childQuantityList": _QUANTITIES,
    "inputQuantityList": _QUANTITIES,
    "outputEPCList": _EPCS,
    "outputQuantityList": _QUANTITIES,
    **_plain("action transformationID bizStep disposition"),
    "persistentDisposition": _plain("set unset"),
    "readPoint": _ID,
    "bizLocation": _ID,
    "sensorElementList": {"sensorElement": _ELEMENT},
}


def event_hash(event: Mapping[str, Any], prefixes: Mapping[str, str]) -> str:
    """Return `ni:///sha-256;<hex>?ver=CBV2.0`; `prefixes` = what the document's context declares.

    Raises ValueError for a text that reads as an infinite number.
    """
    text = hashlib.sha256(pre_hash(event, prefixes).encode("utf-8")).hexdigest()
    return f"ni:///sha-256;{text}?ver=CBV2.0"


def pre_hash(event: Mapping[str, Any], prefixes: Mapping[str, str]) -> str:
    """Return the string that is hashed. Source: CBV 2.0 §8.9."""
    nodes = _nodes(event, prefixes, "")
    text, rest = _ordered(nodes, _ORDER, is_top=True)
    return f"eventType={event['type']}{text}" + _sorted(n for n in rest if n.name not in _IGNORED)


# ---------------------------------------------------------------- JSON to members


def _nodes(value: Mapping[str, Any], prefixes: Mapping[str, str], of: str) -> tuple[_Node, ...]:
    nodes: list[_Node] = []
    for key, member in value.items():
        if key in _COMMENTS:
            continue
        name = _expanded_name(key, prefixes)
        inner = _MEMBERS.get(key)
        if inner is not None:
            below = tuple(_node(inner, one, prefixes, key) for one in member)
            nodes.append(_Node(name, "", below))
        elif isinstance(member, list):
            nodes.extend(_node(name, one, prefixes, of) for one in member)
        else:
            nodes.append(_node(name, member, prefixes, of))
    return tuple(nodes)


def _node(name: str, value: Any, prefixes: Mapping[str, str], of: str) -> _Node:
    if isinstance(value, str):
        return _Node(name, _expanded(name, value, prefixes, of))
    if isinstance(value, Mapping):
        below = _nodes(value, prefixes, of if name == "" else name)
        return _Node(name, "", tuple(sorted(below, key=_type_first)) if name == "" else below)
    if isinstance(value, list):
        return _Node(name, "", tuple(_node("", one, prefixes, name) for one in value))
    return _Node(name, str(value))


def _type_first(node: _Node) -> bool:
    return node.name != "type"


def _expanded_name(key: str, prefixes: Mapping[str, str]) -> str:
    prefix, colon, rest = key.partition(":")
    return f"{{{prefixes[prefix]}}}{rest}" if colon and prefix in prefixes else key


def _expanded(name: str, text: str, prefixes: Mapping[str, str], of: str) -> str:
    prefix, colon, rest = text.partition(":")
    if colon:
        return prefixes[prefix] + rest if prefix in prefixes else text
    short_for = _TYPES.get(of, "") if name == "type" else _WORDS.get(name, "")
    return short_for + text


# ---------------------------------------------------------------- members to text


def _ordered(
    nodes: tuple[_Node, ...], order: _Order, *, is_top: bool = False
) -> tuple[str, list[_Node]]:
    """Return the text of what the order names, and what it leaves over."""
    may_extend = not is_top and len(nodes) > 1
    parts: dict[str, list[str]] = {}
    rest: list[_Node] = []
    extensions: list[_Node] = []
    for node in nodes:
        inner = order.get(node.name)
        if inner is None:
            (extensions if may_extend and _is_extension(node) else rest).append(node)
            continue
        below, left = _ordered(node.below, inner) if inner else ("", list(node.below))
        own = _text_of(node)
        if own or below:
            parts.setdefault(node.name, []).append(node.name + own + below)
        if left:
            rest.append(node._replace(below=tuple(left)))
    text = "".join("".join(sorted(parts[name])) for name in order if name in parts)
    return text + _sorted(extensions), rest


def _is_extension(node: _Node) -> bool:
    return "{" in node.name and "/}" in node.name


def _sorted(nodes: Iterable[_Node]) -> str:
    parts: list[str] = []
    is_pair = False
    for node in nodes:
        is_pair = is_pair or node.name in _PAIRS
        below = _sorted(node.below) if node.below else ""
        parts.append(node.name + _free_text(node) + below)
    return "".join(parts if is_pair else sorted(parts))


def _text_of(node: _Node) -> str:
    text = node.text.strip()
    return f"={_time(text)}" if text and node.name in _TIMES else _free_text(node)


def _free_text(node: _Node) -> str:
    text = node.text.strip()
    if not text:
        return ""
    if text[0] in _NUMERIC:
        text = _number(text)
    return f"={canonical_uri(text)}" if text[0] in "hu" else f"={text}"


def _time(text: str) -> str:
    """Return a moment in UTC with milliseconds."""
    if _OURS.fullmatch(text):
        return text
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{round(moment.microsecond, -3) // 1000:03d}Z"


def _number(text: str) -> str:
    """Return a number without signs and zeros that say nothing, any other text unchanged."""
    try:
        value = float(text)
    except ValueError:
        return text
    if value != value:  # noqa: PLR0124 - not a number stays a word
        return text
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text!r} has no canonical form")
    return str(int(value)) if value.is_integer() else str(value)
