"""Containers: one tenant, zone and disposition, room, class; closed they give nothing back."""

from dataclasses import replace

import pytest

from bench import FLOOR, LINES, TRACKING, TRAYS, context, label
from container_bench import CAGE, NUMBER, ROLL, bench, closed, floor, put, reopened, shirts
from edge.catalogue import ReturnLine
from edge.events import (
    ContainerClosed,
    ContainerOpened,
    ContainerReopened,
    ContainerUnitAdded,
    ContainerUnitRemoved,
    MovePlanned,
    MoveState,
)
from edge.station.decision import state_name
from edge.station.filling import is_full
from edge.station.present import Shown, present
from edge.station.state import Inhibit, State
from edge.views import ChecklistWork, ContainerWork, StationView, VerdictWork
from known_bench import KnownBench, payloads
from walk import HEAD

# ---------------------------------------------------------------- filling


def test_the_first_unit_opens_a_container_by_the_scan_that_puts_it() -> None:
    one = bench()
    kinds = put(one)
    assert [one for one in kinds if not one.startswith("refund.")][:4] == [
        "scan.read", "container.opened", "put.confirmed", "container.unit_added"
    ]  # fmt: skip
    assert payloads(one.events, ContainerOpened) == [
        ContainerOpened(container="K00001", tenant="shop-a", zone="resale", disposition="RESTOCK")
    ]
    assert "move.planned" not in kinds
    put(one)
    assert len(payloads(one.events, ContainerOpened)) == 1
    assert len(one.state.containers["K00001"].units) == 2


def test_a_tray_is_a_container_where_the_floor_says_so() -> None:
    trays = {tray.id: tray for tray in TRAYS}
    trays["A1"] = replace(trays["A1"], container=CAGE)
    one = bench(trays=trays)
    assert "container.unit_added" in put(one, "RT-1-A1")
    assert "move.planned" not in [event.kind for event in one.events]
    assert put(one, "RT-1-A1")[1] == "put.confirmed"


def test_another_tenant_is_refused_and_nothing_is_put() -> None:
    one = bench(1)
    put(one)
    one.press("f7", "2")
    one.lines = tuple(
        replace(line, tenant="shop-b", tracking="RB123456799RU") for line in shirts(1)
    )
    one.read("RB123456799RU")
    assert put(one) == ["scan.read"]
    assert one.no == "E63"
    assert "put.confirmed" in put_again(one, "RT-1-K00002")


def put_again(one: KnownBench, code: str) -> list[str]:
    return one.read(label(code))


def test_another_zone_or_disposition_is_refused() -> None:
    one = bench()
    put(one)
    one.shirt()
    one.press("1", "enter")
    assert one.read(label(NUMBER)) == ["scan.read", "put.wrong"]
    assert one.no == "E31"


def test_a_label_of_another_zone_opens_nothing() -> None:
    one = bench()
    assert "container.opened" not in put(one, "RT-2-K00001")
    assert one.no == "E31"


def test_the_put_that_fills_a_container_asks_to_close_it_and_it_takes_no_more() -> None:
    one = bench()
    put(one)
    assert state_name(one.state, one.screen) == "PARCEL"
    put(one)
    assert one.screen.container == "K00001"
    assert isinstance(_shown(one).work, ContainerWork)
    one.shirt()
    one.press("enter")
    offered = _shown(one).work
    assert isinstance(offered, VerdictWork)
    assert "K00001" not in offered.trays
    assert one.read(label(NUMBER)) == ["scan.read"]
    assert one.no == "E64"


def test_what_fills_a_container_by_weight_asks_to_close_it_too() -> None:
    kind = replace(CAGE, units=None, kg=1.0)
    assert not is_full((400, 0), kind)
    assert is_full((400, 600), kind)
    assert not is_full((400, 600), None)


def test_a_test_piece_takes_room_like_any_other_and_is_in_no_count_that_leaves() -> None:
    """By what the screen counts nobody tells it from the others."""
    one = bench(1)
    put(one)
    one.press("f7", "2")
    one.lines = tuple(
        replace(line, tracking="RB123456799RU", audit=True, known_zone="resale", known_grade="A")
        for line in shirts(1)
    )
    one.read("RB123456799RU")
    put(one)
    work = _shown(one).work
    assert isinstance(work, ContainerWork)
    assert (work.n, work.most) == (2, 2)
    one.press("1", "enter")
    assert payloads(one.events, ContainerClosed) == [ContainerClosed(container="K00001", count=1)]


@pytest.mark.parametrize("code", ["RT-1-S00001", "RT-1-Z00001"])
def test_ordinary_goods_do_not_go_into_containers_of_a_class(code: str) -> None:
    one = bench()
    put(one, code)
    assert one.no == "E65"


def answer_all(one: KnownBench) -> None:
    """Answer what is asked: the seal is open, all else is well."""
    while isinstance(work := _shown(one).work, ChecklistWork) and work.must is not None:
        if work.must.number is not None:
            one.press("9", "7", "enter")
        else:
            one.press("2" if work.must.step == "seal" else "1")


def test_sharp_goods_go_into_a_container_for_them_alone() -> None:
    one = bench()
    one.phone()
    one.press("5")  # broken glass
    answer_all(one)
    one.press("enter")
    verdict = one.state.unit.verdict if one.state.unit else None
    assert verdict is not None
    assert verdict.zone == "disposal"
    one.read(label("RT-3-K00001"))
    assert one.no == "E65"
    assert "container.opened" in one.read(label("RT-3-S00001"))


def test_dangerous_goods_go_into_a_container_for_them_alone() -> None:
    one = bench()
    one.shirt()
    one.press("f11", "1")
    one.read(label("RT-5-K00001"))
    assert one.no == "E65"
    assert "container.opened" in one.read(label("RT-5-Z00001"))
    assert one.state.containers["Z00001"].goods_class == "hazmat"


def test_a_forged_label_opens_nothing() -> None:
    one = bench()
    one.shirt()
    one.press("enter")
    assert one.read("RT-1-K00001-0000") == ["scan.read"]
    assert one.no == "E15"


# ---------------------------------------------------------------- taking out


def test_an_undone_put_takes_the_unit_out_and_an_empty_container_is_nobody_s() -> None:
    one = bench()
    put(one)
    kinds = one.press("f9")
    assert kinds[-1] == "container.unit_removed"
    assert payloads(one.events, ContainerUnitRemoved)[-1].reason == "undo"  # type: ignore[attr-defined]
    assert not one.state.containers
    assert one.read(label(NUMBER))[1:3] == ["container.opened", "put.confirmed"]


def test_a_unit_that_is_scanned_again_leaves_its_container_and_an_undo_puts_it_back() -> None:
    one = bench(1, lpn=ROLL)
    one.shirt()
    one.press("enter")
    one.read("0500-0001")
    one.read(label(NUMBER))
    one.press("f7", "2")
    before = one.state.containers
    assert "container.unit_removed" in one.read("0500-0001")
    assert not one.state.containers
    assert one.press("f9")[-2:] == ["container.opened", "container.unit_added"]
    assert {name: box.units for name, box in one.state.containers.items()} == {
        name: box.units for name, box in before.items()
    }


# ---------------------------------------------------------------- closing and reopening


def test_closing_counts_weighs_and_plans_the_way_of_its_zone() -> None:
    one = bench()
    put(one)
    put(one)
    kinds = closed(one, "1", "2", "5", "0")
    assert kinds == ["container.closed", "move.planned"]
    assert payloads(one.events, ContainerClosed) == [
        ContainerClosed(container="K00001", count=2, weight_g=1250)
    ]
    planned = payloads(one.events, MovePlanned)[-1]
    assert isinstance(planned, MovePlanned)
    assert [leg.kind for leg in planned.legs] == ["conveyor", "robot"]
    assert {leg.load for leg in planned.legs} == {"cage"}
    assert {leg.grams for leg in planned.legs} == {1250}


def test_a_container_is_closed_without_a_scale() -> None:
    one = bench()
    put(one)
    closed(one)
    assert payloads(one.events, ContainerClosed) == [ContainerClosed(container="K00001", count=1)]


def test_a_container_that_is_too_heavy_is_not_closed() -> None:
    one = bench()
    put(one)
    assert closed(one, "3", "0", "0", "0", "1") == []
    assert one.no == "E68"
    assert one.press("3", "0", "0", "0", "0", "enter")[0] == "container.closed"


def test_a_habitual_enter_closes_nothing() -> None:
    one = bench()
    put(one)
    one.read(label(NUMBER))
    assert one.press("enter") == []
    assert one.press("esc") == []
    assert state_name(one.state, one.screen) == "PARCEL"


def test_a_closed_container_takes_nothing_and_ends_the_free_correction_of_its_units() -> None:
    one = bench()
    put(one)
    closed(one)
    assert put(one) == ["scan.read"]
    assert one.no == "E66"
    one.read(label("RT-1-K00002"))
    one.press("f9", "f9", "f9")  # the put, the verdict and the opening of the second one
    assert one.press("f9") == []
    assert one.no == "E41"


def test_a_unit_of_a_closed_container_is_not_inspected_again_before_it_is_open() -> None:
    one = bench(1, lpn=ROLL)
    one.shirt()
    one.press("enter")
    one.read("0500-0001")
    one.read(label(NUMBER))
    one.press("f7", "2")
    closed(one)
    assert one.read("0500-0001") == ["scan.read"]
    assert one.no == "E66"
    reopened(one)
    kinds = one.read("0500-0001")
    assert "unit.opened" in kinds
    assert "container.unit_removed" in kinds


def test_only_a_supervisor_opens_it_again_and_then_it_is_not_carried() -> None:
    one = bench()
    put(one)
    closed(one)
    assert one.state.moves
    kinds = reopened(one)
    assert kinds[-2:] == ["move.cancelled", "container.reopened"]
    event = payloads(one.events, ContainerReopened)[-1]
    assert isinstance(event, ContainerReopened)
    assert (event.container, event.supervisor) == ("K00001", "0001")
    assert not one.state.moves
    assert put(one)[1] == "put.confirmed"


def test_what_was_closed_once_is_not_taken_back_by_the_operator_alone() -> None:
    one = bench()
    put(one)
    closed(one)
    reopened(one)
    assert one.press("esc", "f9") == []
    assert one.no == "E41"


def test_a_container_that_a_robot_has_is_not_opened_again() -> None:
    one = bench()
    put(one)
    closed(one)
    one.state = _under_way(one.state)
    one.read(label(NUMBER))
    assert one.press("f12") == []
    assert one.no == "E41"


def _under_way(state: State) -> State:
    moves = {
        name: replace(work, legs=(replace(work.legs[0], state=MoveState.CARRYING), *work.legs[1:]))
        for name, work in state.moves.items()
    }
    return replace(state, moves=moves)


def test_without_a_device_a_closed_container_is_carried_by_hand_and_its_number_is_used_up() -> None:
    hand = dict.fromkeys(FLOOR.routes, (FLOOR.routes["hold"][0],))
    one = bench(routes=hand)
    put(one)
    assert closed(one) == ["container.closed", "move.planned", "move.by_hand"]
    assert one.read(label("RL-1-P1"))[-1] == "move.resolved"
    assert not one.state.containers
    assert not one.state.moves
    assert put(one) == ["scan.read"]
    assert one.no == "E67"


def test_a_tray_that_came_back_is_a_container_anew() -> None:
    trays = {tray.id: tray for tray in TRAYS}
    trays["A1"] = replace(trays["A1"], container=CAGE, fixed=True)
    one = bench(trays=trays)
    put(one, "RT-1-A1")
    one.read(label("RT-1-A1"))
    assert one.press("1", "enter")[-1] == "move.by_hand"
    one.read(label("RL-1-P1"))
    assert put(one, "RT-1-A1")[1] == "container.opened"


def test_a_container_with_a_unit_that_no_device_may_carry_goes_by_hand() -> None:
    one = bench()
    put(one)
    added = payloads(one.events, ContainerUnitAdded)[-1]
    assert isinstance(added, ContainerUnitAdded)
    boxes = {
        name: replace(box, by_hand=frozenset(box.units))
        for name, box in one.state.containers.items()
    }
    one.state = replace(one.state, containers=boxes)
    assert closed(one)[-1] == "move.by_hand"


# ---------------------------------------------------------------- the screen


def _shown(one: KnownBench) -> StationView:
    shown = Shown(head=HEAD, seq=1, rev=1, clock_text="", scan=None, stopped=None)
    return present(one.state, one.screen, shown, one.given)


def test_a_container_s_label_shows_what_is_in_it_and_any_scan_goes_on_below() -> None:
    one = bench()
    put(one)
    one.read(label(NUMBER))
    view = _shown(one)
    assert isinstance(view.work, ContainerWork)
    assert (view.state, view.work.n, view.work.most) == ("CONTAINER", 1, 2)
    assert "unit.opened" in one.shirt()


def test_an_empty_container_is_told_as_such() -> None:
    one = bench()
    assert one.read(label(NUMBER)) == ["scan.read"]
    assert one.no is None
    assert state_name(one.state, one.screen) == "PARCEL"


def test_the_number_of_an_open_container_stands_among_the_trays_that_fit() -> None:
    one = bench()
    put(one)
    one.shirt()
    one.press("enter")
    work = _shown(one).work
    assert isinstance(work, VerdictWork)
    assert "K00001" in work.trays


def test_f12_opens_a_closed_container_and_on_an_open_one_ends_the_danger_of_the_area() -> None:
    one = bench()
    put(one)
    one.shirt()
    one.press("f11", "1")  # a battery: the area stands still
    one.read(label("RT-5-Z00001"))
    one.read(label(NUMBER))
    assert ("f12", "key.danger_over") in _shown(one).keys
    one.press("f12")
    assert one.screen.override is not None
    assert one.screen.override.what == "area"
    one.press("esc")
    closed(one)
    one.read(label(NUMBER))
    assert [key for key, _ in _shown(one).keys].count("f12") == 1
    one.press("f12")
    assert one.screen.override is not None
    assert one.screen.override.what == "container"


def test_a_test_piece_lies_in_a_container_and_in_no_count() -> None:
    one = KnownBench(given=context(floor=floor()), lines=prepared())
    one.badge()
    one.read(TRACKING)
    put(one)
    one.lines = tuple(replace(line, tracking="RB123456799RU") for line in shirts(1))
    one.read("RB123456799RU")
    put(one)
    added = [event for event in one.events if event.kind == "container.unit_added"]
    assert [bool(event.data["audit"]) for event in added] == [True, False]
    closed(one)
    assert payloads(one.events, ContainerClosed) == [ContainerClosed(container="K00001", count=1)]


def prepared() -> tuple[ReturnLine, ...]:
    """One prepared piece, in a parcel of its own."""
    return (replace(LINES[0], audit=True, known_zone="resale"),)


def test_a_container_with_a_unit_that_became_dangerous_is_not_sent() -> None:
    one = bench()
    put(one)
    closed(one)
    (work,) = one.state.moves.values()
    assert not one.state.is_inhibited(work)
    (unit,) = one.state.containers["K00001"].units
    danger = Inhibit(scope="item", since_ms=0, unit=unit)
    state = replace(one.state, inhibits={f"unit/{unit}": danger})
    assert state.is_inhibited(work)
