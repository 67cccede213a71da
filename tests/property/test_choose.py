"""Choosing robots: always an eligible one, always the nearest, never by chance."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import GraphEdge, NodeId, RobotId, RobotSnapshot
from edge.dispatch.choose import (
    Errand,
    Now,
    Roads,
    RobotFacts,
    choose,
    next_seq,
    refusal,
    shortest_path,
)
from edge.floor import RobotUnit

NODES = [NodeId(name) for name in "ABCDEF"]
NOW = 100_000_000_000
MOMENT = Now(at_ns=NOW, stale_ns=35_000_000_000, station="st01")

edges = st.lists(
    st.builds(
        GraphEdge,
        start=st.sampled_from(NODES),
        end=st.sampled_from(NODES),
        length=st.floats(0.1, 50, allow_nan=False),
    ),
    max_size=20,
).map(tuple)


@st.composite
def facts(draw: st.DrawFn, name: str) -> RobotFacts:
    """A robot in any condition."""
    snapshot = RobotSnapshot(
        robot=RobotId(name),
        received_ns=draw(st.integers(0, NOW)),
        connection=1,
        reconciled=draw(st.booleans()),
        online=draw(st.booleans()),
        order_id="",
        idle=draw(st.booleans()),
        last_node=draw(st.sampled_from(NODES)),
        x=None,
        y=None,
        driving=draw(st.booleans()),
        paused=draw(st.booleans()),
        automatic=draw(st.booleans()),
        emergency_stop=draw(st.booleans()),
        fatal=draw(st.booleans()),
        charge_percent=draw(st.none() | st.floats(0, 100, allow_nan=False)),
        loads=draw(st.none() | st.integers(0, 2)),
    )
    return RobotFacts(
        unit=RobotUnit(id=RobotId(name), home=NODES[0]),
        snapshot=draw(st.none() | st.just(snapshot)),
        is_booked=draw(st.booleans()),
        last_order_ns=draw(st.none() | st.integers(0, NOW)),
    )


@given(edges, facts("r1"), facts("r2"), st.sampled_from(NODES), st.sampled_from(NODES))
def test_only_an_eligible_robot_with_the_shortest_way_is_chosen(
    ways: tuple[GraphEdge, ...], one: RobotFacts, two: RobotFacts, pick: NodeId, drop: NodeId
) -> None:
    errand, roads = Errand(pick=pick, drop=drop), Roads(edges=ways)
    chosen = choose((one, two), errand, roads, MOMENT)
    assert chosen == choose((two, one), errand, roads, MOMENT)
    able = [f for f in (one, two) if refusal(f, MOMENT) is None and f.snapshot]
    lengths = [
        way[0]
        for f in able
        if f.snapshot and (way := shortest_path(ways, f.snapshot.last_node, pick))
    ]
    if chosen is None:
        assert not lengths or shortest_path(ways, pick, drop) is None
    else:
        assert chosen.robot in {f.unit.id for f in able}
        assert chosen.length == min(lengths)
        assert chosen.path_to_pick[-1] == pick == chosen.path_to_drop[0]
        assert chosen.path_to_drop[-1] == drop


@given(edges, st.sampled_from(NODES), st.sampled_from(NODES))
def test_a_path_is_made_of_edges_and_its_length_is_their_sum(
    ways: tuple[GraphEdge, ...], start: NodeId, end: NodeId
) -> None:
    found = shortest_path(ways, start, end)
    if found is None:
        assert start != end
        return
    length, path = found
    steps = list(itertools.pairwise(path))
    shortest = [min(w.length for w in ways if (w.start, w.end) == step) for step in steps]
    assert abs(sum(shortest) - length) < 1e-6
    assert len(set(path)) == len(path)


@given(st.none() | st.integers(1, 65535), st.integers(0, 65535))
def test_a_command_number_is_never_zero_nor_the_one_seen(journaled: int | None, seen: int) -> None:
    number = next_seq(journaled, seen)
    assert 1 <= number <= 65535
    assert number not in (seen, journaled)
