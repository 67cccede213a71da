"""Frames as a station's camera delivers them: 1280 x 720, drawn from one seed."""

from typing import Any, Final

import cv2
import numpy as np
import zxingcpp

SEED: Final = 6
SIZE: Final = (720, 1280)
NOISE: Final = 4  # grey steps of a sensor in room light
Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Drawn = tuple[Pixels, tuple[bytes, ...]]
KINDS: Final = ("EAN13", "Code128", "DataMatrix", "QRCode", "Code39", "ITF")


def one_code(count: int) -> list[Drawn]:
    """Return frames with one code each, turned by any angle, a little blurred."""
    rng = np.random.default_rng(SEED)
    made = []
    for at in range(count):
        kind, content = _content(KINDS[at % len(KINDS)], rng)
        frame = _mat(rng)
        patch = _turned(_symbol(kind, content, scale=3), float(rng.uniform(0, 360)))
        top = int(rng.integers(0, SIZE[0] - patch.shape[0]))
        left = int(rng.integers(0, SIZE[1] - patch.shape[1]))
        _lay(frame, patch, top, left)
        soft = cv2.GaussianBlur(frame, (0, 0), float(rng.uniform(0.4, 1.4)))
        made.append((soft.astype(np.uint8), (content.encode(),)))
    return made


def eight_codes(count: int) -> list[Drawn]:
    """Return frames with eight codes each, upright, as on the labels of one parcel."""
    rng = np.random.default_rng(SEED)
    made = []
    for _ in range(count):
        frame = _mat(rng)
        contents = []
        for at in range(8):
            kind, content = _content(KINDS[at % len(KINDS)], rng)
            row, column = divmod(at, 3)
            patch = _symbol(kind, content, scale=2)
            _lay(frame, patch[:220, :410], 10 + 235 * row, 10 + 420 * column)
            contents.append(content.encode())
        made.append((frame, tuple(contents)))
    return made


def _content(kind: str, rng: np.random.Generator) -> tuple[str, str]:
    digits = "".join(map(str, rng.integers(0, 10, 13)))
    if kind == "EAN13":
        body = "46" + digits[:10]
        odd, even = sum(map(int, body[::2])), sum(map(int, body[1::2]))
        return kind, f"{body}{-(odd + 3 * even) % 10}"
    if kind == "ITF":
        body = digits
        odd, even = sum(map(int, body[::2])), sum(map(int, body[1::2]))
        return kind, f"{body}{-(3 * odd + even) % 10}"
    return kind, f"RMA-{digits[:8]}"


def _mat(rng: np.random.Generator) -> Pixels:
    noise = rng.normal(128, NOISE, SIZE)
    return np.clip(noise, 0, 255).astype(np.uint8)


def _symbol(kind: str, content: str, *, scale: int) -> Pixels:
    barcode = zxingcpp.create_barcode(content, zxingcpp.barcode_format_from_str(kind))
    image = np.array(barcode.to_image(scale=scale, add_quiet_zones=True), dtype=np.uint8)
    return np.clip(image, 30, 220).astype(np.uint8)


def _turned(patch: Pixels, degrees: float) -> Pixels:
    height, width = patch.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cos, sin = abs(turn[0, 0]), abs(turn[0, 1])
    size = (int(width * cos + height * sin) + 1, int(width * sin + height * cos) + 1)
    turn[:, 2] += (size[0] / 2 - width / 2, size[1] / 2 - height / 2)
    laid = cv2.warpAffine(patch, turn, size, flags=cv2.INTER_CUBIC, borderValue=(220.0,))
    return laid[: SIZE[0] - 1, : SIZE[1] - 1].astype(np.uint8)


def _lay(frame: Pixels, patch: Pixels, top: int, left: int) -> None:
    height = min(patch.shape[0], frame.shape[0] - top)
    width = min(patch.shape[1], frame.shape[1] - left)
    frame[top : top + height, left : left + width] = patch[:height, :width]
