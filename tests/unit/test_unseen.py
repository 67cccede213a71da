"""Loads that a scan has to confirm, in virtual time: journal, dispatch and drivers as they are."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench import label, rules
from drivers.protocols import DeviceName, Scan, ScanSource, Symbology
from edge.barcodes.classify import classify
from edge.dispatch.lanes import closed_lanes
from edge.events import DiverterState, Leg, MoveState
from edge.floor import FloorSettings, LegKind, RouteLeg, Timers
from edge.station.inputs import KeyInput, Lookups, ScanInput
from edge.station.state import LegWork
from virtual_station import ROBOT_LEG, World, floor
from virtual_time import VirtualLoop

TO = {
    lane: Leg(kind="conveyor", start="c1", end=f"lane-{lane}", lane=lane, carrier="c1", scan=True)
    for lane in (1, 2, 3)
}
ROUTES = {
    f"zone-{lane}": (RouteLeg(kind=LegKind.CONVEYOR, carrier="c1", lane=lane, scan=True),)
    for lane in TO
}
BY_ROBOT = replace(ROBOT_LEG, scan=True)


class Hall:
    """A station whose belt has no lane sensors, and a person with a scanner."""

    def __init__(self, loop: VirtualLoop, folder: Path, *legs: Leg, plan: FloorSettings) -> None:
        self.loop = loop
        routes = [(leg,) for leg in legs]
        self.world = World(loop, folder, routes=routes, plan=plan, lane_sensor=False)
        self.station = self.world.start()
        self._count = 0

    def leg(self, number: int) -> LegWork | None:
        work = self.station.state.moves.get(self.world.moves[number])
        return work.legs[0] if work is not None else None

    def state_of(self, number: int) -> MoveState | DiverterState | None:
        leg = self.leg(number)
        return leg.state if leg is not None else None

    def until(self, number: int, state: MoveState | DiverterState | None) -> None:
        assert self.loop.run_for(60.0, until=lambda: self.state_of(number) == state), [
            self.state_of(n) for n in range(len(self.world.moves))
        ]

    def wait(self, seconds: float) -> None:
        self.loop.run_for(seconds)

    def restart(self) -> None:
        self.station.clear()
        self.station = self.world.start()

    def scan(self, *codes: str) -> None:
        for code in codes:
            self._count += 1
            now_ns = self.world.clock.monotonic_ns()
            seen = Scan(
                scan_no=self._count, payload=label(code).encode(), device=DeviceName("hand-1"),
                source=ScanSource.SERIAL, first_ns=now_ns, at_ns=now_ns,
                symbology=Symbology.UNKNOWN,
            )  # fmt: skip
            meanings = classify(seen, rules())
            given = ScanInput(
                input=f"s/{self._count}", scan=seen, meanings=meanings, lookups=Lookups()
            )
            task = self.station.submit(given)
            self.loop.run_for(2.0, until=task.done)

    def press(self, *keys: str) -> None:
        for key in keys:
            self._count += 1
            task = self.station.submit(KeyInput(input=f"k/{self._count}", key=key))
            self.loop.run_for(2.0, until=task.done)


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    yield loop
    loop.close()


@pytest.fixture
def hall(loop: VirtualLoop, tmp_path: Path) -> Iterator[Callable[..., Hall]]:
    made: list[Hall] = []

    def of(*legs: Leg, **more: object) -> Hall:
        plan = floor(routes=ROUTES, timers=Timers(scan=600.0), **more)
        made.append(Hall(loop, tmp_path, *legs, plan=plan))
        return made[-1]

    yield of
    for one in made:
        one.station.clear()


def test_the_belt_goes_on_while_its_items_wait_for_their_scan(hall: Callable[..., Hall]) -> None:
    belt = hall(TO[1], TO[1], TO[2])
    belt.until(2, DiverterState.UNSEEN)
    assert [belt.state_of(n) for n in (0, 1)] == [DiverterState.UNSEEN] * 2
    belt.scan("RT-1-T0", "RL-1-LANE-1", "RT-1-T2", "RL-1-LANE-2")
    assert [belt.state_of(n) for n in (0, 1, 2)] == [None, DiverterState.UNSEEN, None]


def test_what_nobody_scans_in_time_closes_its_lane_over_restarts(
    hall: Callable[..., Hall],
) -> None:
    belt = hall(TO[1])
    belt.until(0, DiverterState.UNSEEN)
    belt.wait(300)
    belt.restart()
    belt.wait(299)
    assert belt.state_of(0) is DiverterState.UNSEEN
    belt.until(0, DiverterState.UNCONFIRMED)
    assert closed_lanes(belt.station.state, "c1") == {1}
    belt.restart()
    assert closed_lanes(belt.station.state, "c1") == {1}
    belt.wait(1200)  # told once
    belt.scan("RT-1-T0")  # it is here
    assert closed_lanes(belt.station.state, "c1") == frozenset()


def test_a_lane_takes_no_more_than_its_place_holds_until_one_is_scanned(
    hall: Callable[..., Hall],
) -> None:
    belt = hall(TO[1], TO[1], TO[1], places={"lane-1": 2})
    belt.until(1, DiverterState.UNSEEN)
    belt.wait(60)
    assert belt.state_of(2) is MoveState.PLANNED
    belt.scan("RT-1-T0", "RL-1-LANE-1")
    belt.until(2, DiverterState.UNSEEN)


def test_an_item_that_was_pushed_off_elsewhere_closes_both_lanes_by_its_scan(
    hall: Callable[..., Hall],
) -> None:
    belt = hall(TO[1], TO[2])
    belt.world.sorter.plc.faults.wrong_lane = 3
    belt.until(0, DiverterState.UNSEEN)  # the PLC's word
    belt.until(1, DiverterState.UNSEEN)
    belt.scan("RT-1-T0", "RL-1-LANE-3")
    assert belt.state_of(0) is DiverterState.WRONG_LANE
    assert closed_lanes(belt.station.state, "c1") == {1, 3}


def test_a_robot_goes_on_and_its_load_waits_for_the_scan(hall: Callable[..., Hall]) -> None:
    floor_ = hall(BY_ROBOT, BY_ROBOT)
    floor_.until(0, MoveState.UNSEEN)
    floor_.until(1, MoveState.UNSEEN)
    floor_.restart()  # its robot shows the order as driven: that is known
    floor_.wait(20)
    assert floor_.state_of(0) is MoveState.UNSEEN
    floor_.scan("RT-1-T0", "RL-1-Z")
    assert floor_.state_of(0) is None
    assert [floor_.world.picks(move) for move in floor_.world.moves] == [1, 1]


def test_a_robot_whose_load_lies_elsewhere_is_held_and_brings_nothing_more_there(
    hall: Callable[..., Hall],
) -> None:
    floor_ = hall(BY_ROBOT)
    floor_.until(0, MoveState.UNSEEN)
    floor_.scan("RT-1-T0", "RL-1-HO1")
    leg = floor_.leg(0)
    assert leg is not None
    assert (leg.state, leg.reason) == (MoveState.IN_DOUBT, "wrong_place")
    assert str(leg.robot) in floor_.station.dispatch.doubtful()
    floor_.restart()  # what the robot shows of it again ends no doubt
    floor_.wait(60)
    assert floor_.state_of(0) is MoveState.IN_DOUBT
    floor_.press("f6", "1", "3")
    assert floor_.state_of(0) is None


def test_a_load_of_a_robot_that_nobody_scans_is_in_doubt(hall: Callable[..., Hall]) -> None:
    floor_ = hall(BY_ROBOT)
    floor_.until(0, MoveState.UNSEEN)
    floor_.wait(590)
    assert floor_.state_of(0) is MoveState.UNSEEN
    floor_.until(0, MoveState.IN_DOUBT)
    leg = floor_.leg(0)
    assert leg is not None
    assert leg.reason == "no_scan"
