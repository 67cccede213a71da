"""F10: a code that cannot be scanned is typed, and is never believed like a scanned one."""

from bench import SHIRT, TRACKING, Bench, label
from drivers.protocols import DeviceName, ScanSource
from edge.station.decision import state_name


def _typed(bench: Bench, text: str) -> list[str]:
    """What the service makes of Enter: a scan with the characters that stand there."""
    bench.press("f10", *text)
    assert bench.screen.entry == text
    return bench.scan(text, device=DeviceName("terminal"), source=ScanSource.TYPED)


def test_a_typed_parcel_number_is_asked_back_before_it_counts() -> None:
    bench = Bench()
    bench.badge()
    assert _typed(bench, TRACKING) == ["scan.read"]
    assert bench.no == "E17"
    assert "parcel.opened" in bench.press("1")


def test_characters_come_and_go_and_esc_leads_back() -> None:
    bench = Bench()
    bench.parcel()
    bench.press("f10", "9", "A", "7", "backspace", "B")
    assert bench.screen.entry == "AB"
    assert state_name(bench.state, bench.screen) == "ENTRY"
    bench.press("?")
    assert bench.no == "E00"
    bench.press("backspace", "backspace", "backspace")
    assert state_name(bench.state, bench.screen) == "PARCEL"
    bench.press("f10", "9", "esc")
    assert state_name(bench.state, bench.screen) == "PARCEL"


def test_badges_and_commands_cannot_be_typed() -> None:
    bench = Bench()
    bench.badge()
    for code in (label("RB-0001"), label("RX-UNDO")):
        _typed(bench, code)
        assert bench.no == "E16"


def test_a_danger_is_told_while_a_code_is_typed() -> None:
    bench = Bench()
    bench.parcel()
    bench.shirt()
    bench.press("f10", "1")
    assert "danger.raised" in bench.press("f11")


def test_a_scan_while_typing_is_the_code() -> None:
    bench = Bench()
    bench.parcel()
    bench.press("f10", "9", "1", "2")
    assert "unit.opened" in bench.shirt()
    assert bench.screen.entry is None
    assert bench.state.unit is not None
    assert bench.state.unit.gtin == SHIRT
