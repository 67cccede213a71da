"""OVERRIDE and the change of a zone: who may what, with badge, PIN and reason."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import PEOPLE, PIN, Bench, context
from edge.events import VerdictChanged
from edge.pins import hashed, is_well_formed, matches
from edge.station.asking import marks
from edge.station.decision import state_name
from edge.station.inputs import OverrideTimer
from edge.station.present import Shown, present
from edge.views import Head, Net, OverrideWork, to_line


def _decided(*marks: str) -> Bench:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.press(*marks, "enter")
    return bench


def _zone(bench: Bench) -> str:
    unit = bench.state.unit
    assert unit is not None
    assert unit.verdict is not None
    return unit.verdict.zone


def _changes(bench: Bench) -> list[VerdictChanged]:
    return [e.payload for e in bench.events if isinstance(e.payload, VerdictChanged)]


def test_an_operator_alone_may_send_a_unit_to_hold_or_down_to_repair() -> None:
    bench = _decided()
    assert _zone(bench) == "resale"
    assert bench.press("2") == ["verdict.changed"]
    assert _zone(bench) == "repair"
    assert bench.press("4") == ["verdict.changed"]
    assert _zone(bench) == "hold"
    first, second = _changes(bench)
    assert (first.recommended.zone, first.decided.zone, first.by) == (
        "resale",
        "repair",
        "operator",
    )
    assert first.recommended.row == "R13"
    assert second.of == first.of
    assert second.decided.refund != "eligible"


def test_the_right_tray_is_the_one_of_the_changed_zone() -> None:
    bench = _decided()
    bench.press("2")
    assert bench.tray("A1") == ["scan.read", "put.wrong"]
    assert "put.confirmed" in bench.tray("R1")


def test_disposal_is_free_below_a_value_and_a_supervisors_above_it() -> None:
    bench = _decided()
    bench.press("3")
    assert bench.no == "E80"
    assert _zone(bench) == "resale"
    assert bench.supervise("2") == ["scan.read", "verdict.changed"]
    assert _zone(bench) == "disposal"
    assert (_changes(bench)[0].supervisor, _changes(bench)[0].reason) == ("0001", "O02_RULE_WRONG")
    cheap = Bench(given=context(free_disposal_below_minor=200_000))
    cheap.parcel()
    cheap.shirt()
    cheap.press("enter")
    assert cheap.press("3") == ["verdict.changed"]


def test_out_of_a_hold_only_with_a_supervisor() -> None:
    bench = _decided()
    bench.press("4", "1")
    assert bench.no == "E80"
    assert "verdict.changed" in bench.supervise()
    assert _zone(bench) == "resale"


def test_a_zone_that_an_invariant_forbids_is_nobodys_to_give() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    assert bench.state.unit is not None
    shown, _ = marks(bench.state.unit, 0, bench.given)
    fabric = next(mark.k for mark in shown if mark.step == "fabric")
    bench.press(fabric, fabric, "enter")
    assert _zone(bench) == "disposal"
    bench.press("1")
    assert bench.no == "E83"
    assert bench.screen.override is None


def test_nobody_approves_himself() -> None:
    bench = Bench()
    bench.badge("0001")
    bench.scan("RB123456785RU")
    bench.shirt()
    bench.press("enter", "3")
    bench.badge("0001")
    assert bench.no == "E81"


def test_three_wrong_pins_stop_the_trying_for_a_minute() -> None:
    bench = _decided()
    bench.press("3")
    bench.badge("0001")
    for left in (2, 1, 0):
        bench.press("0", "0", "0", "0", "enter")
        assert bench.no == "E82"
        assert bench.last is not None
        assert bench.last.screen.note is not None
        assert bench.last.screen.note.p["n"] == left
    bench.press(*PIN, "enter")
    assert bench.no == "E82"


def test_a_pin_is_typed_on_keys_and_never_scanned() -> None:
    bench = _decided()
    bench.press("3")
    bench.badge("0001")
    bench.command("D4")
    assert bench.no == "E16"


def test_a_supervisor_without_a_pin_has_no_such_rights() -> None:
    people = {**PEOPLE, "0001": replace(PEOPLE["0001"], pin="")}
    bench = Bench(given=context(people=people))
    bench.parcel()
    bench.shirt()
    bench.press("enter", "3")
    bench.badge("0001")
    assert bench.no == "E84"


def test_the_minute_ends_by_itself_and_esc_ends_it_at_once() -> None:
    bench = _decided()
    bench.press("3")
    bench.take(OverrideTimer())
    assert state_name(bench.state, bench.screen) == "OVERRIDE"
    bench.now_ms += 60_000
    bench.take(OverrideTimer())
    assert state_name(bench.state, bench.screen) == "VERDICT"
    bench.press("3", "esc")
    assert state_name(bench.state, bench.screen) == "VERDICT"
    assert _changes(bench) == []


def test_who_forgot_the_badge_is_let_in_for_a_shift() -> None:
    bench = Bench()
    bench.press("f12")
    bench.badge("0001")
    bench.press(*PIN, "enter")
    assert bench.press("0", "4", "1", "7", "enter") == ["operator.in"]
    assert bench.state.shift is not None
    assert bench.state.shift.operator == "0417"


def test_no_digit_of_a_pin_is_in_a_view_an_event_or_a_repr() -> None:
    bench = _decided()
    bench.press("3")
    bench.badge("0001")
    bench.press("7", "1", "9", "3")
    head = Head(station="ST-01", net=Net(s="up"), at="")
    shown = Shown(head=head, seq=1, rev=1, clock_text="", scan=None, stopped=None)
    view = present(bench.state, bench.screen, shown, context(mono_ns=0))
    assert isinstance(view.work, OverrideWork)
    assert view.secret
    assert view.work.typed == 4
    assert b"7193" not in to_line(view)
    assert "7193" not in repr(bench.screen)


@given(st.from_regex(r"\A[0-9]{4,8}\Z"), st.binary(min_size=16, max_size=16))
@pytest.mark.timeout(60)
def test_a_hash_matches_its_own_digits_and_no_others(digits: str, salt: bytes) -> None:
    stored = hashed(digits, salt)
    assert is_well_formed(stored)
    assert matches(stored, digits)
    assert not matches(stored, digits[::-1] + "0")


@pytest.mark.parametrize("digits", ["", "123", "123456789", "12a4", "٠١٢٣"])
def test_what_is_no_pin_is_refused(digits: str) -> None:
    with pytest.raises(ValueError, match="PIN"):
        hashed(digits, b"s" * 16)


@given(st.text(max_size=60))
def test_a_rotten_hash_matches_nothing_and_raises_nothing(stored: str) -> None:
    assert not matches(stored, "4711")
    assert not matches(f"scrypt:30:8:1:{stored}", "4711")
