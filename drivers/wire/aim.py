"""AIM symbology identifiers (ISO/IEC 15424): three characters before the data name the symbol."""

import re

from drivers.protocols import Symbology

_PREFIX = re.compile(rb"\][A-Za-z][0-9]")
_EXACT = {
    "]E4": Symbology.EAN8,
    "]C1": Symbology.GS1_128,
    "]d2": Symbology.GS1_DATAMATRIX,
    "]d5": Symbology.GS1_DATAMATRIX,
    "]d8": Symbology.GS1_DATAMATRIX,
    "]Q3": Symbology.GS1_QR,
    "]Q4": Symbology.GS1_QR,
}
_FAMILY = {
    "A": Symbology.CODE39,
    "C": Symbology.CODE128,
    "E": Symbology.EAN13,  # UPC-A too, padded with 0
    "F": Symbology.CODABAR,
    "G": Symbology.CODE93,
    "I": Symbology.ITF,
    "L": Symbology.PDF417,
    "Q": Symbology.QR,
    "d": Symbology.DATAMATRIX,
    "e": Symbology.DATABAR,
    "z": Symbology.AZTEC,
}


def split(payload: bytes) -> tuple[str | None, bytes]:
    """Return the identifier and the data behind it; no identifier leaves the payload whole."""
    if _PREFIX.match(payload) is None:
        return None, payload
    return payload[:3].decode("ascii"), payload[3:]


def symbology(aim_id: str) -> Symbology:
    """Return the symbol kind an identifier names, UNKNOWN for families that are not used here."""
    return _EXACT.get(aim_id) or _FAMILY.get(aim_id[1], Symbology.UNKNOWN)
