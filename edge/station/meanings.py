"""Meanings of codes in the words of the flow: what is looked up, what is an item, what is said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from edge.barcodes.identity import identities_of
from edge.barcodes.marks import Mark
from edge.barcodes.meanings import (
    BadgeCode,
    CommandCode,
    ForgedLabel,
    ImeiCode,
    ItemCode,
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
from edge.events import Match

ZONES: Final = {1: "resale", 2: "repair", 3: "disposal", 4: "hold", 5: "hazmat"}

COMMAND_KEYS: Final[Mapping[str, str]] = {
    "OK": "0",
    **{f"D{n}": str(n) for n in range(1, 9)},
    "PHOTO": "9",
    "ACC": "enter",
    "UNMARK": "backspace",
    "BACK": "esc",
    "HELP": "f1",
    "LANG": "f2",
    "LOCK": "f3",
    "LINK": "f4",
    "PRINT": "f5",
    "MOVES": "f6",
    "MISS": "f7",
    "SHIFT": "f8",
    "UNDO": "f9",
    "NOLABEL": "f10",
    "DANGER": "f11",
    "SUPER": "f12",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRead:
    """What a code says about a piece: article, serial, identification code of its mark, lot."""

    gtin: str | None
    serial: str | None = None
    ki: str | None = None
    lot: str | None = None
    mark: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the journal keeps of a code beside its bytes; `text` never shows a crypto tail."""

    text: str
    elements: Mapping[str, str] = field(default_factory=dict)
    gs: str = "na"


def item_of(meaning: Meaning) -> ItemRead | None:
    """Return the piece a code names, None for anything that is no item."""
    match meaning:
        case ItemCode(gtin14=gtin, serial=serial, ki=ki, lot=lot, mark=mark):
            return ItemRead(gtin=gtin, serial=serial, ki=ki, lot=lot, mark=mark)
        case SerialCode(serial=serial) | ImeiCode(serial=serial):
            return ItemRead(gtin=None, serial=serial)
        case _:
            return None


def codes_of(meaning: Meaning) -> tuple[str, ...]:
    """Return what a code is looked up by in caches and journal, most specific first."""
    match meaning:
        case ItemCode(serial=serial, ki=ki):
            return tuple(code for code in (ki, serial) if code)
        case SerialCode(serial=serial) | ImeiCode(serial=serial):
            return (serial,)
        case SsccCode(sscc=sscc):
            return (sscc,)
        case NumberCode(value=value):
            return (value,)
        case UnknownText(text=text):
            return (text.upper(),)
        case _:
            return ()


def names_of(meaning: Meaning) -> tuple[str, ...]:
    """Return by what earlier work with this very piece or parcel is found in the journal.

    A serial number alone is no name where the article is known: other articles have it, too.
    """
    if isinstance(meaning, TrayCode):
        return (f"container/{meaning.tray}",)
    own = identities_of(meaning)
    return tuple(own) if own else codes_of(meaning)


def code_text(meaning: Meaning) -> str:
    """Return the code as it is shown and kept as a parcel's number."""
    codes = codes_of(meaning)
    return codes[0] if codes else meaning.text


def matched(meaning: Meaning) -> Match:
    """Return what the reading is journalled as."""
    match meaning:
        case BadgeCode(no=no):
            return Match(what="badge", ref=no)
        case CommandCode(command=command):
            return Match(what="command", ref=command)
        case TrayCode(tray=tray):
            return Match(what="tray", ref=tray)
        case PlaceCode(place=place):
            return Match(what="place", ref=place)
        case ItemCode() | SerialCode() | ImeiCode():
            return Match(what="item")
        case SsccCode() | NumberCode():
            return Match(what="parcel", ref=code_text(meaning))
        case TrainingCode() | ForgedLabel() | UnknownText() | Refused():
            return Match(what="none")


def said(meaning: Meaning) -> Said:
    """Return the parts of a code that may be journalled in clear."""
    match meaning:
        case ItemCode(text=text, elements=elements, gs=gs):
            return Said(text=text, elements=elements, gs=gs)
        case SsccCode(text=text, elements=elements):
            return Said(text=text, elements=elements)
        case Refused(reason="lost_gs", text=text):
            return Said(text=text, gs="lost")
        case _:
            return Said(text=meaning.text)


def zone_of(digit: int) -> str:
    """Return the zone of a label's digit, 1-5."""
    return ZONES[digit]
