"""What happens by itself at the bench and what is asked: identity, duplicates, marks."""

from dataclasses import replace

import pytest

from bench import IMEI, MUG, PHONE, SHIRT, TRACKING, label
from codes import RULES, scan_of
from drivers.protocols import ScanOutcome, ScanSource, Symbology
from edge.barcodes.classify import classify
from edge.catalogue import ReturnLine
from edge.events import DeviceProven, MarkCaptured, ScanRead, UnitIdentified
from edge.station.decision import state_name
from known_bench import LONE, SURE, KnownBench, payloads

CAMERA = ScanSource.CAMERA
EAN = Symbology.EAN13
KI = f"01{SHIRT}215AbcXyz12345Z"
CRYPTO = "dGhlIHRhaWwgdGhhdCBub2JvZHkgZXZlciBtYXkgc2U="
MARK = f"{KI}\x1d91EE06\x1d92{CRYPTO}"


def at_parcel(*lines: ReturnLine) -> KnownBench:
    bench = KnownBench(lines=lines) if lines else KnownBench()
    bench.badge()
    bench.read(TRACKING)
    assert state_name(bench.state, bench.screen) == "PARCEL"
    return bench


def line(**changes: object) -> ReturnLine:
    base: dict[str, object] = {
        "rma": "88123", "line": "1", "tenant": "shop-a", "gtin": SHIRT, "qty": 2,
        "tracking": TRACKING,
    }  # fmt: skip
    return ReturnLine(**(base | changes))  # type: ignore[arg-type]


def shirt(bench: KnownBench, **changes: object) -> list[str]:
    return bench.read(SHIRT[1:], EAN, **changes)  # type: ignore[arg-type]


def doubtful(bench: KnownBench) -> bool:
    assert bench.screen.choice is not None
    return bench.screen.choice.code == "E17"


# ---------------------------------------------------------------- evidence


@pytest.mark.parametrize(
    ("source", "evidence", "opens"),
    [
        (ScanSource.SERIAL, None, True),
        (CAMERA, SURE, True),
        (CAMERA, LONE, False),
        (ScanSource.TYPED, None, False),
    ],
)
def test_an_awaited_piece_opens_by_itself_only_when_it_was_read_well_enough(
    source: ScanSource, evidence: object, *, opens: bool
) -> None:
    bench = at_parcel()
    kinds = shirt(bench, source=source, evidence=evidence)
    assert ("unit.opened" in kinds) is opens
    if not opens:
        assert doubtful(bench)
        assert payloads(bench.events, ScanRead)[-1].reject == "unconfirmed"  # type: ignore[attr-defined]


def test_a_doubtful_piece_opens_after_a_person_compared_it() -> None:
    bench = at_parcel()
    shirt(bench, source=CAMERA, evidence=LONE)
    assert bench.screen.choice is not None
    assert bench.screen.choice.p == {"code": SHIRT[1:]}
    assert "unit.opened" in bench.press("1")


def test_scan_again_leaves_nothing_behind() -> None:
    bench = at_parcel()
    shirt(bench, source=CAMERA, evidence=LONE)
    assert bench.press("2") == []
    assert state_name(bench.state, bench.screen) == "PARCEL"


def test_a_hand_scanner_settles_what_the_camera_left_in_doubt() -> None:
    bench = at_parcel()
    shirt(bench, source=CAMERA, device="cam-1", evidence=LONE)
    assert "unit.opened" in shirt(bench, after_ms=100)


def test_a_parcel_number_of_a_single_camera_vote_is_asked_for() -> None:
    bench = KnownBench()
    bench.badge()
    bench.read(TRACKING, Symbology.CODE128, source=CAMERA, evidence=LONE)
    assert doubtful(bench)
    assert "parcel.arrived" in bench.press("1")


def test_in_a_blind_parcel_a_camera_alone_names_no_piece() -> None:
    bench = KnownBench()
    bench.badge()
    bench.read("RB000000005RU", Symbology.CODE128)
    bench.press("1")
    assert state_name(bench.state, bench.screen) == "PARCEL"
    bench.read(MUG[1:], EAN, source=CAMERA, evidence=SURE)
    assert doubtful(bench)
    assert "unit.opened" in bench.read(MUG[1:], EAN)


def test_in_a_blind_parcel_a_number_of_restricted_circulation_is_asked_for() -> None:
    bench = KnownBench()
    bench.badge()
    bench.read("RB000000005RU", Symbology.CODE128)
    bench.press("1")
    bench.read("2012345678903", EAN)
    assert doubtful(bench)


# ---------------------------------------------------------------- duplicates


def test_one_print_seen_by_hand_and_by_camera_is_one_scan() -> None:
    bench = at_parcel()
    shirt(bench)
    assert shirt(bench, source=CAMERA, device="cam-1", after_ms=300) == []
    assert bench.last is not None
    assert bench.last.outcome is ScanOutcome.DUPLICATE


def test_readings_without_an_event_are_counted_in_the_next_one() -> None:
    bench = at_parcel()
    shirt(bench)
    shirt(bench, after_ms=200)
    shirt(bench, source=CAMERA, device="cam-1", after_ms=200)
    bench.tray("A1")
    assert payloads(bench.events, ScanRead)[-1].repeats == 2  # type: ignore[attr-defined]


def test_two_hand_scanners_are_two_people() -> None:
    bench = at_parcel(line())
    shirt(bench)
    assert shirt(bench, device="hand-2", after_ms=200) == ["scan.read"]


def test_the_same_article_again_is_quantity() -> None:
    bench = at_parcel(line())
    shirt(bench)
    bench.tray("A1")
    assert "unit.opened" in shirt(bench)


# ---------------------------------------------------------------- the same piece again


def open_phone(bench: KnownBench) -> list[str]:
    return bench.read(f"01{PHONE}21{IMEI}", Symbology.GS1_DATAMATRIX, aim="]d2")


@pytest.mark.parametrize("again", [f"01{PHONE}21{IMEI}", IMEI])
def test_a_piece_that_is_in_another_unit_is_an_alarm_in_every_later_parcel(again: str) -> None:
    first = at_parcel()
    open_phone(first)
    later = replace(at_parcel(), known=first.known)
    symbology = Symbology.GS1_DATAMATRIX if again.startswith("01") else Symbology.CODE128
    assert later.read(again, symbology) == ["scan.read"]
    assert later.screen.choice is not None
    assert later.screen.choice.code == "E24"
    assert later.screen.choice.p["st"] == "ST-01"
    assert payloads(later.events, ScanRead)[-1].reject == "seen_elsewhere"  # type: ignore[attr-defined]


def test_a_piece_of_another_unit_is_received_as_that_and_held() -> None:
    first = at_parcel()
    open_phone(first)
    later = replace(at_parcel(), known=first.known)
    open_phone(later)
    assert "unit.opened" in later.press("1")
    (found,) = payloads(later.events, UnitIdentified)
    assert (found.match, found.confirmed) == ("seen_elsewhere", False)  # type: ignore[attr-defined]


def test_a_blind_parcel_is_no_way_round_the_alarm() -> None:
    first = at_parcel()
    open_phone(first)
    later = KnownBench(known=first.known)
    later.badge()
    later.read("RB000000005RU", Symbology.CODE128)
    later.press("1")
    open_phone(later)
    assert later.screen.choice is not None
    assert later.screen.choice.code == "E24"


def test_the_serial_of_another_article_is_no_alarm() -> None:
    bench = at_parcel(line(serials=("S7",)), line(line="2", gtin=MUG, serials=("S7",)))
    bench.read(f"01{SHIRT}21S7", Symbology.GS1_DATAMATRIX, aim="]d2")
    bench.tray("A1")
    kinds = bench.read(f"01{MUG}21S7", Symbology.GS1_DATAMATRIX, aim="]d2")
    assert "unit.opened" in kinds


# ---------------------------------------------------------------- marking codes


def read_mark(bench: KnownBench, payload: str = MARK, **changes: object) -> list[str]:
    given: dict[str, object] = {"aim": "]d2"} | changes
    return bench.read(payload, Symbology.GS1_DATAMATRIX, **given)  # type: ignore[arg-type]


def captured(bench: KnownBench) -> MarkCaptured:
    (found,) = payloads(bench.events, MarkCaptured)
    assert isinstance(found, MarkCaptured)
    return found


def proven(bench: KnownBench) -> KnownBench:
    bench.profile = "a" * 64
    proof = DeviceProven(device="hand-1", profile_sha256="a" * 64, at_ms=1)
    bench.state = replace(bench.state, proven={"hand-1": proof})
    return bench


def test_the_sold_mark_read_whole_by_a_proven_scanner_is_intact() -> None:
    bench = proven(at_parcel(line(marks=(KI,))))
    assert "mark.captured" in read_mark(bench)
    mark = captured(bench)
    assert (mark.state, mark.match, mark.condition) == ("ok", "match", "intact")
    assert (mark.gs, mark.gs_proof, mark.group, mark.ki) == ("kept", "selftest", "clothes", KI)


def test_without_the_self_test_no_mark_is_good() -> None:
    bench = at_parcel(line(marks=(KI,)))
    read_mark(bench)
    mark = captured(bench)
    assert (mark.state, mark.match, mark.condition) == ("unproven", "match", None)


@pytest.mark.parametrize("torn", [MARK.replace("\x1d", ""), MARK.replace("\x1d92", "92")])
def test_a_torn_mark_is_refused_twice_and_then_names_only_the_sold_piece(torn: str) -> None:
    bench = proven(at_parcel(line(marks=(KI,))))
    for _ in range(2):
        assert read_mark(bench, torn) == ["scan.read"]
        assert bench.no == "E25"
    assert "unit.opened" in read_mark(bench, torn)
    mark = captured(bench)
    assert (mark.gs, mark.state, mark.match, mark.condition) == (
        "restored",
        "gs_lost",
        "match",
        None,
    )


def test_a_torn_mark_that_was_not_sold_never_opens_a_unit() -> None:
    bench = proven(at_parcel(line(marks=("other",))))
    for _ in range(4):
        assert "unit.opened" not in read_mark(bench, MARK.replace("\x1d", ""))


def test_another_code_between_begins_the_tries_anew() -> None:
    bench = proven(at_parcel(line(marks=(KI,))))
    torn = MARK.replace("\x1d", "")
    read_mark(bench, torn)
    read_mark(bench, torn)
    bench.read("hello", Symbology.CODE128)
    read_mark(bench, torn)
    assert bench.no == "E25"


def test_a_mark_by_a_reader_that_says_no_gs1_symbol_is_malformed() -> None:
    bench = proven(at_parcel(line()))
    bench.read(MARK, Symbology.DATAMATRIX, aim="]d1")
    assert captured(bench).state == "malformed"


@pytest.mark.parametrize("source", [ScanSource.TYPED, ScanSource.WEDGE])
def test_marks_are_neither_typed_nor_wedged(source: ScanSource) -> None:
    bench = at_parcel(line(marks=(KI,)))
    read_mark(bench, source=source, aim=None)
    assert bench.no == "E25"


def test_a_mark_of_another_unit_is_an_alarm() -> None:
    first = at_parcel(line(marks=(KI,)))
    read_mark(first)
    later = replace(at_parcel(line(marks=(KI,))), known=first.known)
    read_mark(later)
    assert later.screen.choice is not None
    assert later.screen.choice.code == "E24"


def test_the_tail_of_a_mark_is_in_no_screen_and_no_clear_text_of_an_event() -> None:
    bench = at_parcel(line(marks=(KI,)))
    read_mark(bench)
    read_mark(bench, MARK.replace("\x1d", ""))
    shown = f"{bench.screen!r} {bench.state!r} {bench.last!r}"
    assert CRYPTO[:8] not in shown
    texts = [event.text for event in payloads(bench.events, ScanRead)]  # type: ignore[attr-defined]
    assert not any(CRYPTO[:8] in text for text in texts)


# ---------------------------------------------------------------- commands


@pytest.mark.parametrize(
    ("text", "source", "no"),
    [
        ("RX-UNDO-0000", ScanSource.SERIAL, "E15"),
        (label("RX-UNDO"), ScanSource.CAMERA, "E16"),
        (label("RX-UNDO"), ScanSource.TYPED, "E16"),
        (label("RX-UNDO"), ScanSource.WEDGE, "E16"),
        (label("RB-0001"), ScanSource.CAMERA, "E16"),
        (label("RT-1-A1"), ScanSource.CAMERA, "E16"),
        (label("RX-UNDO")[:-1] + "I", ScanSource.SERIAL, "E15"),
    ],
)
def test_a_command_that_is_forged_seen_or_typed_drives_nothing(
    text: str, source: ScanSource, no: str
) -> None:
    bench = at_parcel()
    before = (bench.state.parcels, bench.state.units, bench.state.shift, bench.state.locked)
    assert bench.read(text, Symbology.CODE128, source=source) == ["scan.read"]
    assert bench.no == no
    after = bench.state
    assert (after.parcels, after.units, after.shift, after.locked) == before


def test_two_awaited_pieces_before_the_camera_are_asked_for_one_by_one() -> None:
    bench = at_parcel()
    phone = classify(scan_of(PHONE[1:], "ean13"), RULES)
    shirt_again = classify(scan_of(SHIRT[1:], "ean13"), RULES)
    bench.beside = (phone,)
    assert shirt(bench, source=CAMERA, device="cam-1") == ["scan.read"]
    assert bench.no == "E11"
    bench.beside = (shirt_again, classify(scan_of("hello"), RULES))
    assert "unit.opened" in shirt(bench, source=CAMERA, device="cam-1")
