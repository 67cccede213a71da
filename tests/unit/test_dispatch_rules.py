"""Rules of dispatch one by one: who may carry, what time brings, when a stop is believed."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from drivers.protocols import (
    ActionStatus,
    Factsheet,
    GraphEdge,
    GraphNode,
    NodeId,
    OrderId,
    OrderPhase,
    OrderStatus,
    RobotId,
    RobotSnapshot,
    RobotTraits,
)
from edge.dispatch import cancel, doubt, timers
from edge.dispatch.cancel import Cancel, Step
from edge.dispatch.choose import HERE, Errand, Now, Roads, RobotFacts, choose, refusal
from edge.dispatch.orders import OrderIds, on_wire
from edge.dispatch.timers import Due, Seen
from edge.events import MoveState
from edge.floor import RobotUnit, Timers
from move_kit import sent

S = 1_000_000_000
NOW = Now(at_ns=1000 * S, stale_ns=35 * S, station="st01")
NODES = {
    NodeId(name): GraphNode(id=NodeId(name), x=x, y=0.0, theta=0.0, map_id="hall")
    for name, x in (("P1", 0.0), ("P2", 1.0), ("HO1", 5.0), ("Z", 9.0))
}
WAYS = (("P1", "HO1", 5.0), ("P2", "HO1", 4.0), ("HO1", "Z", 4.0))
ROADS = Roads(
    edges=tuple(
        GraphEdge(start=NodeId(one), end=NodeId(two), length=metres)
        for a, b, metres in WAYS
        for one, two in ((a, b), (b, a))
    ),
    nodes=NODES,
    groups={"gate": frozenset({NodeId("P2")})},
)
TOTES = frozenset({"tote"})
ERRAND = Errand(pick=NodeId("HO1"), drop=NodeId("Z"))
SEEN = RobotSnapshot(
    robot=RobotId("r1"), received_ns=999 * S, connection=1, reconciled=True, online=True,
    order_id="", idle=True, last_node=NodeId("P1"), x=0.0, y=0.0, driving=False, paused=False,
    automatic=True, emergency_stop=False, fatal=False, charge_percent=80.0, loads=0,
)  # fmt: skip
STATUS = OrderStatus(
    robot=RobotId("r1"), order_id=OrderId("st01-e-1"), phase=OrderPhase.ACCEPTED, at_ns=0,
    last_node="P1", last_node_seq=0, actions={}, loads=None, errors=(),
)  # fmt: skip


def facts(
    name: str = "r1",
    *,
    unit: Mapping[str, object] | None = None,
    last_ns: int | None = None,
    laden: bool = False,
    booked: bool = False,
    traits: RobotTraits | None = None,
    **seen: object,
) -> RobotFacts:
    snapshot = replace(SEEN, robot=RobotId(name), **seen)  # type: ignore[arg-type]
    made = replace(RobotUnit(id=RobotId(name), home=NodeId("P1")), **(unit or {}))  # type: ignore[arg-type]
    return RobotFacts(
        unit=made,
        snapshot=snapshot,
        is_booked=booked,
        last_order_ns=last_ns,
        is_laden=laden,
        traits=traits or RobotTraits(),
    )


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (facts(), None),
        (facts(unit={"enabled": False}), "not_ours"),
        (facts(unit={"owner": "st02"}), "not_ours"),
        (facts(unit={"owner": "st01"}), None),
        (facts(booked=True), "booked"),
        (facts(reconciled=False), "not_reconciled"),
        (facts(excluded="needs_fleet_manager"), "needs_fleet_manager"),
        (facts(foreign_order=True), "foreign_order"),
        (facts(version_ok=False), "foreign_order"),
        (facts(online=False), "stale"),
        (facts(received_ns=964 * S), "stale"),
        (facts(automatic=False), "not_ready"),
        (facts(paused=True), "not_ready"),
        (facts(emergency_stop=True), "not_ready"),
        (facts(fatal=True), "not_ready"),
        (facts(field_violation=True), "not_ready"),
        (facts(localized=False), "not_ready"),
        (facts(localized=None), None),
        (facts(idle=False), "busy"),
        (facts(driving=True), "busy"),
        (facts(actions_ended=False), "busy"),
        (facts(loads=1), "loaded"),
        (facts(loads=None), None),
        (facts(loads=None, laden=True), "loaded"),
        (facts(charge_percent=19.9), "battery"),
        (facts(charge_percent=None), None),
        (facts(last_ns=999_500_000_000), "spacing"),
        (facts(last_ns=998 * S), None),
        (facts(last_ns=998 * S, factsheet=Factsheet(min_order_interval_s=3.0)), "spacing"),
    ],
)
def test_a_robot_is_refused_for_a_reason(one: RobotFacts, why: str | None) -> None:
    assert refusal(one, NOW, ERRAND) == why


@pytest.mark.parametrize(
    ("one", "errand", "why"),
    [
        (facts(), replace(ERRAND, carrier="r2"), "other_robot"),
        (facts(), replace(ERRAND, carrier="r1"), None),
        (facts(unit={"carries": TOTES}), replace(ERRAND, load="pallet"), "load_class"),
        (facts(unit={"carries": TOTES}), replace(ERRAND, load="tote"), None),
        (facts(), replace(ERRAND, load="pallet"), None),
        (facts(factsheet=Factsheet(load_types=TOTES)),
         replace(ERRAND, load="pallet"), "load_class"),
        (facts(unit={"max_kg": 10.0}), replace(ERRAND, grams=10_001), "weight"),
        (facts(unit={"max_kg": 10.0}), replace(ERRAND, grams=10_000), None),
        (facts(factsheet=Factsheet(max_weight_kg=5.0)), replace(ERRAND, grams=6000), "weight"),
        (facts(factsheet=Factsheet()), replace(ERRAND, grams=6000, load="tote"), None),
    ],
)  # fmt: skip
def test_load_class_and_weight_must_fit(one: RobotFacts, errand: Errand, why: str | None) -> None:
    assert refusal(one, NOW, errand) == why


def test_a_way_through_a_group_that_another_robot_holds_is_no_way() -> None:
    near = facts("r1", last_node=NodeId("P2"))
    far = facts("r2", last_node=NodeId("P1"))
    chosen = choose((near, far), ERRAND, ROADS, NOW)
    assert chosen is not None
    assert chosen.robot == "r1"
    held = choose((near, far), ERRAND, ROADS, NOW, held={"gate": "r3"})
    assert held is not None
    assert held.robot == "r2"
    standing = facts("r3", last_node=NodeId("P2"), automatic=False)
    blocked = choose((facts("r1", last_node=NodeId("P2")), standing), ERRAND, ROADS, NOW)
    assert blocked is None


def test_of_equal_ways_charge_decides_then_who_rested_longest_then_the_name() -> None:
    def first(*robots: RobotFacts) -> str | None:
        chosen = choose(robots, ERRAND, ROADS, NOW)
        return chosen.robot if chosen else None

    assert first(facts("r1"), facts("r2", charge_percent=90.0)) == "r2"
    assert first(facts("r1", last_ns=900 * S), facts("r2", last_ns=800 * S)) == "r2"
    assert first(facts("r2"), facts("r1")) == "r1"


def test_a_robot_off_the_nodes_begins_where_it_stands_if_its_model_can() -> None:
    lost = facts(last_node=NodeId("elsewhere"), x=1.0, y=2.0)
    assert choose((lost,), ERRAND, ROADS, NOW) is None
    able = facts(last_node=NodeId("elsewhere"), x=1.0, y=2.0, traits=RobotTraits(temp_start=True))
    chosen = choose((able,), ERRAND, ROADS, NOW)
    assert chosen is not None
    assert chosen.path_to_pick == (HERE, "P2", "HO1")
    assert chosen.start is not None
    assert (chosen.start.x, chosen.start.y) == (1.0, 2.0)
    assert chosen.length == 6.0


def test_a_robot_on_another_map_is_not_chosen() -> None:
    assert choose((facts(map_id="yard"),), ERRAND, ROADS, NOW) is None
    assert choose((facts(map_id="hall"),), ERRAND, ROADS, NOW) is not None


# ---------------------------------------------------------------- ids


def test_order_ids_count_within_an_epoch_and_fit_the_robot() -> None:
    ids = OrderIds("st01", "3f9a61c20000000a")
    assert ids.next(RobotTraits(), None) == "st01-3f9a61c20000000a-1"
    assert ids.next(RobotTraits(), Factsheet(id_len=20)) == "3f9a61c20000000a-2"
    digits = ids.next(RobotTraits(numeric_ids=True), None)
    assert digits.isdigit()
    assert ids.next(RobotTraits(), Factsheet(numeric_ids=True)).isdigit()
    other = OrderIds("st01", "3f9a61c20000000b")
    assert other.next(RobotTraits(), None) != "st01-3f9a61c20000000a-1"


def test_a_committed_action_id_has_one_form_a_robot() -> None:
    given = "0193a5c0-0000-7000-8000-000000000900"
    assert on_wire(given, digits=False) == given
    assert on_wire(given, digits=True).isdigit()
    assert on_wire("12345", digits=True) == "12345"


# ---------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("state", "seen", "due"),
    [
        (MoveState.SENT, Seen(ask_ns=1001 * S), Due.NOTHING),
        (MoveState.SENT, Seen(ask_ns=1000 * S), Due.ASK),
        (MoveState.RESENT, Seen(ask_ns=1000 * S, asks=3), Due.NO_ACCEPT),
        (MoveState.ACCEPTED, Seen(ask_ns=0, accepted_ns=99 * S), Due.ORDER_TIME),
        (MoveState.PICKING, Seen(ask_ns=0, accepted_ns=900 * S, action="pick", action_ns=820 * S),
         Due.ACTION_TIME),
        (MoveState.ACCEPTED, Seen(ask_ns=0, waiting_ns=879 * S), Due.NO_LOAD),
        (MoveState.CARRYING, Seen(ask_ns=0, progress=(1,), progress_ns=880 * S), Due.NO_PROGRESS),
        (MoveState.CARRYING, Seen(ask_ns=0, progress=(1,), progress_ns=880 * S, warned=True),
         Due.NOTHING),
        (MoveState.CARRYING, Seen(ask_ns=0, progress=(1,), progress_ns=999 * S), Due.NOTHING),
        (MoveState.IN_DOUBT, Seen(ask_ns=0), Due.NOTHING),
        (MoveState.CANCELLED, Seen(ask_ns=0), Due.NOTHING),
    ],
)  # fmt: skip
def test_time_brings(state: MoveState, seen: Seen, due: Due) -> None:
    assert timers.due(state, seen, SEEN, Timers(), now_ns=1000 * S) is due


def test_a_silent_robot_is_asked_once_in_its_time() -> None:
    silent = replace(SEEN, received_ns=965 * S)
    assert (
        timers.due(MoveState.CARRYING, Seen(ask_ns=0), silent, Timers(), now_ns=1000 * S) is Due.ASK
    )
    asked = Seen(ask_ns=0, stale_asked_ns=996 * S)
    assert timers.due(MoveState.CARRYING, asked, silent, Timers(), now_ns=1000 * S) is Due.NOTHING


def test_a_profile_has_timers_of_its_own() -> None:
    own = timers.timers_for(Timers(), {"accept": 9.0, "unheard-of": 1.0})
    assert (own.accept, own.order) == (9.0, 900.0)


# ---------------------------------------------------------------- cancel and verify


def shown(action: ActionStatus | None, **more: object) -> OrderStatus:
    instant = {"c1": action} if action is not None else {}
    return replace(STATUS, instant=instant, **more)  # type: ignore[arg-type]


def step(one: Cancel, status: OrderStatus, at_s: float) -> Step:
    return cancel.next_step(one, status, Timers(), int(at_s * S))


def test_a_cancel_is_repeated_at_5_and_10_s_and_only_while_no_state_shows_it() -> None:
    nothing = shown(None)
    one = Cancel(action_id="c1")
    assert step(one, nothing, 0) is Step.SEND
    one = cancel.was_sent(one, 0)
    assert step(one, nothing, 4.9) is Step.WAIT
    assert step(one, nothing, 5) is Step.SEND
    assert step(one, shown(ActionStatus.RUNNING), 5) is Step.WAIT
    one = cancel.was_sent(cancel.was_sent(one, 5 * S), 10 * S)
    assert step(one, nothing, 29) is Step.WAIT
    assert step(one, shown(ActionStatus.RUNNING), 30) is Step.UNANSWERED


def test_finished_is_believed_after_3_s_and_two_states_at_rest() -> None:
    ended = shown(ActionStatus.FINISHED)
    one = cancel.was_sent(Cancel(action_id="c1"), 0)

    def looked(one: Cancel, at_s: int, **seen: object) -> Cancel:
        snapshot = replace(SEEN, received_ns=at_s * S, **seen)  # type: ignore[arg-type]
        return cancel.observed(one, ended, snapshot, at_s * S, settle_s=3.0)

    one = looked(one, 1)
    assert step(one, ended, 5) is Step.ASK
    again = looked(one, 5)
    assert step(again, ended, 5) is Step.SETTLED
    assert step(looked(one, 2), ended, 3) is Step.ASK
    braking = looked(looked(one, 2, x=1.0), 5, x=1.0)
    assert not braking.moved
    assert step(braking, ended, 5) is Step.SETTLED
    assert step(looked(one, 5, driving=True), ended, 5) is Step.MOVES
    assert step(looked(one, 5, idle=False), ended, 5) is Step.MOVES
    assert step(looked(one, 5, x=3.0), ended, 5) is Step.MOVES
    assert step(one, ended, 34) is Step.UNANSWERED


@pytest.mark.parametrize(
    ("status", "seen", "reason", "state", "place"),
    [
        ({"drop": ActionStatus.FINISHED}, {}, "danger", MoveState.DONE, "at_target"),
        ({"pick": ActionStatus.FINISHED}, {}, "danger", MoveState.CANCELLED, "on_robot"),
        ({"pick": ActionStatus.FINISHED}, {}, "drop_failed", MoveState.FAILED, "on_robot"),
        ({"pick": ActionStatus.WAITING}, {}, "danger", MoveState.CANCELLED, "at_pickup"),
        ({"pick": ActionStatus.FAILED}, {}, "pick_failed", MoveState.FAILED, "at_pickup"),
        ({"pick": ActionStatus.RUNNING}, {}, "danger", MoveState.IN_DOUBT, None),
        ({"pick": ActionStatus.WAITING}, {"loads": 1}, "danger", MoveState.IN_DOUBT, None),
        ({}, {"order_id": "before"}, "no_accept", MoveState.FAILED, "at_pickup"),
        ({}, {"order_id": ""}, "no_accept", MoveState.IN_DOUBT, None),
        ({}, {"order_id": "foreign"}, "no_accept", MoveState.IN_DOUBT, None),
    ],
)
def test_what_a_robot_at_rest_says_about_the_load(
    status: dict[str, object],
    seen: dict[str, object],
    reason: str,
    state: MoveState,
    place: str | None,
) -> None:
    order = sent()
    snapshot = replace(SEEN, **({"order_id": order.order_id} | seen))  # type: ignore[arg-type]
    found = cancel.outcome(order, reason, replace(STATUS, **status), snapshot)  # type: ignore[arg-type]
    assert (found.state, found.place) == (state, place)


# ---------------------------------------------------------------- doubt


@pytest.mark.parametrize(
    ("reason", "status", "found"),
    [
        ("memory_lost", {"drop": ActionStatus.FINISHED}, ("at_target", "drop_finished")),
        ("mode", {"pick": ActionStatus.FINISHED, "loads": 1, "idle": True}, ("on_robot", "loads")),
        ("mode", {"pick": ActionStatus.FINISHED, "loads": None, "idle": True}, None),
        ("mode", {"pick": ActionStatus.WAITING, "loads": 0, "idle": True}, ("at_pickup", "loads")),
        ("mode", {"pick": ActionStatus.WAITING, "loads": None, "idle": True}, None),
        ("mode", {"pick": ActionStatus.WAITING, "loads": 0, "idle": False}, None),
        ("late_claim", {"drop": ActionStatus.FINISHED}, None),
        ("mode", {"drop": ActionStatus.FINISHED, "foreign": True}, None),
    ],
)
def test_only_proof_ends_a_doubt(
    reason: str, status: dict[str, object], found: tuple[str, str] | None
) -> None:
    assert doubt.resolved_place(reason, replace(STATUS, **status)) == found  # type: ignore[arg-type]


def test_a_robot_that_drives_our_order_goes_on_unless_it_was_told_to_stop() -> None:
    drives = replace(STATUS, phase=OrderPhase.CARRYING, driving=True)
    assert doubt.goes_on("memory_lost", drives) is MoveState.CARRYING
    assert doubt.goes_on("moves_after_cancel", drives) is None
    assert doubt.goes_on("memory_lost", replace(drives, mode_lost=True)) is None


def test_a_robot_claims_what_it_should_not_have() -> None:
    assert doubt.claims("at_pickup", replace(STATUS, pick=ActionStatus.RUNNING, idle=True))
    assert doubt.claims(None, replace(STATUS, idle=False))
    assert not doubt.claims("at_pickup", replace(STATUS, pick=ActionStatus.WAITING, idle=True))
    assert not doubt.claims("on_robot", replace(STATUS, pick=ActionStatus.FINISHED, idle=True))
    assert not doubt.claims("at_pickup", replace(STATUS, phase=OrderPhase.FAILED))


def test_nothing_to_cancel_is_no_rejection_of_the_order() -> None:
    refused = replace(STATUS, phase=OrderPhase.REJECTED, reason="noRouteError")
    assert doubt.is_rejection(refused)
    assert not doubt.is_rejection(replace(refused, reason="noOrderToCancel"))
    assert not doubt.is_rejection(replace(refused, reason="NO_ORDER_TO_CANCEL"))
