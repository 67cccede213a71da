"""Orders for any path, states from any JSON, progress over any course of events."""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import GraphNode, NodeId, OrderPhase
from drivers.robot.schemas import MessageKind, problems
from drivers.wire.vda5050.dialect import DIALECTS
from drivers.wire.vda5050.header import Sender, stamped
from drivers.wire.vda5050.json_values import parse
from drivers.wire.vda5050.order import build_order
from drivers.wire.vda5050.profile import LoadsUse, RobotProfile
from drivers.wire.vda5050.progress import Standing, Tracked, advance
from drivers.wire.vda5050.state import Position, RobotState, connection_of, read_state
from floor_plan import move

names = st.text("ABCxyz019_.:-", min_size=1, max_size=8)
numbers = st.floats(-1e4, 1e4)
SENDER = Sender(version="2.1.0", manufacturer="ACME", serial="A-1")
ORDER = move()
PICK, DROP = ORDER.pick_action_id, ORDER.drop_action_id

json_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from([ORDER.order_id, PICK, DROP, "FINISHED", "FAILED", "RUNNING", "MANUAL", ""])
)
keys = st.sampled_from(
    [
        "orderId", "orderUpdateId", "lastNodeId", "lastNodeSequenceId", "nodeStates", "edgeStates",
        "driving", "paused", "actionStates", "actionId", "actionStatus", "errors", "errorType",
        "errorReferences", "referenceKey", "referenceValue", "operatingMode", "safetyState",
        "eStop", "batteryState", "batteryCharge", "agvPosition", "x", "y", "mapId", "loads",
    ]
)  # fmt: skip
soup = st.dictionaries(
    keys | st.text(max_size=3),
    st.recursive(
        json_leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5),
        max_leaves=12,
    ),
    max_size=12,
)
standings = st.builds(
    Standing,
    fresh=st.booleans(),
    unbroken=st.booleans(),
    alone=st.booleans(),
    is_idle=st.booleans(),
)


def normalise_v2(message: Mapping[str, Any]) -> RobotState:
    return read_state(message, DIALECTS["2.1"])


@st.composite
def journeys(draw: st.DrawFn) -> tuple[list[str], int]:
    """Return distinct nodes with the index of the pick node among them."""
    nodes = draw(st.lists(names, min_size=2, max_size=8, unique=True))
    return nodes, draw(st.integers(0, len(nodes) - 2))


@given(journeys(), st.booleans(), st.booleans(), numbers, numbers)
def test_every_order_is_released_numbered_and_valid(
    journey: tuple[list[str], int], free: bool, placed: bool, x: float, y: float
) -> None:
    names_, pick = journey
    nodes = {
        NodeId(name): GraphNode(id=NodeId(name), x=x, y=y, theta=-3.0, map_id="m")
        for name in names_
    }
    order = replace(ORDER, path_to_pick=tuple(nodes)[: pick + 1], path_to_drop=tuple(nodes)[pick:])
    profile = RobotProfile(free_nav=free, node_position=placed)
    body = build_order(order, profile, nodes, robot_at=Position(x=y, y=x, map_id="m"))
    message: dict[str, Any] = json.loads(body)
    found, edges = message["nodes"], message["edges"]
    assert [node["sequenceId"] for node in found] == list(range(0, 2 * len(found), 2))
    assert [edge["sequenceId"] for edge in edges] == list(range(1, 2 * len(found) - 1, 2))
    assert len(edges) == len(found) - 1
    assert all(part["released"] for part in (*found, *edges))
    ends = [(edge["startNodeId"], edge["endNodeId"]) for edge in edges]
    ids = [node["nodeId"] for node in found]
    assert ends == list(pairwise(ids))
    where = {action["actionId"]: n["nodeId"] for n in found for action in n["actions"]}
    assert where == {PICK: names_[pick], DROP: names_[-1]}
    assert problems(MessageKind.ORDER, stamped(body, SENDER, 1, 0)) == ()
    assert build_order(order, profile, nodes, robot_at=Position(x=y, y=x, map_id="m")) == body


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_nothing(payload: bytes) -> None:
    message = parse(payload)
    assert message is None or isinstance(message, dict)


@given(soup, standings, st.sampled_from(LoadsUse))
def test_any_json_is_read_and_proves_something_or_nothing(
    message: dict[str, Any], standing: Standing, loads: LoadsUse
) -> None:
    read_back = parse(json.dumps(message).encode())
    assert read_back is not None
    state = normalise_v2(read_back)
    tracked, reading = advance(Tracked(order=ORDER, prev_order_id="", loads=loads), state, standing)
    assert reading.phase in OrderPhase
    assert not reading.resend_safe or standing.fresh
    assert tracked.order is ORDER
    assert connection_of(read_back) in (True, False, None)
    json.dumps([str(error) for error in state.errors]).encode()
    "".join(str(error) for error in state.errors).encode()


STEPS = ("WAITING", "INITIALIZING", "RUNNING", "PAUSED", "FINISHED")
RANK = (
    OrderPhase.ACCEPTED,
    OrderPhase.PICKING,
    OrderPhase.CARRYING,
    OrderPhase.DROPPING,
    OrderPhase.DONE,
    OrderPhase.FAILED,
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from((*STEPS, "FAILED", "?")),
            st.sampled_from((*STEPS, "FAILED", "?")),
            st.integers(0, 2),
            st.booleans(),
        ),
        max_size=12,
    ),
    standings,
)
def test_what_is_proved_never_goes_back(
    course: list[tuple[str, str, int, bool]], standing: Standing
) -> None:
    tracked = Tracked(order=ORDER, prev_order_id="")
    proved = -1
    for pick, drop, left, driving in course:
        message = {
            "orderId": ORDER.order_id,
            "orderUpdateId": 0,
            "nodeStates": [{}] * left,
            "edgeStates": [],
            "driving": driving,
            "operatingMode": "AUTOMATIC",
            "actionStates": [
                {"actionId": DROP, "actionStatus": drop},
                {"actionId": PICK, "actionStatus": pick},
            ],
        }
        was_ended = tracked.is_ended
        before = tracked.proved
        tracked, reading = advance(tracked, normalise_v2(message), standing)
        assert reading.phase is before if was_ended else RANK.index(reading.phase) >= proved
        proved = max(proved, RANK.index(reading.phase))
