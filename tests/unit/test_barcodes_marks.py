import pytest

from codes import RULES, scan_of
from edge.barcodes.classify import ItemCode, Refused, classify
from edge.barcodes.marks import GsState, MarkRaw, MarkState, TailKind, masked

HEAD = "0104607112010017215AbcXyz12345Z"
CRYPTO = "dGhlIHRhaWwgdGhhdCBub2JvZHkgZXZlciBtYXkgc2U="


def read(payload: str, *, aim: str | None = "]d2", source: str = "serial") -> object:
    symbology = "gs1_datamatrix" if aim == "]d2" else "datamatrix"
    return classify(scan_of(payload, symbology, aim=aim, source=source), RULES)[0]


@pytest.mark.parametrize(
    ("tail", "kind"),
    [
        (f"\x1d91EE06\x1d92{CRYPTO}", TailKind.CRYPTO_44),
        (f"\x1d91EE06\x1d92{CRYPTO}{CRYPTO}", TailKind.CRYPTO_88),
        ("\x1d93aB7_", TailKind.CHECK),
        ("\x1d93aB7_\x1d", TailKind.CHECK),
    ],
)
def test_a_whole_mark_is_kept(tail: str, kind: TailKind) -> None:
    item = read(HEAD + tail)
    assert isinstance(item, ItemCode)
    assert item.mark is not None
    assert (item.mark.tail, item.mark.gs, item.mark.state) == (kind, GsState.KEPT, MarkState.OK)
    assert item.ki == HEAD


def test_the_tail_is_in_no_text_of_a_mark() -> None:
    item = read(f"{HEAD}\x1d91EE06\x1d92{CRYPTO}")
    assert isinstance(item, ItemCode)
    assert item.text == "01 04607112010017 21 5Abc…45Z 91 ···(4) 92 ···(44)"
    shown = f"{item!r} {item.mark} {dict(item.elements)}"
    assert CRYPTO[:6] not in shown
    assert "EE06" not in shown


def test_a_raw_mark_prints_masked_in_every_way() -> None:
    raw = MarkRaw(f"{HEAD}\x1d91EE06\x1d92{CRYPTO}".encode())
    assert CRYPTO[:6] not in f"{raw} {raw!r} {raw:>10} {[raw]}"


@pytest.mark.parametrize("lost", ["91EE06\x1d92", "\x1d91EE0692", "91EE0692"])
def test_a_mark_that_lost_a_separator_is_refused_and_masked(lost: str) -> None:
    refused = read(f"{HEAD}{lost}{CRYPTO}")
    assert isinstance(refused, Refused)
    assert refused.reason == "lost_gs"
    assert CRYPTO[:6] not in refused.text


def test_a_short_mark_that_lost_its_separator_shows_no_tail() -> None:
    refused = read("0104607112010017215AbcXy93aB7_")
    assert isinstance(refused, Refused)
    assert "B7_" not in refused.text


def test_a_refused_mark_still_tells_what_it_probably_was() -> None:
    meanings = classify(scan_of(f"{HEAD}91EE0692{CRYPTO}", "gs1_datamatrix", aim="]d2"), RULES)
    guess = meanings[1]
    assert isinstance(guess, ItemCode)
    assert guess.ki == HEAD
    assert guess.mark is not None
    assert guess.mark.state is MarkState.GS_LOST


def test_a_mark_in_a_symbol_without_fnc1_is_malformed() -> None:
    item = read(f"{HEAD}\x1d93aB7_", aim="]d1")
    assert isinstance(item, ItemCode)
    assert item.mark is not None
    assert item.mark.state is MarkState.MALFORMED


@pytest.mark.parametrize("source", ["typed", "wedge"])
def test_marks_cannot_be_typed(source: str) -> None:
    refused = read(f"{HEAD}\x1d93aB7_", source=source)
    assert isinstance(refused, Refused)
    assert refused.reason == "lost_gs"


def test_numbers_that_look_like_identifiers_inside_a_serial_do_not_cut_it() -> None:
    item = read("0104607112010017219193219101217\x1d93aB7_")
    assert isinstance(item, ItemCode)
    assert item.serial == "9193219101217"


def test_a_mark_read_as_plain_text_is_masked_too() -> None:
    assert CRYPTO[:6] not in masked(f"(01)04607112010017(21)5AbcXyz12345Z(91)EE06(92){CRYPTO}")
    assert CRYPTO[:6] not in masked(f"]d2{HEAD}91EE0692{CRYPTO}")
