"""Enter puts on a lane without a scan: where configured, nothing owed, never dangerous goods."""

from dataclasses import replace

from bench import FLOOR, Bench, context, label
from edge.events import MovePlanned, PutConfirmed
from edge.floor import LpnMode, LpnRules, Tray
from edge.station.by_word import lane_of
from edge.station.inputs import LockTimer
from edge.station.keycaps import offered

LANE = Tray(id="L3", zone="disposal", lane=3, by_word=True)
ON_LANE = replace(FLOOR, trays={**FLOOR.trays, LANE.id: LANE})


def decided(bench: Bench) -> Bench:
    """A torn shirt, the zone is shown."""
    bench.parcel()
    bench.shirt()
    bench.press("7", "7", "enter")
    assert bench.state.unit is not None
    assert bench.state.unit.verdict is not None
    assert bench.state.unit.verdict.zone == "disposal"
    return bench


def keys(bench: Bench) -> dict[str, str]:
    shown = offered("VERDICT", bench.state, bench.screen, asked=None, context=bench.given)
    return dict(shown)


def test_enter_puts_a_decided_unit_on_its_lane_and_says_that_it_is_a_word() -> None:
    bench = decided(Bench(given=context(floor=ON_LANE)))
    assert keys(bench)["enter"] == "key.conveyor"
    kinds = bench.press("enter")
    assert kinds[0] == "put.confirmed"
    put = next(e.payload for e in bench.events if isinstance(e.payload, PutConfirmed))
    assert (put.proof, put.tray, put.lane, put.zone) == ("word", "L3", 3, "disposal")
    moves = [e.payload for e in bench.events if isinstance(e.payload, MovePlanned)]
    assert [leg.lane for leg in moves[-1].legs] == [3]


def test_its_label_may_be_scanned_all_the_same_and_is_then_the_proof() -> None:
    bench = decided(Bench(given=context(floor=ON_LANE)))
    bench.scan(label("RT-3-L3"))
    put = next(e.payload for e in bench.events if isinstance(e.payload, PutConfirmed))
    assert put.proof == "tray"


def test_without_such_a_lane_enter_asks_for_the_tray() -> None:
    bench = decided(Bench())
    assert "enter" not in keys(bench)
    assert bench.press("enter") == []
    assert bench.no == "E35"


def test_a_lane_of_another_zone_is_no_way() -> None:
    other = replace(LANE, zone="hold")
    floor = replace(FLOOR, trays={**FLOOR.trays, other.id: other})
    bench = decided(Bench(given=context(floor=floor)))
    assert bench.press("enter") == []
    assert bench.no == "E35"


def test_an_owed_photograph_goes_before_the_word() -> None:
    given = context(floor=ON_LANE, camera_roles=frozenset({"defect"}))
    bench = decided(Bench(given=given))
    assert bench.press("enter") == []
    assert bench.no == "E34"


def test_an_owed_number_goes_before_the_word() -> None:
    rules = LpnRules(zones={"disposal": LpnMode.PREPRINTED})
    bench = decided(Bench(given=context(floor=ON_LANE, lpn=rules)))
    assert bench.press("enter") == []
    assert bench.no == "E37"


def test_dangerous_goods_never_go_by_a_word() -> None:
    bench = decided(Bench(given=context(floor=ON_LANE)))
    unit = bench.state.unit
    assert unit is not None
    assert lane_of(unit, bench.given) == LANE
    assert lane_of(replace(unit, danger=True), bench.given) is None
    assert lane_of(replace(unit, verdict=None), bench.given) is None
    bench.take(LockTimer(minutes=5))
    assert bench.press("enter") == []
