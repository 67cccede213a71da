"""Every case of a receiving bench, played through a real station without any network."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cases import Case, items, play
from parcel_cases import PARCEL_CASES
from real_bench import RealBench

CASES: Mapping[str, Case] = PARCEL_CASES
KILLED = ("several-parcels", "over-receipt", "wrong-item", "no-code", "five-units")

Told = dict[str, Any]


def _bench(folder: Path) -> RealBench:
    returns = [row for case in CASES.values() for row in case.returns]
    return RealBench(folder, returns=returns, items=items())


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, Told]]]:
    """Play every case once through one station; what each left, by kind and content."""
    found: dict[str, list[tuple[str, Told]]] = {}
    with _bench(tmp_path_factory.mktemp("cases")) as bench:
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


def _work(kinds: list[str]) -> list[str]:
    beside = ("scan.", "station.", "operator.", "device.", "config.", "sync.")
    return [kind for kind in kinds if not kind.startswith(beside)]


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
    at = len(CASES[name].acts) // 2
    assert play(dark, CASES[name], kill_after=at) == _work([kind for kind, _ in left[name]])
    assert dark.state == "IDLE"


@pytest.mark.timeout(120)
def test_two_parcels_three_orders_five_units_end_with_balanced_books(
    left: dict[str, list[tuple[str, Told]]],
) -> None:
    told = left["five-units"]
    announced = {(row["rma"], row["line"]): row["qty"] for row in CASES["five-units"].returns}
    came = Counter(
        (data["rma"], data["line"])
        for kind, data in told
        if kind == "unit.identified" and data.get("line")
    )
    lacks = Counter(
        {(data["rma"], data["line"]): data["qty"] for kind, data in told if kind == "unit.missing"}
    )
    assert came + lacks == Counter(announced)
    units = [data["unit"] for kind, data in told if kind == "unit.opened"]
    places = Counter(data["unit"] for kind, data in told if kind == "put.confirmed")
    assert places == Counter(units)
    money = Counter(data["unit"] for kind, data in told if kind.startswith("refund."))
    assert money == Counter(units)
    complete = [data["rma"] for kind, data in told if kind == "return.completed"]
    assert sorted(complete) == ["RM-341", "RM-342", "RM-343"]
    matches = Counter(data["match"] for kind, data in told if kind == "unit.identified")
    assert matches == {"expected": 4, "surplus": 1}
    assert sum(1 for kind, data in told if kind == "verdict.made" and data["row"] == "R02") == 1
