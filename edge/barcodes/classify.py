"""What a code means, best meaning first. Total over all bytes; refuses rather than guesses."""

import re
from dataclasses import dataclass, field, replace
from typing import Final

from drivers.protocols import SCAN_BYTES_MAX, Scan, ScanSource, Symbology
from edge.barcodes import items
from edge.barcodes.checks import has_luhn, is_sscc
from edge.barcodes.gs1 import GS, Message, is_uri, parse, parse_uri
from edge.barcodes.gs1_linters import Gs1Fault
from edge.barcodes.labels import is_label, read_label
from edge.barcodes.marks import GROUPS, masked, read_mark
from edge.barcodes.meanings import (
    BadgeCode,
    CommandCode,
    ForgedLabel,
    ImeiCode,
    ItemCode,
    ItemFlag,
    Meaning,
    NumberCode,
    PlaceCode,
    Refused,
    SerialCode,
    SsccCode,
    TrainingCode,
    TrayCode,
    UnknownText,
)
from edge.barcodes.numbers import NUMBER_CHARS_MAX, CompiledRule
from edge.catalogue import MarkGroup

__all__ = [
    "BadgeCode",
    "CommandCode",
    "ForgedLabel",
    "ImeiCode",
    "ItemCode",
    "ItemFlag",
    "Meaning",
    "NumberCode",
    "PlaceCode",
    "Refused",
    "Rules",
    "SerialCode",
    "SsccCode",
    "TrainingCode",
    "TrayCode",
    "UnknownText",
    "classify",
]

SHOWN_CHARS_MAX: Final = 200
_ISO_15434: Final = re.compile(r"\[\)>[^\x00-\x03\x05-\x1c\x1f\x7f-\x9f]*")
_CONTROL: Final = re.compile(r"[\x00-\x1c\x1e\x1f\x7f-\x9f]")
_MARK_HEAD: Final = re.compile(r"01[0-9]{14}21")
_INFERRED: Final = ("00", "01", "02", "8003", "8004", "8006")
_SERIAL_KIND: Final = "serial"
_NO_MARK_SOURCES: Final = frozenset({ScanSource.TYPED, ScanSource.WEDGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What classify knows of this site: label keys (current first), number rows, mark groups.

    `previous_until_ms` = wall time from which labels of the first key alone count; None = never.
    """

    site_keys: tuple[bytes, ...] = field(repr=False)
    previous_until_ms: int | None = None
    numbers: tuple[CompiledRule, ...] = ()
    groups: tuple[MarkGroup, ...] = GROUPS

    def at(self, wall_ms: int) -> "Rules":
        """Return the rules as they are at that moment."""
        if self.previous_until_ms is None or wall_ms < self.previous_until_ms:
            return self
        return replace(self, site_keys=self.site_keys[:1], previous_until_ms=None)


def classify(scan: Scan, rules: Rules) -> tuple[Meaning, ...]:
    """Return every meaning of a code, best first, never empty, never raising."""
    text = _decoded(scan.payload)
    reason = _hygiene(scan.payload, text)
    if reason is not None:
        return (Refused(reason=reason, text=_shown(text or scan.payload.hex())),)
    if text is None:
        return (UnknownText(text=_shown(scan.payload.hex())),)
    if is_label(text):
        return (read_label(text, scan.source, rules.site_keys),)
    found = _of_uri(scan, text) or _of_gs1(scan, text, rules) or _of_plain(scan, text, rules)
    return found or (UnknownText(text=_shown(text)),)


def _decoded(payload: bytes) -> str | None:
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _hygiene(payload: bytes, text: str | None) -> str | None:
    """Return why these bytes are refused before anyone asks what they mean."""
    if not payload.strip(b"\x1d"):
        return "fault"
    if len(payload) > SCAN_BYTES_MAX:
        return "overlong"
    if text is None:
        return "control_char" if re.search(rb"[\x00-\x1c\x1e\x1f\x7f]", payload) else None
    if _CONTROL.search(text) is None or _ISO_15434.fullmatch(text):
        return None
    return "control_char"


def _shown(text: str) -> str:
    """Return masked text cut to what a screen and a journal row need."""
    shown = masked(text[: SHOWN_CHARS_MAX + 64])
    return shown if len(shown) <= SHOWN_CHARS_MAX else f"{shown[:SHOWN_CHARS_MAX]}…"


def _of_uri(scan: Scan, text: str) -> tuple[Meaning, ...]:
    if not is_uri(text):
        return ()
    message = parse_uri(text)
    if isinstance(message, Gs1Fault):
        return (UnknownText(text=_shown(text)),)
    return items.of_message(message, scan, "", frozenset())


def _of_gs1(scan: Scan, text: str, rules: Rules) -> tuple[Meaning, ...]:
    """Return the meaning of an element string, said so by the symbol or inferred from it."""
    is_said = items.has_fnc1(scan) or text.startswith(GS)
    body = text.removeprefix(GS)
    if not is_said and not body.startswith(_INFERRED):
        return ()
    if not is_said and items.has_fnc1(scan) is False and GS not in body:
        return ()
    message = parse(body)
    if isinstance(message, Message):
        flags = _gs1_flags(scan, is_said=bool(is_said))
        return items.of_message(message, scan, body, flags, groups=rules.groups)
    return _of_broken(scan, body, message, rules, is_said=bool(is_said))


def _gs1_flags(scan: Scan, *, is_said: bool) -> frozenset[ItemFlag]:
    unusual = {ItemFlag.AIM_UNUSUAL} if scan.aim_id in items.UNUSUAL_AIMS else set()
    return frozenset(unusual if is_said else unusual | {ItemFlag.GS1_INFERRED})


def _of_broken(
    scan: Scan, body: str, fault: Gs1Fault, rules: Rules, *, is_said: bool
) -> tuple[Meaning, ...]:
    """Return the refusal of GS1 data that fails its checks; empty if it may be something else."""
    mark = read_mark(body, fnc1=items.has_fnc1(scan), groups=rules.groups)
    if mark is not None:
        return items.lost(mark, body)
    if _MARK_HEAD.match(body) and (is_said or scan.source in _NO_MARK_SOURCES or GS in body):
        reason = "check_digit" if fault is Gs1Fault.CHECK_DIGIT else "lost_gs"
        return (Refused(reason=reason, text=masked(body)),)
    if is_said and fault is Gs1Fault.CHECK_DIGIT:
        return (Refused(reason="check_digit", text=_shown(body)),)
    return ()


def _of_plain(scan: Scan, text: str, rules: Rules) -> tuple[Meaning, ...]:
    """Return meanings of text without structure: article, own and carriers' numbers, phone."""
    article = items.of_digits(text, scan.symbology)
    if isinstance(article, Refused | UnknownText):
        return (article,)
    numbers = _numbers(text, rules) if len(text) <= NUMBER_CHARS_MAX else ()
    last = items.short_gtin(text) if scan.symbology is not Symbology.EAN8 else None
    phone = ImeiCode(serial=text, text=text) if _is_imei(text) else None
    bare = _sscc(text, rules)
    return tuple(m for m in (bare, article, *numbers, last, phone) if m is not None)


def _numbers(text: str, rules: Rules) -> tuple[Meaning, ...]:
    hits = ((rule.row, rule.value_of(text)) for rule in rules.numbers)
    return tuple(
        SerialCode(serial=value, text=value)
        if row.kind == _SERIAL_KIND
        else NumberCode(kind=row.kind, name=row.name, value=value, text=text)
        for row, value in hits
        if value is not None and row.kind != "sscc"
    )


def _sscc(text: str, rules: Rules) -> Meaning | None:
    """Return a bare SSCC, if a row of kind `sscc` says that this site meets them."""
    allowed = any(r.row.kind == "sscc" and r.value_of(text) for r in rules.numbers)
    return (
        SsccCode(sscc=text, text=text, elements={"sscc": text})
        if allowed and is_sscc(text)
        else None
    )


def _is_imei(text: str) -> bool:
    return len(text) == 15 and has_luhn(text)
