"""A danger that is seen at a container on its way."""

from bench import label
from container_bench import bench, closed, put, reopened
from edge.events import DangerRaised
from edge.station.apply import apply
from edge.station.state import State
from known_bench import payloads


def test_a_danger_of_a_container_on_its_way_turns_that_one_to_the_hand_and_nothing_else() -> None:
    one = bench()
    for number in ("RT-1-K00001", "RT-1-K00002"):
        put(one, number)
        one.read(label(number))
        one.press("1", "enter")
    assert one.press("f6", "1", "f11") == ["danger.raised", "move.by_hand"]
    raised = payloads(one.events, DangerRaised)[-1]
    assert raised == DangerRaised(scope="item", container="K00001")
    first, second = one.state.moves.values()
    assert one.state.is_endangered(first)
    assert not one.state.is_inhibited(second)
    assert not one.state.is_area_inhibited
    assert one.press("f6", "1", "f11") == []
    assert one.no == "E36"
    one.read(label("RL-5-P1"))
    assert not one.state.inhibits
    assert [work.container for work in one.state.moves.values()] == ["K00002"]


def test_a_danger_of_a_container_is_known_again_after_a_restart_and_when_it_is_closed_anew() -> (
    None
):
    one = bench()
    put(one)
    closed(one)
    one.press("f6", "1", "f11")
    again = State()
    for event in one.events:
        again = apply(again, event)
    assert again.inhibits == one.state.inhibits
    reopened(one)
    assert one.press("1", "enter")[-1] == "move.by_hand"
