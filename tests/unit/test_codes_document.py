"""The table of precedence in docs/codes.md is what the code does, row by row and in its order."""

import ast
import re
from pathlib import Path

import pytest

from codes import ROOT, RULES, scan_of
from edge.barcodes.classify import classify

ROW = re.compile(r"\| ([0-9]+) \| [^|]+ \| `([^`]+)` \| ([a-z0-9_]+) \| ([A-Za-z ]+) \|")
AIMS = {
    "gs1_datamatrix": "]d2",
    "gs1_128": "]C1",
    "datamatrix": "]d1",
    "qr": "]Q1",
    "code128": "]C0",
    "ean13": "]E0",
}


def rows() -> list[tuple[int, bytes, str, list[str]]]:
    page = (ROOT / Path("docs/codes.md")).read_text("utf-8")
    return [
        (int(found[1]), ast.literal_eval(f'b"{found[2]}"'), found[3], found[4].split())
        for found in ROW.finditer(page)
    ]


@pytest.mark.parametrize(("step", "code", "symbology", "names"), rows())
def test_a_row_means_what_it_says(step: int, code: bytes, symbology: str, names: list[str]) -> None:
    meanings = classify(scan_of(code, symbology, aim=AIMS.get(symbology)), RULES)
    assert [type(meaning).__name__ for meaning in meanings] == names, step


def test_the_rows_stand_in_their_order_and_every_step_has_one() -> None:
    steps = [step for step, *_ in rows()]
    assert steps == sorted(steps)
    assert set(steps) == set(range(1, 12))
