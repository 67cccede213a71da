import tomllib
from typing import Any

import pytest

from codes import ROOT, RULES, scan_of
from edge.barcodes.classify import ItemCode, Refused, classify
from edge.barcodes.marks import (
    GsState,
    Mark,
    MarkCondition,
    MarkMatch,
    MarkRaw,
    MarkState,
    TailKind,
    assess_mark,
    condition_of,
    group_of,
    masked,
    open_part,
    settle_mark,
)
from edge.catalogue import MarkGroup

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


SHOES = MarkGroup(name="shoes", serial_len=13, tails=("crypto_44", "crypto_88", "none"))
MILK = MarkGroup(name="dairy", serial_len=6, tails=("check",), categories=("dairy",))
ODD = MarkGroup(name="odd", serial_len=7, tails=("check", "none"))
TAILS = (f"\x1d91EE06\x1d92{CRYPTO}", f"\x1d91EE06\x1d92{CRYPTO}{CRYPTO}")


@pytest.mark.parametrize("tail", [*TAILS, ""])
def test_a_code_of_exactly_its_groups_shape_is_kept(tail: str) -> None:
    mark = settle_mark(HEAD + tail, fnc1=True, group=SHOES)
    assert mark is not None
    assert (mark.gs, mark.state, mark.group) == (GsState.KEPT, MarkState.OK, "shoes")


@pytest.mark.parametrize("lost", ["91EE06\x1d92", "\x1d91EE0692", "91EE0692"])
def test_one_way_to_put_the_separators_back_restores_the_identity_and_no_more(lost: str) -> None:
    mark = settle_mark(f"{HEAD}{lost}{CRYPTO}", fnc1=True, group=SHOES)
    assert mark is not None
    assert (mark.gs, mark.state, mark.ki) == (GsState.RESTORED, MarkState.GS_LOST, HEAD)


def test_only_the_group_tells_a_code_without_tail_from_one_that_lost_its_separator() -> None:
    text = "0104607112010017215AbcXyz93aB7_"
    shoes, odd = (settle_mark(text, fnc1=True, group=group) for group in (SHOES, ODD))
    assert shoes is not None
    assert odd is not None
    assert (shoes.gs, shoes.serial) == (GsState.KEPT, "5AbcXyz93aB7_")
    assert (odd.gs, odd.serial) == (GsState.RESTORED, "5AbcXyz")


@pytest.mark.parametrize("tail", ["\x1d91EE06", "\x1d92" + CRYPTO, "\x1d93aB7_", "xx"])
def test_a_shape_of_another_group_is_no_mark_of_this_one(tail: str) -> None:
    assert settle_mark(HEAD + tail, fnc1=True, group=SHOES) is None
    assert settle_mark("0104607112010018215AbcXyz", fnc1=True, group=ODD) is None


def test_the_group_is_that_of_the_items_category() -> None:
    assert group_of("dairy", (SHOES, MILK)) is MILK
    assert group_of("toys", (SHOES, MILK)) is None
    assert group_of(None, (SHOES, MILK)) is None


def mark_of(tail: str, *, fnc1: bool | None = True) -> Mark:
    mark = settle_mark(HEAD + tail, fnc1=fnc1, group=SHOES)
    assert mark is not None
    return mark


@pytest.mark.parametrize(
    ("mark", "gtin", "sold", "proven", "state", "match"),
    [
        (mark_of(TAILS[0]), HEAD[2:16], (HEAD,), True, "ok", "match"),
        (mark_of(TAILS[0]), HEAD[2:16], (), True, "ok", "nodata"),
        (mark_of(TAILS[0]), HEAD[2:16], ("other",), True, "ok", "mismatch"),
        (mark_of(TAILS[0]), HEAD[2:16], (HEAD,), False, "unproven", "match"),
        (mark_of(TAILS[0]), "04607112010024", (HEAD,), True, "foreign", "match"),
        (mark_of(TAILS[0], fnc1=False), HEAD[2:16], (HEAD,), True, "malformed", "match"),
        (mark_of("91EE0692" + CRYPTO), HEAD[2:16], (HEAD,), True, "gs_lost", "match"),
    ],
)
def test_a_mark_is_good_only_whole_proven_and_of_the_announced_article(
    mark: Mark, gtin: str, sold: tuple[str, ...], proven: bool, state: str, match: str
) -> None:
    assert assess_mark(mark, gtin=gtin, sold=sold, is_proven=proven) == (state, match)


def test_only_the_sold_mark_read_whole_is_intact() -> None:
    intact = [
        (state, match)
        for state in MarkState
        for match in MarkMatch
        if condition_of(state, match) is MarkCondition.INTACT
    ]
    assert intact == [(MarkState.OK, MarkMatch.MATCH)]
    assert condition_of(MarkState.MISSING, MarkMatch.NODATA) is MarkCondition.REMARK_REQUIRED
    assert condition_of(MarkState.UNREADABLE, MarkMatch.MATCH) is MarkCondition.RELABEL_SAME_CODE


def test_the_shipped_groups_are_read_and_no_category_is_in_two() -> None:
    document = tomllib.loads((ROOT / "config" / "marks.toml").read_text("utf-8"))
    rows = [MarkGroup(**{**row, "tails": tuple(row["tails"])}) for row in document["group"]]
    named = [category for row in rows for category in row.categories]
    assert len(rows) >= 6
    assert len(set(named)) == len(named)


@pytest.mark.parametrize("given", [{"serial_len": 0}, {"serial_len": 21}, {"tails": ("91",)}])
def test_a_group_that_cannot_be_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(given))):
        MarkGroup(**{"name": "x", "serial_len": 13, "tails": ("check",), **given})


@pytest.mark.parametrize(
    ("code", "open_"),
    [
        (HEAD, HEAD),
        (f"{HEAD}91EE0692{CRYPTO}", HEAD[:18]),
        (f"(01){HEAD[2:16]}(21)5Abc(91)EE06(92){CRYPTO}", f"(01){HEAD[2:16]}(21)"),
        ("0104607112010017215AbcXy93aB7_", HEAD[:18]),
        ("010460711201001721S7", "010460711201001721S7"),
        ("RMA-88123", "RMA-88123"),
    ],
)
def test_what_may_leave_of_a_code_without_separators_holds_no_tail(code: str, open_: str) -> None:
    assert open_part(code.encode()) == open_.encode()
