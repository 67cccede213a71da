"""The ground truth: numbers that any reader accepts, feeds that agree with the boxes."""

from collections import Counter
from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sim.operator.mind import read_plan
from sim.truth.model import Truth
from sim.truth.parcels import draw
from sim.truth.rows import item_rows, plan_parcels, return_rows
from sim.truth.scenarios import GOOD, OPTIONS, SCENARIOS

SEEDS = st.integers(min_value=0, max_value=2**32)
COUNTS = st.integers(min_value=1, max_value=25)
NOW = datetime(2026, 11, 24, tzinfo=UTC)
DISPOSITIONS = {
    "resale": {"RESTOCK", "BSTOCK"},
    "repair": {"REWORK", "DATA_WIPE", "REFURB"},
    "disposal": {"RECYCLE", "DESTROY"},
    "hold": {"HOLD_UNLOCK", "HOLD_DISPUTE", "HOLD_UNANNOUNCED"},
    "hazmat": {"HAZMAT_HOLD"},
}


def is_mod10(digits: str) -> bool:
    """GS1 General Specifications 7.9, written from the right, check digit included."""
    total = sum(int(d) * (1 if n % 2 == 0 else 3) for n, d in enumerate(digits[::-1]))
    return total % 10 == 0


def is_luhn(digits: str) -> bool:
    total = 0
    for n, digit in enumerate(digits[::-1]):
        value = int(digit) * (1 + n % 2)
        total += value // 10 + value % 10
    return total % 10 == 0


def is_s10(text: str) -> bool:
    rest = sum(int(d) * w for d, w in zip(text[2:10], (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    wanted = {0: 5, 1: 0}.get(rest, 11 - rest)
    return text[10] == str(wanted)


@given(SEEDS, COUNTS)
def test_the_same_seed_draws_the_same_boxes(seed: int, count: int) -> None:
    assert draw(seed, count) == draw(seed, count)
    assert len(draw(seed, count).parcels) == count


@given(SEEDS, COUNTS)
def test_every_number_has_a_true_check_digit(seed: int, count: int) -> None:
    truth = draw(seed, count)
    assert all(is_mod10(article.gtin) for article in truth.articles)
    for parcel in truth.parcels:
        if parcel.aim == "]C1":
            assert parcel.code == f"00{parcel.tracking}"
            assert is_mod10(parcel.tracking)
        else:
            assert is_s10(parcel.tracking)
        for unit in parcel.units:
            assert not unit.serial or is_luhn(unit.serial)


@given(SEEDS, COUNTS)
def test_boxes_are_different_and_hold_something(seed: int, count: int) -> None:
    parcels = draw(seed, count).parcels
    assert len({parcel.tracking for parcel in parcels}) == count
    assert len({parcel.rma for parcel in parcels}) == count
    for parcel in parcels:
        assert 1 <= len(parcel.units) <= 3
        assert any(not unit.is_missing for unit in parcel.units)
        lines = {(unit.line, unit.article.gtin) for unit in parcel.units}
        assert len(lines) == len({line for line, _ in lines})


@given(SEEDS, COUNTS)
def test_phones_say_serial_and_article_in_one_symbol(seed: int, count: int) -> None:
    for parcel in draw(seed, count).parcels:
        for unit in parcel.units:
            if "serialised" not in unit.article.attrs:
                assert (unit.scan, unit.aim) == (unit.article.gtin, "]E0")
                continue
            head, _, lot = unit.scan.partition("\x1d")
            assert head[:18] == f"010{unit.article.gtin}21"
            assert lot == "" or lot.startswith("10L")
            same = head[18:] == unit.serial
            assert same == (unit.scenario.name != "serial_mismatch")


@given(SEEDS, COUNTS)
def test_the_feeds_announce_what_was_sold_and_nothing_else(seed: int, count: int) -> None:
    truth = draw(seed, count)
    rows = return_rows(truth, NOW)
    announced: Counter[tuple[str, str]] = Counter()
    for parcel in truth.parcels:
        for unit in parcel.units:
            if not unit.is_undeclared:
                announced[parcel.rma, f"0{unit.article.gtin}"] += 1
    told = {(row["rma"], row["gtin"]): row["qty"] for row in rows}
    assert told == announced
    assert len({(row["rma"], row["line"]) for row in rows}) == len(rows)
    known = {row["gtin"] for row in item_rows(truth)}
    assert known == {f"0{article.gtin}" for article in truth.articles}


@given(SEEDS, COUNTS)
def test_no_attribute_of_an_item_is_left_open(seed: int, count: int) -> None:
    names = {"serialised", "mark_required", "hazmat", "data_bearing", "battery", "liquid"}
    for row in item_rows(draw(seed, count)):
        assert all(row[name] in (0, 1) for name in names | {"two_person", "hygiene_wear"})


@given(SEEDS, COUNTS, SEEDS)
def test_the_operator_takes_strangers_out_first(seed: int, count: int, hand: int) -> None:
    truth: Truth = draw(seed, count)
    reply = {
        "badges": [{"role": "operator", "code": "B"}],
        "trays": [],
        "first_legs": {},
        "parcels": plan_parcels(truth),
    }
    plan = read_plan(reply, Random(hand))
    for box, parcel in zip(plan.parcels, truth.parcels, strict=True):
        strangers = [unit["undeclared"] for unit in box["units"]]
        assert strangers == sorted(strangers, reverse=True)
        assert {unit["id"] for unit in box["units"]} == {
            f"{parcel.tracking}/{n}" for n in range(len(parcel.units))
        }


def test_every_scenario_ends_where_its_zone_has_a_disposition() -> None:
    for scenario in SCENARIOS:
        if scenario.name != "missing":
            assert scenario.disposition in DISPOSITIONS[scenario.zone]
        for step, answer in {**GOOD, **scenario.answers}.items():
            assert step == "health" or answer in OPTIONS[step]


def test_resale_repair_and_disposal_make_most_of_the_day() -> None:
    zones = Counter(u.scenario.zone for p in draw(1, 400).parcels for u in p.units)
    usual = sum(zones[zone] for zone in ("resale", "repair", "disposal"))
    assert usual > 0.85 * zones.total()
    assert set(zones) == {*DISPOSITIONS, ""}
