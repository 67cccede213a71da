"""What the self-test cards say about a scanner: each of its settings by the bytes that it makes."""

from dataclasses import replace

import pytest

from drivers.protocols import DeviceName, FaultKind, Scan, ScanFault, ScanFlag, ScanSource
from drivers.wire.hid_keys import KeyDecoder, KeyEvent, KeyProfile
from drivers.wire.raw_codes import RawCode
from edge.commands.doctor.card_findings import findings, of_fault, stanza
from edge.commands.doctor.scanner import pace_of
from edge.labels.cards import self_test_cards
from keyboard import Style, Typist

CARD, KEYBOARD = (card.payload for card in self_test_cards())


def scan(payload: bytes, *flags: ScanFlag) -> Scan:
    return Scan(
        scan_no=1,
        payload=payload,
        device=DeviceName("hand-1"),
        source=ScanSource.HID,
        first_ns=0,
        at_ns=1,
        flags=frozenset(flags),
    )


def changes(payload: bytes, *flags: ScanFlag) -> dict[str, object]:
    found = findings(CARD, scan(payload, *flags), "F8")
    return {key: value for finding in found for key, value in finding.changes.items()}


def said(payload: bytes, *flags: ScanFlag) -> str:
    return "; ".join(one.said for one in findings(CARD, scan(payload, *flags), "F8"))


def test_the_pace_names_the_slowest_card_and_the_largest_gap() -> None:
    quick = replace(scan(CARD), at_ns=121_000_000, gap_ns=4_900_000)
    slow = replace(scan(KEYBOARD), at_ns=len(KEYBOARD) * 100_000_000, gap_ns=25_000_000)
    assert pace_of([quick]) == "1000 characters a second, largest gap 4.9 ms"
    said = "10 characters a second, largest gap 25.0 ms; too slow for idle_ms: raise its speed"
    assert pace_of([quick, slow]) == said
    assert pace_of([replace(quick, at_ns=0)]) == ""  # it came at once: nobody can tell


def test_the_very_bytes_have_no_difference() -> None:
    assert findings(CARD, scan(CARD), "F8") == ()
    assert findings(KEYBOARD, scan(KEYBOARD), "F8") == ()


@pytest.mark.parametrize(
    ("form", "wanted"),
    [(b"<GS>", "text:<GS>"), (b"{GS}", "text:{GS}"), (b"~", "char:~"), (b"^]", "text:^]")],
)
def test_gs_spelled_otherwise_is_named(form: bytes, wanted: str) -> None:
    assert changes(CARD.replace(b"\x1d", form)) == {"gs": [wanted]}


@pytest.mark.parametrize(
    ("flag", "wanted"),
    [
        (ScanFlag.GS_FKEY, "key:F8"),
        (ScanFlag.GS_CTRL, "ctrl_bracket"),
        (ScanFlag.GS_ALT, "alt_029"),
    ],
)
def test_gs_as_a_key_is_named(flag: ScanFlag, wanted: str) -> None:
    assert changes(CARD, flag) == {"gs": [wanted]}


def test_a_dropped_gs_has_a_cure_in_the_scanner_alone() -> None:
    assert said(CARD.replace(b"\x1d", b"")) == "GS is dropped"
    assert changes(CARD.replace(b"\x1d", b"")) == {}


def test_prefix_identifier_and_blanks_are_told_apart() -> None:
    assert changes(b"]d2" + CARD) == {"aim": True}
    assert changes(b"#:" + CARD) == {"prefix": "#:"}
    assert changes(b"#:]d2" + CARD) == {"aim": True, "prefix": "#:"}
    assert said(CARD + b"  ") == "blanks behind the code"
    assert changes(b"]d2" + CARD.replace(b"\x1d", b"~") + b" ") == {"aim": True, "gs": ["char:~"]}


def test_swapped_and_converted_case_are_told_apart() -> None:
    assert said(CARD.swapcase()) == "upper and lower case are swapped"
    assert changes(CARD.swapcase(), ScanFlag.CAPS) == {"caps": "ignore"}
    assert said(CARD.upper()) == "all letters come in upper case"
    assert said(CARD.lower()) == "all letters come in lower case"


@pytest.mark.parametrize("country", ["de", "fr"])
def test_a_scanner_of_another_country_is_known_by_what_a_us_keyboard_makes_of_it(
    country: str,
) -> None:
    """Typed by the keyboard of the tests, decoded by the product's: two tables of their own."""
    events = Typist(Style(country=country)).code(CARD)
    decoder = KeyDecoder(KeyProfile())
    (code,) = decoder.feed(KeyEvent(e.at_ns, e.kind, e.code, e.value) for e in events)
    assert isinstance(code, RawCode)
    assert changes(code.payload, *code.flags) == {"layout": country, "gs": ["ctrl_bracket"]}


def test_bytes_in_no_known_way_are_told_with_their_place() -> None:
    assert "from character 6 on" in said(CARD[:5] + b"X" + CARD[6:])


def fault(kind: FaultKind, head: bytes = b"") -> ScanFault:
    return ScanFault(
        scan_no=1, device=DeviceName("hand-1"), kind=kind, chars=len(head), at_ns=1, head=head
    )


def test_faults_name_suffix_speed_and_framing() -> None:
    assert of_fault(fault(FaultKind.NO_TERMINATOR)).changes == {"end": "tab"}
    noise = of_fault(fault(FaultKind.CONTROL_CHAR, b"\x80\xfe\x00\x80\xf8"))
    assert noise.cure.startswith("baud")
    framed = of_fault(fault(FaultKind.CONTROL_CHAR, b"\x020102000\x03"))
    assert framed.changes == {"framing": "stx_etx"}
    packed = of_fault(
        fault(FaultKind.CONTROL_CHAR, b"\x7e\xf3\x00\x00\x1b0102000000000821SELFTEST")
    )
    assert packed.changes == {"framing": "ssi"}
    assert all(of_fault(fault(kind)).cure for kind in FaultKind)


def test_the_stanza_is_toml() -> None:
    text = stanza("scanner.hand-1", {"profile": {"gs": ['text:"\\'], "aim": True, "idle_ms": 50}})
    assert text == (
        '[scanner.hand-1]\nprofile = { gs = ["text:\\"\\\\"], aim = true, idle_ms = 50 }'
    )
