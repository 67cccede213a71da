"""The operator's flow with the shipped policy: acts in, events and screens out."""

import pytest

from bench import IMEI, MUG, SHIRT, START_MS, TRACKING, Bench, context
from drivers.protocols import (
    DeviceName,
    FaultKind,
    HealthState,
    ScanFault,
    ScanOutcome,
    ScanSource,
    Symbology,
)
from edge.events import (
    ConfigActivated,
    DangerRaised,
    PhotoTaken,
    PutConfirmed,
    ScanRead,
    UnitIdentified,
    VerdictMade,
)
from edge.station.asking import marks
from edge.station.decision import Slot, state_name
from edge.station.inputs import (
    DeviceInput,
    FaultInput,
    FeedInput,
    KeyInput,
    LockTimer,
    PhotoInput,
    StartInput,
    StopInput,
)
from edge.views import Mark


def _verdict(bench: Bench) -> VerdictMade:
    found = [e.payload for e in bench.events if isinstance(e.payload, VerdictMade)]
    return found[-1]


def _phone_to(bench: Bench, *answers: str) -> None:
    """Answer the open questions one by one; a number is typed and entered."""
    for answer in answers:
        keys = (*answer, "enter") if len(answer) > 1 else (answer,)
        bench.press(*keys)


def _picture(slot: str) -> PhotoTaken:
    return PhotoTaken(
        sha256="ab" * 32, bytes=9, mime="image/jpeg", width=1, height=1, slot=slot, camera="top",
        sharpness=99, mean=99, clipped=0, bound_by="open_window",
    )  # fmt: skip


def test_a_perfect_shirt_takes_three_acts() -> None:
    bench = Bench()
    bench.badge()
    acts = [bench.scan(TRACKING), bench.shirt(), bench.tray("A1")]
    assert [kinds[0] for kinds in acts] == ["scan.read"] * 3
    assert acts[2][1:] == [
        "inspection.finished",
        "verdict.made",
        "put.confirmed",
        "refund.review",
        "move.planned",
        "unit.closed",
    ]
    verdict = _verdict(bench)
    assert (verdict.zone, verdict.disposition, verdict.row) == ("resale", "RESTOCK", "R13")
    assert bench.last is not None
    assert bench.last.outcome is ScanOutcome.ZONE_1


def test_the_parcel_closes_with_its_last_piece() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    assert "parcel.closed" not in bench.tray("A1")
    bench.phone()
    _phone_to(bench, "1", "1", "2", "1", "97", "2")
    assert bench.tray("B1")[-3:] == ["parcel.closed", "return.completed", "document.data"]
    assert state_name(bench.state, bench.screen) == "IDLE"
    assert bench.state.shift is not None
    assert bench.state.shift.zones == {"resale": 2}


def test_a_tray_of_another_zone_puts_nothing_and_the_right_one_closes_the_alarm() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    assert bench.tray("D1") == ["scan.read", "put.wrong"]
    assert bench.no == "E31"
    assert state_name(bench.state, bench.screen) == "EXC"
    assert "put.confirmed" in bench.tray("A1")
    assert bench.screen.choice is None


def test_a_taken_tray_is_refused_until_its_move_ended() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    bench.phone()
    _phone_to(bench, "1", "1", "1")
    assert "put.confirmed" not in bench.tray("A1")
    assert bench.no == "E32"


def test_an_open_must_is_asked_before_the_tray_counts() -> None:
    bench = Bench()
    bench.parcel()
    bench.phone()
    assert bench.tray("B1") == ["scan.read"]
    assert bench.no == "E30"


def test_a_number_out_of_range_is_asked_again() -> None:
    bench = Bench()
    bench.parcel()
    bench.phone()
    _phone_to(bench, "1", "1", "2", "1")
    bench.press("1", "9", "9", "enter")
    assert bench.no == "E26"
    assert bench.screen.typed == ""
    assert bench.press("8", "7", "enter") == ["inspection.answered"]


def test_a_stain_is_one_digit_and_a_second_press_is_worse() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    steps = {mark.step: mark.k for mark in _marks(bench)}
    assert bench.press(steps["stain"]) == ["inspection.marked"]
    assert bench.press("0") == []
    assert bench.no == "E33"
    bench.press("enter")
    assert (_verdict(bench).zone, _verdict(bench).row) == ("repair", "R12")
    bench.press("esc", steps["stain"])
    bench.press("enter")
    assert _verdict(bench).zone == "disposal"


def _marks(bench: Bench) -> tuple[Mark, ...]:
    assert bench.state.unit is not None
    return marks(bench.state.unit, 0, bench.given)[0]


def test_a_mark_is_taken_back_by_backspace() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.press("3")
    assert bench.press("backspace") == ["inspection.withdrawn"]
    assert bench.press("backspace") == []
    assert bench.no == "E45"


def test_a_danger_answer_inhibits_and_decides_in_the_same_transaction() -> None:
    bench = Bench()
    bench.parcel()
    bench.phone()
    kinds = bench.press("2")
    assert kinds == [
        "inspection.answered",
        "danger.raised",
        "inspection.finished",
        "verdict.made",
    ]
    assert state_name(bench.state, bench.screen) == "HAZARD"
    bench.tray("D1")
    assert bench.no == "E31"
    put = bench.tray("Z1")
    assert "put.confirmed" in put
    assert "move.planned" not in put
    assert _verdict(bench).move == "manual"


def test_the_danger_key_inhibits_before_it_asks_the_kind() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    assert bench.press("f11") == ["danger.raised"]
    assert isinstance(bench.events[-1].payload, DangerRaised)
    assert state_name(bench.state, bench.screen) == "HAZARD"
    bench.press("1")
    assert _verdict(bench).zone == "hazmat"
    assert "put.confirmed" in bench.tray("Z1")


def test_another_serial_than_the_one_sold_goes_to_hold() -> None:
    bench = Bench()
    bench.parcel()
    bench.phone("490154203237518")
    identified = [e.payload for e in bench.events if isinstance(e.payload, UnitIdentified)]
    assert identified[-1].match == "wrong_serial"
    _phone_to(bench, "1", "1", "1")
    bench.tray("H1")
    verdict = _verdict(bench)
    assert (verdict.zone, verdict.row, verdict.grade) == ("hold", "R02", None)


def test_a_foreign_piece_is_asked_about_and_received_as_surplus() -> None:
    bench = Bench()
    bench.parcel()
    bench.scan(MUG[1:], symbology=Symbology.EAN13, aim_id="]E0")
    assert bench.no == "E21"
    kinds = bench.press("2")
    assert "unit.identified" in kinds
    bench.tray("H1")
    assert _verdict(bench).disposition == "HOLD_UNANNOUNCED"
    assert bench.state.parcel is not None
    assert len(bench.state.parcel.surplus) == 1


def test_a_missing_piece_is_named_by_its_line() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    assert bench.press("f7", "2") == [
        "photo.missing",
        "unit.missing",
        "refund.blocked",
        "parcel.closed",
        "return.completed",
        "document.data",
        "document.data",
    ]
    assert state_name(bench.state, bench.screen) == "IDLE"


def test_a_parcel_is_parked_and_resumed_with_its_counts() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    assert bench.press("esc") == ["parcel.parked"]
    assert bench.scan(TRACKING) == ["scan.read", "parcel.resumed"]
    assert bench.state.parcel is not None
    assert sum(bench.state.parcel.received.values()) == 1


def test_a_unit_is_laid_aside_and_taken_again_with_its_answers() -> None:
    bench = Bench()
    bench.parcel()
    bench.phone()
    bench.press("1")
    assert bench.press("esc") == ["unit.parked"]
    assert bench.phone() == ["scan.read", "inspection.started"]
    assert bench.state.unit is not None
    assert [given.step for given in bench.state.unit.answers][-1] == "danger"


def test_an_unknown_parcel_is_received_blind_and_its_goods_are_held() -> None:
    bench = Bench(lines=())
    bench.badge()
    bench.scan("XYZZY-77")
    assert bench.no == "E10"
    assert bench.press("1") == ["parcel.arrived", "parcel.opened", "photo.missing"]
    bench.shirt()
    bench.tray("H1")
    assert _verdict(bench).row == "R19"
    assert bench.press("enter") == ["parcel.closed"]


def test_nothing_but_a_badge_is_taken_before_log_in() -> None:
    bench = Bench()
    assert bench.scan(TRACKING) == ["scan.read"]
    assert bench.no == "E01"
    assert bench.press("0") == []
    assert bench.no == "E01"
    bench.badge("9999")
    assert bench.no == "E04"


def test_a_forged_label_is_refused_and_never_looked_up_as_goods() -> None:
    bench = Bench()
    bench.badge()
    bench.scan("RT-1-A1-0000")
    assert bench.no == "E15"
    read = bench.events[-1].payload
    assert isinstance(read, ScanRead)
    assert read.reject == "bad_signature"


def test_the_same_code_twice_within_a_second_is_one_scan() -> None:
    bench = Bench()
    bench.badge()
    first = bench.now_ms * 1_000_000
    bench.scan(TRACKING, at_ns=first)
    assert bench.scan(TRACKING, at_ns=first + 500_000_000) == []
    assert bench.last is not None
    assert bench.last.outcome is ScanOutcome.DUPLICATE


def test_a_fault_is_recorded_without_usable_text() -> None:
    bench = Bench()
    bench.badge()
    fault = ScanFault(
        scan_no=9, device=DeviceName("hand-1"), kind=FaultKind.OVERLONG, chars=10_000, at_ns=1,
        source=ScanSource.SERIAL, head=b"x" * 64, digest="00",
    )  # fmt: skip
    assert bench.take(FaultInput(input="f", fault=fault)) == ["scan.read"]
    assert bench.no == "E20"
    read = bench.events[-1].payload
    assert isinstance(read, ScanRead)
    assert (read.text, read.fault, read.length) == ("", "overlong", 10_000)


def test_a_key_for_an_older_screen_does_nothing() -> None:
    bench = Bench()
    bench.parcel()
    bench.phone()
    old = bench.screen.epoch
    bench.press("1")
    assert bench.take(KeyInput(input="late", key="2", epoch=old)) == []
    assert bench.no == "E00"


def test_another_operator_takes_over_only_when_told() -> None:
    bench = Bench()
    bench.parcel()
    bench.badge("0502")
    assert bench.no == "E02"
    assert bench.press("1") == ["operator.handover"]
    assert bench.state.shift is not None
    assert bench.state.shift.operator == "0502"
    assert bench.state.parcel is not None


def test_the_own_badge_shows_the_shift_and_again_ends_it() -> None:
    bench = Bench()
    bench.badge()
    bench.badge()
    assert state_name(bench.state, bench.screen) == "SUMMARY"
    assert bench.badge() == ["scan.read", "operator.out"]
    assert state_name(bench.state, bench.screen) == "LOCKED"


def test_the_lock_keeps_the_work_and_the_badge_opens_it_again() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    assert bench.take(LockTimer()) == ["station.locked"]
    assert bench.press("1") == []
    bench.badge()
    assert state_name(bench.state, bench.screen) == "UNIT"


def test_a_put_waits_for_the_photograph_that_an_answer_demands() -> None:
    bench = Bench(given=context(camera_roles=frozenset({"defect", "item"})))
    bench.parcel()
    bench.shirt()
    steps = {mark.step: mark.k for mark in _marks(bench)}
    bench.press(steps["fabric"], steps["fabric"])
    bench.press("enter")
    assert bench.tray("D1") == ["scan.read"]
    assert bench.no == "E34"
    unit = bench.state.unit
    assert unit is not None
    assert bench.screen.photos_due == {Slot(name="defect", role="defect")}
    kinds = bench.take(PhotoInput(unit=unit.unit, slot="defect", photo=_picture("defect")))
    assert kinds[0] == "photo.taken"
    assert "put.confirmed" in kinds


def test_a_photograph_that_cannot_be_had_needs_a_supervisor() -> None:
    bench = Bench(given=context(camera_roles=frozenset({"defect"})))
    bench.parcel()
    bench.shirt()
    steps = {mark.step: mark.k for mark in _marks(bench)}
    bench.press(steps["fabric"], steps["fabric"], "enter")
    bench.tray("D1")
    unit = bench.state.unit
    assert unit is not None
    bench.take(PhotoInput(unit=unit.unit, slot="defect", photo=None, reason="camera_failed"))
    assert bench.screen.note is not None
    assert bench.screen.note.t == "E34"
    bench.press("7")
    assert bench.badge() == ["scan.read"]
    assert bench.no == "E80"
    assert bench.supervise() == ["scan.read", "photo.missing"]
    assert "put.confirmed" in bench.tray("D1")


def test_start_stop_devices_and_refused_feeds_are_recorded() -> None:
    bench = Bench()
    start = StartInput(
        version="0",
        sqlite="3",
        replay_ms=1,
        new_journal="fresh",
        configs=(ConfigActivated(what="policy", id="default", version=1, sha256="ab"),),
    )
    assert bench.take(start) == ["station.journal", "station.started", "config.activated"]
    lost = DeviceInput(device="hand-1", device_class="scanner", state=HealthState.LOST)
    assert bench.take(lost) == ["device.state"]
    assert bench.take(FeedInput(feed="returns", error="row 3: qty: 0")) == ["config.refused"]
    assert bench.take(StopInput()) == ["station.stopped"]


def test_help_and_moves_lie_over_the_state_and_a_scan_closes_them() -> None:
    bench = Bench()
    bench.parcel()
    bench.press("f1")
    assert bench.screen.overlay == "help"
    bench.press("f6")
    assert bench.screen.overlay == "moves"
    bench.shirt()
    assert bench.screen.overlay is None
    assert state_name(bench.state, bench.screen) == "UNIT"


@pytest.mark.parametrize("gtin", [SHIRT, MUG])
def test_an_article_alone_opens_no_parcel(gtin: str) -> None:
    bench = Bench()
    bench.badge()
    bench.scan(gtin[1:], symbology=Symbology.EAN13, aim_id="]E0")
    assert bench.no == "E10"


def test_a_serial_that_one_return_expects_opens_its_parcel() -> None:
    bench = Bench()
    bench.badge()
    assert bench.scan(IMEI)[1:] == ["parcel.arrived", "parcel.opened"]


def test_the_put_says_how_the_load_leaves() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.tray("A1")
    put = next(e.payload for e in bench.events if isinstance(e.payload, PutConfirmed))
    assert (put.how, put.tray, put.zone) == ("conveyor", "A1", "resale")
    assert bench.events[0].time_ms > START_MS


def test_a_digit_whose_step_an_earlier_mark_closed_is_refused_and_harms_nothing() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    kinds = [bench.press(digit) for digit in "123456712345671234567"]
    assert all(one in ([], ["inspection.marked"]) for one in kinds)
    assert bench.state.unit is not None


def test_a_locked_bench_is_taken_over_by_another_badge_and_a_digit() -> None:
    bench = Bench()
    bench.parcel()
    bench.press("f3")
    bench.badge("0502")
    assert state_name(bench.state, bench.screen) == "EXC"
    bench.press("esc")
    assert state_name(bench.state, bench.screen) == "LOCKED"
    bench.badge("0502")
    assert bench.press("1") == ["operator.handover"]
    assert state_name(bench.state, bench.screen) == "PARCEL"
    assert bench.state.shift is not None
    assert bench.state.shift.operator == "0502"


def test_a_danger_after_the_verdict_is_named_and_then_goes_into_its_container() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.press("enter", "f11")
    assert bench.tray("Z1") == ["scan.read"]
    assert bench.no == "E30"
    assert "danger.kind" in bench.press("1")
    assert "put.confirmed" in bench.tray("Z1")
    assert _verdict(bench).zone == "hazmat"
