"""Where a load lies is told by scans of its container and of the place, not by a device alone."""

from dataclasses import replace

import pytest

from bench import FLOOR, Bench, context, label
from edge.events import (
    DiverterChanged,
    DiverterState,
    Event,
    EventId,
    Leg,
    MoveChanged,
    MovePlanned,
    MoveState,
    ParcelId,
    UnitId,
    kind_of,
)
from edge.events.lanes import LaneFigures, lane_figures
from edge.floor import FloorSettings, LegKind, RouteLeg, Tray
from edge.station import room
from edge.station.apply import apply
from edge.station.doubts import DoubtKind, doubts
from edge.station.inputs import LegInput
from edge.station.state import LegWork
from move_kit import diverted, ordered

BELT = Leg(kind="conveyor", start="c1", end="lane-1", lane=1, carrier="c1", scan=True)
ROBOT = Leg(kind="robot", start="HO1", end="Z-RES", carrier="any", scan=True)
LANES = tuple(
    RouteLeg(kind=LegKind.CONVEYOR, carrier="c1", lane=lane, scan=True) for lane in (1, 2)
)
CAGES = {f"LN{lane}": Tray(id=f"LN{lane}", zone="resale", fixed=True, lane=lane) for lane in (1, 2)}
HALL: FloorSettings = replace(
    FLOOR,
    trays={**FLOOR.trays, **CAGES},
    routes={**FLOOR.routes, "resale": LANES[:1], "disposal": LANES[1:]},
)


def bench(*legs: Leg, tray: str = "A1") -> Bench:
    """A bench with one move, planned before."""
    made = Bench(given=context(floor=HALL))
    made.badge()
    planned = MovePlanned(move="m0", legs=legs, zone="resale", tray=tray)
    event = Event(
        seq=1, id=EventId("p0"), kind=kind_of(planned), parcel=ParcelId("p"), unit=UnitId("u0"),
        time_ms=made.now_ms, recorded_ms=0, data={}, payload=planned,
    )  # fmt: skip
    made.state = apply(made.state, event)
    return made


def off_the_belt(*more: Leg) -> Bench:
    made = bench(BELT, *more)
    for state in (DiverterState.SENT, DiverterState.SEEN, DiverterState.DONE):
        made.take(diverted("m0", state))
    return made


def put_down() -> Bench:
    made = bench(ROBOT)
    made.take(ordered("m0", 0))
    made.take(told(MoveState.DONE))
    return made


def told(state: MoveState, **more: object) -> LegInput:
    return LegInput(move="m0", leg=0, state=state, robot="r1", **more)  # type: ignore[arg-type]


def leg_of(made: Bench) -> LegWork:
    return made.state.moves["m0"].legs[0]


def place(made: Bench, name: str) -> list[str]:
    return made.scan(label(f"RL-1-{name}"))


def passing(made: Bench, where: str, tray: str = "A1") -> list[str]:
    """A reader that is fixed at a place sees a container."""
    made.place = where
    kinds = made.tray(tray)
    made.place = ""
    return kinds


# ---------------------------------------------------------------- belts


def test_a_belt_without_a_sensor_is_believed_when_tray_and_lane_were_scanned() -> None:
    made = off_the_belt(replace(ROBOT, start="lane-1"))
    assert leg_of(made).state is DiverterState.UNSEEN
    assert made.take(ordered("m0", 1)) == []  # nobody is sent for what nobody has seen
    assert made.tray("A1") == ["scan.read"]
    assert made.screen.note is not None
    assert (made.screen.note.t, made.screen.note.p["place"]) == ("fb.where", "lane-1")
    assert place(made, "LANE-1") == ["scan.read", "diverter.done"]
    assert leg_of(made).is_done
    assert made.take(ordered("m0", 1)) == ["move.sent"]


def test_the_container_that_stands_on_a_lane_names_it_too() -> None:
    made = off_the_belt()
    made.tray("A1")
    assert made.scan(label("RT-1-LN1")) == ["scan.read", "diverter.done"]
    assert made.state.moves == {}


def test_another_lane_rings_and_closes_both_until_a_person_answers() -> None:
    made = off_the_belt()
    made.tray("A1")
    assert place(made, "LANE-2") == ["scan.read", "diverter.wrong_lane"]
    assert made.screen.note is not None
    assert made.screen.note.t == "E55"
    divert = leg_of(made).divert
    assert divert is not None
    assert (divert.lane, divert.exit_lane, divert.seen_at) == (1, 2, "LANE-2")
    assert made.take(diverted("m0", DiverterState.DONE)) == []  # the PLC has seen no lane
    assert [one.kind for one in doubts(made.state)] == [DoubtKind.WRONG_LANE]
    assert made.press("f6", "1", "3") == ["diverter.resolved"]
    assert made.state.moves == {}


def test_a_place_that_is_no_lane_closes_the_decided_one_alone() -> None:
    made = off_the_belt()
    made.tray("A1")
    place(made, "SHELF")
    divert = leg_of(made).divert
    assert divert is not None
    assert (divert.state, divert.exit_lane) == (DiverterState.WRONG_LANE, 0)


def test_what_nobody_scanned_in_time_is_unconfirmed_and_told_once() -> None:
    made = off_the_belt()
    late = replace(diverted("m0", DiverterState.UNCONFIRMED), reason="no_scan")
    assert made.take(late) == ["diverter.unconfirmed"]
    assert made.screen.note is not None
    assert (made.screen.note.t, made.screen.note.p["place"]) == ("E56", "lane-1")
    assert made.take(late) == []


def test_a_reader_at_the_lane_may_be_quicker_than_the_plc() -> None:
    made = bench(BELT)
    made.take(diverted("m0", DiverterState.SENT))
    made.take(diverted("m0", DiverterState.SEEN))
    assert passing(made, "lane-1") == ["scan.read", "diverter.done"]
    assert made.take(diverted("m0", DiverterState.DONE)) == []


def test_a_reader_at_another_lane_rings_and_the_plc_does_not_talk_it_down() -> None:
    made = bench(BELT)
    made.take(diverted("m0", DiverterState.SENT))
    assert passing(made, "lane-2") == ["scan.read", "diverter.wrong_lane"]
    assert made.take(diverted("m0", DiverterState.DONE)) == []
    assert passing(made, "lane-1") == ["scan.read", "diverter.resolved"]  # somebody brought it
    assert made.state.moves == {}


def test_a_reader_at_a_lane_puts_nothing_down() -> None:
    made = Bench(given=context(floor=HALL))
    made.parcel()
    made.shirt()
    assert passing(made, "lane-1") == ["scan.read"]
    assert (made.no, made.state.hand is not None) == ("E57", True)


# ---------------------------------------------------------------- robots


def test_a_robot_without_witness_is_believed_when_tray_and_place_were_scanned() -> None:
    made = put_down()
    assert (leg_of(made).state, leg_of(made).place) == (MoveState.UNSEEN, None)
    assert not room.booked_robots(made.state)  # it may go on
    made.tray("A1")
    assert place(made, "Z-RES") == ["scan.read", "move.done"]
    assert made.state.moves == {}


def test_a_load_that_lies_elsewhere_is_in_doubt_its_place_closed_and_its_robot_held() -> None:
    made = put_down()
    made.tray("A1")
    assert place(made, "Z-REP") == ["scan.read", "move.in_doubt"]
    assert made.screen.note is not None
    assert made.screen.note.t == "E55"
    assert not room.has_room("Z-RES", made.state, HALL)
    assert room.booked_robots(made.state) == {"r1"}
    for word in (MoveState.DONE, MoveState.ACCEPTED, MoveState.CANCELLING):
        assert made.take(told(word)) == []
    drop = told(MoveState.RESOLVED, resolved_as="at_target", reason="drop_finished")
    assert made.take(drop) == []
    made.tray("A1")  # now it is in the hand
    assert leg_of(made).state is MoveState.BY_HAND
    assert room.has_room("Z-RES", made.state, HALL)


def test_a_load_that_nobody_scanned_in_time_closes_its_place() -> None:
    made = put_down()
    assert made.take(told(MoveState.IN_DOUBT, reason="memory_lost")) == []
    assert made.take(told(MoveState.IN_DOUBT, reason="no_scan")) == ["move.in_doubt"]
    assert made.screen.note is not None
    assert made.screen.note.t == "E56"
    assert not room.has_room("Z-RES", made.state, HALL)
    assert made.press("f6", "1", "3") == ["move.resolved"]
    assert room.has_room("Z-RES", made.state, HALL)


def test_a_doubt_that_the_robot_ends_by_its_drop_still_wants_the_scan() -> None:
    made = bench(ROBOT)
    made.take(ordered("m0", 0))
    made.take(told(MoveState.IN_DOUBT, reason="no_proof"))
    drop = told(MoveState.RESOLVED, resolved_as="at_target", reason="drop_finished")
    assert made.take(drop) == ["move.unseen"]


# ---------------------------------------------------------------- between other work


def test_the_label_of_a_place_means_the_tray_only_when_it_follows_it() -> None:
    made = off_the_belt()
    made.tray("A1")
    made.parcel()
    assert place(made, "LANE-2") == ["scan.read"]
    assert leg_of(made).state is DiverterState.UNSEEN


def test_a_taken_tray_takes_no_other_piece() -> None:
    made = off_the_belt()
    made.parcel()
    made.shirt()
    assert made.tray("A1") == ["scan.read", *_settled(made)]
    assert made.no == "E32"
    assert leg_of(made).state is DiverterState.UNSEEN


def _settled(made: Bench) -> list[str]:
    """What the tray scan has answered before it was refused."""
    assert made.last is not None
    return [kind_of(draft.payload) for draft in made.last.drafts[1:]]


def test_a_dangerous_load_is_carried_from_where_it_lies() -> None:
    made = off_the_belt()
    made.press("f6", "1", "f11")
    assert made.state.is_endangered(made.state.moves["m0"])
    assert made.tray("A1") == ["scan.read", "diverter.resolved"]
    assert leg_of(made).state is MoveState.BY_HAND


def test_the_person_may_say_that_it_is_there() -> None:
    made = off_the_belt()
    assert [one.kind for one in doubts(made.state)] == [DoubtKind.UNSEEN]
    assert made.press("f6", "1", "3") == ["diverter.resolved"]
    assert made.state.moves == {}


@pytest.mark.parametrize(("name", "wrong"), [("LANE-1", 0), ("LANE-2", 1)])
def test_scans_of_lanes_count_for_the_mis_sort_rate(name: str, wrong: int) -> None:
    made = off_the_belt()
    made.tray("A1")
    place(made, name)
    figures = lane_figures(event.payload for event in made.events if event.payload is not None)
    assert figures == LaneFigures(right=1 - wrong, wrong=wrong)


def test_scans_of_places_count_for_the_mis_sort_rate() -> None:
    made = put_down()
    made.tray("A1")
    place(made, "Z-REP")
    missed = MoveChanged(move="m1", leg=0, state=MoveState.IN_DOUBT, reason="no_scan")
    told_again = [event.payload for event in made.events if event.payload is not None]
    assert lane_figures([*told_again, missed]) == LaneFigures(wrong=1, missing=1)


def test_the_words_of_a_divert_say_where_it_was_seen() -> None:
    made = off_the_belt()
    made.tray("A1")
    place(made, "LANE-1")
    last = made.events[-1].payload
    assert isinstance(last, DiverterChanged)
    assert (last.seen_at, last.exit_lane, last.reason) == ("LANE-1", 1, "scan")
