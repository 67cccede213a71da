"""The last acts and the undo bar: what is fresh, what is old, what was no act."""

from dataclasses import replace

from edge.service.recent import Recent
from edge.views import Feedback, Severity, StationView
from journal_kit import HandClock
from terminal_scenes import BASE


def said(n: int, sev: Severity = Severity.OK) -> StationView:
    feedback = Feedback(n=n, sev=sev, t="fb.put", at="14:02:30")
    return replace(BASE, fb=feedback, undo=None, keys=(("f9", "key.undo"),))


def test_the_newest_act_stands_first_and_a_refusal_is_no_act() -> None:
    recent = Recent(HandClock(), undo_s=10)
    for view in (said(1), said(1), said(2), said(3, Severity.ERROR)):
        shown = recent.on_view(view)
    assert [feedback.n for feedback in shown.side.last] == [2, 1]


def test_the_last_pieces_that_were_put_outlast_the_acts_between_them() -> None:
    recent = Recent(HandClock(), undo_s=10)
    recent.on_view(said(1))
    for n in range(2, 20):
        feedback = Feedback(n=n, sev=Severity.OK, t="fb.marked", at="14:02:31")
        shown = recent.on_view(replace(said(1), fb=feedback))
    assert [feedback.n for feedback in shown.side.puts] == [1]
    for n in range(20, 30):
        shown = recent.on_view(said(n))
    assert [feedback.n for feedback in shown.side.puts] == [29, 28, 27, 26, 25]


def test_the_undo_bar_counts_down_and_goes() -> None:
    clock = HandClock()
    recent = Recent(clock, undo_s=10)
    first = recent.on_view(said(1))
    assert first.undo is not None
    assert first.undo.left_s == 10
    clock.push_ms(9_500)
    last = recent.on_view(said(1))
    assert last.undo is not None
    assert last.undo.left_s == 1
    clock.push_ms(1_000)
    assert recent.on_view(said(1)).undo is None


def test_without_anything_to_undo_there_is_no_bar() -> None:
    recent = Recent(HandClock(), undo_s=10)
    assert recent.on_view(replace(said(1), keys=())).undo is None
