"""Labels on A4 pages for any printer, and one label as a picture for a label printer.

Loads OpenCV, whose own font has Latin and Cyrillic letters: not for serve.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from drivers.protocols import Symbology
from edge.labels.drawing import Pixels, enlarged
from edge.labels.stickers import Sticker
from edge.labels.zpl import LABEL_MM, MODULE_DOTS_MIN, MODULE_MM

DPI: Final = 300
PAGE_MM: Final = (210, 297)
_MARGIN_MM: Final = 10
_CELL_MM: Final = (95, 34)
_MATRIX_MODULE_MM: Final = 0.5
_BAR_MM: Final = 14
_MM_PER_INCH: Final = 25.4
_WHITE: Final = 255


def px(mm: float, dpi: int = DPI) -> int:
    """Return a length in pixels."""
    return round(mm / _MM_PER_INCH * dpi)


def pages(stickers: Sequence[Sticker]) -> tuple[Pixels, ...]:
    """Return A4 pages, labels side by side in the order given, with lines to cut along."""
    columns = (PAGE_MM[0] - 2 * _MARGIN_MM) // _CELL_MM[0]
    rows = (PAGE_MM[1] - 2 * _MARGIN_MM) // _CELL_MM[1]
    each = columns * rows
    return tuple(_page(stickers[at : at + each], columns) for at in range(0, len(stickers), each))


def picture(sticker: Sticker, *, dpi: int) -> tuple[tuple[bytes, ...], int]:
    """Return one label as rows of bits (1 = dark) and its width in dots."""
    width, height = (px(mm, dpi) for mm in LABEL_MM)
    drawn = _white(width, height)
    _draw(drawn, sticker, at=(px(2, dpi), px(2, dpi)), dpi=dpi)
    bits = np.packbits(drawn < 128, axis=1)
    return tuple(row.tobytes() for row in bits), width


def card_page(stickers: Sequence[Sticker]) -> Pixels:
    """Return one page with each symbol alone on a line of its own: for the self-test cards."""
    page = _white(*(px(mm) for mm in PAGE_MM))
    for row, sticker in enumerate(stickers):
        _draw(page, sticker, at=(px(_MARGIN_MM), px(_MARGIN_MM + row * 100)), dpi=DPI)
    return page


def _page(stickers: Sequence[Sticker], columns: int) -> Pixels:
    page = _white(*(px(mm) for mm in PAGE_MM))
    for number, sticker in enumerate(stickers):
        row, column = divmod(number, columns)
        x = px(_MARGIN_MM + column * _CELL_MM[0])
        y = px(_MARGIN_MM + row * _CELL_MM[1])
        corner = (x + px(_CELL_MM[0]), y + px(_CELL_MM[1]))
        cv2.rectangle(page, (x, y), corner, (190,), 1)
        _draw(page, sticker, at=(x + px(3), y + px(2)), dpi=DPI)
    return page


def _draw(page: Pixels, sticker: Sticker, *, at: tuple[int, int], dpi: int) -> None:
    """Title, symbol, text; one below the other. Raises ValueError when the page is too narrow."""
    x, y = at
    room = page.shape[1] - x
    symbol = _symbol(sticker, room if room > px(LABEL_MM[0], dpi) else page.shape[1], dpi)
    height, width = symbol.shape
    left, top = min(x, page.shape[1] - width), y + px(7, dpi)
    if top + height > page.shape[0]:
        raise ValueError(f"{sticker.text or sticker.title}: higher than the label")
    _write(page, sticker.title, (x, y + px(5, dpi)), px(4.5, dpi))
    page[top : top + height, left : left + width] = symbol
    _write(page, sticker.text, (x, top + height + px(4.5, dpi)), px(3.5, dpi))


def _symbol(sticker: Sticker, room: int, dpi: int) -> Pixels:
    """Return the symbol with modules as designed, or narrower where the room is too small."""
    is_bars = sticker.symbol.symbology is Symbology.CODE128
    wanted = px(MODULE_MM if is_bars else _MATRIX_MODULE_MM, dpi)
    for module in range(wanted, MODULE_DOTS_MIN - 1, -1):
        drawn = enlarged(sticker.symbol, module_px=module, bar_px=px(_BAR_MM, dpi))
        if drawn.shape[1] <= room:
            return drawn
    raise ValueError(f"{sticker.text or sticker.title}: wider than the label")


def _write(page: Pixels, text: str, at: tuple[int, int], size: int) -> None:
    cv2.putText(page, text, at, (0, 0, 0), cv2.FontFace("sans"), size, 600)


def _white(width: int, height: int) -> Pixels:
    return np.full((height, width), _WHITE, np.uint8)
