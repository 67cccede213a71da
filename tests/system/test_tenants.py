"""A new marketplace is a folder: put beside the station's own pack, its parcels are played."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cases import DRESS, SHIRT, Act, box, items, line, mark, put
from edge.cli import main
from market_pack import TENANT, write_market
from real_bench import RealBench, Row

MUG = "04607000000106"
DELIVERED = (datetime.now(UTC) - timedelta(days=10)).isoformat(timespec="seconds")
MOMENTS = ("verdict.made", "refund.eligible", "put.confirmed")
Told = Mapping[str, Any]


def _theirs(rma: str, tracking: str, **more: Any) -> Row:
    return {**line(rma, "1", MUG, tracking, **more), "tenant": TENANT}


def _items() -> tuple[Row, ...]:
    return (*items(), {**items()[0], "tenant": TENANT, "gtin": MUG, "sku": "BM-1"})


LATE = 'format = "terms/1"\ntenants = ["late-shop"]\nrefund_at = "return_completed"\n'
RETURNS = (
    {**line("LS-1", "1", SHIRT, box(911)), "tenant": "late-shop"},
    {**line("LS-1", "2", DRESS, box(912)), "tenant": "late-shop"},
    _theirs("BM-1", "7QX2LD31", delivered_at=DELIVERED),
    _theirs("BM-2", "7QX2LD32", exchange_waiting=True),
    _theirs("BM-3", "7QX2LD33", carrier="courier"),
    _theirs("BM-4", "7QX2LD34", batch="BM-OUT-7"),
    _theirs("BM-5", "7QX2LD35", batch="BM-OUT-7"),
    _theirs("BM-6", "7QX2LD36"),
    line("RM-901", "1", SHIRT, box(901), delivered_at=DELIVERED),
    line("RM-902", "1", SHIRT, box(902)),
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealBench]:
    """A station that a marketplace's folder was laid beside."""
    with RealBench(tmp_path_factory.mktemp("market"), returns=RETURNS, items=_items()) as bench:
        bench.badge()
        assert bench.scan("BM0042=7QX2LD31").no == "E10", "nobody knows such a number yet"
        bench.press("esc")
        bench.kill()
        write_market(bench.folder / "config" / "packs")
        bench.start()
        assert bench.state == "IDLE", bench.view
        yield bench


@pytest.fixture
def late(tmp_path: Path) -> Iterator[RealBench]:
    """A station with a shop that wants to hear of the money when the whole return is in."""
    bench = RealBench(tmp_path, returns=RETURNS, items=_items())
    write_market(bench.folder / "config" / "packs", LATE, "late-shop")
    with bench:
        bench.badge()
        yield bench


def _newest(bench: RealBench, kind: str) -> Told:
    return bench.events(kind)[-1]


def _received(bench: RealBench, number: str, gtin: str, *acts: Act) -> Told:
    bench.scan(number)
    for act in (lambda bench: bench.item(gtin), *acts, put):
        act(bench)
    assert bench.state == "IDLE", bench.view
    return _newest(bench, "verdict.made")


def _left(due: str) -> timedelta:
    """How long from now in whole hours: a test takes less than half of one."""
    hours = (datetime.fromisoformat(due) - datetime.now(UTC)) / timedelta(hours=1)
    return timedelta(hours=round(hours))


@pytest.mark.timeout(120)
def test_the_folder_is_in_force_beside_the_station_s_own_pack(bench: RealBench) -> None:
    told = {(one["what"], one["id"]) for one in bench.events("config.activated")}
    assert told == {("policy", "default"), ("tenant", "big-market")}


@pytest.mark.timeout(120)
def test_its_parcels_are_found_asked_and_decided_by_its_own_files(bench: RealBench) -> None:
    verdict = _received(bench, "BM0042=7QX2LD31", MUG, mark("brand_box"))
    assert verdict["policy"]["id"] == "big-market"
    assert (verdict["grade"], verdict["zone"], verdict["disposition"]) == ("B", "resale", "BSTOCK")
    arrived = _newest(bench, "parcel.arrived")
    assert arrived["rmas"] == ["BM-1"]
    assert [kind for kind in bench.kinds() if kind in MOMENTS][-3:] == list(MOMENTS)
    assert arrived["window"] == "in", "14 days from delivery are agreed"
    assert _left(arrived["due"]) == timedelta(hours=24)


@pytest.mark.timeout(120)
def test_who_waits_for_an_exchange_has_a_clock_of_its_own(bench: RealBench) -> None:
    _received(bench, "BM0042=7QX2LD32", MUG)
    assert _left(_newest(bench, "parcel.arrived")["due"]) == timedelta(hours=8)


@pytest.mark.timeout(120)
def test_a_damaged_parcel_s_claim_has_its_carrier_s_deadline(bench: RealBench) -> None:
    bench.scan("BM0042=7QX2LD33")
    bench.press("1")
    bench.item(MUG)
    put(bench)
    claim = _newest(bench, "claim.ready")
    assert (claim["kinds"], claim["carrier"]) == (["damaged"], "courier")
    assert _left(claim["due"]) == timedelta(days=3)


@pytest.mark.timeout(120)
def test_what_is_to_be_repaired_names_its_service_and_is_counted_for_its_owner_s_bill(
    bench: RealBench,
) -> None:
    bench.scan("BM0042=7QX2LD36")
    bench.item(MUG)
    mark("fabric")(bench)
    bench.press("enter")
    assert bench.view["work"]["partner"] == {"ru": "Сервис «Лён»", "en": "Linen service"}
    put(bench)
    told = _newest(bench, "put.confirmed")
    assert (told["zone"], told["partner"]) == ("repair", "sc-linen")
    assert _newest(bench, "unit.closed")["billed"] == {"inspections": 1, "photos": 0}


@pytest.mark.timeout(120)
def test_nobody_announced_its_goods_and_its_own_table_lets_them_go(bench: RealBench) -> None:
    bench.scan("NOBODY-BM-1")
    bench.press("1")
    bench.item(MUG)
    put(bench)
    bench.press("enter")
    verdict = _newest(bench, "verdict.made")
    assert (verdict["policy"]["id"], verdict["zone"]) == ("big-market", "resale")
    assert _newest(bench, "refund.review")["unit"] == verdict["unit"]


@pytest.mark.timeout(120)
def test_goods_of_another_owner_in_a_parcel_stay_in_hold(bench: RealBench) -> None:
    bench.scan(box(902))
    bench.item(MUG)
    bench.press("2")
    put(bench)
    found = _newest(bench, "unit.identified")
    assert (found["match"], found["owner"]) == ("undeclared", TENANT)
    verdict = _newest(bench, "verdict.made")
    assert (verdict["policy"]["id"], verdict["zone"]) == ("default", "hold")
    assert _left(_newest(bench, "hold.placed")["due"]) == timedelta(hours=72), "the station's"
    bench.item(SHIRT)
    put(bench)
    assert bench.state == "IDLE"


@pytest.mark.timeout(120)
def test_everybody_else_s_parcels_are_decided_as_before(bench: RealBench) -> None:
    verdict = _received(bench, box(901), SHIRT)
    assert verdict["policy"]["id"] == "default"
    assert not _newest(bench, "unit.closed").get("billed")
    arrived = _newest(bench, "parcel.arrived")
    assert (arrived["window"], arrived.get("due")) == ("unknown", None)


@pytest.mark.timeout(120)
def test_money_is_said_when_the_last_parcel_of_a_return_is_in_also_after_a_power_cut(
    late: RealBench,
) -> None:
    _received(late, box(911), SHIRT)
    first = _newest(late, "put.confirmed")["unit"]
    assert first not in _money(late)
    late.kill()
    late.start()
    _received(late, box(912), DRESS)
    second = _newest(late, "put.confirmed")["unit"]
    assert _newest(late, "return.completed")["rma"] == "LS-1"
    assert [unit for unit in _money(late) if unit in (first, second)] == [first, second]
    assert {one["rma"] for one in late.events("refund.review")[-2:]} == {"LS-1"}


def _money(bench: RealBench) -> list[str]:
    """Units of which a milestone was said, in order; missing lines have none."""
    told = zip(bench.kinds(), bench.events(), strict=True)
    return [data["unit"] for kind, data in told if kind.startswith("refund.") and data.get("unit")]


@pytest.mark.timeout(120)
def test_a_batch_is_told_as_promised_and_as_received(
    bench: RealBench, capsys: pytest.CaptureFixture[str]
) -> None:
    _received(bench, "BM0042=7QX2LD34", MUG)
    assert main(["export", "batch", "BM-OUT-7", "--json", "--data", str(bench.data)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["total"] == {"promised": 2, "received": 1, "missing": 0, "outstanding": 1}
    assert [(one["rma"], one["outstanding"]) for one in told["lines"]] == [("BM-4", 0), ("BM-5", 1)]
    assert main(["export", "batch", "NO-SUCH", "--data", str(bench.data)]) == 2
