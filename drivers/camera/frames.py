"""Pictures as frames: from a file, as JPEG, their quality, and whether anything moved."""

import os
import stat
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from drivers.camera.prepare import Picture, grey8, shrunk
from drivers.protocols import THUMBNAIL_SIZE

FILE_BYTES_MAX: Final = 64 * 1024 * 1024
READ_PIXELS_MAX: Final = 8_000_000  # finer pixels tell an engine nothing and cost seconds


class PictureError(Exception):
    """A file that is no readable picture; the text says why, in few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How good a frame is: variance of the Laplacian, mean, permille of pixels at 0 or 255."""

    sharpness: int
    mean: int
    clipped: int


def grey_of(frame: Picture) -> Picture:
    """Return the grey pixels of a BGR or grey frame."""
    return frame if frame.ndim == 2 else grey8(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))


def bgr(image: npt.NDArray[np.generic]) -> Picture:
    """Return what OpenCV read as the 8-bit picture that it is."""
    return grey8(image)


def empty_mat() -> Picture:
    """Return a grey frame with nothing on it."""
    return np.full((720, 1280, 3), 128, dtype=np.uint8)


def jpeg(frame: Picture, level: int) -> bytes:
    """Return the frame as JPEG."""
    _, written = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, level])
    return written.tobytes()


def thumbnail(frame: Picture) -> bytes:
    """Return the frame at THUMBNAIL_SIZE, RGB, 3 bytes each, row by row."""
    coloured = cv2.cvtColor(frame, cv2.COLOR_GRAY2RGB if frame.ndim == 2 else cv2.COLOR_BGR2RGB)
    return grey8(cv2.resize(coloured, THUMBNAIL_SIZE, interpolation=cv2.INTER_AREA)).tobytes()


def quality(grey: Picture) -> Quality:
    """Return the quality of the grey mat, measured 640 pixels wide."""
    height, width = grey.shape
    size = (640, max(1, round(height * 640 / width)))
    mat = grey8(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))
    clipped = np.count_nonzero((mat == 0) | (mat == 255))
    return Quality(
        sharpness=round(float(cv2.Laplacian(mat, cv2.CV_64F).var())),
        mean=round(float(mat.mean())),
        clipped=round(1000 * clipped / mat.size),
    )


class Motion:
    """Tells whether a frame differs from the one before, by 160 x 90 grey pixels."""

    def __init__(self) -> None:
        self._last: Picture | None = None

    def is_moved(self, grey: Picture) -> bool:
        """Return whether the scene changed: on the whole, or strongly in a few places."""
        small = grey8(cv2.resize(grey, (160, 90), interpolation=cv2.INTER_AREA))
        last, self._last = self._last, small
        if last is None:
            return True
        change = cv2.absdiff(small, last)
        return float(change.mean()) >= 2.0 or int(np.count_nonzero(change > 24)) >= 20


class Freeze:
    """Tells how long a source has delivered the very same pixels: a sensor always has noise."""

    def __init__(self) -> None:
        self._last: Picture | None = None
        self._since_ns = 0

    def frozen_ns(self, image: Picture, at_ns: int) -> int:
        """Return since how long nothing changed, not even in one pixel."""
        last, self._last = self._last, image
        if last is None or not np.array_equal(last, image):
            self._since_ns = at_ns
        return at_ns - self._since_ns


def load_grey(path: str) -> Picture:
    """Return a picture file as grey pixels, at most READ_PIXELS_MAX of them.

    Raises PictureError for what is absent, no file, too large, or no picture.
    """
    try:
        held = _bytes_of(path)
        image = cv2.imdecode(np.frombuffer(held, np.uint8), cv2.IMREAD_GRAYSCALE)
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        raise PictureError(getattr(error, "strerror", None) or "not a path") from error
    except cv2.error as error:
        raise PictureError("not a picture") from error
    if image is None:
        raise PictureError("not a picture")
    return shrunk(grey8(image), READ_PIXELS_MAX)


def _bytes_of(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe must not make it wait
    with os.fdopen(descriptor, "rb") as file:
        known = os.fstat(descriptor)
        if not stat.S_ISREG(known.st_mode):
            raise PictureError("not a file")
        if not 0 < known.st_size <= FILE_BYTES_MAX:
            raise PictureError("empty" if known.st_size == 0 else "too large")
        return file.read(FILE_BYTES_MAX)
