import pytest

from codes import OLD_KEY, RULES, SITE_KEY, scan_of
from edge.barcodes.classify import (
    BadgeCode,
    CommandCode,
    ForgedLabel,
    ImeiCode,
    ItemCode,
    ItemFlag,
    NumberCode,
    PlaceCode,
    Refused,
    SsccCode,
    TrainingCode,
    TrayCode,
    UnknownText,
    classify,
)
from edge.barcodes.signed import signed


def best(*args: str | bytes, **named: str) -> object:
    return classify(scan_of(*args, **named), RULES)[0]  # type: ignore[arg-type]


def test_a_badge_of_this_site_is_a_badge() -> None:
    assert best(signed("RB-0417", SITE_KEY)) == BadgeCode(
        no="0417", text=signed("RB-0417", SITE_KEY)
    )


def test_labels_of_the_previous_key_still_count() -> None:
    assert isinstance(best(signed("RX-D1", OLD_KEY)), CommandCode)


def test_labels_are_read_in_lower_case_too() -> None:
    read = best(signed("RX-UNDO", SITE_KEY).lower())
    assert isinstance(read, CommandCode)
    assert read.command == "UNDO"


def test_a_tray_label_names_zone_and_tray() -> None:
    read = best(signed("RT-3-T-07", SITE_KEY))
    assert isinstance(read, TrayCode)
    assert (read.zone_digit, read.tray) == (3, "T-07")


def test_a_place_label_names_zone_and_place() -> None:
    read = best(signed("RL-4-HO1", SITE_KEY))
    assert isinstance(read, PlaceCode)
    assert (read.zone_digit, read.place) == (4, "HO1")


def test_a_zone_outside_one_to_five_is_no_tray() -> None:
    assert isinstance(best(signed("RT-6-T07", SITE_KEY)), ForgedLabel)


def test_a_training_label_is_told_apart() -> None:
    assert isinstance(best(signed("TR-GOLD-1", SITE_KEY)), TrainingCode)


def test_a_printed_command_without_our_signature_is_forged_and_nothing_else() -> None:
    assert classify(scan_of("RX-OK-0000"), RULES) == (ForgedLabel(prefix="RX", text="RX-OK-0000"),)


def test_a_badge_never_verifies_as_a_command() -> None:
    check = signed("RB-OK", SITE_KEY)[-4:]
    assert isinstance(best(f"RX-OK-{check}"), ForgedLabel)


@pytest.mark.parametrize("source", ["camera", "wedge", "typed"])
@pytest.mark.parametrize("body", ["RX-OK", "RB-0417"])
def test_commands_and_badges_count_from_hand_scanners_only(source: str, body: str) -> None:
    read = best(signed(body, SITE_KEY), source=source)
    assert isinstance(read, Refused)
    assert read.reason == "wrong_source"


@pytest.mark.parametrize(("source", "kind"), [("wedge", TrayCode), ("camera", Refused)])
def test_trays_count_from_a_wedge_and_never_from_a_camera(source: str, kind: type) -> None:
    assert isinstance(best(signed("RT-1-T01", SITE_KEY), source=source), kind)


@pytest.mark.parametrize(
    ("payload", "symbology", "gtin"),
    [
        ("4607112010017", "ean13", "04607112010017"),
        ("023942431015", "upca", "00023942431015"),
        ("0023942431015", "ean13", "00023942431015"),
        ("96385074", "ean8", "00000096385074"),
        ("04252614", "upce", "00042100005264"),
        ("0012345000065", "upce", "00012345000065"),
        ("0425261412345", "upce", "00042100005264"),
        ("14607112010014", "itf", "14607112010014"),
        ("978020137962412", "ean13", "09780201379624"),
        ("9780201379624 54499", "ean13", "09780201379624"),
        ("4607112010017", "unknown", "04607112010017"),
    ],
)
def test_every_retail_symbol_gives_one_form_of_gtin(
    payload: str, symbology: str, gtin: str
) -> None:
    read = best(payload, symbology)
    assert isinstance(read, ItemCode)
    assert read.gtin14 == gtin


def test_a_retail_symbol_with_a_bad_check_digit_is_refused() -> None:
    read = best("4607112010018", "ean13")
    assert isinstance(read, Refused)
    assert read.reason == "check_digit"


@pytest.mark.parametrize("payload", ["2012345678903", "0412345678903"])
def test_numbers_of_restricted_circulation_are_flagged(payload: str) -> None:
    read = best(payload, "ean13")
    assert isinstance(read, ItemCode)
    assert ItemFlag.RESTRICTED in read.flags


@pytest.mark.parametrize("payload", ["9800000000007", "9912345678909"])
def test_refund_slips_and_coupons_are_no_goods(payload: str) -> None:
    assert isinstance(best(payload, "ean13"), UnknownText)


@pytest.mark.parametrize(
    ("payload", "kind", "value"),
    [
        ("RMA-88123", "rma", "RMA-88123"),
        ("rma-88123", "rma", "RMA-88123"),
        ("88123", "rma", "88123"),
        ("ORD-55017", "order", "ORD-55017"),
        ("RB123456785RU", "tracking", "RB123456785RU"),
        ("0417-0032", "lpn", "0417-0032"),
    ],
)
def test_numbers_of_the_house_and_of_carriers_are_named(
    payload: str, kind: str, value: str
) -> None:
    read = best(payload, "code128", aim="]C0")
    assert isinstance(read, NumberCode)
    assert (read.kind, read.value) == (kind, value)


def test_a_postal_number_with_a_wrong_digit_is_unknown_text() -> None:
    assert best("RB123456786RU", "code128") == UnknownText(text="RB123456786RU")


def test_a_bare_sscc_needs_its_row() -> None:
    bare = scan_of("006141411234567890", "code128")
    assert isinstance(classify(bare, RULES)[0], SsccCode)
    no_rows = type(RULES)(site_keys=(SITE_KEY,))
    assert isinstance(classify(bare, no_rows)[0], UnknownText)


def test_fifteen_digits_of_a_phone_are_an_imei() -> None:
    assert best("490154203237518") == ImeiCode(serial="490154203237518", text="490154203237518")


def test_a_shipping_label_gives_its_sscc() -> None:
    read = best("00006141411234567890", "gs1_128", aim="]C1")
    assert isinstance(read, SsccCode)
    assert read.sscc == "006141411234567890"


def test_a_gs1_message_gives_article_serial_lot_and_expiry() -> None:
    read = best("010460711201001717261231101A\x1d21S7", "gs1_datamatrix", aim="]d2")
    assert isinstance(read, ItemCode)
    assert (read.gtin14, read.serial, read.lot, read.exp) == (
        "04607112010017",
        "S7",
        "1A",
        "261231",
    )
    assert read.elements["ki"] == "010460711201001721S7"


def test_a_gs1_message_with_a_bad_check_digit_is_refused() -> None:
    read = best("010460711201001821S7", "gs1_datamatrix", aim="]d2")
    assert isinstance(read, Refused)
    assert read.reason == "check_digit"


def test_an_element_string_without_aim_is_inferred_and_says_so() -> None:
    read = best("010460711201001721S7")
    assert isinstance(read, ItemCode)
    assert ItemFlag.GS1_INFERRED in read.flags


def test_a_symbol_that_says_it_is_not_gs1_is_not_read_as_gs1() -> None:
    assert isinstance(best("010460711201001721S7", "datamatrix", aim="]d1"), UnknownText)


def test_a_digital_link_is_parsed_and_never_shown_as_an_address() -> None:
    read = best("HTTPS://shop.example/x/01/04607112010017/21/S7?99=secret", "qr", aim="]Q1")
    assert isinstance(read, ItemCode)
    assert read.serial == "S7"
    assert read.text == "(01)04607112010017(21)S7(99)···(6)"


def test_any_other_address_is_unknown_text() -> None:
    assert isinstance(best("https://example.com/hello", "qr"), UnknownText)


@pytest.mark.parametrize("payload", [b"", b"\x1d", b"46071\x0012010017", b"a\x1bb", b"a\x7f"])
def test_control_characters_and_emptiness_are_refused(payload: bytes) -> None:
    assert isinstance(best(payload), Refused)


def test_letters_that_turn_the_line_are_shown_as_escapes() -> None:
    assert best("abc\u202edef") == UnknownText(text="abc\\u202edef")


def test_bytes_that_are_no_text_are_shown_as_hex() -> None:
    assert best(b"\xff\xfe") == UnknownText(text="fffe")


def test_iso_15434_keeps_its_separators() -> None:
    assert isinstance(best("[)>\x1e06\x1d1PX7\x1e\x04"), UnknownText)
