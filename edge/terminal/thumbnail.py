"""A small picture in cells: every cell shows two pixels by an upper half block in two colours."""

import base64
import binascii
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from edge.terminal.cells import Line, line

HALF: Final = "▀"
PIXEL: Final = 3  # bytes: red, green, blue
PIXELS_MAX: Final = 128 * 128

Row = Sequence[tuple[str, str]]


def thumbnail(encoded: str, width: int) -> list[Line]:
    """Return base64 of RGB pixels, row by row, as lines; nothing for what is no such picture."""
    try:
        pixels = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return []
    return [line(*_pieces(row)) for row in cells(pixels, width)]


def cells(pixels: bytes, width: int) -> list[Row]:
    """Return rows of cells: colour of the upper pixel, colour of the lower one, as `#RRGGBB`.

    An odd last row of pixels is left out; pixels that make no whole rows make no picture.
    """
    stride = width * PIXEL
    if not pixels or width < 1 or len(pixels) % stride or len(pixels) > PIXELS_MAX * PIXEL:
        return []
    rows = [pixels[at : at + stride] for at in range(0, len(pixels), stride)]
    return [
        list(zip(_colours(upper), _colours(lower), strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=False)
    ]


def _colours(row: bytes) -> list[str]:
    return [f"#{row[at : at + PIXEL].hex().upper()}" for at in range(0, len(row), PIXEL)]


def _pieces(row: Row) -> list[tuple[str, str]]:
    return [
        (HALF * len(list(alike)), f"{upper} on {lower}") for (upper, lower), alike in groupby(row)
    ]
