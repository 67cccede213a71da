"""Benchmarks are run by hand and seldom: that each can be loaded is seen here."""

import subprocess
import sys

from source_tree import ROOT

BENCHMARKS = ROOT / "scripts" / "benchmarks"


def test_every_benchmark_can_be_loaded_by_its_runner() -> None:
    command = [sys.executable, "-P", str(BENCHMARKS / "_frame.py"), "--list"]
    listed = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/")
    assert listed.returncode == 0, listed.stderr
    subjects = dict(line.split(": ", 1) for line in listed.stdout.splitlines())
    files = {path.stem for path in BENCHMARKS.glob("*.py") if not path.stem.startswith("_")}
    assert subjects.keys() == files
    assert all(subjects.values())
