"""Scripts of what a shift has beside parcels: badges, locks, doubts told, feeds that are wrong."""

from collections.abc import Mapping
from typing import Final

from cases import SHIRT, Case, box, item, line, mark, press, put, scan, tray
from real_bench import RealBench, Seen


def _locked_and_back(bench: RealBench) -> Seen:
    bench.press("f3")
    return bench.badge()


def _out_and_in(bench: RealBench) -> Seen:
    """The own badge shows the shift, once more ends it; another shift begins."""
    bench.badge()
    bench.badge()
    return bench.badge()


def _another_person(bench: RealBench) -> Seen:
    """A colleague takes the bench over, and gives it back."""
    bench.badge("0502")
    return bench.badge()


def _withdrawn(bench: RealBench) -> Seen:
    bench.press("f12")
    return bench.supervise()


def _wrong_feed(bench: RealBench) -> Seen:
    bench.feed("items", ({"gtin": "not an article"},))
    return bench.wait_for("config.refused")


SHIFT_CASES: Final[Mapping[str, Case]] = {
    "in-its-window": Case(
        returns=(line("SH-1", "1", SHIRT, box(971), window_until="2099-01-01T00:00:00Z"),),
        acts=(scan(box(971)), item(SHIRT), put),
        leaves=("verdict.made", "put.confirmed", "refund.eligible", "unit.closed"),
    ),
    "mark-taken-back": Case(
        returns=(line("SH-2", "1", SHIRT, box(972)),),
        acts=(scan(box(972)), item(SHIRT), mark("stain"), press("backspace"), put),
        leaves=("inspection.marked", "inspection.withdrawn", "verdict.made", "put.confirmed"),
        says={"put.confirmed": {"zone": "resale"}},
    ),
    "question-is-wrong": Case(
        returns=(line("SH-3", "1", SHIRT, box(973)),),
        acts=(scan(box(973)), item(SHIRT), press("f1", "8"), put),
        leaves=("unit.identified", "operator.feedback", "put.confirmed"),
    ),
    "danger": Case(
        returns=(line("SH-5", "1", SHIRT, box(975)),),
        acts=(scan(box(975)), item(SHIRT), press("f11"), press("1"), tray("Z1")),
        leaves=("danger.raised", "danger.kind", "verdict.made", "put.confirmed"),
        says={"put.confirmed": {"zone": "hazmat"}},
    ),
    "danger-by-mistake": Case(
        returns=(line("SH-6", "1", SHIRT, box(976)),),
        acts=(scan(box(976)), item(SHIRT), press("f11"), _withdrawn, put),
        leaves=("danger.raised", "danger.withdrawn", "put.confirmed"),
        says={"put.confirmed": {"zone": "resale"}},
    ),
    "unit-laid-aside": Case(
        returns=(line("SH-4", "1", SHIRT, box(974)),),
        acts=(scan(box(974)), item(SHIRT), press("esc"), item(SHIRT), put),
        leaves=("unit.opened", "unit.parked", "inspection.started", "put.confirmed"),
    ),
    "locked": Case(acts=(_locked_and_back,), leaves=("station.locked", "operator.in")),
    "hand-over": Case(acts=(_another_person,), leaves=("operator.handover", "operator.handover")),
    "log-out": Case(acts=(_out_and_in,), leaves=("operator.out", "operator.in")),
    "wrong-feed": Case(
        acts=(_wrong_feed,),
        leaves=("config.refused",),
        says={"config.refused": {"what": "catalogue", "id": "items"}},
    ),
}
