"""One robot as its driver keeps it: what may leave when, and whose words count."""

import json
from dataclasses import replace
from typing import Any

import pytest

from drivers.protocols import (
    Factsheet,
    InstantKind,
    OrderBody,
    OrderPhase,
    OrderStatus,
    RobotSnapshot,
)
from drivers.robot.post import QUESTIONS_MAX, RobotPost, RobotUnit
from drivers.wire.vda5050.profile import RobotProfile
from drivers.wire.vda5050.state import RobotState, read_state
from floor_plan import move

WALL_MS = 1_795_514_400_000
ANSWER_NS = 5_000
IDLE: dict[str, Any] = {
    "orderId": "",
    "orderUpdateId": 0,
    "lastNodeId": "P1",
    "nodeStates": [],
    "edgeStates": [],
    "driving": False,
    "operatingMode": "AUTOMATIC",
    "actionStates": [],
    "errors": [],
}


def post(**profile: Any) -> RobotPost:
    unit = RobotUnit(id="r1", manufacturer="ACME", serial="A-1", profile=RobotProfile(**profile))
    made = RobotPost(unit, wall_ms=WALL_MS, answer_ns=ANSWER_NS)
    made.begin(1)
    return made


def state(robot: RobotPost, **changes: Any) -> RobotState:
    return read_state(IDLE | changes, robot.profile.dialect)


def finished(*ids: str) -> list[dict[str, str]]:
    return [{"actionId": one, "actionStatus": "FINISHED"} for one in ids]


def reconciled(**profile: Any) -> RobotPost:
    robot = post(**profile)
    robot.question("ask-1", 1, WALL_MS)
    assert robot.take_state(state(robot, actionStates=finished("ask-1")), 2) == ("ask-1",)
    assert robot.is_reconciled
    return robot


def seen(robot: RobotPost) -> RobotSnapshot:
    snapshot = robot.snapshot()
    assert snapshot is not None
    return snapshot


def told(robot: RobotPost) -> list[OrderStatus]:
    return list(robot.statuses())


def send(robot: RobotPost, order_id: str = "st01-1", at_ns: int = 10) -> None:
    order = move(order_id)
    robot.track(order, seen(robot).order_id, at_ns)
    robot.ordering(OrderBody(order=order, body=b'{"orderId":"x"}'), at_ns, WALL_MS)


def test_only_questions_and_a_pause_leave_before_the_robot_has_answered() -> None:
    robot = post(version="3.0.0")
    allowed = [kind for kind in InstantKind if robot.may_act(kind)]
    assert allowed == [InstantKind.PAUSE, InstantKind.STATE, InstantKind.FACTSHEET]
    robot = reconciled(version="3.0.0")
    assert all(robot.may_act(kind) for kind in InstantKind)


def test_a_robot_that_never_shows_questions_counts_from_its_first_late_state() -> None:
    robot = post()
    robot.question("ask-1", 100, WALL_MS)
    robot.take_state(state(robot), 200)
    assert not robot.settle(100 + ANSWER_NS - 1)
    assert robot.settle(100 + ANSWER_NS)
    late = post()
    late.question("ask-1", 100, WALL_MS)
    late.take_state(state(late), 100 + ANSWER_NS)
    assert late.is_reconciled
    assert not late.shows_questions


def test_a_state_from_before_the_question_settles_nothing() -> None:
    robot = post()
    robot.take_state(state(robot), 50)
    robot.question("ask-1", 100, WALL_MS)
    assert not robot.settle(100 + 10 * ANSWER_NS)
    robot.begin(2)
    assert robot.snapshot() is None
    assert not robot.settle(10**12)


def test_the_oldest_question_is_forgotten_when_there_are_too_many() -> None:
    robot = post()
    for number in range(QUESTIONS_MAX + 1):
        robot.question(f"ask-{number}", number, WALL_MS)
    assert robot.take_state(state(robot, actionStates=finished("ask-0")), 99) == ()
    assert robot.take_state(state(robot, actionStates=finished("ask-64")), 99) == ("ask-64",)


def test_headers_count_up_from_the_clock_per_topic() -> None:
    robot = reconciled()
    asked = json.loads(robot.question("ask-2", 3, WALL_MS))["headerId"]
    order = OrderBody(order=move(), body=b'{"orderId":"x"}')
    first = json.loads(robot.ordering(order, 3, WALL_MS))["headerId"]
    second = json.loads(robot.ordering(order, 4, WALL_MS))["headerId"]
    assert (asked, first, second) == (195_514_402, 195_514_401, 195_514_402)


def test_the_questions_of_the_driver_do_not_make_a_robot_busy() -> None:
    robot = reconciled()
    robot.factsheet_question("facts-1", WALL_MS)
    running = [{"actionId": "facts-1", "actionStatus": "RUNNING"}]
    robot.take_state(state(robot, actionStates=running), 5)
    assert (seen(robot).idle, seen(robot).actions_ended) == (True, True)
    robot.take_state(
        state(robot, actionStates=[{"actionId": "lift", "actionStatus": "RUNNING"}]), 6
    )
    assert (seen(robot).idle, seen(robot).actions_ended) == (False, False)


def test_a_factsheet_may_ask_for_digits_and_for_more_distance() -> None:
    robot = post(min_order_interval_s=1.0)
    assert (robot.ids_are_digits, robot.spacing_s) == (False, 1.0)
    robot.factsheet = Factsheet(numeric_ids=True, min_order_interval_s=2.5)
    assert (robot.ids_are_digits, robot.spacing_s) == (True, 2.5)
    robot.factsheet = Factsheet(min_order_interval_s=0.2)
    assert robot.spacing_s == 1.0
    assert post(id_numerical=True).ids_are_digits


def test_an_order_is_followed_once_and_forgotten_when_told() -> None:
    robot = post()
    assert robot.track(move(), "", 1) is None
    robot = reconciled()
    robot.take_state(state(robot, orderId="st01-1"), 5)
    status = robot.track(move(), "", 6)
    assert status is not None
    assert status.phase is OrderPhase.ACCEPTED
    assert robot.track(move(), "other", 7) is None
    robot.forget(move().order_id)
    robot.forget(move().order_id)
    assert told(robot) == []


def test_every_state_is_told_while_a_cancel_is_shown() -> None:
    robot = reconciled()
    send(robot)
    robot.note_cancel("c-1")
    robot.note_cancel("c-1")
    robot.take_state(state(robot, orderId="st01-1"), 20)
    assert len(told(robot)) == 1
    assert told(robot) == []
    cancelled = state(robot, orderId="st01-1", actionStates=finished("c-1"))
    for at_ns in (21, 22, 23):
        robot.take_state(cancelled, at_ns)
        (status,) = told(robot)
        assert (status.instant, status.actions) == ({"c-1": "finished"}, {"c-1": "finished"})


def test_a_break_of_the_robots_own_link_makes_an_empty_memory_doubtful() -> None:
    for breaks, reason in ((0, "not_taken"), (1, "memory_lost")):
        robot = reconciled()
        send(robot)
        for _ in range(breaks):
            robot.take_connection(is_online=False, retained=False, at_ns=11)
        robot.question("ask-2", 12, WALL_MS)
        robot.take_state(state(robot, actionStates=finished("ask-2")), 13)
        (status,) = told(robot)
        assert (status.reason, status.resend_safe) == (reason, not breaks)


def test_another_order_of_ours_that_was_sent_since_forbids_a_resend() -> None:
    robot = reconciled()
    robot.take_state(state(robot, orderId="st01-0"), 5)
    send(robot, "st01-1")
    send(robot, "st01-2", at_ns=11)
    robot.question("ask-2", 12, WALL_MS)
    robot.take_state(state(robot, orderId="st01-2", actionStates=finished("ask-2")), 13)
    one, two = sorted(told(robot), key=lambda status: status.order_id)
    assert (one.reason, one.resend_safe, one.foreign) == ("other_order_sent", False, False)
    assert two.phase is OrderPhase.ACCEPTED


@pytest.mark.parametrize(
    ("order_id", "is_idle", "is_foreign", "may_cancel"),
    [
        ("", False, False, False),
        ("", True, False, True),
        ("old", True, False, True),
        ("old", False, True, False),
        ("new", True, True, True),
        ("new", False, True, False),
        ("st01-1", False, False, True),
    ],
)
def test_who_commands_the_robot_is_told_by_its_order(
    order_id: str, is_idle: bool, is_foreign: bool, may_cancel: bool
) -> None:
    robot = post()
    robot.question("ask-1", 1, WALL_MS)
    robot.take_state(state(robot, orderId="old", actionStates=finished("ask-1")), 2)
    send(robot)
    left = [] if is_idle else [{"nodeId": "Q"}]
    robot.take_state(state(robot, orderId=order_id, nodeStates=left), 20)
    assert seen(robot).foreign_order is is_foreign
    assert robot.excluded == ("foreign_master" if is_foreign else "")
    assert robot.may_act(InstantKind.CANCEL) is may_cancel


def test_a_new_error_is_a_rejection_and_is_counted_once() -> None:
    robot = reconciled()
    reference = {"referenceKey": "orderId", "referenceValue": "st01-1"}
    error = {"errorType": "noRouteError", "errorLevel": "WARNING", "errorReferences": [reference]}
    send(robot)
    for at_ns in (20, 21):
        robot.take_state(state(robot, errors=[error]), at_ns)
        for status in told(robot):
            assert status.phase is OrderPhase.REJECTED
            assert replace(status.error_texts[0], references=()).type == "noRouteError"
    assert robot.counts["rejected"] == 1
