"""What lasts longer than a shift: a unit that waits for the look of another person."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from cases import SHIRT, Group, bench_of, box, line, play
from quality_cases import GOLD, GOLD_CASES, LOOK_CASES, LOOKS
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


@pytest.mark.timeout(120)
def test_nothing_of_a_test_piece_is_kept_for_stock_orders_or_money(tmp_path: Path) -> None:
    plain = line("QG-9", "1", SHIRT, box(919))
    case = GOLD_CASES["gold-missed"]
    group = Group(
        cases={"gold": replace(case, returns=(*case.returns, plain))}, prepare=GOLD.prepare
    )
    with bench_of(tmp_path, group) as bench:
        bench.badge()
        before = _kept(bench, "oms")
        play(bench, case)
        bench.press("f9")
        bench.tray("A1")
        assert _kept(bench, "oms") == before
        seen = _kept(bench, "bi")
        assert {"scan.read", "parcel.arrived", "put.confirmed", "refund.review"} <= set(seen)
        assert {"quality.rechecked", "correction.made", "document.data"} <= set(seen)
        bench.scan(box(919))
        bench.item(SHIRT)
        bench.tray("A1")
        assert {"parcel.arrived", "put.confirmed", "refund.review"} <= set(_kept(bench, "oms"))


def _kept(bench: RealBench, target: str) -> list[str]:
    query = (
        "SELECT e.kind FROM outbox o JOIN event e ON e.seq = o.seq JOIN target t"
        " ON t.id = o.target WHERE t.name = ? ORDER BY e.seq"
    )
    with closing(sqlite3.connect(bench.data / "journal.db")) as journal:
        return [str(kind) for (kind,) in journal.execute(query, (target,))]


@pytest.mark.timeout(120)
def test_a_unit_that_was_looked_at_twice_waits_no_more_after_a_power_cut(bench: RealBench) -> None:
    case = LOOK_CASES["second-look"]
    play(bench, case, kill_after=len(case.acts) - 1)
    bench.badge("0502")  # the summary
    assert bench.view["work"]["doubts"] == []
