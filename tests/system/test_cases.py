"""Every case of a receiving bench, played through a real station without any network."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from case_groups import GROUPS
from cases import Act, Group, Told, bench_of, complaint, play, press, work
from edge.terminal.texts import LANGUAGES
from edge.views import StationView, read_to_terminal
from real_bench import RealBench
from sentences import cut_off, instructions

LONG = frozenset({"late", "shift", "marks", "gold"})  # half a minute each; in `scripts/test --all`


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What each case of a group left, played one after the other through one station."""

    group: Group
    left: Mapping[str, list[Told]]
    shown: Mapping[str, list[bytes]]


def played(group: Group, folder: Path) -> Played:
    """Play every case of a group once."""
    left: dict[str, list[Told]] = {}
    shown: dict[str, list[bytes]] = {}
    with bench_of(folder, group) as bench:
        bench.badge()
        for name, case in group.cases.items():
            bench.shown.clear()
            left[name] = play(bench, case)
            shown[name] = bench.shown.copy()
            assert bench.state == "IDLE", f"{name}: {bench.view}"
    return Played(group=group, left=left, shown=shown)


# One test a group, so that its cases are played once wherever the tests are spread.
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=[pytest.mark.shift(name), *([pytest.mark.slow] if name in LONG else [])]
        )
        for name in GROUPS
    ],
)
def test_each_case_leaves_what_the_page_says_with_and_without_a_power_cut(
    name: str, tmp_path: Path
) -> None:
    whole = played(GROUPS[name], tmp_path / "whole")
    said = {of: complaint(case, whole.left[of]) for of, case in whole.group.cases.items()}
    assert {of: what for of, what in said.items() if what} == {}
    no_screen_asks_for_more_than_one_thing_or_is_cut_off(whole)
    a_power_cut_between_two_acts_changes_nothing(whole, tmp_path / "cut")


def no_screen_asks_for_more_than_one_thing_or_is_cut_off(played: Played) -> None:
    for name, lines in played.shown.items():
        assert lines, name
        for line in dict.fromkeys(lines):
            view = read_to_terminal(line)
            assert isinstance(view, StationView)
            for lang in LANGUAGES:
                asked = instructions(view, lang)
                assert len(asked) <= 1, f"{name}: {asked}"
                assert cut_off(view, lang) == [], name


def a_power_cut_between_two_acts_changes_nothing(played: Played, folder: Path) -> None:
    cut = {name: case for name, case in played.group.cases.items() if case.cut is not None}
    with bench_of(folder, played.group) as bench:
        bench.badge()
        for name, case in cut.items():
            told = play(bench, case, kill_after=case.cut)
            assert work(told) == work(played.left[name]), name
            assert bench.state == "IDLE", f"{name}: {bench.view}"


@pytest.mark.timeout(120)
@pytest.mark.shift("five-units")
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


@pytest.mark.timeout(120)
def test_a_closed_parcel_offers_the_same_after_a_restart_and_its_return_is_completed(
    tmp_path: Path,
) -> None:
    """One parcel of a return is closed, the other is opened and laid aside."""
    case = GROUPS["parcels"].cases["several-parcels"]
    scan_first, item_first, put_first, scan_other, *rest = case.acts
    with bench_of(tmp_path, Group(cases={"several-parcels": case})) as bench:
        bench.badge()
        for act in (scan_first, item_first, put_first, scan_other, press("esc")):
            act(bench)
        before = _offer(bench, scan_first)
        bench.kill()
        bench.start()
        if bench.state == "RESUME":
            bench.press("enter")
        assert _offer(bench, scan_first) == before
        for act in (scan_other, *rest):
            act(bench)
        (done,) = bench.events("return.completed")
        assert [(one["line"], one["received"]) for one in done["lines"]] == [("1", 1), ("2", 1)]


def _offer(bench: RealBench, scan: Act) -> object:
    """Scan a closed parcel; return what is offered, and offer it no more."""
    assert scan(bench).no == "E12"
    offer = bench.view["work"]
    assert [key for key, _ in offer["opts"]] == ["1", "2"]
    bench.press("esc")
    return offer
