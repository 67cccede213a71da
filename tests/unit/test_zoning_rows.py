"""Every row of the default table is reached by real answers; none by accident of order."""

from collections.abc import Mapping

import pytest

from policy_kit import HIGH, answered, begun, decided, default_pack

WITNESSES: Mapping[str, tuple[str, Mapping[str, object], Mapping[str, str | int]]] = {
    "R01": ("toys", {}, {"identity": "match", "batt": "leaked"}),
    "R02": ("electronics", {}, {"serial": "mismatch"}),
    "R18": ("footwear", {}, {"pair": "mixed"}),
    "R19": ("books", {"station_flags": frozenset({"blind"})}, {}),
    "R20": ("electronics", {}, {"serial": "unreadable"}),
    "R03": ("cosmetics", {}, {"batch": "recalled"}),
    "R04": ("cosmetics", {}, {"batch": "erased"}),
    "R05": ("smartphones", {}, {"seal": "opened", "lock": "uncheckable"}),
    "R06": ("books", {"parcel_flags": frozenset({"tamper"}), "value_minor": HIGH}, {}),
    "R07": ("smartphones", {}, {"seal": "opened", "data": "present"}),
    "R08": ("cosmetics", {}, {"seal": "opened", "film": "broken"}),
    "R09": ("books", {}, {"danger": "glass"}),
    "R10": ("small_appliances", {}, {"seal": "opened", "power": "untested"}),
    "R11": ("smartphones", {"value_minor": HIGH}, {"seal": "opened", "health": 40}),
    "R12": ("batteries_hazmat", {}, {"case": "terminal"}),
    "R13": ("toys", {}, {"seal": "sealed"}),
    "R14": ("toys", {}, {"seal": "opened"}),
    "R15": ("books", {}, {"pages": "misprint"}),
    "R16": ("books", {"value_minor": HIGH}, {"cover": "torn"}),
    "R17": ("books", {}, {"cover": "torn"}),
}


def test_every_row_has_a_witness() -> None:
    assert WITNESSES.keys() == {row.id for row in default_pack().table.rows}


@pytest.mark.parametrize("row", WITNESSES)
def test_a_row_is_reached_by_answers(row: str) -> None:
    category, static, answers = WITNESSES[row]
    run = begun(category, **static)
    if "power" in answers:
        run = answered(run, {"identity": "match", "serial": "match", "seal": "opened"})
        run = answered(run, {"cord": "good", "power": "untested"})
    assert decided(answered(run, answers)).row == row


def test_a_dangerous_unit_never_rides() -> None:
    category, static, answers = WITNESSES["R01"]
    found = decided(answered(begun(category, **static), answers))
    assert (found.zone, found.move) == ("hazmat", "manual")


def test_an_unknown_attribute_sends_the_unit_by_hand() -> None:
    found = decided(begun("books", unknown_attrs=frozenset({"hazmat"})))
    assert (found.row, found.move, found.caps) == ("R13", "manual", ("C4",))


def test_an_unknown_return_window_puts_the_refund_under_review() -> None:
    found = decided(begun("books", in_window=None))
    assert (found.refund, [item.column for item in found.missing]) == ("review", ["in_window"])
