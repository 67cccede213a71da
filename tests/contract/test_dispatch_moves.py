"""Moves over the real drivers, robots and a PLC of the simulator, in virtual time."""

from dataclasses import replace
from pathlib import Path

import pytest

from drivers.protocols import RobotId
from drivers.robot.vda5050_mqtt import RobotProfile
from edge.events import MoveChanged, MoveState
from edge.journal.reader import Reader
from edge.station.state import LegWork
from virtual_run import Run, running
from virtual_station import BELT_LEG, ROBOT_LEG, TO_ROBOT

AHEAD = replace(ROBOT_LEG, preposition=True)


def leg(run: Run, move: int = 0) -> LegWork:
    work = run.station.state.moves[run.world.moves[move]]
    assert work.current is not None
    return work.current


def test_a_route_over_belt_and_robot_ends_where_it_leads(tmp_path: Path) -> None:
    with running(tmp_path, (TO_ROBOT, ROBOT_LEG), (BELT_LEG,)) as run:
        run.passes(30)
        assert run.station.state.moves == {}
        assert run.picks == [1, 0]
        assert sorted(run.world.belt.diverts.values()) == [1, 1]


def test_closed_containers_go_over_belt_and_robot_as_trays_do(tmp_path: Path) -> None:
    """They are of no unit and no parcel; a restart on the way finds them again."""
    with running(tmp_path, (TO_ROBOT, ROBOT_LEG), (BELT_LEG,), in_containers=True) as run:
        run.until("move.carrying")
        run.restart()
        run.passes(30)
        assert run.station.state.moves == {}
        assert run.picks == [1, 0]
        assert sorted(run.world.belt.diverts.values()) == [1, 1]
        with Reader(run.world.path) as reader:
            moved = [event for event in reader.events(1) if event.kind.startswith("move.")]
        assert all(event.unit is None and event.parcel is None for event in moved)


# ---------------------------------------------------------------- acceptance


def test_a_rejected_order_is_told_and_never_sent_again(tmp_path: Path) -> None:
    with running(tmp_path, (ROBOT_LEG,), habit="reject") as run:
        run.passes(60)
        assert run.kinds() == ["move.planned", "move.sent", "move.rejected"]
        assert leg(run).place == "at_pickup"


def test_an_order_that_nobody_takes_is_resent_twice_then_cancelled(tmp_path: Path) -> None:
    with running(tmp_path, (ROBOT_LEG,), habit="deaf") as run:
        run.passes(60)
        assert run.kinds()[1:] == [
            "move.sent", "move.resent", "move.resent", "move.cancelling", "move.failed",
        ]  # fmt: skip
        assert run.last() == ("move.failed", "no_accept", "at_pickup")


def test_an_order_that_is_taken_late_is_driven_once(tmp_path: Path) -> None:
    with running(tmp_path, (ROBOT_LEG,), habit="late-accept=8") as run:
        run.passes(60)
        assert run.kinds().count("move.resent") == 1
        assert run.last()[0] == "move.done"
        assert run.picks == [1]


def test_a_failed_pick_is_cancelled_and_verified_before_it_is_called_failed(
    tmp_path: Path,
) -> None:
    with running(tmp_path, (ROBOT_LEG,), habit="fails-pick") as run:
        run.passes(60)
        assert run.kinds()[-2:] == ["move.cancelling", "move.failed"]
        assert run.last() == ("move.failed", "pick_failed", "at_pickup")


# ---------------------------------------------------------------- restarts


def test_an_order_committed_but_not_published_leaves_at_the_first_proof_after_the_restart(
    tmp_path: Path,
) -> None:
    """It used to wait for the whole time of acceptance."""
    with running(tmp_path, (ROBOT_LEG,), (ROBOT_LEG,)) as run:
        run.world.robots[RobotId("r2")].power(on=False)
        run.until("move.accepted")
        run.world.broker.loses_orders = True
        run.until("move.done")
        while run.kinds().count("move.sent") < 2:
            run.passes(0.1)
        run.restart()
        run.world.broker.loses_orders = False
        started = run.loop.time()
        run.until("move.resent")
        assert run.loop.time() - started < 1.0
        run.passes(30)
        assert run.picks == [1, 1]


def test_a_restart_in_the_middle_of_a_drive_sends_nothing_again(tmp_path: Path) -> None:
    with running(tmp_path, (ROBOT_LEG,)) as run:
        run.until("move.accepted")
        run.restart(gap=2.0)
        run.until("move.done")
        assert run.kinds().count("move.sent") == 1
        assert "move.resent" not in run.kinds()
        assert run.picks == [1]


def test_a_robot_that_lost_its_memory_leaves_a_doubt_and_gets_no_second_order(
    tmp_path: Path,
) -> None:
    with running(tmp_path, (ROBOT_LEG,)) as run:
        run.until("move.carrying")
        robot = next(r for r in run.world.robots.values() if r.vehicle.is_busy())
        robot.power(on=False)
        run.passes(5)
        robot.power(on=True)
        run.passes(120)
        assert run.last()[:2] == ("move.in_doubt", "memory_lost")
        assert run.picks == [1]
        run.press("f6", "1", "2", "f6", "1", "1")
        assert leg(run).state is MoveState.BY_HAND
        run.passes(30)
        assert run.picks == [1]


def test_a_broker_that_is_gone_for_a_minute_changes_nothing(tmp_path: Path) -> None:
    with running(tmp_path, (ROBOT_LEG,)) as run:
        run.until("move.accepted")
        run.world.broker.down()
        run.passes(60)
        assert run.last()[0] in ("move.accepted", "move.picking")
        run.world.broker.up()
        run.passes(10)
        assert run.last()[0] == "move.done"
        assert run.kinds().count("move.sent") == 1
        assert run.picks == [1]


def test_a_robot_in_manual_mode_has_thrown_its_order_away(tmp_path: Path) -> None:
    with running(tmp_path, (ROBOT_LEG,)) as run:
        run.until("move.carrying")
        for robot in run.world.robots.values():
            robot.fault("mode=MANUAL", on=True)
        run.passes(10)
        assert run.last()[0] in ("move.in_doubt", "move.resolved")
        assert leg(run).place in (None, "on_robot")


# ---------------------------------------------------------------- cancel and verify


def in_danger(run: Run, kind: str) -> None:
    """The first move turns out to be dangerous once an event of this kind is there."""
    run.until(kind)
    run.press("f6", "1", "f11")


def test_a_dangerous_load_is_left_where_it_is_before_the_pick(tmp_path: Path) -> None:
    with running(tmp_path, (ROBOT_LEG,)) as run:
        in_danger(run, "move.accepted")
        run.passes(20)
        assert run.last() == ("move.cancelled", "danger", "at_pickup")
        assert run.picks == [0]


def test_a_dangerous_load_that_was_picked_up_stands_on_its_robot(tmp_path: Path) -> None:
    with running(tmp_path, (ROBOT_LEG,), (ROBOT_LEG,)) as run:
        in_danger(run, "move.carrying")
        run.passes(20)
        assert leg(run).place == "on_robot"
        carrier = leg(run).robot
        run.passes(60)
        later = [c for c in run.changes() if c[1] == "move.sent"]
        assert len(later) <= 2
        assert leg(run).robot == carrier


@pytest.mark.parametrize(
    ("habit", "reason"),
    [("drives-after-cancel", "moves_after_cancel"), ("never-cancels", "cancel_unanswered")],
)
def test_a_robot_that_does_not_stop_leaves_a_doubt_with_that_name(
    tmp_path: Path, habit: str, reason: str
) -> None:
    far = replace(ROBOT_LEG, start="Z", end="P1")
    with running(tmp_path, (far,), habit=habit) as run:
        for robot in run.world.robots.values():
            robot.fault("obstacle", on=habit == "never-cancels")
        in_danger(run, "move.accepted")
        run.passes(60)
        assert reason in [why for _, kind, why, _ in run.changes() if kind == "move.in_doubt"]


def test_a_divert_that_never_came_is_given_up_when_its_load_turns_out_dangerous(
    tmp_path: Path,
) -> None:
    """It used to stay sent for ever: it must not be written again, and nothing else ended it."""
    with running(tmp_path, (BELT_LEG,)) as run:
        run.passes(0.2)
        run.world.sorter.lost_requests = 1000
        run.until("diverter.sent")
        run.press("f6", "1", "f11")
        run.world.sorter.lost_requests = 0
        run.passes(20)
        assert ("diverter.failed", "danger", None) in [change[1:] for change in run.changes()]
        assert not run.world.belt.diverts
        run.press("f6", "1", "1")
        assert leg(run).state is MoveState.BY_HAND


# ---------------------------------------------------------------- the area


def test_a_danger_of_the_area_stops_belt_and_robots_and_nothing_starts_by_itself(
    tmp_path: Path,
) -> None:
    with running(tmp_path, (ROBOT_LEG,), (BELT_LEG,), (BELT_LEG,)) as run:
        run.until("move.accepted")
        run.press("f11")
        run.passes(3)
        busy = [r.vehicle for r in run.world.robots.values() if r.vehicle.is_busy()]
        assert busy
        assert not run.world.sorter.plc.running
        stood = (run.picks, dict(run.world.belt.diverts))
        run.passes(60)
        run.restart()
        run.passes(60)
        assert (run.picks, dict(run.world.belt.diverts)) == stood
        assert run.station.state.is_area_inhibited
        run.supervise()
        assert not run.station.state.is_area_inhibited
        run.restart()
        run.passes(30)
        assert (run.picks, dict(run.world.belt.diverts)) == stood
        run.press("f6", "enter")
        run.passes(60)
        assert run.world.sorter.plc.running
        assert run.picks[0] == 1
        assert "move.done" in run.kinds()


# ---------------------------------------------------------------- robots sent ahead


@pytest.mark.parametrize("version", ["2.0.0", "2.1.0", "3.0.0"])
def test_a_robot_sent_ahead_picks_only_what_the_belt_has_brought(
    tmp_path: Path, version: str
) -> None:
    profile = RobotProfile(version=version)
    with running(tmp_path, (TO_ROBOT, AHEAD), profile=profile) as run:
        run.passes(40)
        kinds = run.kinds()
        assert kinds.index("move.accepted") < kinds.index("diverter.done")
        assert kinds.index("diverter.done") < kinds.index("move.picking")
        assert run.station.state.moves == {}
        assert run.picks == [1]


def test_a_robot_whose_load_does_not_come_is_called_back(tmp_path: Path) -> None:
    with running(tmp_path, (TO_ROBOT, AHEAD)) as run:
        run.until("move.accepted")
        run.world.sorter.reboot(run.loop.now_ns)
        run.passes(60)
        assert ("move.cancelled", "no_load", "at_pickup") in [c[1:] for c in run.changes()]
        assert run.picks == [0]


# ---------------------------------------------------------------- ids


def test_no_order_id_comes_twice_over_restarts(tmp_path: Path) -> None:
    with running(tmp_path, (ROBOT_LEG,), (ROBOT_LEG,), (ROBOT_LEG,)) as run:
        for _ in range(4):
            run.passes(8)
            run.restart()
        run.passes(40)
        with Reader(run.world.path) as reader:
            orders = [
                event.payload.order
                for event in reader.events(1)
                if isinstance(event.payload, MoveChanged)
                and event.payload.state is MoveState.SENT
                and event.payload.order is not None
            ]
        assert len({order.order_id for order in orders}) == len(orders) == 3
