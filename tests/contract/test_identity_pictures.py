"""Photographs through the real decoder and the identity gate: no wrong code is taken by itself."""

import os
import re
import subprocess
import sys

import pytest

from source_tree import ROOT

CAMPAIGN = ROOT / "scripts" / "campaigns" / "identity.py"


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_no_photograph_gives_a_wrong_code_and_most_give_the_right_one() -> None:
    ran = subprocess.run(
        [sys.executable, "-P", str(CAMPAIGN)],
        env={**os.environ, "RECEIVING_EDGE_BARCODES": str(ROOT / "tests" / "data" / "barcodes")},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    *rows, last = ran.stdout.splitlines()
    assert last.endswith("0 wrong codes taken by themselves")
    own = next(row for row in rows if row.startswith("all symbols on, expected its own"))
    taken = re.search(r"([0-9]+) accept: expected", own)
    assert taken is not None
    assert int(taken[1]) > 80
