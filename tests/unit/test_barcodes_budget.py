"""What a hostile code costs: steps are counted, not time; patterns cannot run away."""

import importlib
import pkgutil
import re
import sys
from types import FrameType
from typing import Any

import pytest

import edge.barcodes
from codes import RULES, scan_of
from drivers.protocols import SCAN_BYTES_MAX, Symbology
from edge.barcodes.classify import classify
from edge.barcodes.numbers import open_ways
from edge.barcodes.spelled import read_spelled

STEPS_MAX = 4_000  # calls; twenty good elements take about that
SIZE = SCAN_BYTES_MAX

HOSTILE: dict[str, str | bytes] = {
    "digits": "1" * SIZE,
    "labels": "RX-" + "A" * (SIZE - 3),
    "elements": ("01046071120100171726123110A\x1d" * 200)[:SIZE],
    "one element": "0104607112010017" + "21" + "9" * (SIZE - 18),
    "torn marks": ("0104607112010017215Abc91EE0692" * 200)[:SIZE],
    "separators": "\x1d" * SIZE,
    "fields": ("99a\x1d" * 2000)[:SIZE],
    "link": "https://a/" + "01/04607112010017/" * 227,
    "attributes": "https://a/01/04607112010017?" + "10=a&" * 800,
    "escapes": "https://a/01/04607112010017/21/" + "%41" * 1300,
    "brackets": ("(01)04607112010017(21)a" * 200)[:SIZE],
    "open brackets": "(" * SIZE,
    "dashes": "-" * SIZE,
    "letters": "A" * SIZE,
    "hidden": "\u202e" * 1365,
    "no text": b"\xff" * SIZE,
    "suspect": "0104607112010017" + "10" + "10a91b17240" * 20,
}


def steps_of(text: str | bytes, symbology: str, aim: str | None) -> int:
    """Count calls of Python and C functions while one code is classified."""
    counted = 0

    def count(_frame: FrameType, event: str, _given: Any) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    scan = scan_of(text, symbology, aim=aim)
    classify(scan, RULES)  # patterns are compiled once
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        classify(scan, RULES)
    finally:
        sys.setprofile(before)
    return counted


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(("symbology", "aim"), [("unknown", None), ("gs1_datamatrix", "]d2")])
def test_no_code_of_the_largest_size_takes_many_steps(
    name: str, symbology: str, aim: str | None
) -> None:
    assert 0 < steps_of(HOSTILE[name], symbology, aim) <= STEPS_MAX


@pytest.mark.parametrize("kind", Symbology)
def test_a_long_run_of_digits_is_cheap_in_every_symbol(kind: Symbology) -> None:
    assert steps_of("0" * SIZE, kind, None) <= STEPS_MAX


def test_no_pattern_of_ours_repeats_inside_a_repeat() -> None:
    patterns = {
        found.pattern
        for module in pkgutil.iter_modules(edge.barcodes.__path__)
        for found in vars(importlib.import_module(f"edge.barcodes.{module.name}")).values()
        if isinstance(found, re.Pattern) and isinstance(found.pattern, str)
    }
    assert len(patterns) > 10
    assert [text for text in patterns if open_ways(text) is None] == []


@pytest.mark.parametrize("form", ["wire", "bracketed", "uri", "scan"])
@pytest.mark.parametrize("name", [name for name, text in HOSTILE.items() if isinstance(text, str)])
def test_every_spelling_of_a_hostile_text_is_answered(form: str, name: str) -> None:
    text = HOSTILE[name]
    assert isinstance(text, str)
    assert not read_spelled(form, text).valid or name in ("link", "attributes", "suspect")
