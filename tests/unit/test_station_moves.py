"""Words of dispatch in the station: taken once, in order, and never against what is committed."""

from dataclasses import replace

import pytest

from bench import FLOOR, Bench, context, label
from drivers.protocols import NodeId
from edge.events import (
    DiverterState,
    Event,
    EventId,
    Leg,
    MoveEvidence,
    MovePlanned,
    MoveState,
    ParcelId,
    UnitId,
    kind_of,
)
from edge.floor import LegKind, RouteLeg
from edge.station.apply import apply
from edge.station.inputs import CommandInput, DivertInput, LegInput
from edge.station.state import LegWork
from move_kit import diverted, ordered, sent

HALL_LEG = RouteLeg(kind=LegKind.ROBOT, carrier="any", start="HO1", end="Z-RES")
ROBOT = Leg(kind="robot", start="HO1", end="Z-RES", carrier="any")
BELT = Leg(kind="conveyor", start="c1", end="HO1", lane=1, carrier="c1")
HALL = replace(
    FLOOR,
    places={"Z-RES": 1, "HO1": 1},
    lock_groups={"gate": frozenset({NodeId("X")})},
)


def bench(*routes: tuple[Leg, ...]) -> Bench:
    """A bench whose moves m0, m1 … were planned before."""
    made = Bench(given=context(floor=HALL))
    made.badge()
    for n, legs in enumerate(routes):
        planned = MovePlanned(move=f"m{n}", legs=legs, zone="resale", tray=f"T{n}")
        event = Event(
            seq=n,
            id=EventId(f"p{n}"),
            kind=kind_of(planned),
            parcel=ParcelId("p"),
            unit=UnitId(f"u{n}"),
            time_ms=made.now_ms,
            recorded_ms=0,
            data={},
            payload=planned,
        )
        made.state = apply(made.state, event)
    return made


def told(state: MoveState, *, move: str = "m0", leg: int = 0, **more: object) -> LegInput:
    return LegInput(move=move, leg=leg, state=state, robot="r1", **more)  # type: ignore[arg-type]


def divert(state: DiverterState, *, move: str = "m0", leg: int = 0) -> DivertInput:
    return DivertInput(
        move=move, leg=leg, state=state, conveyor="c1", lane=1, token=7, wire_seq=1, plc_boot=3,
        count_before=4, exit_before=4,
    )  # fmt: skip


def leg_of(made: Bench, move: str = "m0", leg: int = 0) -> LegWork:
    return made.state.moves[move].legs[leg]


# ---------------------------------------------------------------- intents


def test_an_order_is_recorded_once_and_its_resends_in_order() -> None:
    made = bench((ROBOT,))
    assert made.take(ordered("m0", 0)) == ["move.sent"]
    assert made.take(ordered("m0", 0)) == []
    assert made.take(ordered("m0", 0, attempt=3)) == []
    assert made.take(ordered("m0", 0, attempt=2, order=sent("another"))) == []
    assert made.take(ordered("m0", 0, attempt=2)) == ["move.resent"]
    made.take(told(MoveState.ACCEPTED))
    assert made.take(ordered("m0", 0, attempt=3)) == []


def test_a_robot_has_one_open_order() -> None:
    made = bench((ROBOT,), (replace(ROBOT, end="Z2"),))
    other = replace(sent("o2"), drop="Z2", path_to_drop=("HO1", "Z2"))
    made.take(ordered("m0", 0))
    assert made.take(ordered("m1", 0, order=other)) == []
    assert made.take(ordered("m1", 0, order=replace(other, robot="r2"))) == ["move.sent"]


def test_a_lock_group_is_driven_by_one_robot_until_its_leg_ends() -> None:
    made = bench((ROBOT,), (replace(ROBOT, end="Z2"),))
    over_x = (("P1", "X", "HO1"), ("HO1", "Z-RES"))
    made.take(ordered("m0", 0, order=sent(path=over_x)))
    second = sent("o2", robot="r2", path=(("P2", "X", "HO1"), ("HO1", "Z2")))
    assert made.take(ordered("m1", 0, order=second)) == []
    around = replace(second, path_to_pick=("P2", "HO1"))
    assert made.take(ordered("m1", 0, order=around)) == ["move.sent"]
    made = bench((ROBOT,), (replace(ROBOT, end="Z2"),))
    made.take(ordered("m0", 0, order=sent(path=over_x)))
    made.take(told(MoveState.DONE))
    assert made.take(ordered("m1", 0, order=second)) == ["move.sent"]


def test_no_order_leads_to_a_place_without_room() -> None:
    made = bench((ROBOT,), (ROBOT,))
    made.take(ordered("m0", 0))
    assert made.take(ordered("m1", 0, order=sent("o2", robot="r2"))) == []
    made.take(told(MoveState.DONE))
    assert made.take(ordered("m1", 0, order=sent("o2", robot="r2"))) == ["move.sent"]


def test_a_hand_over_place_is_free_when_the_robot_has_the_load() -> None:
    made = bench((BELT, ROBOT), (BELT, ROBOT))
    assert made.take(divert(DiverterState.SENT)) == ["diverter.sent"]
    made.take(divert(DiverterState.DONE))
    assert made.take(divert(DiverterState.SENT, move="m1")) == []
    made.take(ordered("m0", 1))
    for state in (MoveState.ACCEPTED, MoveState.PICKING):
        made.take(told(state, leg=1))
    assert made.take(divert(DiverterState.SENT, move="m1")) == []
    made.take(told(MoveState.CARRYING, leg=1))
    assert made.take(divert(DiverterState.SENT, move="m1")) == ["diverter.sent"]


# ---------------------------------------------------------------- news


@pytest.mark.parametrize(
    ("before", "news"),
    [
        ((), MoveState.ACCEPTED),
        ((MoveState.CARRYING,), MoveState.PICKING),
        ((MoveState.CARRYING,), MoveState.CARRYING),
        ((MoveState.CARRYING,), MoveState.REJECTED),
        ((MoveState.CANCELLING,), MoveState.CARRYING),
        ((MoveState.CANCELLING,), MoveState.CANCELLING),
        ((MoveState.CANCELLING, MoveState.CANCELLED), MoveState.DONE),
        ((MoveState.REJECTED,), MoveState.ACCEPTED),
        ((MoveState.FAILED,), MoveState.CANCELLED),
        ((MoveState.DONE,), MoveState.FAILED),
    ],
)
def test_late_and_repeated_news_changes_nothing(
    before: tuple[MoveState, ...], news: MoveState
) -> None:
    made = bench((ROBOT,))
    if before:
        made.take(ordered("m0", 0))
    for state in before:
        assert made.take(told(state)) != []
    was = made.state
    assert made.take(told(news)) == []
    assert made.state == was


def test_a_robot_in_doubt_may_prove_where_the_load_is() -> None:
    made = bench((ROBOT,))
    made.take(ordered("m0", 0))
    made.take(told(MoveState.IN_DOUBT, reason="memory_lost"))
    assert leg_of(made).is_under_way
    made.take(told(MoveState.RESOLVED, resolved_as="on_robot", reason="loads"))
    assert (leg_of(made).state, leg_of(made).place) == (MoveState.RESOLVED, "on_robot")
    assert made.press("f6", "1", "1") == ["move.by_hand"]


def test_a_claim_after_the_end_is_an_alarm_and_is_cancelled() -> None:
    made = bench((ROBOT,))
    made.take(ordered("m0", 0))
    made.take(told(MoveState.IN_DOUBT, reason="memory_lost"))
    made.press("f6", "1", "1")
    assert leg_of(made).state is MoveState.BY_HAND
    claim = told(MoveState.CANCELLING, reason="late_claim", cancel_id="c1")
    assert made.take(claim) == ["move.cancelling"]
    assert made.screen.note is not None
    assert made.screen.note.t == "E43"


def test_what_a_robot_refused_is_told_with_its_reason_and_place() -> None:
    made = bench((ROBOT,))
    made.take(ordered("m0", 0))
    evidence = MoveEvidence(last_node="P1", last_node_seq=0)
    made.take(told(MoveState.REJECTED, reason="noRouteError", evidence=evidence))
    assert made.screen.note is not None
    assert (made.screen.note.t, made.screen.note.p["reason"]) == ("E42", "noRouteError")
    assert made.screen.note.p["loc"] == "P1"


def test_without_progress_people_are_told_and_nothing_is_cancelled() -> None:
    made = bench((ROBOT,))
    made.take(ordered("m0", 0))
    made.take(told(MoveState.ACCEPTED))
    assert made.take(told(MoveState.ACCEPTED, reason="no_progress")) == ["move.accepted"]
    assert made.screen.note is not None
    assert made.screen.note.t == "E42"
    assert leg_of(made).state is MoveState.ACCEPTED


# ---------------------------------------------------------------- ways out


def test_the_scan_of_the_tray_resolves_a_doubt_into_the_hand() -> None:
    made = bench((ROBOT,))
    made.take(ordered("m0", 0))
    made.take(told(MoveState.IN_DOUBT, reason="memory_lost"))
    made.state = replace(made.state, moves={"m0": replace(made.state.moves["m0"], tray="A1")})
    assert made.tray("A1") == ["scan.read", "move.resolved"]
    assert (leg_of(made).state, leg_of(made).place) == (MoveState.BY_HAND, "in_hand")
    made.scan(label("RL-1-SHELF"))
    assert made.state.moves == {}


def test_a_person_says_that_the_robot_has_it() -> None:
    made = bench((ROBOT,))
    made.take(ordered("m0", 0))
    assert made.press("f6", "1", "2") == []
    made.take(told(MoveState.IN_DOUBT, reason="mode"))
    made.press("esc", "esc")
    assert made.press("f6", "1", "2") == ["move.resolved"]
    assert leg_of(made).place == "on_robot"


def test_waiting_records_nothing() -> None:
    made = bench((ROBOT,))
    made.take(ordered("m0", 0))
    made.take(told(MoveState.IN_DOUBT))
    assert made.press("f6", "1", "4") == []
    assert made.screen.overlay == "moves"


def test_a_divert_in_doubt_that_is_resolved_frees_its_conveyor() -> None:
    made = bench((BELT, ROBOT))
    made.take(divert(DiverterState.SENT))
    made.take(divert(DiverterState.IN_DOUBT))
    assert made.press("f6", "1", "1") == ["diverter.resolved", "move.by_hand"]
    assert leg_of(made).state is MoveState.BY_HAND


# ---------------------------------------------------------------- whole ways


def test_a_move_follows_its_legs_and_leaves_the_state_when_done() -> None:
    made = Bench()
    made.parcel()
    made.shirt()
    made.tray("A1")
    move = next(iter(made.state.moves.values()))
    assert made.take(diverted(move.move, DiverterState.SENT)) == ["diverter.sent"]
    assert made.take(diverted(move.move, DiverterState.SEEN)) == ["diverter.seen"]
    assert made.take(diverted(move.move, DiverterState.DONE)) == ["diverter.done"]
    assert made.state.moves[move.move].position == 1
    late = diverted(move.move, DiverterState.FAILED)
    assert made.take(late) == []
    done = LegInput(move=move.move, leg=1, state=MoveState.DONE, robot="r1")
    assert made.take(done) == []  # nobody was sent yet
    assert made.take(ordered(move.move, 1)) == ["move.sent"]
    assert made.take(done) == ["move.done"]
    assert made.state.moves == {}


def test_a_move_in_doubt_is_resolved_by_the_person() -> None:
    made = Bench()
    made.parcel()
    made.shirt()
    made.tray("A1")
    move = next(iter(made.state.moves))
    made.take(diverted(move, DiverterState.SENT))
    made.press("f6", "1")
    assert made.press("3") == []
    assert made.no == "E41"
    made.take(diverted(move, DiverterState.IN_DOUBT))
    assert made.press("3") == ["diverter.resolved", "move.resolved"]
    assert made.state.moves == {}


def test_what_is_carried_by_hand_arrives_by_its_place_label() -> None:
    made = Bench()
    made.parcel()
    made.shirt()
    made.tray("A1")
    move = next(iter(made.state.moves))
    made.take(diverted(move, DiverterState.SENT))
    made.take(diverted(move, DiverterState.FAILED))
    assert made.press("f6", "1", "1") == ["move.by_hand"]
    made.scan(label("RL-1-SHELF"))
    assert made.state.moves == {}


# ---------------------------------------------------------------- danger


def test_the_danger_key_with_empty_hands_stops_the_area_until_a_supervisor_ends_it() -> None:
    made = bench((ROBOT,), (BELT,))
    assert made.press("f11") == ["danger.raised"]
    assert made.state.is_area_inhibited
    assert made.take(ordered("m0", 0)) == []
    assert made.take(divert(DiverterState.SENT, move="m1")) == []
    assert made.press("f11") == []
    made.press("f12")
    assert made.supervise() == ["scan.read", "danger.withdrawn"]
    assert not made.state.inhibits
    assert made.take(ordered("m0", 0)) == ["move.sent"]


def test_an_operator_cannot_end_a_danger() -> None:
    made = bench((ROBOT,))
    made.press("f11")
    made.press("f12")
    made.badge("0502")
    assert made.state.is_area_inhibited
    assert made.no == "E80"


def test_a_dangerous_load_that_nobody_carries_yet_goes_by_hand_at_once() -> None:
    made = bench((ROBOT,), (ROBOT,))
    assert made.press("f6", "1", "f11") == ["danger.raised", "move.by_hand"]
    assert made.take(ordered("m0", 0)) == []
    assert made.take(ordered("m1", 0)) == ["move.sent"]
    assert leg_of(made, "m0").reason == "danger"


def test_a_dangerous_load_on_its_way_is_not_sent_again_and_ends_at_the_dangerous_goods() -> None:
    made = bench((ROBOT,))
    made.take(ordered("m0", 0))
    made.press("f6", "1", "f11")
    assert made.take(ordered("m0", 0, attempt=2)) == []
    made.take(told(MoveState.CANCELLING, reason="danger", cancel_id="c1"))
    made.take(told(MoveState.CANCELLED, reason="danger", resolved_as="at_pickup"))
    assert made.press("f6", "1", "1") == ["move.by_hand"]
    made.scan(label("RL-1-SHELF"))
    assert "m0" in made.state.moves
    made.scan(label("RL-5-SAFE"))
    assert made.state.moves == {}
    assert not made.state.inhibits


def test_nothing_starts_again_by_itself() -> None:
    made = bench((ROBOT,))
    made.press("f11")
    stop = CommandInput(device="c1", command="stop", reason="danger", wire_seq=9)
    assert made.take(stop) == ["device.command"]
    assert made.state.conveyor_seq == {"c1": 9}
    start = CommandInput(device="c1", command="start", reason="auto", wire_seq=10)
    assert made.take(start) == []
    assert made.press("f6", "enter") == []
    made.press("esc")
    made.press("f12")
    made.supervise()
    assert made.state.stopped == frozenset({"c1"})
    assert made.press("f6", "enter") == ["device.command"]
    assert made.state.stopped == frozenset()


def test_a_danger_of_the_parcel_keeps_its_units_off_devices() -> None:
    made = Bench()
    made.parcel()
    assert made.press("f11") == ["danger.raised"]
    made.shirt()
    put = made.tray("A1")
    assert "put.confirmed" in put
    assert "move.planned" not in put


# ---------------------------------------------------------------- recall after undo


def put_and_ordered() -> tuple[Bench, str]:
    """A shirt in its tray, and a robot under way to it."""
    made = Bench(
        given=context(floor=replace(FLOOR, routes={**FLOOR.routes, "resale": (HALL_LEG,)}))
    )
    made.parcel()
    made.shirt()
    made.tray("A1")
    (move,) = made.state.moves
    assert made.take(ordered(move, 0)) == ["move.sent"]
    return made, move


def test_an_undone_put_calls_its_robot_back_and_stands_when_that_is_proved() -> None:
    made, move = put_and_ordered()
    assert made.press("f9") == ["move.cancelling"]
    assert leg_of(made, move).cancel_id is not None
    back = told(MoveState.CANCELLED, move=move, reason="undo", resolved_as="at_pickup")
    kinds = made.take(back)
    assert kinds[0] == "move.cancelled"
    assert set(kinds[1:]) == {"correction.made"}
    assert made.state.moves == {}
    assert made.state.unit is not None


def test_an_undo_that_came_too_late_says_so_and_leaves_the_put() -> None:
    made, move = put_and_ordered()
    made.press("f9")
    gone = told(MoveState.CANCELLED, move=move, reason="undo", resolved_as="on_robot")
    assert made.take(gone) == ["move.cancelled"]
    assert made.screen.note is not None
    assert made.screen.note.t == "E41"
    made, move = put_and_ordered()
    made.take(told(MoveState.PICKING, move=move))
    assert made.press("f9") == []
    assert made.no == "E41"
