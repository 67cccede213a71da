"""A scanner's text typed under the Russian layout is mapped back by the place of its keys."""

import pytest

from edge.barcodes.typed import restored


@pytest.mark.parametrize(
    ("typed", "scanned"),
    [
        ("КЬФ-2026-000123", "RMA-2026-000123"),
        ("ФИС123вуа", "ABC123def"),
        ("яЯжЖэЭхъХЪёЁбюБЮ", "zZ;:'\"[]{}`~,.<>"),
        ("фЮ", "a>"),
        ('й"№;%:?*()_+', "q@#$%^&*()_+"),
        ("хье.:/;", "[mt/^|$"),
    ],
)
def test_keys_are_known_by_their_place(typed: str, scanned: str) -> None:
    assert restored(typed) == scanned


@pytest.mark.parametrize("text", ["RMA-2026", "4607112010017", "", "АBC", "Привет, world", "я'"])
def test_what_was_not_typed_under_that_layout_stays(text: str) -> None:
    assert restored(text) is None
