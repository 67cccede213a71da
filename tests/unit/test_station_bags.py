"""A customer's things in a unit: a bag with a number of its own, before the unit is put."""

from dataclasses import replace

from bench import LINES, TRACKING, context
from edge.events import CorrectionMade, DeviceCommand, UnitLpn
from edge.floor import LpnMode, LpnRules
from edge.station.inputs import PrintInput
from edge.station.present import Shown, present
from edge.views import ChecklistWork, StationView, VerdictWork
from known_bench import KnownBench, payloads
from walk import HEAD

ROLL = LpnRules()
PRINTER = LpnRules(
    mode=LpnMode.AUTO, series="0417", hand_series="0900", printer="127.0.0.1:9100",
    zones={"resale": LpnMode.AUTO},
)  # fmt: skip
NO_PRINTER = replace(PRINTER, printer="")


def bench(rules: LpnRules = ROLL) -> KnownBench:
    """A telephone with a SIM card in it is inspected and decided: all else is well."""
    one = KnownBench(given=context(lpn=rules), lines=LINES)
    one.badge()
    one.read(TRACKING)
    one.phone()
    answer_all(one)
    one.press(digit(one, "sim"))
    return one


def answer_all(one: KnownBench) -> None:
    while isinstance(work := shown(one).work, ChecklistWork) and work.must is not None:
        if work.must.number is not None:
            one.press("9", "7", "enter")
        else:
            one.press({"seal": "2", "data": "2"}.get(work.must.step, "1"))


def shown(one: KnownBench) -> StationView:
    told = Shown(head=HEAD, seq=1, rev=1, clock_text="", scan=None, stopped=None)
    return present(one.state, one.screen, told, one.given)


def digit(one: KnownBench, step: str) -> str:
    work = shown(one).work
    assert isinstance(work, ChecklistWork)
    return next(mark.k for mark in work.marks if mark.step == step)


def owed(one: KnownBench) -> list[str]:
    work = shown(one).work
    return [message.t for message in work.owed] if isinstance(work, VerdictWork) else []


def numbers(one: KnownBench) -> list[UnitLpn]:
    return [event for event in payloads(one.events, UnitLpn) if isinstance(event, UnitLpn)]


def test_the_unit_is_not_put_before_its_bag_has_a_number() -> None:
    one = bench()
    one.press("enter")
    assert owed(one) == ["owed.bag"]
    assert "put.confirmed" not in one.tray("B1")
    assert one.no == "E69"
    kinds = one.read("0500-0001")
    assert kinds[:2] == ["scan.read", "unit.lpn"]
    assert "put.confirmed" in kinds
    assert numbers(one) == [UnitLpn(lpn="0500-0001", mode="preprinted", property=True)]


def test_the_bag_s_number_may_come_before_the_tray_and_the_unit_has_none_by_it() -> None:
    one = bench()
    one.press("enter")
    one.read("0500-0001")
    unit = one.state.unit
    assert unit is not None
    assert (unit.lpn, unit.bag.number) == (None, "0500-0001")
    assert "put.confirmed" in one.tray("B1")


def test_the_unit_s_own_number_comes_first_and_the_bag_s_is_another_one() -> None:
    one = bench(LpnRules(categories={"smartphones": LpnMode.PREPRINTED}))
    one.press("enter")
    assert owed(one) == ["owed.lpn"]
    one.tray("B1")
    assert one.no == "E37"
    one.read("0500-0001")
    assert one.no == "E69"
    one.read("0500-0001")
    assert one.no is None
    assert not [event for event in one.events if event.kind == "put.confirmed"]
    assert "put.confirmed" in one.read("0500-0002")
    assert [(one.lpn, one.property) for one in numbers(one)] == [
        ("0500-0001", False), ("0500-0002", True)
    ]  # fmt: skip


def test_where_a_printer_is_two_labels_are_printed_with_two_numbers() -> None:
    one = bench(PRINTER)
    kinds = one.press("enter")
    assert kinds[-2:] == ["device.command", "device.command"]
    orders = [e for e in payloads(one.events, DeviceCommand) if isinstance(e, DeviceCommand)]
    assert [(order.command, order.reason) for order in orders] == [
        ("print", "0417-0000"), ("print_property", "0417-0001")
    ]  # fmt: skip
    one.tray("B1")
    one.read("0417-0001")  # the bag's is scanned before the unit's: each is known by its number
    assert "put.confirmed" in one.read("0417-0000")
    assert [(one.lpn, one.mode, one.property) for one in numbers(one)] == [
        ("0417-0001", "auto", True), ("0417-0000", "auto", False)
    ]  # fmt: skip


def test_a_label_of_the_bag_is_printed_again_and_marked_so() -> None:
    one = bench(replace(PRINTER, mode=LpnMode.NONE, zones={}))
    one.press("enter")
    assert one.press("f5") == ["device.command"]
    order = payloads(one.events, DeviceCommand)[-1]
    assert order == DeviceCommand(device="printer", command="reprint_property", reason="0417-0000")
    one.read("0417-0000")
    assert numbers(one)[-1].reprint


def test_without_a_printer_the_bag_s_number_is_written_by_hand_and_counts() -> None:
    one = bench(replace(NO_PRINTER, mode=LpnMode.NONE, zones={}))
    assert one.press("enter")[-1] == "unit.lpn"
    assert one.screen.note is not None
    assert one.screen.note.t == "fb.bag_write"
    assert owed(one) == ["owed.bag_write"]
    assert "put.confirmed" in one.tray("B1")
    assert numbers(one) == [UnitLpn(lpn="0900-0000", mode="handwritten", property=True)]


def test_a_label_that_did_not_come_out_is_written_by_hand() -> None:
    one = bench(replace(PRINTER, mode=LpnMode.NONE, zones={}))
    one.press("enter")
    unit = one.state.unit
    assert unit is not None
    failed = PrintInput(unit=unit.unit, lpn="0417-0000", is_sent=False, why="paper_out")
    assert one.take(failed) == ["device.command", "unit.lpn"]
    assert numbers(one)[-1] == UnitLpn(lpn="0900-0000", mode="handwritten", property=True)
    assert "put.confirmed" in one.tray("B1")


def test_an_undone_number_of_the_bag_is_owed_again() -> None:
    one = bench()
    one.press("enter")
    one.read("0500-0001")
    one.press("f9")
    assert any(isinstance(event.payload, CorrectionMade) for event in one.events)
    assert owed(one) == ["owed.bag"]
    assert "put.confirmed" not in one.tray("B1")


def test_a_number_of_another_unit_is_refused_for_the_bag() -> None:
    one = bench()
    one.press("enter")
    one.known["0500-0001"] = ["unit/other"]
    assert one.read("0500-0001") == ["scan.read"]
    assert one.no == "E38"


def test_the_bag_s_label_says_whose_it_is_when_nothing_is_open() -> None:
    one = bench()
    one.press("enter")
    one.tray("B1")
    one.read("0500-0001")
    one.press("f7", "1")
    assert one.state.parcel is None
    assert one.read("0500-0001") == ["scan.read"]
    assert one.no == "E73"


def test_a_unit_without_the_customer_s_things_owes_no_bag() -> None:
    one = KnownBench(given=context(), lines=LINES)
    one.badge()
    one.read(TRACKING)
    one.phone()
    answer_all(one)
    assert "put.confirmed" in one.tray("B1")
    assert not numbers(one)
