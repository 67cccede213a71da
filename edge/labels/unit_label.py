"""The label of a unit as ZPL: its number in bars, where it goes and why. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from edge.labels.stickers import ZONE_DIGITS, ZONE_WORDS
from edge.labels.zpl import DOTS_PER_MM, LABEL_MM, code128_data, escaped

_REASON_CHARS: Final = 44
_BAG: Final[Mapping[str, str]] = {"ru": "ВЕЩИ КЛИЕНТА", "en": "CUSTOMER"}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFacts:
    """What stands on the label beside the number. `reason` and `owner`, the words that the owner of
    the goods wants there, `partner`, who repairs it, by language; `is_again` = a reprint.
    """

    zone: str
    disposition: str
    row: str
    reason: Mapping[str, str] = field(default_factory=dict)
    owner: Mapping[str, str] = field(default_factory=dict)
    partner: Mapping[str, str] = field(default_factory=dict)
    policy: str = ""
    day: str = ""
    is_again: bool = False
    bag_of: str | None = None
    """The unit whose customer's things are in the bag that this label is for; None = a unit's."""


def unit_label(lpn: str, facts: UnitFacts, *, language: str, dpi: int) -> bytes:
    """Return one label of 80 by 50 mm in UTF-8; a reprint is marked `R` behind its number."""
    mm = DOTS_PER_MM[dpi]
    if facts.bag_of is not None:
        return _bag_label(lpn, facts, facts.bag_of, language=language, mm=mm)
    word = f"{ZONE_DIGITS[facts.zone]} {ZONE_WORDS[language][facts.zone]}"
    reason = facts.reason.get(language, "")[:_REASON_CHARS]
    owner, partner = facts.owner.get(language, ""), facts.partner.get(language, "")
    lines = (
        _head(lpn, mm),
        _text(3, 17, 5, lpn + (" R" if facts.is_again else ""), mm),
        _text(3, 23, 9, word, mm),
        _text(3, 33, 4, f"{facts.disposition} {facts.row} {partner}".strip(), mm),
        _text(3, 38, 4, reason, mm),
        _text(3, 43, 3, f"{facts.policy} {facts.day}".strip(), mm),
        *([_text(3, 46, 3, owner, mm)] if owner else []),
        "^XZ",
    )
    return "\n".join(lines).encode("utf-8") + b"\n"


def _bag_label(lpn: str, facts: UnitFacts, unit: str, *, language: str, mm: int) -> bytes:
    """A bag with a customer's things: whose they are is known by the unit's number alone."""
    lines = (
        _head(lpn, mm),
        _text(3, 17, 5, lpn + (" R" if facts.is_again else ""), mm),
        _text(3, 23, 7, _BAG[language], mm),
        _text(3, 33, 5, unit, mm),
        _text(3, 43, 3, facts.day, mm),
        "^XZ",
    )
    return "\n".join(lines).encode("utf-8") + b"\n"


def _head(lpn: str, mm: int) -> str:
    return (
        f"^XA^CI28^PW{LABEL_MM[0] * mm}^LL{LABEL_MM[1] * mm}\n"
        f"^FO{4 * mm},{3 * mm}^BY{max(2, mm // 4)}^BCN,{13 * mm},N,N,N"
        f"^FH_^FD{code128_data(lpn)}^FS"
    )


def _text(x: int, y: int, height: int, text: str, mm: int) -> str:
    size = height * mm
    return f"^FO{x * mm},{y * mm}^A0N,{size},{size * 8 // 10}^FH_^FD{escaped(text)}^FS"
