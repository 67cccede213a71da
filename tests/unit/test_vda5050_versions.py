"""What differs between 2.0, 2.1 and 3.0, against messages written by hand from each standard."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from drivers.protocols import ActionStatus, Factsheet, InstantKind, OrderId
from drivers.robot.schemas import MessageKind, problems
from drivers.wire.vda5050.dialect import DIALECTS
from drivers.wire.vda5050.factsheet import read_factsheet
from drivers.wire.vda5050.header import Sender, stamped
from drivers.wire.vda5050.instant import instant_action
from drivers.wire.vda5050.order import build_order, build_update
from drivers.wire.vda5050.profile import RobotProfile
from drivers.wire.vda5050.state import Position, read_state
from floor_plan import NODES, move, path

DATA = Path(__file__).parents[1] / "data" / "vda5050"
ORDER = replace(
    move(),
    path_to_pick=path("P1", "DOCK"),
    path_to_drop=path("DOCK", "Z"),
    pick_action_id="pick-1",
    drop_action_id="drop-1",
)
AHEAD = replace(ORDER, preposition=True, wait_action_id="wait-1")
LOAD = {"loadType": "tray"}


def golden(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text("utf-8"))


def profile(version: str, **other: Any) -> RobotProfile:
    return RobotProfile(version=version, pick=LOAD, drop=LOAD, **other)


def checked(kind: MessageKind, body: bytes, version: str) -> Any:
    """Return the parsed body after the official schema of its very version has taken it."""
    message = stamped(body, Sender(version=version, manufacturer="ACME", serial="A-1"), 1, 0)
    if version == "2.0.0":
        assert list(schema_2_0(kind).iter_errors(json.loads(message))) == []
    else:
        assert problems(kind, message, version) == ()
    return json.loads(body)


@cache
def schema_2_0(kind: MessageKind) -> Draft202012Validator:
    return Draft202012Validator(
        json.loads((DATA / "schemas_2_0_0" / f"{kind}.schema").read_text("utf-8"))
    )


# ---------------------------------------------------------------- orders


@pytest.mark.parametrize("version", ["2.0.0", "2.1.0", "3.0.0"])
def test_every_version_gets_an_order_that_its_own_schema_takes(version: str) -> None:
    at = Position(x=1.0, y=0.5, map_id="hall")
    body = build_order(ORDER, profile(version), NODES, robot_at=at)
    order = checked(MessageKind.ORDER, body, version)
    assert [node["released"] for node in order["nodes"]] == [True] * 3


def test_2_0_gets_both_spellings_of_the_deviation() -> None:
    order = checked(MessageKind.ORDER, build_order(ORDER, profile("2.0.0"), NODES), "2.0.0")
    assert order == golden("order_body_2_0")


def test_3_0_waits_at_the_load_for_our_trigger() -> None:
    order = checked(MessageKind.ORDER, build_order(AHEAD, profile("3.0.0"), NODES), "3.0.0")
    assert order == golden("order_waiting_3_0")


def test_2_1_drives_to_the_load_and_picks_by_an_update() -> None:
    given = profile("2.1.0")
    base = build_order(AHEAD, given, NODES)
    assert checked(MessageKind.ORDER, base, "2.1.0") == golden("order_base_2_1")
    update = build_update(replace(AHEAD, update_id=1), base, given, NODES)
    assert checked(MessageKind.ORDER, update, "2.1.0") == golden("order_update_2_1")


def test_an_update_begins_with_the_node_that_the_robot_has_whatever_it_held() -> None:
    given = profile("2.1.0", free_nav=True)
    order = replace(AHEAD, path_to_pick=path("DOCK"), path_to_drop=path("DOCK", "X", "Z"))
    base = build_order(order, given, NODES, robot_at=Position(x=3.9, y=0.5, map_id="hall"))
    update = json.loads(build_update(replace(order, update_id=1), base, given, NODES))
    assert update["nodes"][0] == json.loads(base)["nodes"][0]
    assert update["nodes"][0]["nodePosition"]["allowedDeviationXY"] == 1.0
    assert [(n["nodeId"], n["sequenceId"]) for n in update["nodes"]] == [
        ("DOCK", 0),
        ("DOCK", 2),
        ("Z", 4),
    ]


@pytest.mark.parametrize(
    ("version", "changes"),
    [
        ("2.1.0", {"preposition": False}),
        ("2.1.0", {"update_id": 0}),
        ("3.0.0", {}),
        ("2.1.0", {"path_to_pick": path("P1", "X"), "path_to_drop": path("X", "Z")}),
    ],
)
def test_an_update_of_another_order_is_not_built(version: str, changes: dict[str, Any]) -> None:
    base = build_order(AHEAD, profile("2.1.0"), NODES)
    order = replace(AHEAD, **{"update_id": 1, **changes})
    with pytest.raises(ValueError, match="order st01-1"):
        build_update(order, base, profile(version), NODES)


def test_a_wait_needs_an_id_of_its_own() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        build_order(replace(AHEAD, wait_action_id=""), profile("3.0.0"), NODES)
    with pytest.raises(ValueError, match="same id"):
        build_order(replace(AHEAD, wait_action_id="pick-1"), profile("3.0.0"), NODES)


# ---------------------------------------------------------------- instant actions


def test_a_cancel_is_what_each_standard_wants() -> None:
    for version, name in (("2.0.0", "cancel_2_0"), ("3.0.0", "cancel_3_0")):
        body = instant_action(
            InstantKind.CANCEL, "c-1", profile(version), order_id=OrderId("st01-1")
        )
        assert checked(MessageKind.INSTANT_ACTIONS, body, version) == golden(name)


def test_only_3_0_knows_a_trigger_of_master_control() -> None:
    body = instant_action(InstantKind.TRIGGER, "t-1", profile("3.0.0"))
    assert checked(MessageKind.INSTANT_ACTIONS, body, "3.0.0")["actions"][0]["actionType"] == (
        "trigger"
    )
    with pytest.raises(ValueError, match="trigger"):
        instant_action(InstantKind.TRIGGER, "t-1", profile("2.1.0"))


def test_an_instant_action_has_an_id_that_robots_take() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        instant_action(InstantKind.PAUSE, "a b", profile("2.1.0"))


# ---------------------------------------------------------------- states


def test_a_3_0_state_is_read_by_its_own_names() -> None:
    message = golden("state_waiting_3_0")
    assert problems(MessageKind.STATE, json.dumps(message).encode(), "3.0.0") == ()
    seen = read_state(message, DIALECTS["3.0"])
    assert seen.position == Position(x=3.01, y=0.5, map_id="hall")
    assert (seen.localized, seen.charge_percent, seen.loads) == (True, 64.5, 0)
    assert (seen.emergency_stop, seen.field_violation, seen.is_stopped) == (True, True, True)
    assert (seen.nodes_left, seen.released_left, seen.edges_left) == (1, 1, 1)
    assert (seen.takes_orders, seen.clears_order, seen.asks_fleet) == (False, False, False)
    assert seen.actions["pick-1"].status is ActionStatus.RETRIABLE
    assert seen.actions["pick-1"].result == "fork blocked"
    assert seen.actions["c-1"].status is ActionStatus.RUNNING


@pytest.mark.parametrize(
    ("version", "mode", "takes", "clears"),
    [
        ("2.1", "AUTOMATIC", True, False),
        ("2.1", "SEMIAUTOMATIC", True, False),
        ("2.1", "MANUAL", False, True),
        ("2.1", "SERVICE", False, True),
        ("2.1", "TEACHIN", False, True),
        ("3.0", "SEMIAUTOMATIC", True, False),
        ("3.0", "INTERVENED", False, False),
        ("3.0", "MANUAL", False, True),
        ("3.0", "SERVICE", False, True),
        ("3.0", "TEACH_IN", False, True),
        ("3.0", "STARTUP", False, True),
        ("3.0", "", False, False),
    ],
)
def test_the_mode_tells_whether_orders_are_taken_kept_or_thrown_away(
    version: str, mode: str, takes: bool, clears: bool
) -> None:
    seen = read_state({"operatingMode": mode}, DIALECTS[version])
    assert (seen.takes_orders, seen.clears_order) == (takes, clears)


@pytest.mark.parametrize(
    ("version", "level", "kind", "stops"),
    [
        ("2.1", "WARNING", "x", False),
        ("2.1", "FATAL", "x", True),
        ("2.1", "CRITICAL", "x", False),
        ("3.0", "URGENT", "x", False),
        ("3.0", "CRITICAL", "x", True),
        ("3.0", "FATAL", "x", True),
        ("3.0", "CRITICAL", "UNSUPPORTED_PARAMETER", False),
    ],
)
def test_errors_stop_a_robot_by_their_level_but_a_refusal_does_not(
    version: str, level: str, kind: str, stops: bool
) -> None:
    errors = [{"errorType": kind, "errorLevel": level}]
    assert read_state({"errors": errors}, DIALECTS[version]).is_stopped is stops


def test_a_robot_that_asks_a_fleet_manager_says_so() -> None:
    for key in ("zoneRequests", "edgeRequests"):
        assert read_state({key: [{}]}, DIALECTS["3.0"]).asks_fleet
        assert not read_state({key: []}, DIALECTS["3.0"]).asks_fleet


def test_unreleased_nodes_are_the_horizon() -> None:
    nodes = [{"released": False}, {"released": True}, {}]
    assert read_state({"nodeStates": nodes}, DIALECTS["2.1"]).released_left == 2
    assert read_state({}, DIALECTS["2.1"]).released_left is None


# ---------------------------------------------------------------- factsheets


def sheet(version: str) -> Factsheet:
    name, kind = f"factsheet_{version.replace('.', '_')}", MessageKind.FACTSHEET
    message = golden(name)
    assert problems(kind, json.dumps(message).encode(), f"{version}.0") == ()
    return read_factsheet(message, DIALECTS[version])


def test_factsheets_of_both_majors_are_read_as_limits() -> None:
    old, new = sheet("2.1"), sheet("3.0")
    assert (old.id_len, old.load_id_len, old.message_len, old.nodes_max) == (40, 8, 20000, 12)
    assert (new.id_len, new.load_id_len, new.message_len, new.nodes_max) == (36, 12, None, 9)
    assert (old.numeric_ids, new.numeric_ids) == (False, True)
    assert (old.min_order_interval_s, new.min_order_interval_s) == (2.5, 0.5)
    assert (old.load_types, new.load_types) == (frozenset({"tray", "tote"}), None)
    assert (old.max_weight_kg, new.max_weight_kg) == (30.0, 80.0)
    assert old.actions == {"pick": frozenset({"stationName", "loadId"}), "drop": frozenset()}
    assert new.actions == {"liftUp": frozenset({"height"})}


def test_an_empty_factsheet_limits_nothing() -> None:
    for version, dialect in DIALECTS.items():
        assert read_factsheet({}, dialect) == Factsheet(), version
    order = build_order(ORDER, profile("2.1.0"), NODES)
    assert build_order(ORDER, profile("2.1.0"), NODES, factsheet=Factsheet()) == order


def test_only_what_the_factsheet_lists_is_sent() -> None:
    long = replace(ORDER, load_id="0123456789")
    given = profile("2.1.0", node_position=False)
    order = json.loads(build_order(long, given, NODES, factsheet=sheet("2.1")))
    start, pick, drop = order["nodes"]
    assert start["nodePosition"] == {"x": 0.0, "y": 0.5, "mapId": "hall"}
    assert "theta" not in pick["nodePosition"]  # supported, but the profile wants no positions
    assert [(p["key"], p["value"]) for p in pick["actions"][0]["actionParameters"]] == [
        ("stationName", "DOCK"),
        ("loadId", "01234567"),
    ]
    assert drop["actions"][0]["actionParameters"] == []


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ({"id_len": 5}, "takes 5 characters"),
        ({"numeric_ids": True}, "digits only"),
        ({"nodes_max": 2}, "takes 2"),
        ({"message_len": 100}, "takes 100"),
        ({"load_types": frozenset({"pallet"})}, "loadType 'tray'"),
        ({"actions": {"pick": frozenset()}}, "action 'drop'"),
    ],
)
def test_an_order_beyond_the_factsheet_is_not_built(limits: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        build_order(ORDER, profile("2.1.0"), NODES, factsheet=Factsheet(**limits))


def test_the_shorter_limit_of_profile_and_factsheet_counts() -> None:
    given = profile("2.1.0", id_len=5)
    with pytest.raises(ValueError, match="takes 5 characters"):
        build_order(ORDER, given, NODES, factsheet=Factsheet(id_len=50))


def test_a_wait_that_the_factsheet_does_not_list_is_not_sent() -> None:
    facts = Factsheet(actions={"pick": frozenset(), "drop": frozenset()})
    with pytest.raises(ValueError, match="waitForTrigger"):
        build_order(AHEAD, profile("3.0.0"), NODES, factsheet=facts)
