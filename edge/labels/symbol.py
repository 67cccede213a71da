"""A printed symbol as values: what it says and as which kind, without any pixel."""

from dataclasses import dataclass

from drivers.protocols import Symbology


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """One symbol. `content` is the text to encode; of a GS1 symbol in brackets, `(01)…(21)…`."""

    symbology: Symbology
    content: str


def code128(text: str) -> Symbol:
    """Return the symbol of every station label (ISO/IEC 15417)."""
    return Symbol(symbology=Symbology.CODE128, content=text)
