"""Draws what the camera sees: a mat, the item that lies on it, its label, on demand a code."""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import zxingcpp

from sim.codes import GS

WIDTH: Final = 960
HEIGHT: Final = 720
QUALITY: Final = 85
CODE_SCALE: Final = 3

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What lies on the mat. `title` in Latin letters; `code` is drawn as a readable symbol."""

    title: str = ""
    lines: tuple[str, ...] = ()
    code: str = ""
    tint: int = 0


def jpeg(scene: Scene, *, noise: int = 0) -> bytes:
    """Return the picture of a scene. Raises ValueError when its code has no symbol.

    `noise` sets a corner of it apart by so many grey steps: no sensor sees the same pixels twice.
    """
    pixels = _mat()
    pixels[:8, :8] += np.uint8(noise)
    if scene.title:
        _draw_item(pixels, scene)
    if scene.code:
        _draw_code(pixels, scene.code)
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done, "a picture of this size can be encoded"
    return bytes(data)


def _mat() -> Pixels:
    """A grey cutting mat with a centimetre grid: enough edges to judge sharpness by."""
    pixels: Pixels = np.full((HEIGHT, WIDTH, 3), (96, 104, 92), np.uint8)
    pixels[::48, :] = (120, 132, 116)
    pixels[:, ::48] = (120, 132, 116)
    return pixels


def _draw_item(pixels: Pixels, scene: Scene) -> None:
    blue, green, red = 90 + scene.tint * 37 % 120, 120, 90 + scene.tint * 61 % 120
    cv2.rectangle(pixels, (180, 130), (780, 590), (blue, green, red), -1)
    cv2.rectangle(pixels, (180, 130), (780, 590), (40, 40, 40), 3)
    cv2.rectangle(pixels, (250, 400), (710, 560), (225, 228, 230), -1)
    for n, line in enumerate((scene.title, *scene.lines)[:4]):
        at = (270, 435 + 34 * n)
        cv2.putText(pixels, line[:32], at, cv2.FONT_HERSHEY_SIMPLEX, 0.7, (30, 30, 30), 2)


def _draw_code(pixels: Pixels, code: str) -> None:
    symbol = _symbol(code)
    height, width = min(symbol.shape[0], 340), min(symbol.shape[1], 900)
    top, left = 40, (WIDTH - width) // 2
    patch = symbol[:height, :width]
    pixels[top : top + height, left : left + width] = patch[:, :, None].clip(24, 232)


def _symbol(code: str) -> Pixels:
    """A GS1 DataMatrix for element strings, EAN-13 for 13 digits, else Code 128."""
    if code.startswith("01") and code[:16].isdigit() and len(code) > 18:
        barcode = zxingcpp.create_barcode(
            _bracketed(code), zxingcpp.BarcodeFormat.DataMatrix, gs1=True
        )
        return np.array(barcode.to_image(scale=2 * CODE_SCALE), dtype=np.uint8)
    ean = code.isascii() and code.isdigit() and len(code) == 13
    kind = zxingcpp.BarcodeFormat.EAN13 if ean else zxingcpp.BarcodeFormat.Code128
    barcode = zxingcpp.create_barcode(code, kind)
    return np.array(barcode.to_image(scale=CODE_SCALE), dtype=np.uint8)


def _bracketed(code: str) -> str:
    """The printed form of an element string: the symbol's writer sets FNC1 and GS itself."""
    parts = code[16:].split(GS)
    return f"(01){code[2:16]}" + "".join(f"({part[:2]}){part[2:]}" for part in parts)
