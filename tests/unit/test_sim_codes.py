"""Numbers and labels against published examples and a MAC computed with openssl."""

import pytest

from sim import codes, labels

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("made", "published"),
    [
        (codes.gtin13("400638133393"), "4006381333931"),
        (codes.gtin13("978020137962"), "9780201379624"),
        (codes.sscc("10614141234567890"), "106141412345678908"),
        (codes.s10("RB", "12345678", "RU"), "RB123456785RU"),
        (codes.s10("EE", "47312482", "US"), "EE473124829US"),
        (codes.imei("49015420323751"), "490154203237518"),
        (codes.gtin14("4006381333931"), "04006381333931"),
    ],
)
def test_check_digits_are_those_of_published_numbers(made: str, published: str) -> None:
    assert made == published


def test_a_lot_after_the_serial_is_parted_by_gs() -> None:
    text = codes.element_string("4006381333931", "490154203237518", "L07")
    assert text == "010400638133393121490154203237518\x1d10L07"
    assert codes.element_string("4006381333931", "S1") == "010400638133393121S1"


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (labels.command("UNDO", KEY), "RX-UNDO-G4HE"),
        (labels.badge("0417", KEY), "RB-0417-0ENP"),
        (labels.tray("resale", "A1", KEY), "RT-1-A1-ZMV3"),
    ],
)
def test_labels_are_signed_with_the_first_bytes_of_the_mac(made: str, text: str) -> None:
    assert made == text


def test_another_key_makes_another_label() -> None:
    assert labels.badge("0417", KEY) != labels.badge("0417", bytes(32))


def test_a_place_label_names_its_zone_by_digit() -> None:
    assert labels.place("hold", "S1", KEY).startswith("RL-4-S1-")
