"""A box that came damaged: said by a digit before anything is taken out, inherited by its units."""

from bench import Bench
from edge.events import ParcelDamaged, VerdictMade
from edge.station import damage
from edge.station.decision import state_name


def test_the_damage_of_a_box_is_a_flag_of_each_of_its_units() -> None:
    bench = Bench()
    bench.parcel()
    assert bench.press("1") == ["parcel.damaged"]
    said = bench.events[-1].payload
    assert isinstance(said, ParcelDamaged)
    assert (said.kinds, said.flags) == (("damaged",), ("carrier_damage",))
    bench.shirt()
    bench.tray("A1")
    verdict = [e.payload for e in bench.events if isinstance(e.payload, VerdictMade)][-1]
    assert "carrier_damage" in verdict.facts["known"]["flags"]
    assert verdict.refund == "review"


def test_an_opened_box_sends_what_is_not_cheap_to_a_dispute() -> None:
    bench = Bench()
    bench.parcel()
    bench.press("2", "f7", "1")
    bench.phone()
    assert bench.state.unit is not None
    assert "tamper" in bench.state.unit.static["parcel_flags"]


def test_it_is_taken_back_by_f9_and_said_only_once() -> None:
    bench = Bench()
    bench.parcel()
    bench.press("1")
    assert bench.press("1") == []
    assert bench.no == "E00"
    bench.press("f9")
    assert bench.state.parcel is not None
    assert bench.state.parcel.flags == ()
    assert bench.press("1") == ["parcel.damaged"]


def test_after_the_first_piece_the_box_is_spoken_of_no_more() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    assert bench.state.parcel is not None
    assert damage.shown(bench.state.parcel, bench.given) == ()
    assert bench.press("1") == []
    assert bench.no == "E00"
    assert state_name(bench.state, bench.screen) == "PARCEL"


def test_a_danger_is_no_damage() -> None:
    bench = Bench()
    bench.parcel()
    assert bench.state.parcel is not None
    shown = damage.shown(bench.state.parcel, bench.given)
    assert [mark.step for mark in shown] == ["damaged", "reopened"]
