"""The self-test cards: exact bytes, and what is drawn reads back as them."""

import cv2
import numpy as np
import pytest
import zxingcpp

from drivers.protocols import Symbology
from edge.labels.cards import Card, self_test_cards
from edge.labels.drawing import enlarged, png, terminal_lines

CARDS = self_test_cards()


def test_the_first_card_has_121_bytes_two_separators_and_every_gs1_character() -> None:
    card = CARDS[0]
    assert len(card.payload) == 121
    assert card.payload.startswith(b"010200000000000821SELFTEST0a!Z_\x1d91TEST\x1d92")
    tail = card.payload[-80:]
    assert bytes(sorted(tail)) == tail
    assert len(set(tail)) == 80
    assert not set(b"() #$@") & set(tail)


def test_the_second_card_has_what_keyboard_layouts_move_about() -> None:
    assert CARDS[1].payload == b"SELFTEST2()[]{}~|\\^@#$aZ"


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_drawn_card_reads_back_byte_for_byte(card: Card) -> None:
    drawn = enlarged(card.symbol, module_px=4, bar_px=120)
    coded = np.frombuffer(png(drawn, dpi=300), np.uint8)
    seen = zxingcpp.read_barcodes(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE))
    assert [(one.bytes, one.symbology_identifier) for one in seen] == [(card.payload, card.aim_id)]


def test_the_first_card_is_square() -> None:
    height, width = enlarged(CARDS[0].symbol, module_px=1, bar_px=1).shape
    assert height == width
    assert CARDS[0].symbology is Symbology.GS1_DATAMATRIX


def read_terminal(lines: tuple[str, ...], *, is_matrix: bool) -> bytes:
    """Paint the cells as a terminal does and read the picture."""
    halves = {"█": (0, 0), "▀": (0, 255), "▄": (255, 0), "▌": (0, 255), "▐": (255, 0)}
    bare = [line.removeprefix("\x1b[38;5;16;48;5;231m").removesuffix("\x1b[0m") for line in lines]
    cells = np.array([[halves.get(cell, (255, 255)) for cell in line] for line in bare], np.uint8)
    rows, columns, _ = cells.shape
    if is_matrix:
        painted = cells.transpose(0, 2, 1).reshape(rows * 2, columns)
    else:
        painted = np.repeat(cells.reshape(rows, columns * 2), 10, axis=0)
    big = np.repeat(np.repeat(painted, 4, axis=0), 4, axis=1)
    (seen,) = zxingcpp.read_barcodes(np.pad(big, 40, constant_values=255))
    return seen.bytes


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_card_in_a_terminal_reads_back_byte_for_byte(card: Card) -> None:
    lines = terminal_lines(card.symbol)
    is_matrix = card.symbology is Symbology.GS1_DATAMATRIX
    assert read_terminal(lines, is_matrix=is_matrix) == card.payload


def test_the_first_card_fits_a_terminal_of_80_by_24() -> None:
    lines = terminal_lines(CARDS[0].symbol)
    assert len(lines) <= 24
    assert all(len(line) - 24 <= 80 for line in lines)
