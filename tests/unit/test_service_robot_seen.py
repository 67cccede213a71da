"""The robot of the move that a person looks at: shown in detail, and nowhere else."""

from dataclasses import replace

from drivers.clock import SystemClock
from drivers.memory.robots import MemoryRobots, MemoryRobotsSettings, MemoryRobotUnit
from drivers.protocols import DeviceName, NodeId, RobotId
from edge.floor import FloorSettings, RobotUnit
from edge.service.robot_seen import with_robot
from edge.views import MoveLine, Side
from terminal_scenes import BASE

FLOOR = FloorSettings(robots=(RobotUnit(id=RobotId("R1"), home=NodeId("dock")),))
MOVES = (
    MoveLine(n=1, id="a", tray="L07", to="resale", by="R1", s="sent"),
    MoveLine(n=2, id="b", tray="L08", to="resale", by="hand", s="by_hand"),
)
VIEW = replace(BASE, overlay="moves", selected=1, side=Side(moves=MOVES))


def robots() -> MemoryRobots:
    units = (MemoryRobotUnit(id="R1", home="dock"),)
    return MemoryRobots(DeviceName("fleet"), MemoryRobotsSettings(robots=units), SystemClock())


async def test_the_move_in_detail_says_where_its_robot_was_seen_last() -> None:
    clock = SystemClock()
    async with robots() as fleet:
        shown = with_robot(VIEW, fleet, FLOOR, clock).side.moves
    assert shown[0].seen is not None
    assert (shown[0].seen.node, shown[0].seen.loads) == ("dock", 0)
    assert len(shown[0].seen.at) == len("14:02:08")
    assert shown[1].seen is None


async def test_the_list_of_moves_and_a_load_in_a_hand_ask_no_robot() -> None:
    clock = SystemClock()
    async with robots() as fleet:
        for view in (replace(VIEW, selected=0), replace(VIEW, selected=2), BASE):
            assert with_robot(view, fleet, FLOOR, clock) == view
    assert with_robot(VIEW, None, FLOOR, clock) == VIEW


async def test_a_robot_that_was_never_heard_is_not_invented() -> None:
    assert with_robot(VIEW, robots(), FLOOR, SystemClock()) == VIEW
