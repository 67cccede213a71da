"""Test pieces: they look like any other, every event about them is marked, none about others."""

from dataclasses import replace
from typing import Any

import pytest

from bench import LINES, START_MS, TRACKING, Bench
from edge.catalogue import ReturnLine
from edge.events import Draft, Graded, QualityRechecked
from edge.feeds.accept import accept, row_of_json
from edge.station.inputs import DueTimer
from edge.station.present import Shown, present
from edge.views import Head, Net

OTHER = "RB000000014RU"
YEAR_MS = 366 * 86_400_000


def gold(lines: tuple[ReturnLine, ...] = LINES, **known: Any) -> tuple[ReturnLine, ...]:
    return tuple(replace(line, audit=True, **known) for line in lines)


def drafts(bench: Bench) -> tuple[Draft, ...]:
    assert bench.last is not None
    return bench.last.drafts


class Marked(Bench):
    """A bench that keeps which of its events are marked."""

    def marks(self) -> dict[str, set[bool]]:
        found: dict[str, set[bool]] = {}
        for event in self.events:
            found.setdefault(event.kind, set()).add(bool(event.data["audit"]))
        return found


def parcel_of(lines: tuple[ReturnLine, ...]) -> Marked:
    bench = Marked(lines=lines)
    bench.parcel()
    return bench


def test_everything_about_a_test_piece_is_marked_and_nothing_else() -> None:
    bench = parcel_of(gold(LINES[:1], known_zone="resale", known_grade="A"))
    bench.shirt()
    bench.press("enter")
    bench.tray("A1")
    marks = bench.marks()
    assert marks.pop("operator.in") == {False}
    assert marks.pop("scan.read") == {False, True}, "the badge is nobody's piece"
    assert set(map(frozenset, marks.values())) == {frozenset({True})}
    assert {"refund.review", "move.planned", "parcel.closed", "document.data"} <= set(marks)


def test_an_undo_is_marked_as_what_it_takes_back() -> None:
    bench = parcel_of(gold(LINES[:1]))
    bench.shirt()
    bench.tray("A1")
    bench.press("f9")
    assert {draft.audit for draft in drafts(bench)} == {True}


def test_what_stands_beside_it_is_not_marked() -> None:
    bench = parcel_of(gold(LINES[:1]))
    bench.shirt()
    bench.tray("A1")
    bench.lines = tuple(replace(line, rma="R2", tracking=OTHER) for line in LINES)
    bench.scan(OTHER)
    assert {draft.audit for draft in drafts(bench)} == {False}
    bench.shirt()
    bench.tray("A1")
    assert not any(draft.audit for draft in drafts(bench))


def test_holds_of_both_kinds_are_told_late_each_as_what_it_is() -> None:
    bench = parcel_of(gold())
    for lines, code in ((gold(), TRACKING), (LINES, OTHER)):
        if code == OTHER:
            bench.lines = tuple(replace(line, rma="R2", tracking=OTHER) for line in lines)
            bench.scan(code)
        bench.shirt()
        bench.press("enter", "4")
        bench.tray("H1")
        bench.press("f7", "enter")
    assert len(bench.state.holds) == 2
    bench.take(DueTimer(wall_ms=START_MS + YEAR_MS))
    assert [draft.audit for draft in drafts(bench)] == [True, False]


def test_the_screen_is_that_of_any_piece() -> None:
    one, other = parcel_of(gold(known_zone="repair")), parcel_of(LINES)
    for bench in (one, other):
        bench.shirt()
    assert _view(one) == _view(other)
    for bench in (one, other):
        bench.press("enter")
    assert _view(one) == _view(other)


def _view(bench: Bench) -> Any:
    head = Head(station="ST-01", net=Net(s="up"), at="")
    shown = Shown(head=head, seq=1, rev=1, clock_text="", scan=None, stopped=None)
    return present(bench.state, bench.screen, shown, bench.given)


@pytest.mark.parametrize(
    ("known", "agree", "truth"),
    [
        ({"known_zone": "resale", "known_grade": "A"}, True, None),
        ({"known_zone": "resale"}, True, None),
        ({"known_zone": "resale", "known_grade": "B"}, False, "second"),
        ({"known_zone": "repair", "known_grade": "A"}, False, "second"),
    ],
)
def test_what_was_found_is_told_beside_what_is_true(
    known: dict[str, str], agree: bool, truth: str | None
) -> None:
    bench = parcel_of(gold(LINES[:1], **known))
    bench.shirt()
    bench.tray("A1")
    said = [e.payload for e in bench.events if isinstance(e.payload, QualityRechecked)]
    assert [(one.way, one.agree, one.adjudicated) for one in said] == [("gold", agree, truth)]
    assert said[0].first == Graded(zone="resale", grade="A")
    assert said[0].second.zone == known["known_zone"]


def test_a_piece_without_known_answers_tells_nothing() -> None:
    bench = parcel_of(gold(LINES[:1]))
    bench.shirt()
    bench.tray("A1")
    assert "quality.rechecked" not in [event.kind for event in bench.events]


def test_a_test_piece_in_a_parcel_of_others_is_not_expected_there() -> None:
    bench = parcel_of((LINES[0], *gold(LINES[1:])))
    assert [line.line for line in bench.state.parcel.lines] == ["1"]  # type: ignore[union-attr]
    assert not any(any(marks) for marks in bench.marks().values())


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"known_zone": "resale"}, "known_zone: only beside audit"),
        ({"audit": True, "known_grade": "A"}, "known_zone: is missing beside known_grade"),
        ({"audit": True, "known_zone": "attic"}, "known_zone: one of"),
        ({"audit": "yes"}, "audit: 0 or 1"),
    ],
)
def test_a_feed_that_says_half_of_it_is_refused(fields: dict[str, object], problem: str) -> None:
    row = {"rma": "1", "line": "1", "tenant": "t", "gtin": "4601234567893", "qty": 1} | fields
    found = [str(one) for one in accept("returns", [row_of_json(1, row)])[1]]
    assert any(problem in one for one in found), found
