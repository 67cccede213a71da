"""Known units of the starting content: grade, zone, disposition, row, refund, move."""

from collections.abc import Mapping
from typing import TypeAlias

import pytest

from policy_kit import HIGH, LOW, answered, begun, decided

OPENED_PHONE: Mapping[str, str | int] = {
    "danger": "clear",
    "back_lift": "flat",
    "identity": "match",
    "seal": "opened",
    "serial": "match",
    "lock": "removed",
    "health": 97,
    "data": "wiped",
}
Case: TypeAlias = tuple[str, str | None, Mapping[str, object], Mapping[str, str | int], str]
CASES: tuple[Case, ...] = (
    (
        "sealed phone, serial as sold",
        "smartphones",
        {},
        {"seal": "sealed", "serial": "match"},
        "A resale RESTOCK R13 eligible auto",
    ),
    (
        "opened phone, all good, battery 97 %",
        "smartphones",
        {},
        OPENED_PHONE,
        "B resale BSTOCK R14 eligible auto",
    ),
    (
        "same, data present",
        "smartphones",
        {},
        {**OPENED_PHONE, "data": "present"},
        "C repair DATA_WIPE R07 eligible auto",
    ),
    (
        "same, account lock on",
        "smartphones",
        {},
        {**OPENED_PHONE, "lock": "locked"},
        "C hold HOLD_UNLOCK R05 blocked auto",
    ),
    (
        "cracked phone, low value",
        "smartphones",
        {"value_minor": LOW},
        {**OPENED_PHONE, "screen": "crack"},
        "D disposal RECYCLE R17 review auto",
    ),
    (
        "cracked phone, high value",
        "smartphones",
        {"value_minor": HIGH},
        {**OPENED_PHONE, "screen": "crack"},
        "D repair REFURB R11 review auto",
    ),
    (
        "cracked phone, value missing",
        "smartphones",
        {"value_minor": None},
        {**OPENED_PHONE, "screen": "crack"},
        "D hold HOLD_MISSING_FACT #missing review manual",
    ),
    (
        "phone, back lifting",
        "smartphones",
        {},
        {"identity": "match", "danger": "clear", "back_lift": "lifting"},
        "D hazmat HAZMAT_HOLD R01 review manual",
    ),
    (
        "other item in the box",
        "smartphones",
        {},
        {"danger": "clear", "back_lift": "flat", "identity": "other"},
        "None hold HOLD_DISPUTE R02 blocked auto",
    ),
    (
        "sealed camera, shipment data not cached",
        "electronics",
        {},
        {"seal": "sealed", "serial": "nodata"},
        "A hold HOLD_VERIFY R20 review auto",
    ),
    (
        "broken camera with customer data, low value",
        "electronics",
        {},
        {"seal": "opened", "body": "broken", "data": "present"},
        "D repair DATA_WIPE R07 review auto",
    ),
    (
        "dress, tried on, tags attached",
        "apparel",
        {},
        {"wear": "tried"},
        "B repair REWORK R12 eligible auto",
    ),
    (
        "dress of another size",
        "apparel",
        {},
        {"identity": "variant"},
        "A hold HOLD_UNANNOUNCED R19 review auto",
    ),
    (
        "underwear, strip broken",
        "apparel",
        {"attrs": frozenset({"mark_required", "hygiene_wear"})},
        {"strip": "broken"},
        "D disposal DESTROY R08 review auto",
    ),
    ("one shoe", "footwear", {}, {"pair": "mixed"}, "D hold HOLD_DISPUTE R18 review auto"),
    (
        "shoes, mark unreadable, as new",
        "footwear",
        {},
        {"mark": "unreadable"},
        "A repair REWORK R12 eligible auto",
    ),
    ("book, misprint", "books", {}, {"pages": "misprint"}, "D hold RTV R15 eligible auto"),
    (
        "book in a re-taped parcel, low value",
        "books",
        {"parcel_flags": frozenset({"tamper"})},
        {},
        "A resale RESTOCK R13 review auto",
    ),
    (
        "sealed camera in a re-taped parcel, high value",
        "electronics",
        {"parcel_flags": frozenset({"tamper"}), "value_minor": HIGH},
        {"seal": "sealed", "serial": "match"},
        "A hold HOLD_DISPUTE R06 review auto",
    ),
    (
        "sound power bank, sealed",
        "batteries_hazmat",
        {},
        {"seal": "sealed"},
        "A resale RESTOCK R13 eligible manual",
    ),
    (
        "parcel with a leak, not opened",
        None,
        {"parcel_flags": frozenset({"hazard_chem"})},
        {},
        "None hazmat HAZMAT_HOLD R01 review manual",
    ),
)


@pytest.mark.parametrize(
    ("category", "static", "answers", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_a_known_unit_gets_its_known_verdict(
    category: str | None,
    static: Mapping[str, object],
    answers: Mapping[str, str | int],
    expected: str,
) -> None:
    found = decided(answered(begun(category, **static), answers))
    told = (found.grade, found.zone, found.disposition, found.row, found.refund, found.move)
    assert " ".join(map(str, told)) == expected


def test_a_missing_value_is_named_where_a_row_needed_it() -> None:
    cracked = {**OPENED_PHONE, "screen": "crack"}
    found = decided(answered(begun("smartphones", value_minor=None), cracked))
    assert [(item.column, item.why) for item in found.missing] == [("value", "absent")]


def test_a_value_in_another_currency_is_a_missing_value() -> None:
    cracked = {**OPENED_PHONE, "screen": "crack"}
    found = decided(answered(begun("smartphones", currency="EUR"), cracked))
    assert [(item.column, item.why) for item in found.missing] == [("value", "currency")]
    assert found.row == "#missing"


def test_the_verdict_names_its_answers_its_work_and_the_rows_behind_it() -> None:
    found = decided(answered(begun("smartphones"), {**OPENED_PHONE, "data": "present"}))
    assert [(item.step, item.answer) for item in found.deciding] == [("data", "present")]
    assert found.actions == ("WIPE_DATA",)
    assert found.also_matched == ("R14",)
    assert found.note["en"] == "Wipe the customer data first"
