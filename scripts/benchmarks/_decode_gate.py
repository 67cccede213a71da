"""The identity gate over what the photographs gave: what would be accepted without a person.

Two expected lists a picture: its own product alone, and a catalogue of all products but its own.
Every reading is put to the gate, also those that did not pass the vote, as if nothing spoke
against it, and with every symbology switched on.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from _decode_truth import RETAIL, Shot, spellings

from drivers.protocols import DeviceName, Evidence, Scan, ScanSource, Symbology
from edge.barcodes.classify import Rules, classify
from edge.barcodes.identity import LIMITS, Belief, Expected, ExpectedPiece, judge
from edge.barcodes.numbers import compile_rules, read_rows

ROOT: Final = Path(__file__).parents[2]
WIDE: Final = replace(LIMITS, allow=frozenset(Symbology), code39_min=1)


def gate_rows(
    every: Sequence[Shot], answers: Mapping[Path, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Return how many readings would be taken, right and wrong, under each expected list."""
    catalogue = frozenset((shot.symbology in RETAIL, one) for shot in every for one in shot.truth)
    lists = {
        "its own product": lambda shot: {(shot.symbology in RETAIL, one) for one in shot.truth},
        "all products but its own": lambda shot: {
            (kind, one) for kind, one in catalogue if one not in shot.truth | shot.also
        },
    }
    for name, listed in lists.items():
        right = wrong = 0
        for shot in every:
            expected = _expected(listed(shot))
            for code in answers[shot.path]["codes"]:
                if _is_taken(code, expected):
                    is_right = bool(_texts(shot, code) & (shot.truth | shot.also))
                    right, wrong = right + is_right, wrong + (not is_right)
        yield {"name": f"identity gate, expected: {name}", "read": right, "wrong": wrong}


def _expected(listed: set[tuple[bool, str]]) -> Expected:
    return Expected(
        pieces=tuple(ExpectedPiece(gtin=text) for is_retail, text in listed if is_retail),
        numbers=frozenset(text.upper() for is_retail, text in listed if not is_retail),
    )


def _texts(shot: Shot, code: Mapping[str, Any]) -> set[str]:
    return spellings(shot.symbology, base64.b64decode(code["payload_b64"]), code["text"])


def _is_taken(code: Mapping[str, Any], expected: Expected) -> bool:
    scan = Scan(
        scan_no=1,
        payload=base64.b64decode(code["payload_b64"]),
        device=DeviceName("top"),
        source=ScanSource.CAMERA,
        first_ns=0,
        at_ns=0,
        aim_id=code["aim"],
        symbology=Symbology(code["symbology"]),
        evidence=Evidence(engines=frozenset(code["engines"]), votes=code["votes"]),
    )
    return judge(scan, classify(scan, _rules()), expected, WIDE).belief is Belief.ACCEPT


@cache
def _rules() -> Rules:
    rows = read_rows((ROOT / "config" / "barcodes.toml").read_text("utf-8"))
    return Rules(site_keys=(), numbers=compile_rules(rows))
