"""Every photograph through decoder and identity gate: which codes would be taken without asking.

Needs RECEIVING_EDGE_BARCODES, the folder of the photographs with their manifest. Each picture is
held against three lists of what is expected: its own product, all other products, and all of
them. A code that is taken and is not what is printed ends the campaign with 1, but for the control.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

from _decode_truth import RETAIL, Shot, shots, spellings

from drivers.protocols import DeviceName, Evidence, Scan, ScanSource, Symbology
from edge.barcodes.classify import Rules, classify
from edge.barcodes.identity import Belief, Expected, ExpectedPiece, judge, judge_frame
from edge.barcodes.meanings import ItemCode, NumberCode, SsccCode
from edge.catalogue import CodeLimits

RULES: Final = Rules(site_keys=(bytes(32),))
ALL_ON: Final = CodeLimits(
    allow=frozenset(Symbology), itf_lengths=frozenset(range(1, 60)), code39_min=1
)
# Name, symbols that count, and whether every reading counts as certain, outvoted ones too: that one
# is a control, it shows what the list of what is expected does without the voting.
TRIALS: Final = (
    ("as shipped", CodeLimits(), False),
    ("all symbols on", ALL_ON, False),
    ("control: all symbols on, outvoted readings certain", ALL_ON, True),
)
_KINDS: Final = {"qrcode": "qr", "databar-omni": "databar", "upcean": "ean13"}


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/campaign identity", description=__doc__)
    parser.parse_args()
    named = os.environ.get("RECEIVING_EDGE_BARCODES")
    if not named:
        print("RECEIVING_EDGE_BARCODES names no folder of photographs", file=sys.stderr)
        return 2
    every = shots(Path(named))
    answers = _read([shot.path for shot in every])
    wrong = 0
    for symbols, limits, is_sure in TRIALS:
        for name, lists in _lists(every):
            counts, taken = _count(every, answers, lists, limits, is_sure=is_sure)
            wrong += 0 if is_sure else len(taken)
            told = ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))
            print(f"{symbols}, expected {name}: {told}, {len(taken)} wrong codes taken", flush=True)
            for path in taken:
                print(f"  wrong: {path}", flush=True)
    print(f"{len(every)} pictures, 3 lists, 2 trials: {wrong} wrong codes taken by themselves")
    return 1 if wrong else 0


def _read(paths: Sequence[Path]) -> dict[Path, dict[str, Any]]:
    program = str(Path(sys.executable).with_name("receiving-edge"))
    ran = subprocess.run(
        (program, "doctor", "decode"),
        input="".join(f"{path}\n" for path in paths).encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    rows = (json.loads(line) for line in ran.stdout.splitlines())
    return {Path(row["path"]): row for row in rows}


def _lists(every: Sequence[Shot]) -> Iterator[tuple[str, dict[Path, Expected]]]:
    own = {shot.path: _expected([shot]) for shot in every}
    yield "its own product", own
    others = {}
    for shot in every:
        known = [one for one in every if one.truth.isdisjoint(shot.truth | shot.also)]
        others[shot.path] = _expected(known)
    yield "all others", others
    whole = _expected(every)
    yield "all of them", {shot.path: whole for shot in every}


def _expected(known: Sequence[Shot]) -> Expected:
    pieces: list[ExpectedPiece] = []
    numbers: set[str] = set()
    for shot in known:
        for text in shot.truth:
            if shot.symbology in RETAIL:
                pieces.append(ExpectedPiece(gtin=text))
                continue
            for meaning in classify(_scan(text.encode(), shot.symbology), RULES):
                match meaning:
                    case ItemCode(gtin14=gtin, serial=serial):
                        pieces.append(ExpectedPiece(gtin=gtin, serials=(serial,) if serial else ()))
                    case SsccCode(sscc=number) | NumberCode(value=number):
                        numbers.add(number)
                    case other:
                        numbers.add(other.text.upper())
    return Expected(pieces=tuple(dict.fromkeys(pieces)), numbers=frozenset(numbers))


def _scan(payload: bytes, symbology: str, aim: str | None = None) -> Scan:
    known = {one.value for one in Symbology}
    name = _KINDS.get(symbology, symbology)
    return Scan(
        scan_no=0,
        payload=payload,
        device=DeviceName("cam-1"),
        source=ScanSource.CAMERA,
        first_ns=0,
        at_ns=0,
        aim_id=aim,
        symbology=Symbology(name) if name in known else Symbology.UNKNOWN,
    )


def _seen(code: dict[str, Any], *, is_sure: bool) -> Scan:
    votes = 9 if is_sure else int(code["votes"])
    evidence = Evidence(
        engines=frozenset(code["engines"]),
        votes=votes,
        runner_up=0 if is_sure or code["accepted"] else votes,  # the voting threw it out
    )
    scan = _scan(base64.b64decode(code["payload_b64"]), code["symbology"], code["aim"])
    return replace(scan, evidence=evidence)


def _count(
    every: Sequence[Shot],
    answers: dict[Path, dict[str, Any]],
    lists: dict[Path, Expected],
    limits: CodeLimits,
    *,
    is_sure: bool,
) -> tuple[Counter[str], list[Path]]:
    counts: Counter[str] = Counter()
    wrong: list[Path] = []
    for shot in every:
        expected = lists[shot.path]
        codes = answers[shot.path].get("codes", ())
        scans = [(code, _seen(code, is_sure=is_sure)) for code in codes]
        told = judge_frame([scan for _, scan in scans], RULES, expected, limits)
        counts["nothing read" if told is None else f"{told.belief}: {told.why}"] += 1
        for code, scan in scans:
            found = judge(scan, classify(scan, RULES), expected, limits)
            texts = spellings(shot.symbology, scan.payload, code["text"])
            if found.belief is Belief.ACCEPT and texts.isdisjoint(shot.truth | shot.also):
                wrong.append(shot.path)
    return counts, wrong


if __name__ == "__main__":
    sys.exit(main())
