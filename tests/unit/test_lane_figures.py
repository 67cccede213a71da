"""The mis-sort figure: of what sensors saw, not of what was sent."""

from dataclasses import replace

import pytest

from edge.events import DiverterChanged, DiverterState, MoveChanged, MoveState
from edge.events.lanes import LaneFigures, LaneOutcome, lane_figures, lane_outcome

SENT = DiverterChanged(
    move="m", leg=0, state=DiverterState.SENT, conveyor="c1", lane=1, token=7, wire_seq=1,
    plc_boot=1, count_before=0, exit_before=0,
)  # fmt: skip
DONE = replace(SENT, state=DiverterState.DONE, exit_lane=1)
WRONG = replace(SENT, state=DiverterState.WRONG_LANE, exit_lane=2)
MISSING = replace(SENT, state=DiverterState.UNCONFIRMED, exit_lane=0)


def test_one_of_four_that_were_seen_is_a_quarter_and_the_unseen_stand_apart() -> None:
    figures = lane_figures([SENT, DONE, DONE, DONE, WRONG, MISSING])
    assert figures == LaneFigures(right=3, wrong=1, missing=1)
    assert figures.mis_sort == 0.25


@pytest.mark.parametrize("exit_lane", [None, 0])
def test_a_belt_without_sensors_is_not_measured(exit_lane: int | None) -> None:
    figures = lane_figures([SENT, replace(DONE, exit_lane=exit_lane)] * 3)
    assert (figures, figures.mis_sort) == (LaneFigures(), None)


def test_what_no_sensor_ever_saw_measures_nothing() -> None:
    assert lane_figures([MISSING]).mis_sort is None


def test_events_about_other_things_say_nothing() -> None:
    moved = MoveChanged(move="m", leg=0, state=MoveState.DONE)
    assert [lane_outcome(one) for one in (moved, SENT, WRONG)] == [None, None, LaneOutcome.WRONG]
