"""The key decoder: each rule of typing by one example."""

from itertools import pairwise

import pytest

from drivers.protocols import FaultKind, ScanFlag
from drivers.wire import hid_layout
from drivers.wire.hid_keys import Caps, KeyDecoder, KeyEnd, KeyEvent, KeyProfile, Layout
from drivers.wire.raw_codes import RawCode, RawFault
from keyboard import CAPS_LOCK, ENTER, ESCAPE, KEYPAD_ENTER, TAB, Event, Style, Typist

EAN = b"4607112010017"
MARK = b"010460711201001721abc\x1d91TEST"
IDLE_NS = 50_000_000
EV_KEY = 1


def events_of(events: list[Event]) -> list[KeyEvent]:
    return [KeyEvent(e.at_ns, e.kind, e.code, e.value) for e in events]


def read(profile: KeyProfile, events: list[Event]) -> list[RawCode | RawFault]:
    return KeyDecoder(profile).feed(events_of(events))


def texts(found: list[RawCode | RawFault]) -> list[bytes | FaultKind]:
    return [one.payload if isinstance(one, RawCode) else one.kind for one in found]


def test_digits_and_enter_are_one_code_with_kernel_times() -> None:
    typist = Typist(Style())
    events = typist.code(EAN)
    (code,) = read(KeyProfile(), events)
    assert isinstance(code, RawCode)
    assert code.payload == EAN
    assert code.first_ns == events[0].at_ns
    assert events[0].at_ns < code.at_ns <= events[-1].at_ns


def test_the_longest_silence_between_two_characters_is_told() -> None:
    typist, events = Typist(Style(end=0)), []
    for part in (b"46", b"07", b"1"):
        events += typist.code(part)
        typist.pause(3_000_000 * len(part))
    typist.style = Style()
    events += typist.code(b"9")
    (code,) = read(KeyProfile(), events)
    assert isinstance(code, RawCode)
    downs = [e.at_ns for e in events if e.kind == EV_KEY and e.value == 1][:6]
    assert code.gap_ns == max(later - one for one, later in pairwise(downs))
    assert 6_000_000 <= code.gap_ns < 12_000_000


def test_every_printable_character_is_itself() -> None:
    text = bytes(range(0x20, 0x7F))
    assert texts(read(KeyProfile(), Typist(Style()).code(text))) == [text]


@pytest.mark.parametrize("end", [ENTER, KEYPAD_ENTER])
def test_both_enter_keys_end_a_code(end: int) -> None:
    assert texts(read(KeyProfile(), Typist(Style(end=end)).code(EAN))) == [EAN]


def test_tab_ends_a_code_where_configured() -> None:
    assert texts(read(KeyProfile(end=KeyEnd.TAB), Typist(Style(end=TAB)).code(EAN))) == [EAN]


@pytest.mark.parametrize(
    ("form", "style", "flag"),
    [
        ("ctrl_bracket", Style(gs="ctrl"), ScanFlag.GS_CTRL),
        ("key:F8", Style(gs="F8"), ScanFlag.GS_FKEY),
        ("key:F12", Style(gs="F12"), ScanFlag.GS_FKEY),
        ("alt_029", Style(gs="alt"), ScanFlag.GS_ALT),
        ("alt_029", Style(gs="alt", taps_num_lock=True), ScanFlag.GS_ALT),
    ],
)
def test_each_form_of_gs_becomes_0x1d(form: str, style: Style, flag: ScanFlag) -> None:
    (code,) = read(KeyProfile(gs=(form,)), Typist(style).code(MARK))
    assert isinstance(code, RawCode)
    assert code.payload == MARK
    assert code.flags == {flag}


@pytest.mark.parametrize(
    ("style", "kind"),
    [
        (Style(gs="F8"), FaultKind.UNMAPPED_KEY),
        (Style(gs="ctrl"), FaultKind.CONTROL_CHAR),
        (Style(gs="alt"), FaultKind.CONTROL_CHAR),
    ],
)
def test_gs_in_another_form_than_configured_refuses_the_code(style: Style, kind: FaultKind) -> None:
    assert texts(read(KeyProfile(gs=("none",)), Typist(style).code(MARK))) == [kind]


def test_an_unknown_key_refuses_the_whole_code_and_the_next_is_whole() -> None:
    typist = Typist(Style(end=0))
    events = typist.code(b"460") + typist.key(ESCAPE)
    typist.style = Style()
    events += typist.code(b"711") + typist.code(EAN)
    assert texts(read(KeyProfile(), events)) == [FaultKind.UNMAPPED_KEY, EAN]


def test_a_second_enter_is_no_code() -> None:
    typist = Typist(Style())
    events = typist.code(EAN) + typist.key(ENTER) + typist.code(b"42")
    assert texts(read(KeyProfile(), events)) == [EAN, b"42"]


def test_a_line_feed_behind_enter_is_no_code() -> None:
    ctrl_j = [(29, 1), (36, 1), (36, 0), (29, 0)]
    decoder = KeyDecoder(KeyProfile())
    found = decoder.feed(events_of(Typist(Style()).code(EAN)))
    found += decoder.feed(packets(ctrl_j, start_ns=1_001_000_000))
    found += decoder.tick(5_000_000_000)
    assert texts(found) == [EAN]


def packets(changes: list[tuple[int, int]], *, start_ns: int = 1_000_000_000) -> list[KeyEvent]:
    """One packet a change."""
    found = []
    for place, (code, value) in enumerate(changes):
        at_ns = start_ns + place * 1000
        found += [KeyEvent(at_ns, 1, code, value), KeyEvent(at_ns, 0, 0, 0)]
    return found


def test_the_modifiers_of_a_packet_count_before_its_keys() -> None:
    in_one = [KeyEvent(1000, 1, 30, 1), KeyEvent(1000, 1, 42, 1), KeyEvent(1000, 0, 0, 0)]
    decoder = KeyDecoder(KeyProfile())
    found = decoder.feed([*in_one, *packets([(30, 0), (42, 0), (28, 1)], start_ns=2000)])
    assert texts(found) == [b"A"]


def test_caps_lock_is_followed_or_ignored() -> None:
    typist = Typist(Style())
    events = typist.key(CAPS_LOCK) + typist.code(b"aB1") + typist.key(CAPS_LOCK)
    assert texts(read(KeyProfile(), events)) == [b"Ab1"]
    assert texts(read(KeyProfile(caps=Caps.IGNORE), events)) == [b"aB1"]


def test_silence_inside_a_code_refuses_head_and_tail() -> None:
    typist = Typist(Style(end=0))
    events = typist.code(b"46071")
    typist.pause(IDLE_NS + 1)
    typist.style = Style()
    events += typist.code(b"12010017")
    typist.pause(IDLE_NS)
    events += typist.code(EAN)
    found = read(KeyProfile(), events)
    assert texts(found) == [FaultKind.NO_TERMINATOR, FaultKind.NO_TERMINATOR, EAN]
    assert all(one.head == b"" for one in found if isinstance(one, RawFault))


def test_after_two_seconds_a_cut_code_has_no_tail_any_more() -> None:
    typist = Typist(Style(end=0))
    decoder = KeyDecoder(KeyProfile())
    found = decoder.feed(events_of(typist.code(b"46071")))
    found += decoder.tick(typist.now_ns + IDLE_NS)
    typist.style = Style()
    typist.pause(2_000_000_000)
    found += decoder.feed(events_of(typist.code(EAN)))
    assert texts(found) == [FaultKind.NO_TERMINATOR, EAN]


def test_dropped_events_refuse_everything_up_to_a_silence() -> None:
    typist = Typist(Style())
    first, second = typist.code(EAN), typist.code(b"4601234567893")
    drop = [Event(first[20].at_ns, 0, 3, 0), Event(first[20].at_ns, 0, 0, 0)]
    decoder = KeyDecoder(KeyProfile())
    found = decoder.feed(events_of(first[:20] + drop + first[40:] + second))
    assert decoder.needs_reload
    decoder.reload([], typist.now_ns)
    typist.pause(IDLE_NS)
    found += decoder.feed(events_of(typist.code(b"42")))
    assert texts(found) == [FaultKind.DROPPED, b"42"]


def test_nothing_is_believed_after_a_drop_before_the_held_keys_are_known() -> None:
    decoder = KeyDecoder(KeyProfile())
    found = decoder.feed([KeyEvent(1000, 0, 3, 0), KeyEvent(1000, 0, 0, 0)])
    typist = Typist(Style())
    found += decoder.feed(events_of(typist.code(EAN)))
    assert texts(found) == [FaultKind.DROPPED]


def test_shift_that_is_held_over_a_drop_is_known_from_the_kernel() -> None:
    decoder = KeyDecoder(KeyProfile())
    found = decoder.feed([KeyEvent(1000, 0, 3, 0), KeyEvent(1000, 0, 0, 0)])
    decoder.reload([42], 1000)
    found += decoder.feed(packets([(30, 1), (30, 0), (42, 0), (28, 1)]))
    assert texts(found) == [FaultKind.DROPPED, b"A"]


def test_unplug_inside_a_code_is_a_fault_and_between_codes_none() -> None:
    typist = Typist(Style())
    decoder = KeyDecoder(KeyProfile())
    assert texts(decoder.feed(events_of(typist.code(EAN)))) == [EAN]
    assert decoder.unplugged(typist.now_ns) == []
    decoder.feed(events_of(typist.code(b"460")[:9]))
    (fault,) = decoder.unplugged(typist.now_ns)
    assert isinstance(fault, RawFault)
    assert (fault.kind, fault.head) == (FaultKind.UNPLUGGED, b"")


def test_a_decoder_that_joins_a_stream_refuses_the_tail_it_meets() -> None:
    typist = Typist(Style())
    decoder = KeyDecoder(KeyProfile())
    decoder.join([], typist.now_ns)
    found = decoder.feed(events_of(typist.code(b"10017")))
    typist.pause(IDLE_NS)
    found += decoder.feed(events_of(typist.code(EAN)))
    assert texts(found) == [FaultKind.DROPPED, EAN]


def test_silence_ends_a_code_where_lengths_are_configured() -> None:
    profile = KeyProfile(end=KeyEnd.IDLE, accept=(13,))
    typist = Typist(Style(end=0))
    decoder = KeyDecoder(profile)
    found = decoder.feed(events_of(typist.code(EAN)))
    assert found == []
    found = decoder.tick(typist.now_ns + IDLE_NS)
    assert texts(found) == [EAN]
    assert isinstance(found[0], RawCode)
    assert found[0].flags == {ScanFlag.IDLE_END}


def test_alt_codes_above_127_need_a_code_page() -> None:
    alt_0233 = [(56, 1), (82, 1), (82, 0), (80, 1), (80, 0), (81, 1), (81, 0), (81, 1), (81, 0)]
    keys = packets([*alt_0233, (56, 0), (28, 1)])
    assert texts(KeyDecoder(KeyProfile()).feed(keys)) == [FaultKind.UNMAPPED_KEY]
    page = KeyProfile(alt_codepage="cp1252")
    assert texts(KeyDecoder(page).feed(keys)) == ["é".encode()]


def test_alt_with_another_key_refuses_the_code() -> None:
    keys = packets([(30, 1), (30, 0), (56, 1), (31, 1), (31, 0), (56, 0), (28, 1)])
    assert texts(KeyDecoder(KeyProfile()).feed(keys)) == [FaultKind.UNMAPPED_KEY]


def test_a_packet_without_end_is_thrown_away_as_dropped() -> None:
    decoder = KeyDecoder(KeyProfile())
    assert decoder.feed([KeyEvent(1000, 1, 30, 1)] * 10_000) == []
    assert texts(decoder.feed([KeyEvent(1000, 0, 0, 0)])) == [FaultKind.DROPPED]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ({"gs": ("key:Q",)}, "gs"),
        ({"gs": ("none", "alt_029")}, "gs"),
        ({"gs": ("text:",)}, "gs"),
        ({"gs": ("char:XY",)}, "gs"),
        ({"idle_ms": 5}, "idle_ms"),
        ({"end": KeyEnd.IDLE}, "accept"),
        ({"accept": (13,)}, "accept"),
        ({"alt_codepage": "utf-8"}, "alt_codepage"),
        ({"alt_codepage": "nowhere"}, "alt_codepage"),
    ],
)
def test_a_wrong_profile_names_its_key(text: dict[str, object], key: str) -> None:
    with pytest.raises(ValueError, match=f"^{key}: "):
        KeyProfile(**text)  # type: ignore[arg-type]


def test_the_layout_agrees_with_the_names_of_the_kernel() -> None:
    ecodes = pytest.importorskip("evdev.ecodes", reason="evdev is the extra `hid`").ecodes
    for code, (alone, _) in hid_layout.US.items():
        if alone.isalnum():
            assert ecodes[f"KEY_{alone.upper()}"] == code
    for code, digit in hid_layout.KEYPAD_DIGITS.items():
        assert ecodes[f"KEY_KP{digit}"] == code
    for name, code in hid_layout.FUNCTION_KEYS.items():
        assert ecodes[f"KEY_{name}"] == code
    others = {"KEY_LEFTALT": 56, "KEY_KPENTER": 96, "KEY_CAPSLOCK": 58, "KEY_NUMLOCK": 69}
    assert {name: ecodes[name] for name in others} == others


def test_a_broken_idle_profile_heals_after_a_drop_in_silence() -> None:
    decoder = KeyDecoder(KeyProfile(end=KeyEnd.IDLE, accept=(13,)))
    typist = Typist(Style(end=0))
    found = decoder.feed([KeyEvent(1000, 0, 3, 0), KeyEvent(1000, 0, 0, 0)])
    decoder.reload([], 1000)
    typist.now_ns = 2000
    found += decoder.feed(events_of(typist.code(EAN)))
    typist.pause(IDLE_NS)
    found += decoder.feed(events_of(typist.code(EAN)))
    found += decoder.tick(typist.now_ns + IDLE_NS)
    assert texts(found) == [FaultKind.DROPPED, FaultKind.NO_TERMINATOR, EAN]


@pytest.mark.parametrize("control", [29, 97])
def test_ctrl_with_a_key_that_has_no_control_character_refuses_the_code(control: int) -> None:
    keys = packets([(30, 1), (30, 0), (control, 1), (3, 1), (3, 0), (control, 0), (28, 1)])
    assert texts(KeyDecoder(KeyProfile()).feed(keys)) == [FaultKind.UNMAPPED_KEY]


def test_the_end_key_of_another_profile_is_a_control_character_of_the_code() -> None:
    found = read(KeyProfile(end=KeyEnd.TAB), Typist(Style(end=ENTER)).code(b"46"))
    assert found == []
    typist = Typist(Style(end=ENTER))
    events = typist.code(b"46") + typist.key(TAB)
    assert texts(read(KeyProfile(end=KeyEnd.TAB), events)) == [b"46\r"]


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("joins", [False, True])
def test_every_printable_character_is_itself_in_every_country(layout: Layout, joins: bool) -> None:
    text = bytes(range(0x20, 0x7F))
    style = Style(country=layout.value, joins=joins, shifts_first=True)
    assert texts(read(KeyProfile(layout=layout), Typist(style).code(text))) == [text]


@pytest.mark.parametrize("layout", Layout)
def test_ctrl_and_the_place_of_the_bracket_are_gs_in_every_country(layout: Layout) -> None:
    assert texts(read(KeyProfile(layout=layout), Typist(Style(country=layout)).code(MARK))) == [
        MARK
    ]


@pytest.mark.parametrize(
    ("layout", "presses"),
    [
        (Layout.DE, [(12, 1), (12, 0)]),  # ß
        (Layout.DE, [(41, 1), (41, 0), (30, 1), (30, 0)]),  # dead ^ and a: â
        (Layout.DE, [(13, 1), (13, 0), (57, 1), (57, 0)]),  # dead ´ and a space
        (Layout.DE, [(58, 1), (58, 0), (2, 1), (2, 0)]),  # a digit under CapsLock: 1 or !
        (Layout.FR, [(3, 1), (3, 0)]),  # é
        (Layout.FR, [(30, 1), (30, 0), (26, 1), (26, 0)]),  # nothing behind a dead key
    ],
)
def test_a_key_without_one_sure_ascii_character_refuses_the_code(
    layout: Layout, presses: list[tuple[int, int]]
) -> None:
    decoder = KeyDecoder(KeyProfile(layout=layout))
    found = decoder.feed(packets([*presses, (28, 1), (28, 0)]))
    found += decoder.feed(packets([(30, 1), (30, 0), (28, 1)], start_ns=1_001_000_000))
    assert [one.kind for one in found if isinstance(one, RawFault)] == [FaultKind.UNMAPPED_KEY]


def test_alt_gr_may_be_typed_as_ctrl_and_alt() -> None:
    keys = [(29, 1), (56, 1), (16, 1), (16, 0), (56, 0), (29, 0), (28, 1)]
    assert texts(KeyDecoder(KeyProfile(layout=Layout.DE)).feed(packets(keys))) == [b"@"]
    found = KeyDecoder(KeyProfile()).feed(packets(keys))
    assert texts(found) == [FaultKind.UNMAPPED_KEY]
