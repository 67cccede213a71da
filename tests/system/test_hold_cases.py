"""Numbers and holds where it takes more than a script: power cuts, printers, holds that wait."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from case_groups import GROUPS
from cases import PHONE, SHIRT, bench_of, box, items, line, mark, well
from hold_cases import HOLD_CASES
from real_bench import RealBench

PRINT_S: Final = 20.0


@pytest.fixture
def dark(tmp_path: Path) -> Iterator[RealBench]:
    """A station whose power goes."""
    with bench_of(tmp_path, GROUPS["holds"]) as bench:
        bench.badge()
        yield bench


@pytest.mark.timeout(120)
def test_a_tray_that_waited_for_the_number_is_scanned_again_after_a_power_cut(
    dark: RealBench,
) -> None:
    """The verdict stands; that a tray was shown is nobody's fact before the number is there."""
    case = HOLD_CASES["lpn-after-tray"]
    for act in case.acts[:4]:
        act(dark)
    dark.kill()
    dark.start()
    dark.press("enter")
    assert "put.confirmed" not in dark.scan("0500-0001").kinds
    assert "put.confirmed" in dark.tray("R1").kinds
    assert dark.kinds().count("verdict.made") == 1


@pytest.mark.timeout(120)
def test_a_held_unit_is_found_again_after_a_power_cut_and_its_release_counts_once(
    dark: RealBench,
) -> None:
    case = HOLD_CASES["hold-centre"]
    for act in case.acts[:6]:
        act(dark)
    dark.kill()
    dark.start()
    for act in case.acts[6:]:
        act(dark)
    dark.kill()
    dark.start()
    assert dark.kinds().count("hold.released") == 1


@pytest.mark.timeout(120)
@pytest.mark.shift("printer")
def test_a_label_is_printed_with_the_verdict_is_a_doubt_and_counts_when_it_is_scanned_back(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as printer:
        printer.settimeout(PRINT_S)
        port = printer.getsockname()[1]
        more = f'\n[lpn]\nmode = "auto"\nseries = "0417"\nprinter = "127.0.0.1:{port}"\n'
        rows = (line("PR-1", "1", PHONE, box(801), serials=["356938035643809"]),)
        with RealBench(tmp_path, returns=rows, items=items(), more=more) as bench:
            bench.badge()
            bench.scan(box(801))
            bench.piece(PHONE, "356938035643809")
            well(bench)
            mark("parts", 2)(bench)
            mark("sim")(bench)  # a card in it: to repair, and its bag back to the customer
            bench.press("enter")
            job, bag = _job(printer), _job(printer)
            assert b"0417-0000" in job
            assert "РЕМОНТ".encode() in job
            assert b"0417-0001" in bag
            assert "ВЕЩИ КЛИЕНТА".encode() in bag
            bench.badge()
            lying = [one["p"]["ref"] for one in bench.view["work"]["doubts"]
                     if one["t"] == "doubt.label"]  # fmt: skip
            assert lying == ["0417-0000", "0417-0001"]
            bench.badge("0502")
            signed = bench.events("operator.handover")[-1]["doubts"]
            assert {"label/0417-0000", "label/0417-0001"} <= set(signed)
            assert bench.tray("R1").no == "E37"
            bench.press("f5")
            assert b"0417-0000 R" in _job(printer)
            assert bench.scan("0417-0000").no == "E69"
            assert "put.confirmed" in bench.scan("0417-0001").kinds
            told = [(one["lpn"], one["mode"], one["reprint"], one["property"])
                    for one in bench.events("unit.lpn")]  # fmt: skip
            assert told == [("0417-0000", "auto", True, False), ("0417-0001", "auto", False, True)]
            assert bench.badge("0502").no is None
            bench.press("f5")
            report = _job(printer)
            assert "СМЕНА".encode() in report
            assert b" 0502 " in report
            assert "Петров".encode() not in report
            bench.until_shown(lambda view: view["fb"]["t"] == "fb.report_printed")


def _job(printer: socket.socket) -> bytes:
    """Take one job as a printer does that never answers on this port."""
    connection, _ = printer.accept()
    with connection:
        connection.settimeout(PRINT_S)
        job = b""
        while part := connection.recv(65536):
            job += part
        return job


@pytest.mark.timeout(120)
def test_without_a_printer_the_number_is_written_by_hand_and_the_next_start_goes_on_counting(
    tmp_path: Path,
) -> None:
    more = '\n[lpn]\nmode = "auto"\nseries = "0417"\nhand_series = "0900"\n'
    rows = (line("PR-1", "1", SHIRT, box(801)), line("PR-2", "1", SHIRT, box(802)))
    with RealBench(tmp_path, returns=rows, items=items(), more=more) as bench:
        for n in (801, 802):
            bench.badge()
            bench.scan(box(n))
            bench.item(SHIRT)
            mark("fabric")(bench)
            assert "put.confirmed" in bench.tray("R1").kinds
            bench.press("f3")
            bench.kill()
            bench.start()
        numbers = [one["lpn"] for one in bench.events("unit.lpn")]
        assert numbers == ["0900-0000", "0900-0001"]
