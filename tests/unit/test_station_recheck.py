"""The blind second look: drawn, laid aside, graded by another person, settled by a supervisor."""

from dataclasses import replace
from typing import Any

import pytest

from bench import FLOOR, KEY, PEOPLE, PIN, TRACKING, Bench, context, label
from edge.catalogue import Person
from edge.events import (
    CorrectionMade,
    InspectionFinished,
    QualityRechecked,
    UnitOpened,
    UnitParked,
    VerdictChanged,
    VerdictMade,
)
from edge.floor import LpnMode, LpnRules, Tray
from edge.quality import QualityRules
from edge.station.apply import apply
from edge.station.decision import state_name
from edge.station.doubts import doubts
from edge.station.history import waiting_of
from edge.station.inputs import StartInput
from edge.station.present import Shown, present
from edge.station.state import State
from edge.views import Head, Net, OverrideWork

AUDIT = label("RT-4-Q1")
TRAYS = {**FLOOR.trays, "Q1": Tray(id="Q1", zone="hold", fixed=True)}
ALL = QualityRules(tray="Q1", percent=100)


def station(rules: QualityRules = ALL, **changes: Any) -> Bench:
    """A station that draws every unit, where nobody is told otherwise."""
    floor = replace(FLOOR, trays=TRAYS)
    return Bench(given=context(floor=floor, quality=rules, site_key=KEY, **changes))


def laid(rules: QualityRules = ALL, **changes: Any) -> Bench:
    """The shirt lies in the tray of waiting units; its parcel goes on."""
    bench = station(rules, **changes)
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    bench.scan(AUDIT)
    return bench


def second(bench: Bench, no: str = "0502") -> Bench:
    """Another person has taken it."""
    if bench.state.parcel is not None:
        bench.press("f7", "enter")
    bench.badge(no)
    bench.scan(AUDIT)
    bench.shirt()
    return bench


def newest(bench: Bench, kind: type[Any]) -> Any:
    return next(e.payload for e in reversed(bench.events) if isinstance(e.payload, kind))


def view(bench: Bench) -> Any:
    shown = Shown(
        head=Head(station="ST-01", net=Net(s="up"), at=""),
        seq=1, rev=1, clock_text="", scan=None, stopped=None,
    )  # fmt: skip
    given = replace(bench.given, wall_ms=bench.now_ms, mono_ns=bench.now_ms * 1_000_000)
    return present(bench.state, bench.screen, shown, given)


def mark(bench: Bench, step: str = "fabric") -> None:
    """Press the digit of an exception as it stands on the screen."""
    bench.press(next(one.k for one in view(bench).work.marks if one.step == step))


def test_nothing_shows_before_the_verdict_is_recorded() -> None:
    drawn, plain = station(), station(QualityRules())
    for bench in (drawn, plain):
        bench.parcel()
        bench.shirt()
    assert view(drawn) == view(plain)
    kinds = drawn.tray("A1")
    assert drawn.no is None
    assert {"inspection.finished", "verdict.made"} <= set(kinds)
    assert "put.confirmed" not in kinds
    assert newest(drawn, InspectionFinished).recheck == "random"
    assert view(drawn).stage.t == "stage.look"
    assert view(drawn).work.trays == ("Q1",)


def test_the_tray_of_waiting_units_tells_nothing_before_the_verdict() -> None:
    drawn, plain = station(), station(QualityRules(tray="Q1", percent=0))
    for bench in (drawn, plain):
        bench.parcel()
        bench.shirt()
        assert bench.scan(AUDIT) == ["scan.read"]
        assert bench.no == "E35"


def test_a_drawn_unit_goes_to_no_zone_and_no_refund_is_said() -> None:
    bench = station()
    bench.parcel()
    bench.shirt()
    bench.press("enter")
    for tray in ("A1", "R1", "H1"):
        assert bench.tray(tray) == ["scan.read"]
        assert bench.no == "E51"
    for key in ("1", "2", "4", "enter"):
        assert bench.press(key) == []
        assert bench.no == "E51"
    assert "unit.parked" in bench.scan(AUDIT)
    assert newest(bench, UnitParked) == UnitParked(recheck="random", place="Q1", grader="0417")
    assert state_name(bench.state, bench.screen) == "PARCEL"
    assert not {"put.confirmed", "refund.eligible"} & {event.kind for event in bench.events}


def test_the_parcel_closes_although_a_unit_of_it_waits() -> None:
    bench = laid()
    assert "parcel.closed" in bench.press("f7", "enter")


def test_who_decided_first_never_takes_the_second_look() -> None:
    bench = second(laid(), no="0417")
    assert bench.state.unit is None
    bench.press("esc")
    bench.scan(AUDIT)
    assert bench.no == "E52"


def test_two_that_agree_end_in_the_zone_with_one_milestone() -> None:
    bench = second(laid())
    opened = newest(bench, UnitOpened)
    assert (opened.n, opened.recheck.grader, opened.recheck.zone) == (2, "0417", "resale")
    kinds = bench.tray("A1")
    said = newest(bench, QualityRechecked)
    assert (said.way, said.agree, said.adjudicated) == ("random", True, None)
    assert kinds.index("verdict.made") + 1 == kinds.index("quality.rechecked")
    assert "put.confirmed" in kinds
    everything = [event.kind for event in bench.events if event.unit is not None]
    assert sum(kind.startswith("refund.") for kind in everything) == 1
    assert bench.state.rechecks == {}
    assert state_name(bench.state, bench.screen) == "IDLE"


def test_the_second_grader_sees_nothing_of_the_first() -> None:
    first = station()
    first.parcel()
    first.shirt()
    mark(first)
    first.press("enter")
    first.scan(AUDIT)
    blind, fresh = second(first), second(laid())
    assert view(blind).work == view(fresh).work
    assert view(blind).stage == view(fresh).stage


def differing() -> Bench:
    bench = second(laid())
    mark(bench)
    bench.press("enter")
    return bench


def test_two_that_differ_wait_for_a_supervisor() -> None:
    bench = differing()
    said = newest(bench, QualityRechecked)
    assert (said.first.zone, said.second.zone, said.agree) == ("resale", "repair", False)
    assert view(bench).stage.t == "stage.differ"
    for tray in ("A1", "R1"):
        bench.tray(tray)
        assert bench.no == "E54"
    bench.press("1")
    assert bench.no == "E54"
    bench.press("f9")
    assert bench.no == "E45", "who knows that two differ does not grade again"


@pytest.mark.parametrize(("digit", "who", "tray"), [("1", "first", "A1"), ("2", "second", "R1")])
def test_a_supervisor_decides_who_was_right(digit: str, who: str, tray: str) -> None:
    bench = differing()
    opened = next(e for e in bench.events if e.kind == "quality.rechecked")
    bench.press("f12")
    bench.badge("0001")
    bench.press(*PIN, "enter")
    work = view(bench).work
    assert isinstance(work, OverrideWork)
    assert [way.p["z"] for _, way in work.ways] == ["resale", "repair"]
    assert work.opts == ()
    bench.press(digit)
    said = newest(bench, QualityRechecked)
    assert (said.adjudicated, said.supervisor, said.agree) == (who, "0001", False)
    assert newest(bench, CorrectionMade).of == opened.id
    assert "put.confirmed" in bench.tray(tray)
    changed = [e for e in bench.events if isinstance(e.payload, VerdictChanged)]
    assert len(changed) == (who == "first")


def test_nobody_decides_about_himself() -> None:
    people = {**PEOPLE, "0002": replace(PEOPLE["0001"], no="0002")}
    bench = station(people=people)
    bench.badge("0002")
    bench.scan(TRACKING)
    bench.shirt()
    bench.tray("A1")
    bench.scan(AUDIT)
    second(bench)
    mark(bench)
    bench.press("enter", "f12")
    bench.badge("0002")
    assert bench.no == "E81"
    bench.badge("0001")
    assert bench.no is None


def test_what_differs_is_laid_back_until_a_supervisor_has_time() -> None:
    bench = differing()
    assert "unit.parked" in bench.scan(AUDIT)
    assert state_name(bench.state, bench.screen) == "IDLE"
    assert [one.kind for one in doubts(bench.state)] == ["differ"]
    bench.badge("0417")
    bench.scan(AUDIT)
    bench.shirt()
    assert view(bench).stage.t == "stage.differ", "whoever brings the supervisor may take it"


def test_a_danger_at_the_second_look_goes_to_the_dangerous_goods_at_once() -> None:
    bench = second(laid())
    bench.press("f11")
    bench.press("1")
    assert "put.confirmed" in bench.tray("Z1")
    assert newest(bench, QualityRechecked).agree is False


def test_a_danger_is_never_drawn() -> None:
    bench = station()
    bench.parcel()
    bench.shirt()
    bench.press("f11", "1")
    assert newest(bench, InspectionFinished).recheck is None
    assert "put.confirmed" in bench.tray("Z1")


def test_the_list_of_doubts_names_what_waits() -> None:
    bench = laid()
    assert "recheck" in [one.kind for one in doubts(bench.state)]
    assert any(one.startswith("unit/") for one in _subjects(bench))


def _subjects(bench: Bench) -> list[str]:
    return [one.subject for one in doubts(bench.state)]


def test_laying_aside_is_undone_as_any_act() -> None:
    bench = laid()
    bench.press("f9")
    assert bench.no is None
    assert bench.state.rechecks == {}
    assert view(bench).stage.t == "stage.look"
    assert "unit.parked" in bench.scan(AUDIT)


def test_beginning_a_second_look_is_undone_and_it_waits_again() -> None:
    bench = second(laid())
    bench.press("f9")
    assert len(bench.state.rechecks) == 1
    assert bench.state.unit is None


def test_the_first_grader_who_takes_the_bench_over_does_not_grade() -> None:
    bench = second(laid())
    kinds = bench.badge("0417")
    assert kinds == ["scan.read", "unit.parked", "operator.handover"]
    assert bench.state.unit is None
    bench.scan(AUDIT)
    assert bench.no == "E52"


def test_a_second_look_laid_aside_goes_on_with_its_answers() -> None:
    bench = second(laid())
    mark(bench)
    bench.press("esc")
    assert [one.kind for one in doubts(bench.state)] == ["recheck"]
    bench.scan(AUDIT)
    assert bench.press("1")[-1] == "inspection.started"
    assert [given.step for given in bench.state.unit.answers if given.by == "key"] == ["fabric"]  # type: ignore[union-attr]


def test_the_state_is_the_same_after_a_restart() -> None:
    bench = differing()
    state = State()
    for event in bench.events:
        state = apply(state, event)
    assert state == bench.state


def test_a_waiting_unit_is_found_by_its_own_events_alone() -> None:
    bench = laid()
    name, waiting = next(iter(bench.state.rechecks.items()))
    again = waiting_of(name, (event for event in bench.events if event.unit == name))
    assert again is not None
    assert again.look == waiting.look
    assert again.verdict == waiting.verdict


def test_the_power_may_go_at_any_point_and_the_look_goes_on() -> None:
    bench = second(laid())
    bench.take(StartInput(version="1", sqlite="3", replay_ms=1, new_journal=""))
    bench.press("enter")
    assert bench.state.unit is not None
    assert bench.state.unit.is_second


def test_a_piece_that_cannot_be_told_from_one_that_waits_is_not_drawn() -> None:
    bench = laid()
    bench.press("f7", "enter")
    bench.lines = tuple(replace(line, rma="R2", tracking="RB000000014RU") for line in bench.lines)
    bench.scan("RB000000014RU")
    bench.shirt()
    assert "put.confirmed" in bench.tray("A1")
    numbered = laid(lpn=LpnRules(mode=LpnMode.PREPRINTED))
    assert numbered.no == "E37"
    numbered.scan("0500-0001")
    assert len(numbered.state.rechecks) == 1


def test_a_number_begins_the_second_look_by_itself() -> None:
    bench = laid(lpn=LpnRules(mode=LpnMode.PREPRINTED))
    bench.scan("0500-0001")
    bench.press("f7", "enter")
    bench.badge("0502")
    bench.scan("0500-0001")
    assert bench.state.unit is not None
    assert bench.state.unit.lpn == "0500-0001"


def test_no_more_wait_than_there_is_room() -> None:
    bench = laid(QualityRules(tray="Q1", percent=100, waiting_max=1))
    bench.phone()
    _answer_all(bench)
    bench.press("enter")
    assert newest(bench, InspectionFinished).recheck is None
    assert "put.confirmed" in bench.tray(view(bench).work.trays[0])


def _answer_all(bench: Bench) -> None:
    while (must := getattr(view(bench).work, "must", None)) is not None:
        bench.press(
            *(("9", "7", "enter") if must.number else ("2" if must.step == "seal" else "1",))
        )


def test_the_first_verdict_after_the_draw_is_what_counts() -> None:
    bench = station()
    bench.parcel()
    bench.shirt()
    bench.press("enter", "esc")
    mark(bench)
    bench.press("enter")
    bench.scan(AUDIT)
    second(bench)
    assert newest(bench, UnitOpened).recheck.zone == "resale"
    verdicts = [e.payload.zone for e in bench.events if isinstance(e.payload, VerdictMade)]
    assert verdicts == ["resale", "repair"]


def test_a_person_without_a_role_is_no_judge() -> None:
    people = {**PEOPLE, "0600": Person(no="0600", name={"ru": "Я", "en": "I"})}
    bench = second(laid(people=people))
    mark(bench)
    bench.press("enter", "f12")
    bench.badge("0600")
    assert bench.no == "E80"


@pytest.mark.parametrize(("after_ms", "is_fast"), [(1_499, True), (1_500, False)])
@pytest.mark.parametrize("way", ["0", "enter", "tray"])
def test_who_confirms_sooner_than_a_look_takes_is_drawn_by_a_share_of_its_own(
    after_ms: int, is_fast: bool, way: str
) -> None:
    """At 1.5 s after the item's scan it is no haste any more."""
    bench = station(QualityRules(tray="Q1", percent=0, fast_ok_percent=100))
    bench.parcel()
    bench.shirt()
    bench.now_ms += after_ms - 2_000  # the bench itself lets two seconds go by
    if way == "tray":
        bench.tray("A1")
    else:
        bench.press(way)
    finished = newest(bench, InspectionFinished)
    assert (finished.confirm_ms, finished.fast_ok) == (after_ms, is_fast)
    assert finished.recheck == ("fast_ok" if is_fast else None)
