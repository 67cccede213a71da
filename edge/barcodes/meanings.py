"""The closed union of what a code can mean. Every member's `text` may be shown and journalled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from edge.barcodes.marks import GsState, Mark


class ItemFlag(StrEnum):
    """What weakens an item code; each needs the expected list before it is believed."""

    AIM_UNUSUAL = "aim_unusual"
    GS1_INFERRED = "gs1_inferred"
    GS_SUSPECT = "gs_suspect"
    RESTRICTED = "restricted"
    PLAIN_DIGITS = "plain_digits"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeCode:
    """A genuine badge; `no` is the pseudonym of people.toml."""

    no: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCode:
    """A genuine command label, e.g. `OK`, `D1`, `BACK`."""

    command: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayCode:
    """A genuine tray or container label; zone digit 1-5."""

    zone_digit: int
    tray: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCode:
    """A genuine place label; zone digit 1-5."""

    zone_digit: int
    place: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCode:
    """A genuine training label; `body` is what follows `TR-`."""

    body: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgedLabel:
    """Looks like a station label and is not genuine. Never looked up as goods."""

    prefix: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCode:
    """An article, perhaps one piece of it. `exp` is YYMMDD as printed.

    `ki` = identification code of a mark (01 + 21); `elements` = field name or AI -> data,
    company-internal AIs (91-99) left out.
    """

    gtin14: str
    text: str
    serial: str | None = None
    lot: str | None = None
    exp: str | None = None
    ki: str | None = None
    mark: Mark | None = None
    gs: GsState = GsState.NA
    flags: frozenset[ItemFlag] = frozenset()
    elements: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialCode:
    """A serial number without its article."""

    serial: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImeiCode:
    """15 digits with a good Luhn digit, or AI 8002; proof only beside an expected phone."""

    serial: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SsccCode:
    """A logistic unit, 18 digits; `elements` as in ItemCode."""

    sscc: str
    text: str
    elements: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberCode:
    """A number of barcodes.toml. `value` is what is looked up: upper case, as the rule cuts it."""

    kind: str
    name: str
    value: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownText:
    """Nothing is known about it: kept and shown (E10)."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Must not be used. `reason` is the journal's reject code."""

    reason: str
    text: str


Meaning = (
    BadgeCode
    | CommandCode
    | TrayCode
    | PlaceCode
    | TrainingCode
    | ForgedLabel
    | ItemCode
    | SerialCode
    | ImeiCode
    | SsccCode
    | NumberCode
    | UnknownText
    | Refused
)
