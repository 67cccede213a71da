"""Every case of a receiving bench, played through a real station without any network."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from case_groups import GROUPS
from cases import Group, Told, bench_of, complaint, play, work
from edge.terminal.texts import LANGUAGES
from edge.views import StationView, read_to_terminal
from sentences import cut_off, instructions


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What each case of a group left, played one after the other through one station."""

    group: Group
    left: Mapping[str, list[Told]]
    shown: Mapping[str, list[bytes]]


@pytest.fixture(scope="module", params=GROUPS)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Play every case of a group once."""
    group = GROUPS[request.param]
    left: dict[str, list[Told]] = {}
    shown: dict[str, list[bytes]] = {}
    with bench_of(tmp_path_factory.mktemp(request.param), group) as bench:
        bench.badge()
        for name, case in group.cases.items():
            bench.shown.clear()
            left[name] = play(bench, case)
            shown[name] = bench.shown.copy()
            assert bench.state == "IDLE", f"{name}: {bench.view}"
    return Played(group=group, left=left, shown=shown)


@pytest.mark.timeout(180)
def test_each_case_leaves_what_the_page_says(played: Played) -> None:
    said = {name: complaint(case, played.left[name]) for name, case in played.group.cases.items()}
    assert {name: what for name, what in said.items() if what} == {}


@pytest.mark.timeout(180)
def test_no_screen_of_a_case_asks_for_more_than_one_thing_or_cuts_it_off(played: Played) -> None:
    for name, lines in played.shown.items():
        assert lines, name
        for line in dict.fromkeys(lines):
            view = read_to_terminal(line)
            assert isinstance(view, StationView)
            for lang in LANGUAGES:
                asked = instructions(view, lang)
                assert len(asked) <= 1, f"{name}: {asked}"
                assert cut_off(view, lang) == [], name


@pytest.mark.timeout(180)
def test_a_power_cut_between_two_acts_changes_nothing(played: Played, tmp_path: Path) -> None:
    cut = {name: case for name, case in played.group.cases.items() if case.cut is not None}
    with bench_of(tmp_path, played.group) as bench:
        bench.badge()
        for name, case in cut.items():
            told = play(bench, case, kill_after=case.cut)
            assert work(told) == work(played.left[name]), name
            assert bench.state == "IDLE", f"{name}: {bench.view}"


@pytest.mark.timeout(120)
def test_two_parcels_three_orders_five_units_end_with_balanced_books(tmp_path: Path) -> None:
    case = GROUPS["parcels"].cases["five-units"]
    with bench_of(tmp_path, Group(cases={"five-units": case})) as bench:
        bench.badge()
        told = play(bench, case)
    announced = {(row["rma"], row["line"]): row["qty"] for row in case.returns}
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
    money = Counter(
        data["unit"] for kind, data in told if kind.startswith("refund.") and data.get("unit")
    )
    assert money == Counter(units)
    complete = [data["rma"] for kind, data in told if kind == "return.completed"]
    assert sorted(complete) == ["RM-341", "RM-342", "RM-343"]
    matches = Counter(data["match"] for kind, data in told if kind == "unit.identified")
    assert matches == {"expected": 4, "surplus": 1}
    assert sum(1 for kind, data in told if kind == "verdict.made" and data["row"] == "R02") == 1
