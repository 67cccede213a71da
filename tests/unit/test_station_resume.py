"""RESUME: what was in the hands goes on at the same question, and nothing else is taken for it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial, reduce

import pytest

import container_bench
from bench import TRACKING, Bench
from edge.station.apply import apply
from edge.station.decision import Screen, state_name
from edge.station.inputs import StartInput
from edge.station.present import Shown, present
from edge.station.state import State
from edge.views import Head, Net, ResumeWork

START = StartInput(version="1", sqlite="3", replay_ms=1, new_journal="")
HEAD = Head(station="ST-01", net=Net(s="up"), at="")
SHOWN = Shown(head=HEAD, seq=1, rev=1, clock_text="", scan=None, stopped=None)


def _killed(bench: Bench, *, locks: bool = False) -> Bench:
    """The service is killed and comes back: its screen is lost, its state folded anew."""
    state = reduce(apply, bench.events, State())
    assert state == bench.state
    back = replace(bench, state=state, screen=Screen(), events=list(bench.events))
    back.take(replace(START, locks=locks))
    return back


def _name(bench: Bench) -> str:
    return state_name(bench.state, bench.screen)


@pytest.mark.parametrize("how", ["enter", "item", "parcel"])
def test_the_same_question_with_the_same_marks(how: str) -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.press("1")
    assert bench.state.unit is not None
    answers = bench.state.unit.answers
    back = _killed(bench)
    assert _name(back) == "RESUME"
    view = present(back.state, back.screen, SHOWN, back.given)
    assert isinstance(view.work, ResumeWork)
    assert (view.work.then, view.work.no) == ("UNIT", TRACKING)
    assert [mark.level for mark in view.work.marks if mark.level] == [1]
    match how:
        case "enter":
            back.press("enter")
        case "item":
            back.shirt()
        case "parcel":
            back.scan(TRACKING)
    assert _name(back) == "UNIT"
    assert back.state.unit is not None
    assert back.state.unit.answers == answers


def test_another_item_or_a_tray_is_not_taken_for_what_was_in_the_hand() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    back = _killed(bench)
    acts: list[Callable[[], list[str]]] = [
        back.phone,
        partial(back.tray, "A1"),
        partial(back.press, "0"),
    ]
    for act in acts:
        act()
        assert back.no == "E00"
        assert _name(back) == "RESUME"


def test_esc_lays_the_parcel_aside_and_deletes_nothing() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    back = _killed(bench)
    assert back.press("esc") == ["unit.parked", "parcel.parked"]
    assert _name(back) == "IDLE"
    back.scan(TRACKING)
    back.shirt()
    assert _name(back) == "UNIT"


def test_an_idle_station_comes_back_idle_and_one_that_was_left_alone_is_locked() -> None:
    bench = Bench()
    bench.badge()
    assert _name(_killed(bench)) == "IDLE"
    bench.scan(TRACKING)
    locked = _killed(bench, locks=True)
    assert _name(locked) == "LOCKED"
    locked.badge()
    assert _name(locked) == "RESUME"


@pytest.mark.parametrize("is_judged", [False, True])
def test_a_dangerous_thing_in_the_hand_is_shown_as_that_whatever_was_answered(
    *, is_judged: bool
) -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    if is_judged:
        bench.press("0")
        assert _name(bench) == "VERDICT"
    bench.press("f11")
    back = _killed(bench)
    work = present(back.state, back.screen, SHOWN, back.given).work
    assert isinstance(work, ResumeWork)
    assert work.proposed is not None
    assert (work.then, work.proposed.zone, work.must) == ("HAZARD", "hazmat", None)
    back.press("enter")
    assert _name(back) == "HAZARD"


def test_a_danger_can_be_told_at_once() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    assert "danger.raised" in _killed(bench).press("f11")


def test_a_container_that_a_put_filled_asks_again_until_it_is_closed() -> None:
    bench = container_bench.bench()
    container_bench.put(bench)
    assert _killed(bench).screen.container is None
    container_bench.put(bench)
    back = _killed(bench)
    assert back.screen.container == bench.screen.container == "K00001"
    back.press("enter", "1", "enter")
    assert back.state.containers["K00001"].is_closed
    assert _killed(back).screen.container is None
