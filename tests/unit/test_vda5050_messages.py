"""Orders, headers, topics and states against messages written by hand from VDA 5050 2.1."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drivers.protocols import ActionStatus, GraphNode, InstantKind, MoveOrder, NodeId, StartPoint
from drivers.robot.schemas import MessageKind, problems
from drivers.wire.vda5050.dialect import DIALECTS
from drivers.wire.vda5050.header import Sender, first_header_id, stamped, timestamp
from drivers.wire.vda5050.instant import instant_action
from drivers.wire.vda5050.json_values import parse
from drivers.wire.vda5050.order import build_order
from drivers.wire.vda5050.profile import RobotProfile
from drivers.wire.vda5050.state import (
    Position,
    RobotState,
    connection_of,
    read_state,
)
from drivers.wire.vda5050.topics import RobotTopics, major_of, topics_of
from floor_plan import NODES, move, path

DATA = Path(__file__).parents[1] / "data" / "vda5050"
SENDER = Sender(version="2.1.0", manufacturer="ACME", serial="A-1")
PROFILE = RobotProfile(pick={"stationType": "rack", "loadType": "tray"}, drop={"loadType": "tray"})


def golden(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text("utf-8"))


def state(name: str) -> RobotState:
    return normalise_v2(golden(name))


def normalise_v2(message: dict[str, Any]) -> RobotState:
    return read_state(message, DIALECTS["2.1"])


def built(
    order: MoveOrder | None = None, profile: RobotProfile = PROFILE, at: Position | None = None
) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(build_order(order or move(), profile, NODES, robot_at=at))
    return message


# ---------------------------------------------------------------- orders


def test_an_order_is_what_the_standard_wants_word_for_word() -> None:
    assert built() == golden("order_body")


def test_the_golden_order_and_the_built_one_pass_the_official_schema() -> None:
    for body in (build_order(move(), PROFILE, NODES), (DATA / "order_body.json").read_bytes()):
        assert problems(MessageKind.ORDER, stamped(body, SENDER, 1, 0)) == ()


def test_the_schema_refuses_what_is_no_order() -> None:
    found = problems(MessageKind.ORDER, stamped(b'{"orderId":7}', SENDER, 1, 0))
    assert any(one.startswith("orderId: ") for one in found)
    assert any(one.startswith("order: ") for one in found)


def test_a_free_robot_gets_start_pick_and_drop_alone() -> None:
    order = built(profile=replace(PROFILE, free_nav=True))
    assert [node["nodeId"] for node in order["nodes"]] == ["P1", "DOCK", "Z"]
    assert [len(node["actions"]) for node in order["nodes"]] == [0, 1, 1]
    assert [edge["edgeId"] for edge in order["edges"]] == ["P1:DOCK", "DOCK:Z"]


def test_a_robot_that_stands_at_the_pick_node_picks_at_the_first_node() -> None:
    for free in (False, True):
        order = built(replace(move(), path_to_pick=path("DOCK")), replace(PROFILE, free_nav=free))
        assert [action["actionType"] for action in order["nodes"][0]["actions"]] == ["pick"]
        assert "theta" not in order["nodes"][0]["nodePosition"]


def test_the_first_node_is_widened_to_where_the_robot_stands() -> None:
    here = Position(x=1.2, y=0.5, map_id="hall")
    assert built(at=here)["nodes"][0]["nodePosition"]["allowedDeviationXY"] == 1.3
    elsewhere = replace(here, map_id="cellar")
    assert built(at=elsewhere)["nodes"][0]["nodePosition"]["allowedDeviationXY"] == 0.5


def test_a_model_may_want_both_spellings_or_no_position() -> None:
    both = ("allowedDeviationXY", "allowedDeviationXy")
    first = built(profile=replace(PROFILE, deviation_keys=both))["nodes"][0]["nodePosition"]
    assert [first[key] for key in both] == [0.5, 0.5]
    bare = built(profile=replace(PROFILE, node_position=False))
    assert not any("nodePosition" in node for node in bare["nodes"])


def test_a_temporary_start_node_stands_where_the_robot_stands() -> None:
    start = StartPoint(x=7.0, y=8.0, map_id="hall")
    order = replace(move(), path_to_pick=path("HERE", "X", "DOCK"), start=start)
    temporary = replace(PROFILE, temp_start_node=True)
    first = built(order, temporary)["nodes"][0]
    assert (first["nodePosition"]["x"], first["nodePosition"]["y"]) == (7.0, 8.0)
    with pytest.raises(ValueError, match="HERE"):
        built(order, PROFILE)
    with pytest.raises(ValueError, match="P1"):
        built(replace(move(), start=start), temporary)


def test_own_names_of_actions_and_further_parameters_are_sent() -> None:
    profile = replace(PROFILE, action_map={"pick": "liftUp"}, pick={"height": "1.25", "fork": "2"})
    pick = built(profile=profile)["nodes"][2]["actions"][0]
    values = {one["key"]: one["value"] for one in pick["actionParameters"]}
    assert pick["actionType"] == "liftUp"
    assert list(values) == ["stationType", "stationName", "loadId", "height", "fork"]
    assert (values["height"], values["fork"]) == (1.25, "2")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"path_to_pick": ()}, "do not meet"),
        ({"path_to_drop": path("DOCK")}, "do not meet"),
        ({"path_to_drop": path("X", "Z")}, "do not meet"),
        ({"path_to_drop": path("DOCK", "X", "DOCK")}, "do not meet"),
        ({"path_to_pick": path("P1", "P1", "DOCK")}, "stands still"),
        ({"path_to_pick": path("Q", "DOCK")}, "unknown"),
        ({"order_id": "a/b"}, "does not fit"),
        ({"pick_action_id": ""}, "does not fit"),
        ({"pick_action_id": "x", "drop_action_id": "x"}, "the same id"),
        ({"update_id": 1}, "not 0"),
    ],
)
def test_an_order_that_cannot_be_driven_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        built(replace(move(), **changes))


def test_a_robot_of_digits_takes_digits_only() -> None:
    digits = replace(PROFILE, id_numerical=True)
    with pytest.raises(ValueError, match="digits"):
        built(profile=digits)
    names = {"P1": "1", "X": "12", "DOCK": "3", "Z": "44"}
    nodes = {NodeId(new): replace(NODES[NodeId(old)], id=NodeId(new)) for old, new in names.items()}
    order = replace(
        move("12"),
        path_to_pick=path("1", "12", "3"),
        path_to_drop=path("3", "44"),
        pick_action_id="1",
        drop_action_id="2",
    )
    message = json.loads(build_order(order, digits, nodes))
    assert message["orderId"] == "12"
    assert [edge["edgeId"] for edge in message["edges"]] == ["1112", "2123", "1344"]


def test_a_height_that_is_no_number_is_refused() -> None:
    node = replace(NODES[NodeId("Z")], params={"height": "high"})
    with pytest.raises(ValueError, match="high"):
        build_order(move(), PROFILE, {**NODES, NodeId("Z"): node})
    nan = GraphNode(id=NodeId("X"), x=float("nan"), y=0.0, theta=0.0, map_id="hall")
    with pytest.raises(ValueError, match="Out of range"):
        build_order(move(), PROFILE, {**NODES, NodeId("X"): nan})


# ---------------------------------------------------------------- instant actions, header, topics


def test_an_instant_action_is_valid_under_every_key_a_model_reads() -> None:
    profile = replace(PROFILE, instant_keys=("actions", "instantActions"), action_name=True)
    body = instant_action(InstantKind.CANCEL, "c-1", profile)
    message = json.loads(body)
    assert problems(MessageKind.INSTANT_ACTIONS, stamped(body, SENDER, 1, 0)) == ()
    assert message["actions"] == message["instantActions"]
    (action,) = message["actions"]
    assert (action["actionType"], action["actionName"]) == ("cancelOrder", "cancelOrder")
    assert (action["actionId"], action["blockingType"]) == ("c-1", "NONE")
    assert action["actionParameters"] == []


def test_the_header_is_put_before_the_untouched_body() -> None:
    body = '{"orderId":"ä 1", "x" : 1}'.encode()
    assert (
        stamped(body, SENDER, 2**32 + 5, 1_795_514_400_124)
        == (
            '{"headerId":5,"timestamp":"2026-11-24T10:00:00.124Z","version":"2.1.0",'
            '"manufacturer":"ACME","serialNumber":"A-1","orderId":"ä 1", "x" : 1}'
        ).encode()
    )


def test_header_ids_begin_with_the_clock() -> None:
    assert first_header_id(1_600_000_007_999) == 7
    assert first_header_id(5) == 0
    assert timestamp(1_600_000_000_007) == "2020-09-13T12:26:40.007Z"


def test_topics_are_those_of_the_standard() -> None:
    assert topics_of("uagv", "2.1.0", "ACME", "A-1") == RobotTopics(
        order="uagv/v2/ACME/A-1/order",
        instant_actions="uagv/v2/ACME/A-1/instantActions",
        state="uagv/v2/ACME/A-1/state",
        connection="uagv/v2/ACME/A-1/connection",
        factsheet="uagv/v2/ACME/A-1/factsheet",
    )


@pytest.mark.parametrize(
    "level", ["", "A/1", "A+", "#", "$x", "A 1", "x" * 65, "A\x001", "A\x9f", "\ud800"]
)
def test_a_topic_level_that_mqtt_cannot_carry_is_refused(level: str) -> None:
    with pytest.raises(ValueError, match="topic level"):
        topics_of("uagv", "2.1.0", "ACME", level)


@pytest.mark.parametrize("version", ["", "2", "v2.1.0", "2.1", "two.1.0"])
def test_a_version_is_three_numbers(version: str) -> None:
    with pytest.raises(ValueError, match="version"):
        major_of(version)


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("version", {"version": "1.1.0"}),
        ("version", {"version": "3.1.0"}),
        ("instant_keys", {"instant_keys": ("instantActions",)}),
        ("instant_keys", {"instant_keys": ("actions", "acts")}),
        ("action_map", {"action_map": {"lift": "x"}}),
        ("start_deviation_m", {"start_deviation_m": -0.1}),
        ("min_order_interval_s", {"min_order_interval_s": -1.0}),
        ("id_len", {"id_len": -1}),
        ("deviation_keys", {"deviation_keys": ("allowedDeviation",)}),
        ("timers", {"timers": {"lunch": 5.0}}),
        ("timers", {"timers": {"accept": 0.0}}),
        ("error_text", {"error_text": {"E1": {"ru": "x"}}}),
    ],
)
def test_a_profile_that_cannot_work_is_refused(key: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{key}: "):
        RobotProfile(**wrong)


# ---------------------------------------------------------------- states


def test_an_idle_robot_is_read_whole() -> None:
    seen = state("state_idle")
    assert (seen.order_id, seen.order_update_id, seen.last_node) == ("", 0, "P1")
    assert (seen.nodes_left, seen.edges_left, seen.driving, seen.paused) == (0, 0, False, False)
    assert seen.position == Position(x=0.25, y=0.5, map_id="hall")
    assert (seen.localized, seen.charge_percent, seen.loads) == (True, 81.5, 0)
    assert (seen.takes_orders, seen.clears_order, seen.emergency_stop) == (True, False, False)
    assert (seen.is_idle(), seen.is_stopped, seen.field_violation) == (True, False, False)
    assert (seen.version, seen.errors) == ("2.1.0", ())


def test_a_carrying_robot_is_read_by_action_id_in_any_order() -> None:
    seen = state("state_carrying")
    pick, drop = move().pick_action_id, move().drop_action_id
    assert seen.actions[pick].status is ActionStatus.FINISHED
    assert seen.actions[pick].result == "load taken"
    assert seen.actions[drop].status is ActionStatus.WAITING
    assert (seen.nodes_left, seen.loads, seen.last_node_seq) == (2, 1, 4)
    assert not seen.is_at_rest


def test_what_a_robot_does_not_say_is_unknown_and_not_empty() -> None:
    seen = state("state_meagre")
    assert (seen.loads, seen.paused, seen.position, seen.localized) == (None, None, None, None)
    assert (seen.takes_orders, seen.clears_order) == (False, True)
    assert (seen.emergency_stop, seen.field_violation, seen.is_stopped) == (True, True, True)
    assert seen.actions["x"].status is ActionStatus.PAUSED
    nothing = normalise_v2({})
    assert (nothing.order_id, nothing.nodes_left, nothing.driving) == (None, None, None)
    assert not nothing.is_idle()
    assert not nothing.takes_orders


def test_our_own_questions_do_not_make_a_robot_busy() -> None:
    actions = [{"actionId": "q", "actionStatus": "RUNNING"}]
    seen = normalise_v2({**golden("state_idle"), "actionStates": actions})
    assert not seen.is_idle()
    assert seen.is_idle({"q"})
    typed = [{"actionId": "z", "actionType": "stateRequest", "actionStatus": "WAITING"}]
    assert normalise_v2({**golden("state_idle"), "actionStates": typed}).is_idle()


def test_an_error_keeps_its_words_and_references() -> None:
    (error,) = state("state_rejected").errors
    assert str(error) == "WARNING noRouteError: no way to DOCK check the map"
    assert ("orderId", "st01-1") in error.references
    assert str(state("state_meagre").errors[0]) == "FATAL drive"


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"7", b'{"a":', b"\xff", b"[" * 100_000, b" " * (1 << 21)]
)
def test_what_is_no_json_object_is_nothing(payload: bytes) -> None:
    assert parse(payload) is None


def test_a_connection_message_says_online_or_not_or_nothing() -> None:
    said = [connection_of({"connectionState": one}) for one in ("ONLINE", "OFFLINE", "x", 3.5)]
    assert said == [True, False, False, None]


def test_numbers_beyond_reason_are_unknown() -> None:
    odd = {"orderUpdateId": 1 << 80, "lastNodeSequenceId": 1.5, "orderId": 12}
    seen = normalise_v2({**odd, "batteryState": {"batteryCharge": True}})
    assert (seen.order_update_id, seen.last_node_seq, seen.order_id) == (None, 0, "12")
    assert seen.charge_percent is None
