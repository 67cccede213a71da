"""Numbers, holds and pieces that come back, played through a real station without any network."""

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from cases import SHIRT, Case, box, items, line, mark, play
from hold_cases import DATA_CASE, HOLD_CASES, SETTINGS
from real_bench import RealBench

CASES: Final[Mapping[str, Case]] = {**HOLD_CASES, "hold-data": DATA_CASE}
KILLED: Final = {"lpn-after-tray": 2, "rework": 5, "hold-supervisor-zone": 5, "hold-centre": 5}
PRINT_S: Final = 20.0

Told = dict[str, Any]


def _bench(folder: Path) -> RealBench:
    returns = [row for case in CASES.values() for row in case.returns]
    return RealBench(folder, returns=returns, items=items(), more=SETTINGS)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, Told]]]:
    """Play every case once through one station; what each left, by kind and content."""
    found: dict[str, list[tuple[str, Told]]] = {}
    with _bench(tmp_path_factory.mktemp("holds")) as bench:
        bench.badge()
        for name, case in CASES.items():
            first = bench.last_seq()
            play(bench, case)
            assert bench.state == "IDLE", f"{name}: {bench.view}"
            found[name] = list(zip(bench.kinds(), bench.events(), strict=True))[first:]
    return found


@pytest.fixture
def dark(tmp_path: Path) -> Iterator[RealBench]:
    """A station whose power goes."""
    with _bench(tmp_path) as bench:
        bench.badge()
        yield bench


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", CASES)
def test_each_case_leaves_what_the_page_says(
    name: str, left: dict[str, list[tuple[str, Told]]]
) -> None:
    kinds = iter([kind for kind, _ in left[name]])
    for kind in CASES[name].leaves:
        assert kind in kinds, f"{kind} is not among what followed"
    for kind, said in CASES[name].says.items():
        newest = [data for one, data in left[name] if one == kind][-1]
        assert {key: newest[key] for key in said} == said


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", KILLED)
def test_a_power_cut_between_two_acts_changes_nothing(
    name: str, left: dict[str, list[tuple[str, Told]]], dark: RealBench
) -> None:
    beside = ("scan.", "station.", "operator.", "device.", "config.", "sync.")
    whole = [kind for kind, _ in left[name] if not kind.startswith(beside)]
    assert play(dark, CASES[name], kill_after=KILLED[name]) == whole
    assert dark.state == "IDLE"


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
def test_a_label_is_printed_with_the_verdict_and_counts_when_it_is_scanned_back(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as printer:
        printer.settimeout(PRINT_S)
        port = printer.getsockname()[1]
        more = f'\n[lpn]\nmode = "auto"\nseries = "0417"\nprinter = "127.0.0.1:{port}"\n'
        rows = (line("PR-1", "1", SHIRT, box(801)),)
        with RealBench(tmp_path, returns=rows, items=items(), more=more) as bench:
            bench.badge()
            bench.scan(box(801))
            bench.item(SHIRT)
            mark("fabric")(bench)
            bench.press("enter")
            job = _job(printer)
            assert b"0417-0000" in job
            assert "РЕМОНТ".encode() in job
            assert bench.tray("R1").no == "E37"
            assert "put.confirmed" in bench.scan("0417-0000").kinds
            assert bench.events("unit.lpn")[-1]["mode"] == "auto"


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
