"""Check digits of numbers that only silence ended; examples of the standards."""

import pytest

from drivers.wire.check_digits import CheckKind, passes


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (CheckKind.GTIN, b"4006381333931"),
        (CheckKind.GTIN, b"96385074"),
        (CheckKind.GTIN, b"036000291452"),
        (CheckKind.GTIN, b"09506000134352"),
        (CheckKind.SSCC, b"106141412345678908"),
        (CheckKind.LUHN, b"490154203237518"),
        (CheckKind.S10, b"RB473124829GB"),
    ],
)
def test_a_whole_number_passes_and_no_torn_or_changed_one(kind: CheckKind, code: bytes) -> None:
    assert passes(kind, code)
    at = next(n for n, byte in enumerate(code) if 0x30 <= byte <= 0x39)
    changed = (code[at] - 0x30 + 1) % 10 + 0x30
    assert not passes(kind, code[:at] + bytes((changed,)) + code[at + 1 :])
    assert not passes(kind, code + b"0" * 9)
    assert not passes(kind, b"")
    assert not passes(kind, b"x" * len(code))


@pytest.mark.parametrize("kind", CheckKind)
def test_digits_of_other_scripts_and_signs_are_none(kind: CheckKind) -> None:
    assert not passes(kind, "４００６３８１３３３９３１".encode())
    assert not passes(kind, b"4006381-33931")
