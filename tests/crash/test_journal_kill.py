"""SIGKILL at any moment: what was acknowledged is there, the chain holds, work goes on.

A kill cannot tell `synchronous=FULL` from NORMAL; that needs a power cut.
"""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import journal_writer_process
from edge.journal.reader import Reader

KILLS = 12


def _killed_run(folder: Path, producers: int, lines_before: int) -> list[str]:
    """Start a writer, kill it after some acknowledgements, return all that it got out."""
    environment = os.environ | {"PYTHONPATH": str(Path(journal_writer_process.__file__).parent)}
    with subprocess.Popen(
        [sys.executable, journal_writer_process.__file__, str(folder), str(producers)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        lines = [process.stdout.readline() for _ in range(lines_before)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    return [line for line in lines if line.endswith("\n")]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("producers", [1, 32])
def test_what_was_acknowledged_survives_a_kill_at_any_moment(
    tmp_path: Path, producers: int
) -> None:
    rng = random.Random(20261124 + producers)
    acknowledged: dict[int, str] = {}
    for _ in range(KILLS // 2):
        for line in _killed_run(tmp_path, producers, rng.randrange(1, 400)):
            seq, given = line.split()
            assert int(seq) not in acknowledged, "a sequence was given twice"
            acknowledged[int(seq)] = given
        with Reader(tmp_path / "journal.db") as reader:
            report = reader.verify()
            assert report.is_good, f"broken: {report.broken}"
            assert report.first_seq == 1
            assert report.last_seq == report.events >= max(acknowledged)
            stored = {one.seq: one.data["input"] for one in reader.events(1)}
        assert acknowledged.items() <= stored.items()
    assert len(acknowledged) > KILLS
