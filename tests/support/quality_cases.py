"""Scripts of second looks: what is drawn, who looks, who decides."""

from collections.abc import Mapping
from typing import Final

from cases import SHIRT, Act, Case, Group, box, item, line, mark, press, scan, tray
from config_folder import change
from real_bench import RealBench, Row

SETTINGS: Final = """
[quality]
tray = "Q1"
percent = 100
"""


def with_tray(bench: RealBench) -> None:
    """Put the tray of waiting units on the floor."""
    tray = '  { id = "Q1", zone = "hold", fixed = true },\n'
    change(bench.config, "floor.toml", "tray = [", f"tray = [\n{tray}")


def badge(number: str) -> Act:
    """Scan a badge."""
    return lambda bench: bench.badge(number)


def _laid(n: int) -> tuple[Act, ...]:
    """The first person's part: the parcel, the shirt, the zone; then the tray that is asked for."""
    return (badge("0417"), scan(box(n)), item(SHIRT), tray("A1"), tray("Q1"))


LOOK_CASES: Final[Mapping[str, Case]] = {
    "second-look": Case(
        returns=(line("QL-1", "1", SHIRT, box(901)),),
        acts=(*_laid(901), badge("0502"), tray("Q1"), item(SHIRT), tray("A1")),
        cut=4,
        leaves=(
            "inspection.finished",
            "verdict.made",
            "unit.parked",
            "parcel.closed",
            "unit.opened",
            "verdict.made",
            "quality.rechecked",
            "put.confirmed",
            "refund.review",
        ),
        says={
            "quality.rechecked": {"way": "random", "agree": True},
            "unit.parked": {"recheck": "random", "grader": "0417", "place": "Q1"},
            "put.confirmed": {"operator": "0502", "zone": "resale"},
        },
    ),
    "second-look-differs": Case(
        returns=(line("QL-2", "1", SHIRT, box(902)),),
        acts=(
            *_laid(902),
            badge("0502"),
            tray("Q1"),
            item(SHIRT),
            mark("fabric"),
            press("enter"),
            press("f12"),
            lambda bench: bench.supervise("1"),
            tray("A1"),
        ),
        cut=9,
        leaves=(
            "verdict.made",
            "unit.parked",
            "verdict.made",
            "quality.rechecked",
            "correction.made",
            "quality.rechecked",
            "verdict.changed",
            "put.confirmed",
        ),
        says={
            "quality.rechecked": {"agree": False, "adjudicated": "first", "supervisor": "0001"},
            "verdict.changed": {"by": "supervisor", "supervisor": "0001"},
            "put.confirmed": {"zone": "resale"},
        },
    ),
}

LOOKS: Final = Group(cases=LOOK_CASES, settings=SETTINGS, prepare=with_tray)


def _gold(rma: str, n: int, zone: str, grade: str) -> tuple[Row, ...]:
    return (line(rma, "1", SHIRT, box(n), audit=True, known_zone=zone, known_grade=grade),)


GOLD_CASES: Final[Mapping[str, Case]] = {
    "gold-right": Case(
        returns=_gold("QG-1", 911, "resale", "A"),
        acts=(scan(box(911)), item(SHIRT), tray("A1")),
        cut=1,
        leaves=(
            "parcel.arrived",
            "unit.opened",
            "verdict.made",
            "put.confirmed",
            "refund.review",
            "quality.rechecked",
            "parcel.closed",
        ),
        says={
            "quality.rechecked": {"way": "gold", "agree": True, "audit": True},
            "put.confirmed": {"audit": True},
        },
    ),
    "gold-missed": Case(
        returns=_gold("QG-2", 912, "repair", "C"),
        acts=(scan(box(912)), item(SHIRT), tray("A1")),
        leaves=("verdict.made", "put.confirmed", "quality.rechecked", "parcel.closed"),
        says={
            "quality.rechecked": {"way": "gold", "agree": False, "adjudicated": "second"},
        },
    ),
}
TARGETS: Final = """
[[target]]
name = "oms"
kind = "http-batch"
url = "http://127.0.0.1:9/oms"
events = ["*", "scan.*"]

[[target]]
name = "bi"
kind = "http-batch"
url = "http://127.0.0.1:9/bi"
events = ["*", "scan.*"]
audit = true
"""


def with_targets(bench: RealBench) -> None:
    """Two central systems that are away: what is kept for each stands in the journal."""
    with (bench.config / "sync.toml").open("a", encoding="utf-8") as sync:
        sync.write(TARGETS)


GOLD: Final = Group(cases=GOLD_CASES, prepare=with_targets)
