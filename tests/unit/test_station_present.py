"""What stands on the screen beside the work: what was read and awaited, trays that are free."""

from bench import TRACKING, Bench
from edge.station.inputs import CommandInput
from edge.station.present import Shown, present
from edge.views import ChoiceWork, Head, Net, StationView

SHOWN = Shown(
    head=Head(station="ST-01", net=Net(s="up"), at="2025-11-24T10:00:00Z"),
    seq=1,
    rev=1,
    clock_text="10:00:00",
    scan=None,
    stopped=None,
)
STRANGER = "4600000000994"


def seen(bench: Bench) -> StationView:
    return present(bench.state, bench.screen, SHOWN, bench.given)


def test_a_foreign_item_is_named_beside_what_was_awaited() -> None:
    bench = Bench()
    bench.parcel()
    bench.scan(STRANGER)
    work = seen(bench).work
    assert isinstance(work, ChoiceWork)
    assert work.code == "E21"
    read, awaited = work.lines
    assert STRANGER in read.p["code"]
    assert awaited.t == "ui.awaited"
    assert len(awaited.p["names"]) == 2


def test_the_keys_of_a_choice_are_as_many_as_its_ways_out() -> None:
    bench = Bench()
    bench.parcel()
    bench.scan(STRANGER)
    view = seen(bench)
    assert isinstance(view.work, ChoiceWork)
    assert view.keys[0] == (f"1-{len(view.work.opts)}", "key.choose")


def test_a_tray_that_is_under_way_is_not_free() -> None:
    bench = Bench()
    before = seen(bench).side.free_trays
    bench.parcel()
    bench.shirt()
    bench.press("0")
    bench.tray("A1")
    view = seen(bench)
    assert [move.tray for move in view.side.moves] == ["A1"]
    assert view.side.free_trays == before - 1


def test_a_danger_of_the_area_and_what_it_stopped_stay_on_the_screen_until_ended() -> None:
    bench = Bench()
    bench.badge()
    bench.press("f11")
    bench.take(CommandInput(device="c1", command="stop", reason="danger", wire_seq=9))
    bench.scan(TRACKING)
    view = seen(bench)
    assert view.head.alarm == "danger"
    assert ("f12", "key.danger_over") in view.keys
    bench.press("f12")
    bench.supervise()
    view = seen(bench)
    assert view.head.alarm == "halted"
    assert ("f12", "key.danger_over") not in view.keys
    bench.press("f6", "enter")
    assert seen(bench).head.alarm == ""
