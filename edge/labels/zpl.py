"""ZPL II: labels as bytes for a printer, and what it says about itself.

Texts are UTF-8 (`^CI28`). Every field takes hexadecimal escapes (`^FH`), so no data can begin a
command: `^`, `~` and the escape character itself are written as `_XX`.
"""

import re
from dataclasses import dataclass
from typing import Final

from drivers.protocols import Symbology
from edge.labels.stickers import Sticker

DOTS_PER_MM: Final = {203: 8, 300: 12}
LABEL_MM: Final = (80, 50)
MODULE_MM: Final = 0.33
MODULE_DOTS_MIN: Final = 2
_QUIET_MODULES: Final = 10
_ESCAPED: Final = re.compile(r"[\x00-\x1f^~_\x7f]")
_STATUS: Final = re.compile(rb"\x02([^\x02\x03]*)\x03")
STATUS_QUESTION: Final = b"~HS\r\n"
STATUS_BYTES_MAX: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterStatus:
    """What keeps a printer from printing, by its answer to `~HS`."""

    paper_out: bool
    paused: bool
    head_up: bool
    ribbon_out: bool

    @property
    def trouble(self) -> str:
        """Return the first thing that is wrong, empty when nothing is."""
        names = ("paper_out", "head_up", "ribbon_out", "paused")
        return next((name for name in names if getattr(self, name)), "")


def label(sticker: Sticker, *, dpi: int) -> bytes:
    """Return one label: bars, their text, the title. Raises ValueError for a symbol of no bars."""
    if sticker.symbol.symbology is not Symbology.CODE128:
        raise ValueError(f"{sticker.symbol.symbology}: print it as a picture")
    per_mm = DOTS_PER_MM[dpi]
    width, height = (mm * per_mm for mm in LABEL_MM)
    module = _module_dots(sticker.symbol.content, width, per_mm)
    bars = 14 * per_mm
    lines = [
        "^XA^CI28",
        f"^PW{width}^LL{height}",
        _text(at=(3, 3), height=5, text=sticker.title, per_mm=per_mm),
        f"^FO{_QUIET_MODULES * module},{11 * per_mm}^BY{module}^BCN,{bars},N,N,N"
        f"^FH_^FD{code128_data(sticker.symbol.content)}^FS",
        _text(at=(3, 28), height=4, text=sticker.text, per_mm=per_mm),
        "^XZ",
    ]
    return "\n".join(lines).encode("utf-8") + b"\n"


def _module_dots(text: str, width: int, per_mm: int) -> int:
    """Return the width of a module: as designed, or narrower where the label is too small."""
    modules = 11 * (len(text) + 3) + 2 + 2 * _QUIET_MODULES  # start, check, stop of character set B
    dots = min(round(MODULE_MM * per_mm), width // modules)
    if dots < MODULE_DOTS_MIN:
        raise ValueError(f"{text}: wider than the label")
    return dots


def picture(rows: tuple[bytes, ...], *, width: int) -> bytes:
    """Return one label that is a picture: rows of bits, 1 = dark, first bit on the left.

    `width` in dots. What the printer's own fonts and codes cannot do is sent so.
    """
    size = (width + 7) // 8
    if any(len(row) != size for row in rows):
        raise ValueError(f"a row of {width} dots is {size} bytes")
    total = size * len(rows)
    data = b"".join(rows).hex().upper()
    return f"^XA^PW{width}^LL{len(rows)}^FO0,0^GFA,{total},{total},{size},{data}^FS^XZ\n".encode()


def escaped(text: str) -> str:
    """Return field data for `^FH_^FD`: nothing in it can begin a command."""
    return _ESCAPED.sub(lambda found: f"_{ord(found[0]):02X}", text)


def code128_data(text: str) -> str:
    """Return data for `^BC`, in which `>` begins a code of its own and is written `>0`."""
    return escaped(text.replace(">", ">0"))


def read_status(answer: bytes) -> PrinterStatus | None:
    """Return the state out of the answer to `~HS`: three strings between STX and ETX; else None."""
    strings = [found.split(b",") for found in _STATUS.findall(answer[:STATUS_BYTES_MAX])]
    if len(strings) < 2 or len(strings[0]) < 3 or len(strings[1]) < 4:
        return None
    first, second = strings[:2]
    return PrinterStatus(
        paper_out=first[1] == b"1",
        paused=first[2] == b"1",
        head_up=second[2] == b"1",
        ribbon_out=second[3] == b"1",
    )


def _text(*, at: tuple[int, int], height: int, text: str, per_mm: int) -> str:
    x, y = (mm * per_mm for mm in at)
    size = height * per_mm
    return f"^FO{x},{y}^A0N,{size},{size * 8 // 10}^FH_^FD{escaped(text)}^FS"
