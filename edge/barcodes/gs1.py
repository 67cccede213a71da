"""GS1 element strings and Digital Link URIs: biip splits, our own checks decide."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from biip import ParseConfig, ParseError
from biip.gs1_element_strings import GS1ElementString

from edge.barcodes.gs1_linters import RULES, Gs1Fault, content_fault

GS: Final = "\x1d"
ELEMENTS_MAX: Final = 20  # no label carries more; keeps a hostile code cheap
URI_CHARS_MAX: Final = 2048
Elements = tuple[tuple[str, str], ...]
_CONFIG: Final = ParseConfig(gs1_element_strings_verify_date=False)
_URI: Final = re.compile(
    r"(?:https?|HTTPS?)://[A-Za-z0-9.:\[\]-]+(/[^?#]*)(?:\?([^#]*))?(?:#.*)?", re.ASCII
)
_URI_CHARS: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*", re.ASCII)
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
# What often follows a variable field and may have been swallowed when a separator went missing.
_SWALLOWED: Final = re.compile(r"(?=(10|11|15|17|24[01]|30|37|9[123]))", re.ASCII)
_KEY_CHARS: Final = 4  # of a marking code behind 91 or 93; letters and digits
_DATES: Final = frozenset({"11", "15", "17"})
_DATE_CHARS: Final = 6


@dataclass(frozen=True, slots=True)
class Message:
    """Elements in the order read. `gs_suspect` = the last one may have swallowed its neighbour."""

    elements: Elements
    gs_suspect: bool = False

    def get(self, ai: str) -> str | None:
        """Return the data of an AI, None if it is absent."""
        return next((value for key, value in self.elements if key == ai), None)


def parse(text: str) -> Message | Gs1Fault:
    """Return the message in `text`: data without AIM and leading FNC1, GS = 0x1D.

    One trailing GS and a GS behind a fixed-length AI are tolerated, two in a row are not.
    """
    elements = split(text)
    if isinstance(elements, Gs1Fault):
        return elements
    fault = association_fault(elements)
    if fault is not None:
        return fault
    ai, value = elements[-1]
    variable = RULES[ai].components[-1]
    suspect = variable.least != variable.most and _may_hold_another(value)
    return Message(elements, gs_suspect=suspect and not text.endswith(GS))


def _may_hold_another(value: str) -> bool:
    """Return whether the end of a field could itself be an element, its identifier and its data."""
    for found in _SWALLOWED.finditer(value, 1):
        ai, rest = found[1], value[found.start() + len(found[1]) :]
        data = rest[:_DATE_CHARS] if ai in _DATES else rest
        is_short = ai.startswith("9") and (len(data) < _KEY_CHARS or value.isdigit())
        if data and not is_short and content_fault(ai, data) is None:
            return True
    return False


def split(text: str) -> Elements | Gs1Fault:
    """Return AI and data of each element; their relations to each other are not judged."""
    if not text:
        return Gs1Fault.EMPTY
    segments = text.removesuffix(GS).split(GS)
    if not text.isascii() or len(segments) > ELEMENTS_MAX or "" in segments:
        return Gs1Fault.SYNTAX
    elements: list[tuple[str, str]] = []
    for segment in segments:
        fault = _split_segment(segment, elements)
        if fault is not None:
            return fault
    return tuple(elements)


def _split_segment(rest: str, elements: list[tuple[str, str]]) -> Gs1Fault | None:
    while rest:
        if len(elements) == ELEMENTS_MAX:
            return Gs1Fault.SYNTAX
        try:
            found = GS1ElementString.extract(rest, config=_CONFIG)
        except (ParseError, ValueError, ArithmeticError):
            return Gs1Fault.SYNTAX
        ai, value = found.ai.ai, found.value
        rest = rest[len(ai) + len(value) :]
        if rest and found.ai.separator_required:
            return Gs1Fault.SYNTAX
        fault = content_fault(ai, value)
        if fault is not None:
            return fault
        elements.append((ai, value))
    return None


def association_fault(elements: Elements) -> Gs1Fault | None:
    """Return what forbids these elements together: repeats, `ex` and `req` of the dictionary."""
    known: dict[str, str] = {}
    for ai, value in elements:
        if known.setdefault(ai, value) != value:
            return Gs1Fault.REPEATED
    for ai in known.keys() & RULES.keys():
        if any(_matches(other, ex) for ex in RULES[ai].ex for other in known if other != ai):
            return Gs1Fault.EXCLUDED
        if not all(_is_met(req, known) for req in RULES[ai].req):
            return Gs1Fault.REQUISITE
    return None if _is_signable(known) else Gs1Fault.REQUISITE


def _matches(ai: str, pattern: str) -> bool:
    """Return whether an AI fits a pattern in which `n` stands for any digit."""
    return len(ai) == len(pattern) and all(
        want in ("n", have) for have, want in zip(ai, pattern, strict=True)
    )


def _is_met(req: str, known: dict[str, str]) -> bool:
    return any(
        all(any(_matches(ai, part) for ai in known) for part in alternative.split("+"))
        for alternative in req.split(",")
    )


def _is_signable(known: dict[str, str]) -> bool:
    """Return whether keys beside a digital signature (8030) name one piece, not a kind."""
    if "8030" not in known:
        return True
    least = {"253": 14, "255": 14, "8003": 15}
    return all(len(known[ai]) >= size for ai, size in least.items() if ai in known)


def is_uri(text: str) -> bool:
    """Return whether text is a web address, whatever it holds."""
    return text[:8].lower().startswith(("http://", "https://"))


def parse_uri(text: str) -> Message | Gs1Fault:
    """Return the elements of an uncompressed Digital Link. The host proves nothing."""
    if len(text) > URI_CHARS_MAX or not _URI_CHARS.fullmatch(text) or _BAD_ESCAPE.search(text):
        return Gs1Fault.SYNTAX
    found = _URI.fullmatch(text)
    keys = _path_elements(found[1].split("/")[1:]) if found else Gs1Fault.SYNTAX
    if found is None or isinstance(keys, Gs1Fault):
        return Gs1Fault.SYNTAX
    attributes = _attributes(found[2] or "")
    if isinstance(attributes, Gs1Fault):
        return attributes
    return _checked((*keys, *attributes))


def _checked(elements: Elements) -> Message | Gs1Fault:
    if len({ai for ai, _ in elements}) != len(elements):
        return Gs1Fault.REPEATED
    for ai, value in elements:
        fault = content_fault(ai, value)
        if fault is not None:
            return fault
    return association_fault(elements) or Message(elements)


def _path_elements(parts: list[str]) -> Elements | Gs1Fault:
    """Return primary key and qualifiers; what stands before the key belongs to the site."""
    starts = range(len(parts) % 2, len(parts), 2)
    at = next((i for i in reversed(starts) if _is_primary(parts[i])), None)
    if at is None:
        return Gs1Fault.SYNTAX
    pairs = tuple((parts[i], unquote(parts[i + 1])) for i in range(at, len(parts), 2))
    paths = RULES[parts[at]].paths or ()
    qualifiers = [ai for ai, _ in pairs[1:]]
    if not any(_is_in_order(qualifiers, path) for path in paths):
        return Gs1Fault.SYNTAX
    return pairs


def _is_primary(part: str) -> bool:
    return part in RULES and RULES[part].paths is not None


def _is_in_order(qualifiers: list[str], path: tuple[str, ...]) -> bool:
    left = iter(path)
    return all(ai in left for ai in qualifiers)


def _attributes(query: str) -> Elements | Gs1Fault:
    pairs = [part.partition("=") for part in re.split("[&;]", query) if "=" in part]
    numbered = [(key, unquote(value)) for key, _, value in pairs if key.isdigit()]
    if len(numbered) > ELEMENTS_MAX:
        return Gs1Fault.SYNTAX
    if any(ai not in RULES or not RULES[ai].is_attribute for ai, _ in numbered):
        return Gs1Fault.SYNTAX
    return tuple(numbered)
