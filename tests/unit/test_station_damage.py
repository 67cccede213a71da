"""A box that came damaged: said by a digit before anything is taken out, inherited by its units."""

from bench import Bench, context
from edge.events import ParcelDamaged, PhotoMissing, VerdictMade
from edge.station import damage
from edge.station.decision import state_name


def test_the_damage_of_a_box_is_a_flag_of_each_of_its_units() -> None:
    bench = Bench()
    bench.parcel()
    assert bench.press("1") == ["parcel.damaged", "photo.missing"]
    said, lost = (event.payload for event in bench.events[-2:])
    assert isinstance(said, ParcelDamaged)
    assert lost == PhotoMissing(slot="parcel", reason="no_camera")
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
    assert bench.press("1") == ["parcel.damaged", "photo.missing"]


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


def test_a_damaged_box_is_photographed_from_outside_and_an_opened_one_with_its_tape() -> None:
    bench = Bench(given=context(camera_roles=frozenset({"parcel", "tape"})))
    bench.parcel()
    assert bench.press("2") == ["parcel.damaged"]
    assert bench.last is not None
    asked = [(one.parcel, one.unit, one.slot.name) for one in bench.last.photos]
    assert asked == [(bench.state.bench, None, "parcel"), (bench.state.bench, None, "tape")]


def test_the_label_of_an_unknown_box_is_photographed_or_the_lack_of_a_camera_is_said() -> None:
    seen = Bench(given=context(camera_roles=frozenset({"label"})))
    seen.badge()
    seen.scan("NOBODY-KNOWS-7")
    assert seen.press("3") == ["parcel.arrived", "parcel.parked"]
    assert seen.last is not None
    assert [one.slot.name for one in seen.last.photos] == ["label"]
    blind = Bench()
    blind.badge()
    blind.scan("NOBODY-KNOWS-7")
    assert blind.press("1")[-1] == "photo.missing"
    assert blind.last is not None
    assert blind.last.photos == ()
