"""Scripts of what does not come, or not in time."""

from collections.abc import Mapping
from typing import Final

from cases import SHIRT, Act, Case, box, item, line, press, put, scan
from config_folder import change
from real_bench import RealBench, Seen


def impatient(bench: RealBench) -> None:
    """A decided unit is late for its tray after a second."""
    known = "key_epoch_ms = 0"
    change(bench.config, "station.toml", known, f"{known}\nput_s = 1")


def comes(kind: str) -> Act:
    """Nobody does anything until this is said of the newest unit."""

    def act(bench: RealBench) -> Seen:
        unit = bench.events("unit.opened")[-1]["unit"]
        if any(one["unit"] == unit for one in bench.events(kind)):
            return Seen(no=None, kinds=())
        return bench.wait_for(kind)

    return act


LATE_CASES: Final[Mapping[str, Case]] = {
    "put-late": Case(
        returns=(line("LT-1", "1", SHIRT, box(951)),),
        acts=(scan(box(951)), item(SHIRT), press("enter"), comes("put.overdue"), put),
        leaves=("verdict.made", "put.overdue", "put.confirmed", "unit.closed"),
        says={"put.overdue": {"expected": "resale/RESTOCK"}},
        cut=3,
    ),
}
