"""Numbers of units: owed with the verdict, scanned back, written by hand; a piece comes back."""

from dataclasses import replace

import pytest

from bench import SHIRT, Bench, context, pack
from drivers.protocols import Symbology
from edge.events import CorrectionMade, UnitId, UnitLpn, UnitOpened
from edge.floor import LpnMode, LpnRules
from edge.station.inputs import PrintInput
from edge.station.present import Shown, present
from known_bench import KnownBench
from walk import HEAD
from zoning.terms import Labels, Terms

ROLL = LpnRules(mode=LpnMode.PREPRINTED)
PRINTER = LpnRules(mode=LpnMode.AUTO, series="0417", hand_series="0900", printer="127.0.0.1:9100")
NO_PRINTER = replace(PRINTER, printer="")


def bench_with(rules: LpnRules) -> Bench:
    bench = Bench(given=context(lpn=rules))
    bench.parcel()
    return bench


def stained_to_repair(bench: Bench) -> None:
    """A T-shirt with a hole: its verdict is repair."""
    bench.shirt()
    bench.press(_digit(bench, "fabric"))


def _digit(bench: Bench, step: str) -> str:
    shown = Shown(head=HEAD, seq=1, rev=1, clock_text="", scan=None, stopped=None)
    marks = present(bench.state, bench.screen, shown, bench.given).work.marks  # type: ignore[union-attr]
    return next(mark.k for mark in marks if mark.step == step)


def owed(bench: Bench) -> list[str]:
    """What the screen says is owed."""
    shown = Shown(head=HEAD, seq=1, rev=1, clock_text="", scan=None, stopped=None)
    work = present(bench.state, bench.screen, shown, bench.given).work
    return [message.t for message in getattr(work, "owed", ())]


def numbers(bench: Bench) -> list[UnitLpn]:
    return [e.payload for e in bench.events if isinstance(e.payload, UnitLpn)]


# ---------------------------------------------------------------- the number and the put


def test_where_no_number_is_wanted_the_tray_is_enough() -> None:
    bench = bench_with(LpnRules())
    stained_to_repair(bench)
    assert "put.confirmed" in bench.tray("R1")
    assert not numbers(bench)


def test_the_tray_waits_for_the_number_and_the_number_completes_the_put() -> None:
    bench = bench_with(ROLL)
    stained_to_repair(bench)
    kinds = bench.tray("R1")
    assert bench.no == "E37"
    assert "verdict.made" in kinds
    assert "put.confirmed" not in kinds
    assert owed(bench) == ["owed.lpn"]
    kinds = bench.scan("0500-0001")
    assert kinds[:2] == ["scan.read", "unit.lpn"]
    assert "put.confirmed" in kinds
    assert "verdict.made" not in kinds


def test_the_number_may_come_before_the_tray() -> None:
    bench = bench_with(ROLL)
    stained_to_repair(bench)
    assert bench.scan("0500-0001") == ["scan.read", "unit.lpn"]
    assert "put.confirmed" in bench.tray("R1")


def test_a_unit_for_resale_owes_none_unless_its_kind_of_goods_does() -> None:
    bench = bench_with(ROLL)
    bench.shirt()
    assert "put.confirmed" in bench.tray("A1")
    bench = bench_with(LpnRules(categories={"apparel": LpnMode.PREPRINTED}))
    bench.shirt()
    bench.tray("A1")
    assert bench.no == "E37"


def agreed(lpn: Labels, rules: LpnRules) -> Bench:
    """A station whose pack says what was agreed about numbers."""
    given = replace(pack(), terms=Terms(lpn=lpn))
    bench = Bench(given=context(lpn=rules, packs={given.sha256: given}))
    bench.parcel()
    return bench


def test_the_owner_s_pack_says_where_numbers_come_from_and_the_station_for_what_it_leaves() -> None:
    bench = agreed(Labels(categories={"apparel": "preprinted"}), LpnRules())
    bench.shirt()
    bench.tray("A1")
    assert bench.no == "E37"
    bench = agreed(Labels(zones={"repair": "none"}), ROLL)
    stained_to_repair(bench)
    assert "put.confirmed" in bench.tray("R1")
    bench = agreed(Labels(zones={"resale": "none"}), ROLL)
    stained_to_repair(bench)
    bench.tray("R1")
    assert bench.no == "E37"


def test_printing_that_was_agreed_needs_no_printer() -> None:
    bench = agreed(Labels(mode="auto"), LpnRules())
    stained_to_repair(bench)
    bench.tray("R1")
    assert bench.no == "E37"
    assert "put.confirmed" in bench.scan("0500-0001")


def test_a_number_of_another_unit_is_refused() -> None:
    bench = bench_with(ROLL)
    stained_to_repair(bench)
    bench.scan("0500-0001")
    bench.tray("R1")
    bench.phone()
    kinds = bench.scan("0500-0001")
    assert bench.no == "E38"
    assert kinds == ["scan.read"]


def test_a_second_number_for_the_same_unit_is_refused_and_its_own_is_harmless() -> None:
    bench = bench_with(ROLL)
    bench.shirt()
    bench.scan("0500-0001")
    bench.scan("0500-0002")
    assert bench.no == "E38"
    bench.scan("0500-0001")
    assert bench.no is None
    assert [one.lpn for one in numbers(bench)] == ["0500-0001"]


def test_an_undone_number_may_be_scanned_again_for_the_same_unit() -> None:
    bench = bench_with(ROLL)
    bench.shirt()
    bench.scan("0500-0001")
    bench.press("f9")
    assert bench.state.unit is not None
    assert bench.state.unit.lpn is None
    assert any(isinstance(e.payload, CorrectionMade) for e in bench.events)
    bench.scan("0500-0001")
    assert bench.state.unit.lpn == "0500-0001"


# ---------------------------------------------------------------- printed, or written by hand


def test_a_verdict_by_key_orders_the_label_and_only_that_number_counts() -> None:
    bench = bench_with(PRINTER)
    stained_to_repair(bench)
    assert bench.press("enter")[-1] == "device.command"
    bench.scan("0417-0001")  # of the printed series, and not printed for this unit
    assert bench.no == "E38"
    bench.scan("0417-0000")
    assert numbers(bench)[-1] == UnitLpn(lpn="0417-0000", mode="auto")
    assert "put.confirmed" in bench.tray("R1")


def test_a_printed_number_is_never_printed_again_even_if_nobody_scanned_it() -> None:
    bench = bench_with(PRINTER)
    stained_to_repair(bench)
    bench.press("enter")
    bench.press("f9")
    bench.press("enter")
    assert bench.state.unit is not None
    assert bench.state.unit.lpn_due == "0417-0001"


def test_a_second_label_is_marked() -> None:
    bench = bench_with(PRINTER)
    stained_to_repair(bench)
    bench.press("enter")
    assert bench.press("f5") == ["device.command"]
    bench.scan("0417-0000")
    assert numbers(bench)[-1].reprint


def test_without_a_printer_the_number_is_written_by_hand_and_nothing_waits() -> None:
    bench = bench_with(NO_PRINTER)
    stained_to_repair(bench)
    kinds = bench.tray("R1")
    assert "put.confirmed" in kinds
    assert numbers(bench) == [UnitLpn(lpn="0900-0000", mode="handwritten")]


def test_a_label_that_does_not_come_out_is_written_by_hand() -> None:
    bench = bench_with(PRINTER)
    stained_to_repair(bench)
    bench.press("enter")
    unit = bench.state.hand
    assert unit is not None
    kinds = bench.take(PrintInput(unit=unit, lpn="0417-0000", is_sent=False, why="paper_out"))
    assert kinds == ["device.command", "unit.lpn"]
    assert owed(bench) == ["owed.lpn_write"]
    assert "put.confirmed" in bench.tray("R1")


def test_news_of_a_label_of_a_unit_that_is_gone_changes_nothing() -> None:
    bench = bench_with(PRINTER)
    assert bench.take(PrintInput(unit=UnitId("x"), lpn="0417-0000", is_sent=False)) == []


def test_a_series_that_is_used_up_leaves_the_roll() -> None:
    bench = bench_with(replace(NO_PRINTER, hand_series="0900"))
    bench.state = replace(bench.state, numbers={"0900": 10_000})
    stained_to_repair(bench)
    bench.tray("R1")
    assert bench.no == "E37"
    assert "put.confirmed" in bench.scan("0500-0001")


@pytest.mark.parametrize(
    "wrong",
    [
        {"series": "12"},
        {"series": "0417", "hand_series": "0417"},
        {"mode": LpnMode.AUTO},
        {"zones": {"cellar": LpnMode.NONE}},
        {"printer": "host:"},
        {"dpi": 100},
        {"language": "de"},
        {"max_rework": -1},
    ],
)
def test_rules_that_contradict_themselves_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=":"):
        LpnRules(**wrong)  # type: ignore[arg-type]


# ---------------------------------------------------------------- the piece comes back


def placed(bench: Bench, lpn: str = "0500-0001") -> None:
    stained_to_repair(bench)
    bench.scan(lpn)
    bench.tray("R1")
    bench.press("esc")


def test_a_piece_that_comes_back_is_inspected_anew_and_may_be_better() -> None:
    bench = bench_with(ROLL)
    placed(bench)
    kinds = bench.scan("0500-0001")
    assert kinds[:5] == [
        "scan.read", "unit.opened", "unit.identified", "unit.lpn", "inspection.started"
    ]  # fmt: skip
    opened = [e for e in bench.events if isinstance(e.payload, UnitOpened)]
    assert isinstance(opened[1].payload, UnitOpened)
    assert opened[1].payload.n == 2
    assert opened[1].payload.previous == opened[0].unit
    assert bench.state.bench is None
    kinds = bench.tray("A1")
    assert "put.confirmed" in kinds
    assert bench.state.hand is None


def test_a_piece_that_comes_back_is_not_counted_a_second_time() -> None:
    bench = bench_with(ROLL)
    placed(bench)
    (before,) = bench.state.parcels.values()
    bench.scan("0500-0001")
    (after,) = bench.state.parcels.values()
    assert after.received == before.received
    assert after.units == before.units


def test_after_too_many_inspections_a_supervisor_decides() -> None:
    bench = bench_with(replace(ROLL, max_rework=1))
    placed(bench)
    bench.scan("0500-0001")
    bench.tray("R1") if bench.state.unit and bench.state.unit.verdict else bench.tray("A1")
    kinds = bench.scan("0500-0001")
    assert "hold.placed" in kinds
    bench.tray("A1")
    assert bench.no == "E31"
    assert "put.confirmed" in bench.tray("H1")


def test_a_piece_laid_aside_is_taken_again_by_its_number() -> None:
    bench = bench_with(ROLL)
    placed(bench)
    bench.scan("0500-0001")
    unit = bench.state.hand
    bench.press("esc")
    assert bench.state.hand is None
    assert bench.scan("0500-0001") == ["scan.read", "inspection.started"]
    assert bench.state.hand == unit


def test_its_own_serial_number_is_no_alarm() -> None:
    bench = KnownBench(given=context(lpn=ROLL))
    bench.parcel()
    serial = f"01{SHIRT}21ABC"
    bench.read(serial, Symbology.GS1_DATAMATRIX, aim="]d2")
    bench.scan("0500-0009")
    bench.tray("A1" if bench.no is None else "H1")
    bench.press("esc")
    bench.read("0500-0009")
    assert bench.state.unit is not None
    assert bench.state.unit.n == 2
    bench.read(serial, Symbology.GS1_DATAMATRIX, aim="]d2")
    assert bench.no != "E24"


def test_nothing_leads_out_of_the_dangerous_goods() -> None:
    bench = bench_with(ROLL)
    bench.shirt()
    bench.press("f11", "1")
    bench.tray("Z1")
    assert bench.no == "E37"
    assert "put.confirmed" in bench.scan("0500-0009")
    bench.press("esc")
    assert bench.scan("0500-0009") == ["scan.read"]
    assert bench.no == "E36"


def test_an_unknown_number_with_nothing_open_is_an_unknown_code() -> None:
    bench = Bench(given=context(lpn=ROLL))
    bench.badge()
    bench.scan("0500-7777")
    assert bench.no == "E10"
