"""Symbols as modules, for a terminal, as PNG and PDF. Loads zxing-cpp and OpenCV: not for serve."""

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import Final

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

from drivers.protocols import Symbology
from edge.labels.symbol import Symbol

Pixels = NDArray[np.uint8]

QUIET_MODULES: Final = {Symbology.CODE128: 10, Symbology.GS1_DATAMATRIX: 2, Symbology.QR: 4}
_DARK: Final = 128
_INK: Final = "\x1b[38;5;16;48;5;231m"
_PLAIN: Final = "\x1b[0m"
_HALVES: Final = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
_SIDES: Final = {(True, True): "█", (True, False): "▌", (False, True): "▐", (False, False): " "}
_BAR_ROWS: Final = 6
_PNG_HEAD_BYTES: Final = 33  # signature and IHDR
_MM_PER_INCH: Final = 25.4


def modules(symbol: Symbol) -> Pixels:
    """Return the symbol with its quiet zone, one element a module: 0 = dark, 255 = light.

    A linear symbol is one row. Raises ValueError for what the kind cannot encode.
    """
    drawn = np.array(_created(symbol).to_image(scale=1, add_quiet_zones=False))
    if symbol.symbology is Symbology.CODE128:
        drawn = drawn[:1]
    quiet = QUIET_MODULES[symbol.symbology]
    rows = 0 if drawn.shape[0] == 1 else quiet
    padded: Pixels = np.pad(drawn, ((rows, rows), (quiet, quiet)), constant_values=255)
    return padded


def _created(symbol: Symbol) -> zxingcpp.Barcode:
    # zxing-cpp ignores options that it does not know, so these three are spelled once, here.
    match symbol.symbology:
        case Symbology.GS1_DATAMATRIX:
            return zxingcpp.create_barcode(
                symbol.content, zxingcpp.BarcodeFormat.DataMatrix, gs1=True, force_square=True
            )
        case Symbology.QR:
            return zxingcpp.create_barcode(symbol.content, zxingcpp.BarcodeFormat.QRCode)
        case _:
            return zxingcpp.create_barcode(symbol.content, zxingcpp.BarcodeFormat.Code128)


def terminal_lines(symbol: Symbol) -> tuple[str, ...]:
    """Return the symbol for a terminal: two modules a cell, black on white by fixed colours.

    A matrix takes half blocks one above the other, bars take blocks side by side.
    """
    dark = modules(symbol) < _DARK
    if dark.shape[0] == 1:
        bars = _even(dark, axis=1)[0]
        line = "".join(_SIDES[bool(a), bool(b)] for a, b in zip(bars[::2], bars[1::2], strict=True))
        return (f"{_INK}{line}{_PLAIN}",) * _BAR_ROWS
    cells = _even(dark, axis=0)
    return tuple(
        _INK
        + "".join(_HALVES[bool(a), bool(b)] for a, b in zip(upper, lower, strict=True))
        + _PLAIN
        for upper, lower in zip(cells[::2], cells[1::2], strict=True)
    )


def _even(dark: NDArray[np.bool_], *, axis: int) -> NDArray[np.bool_]:
    """Return the modules with a light row or column more where their number is odd."""
    short = dark.shape[axis] % 2
    widths = [(0, short if at == axis else 0) for at in (0, 1)]
    return np.pad(dark, widths, constant_values=False)


def enlarged(symbol: Symbol, *, module_px: int, bar_px: int) -> Pixels:
    """Return the symbol in pixels; bars of a linear one are `bar_px` high."""
    drawn = modules(symbol)
    height = bar_px if drawn.shape[0] == 1 else module_px
    big: Pixels = np.repeat(np.repeat(drawn, height, axis=0), module_px, axis=1)
    return big


def png(pixels: Pixels, *, dpi: int) -> bytes:
    """Return the picture as PNG that says how large it is meant, so that it prints at its size."""
    done, coded = cv2.imencode(".png", pixels)
    if not done:
        raise ValueError("the picture cannot be written as PNG")
    data = coded.tobytes()
    per_metre = round(dpi / _MM_PER_INCH * 1000)
    body = b"pHYs" + struct.pack(">IIB", per_metre, per_metre, 1)
    chunk = struct.pack(">I", 9) + body + struct.pack(">I", zlib.crc32(body))
    return data[:_PNG_HEAD_BYTES] + chunk + data[_PNG_HEAD_BYTES:]


def pdf(pages: Sequence[Pixels], *, dpi: int) -> bytes:
    """Return pages in black and white as one PDF, each at its true size (ISO 32000, CCITT G4)."""
    drawn = [Image.fromarray(page).convert("1", dither=Image.Dither.NONE) for page in pages]
    written = BytesIO()
    drawn[0].save(
        written, format="PDF", save_all=True, append_images=drawn[1:], resolution=float(dpi)
    )
    return written.getvalue()
