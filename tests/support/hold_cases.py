"""Scripts of numbers, holds and pieces that come back, at a real station."""

from collections.abc import Mapping
from typing import Any, Final

from cases import (
    PHONE,
    SHIRT,
    STRANGER,
    Act,
    Case,
    answer,
    box,
    item,
    line,
    mark,
    piece,
    press,
    put,
    scan,
    tray,
    well,
)
from real_bench import RealBench, Row, Seen

SETTINGS: Final = """
[lpn]
mode = "preprinted"
max_rework = 1

[hold]
hours = 24
"""
_IMEI: Final = "356938035643809"


def supervise(reason: str = "1") -> tuple[Act, ...]:
    """Badge, PIN and reason of the supervisor, act by act of the hand."""
    return (lambda bench: bench.supervise(reason),)


def released(decision: str, zone: str = "") -> Act:
    """The centre's word on the newest held unit comes down the feed."""

    def act(bench: RealBench) -> Seen:
        unit = bench.events("hold.placed")[-1]["unit"]
        row: dict[str, Any] = {"release_id": f"R-{unit}", "unit": unit, "decision": decision}
        row |= {"by": "desk", "at": "2026-11-28T10:00:00Z"} | ({"zone": zone} if zone else {})
        return _sent(bench, "releases", row)

    return act


def _sent(bench: RealBench, feed: str, row: Row) -> Seen:
    """Send a row down a feed, and once more after a power cut: the hold ends once."""
    unit = bench.events("hold.placed")[-1]["unit"]
    if any(one["unit"] == unit for one in bench.events("hold.released")):
        return Seen(no=None, kinds=())
    bench.feed(feed, (row,))
    return bench.wait_for("hold.released")


def by_hand_to_its_zone(bench: RealBench) -> Seen:
    """The person who carries the released unit says that it has arrived."""
    return bench.press("f6", "1", "3")


def data_arrives(bench: RealBench) -> Seen:
    """The shipped serial number of the telephone comes down the feed, hours after the put."""
    return _sent(bench, "returns", line("LP-8", "1", PHONE, box(708), serials=[_IMEI]))


HOLD_CASES: Final[Mapping[str, Case]] = {
    "lpn-after-tray": Case(
        returns=(line("LP-1", "1", SHIRT, box(701)),),
        acts=(scan(box(701)), item(SHIRT), mark("fabric"), tray("R1"), scan("0500-0001")),
        cut=2,
        leaves=("unit.opened", "verdict.made", "unit.lpn", "put.confirmed", "refund.review"),
        says={"unit.lpn": {"lpn": "0500-0001", "mode": "preprinted"}},
    ),
    "lpn-before-tray": Case(
        returns=(line("LP-2", "1", SHIRT, box(702)),),
        acts=(scan(box(702)), item(SHIRT), mark("fabric"), scan("0500-0002"), tray("R1")),
        leaves=("unit.opened", "unit.lpn", "verdict.made", "put.confirmed"),
    ),
    "rework": Case(
        returns=(line("LP-3", "1", SHIRT, box(703)),),
        acts=(
            scan(box(703)),
            item(SHIRT),
            mark("fabric"),
            scan("0500-0003"),
            tray("R1"),
            scan("0500-0003"),
            tray("A1"),
        ),
        cut=5,
        leaves=("unit.opened", "put.confirmed", "unit.opened", "verdict.made", "put.confirmed"),
        says={"unit.opened": {"n": 2}, "put.confirmed": {"zone": "resale"}},
    ),
    "rework-too-often": Case(
        returns=(line("LP-4", "1", SHIRT, box(704)),),
        acts=(
            scan(box(704)),
            item(SHIRT),
            scan("0500-0004"),
            tray("A1"),
            scan("0500-0004"),
            tray("A1"),
            scan("0500-0004"),
            tray("A1"),
            tray("H1"),
        ),
        leaves=("unit.opened", "unit.opened", "unit.opened", "hold.placed", "put.confirmed"),
        says={"hold.placed": {"reason": "rework", "owner": "supervisor"}},
    ),
    "hold-supervisor-again": Case(
        returns=(line("LP-5", "1", SHIRT, box(705)),),
        acts=(
            scan(box(705)),
            item(STRANGER),
            press("2"),
            well,
            scan("0500-0005"),
            tray("H1"),
            item(SHIRT),
            tray("A1"),
            scan("0500-0005"),
            press("5"),
            *supervise(),
            well,
            put,
        ),
        leaves=("hold.placed", "hold.released", "unit.opened", "verdict.made", "put.confirmed"),
        says={"hold.released": {"by": "supervisor", "to_zone": "inspection"}},
    ),
    "hold-supervisor-zone": Case(
        returns=(line("LP-6", "1", SHIRT, box(706)),),
        acts=(
            scan(box(706)),
            item(SHIRT),
            press("enter"),
            press("4"),
            scan("0500-0006"),
            tray("H1"),
            scan("0500-0006"),
            press("1"),
            *supervise(),
            by_hand_to_its_zone,
        ),
        cut=5,
        leaves=("hold.placed", "verdict.changed", "hold.released", "move.planned", "move.resolved"),
        says={"hold.released": {"by": "supervisor", "to_zone": "resale", "supervisor": "0001"}},
    ),
    "hold-centre": Case(
        returns=(line("LP-7", "1", SHIRT, box(707)),),
        acts=(
            scan(box(707)),
            item(SHIRT),
            press("enter"),
            press("4"),
            scan("0500-0007"),
            tray("H1"),
            released("release", "repair"),
            by_hand_to_its_zone,
        ),
        cut=5,
        leaves=("hold.placed", "verdict.changed", "hold.released", "move.planned", "move.resolved"),
        says={"hold.released": {"by": "central", "to_zone": "repair", "reason": "release"}},
    ),
    "property-bag": Case(
        returns=(line("LP-10", "1", PHONE, box(710), serials=["356938035643858"]),),
        acts=(
            scan(box(710)),
            piece(PHONE, "356938035643858"),
            well,
            mark("sim"),
            tray("B1"),
            scan("0500-0010"),
        ),
        cut=3,
        leaves=("unit.opened", "verdict.made", "unit.lpn", "put.confirmed", "refund.review"),
        says={
            "unit.lpn": {"lpn": "0500-0010", "property": True, "mode": "preprinted"},
            "verdict.made": {"actions": ["RETURN_PROPERTY"]},
        },
    ),
    "property-bag-and-number": Case(
        returns=(line("LP-11", "1", PHONE, box(711), serials=["356938035643866"]),),
        acts=(
            scan(box(711)),
            piece(PHONE, "356938035643866"),
            well,
            mark("sim"),
            mark("parts", 2),
            scan("0500-0011"),
            scan("0500-0012"),
            tray("R1"),
        ),
        cut=5,
        leaves=("unit.opened", "unit.lpn", "unit.lpn", "verdict.made", "put.confirmed"),
        says={"unit.lpn": {"lpn": "0500-0012", "property": True}},
    ),
    "hold-data": Case(
        returns=(line("LP-8", "1", PHONE, box(708)),),
        acts=(
            scan(box(708)),
            piece(PHONE, _IMEI),
            answer("danger", "1"),
            answer("back_lift", "1"),
            answer("seal", "2"),
            answer("lock", "1"),
            answer("data", "3"),  # customer data are on it: to be wiped, whatever else is wrong
            scan("0500-0008"),
            tray("H1"),
            data_arrives,
            by_hand_to_its_zone,
        ),
        leaves=("verdict.made", "hold.placed", "verdict.made", "hold.released", "move.planned"),
        says={
            "verdict.made": {"zone": "repair", "disposition": "DATA_WIPE"},
            "hold.released": {"by": "data", "reason": "verify"},
        },
    ),
}
