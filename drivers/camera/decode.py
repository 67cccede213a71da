"""Codes in a picture: two engines, several preparations, one list of readings each. No votes."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp

from drivers.camera.votes import Ballot, Found
from drivers.protocols import SCAN_BYTES_MAX, Symbology

try:
    from pyzbar import pyzbar
except ImportError:  # "Unable to find zbar shared library": the wheel brings none
    pyzbar = None  # type: ignore[assignment]

Picture = npt.NDArray[np.uint8]

ZXING: Final = "zxing"
ZBAR: Final = "zbar"
ENGINES: Final = (ZXING,) if pyzbar is None else (ZXING, ZBAR)
DEEP_BUDGET_NS: Final = 200_000_000
SMALL_PIXELS: Final = 400_000  # below it a threefold copy is still cheap

_FORMATS: Final[Mapping[str, str]] = {
    "ean13": "EAN13",
    "ean8": "EAN8",
    "upca": "UPCA",
    "upce": "UPCE",
    "code128": "Code128",
    "code39": "Code39",
    "code93": "Code93",
    "itf": "ITF",
    "codabar": "Codabar",
    "datamatrix": "DataMatrix",
    "qr": "QRCode",
    "pdf417": "PDF417",
    "databar": "DataBar",
    "aztec": "Aztec",
}
FORMAT_NAMES: Final = frozenset(_FORMATS)
_BY_SYMBOLOGY: Final[Mapping[str, Symbology]] = {
    "Code128": Symbology.CODE128,
    "Code39": Symbology.CODE39,
    "Code93": Symbology.CODE93,
    "ITF": Symbology.ITF,
    "Codabar": Symbology.CODABAR,
    "DataMatrix": Symbology.DATAMATRIX,
    "QRCode": Symbology.QR,
    "PDF417": Symbology.PDF417,
    "DataBar": Symbology.DATABAR,
    "Aztec": Symbology.AZTEC,
}
_BY_FORMAT: Final[Mapping[str, Symbology]] = {
    "EAN13": Symbology.EAN13,
    "EAN8": Symbology.EAN8,
    "UPCA": Symbology.UPCA,
    "UPCE": Symbology.UPCE,
    "ISBN": Symbology.EAN13,
}
_GS1_AIMS: Final[Mapping[str, Symbology]] = {
    "]C1": Symbology.GS1_128,
    "]d2": Symbology.GS1_DATAMATRIX,
    "]Q3": Symbology.GS1_QR,
}
# DataBar, PDF417 and Codabar of the second engine misread; it does not expand UPC-E.
_ZBAR_KINDS: Final[Mapping[str, Symbology]] = {
    "EAN13": Symbology.EAN13,
    "EAN8": Symbology.EAN8,
    "CODE128": Symbology.CODE128,
    "CODE39": Symbology.CODE39,
    "CODE93": Symbology.CODE93,
    "I25": Symbology.ITF,
    "QRCODE": Symbology.QR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which symbols are looked for, and the lengths that make weak ones credible."""

    formats: frozenset[str]
    code39_min: int = 1
    itf_lengths: frozenset[int] = frozenset()

    def takes(self, found: Found) -> bool:
        """Return whether a reading may count at all; a speaker grille reads as a short Code 39."""
        if found.symbology is Symbology.CODE39 and len(found.payload) < self.code39_min:
            return False
        if found.symbology is Symbology.ITF and self.itf_lengths:
            return len(found.payload) in self.itf_lengths
        return 0 < len(found.payload) <= SCAN_BYTES_MAX


Stage = Callable[[Picture, Wanted], list[Found]]


def zxing(picture: Picture, wanted: Wanted, *, stage: str, fast: bool = False) -> list[Found]:
    """Return what the first engine reads in a grey picture."""
    barcodes = zxingcpp.read_barcodes(
        picture,
        formats=_zxing_formats(wanted.formats),
        try_rotate=not fast,
        try_downscale=not fast,
        try_invert=not fast,
        text_mode=zxingcpp.TextMode.Plain,
    )
    readings = (_of_zxing(barcode, stage) for barcode in barcodes if barcode.valid)
    return [found for found in readings if wanted.takes(found)]


def _zxing_formats(names: frozenset[str]) -> zxingcpp.BarcodeFormats:
    listed = "|".join(sorted(_FORMATS[name] for name in names))
    return zxingcpp.barcode_formats_from_str(listed)


def _of_zxing(barcode: zxingcpp.Barcode, stage: str) -> Found:
    aim = barcode.symbology_identifier or None
    name, kind = barcode.format.name, barcode.symbology.name
    symbology = _BY_FORMAT.get(name) or _BY_SYMBOLOGY.get(kind, Symbology.UNKNOWN)
    corners = barcode.position
    points = (corners.top_left, corners.top_right, corners.bottom_left, corners.bottom_right)
    xs, ys = [point.x for point in points], [point.y for point in points]
    return Found(
        payload=barcode.bytes,
        text=barcode.text,
        symbology=_GS1_AIMS.get(aim or "", symbology),
        aim=aim,
        engine=ZXING,
        stage=stage,
        box=(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)),
    )


def zbar(picture: Picture, wanted: Wanted, *, stage: str) -> list[Found]:
    """Return what the second engine reads; it tells no AIM and no FNC1."""
    if pyzbar is None:
        return []
    names = [name for name, kind in _ZBAR_KINDS.items() if _is_wanted(kind, wanted)]
    symbols = [pyzbar.ZBarSymbol[name] for name in names]
    decoded = pyzbar.decode(np.ascontiguousarray(picture), symbols=symbols) if symbols else []
    readings = (_of_zbar(code, stage) for code in decoded if code.type in _ZBAR_KINDS)
    return [found for found in readings if wanted.takes(found)]


def _is_wanted(kind: Symbology, wanted: Wanted) -> bool:
    return kind.value in wanted.formats or (kind is Symbology.EAN13 and "upca" in wanted.formats)


def _of_zbar(code: "pyzbar.Decoded", stage: str) -> Found:
    box = (code.rect.left, code.rect.top, code.rect.width, code.rect.height)
    kind = _ZBAR_KINDS[code.type]
    return Found(
        payload=code.data,
        text=code.data.decode("utf-8", "replace"),
        symbology=kind,
        aim=None,
        engine=ZBAR,
        stage=stage,
        box=box,
    )


def live(picture: Picture, wanted: Wanted, *, is_still: bool) -> list[Found]:
    """Return the codes of a live frame: half size, and of a still one full size too."""
    half = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    found = [_scaled(f, 2.0) for f in zxing(_grey8(half), wanted, stage="half")]
    return [*found, *zxing(picture, wanted, stage="full")] if is_still else found


def deep(picture: Picture, wanted: Wanted, budget_ns: int) -> Iterator[list[Found]]:
    """Yield the readings of one stage after the other, until the CPU time is used up."""
    end = time.thread_time_ns() + budget_ns
    for stage in _STAGES:
        if time.thread_time_ns() >= end:
            return
        yield stage(picture, wanted)


def decode_picture(picture: Picture, wanted: Wanted, *, budget_ns: int = DEEP_BUDGET_NS) -> Ballot:
    """Return the ballot over one still picture: stages until every code in it is settled."""
    ballot = Ballot()
    for readings in deep(picture, wanted, budget_ns):
        ballot.add(readings, frame=0)
        if ballot.tallies and all(
            ballot.is_settled(key, second_engine=ZBAR in ENGINES) for key in ballot.tallies
        ):
            break
    return ballot


def accepted(ballot: Ballot) -> set[tuple[str, bytes]]:
    """Return the codes of a still picture that passed the voting."""
    return {
        key
        for key in ballot.tallies
        if ballot.is_settled(key, second_engine=ZBAR in ENGINES) and not ballot.is_part(key)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How good a frame is: variance of the Laplacian, mean, permille of pixels at 0 or 255."""

    sharpness: int
    mean: int
    clipped: int


def grey_of(frame: Picture) -> Picture:
    """Return the grey pixels of a BGR or grey frame."""
    return frame if frame.ndim == 2 else _grey8(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))


def bgr(image: npt.NDArray[np.generic]) -> Picture:
    """Return what OpenCV read as the 8-bit picture that it is."""
    return _grey8(image)


def empty_mat() -> Picture:
    """Return a grey frame with nothing on it."""
    return np.full((720, 1280, 3), 128, dtype=np.uint8)


def jpeg(frame: Picture, level: int) -> bytes:
    """Return the frame as JPEG."""
    _, written = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, level])
    return written.tobytes()


def quality(grey: Picture) -> Quality:
    """Return the quality of the grey mat, measured 640 pixels wide."""
    height, width = grey.shape
    size = (640, max(1, round(height * 640 / width)))
    mat = _grey8(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))
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
        small = _grey8(cv2.resize(grey, (160, 90), interpolation=cv2.INTER_AREA))
        last, self._last = self._last, small
        if last is None:
            return True
        change = cv2.absdiff(small, last)
        return float(change.mean()) >= 2.0 or int(np.count_nonzero(change > 24)) >= 20


def load_grey(path: str) -> Picture | None:
    """Return a picture file as grey pixels, None if it is none."""
    loaded = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    return None if loaded is None else _grey8(loaded)


def _grey8(picture: npt.NDArray[np.generic]) -> Picture:
    return np.ascontiguousarray(picture, dtype=np.uint8)


def _scaled(found: Found, factor: float) -> Found:
    x, y, width, height = (round(edge * factor) for edge in found.box)
    return Found(
        payload=found.payload,
        text=found.text,
        symbology=found.symbology,
        aim=found.aim,
        engine=found.engine,
        stage=found.stage,
        box=(x, y, width, height),
    )


def _clahe(picture: Picture) -> Picture:
    return _grey8(cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8)).apply(picture))


def _larger(picture: Picture, factor: float) -> Picture:
    return _grey8(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC))


def _sharpened(picture: Picture, sigma: float, amount: float) -> Picture:
    soft = cv2.GaussianBlur(picture, (0, 0), sigma)
    return _grey8(cv2.addWeighted(picture, 1.0 + amount, soft, -amount, 0))


def _large_sharp(picture: Picture, wanted: Wanted) -> list[Found]:
    factor = 3.0 if picture.size <= SMALL_PIXELS else 2.0
    prepared = _sharpened(_larger(picture, factor), 3.0, 2.0)
    readings = zxing(prepared, wanted, stage="large_sharp")
    return [_scaled(found, 1 / factor) for found in readings]


def _twofold(readings: Iterable[Found]) -> list[Found]:
    return [_scaled(found, 0.5) for found in readings]


_STAGES: Final[tuple[Stage, ...]] = (
    lambda p, w: zxing(p, w, stage="fast", fast=True),
    lambda p, w: zbar(p, w, stage="plain"),
    lambda p, w: zxing(_clahe(p), w, stage="clahe"),
    _large_sharp,
    lambda p, w: zbar(_clahe(p), w, stage="clahe"),
    lambda p, w: zxing(_grey8(cv2.medianBlur(p, 3)), w, stage="median"),
    lambda p, w: _twofold(zxing(_larger(p, 2.0), w, stage="twofold")),
    lambda p, w: _twofold(zbar(_larger(p, 2.0), w, stage="twofold")),
    lambda p, w: zxing(_sharpened(p, 2.0, 1.5), w, stage="sharp"),
)
