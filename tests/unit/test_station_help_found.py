"""The help's digits do what they say; marks say whether they take; the found reason and its key."""

import pytest

from bench import Bench
from edge.events import PutConfirmed
from edge.station.found import reasons
from edge.station.keycaps import FEEDBACK
from edge.station.present import Shown, present
from edge.views import ChecklistWork, ChoiceWork, Head, Label, Mark, Net, StationView, VerdictWork

SHOWN = Shown(
    head=Head(station="ST-01", net=Net(s="up"), at=""),
    seq=1,
    rev=1,
    clock_text="",
    scan=None,
    stopped=None,
)


def seen(bench: Bench) -> StationView:
    return present(bench.state, bench.screen, SHOWN, bench.given)


def at(place: str) -> Bench:
    """A bench in a state of work."""
    bench = Bench()
    if place == "LOCKED":
        return bench
    bench.badge()
    if place == "IDLE":
        return bench
    bench.parcel()
    if place == "PARCEL":
        return bench
    bench.shirt()
    if place == "VERDICT":
        bench.press("enter")
    return bench


PLACES = ("LOCKED", "IDLE", "PARCEL", "UNIT", "VERDICT")


@pytest.mark.parametrize("place", PLACES)
def test_every_digit_of_the_help_does_what_its_key_does(place: str) -> None:
    asked = at(place)
    asked.press("f1")
    ways = seen(asked).ways
    assert ways
    assert [digit for digit, _, _ in ways] == sorted({digit for digit, _, _ in ways})
    for digit, key, _ in ways:
        by_digit, by_key = at(place), at(place)
        by_digit.press("f1", digit)
        if digit == FEEDBACK and not key:
            assert by_digit.events[-1].kind == "operator.feedback"
            continue
        if key == "f2":
            assert by_digit.no in ("E00", "E01")  # the terminal does that by itself
            continue
        by_key.press(key)
        assert by_digit.no == by_key.no
        assert seen(by_digit).state == seen(by_key).state
        assert by_digit.screen.overlay == by_key.screen.overlay
        assert [e.kind for e in by_digit.events] == [e.kind for e in by_key.events]


def test_a_digit_that_the_help_does_not_list_does_nothing() -> None:
    bench = at("IDLE")
    bench.press("f1")
    assert bench.press("9") == []
    assert bench.no == "E00"
    assert bench.screen.overlay == "help"


def test_a_mark_is_open_exactly_when_its_digit_takes() -> None:
    checked = 0
    for first in "1234567":
        for mark in marks_after(first):
            bench = at("UNIT")
            bench.press(first)
            if bench.press(mark.k) == [] and bench.no == "E00":
                assert not mark.is_open
                checked += 1
            else:
                assert mark.is_open
    assert checked


def marks_after(*first: str) -> tuple[Mark, ...]:
    bench = at("UNIT")
    bench.press(*first)
    work = seen(bench).work
    assert isinstance(work, ChecklistWork)
    return work.marks if work.must is None else ()


def found(bench: Bench) -> Label:
    work = seen(bench).work
    assert isinstance(work, VerdictWork)
    assert work.found is not None
    return work.found


def put_reason(bench: Bench) -> str | None:
    puts = [e.payload for e in bench.events if isinstance(e.payload, PutConfirmed)]
    return puts[-1].found_reason


def test_what_is_as_new_is_found_so_and_the_put_says_it() -> None:
    bench = at("UNIT")
    bench.tray("A1")
    assert put_reason(bench) == "F01_AS_NEW"


def test_what_was_seen_proposes_the_reason() -> None:
    bench = at("UNIT")
    step = next(m.k for m in marks_after() if m.step == "wear")
    bench.press(step, step, "enter")
    assert found(bench)["en"] == "Used or worn"


def test_another_reason_is_one_key_and_every_reason_can_be_had() -> None:
    bench = at("VERDICT")
    assert bench.state.unit is not None
    listed = reasons(bench.state.unit, bench.given)
    assert len({one.id for one in listed}) == len(listed) > 10
    shown = [found(bench)["en"]]
    for _ in listed:
        assert bench.press("6") == []
        shown.append(found(bench)["en"])
    assert shown[:-1] == [one.label["en"] for one in listed]
    assert shown[-1] == shown[0]
    bench.press("6")
    bench.tray("D1")  # the wrong one: the reason stays
    bench.press("esc")
    bench.tray("A1")
    assert put_reason(bench) == listed[1].id


def test_the_next_unit_has_its_own_reason() -> None:
    bench = at("VERDICT")
    bench.press("6")
    bench.tray("A1")
    bench.scan(f"01{'04609999000013'}21356938035643809", aim_id="]d2")
    assert bench.screen.found != (bench.state.hand, 1)


def test_a_mark_that_names_no_reason_is_a_defect_and_never_as_new() -> None:
    step = next(m.k for m in marks_after() if m.step == "fabric")
    bench = at("UNIT")
    bench.press(step, "enter")
    assert found(bench)["en"] == "Defect confirmed"
    assert bench.state.unit is not None
    order = [one.id for one in reasons(bench.state.unit, bench.given)]
    assert order.index("F01_AS_NEW") == len(order) - 2


def pointed(bench: Bench) -> tuple[str, str] | None:
    bench.press("f1", "f1")
    return seen(bench).now


@pytest.mark.parametrize(
    ("place", "key"),
    [("IDLE", "scan"), ("PARCEL", "scan"), ("UNIT", "0"), ("VERDICT", "scan")],
)
def test_a_second_f1_points_at_the_key_of_the_next_movement_and_a_third_closes(
    place: str, key: str
) -> None:
    bench = at(place)
    now = pointed(bench)
    assert now is not None
    assert now[0] == key
    assert seen(bench).overlay == "help"
    bench.press("f1")
    view = seen(bench)
    assert (view.overlay, view.now) == (None, None)


def test_with_a_mark_the_help_points_at_enter() -> None:
    bench = at("UNIT")
    bench.press("6")
    assert pointed(bench) == ("enter", "key.accept")


def test_esc_closes_the_help_that_points() -> None:
    bench = at("PARCEL")
    bench.press("f1", "f1", "esc")
    assert seen(bench).overlay is None


def test_a_digit_still_does_what_it_stands_for_while_the_help_points() -> None:
    bench = at("PARCEL")
    bench.press("f1", "f1")
    digit = next(digit for digit, key, _ in seen(bench).ways if key == "f6")
    bench.press(digit)
    assert seen(bench).overlay == "moves"


def test_an_open_question_offers_its_own_digits_and_no_key_that_is_refused() -> None:
    bench = Bench()
    bench.parcel()
    bench.phone()
    view = seen(bench)
    assert isinstance(view.work, ChecklistWork)
    assert view.work.must is not None
    first, *rest = view.keys
    assert first == (f"1-{len(view.work.must.opts)}", "key.answer")
    assert not {"0", "enter", "1-8"} & {key for key, _ in rest}
    assert pointed(bench) == first


def test_a_wrong_tray_is_named_beside_those_that_would_be_right() -> None:
    bench = at("UNIT")
    bench.tray("R1")
    work = seen(bench).work
    assert isinstance(work, ChoiceWork)
    read, free = work.lines
    assert (work.code, read.p["code"]) == ("E31", "R1")
    assert "A1" in free.p["trays"]
