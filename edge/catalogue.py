"""Values of reference data as feeds and files bring them: lines, items, recalls, people, rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from drivers.protocols import Symbology


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLine:
    """One announced line of a return (feed `returns`). Money in minor units, mass in grams.

    `audit` = a prepared test piece, of which `known_zone` and `known_grade` are the true answers.
    """

    rma: str
    line: str
    tenant: str
    gtin: str
    qty: int
    channel: str | None = None
    order: str | None = None
    sku: str | None = None
    title: Mapping[str, str] = field(default_factory=dict)
    serials: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    reason: str | None = None
    due_at: str | None = None
    window_until: str | None = None
    delivered_at: str | None = None
    decision: str | None = None
    upd: str | None = None
    """Number of the transfer document (UPD) with which a company bought it; consumers have none."""
    batch: str | None = None
    """Barcode under which a marketplace hands out many parcels at once."""
    exchange_waiting: bool = False
    tracking: str | None = None
    carrier: str | None = None
    declared_g: int | None = None
    flags: tuple[str, ...] = ()
    value_minor: int | None = None
    currency: str | None = None
    audit: bool = False
    known_zone: str | None = None
    known_grade: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueItem:
    """One article of the item master (feed `items`).

    `attrs` are those known to be set, `unknown_attrs` those the feed leaves open.
    """

    gtin: str
    sku: str
    tenant: str
    category: str
    title: Mapping[str, str]
    attrs: frozenset[str] = frozenset()
    unknown_attrs: frozenset[str] = frozenset()
    value_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """One range of a recall of an article (feed `recalls`); without a range all of it."""

    recall_id: str
    gtin: str
    reason: str
    lot_from: str | None = None
    lot_to: str | None = None
    serial_from: str | None = None
    serial_to: str | None = None

    def hits(self, *, lot: str | None, serial: str | None) -> bool | None:
        """Return whether a piece is recalled; None = what would tell was not read."""
        told = (
            _within(lot, self.lot_from, self.lot_to),
            _within(serial, self.serial_from, self.serial_to),
        )
        return False if False in told else None if None in told else True


def order_key(text: str) -> tuple[int, str]:
    """Return what lots and serials are compared by: the shorter first, then by character."""
    word = text.strip().upper()
    return len(word), word


def _within(value: str | None, low: str | None, high: str | None) -> bool | None:
    if low is None or high is None:
        return True
    return None if value is None else order_key(low) <= order_key(value) <= order_key(high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A badge holder. Events carry `no` alone; `pin` = hash of a supervisor's PIN."""

    no: str
    name: Mapping[str, str]
    role: str = "operator"
    pin: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRule:
    """A row of barcodes.toml: an anchored ASCII pattern for one kind of number."""

    name: str
    kind: str
    regex: str
    check: str = ""
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()


MARK_TAILS: Final = ("crypto_44", "crypto_88", "check", "none")
SERIAL_CHARS_MAX: Final = 20  # what AI 21 may hold


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkGroup:
    """A row of marks.toml: the shapes that marking codes of one product group have.

    `tails`: 91 + 92 of 44 or of 88 characters, 93 of 4, or nothing behind the serial.
    `categories` of the item master whose articles carry such marks.
    """

    name: str
    serial_len: int
    tails: tuple[str, ...]
    categories: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.serial_len <= SERIAL_CHARS_MAX:
            raise ValueError(f"serial_len: {self.serial_len} does not fit: 1 to {SERIAL_CHARS_MAX}")
        if not self.tails or not set(self.tails) <= set(MARK_TAILS):
            raise ValueError(f"tails: {list(self.tails)} does not fit: {', '.join(MARK_TAILS)}")


# Short or unchecked symbols, read out of textures and other codes more often than printed.
_OFF: Final = frozenset(
    {Symbology.UPCE, Symbology.EAN8, Symbology.CODABAR, Symbology.CODE93, Symbology.DATABAR}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLimits:
    """Which symbols count from one device, and how long those without a check digit are."""

    allow: frozenset[Symbology] = field(default_factory=lambda: frozenset(Symbology) - _OFF)
    itf_lengths: frozenset[int] = frozenset({14})
    code39_min: int = 4
