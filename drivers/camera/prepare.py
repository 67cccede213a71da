"""Pictures made out of pictures before an engine reads them. Pure: no engine, no file, no clock."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]

SMALL_PIXELS: Final = 400_000  # below it a threefold copy is still cheap
LEVEL_SIGMA_MAX: Final = 32.0  # pixels of a quarter copy; the cost grows with it
STRIPS_MAX: Final = 2
STRIP_WIDTH: Final = 900  # pixels over a whole linear symbol: 9 a module of an EAN-13
_SCOUT_EDGE: Final = 480  # linear symbols are sought in a copy of this size
_SCOUT_FLOOR: Final = 1000.0  # squared grey steps of a shaded plain surface stay below it
_SCOUT_EDGE_MIN: Final = 24


def grey8(picture: npt.NDArray[np.generic]) -> Picture:
    """Return the array as contiguous 8-bit pixels."""
    return np.ascontiguousarray(picture, dtype=np.uint8)


def halved(picture: Picture) -> Picture:
    """Return the picture at half its size."""
    return grey8(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def larger(picture: Picture, factor: float) -> Picture:
    """Return the picture enlarged smoothly."""
    return grey8(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC))


def shrunk(picture: Picture, pixels_max: int) -> Picture:
    """Return the picture with at most so many pixels."""
    if picture.size <= pixels_max:
        return picture
    factor = math.sqrt(pixels_max / picture.size)
    return grey8(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


def equalised(picture: Picture) -> Picture:
    """Return the picture with its contrast equalised tile by tile: shadows and glare lose."""
    return grey8(cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8)).apply(picture))


def sharpened(picture: Picture, sigma: float, amount: float) -> Picture:
    """Return the picture with what is finer than `sigma` pixels raised: blur loses."""
    soft = cv2.GaussianBlur(picture, (0, 0), sigma)
    return grey8(cv2.addWeighted(picture, 1.0 + amount, soft, -amount, 0))


def levelled(picture: Picture) -> Picture:
    """Return the picture with the same mean and spread of grey everywhere: uneven light loses."""
    height, width = picture.shape
    plane = picture.astype(np.float32)
    small = cv2.resize(plane, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    sigma = min(max(8.0, max(height, width) / 24) / 4, LEVEL_SIGMA_MAX)
    mean = cv2.GaussianBlur(small, (0, 0), sigma)
    spread = cv2.GaussianBlur(small * small, (0, 0), sigma) - mean * mean
    deviation = np.sqrt(np.maximum(cv2.resize(spread, (width, height)), 16.0))
    flat = (plane - cv2.resize(mean, (width, height))) * (50.0 / deviation)
    return grey8(np.clip(128.0 + flat, 0, 255))


def turned(picture: Picture, degrees: float) -> Picture:
    """Return the whole picture turned about its middle: engines scan along rows and columns."""
    height, width = picture.shape
    size = _turned_size(picture, degrees)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turn[:, 2] += (size[0] / 2 - width / 2, size[1] / 2 - height / 2)
    return grey8(
        cv2.warpAffine(picture, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


def turned_back(
    box: tuple[int, int, int, int], picture: Picture, degrees: float
) -> tuple[int, int, int, int]:
    """Return where a box of the turned picture lies in the picture itself: a square round it."""
    height, width = picture.shape
    turned_width, turned_height = _turned_size(picture, degrees)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    dx = box[0] + box[2] / 2 - turned_width / 2
    dy = box[1] + box[3] / 2 - turned_height / 2
    edge = max(box[2], box[3])
    x, y = cos * dx - sin * dy + width / 2, sin * dx + cos * dy + height / 2
    return (round(x - edge / 2), round(y - edge / 2), edge, edge)


def _turned_size(picture: Picture, degrees: float) -> tuple[int, int]:
    height, width = picture.shape
    cos, sin = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    return (int(width * cos + height * sin), int(width * sin + height * cos))


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A place that looks like bars, laid straight and enlarged. `box` = where it was."""

    picture: Picture
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Region:
    """Middle, the direction across the bars, extent across and along them; in pixels."""

    x: float
    y: float
    across: tuple[float, float]
    width: float
    height: float


class _Gradients:
    """The direction of grey steps, averaged over patches: bars have one direction, texture many."""

    def __init__(self, scout: Picture) -> None:
        soft = cv2.GaussianBlur(scout, (3, 3), 0)
        dx = cv2.Sobel(soft, cv2.CV_32F, 1, 0, ksize=3)
        dy = cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=3)
        patch = max(9, max(scout.shape) // 20) | 1
        self.xx = cv2.boxFilter(dx * dx, -1, (patch, patch))
        self.yy = cv2.boxFilter(dy * dy, -1, (patch, patch))
        self.xy = cv2.boxFilter(dx * dy, -1, (patch, patch))
        along = np.sqrt((self.xx - self.yy) ** 2 + 4.0 * self.xy**2)
        agreement = along / (self.xx + self.yy + 1e-3)
        self.score = along * agreement**2
        self.angle = 0.5 * np.arctan2(2.0 * self.xy, self.xx - self.yy)


def strips(picture: Picture, *, is_soft: bool) -> Iterator[Strip]:
    """Yield the places that look most like bars, the likeliest first.

    `is_soft`: averaged along the bars, so that noise loses and edges stay.
    """
    for region in _regions(picture):
        half_x = (region.width * abs(region.across[0]) + region.height * abs(region.across[1])) / 2
        half_y = (region.width * abs(region.across[1]) + region.height * abs(region.across[0])) / 2
        box = (region.x - half_x, region.y - half_y, 2 * half_x, 2 * half_y)
        left, top, width, height = (round(edge) for edge in box)
        laid = _straight(picture, region)
        yield Strip(
            picture=_along_bars(laid, region) if is_soft else laid, box=(left, top, width, height)
        )


def _regions(picture: Picture) -> Iterator[_Region]:
    scale = min(1.0, _SCOUT_EDGE / max(picture.shape))
    scout = picture
    if scale < 1.0:
        scout = grey8(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    field = _Gradients(scout)
    score = field.score.copy()
    for _ in range(STRIPS_MAX):
        _, best, _, (x, y) = cv2.minMaxLoc(score)
        if best <= _SCOUT_FLOOR:
            return
        theta = float(field.angle[y, x])
        same_way = np.abs(np.sin(field.angle - theta)) < 0.25
        alike = ((field.score > best * 0.15) & same_way).astype(np.uint8)
        _, labels = cv2.connectedComponents(alike)
        member = labels == labels[y, x]
        score[cv2.dilate(member.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0] = 0.0
        region = _region(member, theta, scale)
        if region.width * scale >= _SCOUT_EDGE_MIN:
            yield region


def _region(member: npt.NDArray[np.bool_], theta: float, scale: float) -> _Region:
    ys, xs = np.nonzero(member)
    ux, uy = math.cos(theta), math.sin(theta)
    across, along = xs * ux + ys * uy, ys * ux - xs * uy
    low, high = float(across.min()), float(across.max())
    near, far = float(along.min()), float(along.max())
    u, v = (low + high) / 2, (near + far) / 2
    return _Region(
        x=(ux * u - uy * v) / scale,
        y=(uy * u + ux * v) / scale,
        across=(ux, uy),
        width=(high - low) / scale * 1.3 + 10,  # the quiet zones belong to it
        height=max((far - near) / scale, 8.0),
    )


def _straight(picture: Picture, region: _Region) -> Picture:
    """Return the region with its bars upright."""
    factor = _enlargement(region)
    width = int(region.width * factor)
    height = int(min(max(region.height * 0.8 * factor, 24.0), 400.0))
    ux, uy = region.across
    left = region.x - ux * region.width / 2 + uy * height / factor / 2
    top = region.y - uy * region.width / 2 - ux * height / factor / 2
    back = np.array([[ux / factor, -uy / factor, left], [uy / factor, ux / factor, top]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(
        picture, back, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return grey8(laid)


def _along_bars(laid: Picture, region: _Region) -> Picture:
    reach = max(1, min(int(4 * _enlargement(region)), laid.shape[0] // 4))
    return grey8(cv2.blur(laid, (1, reach)))


def _enlargement(region: _Region) -> float:
    return min(4.0, max(1.0, STRIP_WIDTH / region.width))
