"""The two self-test cards: known bytes that show what a scanner does to a code on its way.

Card 1 holds every printable character that GS1 data may have and two separators; its article
number is one of restricted circulation, so it can never be goods. Card 2 holds what keyboard
layouts move about, in both letter cases.
"""

from dataclasses import dataclass
from typing import Final

from drivers.protocols import Symbology
from edge.labels.symbol import Symbol, code128

GS: Final = b"\x1d"
_GTIN: Final = "02000000000008"
_SERIAL: Final = "SELFTEST0a!Z_"
_KEY: Final = "TEST"
# GS1 character set 82 in the order of the code, without the two parentheses.
_ALL_CHARACTERS: Final = "".join(
    chr(code)
    for first, last in ((0x21, 0x22), (0x25, 0x27), (0x2A, 0x3F), (0x41, 0x5A), (0x5F, 0x5F))
    for code in range(first, last + 1)
) + "".join(map(chr, range(0x61, 0x7B)))
_KEYBOARD: Final = "SELFTEST2()[]{}~|\\^@#$aZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One card. `payload` = what a good scanner delivers: no AIM prefix, every GS as 0x1D."""

    name: str
    payload: bytes
    aim_id: str
    symbol: Symbol

    @property
    def symbology(self) -> Symbology:
        """Return the kind of the printed symbol."""
        return self.symbol.symbology


def self_test_cards() -> tuple[Card, Card]:
    """Return both cards in the order in which they are scanned."""
    elements = (("01", _GTIN), ("21", _SERIAL), ("91", _KEY), ("92", _ALL_CHARACTERS))
    wire = f"01{_GTIN}21{_SERIAL}\x1d91{_KEY}\x1d92{_ALL_CHARACTERS}"
    bracketed = "".join(f"({ai}){value}" for ai, value in elements)
    return (
        Card(
            name="card-1",
            payload=wire.encode("ascii"),
            aim_id="]d2",
            symbol=Symbol(symbology=Symbology.GS1_DATAMATRIX, content=bracketed),
        ),
        Card(
            name="card-2",
            payload=_KEYBOARD.encode("ascii"),
            aim_id="]C0",
            symbol=code128(_KEYBOARD),
        ),
    )
