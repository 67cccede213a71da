"""Codes in photographs and in camera frames: `doctor decode` beside plain pyzbar and zxing-cpp.

Needs RECEIVING_EDGE_BARCODES, the folder of the photographs with their manifest. Every reader runs
in a process of its own over all of them; CPU time is that of one thread, without loading the file.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from _decode_gate import gate_rows
from _decode_rates import EIGHT, STREAM, eight_rows, stream_rows
from _decode_truth import GROUPS, SOURCES, Score, Shot, chosen, fold_of, score, shots

HERE: Final = Path(__file__).parent
STATION: Final = (str(Path(sys.executable).with_name("receiving-edge")), "doctor", "decode")
OURS: Final = "receiving-edge"
BARE: Final = "receiving-edge without libzbar0"
FOLDS: Final = 5
LEADS: Final = {"pyzbar": 20.0, "zxing": 4.0}  # points of recall over the peers
MEDIAN_MS: Final = 9.0
P95_MS: Final = 200.0
FRAMES_PER_S: Final = 40.0
FRAMES_TIMES: Final = 3.0
EIGHT_MS: Final = 25.0
Answers = dict[Path, dict[str, Any]]
Row = dict[str, Any]


def run(_seconds: float) -> list[Row]:
    """Return rows: photographs by source and group, folds, frames, and the bars."""
    named = os.environ.get("RECEIVING_EDGE_BARCODES")
    if not named:
        return [{"name": "RECEIVING_EDGE_BARCODES names no folder of photographs"}]
    every = shots(Path(named))
    answers = dict(_answers(every))
    photographs = [
        _photograph_row(name, source, group, score(chosen(every, source, group), read))
        for group in GROUPS
        for source in SOURCES
        for name, read in answers.items()
    ]
    frames = [*stream_rows(OURS), *eight_rows(OURS)]
    gate = list(gate_rows(every, answers[OURS]))
    bars = [
        *_bars(every, answers, frames),
        _most("wrong codes taken", sum(r["wrong"] for r in gate), 0),
    ]
    return [*photographs, *_fold_rows(every, answers), *gate, *frames, *bars]


# ---------------------------------------------------------------- photographs


def _answers(every: Sequence[Shot]) -> Iterator[tuple[str, Answers]]:
    paths = [shot.path for shot in every]
    yield OURS, _asked(STATION, paths)
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "pyzbar"
        package.mkdir()
        absent = 'raise ImportError("Unable to find zbar shared library")\n'
        (package / "__init__.py").write_text(absent, encoding="utf-8")
        yield BARE, _asked(STATION, paths, PYTHONPATH=folder)
    for name in LEADS:
        command = (sys.executable, "-P", str(HERE / "_decode_peer.py"), name)
        read = _asked(command, paths)
        if read:
            yield name, read


def _asked(command: Sequence[str], paths: Sequence[Path], **changes: str) -> Answers:
    asked = "".join(f"{path}\n" for path in paths)
    ran = subprocess.run(
        command,
        input=asked.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
        env=os.environ | changes,
    )
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    return {Path(line["path"]): {"codes": [], "cpu_ms": 0.0} | line for line in lines}


def _photograph_row(name: str, source: str, group: str, counted: Score) -> Row:
    return {
        "name": f"{source} {group}: {name}",
        "pictures": counted.pictures,
        "recall": round(counted.recall, 1),
        "misread": len(counted.misread),
        "per_1000": round(counted.per_mille, 1),
        "median_ms": round(counted.median_ms, 1),
        "p95_ms": round(counted.p95_ms, 1),
    }


def _fold_rows(every: Sequence[Shot], answers: Mapping[str, Answers]) -> Iterator[Row]:
    """How the lead over each peer differs between groups of products that share no picture."""
    folds = fold_of(every, FOLDS)
    for source in SOURCES:
        for peer in (name for name in LEADS if name in answers):
            leads = [
                score(part, answers[OURS]).recall - score(part, answers[peer]).recall
                for fold in range(FOLDS)
                if (part := [s for s in chosen(every, source, "core") if folds[s.subject] == fold])
            ]
            spread = {"least": round(min(leads), 1), "most": round(max(leads), 1)}
            yield {"name": f"{source} core: lead over {peer} in {FOLDS} folds", **spread}


# ---------------------------------------------------------------- bars


def _bars(
    every: Sequence[Shot], answers: Mapping[str, Answers], frames: Sequence[Row]
) -> Iterator[Row]:
    """What is promised, held against this very run."""
    for source in SOURCES:
        counted = {name: score(chosen(every, source, "core"), answers[name]) for name in answers}
        ours = counted[OURS]
        for peer, lead in ((name, lead) for name, lead in LEADS.items() if name in counted):
            yield _least(f"{source}: recall over {peer}", ours.recall - counted[peer].recall, lead)
        yield _most(f"{source}: misreads per 1000", ours.per_mille, counted["zxing"].per_mille)
        yield _most(f"{source}: median ms", ours.median_ms, MEDIAN_MS)
        yield _most(f"{source}: p95 ms", ours.p95_ms, P95_MS)
    by_name = {row["name"]: row for row in frames}
    stream, eight = by_name[f"{STREAM}: {OURS}"], by_name[f"{EIGHT}: {OURS}"]
    yield _least(f"{STREAM}: frames a second", stream["per_s"], FRAMES_PER_S)
    if other := by_name.get(f"{STREAM}: pyzbar"):
        yield _least(f"{STREAM}: times pyzbar", stream["per_s"] / other["per_s"], FRAMES_TIMES)
    yield _least(f"{EIGHT}: read", eight["read"], eight["codes"])
    yield _most(f"{EIGHT}: median ms", eight["median_ms"], EIGHT_MS)


def _least(name: str, got: float, bar: float) -> Row:
    return {"name": f"bar: {name}", "got": round(got, 1), "bar": round(bar, 1), "holds": got >= bar}


def _most(name: str, got: float, bar: float) -> Row:
    return {"name": f"bar: {name}", "got": round(got, 1), "bar": round(bar, 1), "holds": got <= bar}
