"""Whatever a scanner reads or a robot says stays where it belongs."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import Factsheet, GraphNode, NodeId, RobotId
from drivers.robot.intake import REMEMBERED_MAX
from drivers.robot.mqtt_link import Arrived
from drivers.robot.post import RobotPost, RobotUnit
from drivers.robot.schemas import MessageKind, problems
from drivers.wire.vda5050.dialect import DIALECTS
from drivers.wire.vda5050.factsheet import read_factsheet
from drivers.wire.vda5050.header import Sender, stamped
from drivers.wire.vda5050.order import build_order
from drivers.wire.vda5050.profile import RobotProfile
from drivers.wire.vda5050.state import read_state
from drivers.wire.vda5050.topics import topics_of
from floor_plan import NODES, move

SIGNS = st.text(
    st.sampled_from('Aé9-_/+#$\x00\x1f\n" \\{}\u2028\ud800') | st.characters(), max_size=20
)
VERSIONS = st.sampled_from(["2.0.0", "2.1.0", "3.0.0"])
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
STATE_KEYS = (
    "orderId", "orderUpdateId", "lastNodeId", "nodeStates", "edgeStates", "actionStates",
    "instantActionStates", "powerSupply", "mobileRobotPosition", "agvPosition", "safetyState",
    "operatingMode", "errors", "loads", "zoneRequests", "driving", "version",
)  # fmt: skip
SHEET_KEYS = (
    "protocolLimits", "protocolFeatures", "typeSpecification", "loadSpecification", "timing",
    "maxStringLens", "maximumStringLengths", "agvActions", "optionalParameters", "loadSets",
)  # fmt: skip


def objects(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    known = st.sampled_from(keys)
    inner = st.recursive(
        values,
        lambda more: st.lists(more, max_size=3) | st.dictionaries(known, more, max_size=4),
        max_leaves=10,
    )
    return st.dictionaries(known, inner, max_size=8)


def actions_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [action for node in message["nodes"] for action in node["actions"]]


def load_of(action: Mapping[str, Any]) -> str:
    return next(str(p["value"]) for p in action["actionParameters"] if p["key"] == "loadId")


@given(SIGNS, SIGNS, VERSIONS)
def test_a_scanned_code_cannot_leave_its_place_in_an_order(
    code: str, station: str, version: str
) -> None:
    params = {"stationName": station}
    dock = replace(NODES[NodeId("DOCK")], params=params)
    order, profile = replace(move(), load_id=code), RobotProfile(version=version)
    body = build_order(order, profile, {**NODES, NodeId("DOCK"): dock})
    plain = build_order(move(), profile, {**NODES, NodeId("DOCK"): replace(dock, params={})})
    sender = Sender(version=version, manufacturer="ACME", serial="A-1")
    schema = profile.dialect.schema
    assert problems(MessageKind.ORDER, stamped(body, sender, 1, 0), schema) == ()
    message, other = json.loads(body), json.loads(plain)
    for action in actions_of(message):
        assert load_of(action).isprintable()
        assert len(load_of(action)) == len(code)
    for action in (*actions_of(message), *actions_of(other)):
        action["actionParameters"] = []
    assert message == other
    assert b"\x00" not in body


@given(SIGNS)
def test_a_code_is_a_topic_level_or_is_refused(code: str) -> None:
    for place in range(3):
        levels = ["uagv", "ACME", "A-1"]
        levels[place] = code
        try:
            topics = topics_of(levels[0], "2.1.0", levels[1], levels[2])
        except ValueError:
            continue
        for topic in (topics.order, topics.instant_actions, topics.state, topics.connection):
            assert topic.split("/")[:4] == [levels[0], "v2", levels[1], levels[2]]
            assert topic.count("/") == 4
            assert not set(topic) & set("+#$ \x00\n")


@given(SIGNS)
def test_a_code_is_an_id_or_the_order_is_refused(code: str) -> None:
    bad = {"order_id": code}, {"pick_action_id": code}
    for changes in bad:
        try:
            body = build_order(replace(move(), **changes), RobotProfile(), NODES)  # type: ignore[arg-type]
        except ValueError:
            continue
        assert code.isascii()
        assert code in body.decode()


@given(SIGNS)
def test_a_node_with_any_name_is_a_node_or_the_order_is_refused(name: str) -> None:
    node = GraphNode(id=NodeId(name), x=0, y=0, theta=0, map_id="hall")
    order = replace(move(), path_to_pick=(NodeId(name), NodeId("DOCK")))
    try:
        body = build_order(order, RobotProfile(), {**NODES, NodeId(name): node})
    except ValueError:
        return
    assert json.loads(body)["nodes"][0]["nodeId"] == name


@given(objects(*STATE_KEYS), st.sampled_from(sorted(DIALECTS)))
def test_any_object_is_a_state_of_any_version(message: dict[str, Any], version: str) -> None:
    state = read_state(json.loads(json.dumps(message)), DIALECTS[version])
    assert state.loads is None or state.loads >= 0
    assert state.released_left is None or state.nodes_left is not None
    assert not (state.takes_orders and state.clears_order)


@given(objects(*SHEET_KEYS), st.sampled_from(sorted(DIALECTS)))
def test_any_object_is_a_factsheet_that_sets_only_possible_limits(
    message: dict[str, Any], version: str
) -> None:
    facts = read_factsheet(json.loads(json.dumps(message)), DIALECTS[version])
    for limit in (facts.id_len, facts.load_id_len, facts.message_len, facts.nodes_max):
        assert limit is None or limit > 0
    assert facts.actions != {}
    assert facts.load_types != frozenset()
    assert isinstance(facts, Factsheet)


def post() -> RobotPost:
    unit = RobotUnit(id="r1", manufacturer="ACME", serial="A-1", profile=RobotProfile())
    made = RobotPost(unit, wall_ms=1_795_514_400_000, answer_ns=1)
    made.begin(1)
    return made


def arrived(payload: bytes, *, retained: bool = False) -> Arrived:
    return Arrived(topic="t", payload=payload, retained=retained, at_ns=5, size=len(payload))


@given(st.binary(max_size=60), st.sampled_from(MessageKind), st.booleans())
def test_bytes_that_are_no_object_never_pass_the_door(
    payload: bytes, kind: MessageKind, retained: bool
) -> None:
    robot = post()
    content = robot.intake.read(kind, arrived(payload, retained=retained))
    if content is None:
        assert sum(robot.counts.values()) - robot.counts["states"] == 1
        assert robot.snapshot() is None
    else:
        assert isinstance(json.loads(payload), dict)
        robot.intake.advise(kind, arrived(payload), content)


@given(objects(*STATE_KEYS), st.integers(1, 3))
def test_the_same_state_again_is_no_state(message: dict[str, Any], times: int) -> None:
    robot = post()
    payload = json.dumps(message).encode()
    first = robot.intake.read(MessageKind.STATE, arrived(payload))
    again = [robot.intake.read(MessageKind.STATE, arrived(payload)) for _ in range(times)]
    assert again == [None] * times
    assert robot.counts["replayed"] == times
    if first is not None:
        robot.take_state(read_state(first, robot.profile.dialect), 5)
        snapshot = robot.snapshot()
        assert snapshot is not None
        assert snapshot.robot == RobotId("r1")
        assert not snapshot.reconciled


def test_remembered_states_have_an_end() -> None:
    robot = post()
    for number in (*range(REMEMBERED_MAX + 1), 0):
        payload = json.dumps({"orderId": str(number)}).encode()
        assert robot.intake.read(MessageKind.STATE, arrived(payload)) is not None
    assert robot.counts["replayed"] == 0
