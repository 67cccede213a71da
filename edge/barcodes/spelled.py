"""GS1 data in four spellings, judged by the station's own checks.

`wire` (element string, GS = 0x1D, no AIM), `bracketed` (`(01)…`, a bracket of the data as `\\(`),
`uri` (Digital Link), `scan` (AIM identifier and data). A scanner's brackets are text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from drivers.protocols import DeviceName, Scan, ScanSource, Symbology
from edge.barcodes.classify import Rules, classify
from edge.barcodes.gs1 import (
    ELEMENTS_MAX,
    GS,
    URI_CHARS_MAX,
    Elements,
    Message,
    association_fault,
    is_uri,
    parse,
    parse_uri,
    split,
)
from edge.barcodes.gs1_linters import Gs1Fault, content_fault, is_known
from edge.barcodes.items import GS1_AIMS, UNUSUAL_AIMS
from edge.barcodes.marks import MarkState, read_mark
from edge.barcodes.meanings import Refused

_AIM: Final = re.compile(r"\][A-Za-z][0-9]", re.ASCII)
_RETAIL: Final = {"]E0": Symbology.EAN13, "]E4": Symbology.EAN8}
_HEAD: Final = re.compile(r"\(([0-9]{2,4})\)", re.ASCII)
_UNASSIGNED_CHARS_MAX: Final = 90  # the longest data of any identifier
TEXT_CHARS_MAX: Final = 4096
_SECRET: Final = frozenset({"91", "92", "93"})  # key and tail of a marking code


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelled:
    """What a text holds. `why` = a `Gs1Fault`, a refusal of the station, or empty.

    The elements are there too when only their relation to each other is wrong. Of a marking code
    its key and tail are left out.
    """

    valid: bool
    why: str = ""
    elements: Elements = ()


def read_spelled(form: str, text: str) -> Spelled:
    """Return what a text of one form holds; total over all texts."""
    reader = _READERS.get(form)
    if reader is None:
        return Spelled(valid=False, why="unknown_form")
    if len(text) > TEXT_CHARS_MAX:
        return Spelled(valid=False, why="overlong")
    found = reader(text)
    return Spelled(valid=found.valid, why=found.why, elements=_masked(found.elements))


def read_brackets(text: str) -> Elements | Gs1Fault:
    """Return the elements of `(01)…(10)…`; their relations to each other are not judged.

    The bounds of each element are written, so an identifier that is not assigned yet is taken as
    text of 1 to 90 characters.
    """
    elements: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        head = _HEAD.match(text, at)
        if head is None or len(elements) == ELEMENTS_MAX:
            return Gs1Fault.SYNTAX
        end = _end_of_data(text, head.end())
        ai, value = head[1], text[head.end() : end].replace("\\(", "(")
        fault = content_fault(ai, value) if is_known(ai) else _unassigned_fault(value)
        if fault is not None:
            return fault
        elements.append((ai, value))
        at = end
    return tuple(elements) if elements else Gs1Fault.EMPTY


def _end_of_data(text: str, start: int) -> int:
    """Return where the next bracket that is none of the data opens."""
    at = text.find("(", start)
    while at > 0 and text[at - 1] == "\\":
        at = text.find("(", at + 1)
    return len(text) if at < 0 else at


def _unassigned_fault(value: str) -> Gs1Fault | None:
    return content_fault("99", value) if len(value) <= _UNASSIGNED_CHARS_MAX else Gs1Fault.SYNTAX


def _wire(text: str) -> Spelled:
    """Judge an element string alone: what it needs may stand in another symbol of the piece."""
    elements = split(text.removeprefix(GS))
    if isinstance(elements, Gs1Fault):
        return _refused_mark(text) or Spelled(valid=False, why=elements)
    fault = association_fault(elements)
    lost = _refused_mark(text)
    if lost is not None:
        return lost
    return Spelled(valid=True, why=fault or "", elements=elements)


def _bracketed(text: str) -> Spelled:
    elements = read_brackets(text)
    if isinstance(elements, Gs1Fault):
        return Spelled(valid=False, why=elements)
    fault = association_fault(elements)
    return Spelled(valid=fault is None, why=fault or "", elements=elements)


def _uri(text: str) -> Spelled:
    found = parse_uri(text) if len(text) <= URI_CHARS_MAX else Gs1Fault.SYNTAX
    return _of(found)


def _scan(text: str) -> Spelled:
    """Judge a code as the station would: whatever it refuses is not valid, GS1 or not."""
    aim = _AIM.match(text)
    if aim is None:
        return Spelled(valid=False, why="no_aim" if text else Gs1Fault.EMPTY)
    body = text[aim.end() :]
    if aim[0] in GS1_AIMS | UNUSUAL_AIMS:
        return _station(aim[0], body) or _of(parse(body.removeprefix(GS)))
    if not body and aim[0] not in _RETAIL:
        return Spelled(valid=True)
    return _station(aim[0], body) or (_uri(body) if is_uri(body) else Spelled(valid=True))


def _station(aim: str, body: str) -> Spelled | None:
    """Return the station's refusal of a code, None if it takes it."""
    scan = Scan(
        scan_no=0,
        payload=body.encode("utf-8", "surrogatepass"),
        device=DeviceName("doctor"),
        source=ScanSource.SERIAL,
        first_ns=0,
        at_ns=0,
        aim_id=aim,
        symbology=_RETAIL.get(aim, Symbology.UNKNOWN),
    )
    meaning = classify(scan, Rules(site_keys=()))[0]
    return Spelled(valid=False, why=meaning.reason) if isinstance(meaning, Refused) else None


def _of(found: Message | Gs1Fault) -> Spelled:
    if isinstance(found, Gs1Fault):
        return Spelled(valid=False, why=found)
    return Spelled(
        valid=True, why="gs_suspect" if found.gs_suspect else "", elements=found.elements
    )


def _refused_mark(text: str) -> Spelled | None:
    mark = read_mark(text.removeprefix(GS), fnc1=True)
    if mark is None or mark.state is not MarkState.GS_LOST:
        return None
    return Spelled(valid=False, why="lost_gs")


def _masked(elements: Elements) -> Elements:
    """Return the elements with key and tail of a marking code counted, not shown."""
    wire = GS.join(ai + value for ai, value in elements[1:])
    first = "".join(elements[0]) if elements else ""
    is_mark = bool(elements) and read_mark(first + wire, fnc1=True) is not None
    if not is_mark:
        return elements
    return tuple((ai, f"···({len(v)})" if ai in _SECRET else v) for ai, v in elements)


_READERS: Final[Mapping[str, Callable[[str], Spelled]]] = {
    "wire": _wire,
    "bracketed": _bracketed,
    "uri": _uri,
    "scan": _scan,
}
