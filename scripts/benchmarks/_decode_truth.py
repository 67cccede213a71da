"""The photographs' truths, and how readings are counted against them: as their read-me says."""

import base64
import csv
import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.barcodes.checks import upce_expanded

RETAIL: Final = {"ean13", "ean8", "upca", "upce", "upcean"}
# Their differences are character sets: not read, but no other thing either.
NEVER_MISREAD: Final = {"qrcode", "micro-qr", "rmqr", "maxicode", "aztec", "micropdf417"}
GROUPS: Final = ("core", "retail", "all")
SOURCES: Final = ("zxing", "zxing-cpp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One photograph: what is printed in it, in all spellings, and what else may be read."""

    path: Path
    symbology: str
    source: str
    subject: str
    groups: frozenset[str]
    truth: frozenset[str]
    also: frozenset[str]

    @property
    def is_blank(self) -> bool:
        """Return whether there is no code in it."""
        return not self.truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One reader over some photographs."""

    pictures: int
    printed: int
    hits: int
    misread: tuple[Path, ...]
    median_ms: float
    p95_ms: float

    @property
    def recall(self) -> float:
        """Return the percentage of printed codes that were read."""
        return 100 * self.hits / max(1, self.printed)

    @property
    def per_mille(self) -> float:
        """Return the misread pictures among a thousand."""
        return 1000 * len(self.misread) / max(1, self.pictures)


def shots(folder: Path) -> tuple[Shot, ...]:
    """Return the photographs that the manifest lists."""
    rows = csv.DictReader((folder / "manifest.csv").read_text("utf-8").splitlines())
    return tuple(_shot(folder, row) for row in rows)


def _shot(folder: Path, row: Mapping[str, str]) -> Shot:
    kind = row["symbology"]
    truth = (folder / row["truth"]).read_bytes() if row["truth"] else b""
    groups = {"all"} | {group for group in ("core", "retail") if row[group] == "1"}
    return Shot(
        path=folder / row["path"],
        symbology=kind,
        source=row["source"],
        subject=row["subject"],
        groups=frozenset(groups),
        truth=frozenset(spellings(kind, truth)),
        also=frozenset(normal(kind, text) for text in json.loads(row["also"] or "[]")),
    )


def normal(symbology: str, text: str) -> str:
    """Return the form in which texts of a symbology are compared."""
    text = text.rstrip("\r\n")
    if symbology in RETAIL:
        return _gtin14(symbology, text)
    if symbology.startswith("databar"):
        return _element_string(symbology, text)
    if symbology == "codabar":
        return text.upper().strip("ABCDTN*E")
    return text.replace("\x1d", "") if symbology == "code128" else text


def _gtin14(symbology: str, text: str) -> str:
    text = text.split(" ", maxsplit=1)[0]
    full = {"ean8": (8,), "ean13": (13,)}.get(symbology, (12, 13))
    long = len(text) > 13
    cut = next((text[:n] for n in full if long and len(text) - n in (2, 5)), text)
    if symbology == "upce":
        cut = upce_expanded(cut) or cut
    return cut.zfill(14)


def _element_string(symbology: str, text: str) -> str:
    text = text.replace("(", "").replace(")", "").replace("\x1d", "")
    is_short = symbology in ("databar-omni", "databar-limited")
    return text[2:] if is_short and len(text) == 16 and text.startswith("01") else text


def spellings(symbology: str, payload: bytes, text: str = "") -> set[str]:
    """Return the normal forms of a reading: its bytes in two character sets, and its text."""
    decoded = {payload.decode("latin-1"), payload.decode("utf-8", "replace"), text}
    return {normal(symbology, spelling) for spelling in decoded if spelling}


def readings(shot: Shot, answer: Mapping[str, Any]) -> list[set[str]]:
    """Return what a reader accepted in a photograph, each reading in all its spellings."""
    return [
        spellings(shot.symbology, base64.b64decode(code["payload_b64"]), code["text"])
        for code in answer["codes"]
        if code["accepted"]
    ]


def score(chosen: Iterable[Shot], answers: Mapping[Path, Mapping[str, Any]]) -> Score:
    """Count one reader's answers."""
    counted = tuple(chosen)
    hits, misread, times = 0, [], []
    for shot in counted:
        answer = answers[shot.path]
        read = readings(shot, answer)
        times.append(float(answer["cpu_ms"]))
        hits += any(shot.truth & one for one in read)
        right = shot.truth | shot.also
        if shot.symbology not in NEVER_MISREAD and any(not right & one for one in read):
            misread.append(shot.path)
    return Score(
        pictures=len(counted),
        printed=sum(not shot.is_blank for shot in counted),
        hits=hits,
        misread=tuple(misread),
        median_ms=statistics.median(times),
        p95_ms=_p95(times),
    )


def _p95(times: Sequence[float]) -> float:
    return sorted(times)[int(0.95 * len(times))]


def chosen(every: Iterable[Shot], source: str, group: str) -> tuple[Shot, ...]:
    """Return the group's photographs of a source and the ones without a code."""
    return tuple(
        shot for shot in every if shot.source == source and (group in shot.groups or shot.is_blank)
    )


def fold_of(every: Iterable[Shot], count: int) -> dict[str, int]:
    """Return the fold of every subject: all photographs of one product lie in one."""
    subjects = sorted({shot.subject for shot in every})
    return {subject: at % count for at, subject in enumerate(subjects)}
