"""An item without a code: the announced line is chosen by digit, never guessed."""

from bench import MUG, PHONE, SHIRT, Bench
from edge.events import UnitIdentified, VerdictMade
from edge.station import asking
from edge.station.decision import state_name


def test_the_line_is_chosen_by_digit_and_nothing_else_proves_it() -> None:
    bench = Bench()
    bench.parcel()
    assert bench.press("f10") == []
    assert bench.no == "E14"
    choice = bench.screen.choice
    assert choice is not None
    assert [digit for digit, _ in choice.ways] == ["1", "2", "9"]
    assert "unit.identified" in bench.press("1")
    found = [e.payload for e in bench.events if isinstance(e.payload, UnitIdentified)][-1]
    assert (found.gtin, found.how, found.basis, found.match) == (
        SHIRT, "by_hand", "parcel", "expected",
    )  # fmt: skip
    assert not found.confirmed
    assert bench.state.unit is not None
    assert bench.state.unit.static["category"] == "apparel"


def test_a_line_that_is_received_is_offered_no_more() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    bench.press("f10")
    assert bench.screen.choice is not None
    assert len(bench.screen.choice.named) == 1
    bench.press("1")
    assert bench.state.unit is not None
    assert bench.state.unit.gtin == PHONE


def test_a_serialised_item_chosen_by_digit_is_still_asked_for_its_serial() -> None:
    bench = Bench()
    bench.parcel()
    bench.press("f10", "2", "1", "1", "1")
    question = asking.open_step(bench.state.unit, bench.given) if bench.state.unit else None
    assert question is not None
    assert question.name == "serial"
    bench.press("1", "enter")
    verdict = [e.payload for e in bench.events if isinstance(e.payload, VerdictMade)][-1]
    assert (verdict.zone, verdict.disposition) == ("hold", "HOLD_VERIFY")


def test_another_digit_and_esc_record_nothing() -> None:
    bench = Bench()
    bench.parcel()
    bench.press("f10")
    assert bench.press("8") == []
    assert bench.no == "E00"
    bench.press("esc")
    assert state_name(bench.state, bench.screen) == "PARCEL"
    assert MUG not in [unit.gtin for unit in bench.state.units.values()]


def test_a_parcel_that_nobody_announced_has_no_lines_to_choose() -> None:
    bench = Bench()
    bench.badge()
    bench.scan("NOBODY-KNOWS-IT")
    bench.press("1", "f10")
    assert state_name(bench.state, bench.screen) == "ENTRY"
