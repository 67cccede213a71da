"""What lasts longer than a shift: a unit that waits for the look of another person."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cases import bench_of
from quality_cases import LOOK_CASES, LOOKS
from real_bench import RealBench

LAID = 5  # acts until the unit lies in the tray of waiting units


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[RealBench]:
    """A station that draws every unit."""
    with bench_of(tmp_path, LOOKS) as station:
        yield station


@pytest.mark.timeout(120)
def test_a_waiting_unit_is_found_again_after_a_power_cut_and_a_shift(bench: RealBench) -> None:
    case = LOOK_CASES["second-look"]
    for act in case.acts[:LAID]:
        act(bench)
    unit = bench.events("unit.parked")[-1]["unit"]
    bench.badge("0417")  # the summary
    assert [one["t"] for one in bench.view["work"]["doubts"]] == ["doubt.recheck"]
    bench.badge("0417")
    assert bench.events("operator.out")[-1]["doubts"] == [f"unit/{unit}"]
    bench.kill()
    bench.start()
    bench.badge("0417")
    assert bench.tray("Q1").no == "E52"
    bench.badge("0502")
    for act in case.acts[-3:-1]:
        act(bench)
    assert bench.view["stage"]["t"] == "stage.all_ok"
    assert bench.view["work"]["answered"] == []
    case.acts[-1](bench)
    assert bench.kinds().count("quality.rechecked") == 1
    assert sum(kind.startswith("refund.") for kind in bench.kinds()) == 1
