"""A whole training course at a real station: its own journal, and nothing of it anywhere else."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from cases import SHIRT, Act, bench_of, box, item, line, mark, press, well
from quality_cases import GOLD
from real_bench import PIN, RealBench

TASKS: Final[tuple[tuple[Act, ...], ...]] = (
    (),
    (),  # the hole is not seen
    (well,),
    (mark("pair"),),
    (mark("stain"),),
    (mark("cover", 2),),
    (lambda bench: _answers(bench, {"power": "2"}),),
    (press("f11"), press("3")),
    (mark("upper"),),
    (mark("identity"),),
    (lambda bench: _answers(bench, {"safety": "2"}),),
    (mark("film"),),
)
TRAYS: Final = ("T1-A1", "T1-A1", "T1-B1", "T4-H1", "T2-R1", "T3-D1",
                "T2-R1", "T5-Z1", "T1-B1", "T4-H1", "T3-D1", "T1-B1")  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[RealBench]:
    """A station with targets, a parcel that is awaited, and the shipped course."""
    rows = [line("TR-1", "1", SHIRT, box(931))]
    station = bench_of(tmp_path, GOLD)
    station.feed("returns", rows)
    with station:
        yield station


def _answers(bench: RealBench, wrong: dict[str, str]) -> Any:
    seen = None
    while (must := bench.view["work"].get("must")) is not None:
        step = must["step"]
        seen = bench.press(wrong.get(step, "2" if step == "seal" else "1"))
    return seen


def _supervisor(bench: RealBench) -> None:
    bench.press("f12")
    bench.badge("0001")
    bench.press(*PIN, "enter")


def _task(bench: RealBench, number: int) -> None:
    bench.lesson(f"P{number:02d}")
    bench.lesson(f"U{number:02d}")
    for act in TASKS[number - 1]:
        act(bench)
    seen = bench.lesson(TRAYS[number - 1])
    assert seen.no is None, (number, seen, bench.view)


def _trained(bench: RealBench) -> list[tuple[str, dict[str, Any]]]:
    with closing(sqlite3.connect(bench.data / "training" / "journal.db")) as journal:
        rows = journal.execute("SELECT kind, body FROM event ORDER BY seq").fetchall()
        assert journal.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
    return [(kind, json.loads(body)["data"]) for kind, body in rows]


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.shift("training")
def test_a_course_of_twelve_tasks_leaves_the_work_untouched(bench: RealBench) -> None:
    bench.badge()
    assert bench.lesson("P01").no == "E03"
    assert bench.lesson("T1-A1").no == "E03"
    before = bench.kinds()
    _supervisor(bench)
    bench.wait_for_mode("training")
    assert bench.state == "IDLE"
    work = len(bench.kinds())
    assert bench.kinds()[len(before) :].count("station.locked") == 1

    assert bench.scan(box(931)).no == "E05"
    assert bench.tray("A1").no == "E05"
    assert item(SHIRT)(bench).no == "E05"
    assert bench.badge("0502").no == "E06"
    assert bench.view["head"]["course"] == {"task": 1, "of": 12, "wrong": 0}
    for number in range(1, 5):
        _task(bench, number)
    assert bench.lesson("P03").no == "E07"

    bench.lesson("P05")
    bench.lesson("U05")
    bench.kill()
    bench.start()
    assert (bench.view["mode"], bench.state) == ("training", "RESUME")
    bench.press("enter")
    assert bench.view["coach"][0]["t"] == "ui.story"
    TASKS[4][0](bench)
    assert bench.lesson(TRAYS[4]).no is None
    for number in range(6, 13):
        _task(bench, number)

    report = bench.view["work"]
    assert (report["kind"], report["is_over"], report["wrong"]) == ("training", True, 1)
    assert report["is_passed"]
    assert [one["p"]["no"] for one in report["mistakes"]] == ["TR-P02"]
    assert bench.lesson("P01").no == "E08"
    told = _trained(bench)
    assert {data["mode"] for _, data in told} == {"training"}
    looks = [data for kind, data in told if kind == "quality.rechecked"]
    assert [one["agree"] for one in looks].count(True) == 11
    beside = ("device.", "station.", "sync.")
    assert [kind for kind in bench.kinds()[work:] if not kind.startswith(beside)] == []

    _supervisor(bench)
    bench.wait_for_mode("live")
    assert bench.state == "LOCKED"
    bench.badge()
    bench.scan(box(931))
    bench.item(SHIRT)
    assert "put.confirmed" in bench.tray("A1").kinds
    assert sum(kind == "put.confirmed" for kind in bench.kinds()) == 1
