"""A picture in cells, and a view's picture in the side panel."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from edge.terminal.thumbnail import cells, thumbnail


def encoded(pixels: bytes) -> str:
    return base64.b64encode(pixels).decode("ascii")


def test_two_pixels_one_above_the_other_are_one_cell() -> None:
    red, green, blue, grey = b"\xff\0\0", b"\0\xff\0", b"\0\0\xff", b"\x80\x80\x80"
    assert cells(red + green + blue + grey, 2) == [[("#FF0000", "#0000FF"), ("#00FF00", "#808080")]]


def test_lines_have_a_half_block_a_cell_in_the_colours_of_its_pixels() -> None:
    (shown,) = thumbnail(encoded(b"\x01\x02\x03" * 3 + b"\x0a\x0b\x0c" * 3), 3)
    assert shown.plain == "▀▀▀"
    assert [span.style for span in shown.spans] == ["#010203 on #0A0B0C"]


def test_what_is_no_picture_of_that_width_shows_nothing() -> None:
    for wrong in ("", "no base64!", encoded(b"\0" * 5), encoded(b"\0" * (3 * 128 * 129))):
        assert thumbnail(wrong, 2) == []


@given(
    width=st.integers(1, 40), rows=st.integers(0, 20), last=st.binary(max_size=2), fill=st.binary()
)
def test_every_whole_picture_has_half_as_many_lines_of_its_width(
    width: int, rows: int, last: bytes, fill: bytes
) -> None:
    pixels = (fill * (3 * width * rows))[: 3 * width * rows] if fill else bytes(3 * width * rows)
    shown = thumbnail(encoded(pixels), width)
    assert [len(one.plain) for one in shown] == [width] * (rows // 2)
    assert thumbnail(encoded(pixels + last), width) == ([] if last else shown)
