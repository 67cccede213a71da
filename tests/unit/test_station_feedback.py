"""What a person says against a rule, and what the station says for it."""

from bench import Bench, context
from edge.events import OperatorFeedback
from edge.station.present import Shown, present
from edge.views import Head, Net, VerdictWork

SHOWN = Shown(
    head=Head(station="ST-01", net=Net(s="up"), at=""),
    seq=1,
    rev=1,
    clock_text="",
    scan=None,
    stopped=None,
)


def _given(bench: Bench) -> OperatorFeedback:
    return next(e.payload for e in bench.events if isinstance(e.payload, OperatorFeedback))


def test_a_question_is_called_wrong_with_help_and_a_digit() -> None:
    bench = Bench()
    bench.parcel()
    bench.phone()
    assert bench.press("f1", "8") == ["operator.feedback"]
    assert (_given(bench).about, _given(bench).code) == ("danger", "wrong_question")
    assert bench.screen.overlay is None


def test_a_decision_is_called_wrong_with_one_digit_and_the_work_goes_on() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.press("enter")
    assert bench.press("7") == ["operator.feedback"]
    assert (_given(bench).about, _given(bench).code) == ("R13", "wrong_decision")
    assert _given(bench).policy == bench.given.active
    assert "put.confirmed" in bench.tray("A1")


def test_why_is_told_in_both_languages_and_any_scan_closes_it() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.press("enter", "8")
    view = present(bench.state, bench.screen, SHOWN, context())
    assert view.overlay == "why"
    assert isinstance(view.work, VerdictWork)
    assert len(view.work.explained) > 1
    assert all(line["ru"] and line["en"] for line in view.work.explained)
    assert "R13" in view.work.explained[0]["ru"]
    assert "put.confirmed" in bench.tray("A1")
    assert bench.screen.overlay is None


def test_there_is_nothing_to_call_wrong_on_an_empty_bench() -> None:
    bench = Bench()
    bench.badge()
    bench.press("f1", "8")
    assert bench.no == "E00"
