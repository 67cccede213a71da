"""Codes in a picture: two engines, several preparations, one list of readings each."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Final

import cv2
import numpy as np
import zxingcpp

from drivers.camera.prepare import (
    SMALL_PIXELS,
    Picture,
    equalised,
    halved,
    larger,
    levelled,
    sharpened,
    strips,
    turned,
    turned_back,
)
from drivers.camera.votes import Ballot, Found
from drivers.protocols import SCAN_BYTES_MAX, Symbology

try:
    from pyzbar import pyzbar
except ImportError:  # "Unable to find zbar shared library": the wheel brings none
    pyzbar = None  # type: ignore[assignment]

ZXING: Final = "zxing"
ZBAR: Final = "zbar"
ENGINES: Final = (ZXING,) if pyzbar is None else (ZXING, ZBAR)
EDGE_MIN: Final = 8  # no symbol is smaller than eight modules
SLENDER: Final = 8  # a longer strip turned is mostly border
PIXEL_NS: Final = 5  # the first stage is no measure of the others over a picture without edges
DEEP_BUDGET_NS: Final = 160_000_000  # of the 200 ms that a picture may cost

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
LINEAR: Final = FORMAT_NAMES - {"datamatrix", "qr", "pdf417", "aztec"}
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


class Effort(Enum):
    """How far the first engine goes: rows only; columns, too; also smaller; also inverted."""

    FAST = "fast"
    TURNED = "turned"
    LIVE = "live"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Stage:
    """One way of reading a picture. `cost` = its usual CPU time, in those of the first stage."""

    read: Callable[[Picture, Wanted], list[Found]]
    cost: float


def zxing(
    picture: Picture,
    wanted: Wanted,
    *,
    stage: str,
    effort: Effort = Effort.FULL,
    binarizer: zxingcpp.Binarizer = zxingcpp.Binarizer.LocalAverage,
) -> list[Found]:
    """Return what the first engine reads in a grey picture."""
    barcodes = zxingcpp.read_barcodes(
        picture,
        formats=_zxing_formats(wanted.formats),
        try_rotate=effort is not Effort.FAST,
        try_downscale=effort in (Effort.LIVE, Effort.FULL),
        try_invert=effort is Effort.FULL,
        text_mode=zxingcpp.TextMode.Plain,
        binarizer=binarizer,
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
    """Return the codes of a live frame: at half size, of a still one at full size first.

    Inverted ones take as long again and are left to `deep`.
    """
    found = zxing(picture, wanted, stage="full", effort=Effort.LIVE) if is_still else []
    return found or _rescaled(zxing(halved(picture), wanted, stage="half", effort=Effort.LIVE), 2.0)


def deep(
    picture: Picture, wanted: Wanted, budget_ns: int, chosen: Sequence[Stage] = ()
) -> Iterator[tuple[Stage, list[Found]]]:
    """Yield one stage after the other with its readings, until all codes are settled.

    As far as the CPU time goes: how long the first stage took tells what the others will take with
    this picture, on this machine; one that does not fit is left out, a cheaper one behind it may
    still fit. `chosen` = the stages to take, all without any.
    """
    ballot = Ballot()
    for stage, readings in stages(picture, wanted, budget_ns, chosen):
        yield stage, readings
        ballot.add(readings, frame=0)
        if ballot.tallies and all(map(ballot.is_settled, ballot.tallies)):
            return


def stages(
    picture: Picture, wanted: Wanted, budget_ns: int, chosen: Sequence[Stage] = ()
) -> Iterator[tuple[Stage, list[Found]]]:
    """Yield every stage that the budget has room for, with its readings."""
    began_ns = time.thread_time_ns()
    unit_ns = 0.0
    for stage in chosen or STAGES:
        spent_ns = time.thread_time_ns() - began_ns
        if unit_ns and spent_ns + stage.cost * unit_ns > budget_ns:
            continue
        yield stage, stage.read(picture, wanted)
        took_ns = (time.thread_time_ns() - began_ns) / stage.cost
        unit_ns = unit_ns or max(took_ns, picture.size * PIXEL_NS)


FAILURES: Final = (cv2.error, MemoryError, RuntimeError, ValueError)
"""What the libraries raise over a picture they cannot cope with."""


def decode_picture(picture: Picture, wanted: Wanted, *, budget_ns: int = DEEP_BUDGET_NS) -> Ballot:
    """Return the ballot over one still picture."""
    ballot = Ballot()
    if min(picture.shape) < EDGE_MIN:
        return ballot
    for _, readings in deep(picture, wanted, budget_ns):
        ballot.add(readings, frame=0)
    return ballot


def accepted(ballot: Ballot) -> set[tuple[str, bytes]]:
    """Return the codes of a still picture that passed the voting."""
    return {
        key
        for key in ballot.tallies
        if (ballot.is_settled(key) or ballot.is_agreed(key)) and not ballot.is_part(key)
    }


def _rescaled(readings: list[Found], factor: float) -> list[Found]:
    return [_scaled(found, factor) for found in readings]


def _scaled(found: Found, factor: float) -> Found:
    x, y, width, height = (round(edge * factor) for edge in found.box)
    return replace(found, box=(x, y, width, height))


def _large_sharp(picture: Picture, wanted: Wanted) -> list[Found]:
    factor = 3.0 if picture.size <= SMALL_PIXELS else 2.0
    prepared = sharpened(larger(picture, factor), 3.0, 2.0)
    return _rescaled(zxing(prepared, wanted, stage="large_sharp"), 1 / factor)


def _enlarged(picture: Picture, wanted: Wanted, *, factor: float, stage: str) -> list[Found]:
    readings = zxing(larger(picture, factor), wanted, stage=stage, effort=Effort.TURNED)
    return _rescaled(readings, 1 / factor)


def _two_levels(picture: Picture, wanted: Wanted) -> list[Found]:
    readings = zxing(
        larger(picture, 2.0),
        wanted,
        stage="two_levels",
        effort=Effort.TURNED,
        binarizer=zxingcpp.Binarizer.GlobalHistogram,
    )
    return _rescaled(readings, 0.5)


def _large_levelled(picture: Picture, wanted: Wanted) -> list[Found]:
    prepared = levelled(larger(picture, 2.0))
    readings = zxing(prepared, wanted, stage="large_levelled", effort=Effort.TURNED)
    return _rescaled(readings, 0.5)


def _strips(
    picture: Picture, wanted: Wanted, *, read: Callable[[Picture, Wanted], list[Found]], soft: bool
) -> list[Found]:
    linear = replace(wanted, formats=wanted.formats & LINEAR)
    if not linear.formats:
        return []
    return [
        replace(found, box=strip.box)
        for strip in strips(picture, is_soft=soft)
        for found in read(strip.picture, linear)
    ]


def _leaning(picture: Picture, wanted: Wanted, *, degrees: float) -> list[Found]:
    if max(picture.shape) > SLENDER * min(picture.shape):
        return []
    stage = f"leaning{degrees:+.0f}"
    readings = zxing(turned(picture, degrees), wanted, stage=stage, effort=Effort.TURNED)
    return [replace(found, box=turned_back(found.box, picture, degrees)) for found in readings]


STAGES: Final = (
    Stage(lambda p, w: zxing(p, w, stage="fast", effort=Effort.FAST), 1.0),
    Stage(lambda p, w: zxing(equalised(p), w, stage="equalised"), 2.5),
    Stage(lambda p, w: zxing(sharpened(p, 2.0, 1.5), w, stage="sharp"), 2.6),
    Stage(lambda p, w: zbar(p, w, stage="plain"), 3.0),
    Stage(partial(_strips, soft=True, read=partial(zxing, stage="strip", effort=Effort.FAST)), 4.6),
    Stage(partial(_strips, soft=False, read=partial(zxing, stage="bars", effort=Effort.FAST)), 3.9),
    Stage(partial(_strips, soft=True, read=partial(zbar, stage="strip")), 7.1),
    Stage(partial(_enlarged, factor=2.0, stage="large"), 4.1),
    Stage(lambda p, w: zbar(equalised(p), w, stage="equalised"), 3.5),
    Stage(_large_sharp, 13.9),
    Stage(lambda p, w: zxing(p, w, stage="full"), 2.0),
    Stage(_two_levels, 3.8),
    Stage(_large_levelled, 5.9),
    Stage(lambda p, w: _rescaled(zbar(larger(p, 2.0), w, stage="large"), 0.5), 7.4),
    Stage(partial(_enlarged, factor=3.0, stage="larger"), 7.0),
    Stage(lambda p, w: zxing(levelled(p), w, stage="levelled"), 2.9),
    Stage(partial(_leaning, degrees=15.0), 3.0),
    Stage(partial(_leaning, degrees=-15.0), 2.9),
)
"""The cascade, by use for its cost. The order matters little: any order of the stages behind the
fourth reads the same photographs within half a percent."""
