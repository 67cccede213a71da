"""What one state proves about one order: every row of the verdict table, each rejection rule."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drivers.protocols import ActionStatus, OrderPhase, StartPoint
from drivers.wire.vda5050.dialect import DIALECTS
from drivers.wire.vda5050.profile import LoadsUse
from drivers.wire.vda5050.progress import Reading, Standing, Tracked, advance, is_waiting
from drivers.wire.vda5050.state import RobotState, read_state
from drivers.wire.vda5050.verdict import Verdict
from floor_plan import move

DATA = Path(__file__).parents[1] / "data" / "vda5050"
ORDER = move()
PICK, DROP = ORDER.pick_action_id, ORDER.drop_action_id
TRACKED = Tracked(order=ORDER, prev_order_id="st01-0")
FRESH = Standing(fresh=True, unbroken=True, alone=True, is_idle=True)
STALE = replace(FRESH, fresh=False)


def golden(name: str, **changes: Any) -> RobotState:
    message = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    return read_state(message | changes, DIALECTS["2.1"])


def ours(pick: str, drop: str, **changes: Any) -> RobotState:
    """Return a state that shows our order with these statuses, something of its way left."""
    actions = [
        {"actionId": PICK, "actionStatus": pick},
        {"actionId": DROP, "actionStatus": drop},
    ]
    return golden("state_carrying", actionStates=actions, **changes)


def read(state: RobotState, standing: Standing = STALE, tracked: Tracked = TRACKED) -> Reading:
    return advance(tracked, state, standing)[1]


def error(*references: tuple[str, str], kind: str = "orderError") -> dict[str, Any]:
    return {
        "errorType": kind,
        "errorLevel": "WARNING",
        "errorReferences": [{"referenceKey": k, "referenceValue": v} for k, v in references],
    }


@pytest.mark.parametrize(
    ("pick", "drop", "phase"),
    [
        ("WAITING", "WAITING", OrderPhase.ACCEPTED),
        ("NONSENSE", "WAITING", OrderPhase.ACCEPTED),
        ("INITIALIZING", "WAITING", OrderPhase.PICKING),
        ("RUNNING", "WAITING", OrderPhase.PICKING),
        ("PAUSED", "WAITING", OrderPhase.PICKING),
        ("FINISHED", "WAITING", OrderPhase.CARRYING),
        ("FINISHED", "RUNNING", OrderPhase.DROPPING),
        ("FINISHED", "FINISHED", OrderPhase.DROPPING),
        ("FAILED", "WAITING", OrderPhase.FAILED),
        ("FINISHED", "FAILED", OrderPhase.FAILED),
    ],
)
def test_our_actions_tell_the_phase(pick: str, drop: str, phase: OrderPhase) -> None:
    reading = read(ours(pick, drop))
    assert reading.phase is phase
    assert reading.is_news
    assert reading.actions[PICK] in [str(status) for status in ActionStatus]


def test_the_golden_states_are_accepted_carried_and_done() -> None:
    assert read(golden("state_carrying")).phase is OrderPhase.CARRYING
    assert read(golden("state_done")).phase is OrderPhase.DONE
    assert read(golden("state_idle")) == Reading(phase=OrderPhase.UNKNOWN, is_news=False)


@pytest.mark.parametrize(
    "left",
    [
        {"nodeStates": [{}]},
        {"edgeStates": [{}]},
        {"driving": True},
        {"driving": None},
        {"nodeStates": None},
    ],
)
def test_an_order_is_done_only_when_the_robot_says_nothing_is_left(left: dict[str, Any]) -> None:
    assert read(golden("state_done", **left)).phase is OrderPhase.DROPPING


def test_required_loads_must_be_seen_to_be_gone() -> None:
    required = replace(TRACKED, loads=LoadsUse.REQUIRED)
    for loads, phase, reason in (
        ([], OrderPhase.DONE, ""),
        ([{}], OrderPhase.DROPPING, "still_loaded"),
        (None, OrderPhase.DROPPING, "loads_unknown"),
    ):
        reading = read(golden("state_done", loads=loads), tracked=required)
        assert (reading.phase, reading.reason) == (phase, reason)
    advisory = replace(TRACKED, loads=LoadsUse.ADVISORY)
    assert read(golden("state_done", loads=None), tracked=advisory).phase is OrderPhase.DONE


def test_what_ended_stays_ended() -> None:
    tracked, _ = advance(TRACKED, ours("FINISHED", "RUNNING"), STALE)
    tracked, reading = advance(tracked, ours("RUNNING", "WAITING"), STALE)
    assert reading.phase is OrderPhase.DROPPING
    assert reading.actions[PICK] == "finished"
    tracked, _ = advance(tracked, golden("state_done"), STALE)
    tracked, reading = advance(tracked, golden("state_idle", orderId="other"), FRESH)
    assert tracked.is_ended
    assert reading.phase is OrderPhase.DONE


def test_a_failed_action_names_itself() -> None:
    assert read(ours("FAILED", "WAITING")).reason == "pick_failed"
    assert read(ours("FINISHED", "FAILED")).reason == "drop_failed"


def test_manual_mode_throws_an_order_away() -> None:
    reading = read(ours("RUNNING", "WAITING", operatingMode="MANUAL"))
    assert (reading.phase, reading.reason) == (OrderPhase.UNKNOWN, "mode")
    done = golden("state_done", operatingMode="SERVICE")
    assert read(done).phase is OrderPhase.DONE


# ---------------------------------------------------------------- rejection


def test_a_golden_rejection_is_one() -> None:
    reading = read(golden("state_rejected"))
    assert (reading.phase, reading.reason) == (OrderPhase.REJECTED, "noRouteError")


@pytest.mark.parametrize(
    ("references", "is_rejection"),
    [
        ((("orderId", "st01-1"),), True),
        ((("OrderID", "st01-1"),), True),
        ((("orderId", "st01-1"), ("orderUpdateId", "0")), True),
        ((("orderId", "st01-1"), ("orderUpdateId", "1")), False),
        ((("orderId", "st01-1"), ("actionId", DROP)), True),
        ((("orderId", "st01-1"), ("actionId", "of-another")), False),
        ((("orderId", "st01-0"),), False),
        ((("actionId", PICK),), False),
        ((), False),
    ],
)
def test_only_an_error_that_names_our_order_rejects_it(
    references: tuple[tuple[str, str], ...], is_rejection: bool
) -> None:
    reading = read(golden("state_rejected", errors=[error(*references)]))
    assert (reading.phase is OrderPhase.REJECTED) is is_rejection


def test_an_error_from_before_the_send_is_no_rejection() -> None:
    state = golden("state_rejected")
    before = replace(TRACKED, errors_before=frozenset(state.errors))
    assert read(state, tracked=before).phase is OrderPhase.UNKNOWN


def test_an_error_about_an_order_that_runs_is_no_rejection() -> None:
    state = ours("RUNNING", "WAITING", errors=[error(("orderId", "st01-1"))])
    assert read(state).phase is OrderPhase.PICKING


def test_a_rejection_without_a_type_is_still_one() -> None:
    state = golden("state_rejected", errors=[error(("orderId", "st01-1"), kind="")])
    assert read(state).reason == "rejected"


# ---------------------------------------------------------------- not shown


@pytest.mark.parametrize(
    ("shown", "prev", "standing", "verdict"),
    [
        ("st01-0", "st01-0", FRESH, ("not_taken", True)),
        ("", "", FRESH, ("not_taken", True)),
        ("", "", replace(FRESH, unbroken=False), ("memory_lost", False)),
        ("", "st01-0", FRESH, ("memory_lost", False)),
        ("st99-5", "st01-0", FRESH, ("foreign_order", False)),
        ("st01-0", "st01-0", replace(FRESH, alone=False), ("other_order_sent", False)),
        ("st01-0", "st01-0", replace(FRESH, is_idle=False), ("", False)),
    ],
)
def test_a_fresh_state_without_our_order_gives_the_verdict_of_the_table(
    shown: str, prev: str, standing: Standing, verdict: tuple[str, bool]
) -> None:
    tracked = replace(TRACKED, prev_order_id=prev)
    reading = read(golden("state_idle", orderId=shown), standing, tracked)
    assert (reading.phase, reading.is_news) == (OrderPhase.UNKNOWN, True)
    assert (reading.reason, reading.resend_safe) == verdict


@pytest.mark.parametrize("shown", ["st01-0", "", "st99-5"])
def test_a_state_that_may_be_older_than_the_order_says_nothing(shown: str) -> None:
    assert not read(golden("state_idle", orderId=shown), STALE).is_news


def test_a_robot_that_moved_away_gets_nothing_again() -> None:
    moved = golden("state_idle", orderId="st01-0", lastNodeId="P2")
    reading = read(moved, FRESH)
    assert (reading.phase, reading.resend_safe) == (OrderPhase.UNKNOWN, False)
    assert reading.reason == "not_at_start"


def test_a_robot_in_manual_mode_is_waited_for() -> None:
    manual = golden("state_idle", orderId="st01-0", operatingMode="MANUAL")
    reading = read(manual, FRESH)
    assert (reading.phase, reading.reason) == (OrderPhase.UNKNOWN, "")
    assert not reading.resend_safe


@pytest.mark.parametrize(
    ("shown", "reason"),
    [("", "memory_lost"), ("st01-0", "memory_lost"), ("st99-5", "foreign_order")],
)
def test_an_order_that_was_taken_and_is_gone_is_in_doubt(shown: str, reason: str) -> None:
    tracked, _ = advance(TRACKED, ours("FINISHED", "WAITING"), STALE)
    reading = read(golden("state_idle", orderId=shown), STALE, tracked)
    assert (reading.reason, reading.resend_safe, reading.is_news) == (reason, False, True)
    assert reading.actions[PICK] == "finished"


def test_our_order_under_another_update_is_foreign() -> None:
    other = golden("state_carrying", orderUpdateId=1)
    assert read(other, FRESH).reason == "foreign_order"
    unclear = golden("state_carrying", orderUpdateId=None)
    assert not read(unclear, FRESH).is_news
    assert not read(golden("state_idle", orderId=None), FRESH).is_news


def test_a_cancel_is_evidence() -> None:
    tracked = replace(TRACKED, cancel_ids=("c-1",))
    actions = [
        {"actionId": PICK, "actionStatus": "FAILED"},
        {"actionId": "c-1", "actionStatus": "FINISHED"},
        {"actionId": "strange", "actionStatus": "FINISHED"},
    ]
    reading = read(golden("state_carrying", actionStates=actions), tracked=tracked)
    assert reading.actions == {PICK: "failed", "c-1": "finished"}


# ---------------------------------------------------------------- which error is about our order

SENT = replace(TRACKED, header_ids=("7", "9"))


@pytest.mark.parametrize(
    ("references", "is_rejection"),
    [
        ((("orderId", "st01-1"), ("headerId", "9")), True),
        ((("orderId", "st01-1"), ("headerId", "8")), False),
        ((("headerId", "9"),), False),
    ],
)
def test_a_header_that_is_named_has_to_be_one_of_ours(
    references: tuple[tuple[str, str], ...], is_rejection: bool
) -> None:
    state = golden("state_rejected", errors=[error(*references)])
    assert (read(state, tracked=SENT).phase is OrderPhase.REJECTED) is is_rejection


@pytest.mark.parametrize(
    ("references", "is_rejection"),
    [
        ((("order.nodes.nodePosition.theta", ""),), True),
        ((), True),
        ((("orderId", "st01-0"),), False),
        ((("actionId", "of-another"),), False),
        ((("headerId", "8"),), False),
    ],
)
def test_an_unsupported_parameter_is_ours_if_it_came_after_the_send(
    references: tuple[tuple[str, str], ...], is_rejection: bool
) -> None:
    told = error(*references, kind="UNSUPPORTED_PARAMETER")
    state = golden("state_rejected", errors=[told])
    assert (read(state, tracked=SENT).phase is OrderPhase.REJECTED) is is_rejection
    before = replace(SENT, errors_before=frozenset(state.errors))
    assert read(state, tracked=before).phase is OrderPhase.UNKNOWN
    never_sent_by_us = read(state, tracked=TRACKED)
    assert never_sent_by_us.phase is OrderPhase.UNKNOWN


# ---------------------------------------------------------------- updates, waiting, loads

AHEAD = replace(ORDER, preposition=True)
UPDATE = replace(TRACKED, order=replace(AHEAD, update_id=1))


def waiting(**changes: Any) -> RobotState:
    left = [{"nodeId": "Z", "sequenceId": 6, "released": False}]
    given = {"nodeStates": left, "actionStates": [], "driving": False, "lastNodeId": "DOCK"}
    return golden("state_carrying", **{**given, **changes})


def test_a_prepositioned_robot_waits_when_its_base_is_driven() -> None:
    tracked = replace(TRACKED, order=AHEAD)
    assert read(waiting(), tracked=tracked).phase is OrderPhase.ACCEPTED
    assert is_waiting(tracked, waiting())
    released = [{"nodeId": "DOCK", "sequenceId": 4, "released": True}]
    for other in (
        waiting(driving=True),
        waiting(nodeStates=released),
        waiting(lastNodeId="X"),
        waiting(orderUpdateId=1),
        waiting(orderId="other"),
    ):
        assert not is_waiting(tracked, other)
    assert not is_waiting(TRACKED, waiting())


@pytest.mark.parametrize(
    ("status", "waits"), [("WAITING", False), ("RUNNING", True), ("FINISHED", False)]
)
def test_a_robot_with_a_wait_of_its_own_waits_while_that_runs(status: str, waits: bool) -> None:
    tracked = replace(TRACKED, order=replace(AHEAD, wait_action_id="w"))
    states = [{"actionId": "w", "actionStatus": status}]
    assert is_waiting(tracked, waiting(actionStates=states)) is waits


def test_a_wait_that_failed_fails_the_order() -> None:
    tracked = replace(TRACKED, order=replace(AHEAD, wait_action_id="w"))
    states = [{"actionId": "w", "actionStatus": "FAILED"}]
    reading = read(waiting(actionStates=states), tracked=tracked)
    assert (reading.phase, reading.reason) == (OrderPhase.FAILED, "wait_failed")


def test_an_update_is_not_taken_until_the_robot_shows_it() -> None:
    assert not read(waiting(), STALE, UPDATE).is_news
    fresh = read(waiting(), FRESH, UPDATE)
    assert (fresh.phase, fresh.verdict) == (OrderPhase.ACCEPTED, Verdict.NOT_TAKEN)
    assert (fresh.reason, fresh.resend_safe) == ("update_not_taken", True)
    assert not read(waiting(operatingMode="INTERVENED"), FRESH, UPDATE).resend_safe
    picked = advance(UPDATE, ours("FINISHED", "WAITING", orderUpdateId=1), STALE)[0]
    assert picked.proved is OrderPhase.CARRYING
    assert not read(waiting(), FRESH, picked).resend_safe


def test_a_refused_update_fails_the_order_that_the_robot_still_has() -> None:
    told = error(("orderId", "st01-1"), ("orderUpdateId", "1"), kind="orderUpdateError")
    reading = read(waiting(errors=[told]), FRESH, UPDATE)
    assert (reading.phase, reading.reason) == (OrderPhase.FAILED, "orderUpdateError")
    assert reading.verdict is Verdict.REJECTED


def test_another_order_of_this_station_is_no_foreign_master() -> None:
    other = golden("state_idle", orderId="st01-9")
    reading = read(other, replace(FRESH, shows_our_other=True))
    assert (reading.verdict, reading.reason) == (Verdict.IN_DOUBT, "other_order_sent")
    assert read(other, FRESH).verdict is Verdict.FOREIGN


def test_a_robot_of_many_places_has_to_show_one_load_less() -> None:
    required = replace(TRACKED, loads=LoadsUse.REQUIRED)
    carrying = ours("FINISHED", "WAITING", loads=[{}, {}])
    tracked, _ = advance(required, carrying, STALE)
    assert tracked.carried == 2
    kept, _ = advance(tracked, ours("FINISHED", "WAITING", loads=None), STALE)
    assert kept.carried == 2
    assert read(golden("state_done", loads=[{}]), tracked=kept).phase is OrderPhase.DONE
    still = read(golden("state_done", loads=[{}, {}]), tracked=kept)
    assert (still.phase, still.reason) == (OrderPhase.DROPPING, "still_loaded")


@pytest.mark.parametrize(
    ("at", "is_there"),
    [
        ({"x": 7.3, "y": 8.0, "mapId": "hall"}, True),
        ({"x": 7.6, "y": 8.0, "mapId": "hall"}, False),
        ({"x": 7.0, "y": 8.0, "mapId": "cellar"}, False),
        (None, False),
    ],
)
def test_a_start_of_the_orders_own_is_found_by_its_place(at: Any, is_there: bool) -> None:
    start = StartPoint(x=7.0, y=8.0, map_id="hall")
    tracked = replace(TRACKED, order=replace(ORDER, start=start))
    state = golden("state_idle", orderId="st01-0", lastNodeId="", agvPosition=at)
    reading = read(state, FRESH, tracked)
    assert reading.resend_safe is is_there
    assert reading.reason == ("not_taken" if is_there else "not_at_start")


def test_a_retriable_action_has_begun_and_has_not_ended() -> None:
    assert read(ours("RETRIABLE", "WAITING")).phase is OrderPhase.PICKING
