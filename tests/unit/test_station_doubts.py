"""Hand-over: what is open is on one list, which both badges have seen."""

from dataclasses import replace

from bench import Bench
from edge.events import DiverterState, OperatorHandover, OperatorOut
from edge.station.doubts import DoubtKind, doubts
from edge.station.present import Shown, present
from edge.station.state import Hold, State
from edge.views import Head, Net, SummaryWork
from move_kit import diverted

SHOWN = Shown(
    head=Head(station="ST-01", net=Net(s="up"), at=""),
    seq=1,
    rev=1,
    clock_text="",
    scan=None,
    stopped=None,
)


def _kinds(state: State) -> list[DoubtKind]:
    return [one.kind for one in doubts(state)]


def _laid_aside() -> Bench:
    """A parcel with a shirt laid aside in it, and another one that nobody announced."""
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.press("esc", "esc")
    bench.scan("NOBODY-KNOWS-IT")
    bench.press("3")
    return bench


def test_an_empty_bench_has_no_doubts() -> None:
    bench = Bench()
    bench.badge()
    assert doubts(bench.state) == ()


def test_the_list_is_on_the_summary_oldest_first_and_in_the_log_out() -> None:
    bench = _laid_aside()
    kinds = [DoubtKind.PARCEL, DoubtKind.UNIT, DoubtKind.UNKNOWN_PARCEL]
    assert _kinds(bench.state) == kinds
    bench.badge()
    view = present(bench.state, bench.screen, SHOWN, bench.given)
    assert isinstance(view.work, SummaryWork)
    assert [message.t for message in view.work.doubts] == [f"doubt.{kind}" for kind in kinds]
    assert bench.badge() == ["scan.read", "operator.out"]
    out = next(e.payload for e in bench.events if isinstance(e.payload, OperatorOut))
    assert [subject.partition("/")[0] for subject in out.doubts] == ["parcel", "unit", "parcel"]


def test_another_badge_on_the_summary_takes_over_with_the_list() -> None:
    bench = _laid_aside()
    bench.badge()
    assert bench.badge("0502") == ["scan.read", "operator.handover"]
    taken = next(e.payload for e in bench.events if isinstance(e.payload, OperatorHandover))
    assert taken.to == "0502"
    assert len(taken.doubts) == 3
    assert bench.state.shift is not None
    assert bench.state.shift.operator == "0502"


def test_a_lane_that_was_missed_is_a_doubt_until_it_is_answered() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    move = next(iter(bench.state.moves.values()))
    for state in (DiverterState.SENT, DiverterState.SEEN, DiverterState.WRONG_LANE):
        bench.take(diverted(move.move, state))
    assert DoubtKind.WRONG_LANE in _kinds(bench.state)
    bench.press("f6", "1", "3")
    assert DoubtKind.WRONG_LANE not in _kinds(bench.state)


def test_a_hold_past_its_clock_is_a_doubt_and_one_in_time_is_none() -> None:
    bench = _laid_aside()
    unit = next(iter(bench.state.units.values()))
    hold = Hold(unit=unit, reason="dispute", since_ms=bench.now_ms)
    held = replace(bench.state, holds={unit.unit: hold})
    assert DoubtKind.HELD not in _kinds(held)
    late = replace(held, holds={unit.unit: replace(hold, is_warned=True)})
    assert DoubtKind.HELD in _kinds(late)
