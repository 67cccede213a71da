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


def missing(parcel: str, rma: str, follows: str) -> Act:
    """The centre's feed says at its cut-off that a parcel has come to no bench.

    A file that was taken in is not taken in again: after a power cut there is nothing to wait for.
    """

    def act(bench: RealBench) -> Seen:
        if follows in bench.kinds():
            return Seen(no=None, kinds=())
        row = {"release_id": f"missing-{rma}", "parcel": parcel, "rma": rma, "decision": "missing"}
        bench.feed("releases", [row | {"by": "desk-7", "at": "2026-11-28T20:00:00Z"}])
        return bench.wait_for(follows)

    return act


def is_late(bench: RealBench) -> Seen:
    """The clock of the open parcel has run out: it is told, its screen and the doubts say so."""
    parcel = bench.events("parcel.arrived")[-1]["parcel"]
    if not any(one["parcel"] == parcel for one in bench.events("sla.warning")):
        bench.wait_for("sla.warning")
    assert bench.view["work"]["due"]["p"]["left"] == {"t": "left.late"}, bench.view
    bench.badge()
    doubts = [one["t"] for one in bench.view["work"]["doubts"]]
    assert "doubt.parcel_late" in doubts, doubts
    bench.press("esc")
    return Seen(no=None, kinds=())


LATE_CASES: Final[Mapping[str, Case]] = {
    "parcel-missing": Case(
        returns=(line("LT-2", "1", SHIRT, box(952), due_at="2026-11-27T18:00:00Z"),),
        acts=(missing(box(952), "LT-2", "parcel.missing"),),
        leaves=("parcel.missing",),
        says={"parcel.missing": {"rma": "LT-2", "tracking": box(952),
                                 "expected_by": "2026-11-27T18:00:00Z",
                                 "cut_off": "2026-11-28T20:00:00Z"}},
    ),
    "parcel-late": Case(
        returns=(line("LT-4", "1", SHIRT, box(954), due_at="2026-11-27T18:00:00Z"),),
        acts=(scan(box(954)), is_late, item(SHIRT), put),
        leaves=("parcel.arrived", "sla.warning", "put.confirmed", "parcel.closed"),
        says={"sla.warning": {"rule": "parcel", "due": "2026-11-27T18:00:00.000Z"}},
        cut=1,
    ),
    "parcel-not-missing": Case(
        returns=(line("LT-3", "1", SHIRT, box(953)),),
        acts=(scan(box(953)), item(SHIRT), put, missing(box(953), "LT-3", "config.refused")),
        leaves=("parcel.closed", "config.refused"),
        says={"config.refused": {"id": "releases"}},
    ),
    "put-late": Case(
        returns=(line("LT-1", "1", SHIRT, box(951)),),
        acts=(scan(box(951)), item(SHIRT), press("enter"), comes("put.overdue"), put),
        leaves=("verdict.made", "put.overdue", "put.confirmed", "unit.closed"),
        says={"put.overdue": {"expected": "resale/RESTOCK"}},
        cut=3,
    ),
}  # fmt: skip
