"""What the screen counts while the work goes on: at a real station, before and after a kill."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cases import SHIRT, box, items, line
from real_bench import RealBench


def day_of(view: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = view["work"].get("day", {})
    return found


def test_figures_follow_the_work_outlive_a_kill_and_lose_what_was_undone(tmp_path: Path) -> None:
    returns = [line("RM-1", "1", SHIRT, box(1)), line("RM-1", "2", SHIRT, box(1), qty=2)]
    with RealBench(tmp_path, returns=returns, items=items()) as bench:
        bench.badge()
        bench.scan(box(1))
        bench.item(SHIRT)
        bench.press("7")
        put = bench.tray("B1" if bench.view["work"]["proposed"]["zone"] == "resale" else "R1")
        assert "put.confirmed" in put.kinds, put
        bench.press("esc")
        day = day_of(bench.until_shown(lambda view: day_of(view).get("units") == 1))
        assert day["measured"] == 1
        assert day["acts_tenths"] == 30  # the piece, a mark, the tray
        assert day["defects"][0][1] == 1
        assert bench.view["side"]["last"][0]["t"]
        assert bench.view["undo"]["left_s"] > 0

        bench.kill()
        bench.start()
        bench.press("esc")
        again = day_of(bench.until_shown(lambda view: day_of(view).get("units") == 1))
        assert again == day

        bench.press("f8")
        shift = bench.until_shown(lambda view: bool(view["work"].get("figures")))["work"]
        assert shift["figures"]["zones"] == day["zones"]
        assert shift["figures"]["acts_tenths"] == 30
        bench.press("esc")
