"""Key streams of every shape: whole codes once, in order, byte for byte; never anything else."""

import itertools
import random
from collections.abc import Sequence

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from drivers.protocols import FaultKind
from drivers.wire.hid_keys import KeyDecoder, KeyEnd, KeyEvent, KeyProfile
from drivers.wire.raw_codes import RawCode, RawFault
from key_trial import trial
from keyboard import ENTER, KEYPAD_ENTER, TAB, Event, Style, Typist

IDLE_NS = 50_000_000
TORN_NS = 2_000_000_000
FORMS = {"ctrl": "ctrl_bracket", "F8": "key:F8", "F12": "key:F12", "alt": "alt_029"}
TORN = {
    FaultKind.DROPPED,
    FaultKind.UNPLUGGED,
    FaultKind.NO_TERMINATOR,
    FaultKind.UNMAPPED_KEY,
}

payloads = st.text(
    st.sampled_from([chr(c) for c in range(0x20, 0x7F)] + ["\x1d"]), min_size=1, max_size=24
).map(str.encode)
styles = st.builds(
    Style,
    gs=st.sampled_from(sorted(FORMS)),
    end=st.sampled_from([ENTER, KEYPAD_ENTER, TAB]),
    with_scan_codes=st.booleans(),
    with_repeats=st.booleans(),
    rolls_over=st.booleans(),
    joins=st.booleans(),
    holds_shift=st.booleans(),
    shifts_first=st.booleans(),
    uses_caps=st.booleans(),
    taps_num_lock=st.booleans(),
)
cuts = st.lists(st.integers(1, 64), min_size=1, max_size=20)


def profile_of(style: Style) -> KeyProfile:
    end = KeyEnd.TAB if style.end == TAB else KeyEnd.ENTER
    return KeyProfile(end=end, gs=(FORMS[style.gs],))


def feed(decoder: KeyDecoder, events: Sequence[Event]) -> list[RawCode | RawFault]:
    return decoder.feed(KeyEvent(e.at_ns, e.kind, e.code, e.value) for e in events)


def in_batches(
    decoder: KeyDecoder, events: Sequence[Event], sizes: Sequence[int]
) -> list[RawCode | RawFault]:
    found: list[RawCode | RawFault] = []
    start = 0
    for size in itertools.cycle(sizes):
        if start >= len(events):
            return found
        found += feed(decoder, events[start : start + size])
        start += size
    return found


def codes(found: Sequence[RawCode | RawFault]) -> list[bytes]:
    return [one.payload for one in found if isinstance(one, RawCode)]


def is_in_order(some: Sequence[bytes], every: Sequence[bytes]) -> bool:
    """Return whether `some` is `every` with items left out."""
    rest = iter(every)
    return all(any(one == other for other in rest) for one in some)


def faults(found: Sequence[RawCode | RawFault]) -> list[RawFault]:
    return [one for one in found if isinstance(one, RawFault)]


@given(styles, st.lists(payloads, min_size=1, max_size=4), cuts, st.sampled_from([0, 2 * IDLE_NS]))
def test_whole_codes_come_out_once_in_order_and_equal(
    style: Style, sent: list[bytes], sizes: list[int], rest_ns: int
) -> None:
    typist = Typist(style)
    events = []
    for payload in sent:
        events += typist.code(payload)
        typist.pause(rest_ns)
    found = in_batches(KeyDecoder(profile_of(style)), events, sizes)
    assert codes(found) == sent
    assert faults(found) == []


@given(styles, payloads, payloads, st.data())
def test_a_pause_inside_a_code_gives_neither_head_nor_tail(
    style: Style, torn: bytes, whole: bytes, data: st.DataObject
) -> None:
    typist = Typist(style)
    packets = typist.packets(torn)
    first, last = first_and_last_key(packets)
    assume(first < last)
    at = data.draw(st.integers(first + 1, last), label="packets before the pause")
    pause_ns = data.draw(st.integers(IDLE_NS, TORN_NS - IDLE_NS), label="pause")
    head, tail = packets[:at], packets[at:]
    later = [[Event(e.at_ns + pause_ns, e.kind, e.code, e.value) for e in p] for p in tail]
    typist.pause(pause_ns + TORN_NS)
    events = [e for p in (*head, *later) for e in p] + typist.code(whole)
    found = feed(KeyDecoder(profile_of(style)), events)
    assert codes(found) == [whole]
    assert any(fault.kind is FaultKind.NO_TERMINATOR for fault in faults(found))
    assert all(fault.head == b"" for fault in faults(found))


def first_and_last_key(packets: list[list[Event]]) -> tuple[int, int]:
    """Return the packet of the first character key going down and that of the end key."""
    silent = {29, 42, 54, 56, 58, 69}  # modifiers and locks are no part of a code by themselves
    keypad = set(range(71, 84))  # digits under Alt: a character only when Alt goes up
    downs = [
        place
        for place, packet in enumerate(packets)
        if any(e.kind == 1 and e.value == 1 and e.code not in silent | keypad for e in packet)
    ]
    return downs[0], downs[-1]


@given(styles, st.lists(payloads, min_size=1, max_size=4), st.data())
def test_after_lost_events_nothing_is_made_up_and_the_next_code_is_whole(
    style: Style, sent: list[bytes], data: st.DataObject
) -> None:
    """The kernel's ring: at an overflow all unread events go, SYN_DROPPED stands for them."""
    typist = Typist(style)
    events = [event for payload in sent for event in typist.code(payload)]
    start = data.draw(st.integers(0, len(events) - 1), label="first lost event")
    end = data.draw(st.integers(start + 1, len(events)), label="end of the loss")
    at_ns = events[start].at_ns
    decoder = KeyDecoder(profile_of(style))
    found = feed(decoder, [*events[:start], Event(at_ns, 0, 3, 0), *events[end:]])
    found += feed(decoder, [Event(typist.now_ns, 0, 0, 0)])
    assert decoder.needs_reload
    decoder.reload([], typist.now_ns)
    typist.pause(TORN_NS)
    found += feed(decoder, typist.code(b"Whole_1"))
    got = codes(found)
    assert got[-1] == b"Whole_1"
    assert is_in_order(got[:-1], sent)
    assert faults(found)[0].kind is FaultKind.DROPPED
    assert all(fault.head == b"" for fault in faults(found) if fault.kind in TORN)


@given(styles, st.lists(payloads, min_size=1, max_size=3), st.data())
def test_unplug_at_any_event_leaves_only_whole_codes(
    style: Style, sent: list[bytes], data: st.DataObject
) -> None:
    typist = Typist(style)
    events = [event for payload in sent for event in typist.code(payload)]
    cut = data.draw(st.integers(0, len(events)), label="events before the unplug")
    decoder = KeyDecoder(profile_of(style))
    found = feed(decoder, events[:cut])
    found += decoder.unplugged(typist.now_ns)
    got = codes(found)
    assert got == sent[: len(got)]
    assert [fault.kind for fault in faults(found)] in ([], [FaultKind.UNPLUGGED])


@given(st.lists(st.tuples(styles, st.lists(payloads, min_size=1, max_size=3)), min_size=2,
                max_size=4), st.randoms(use_true_random=False))  # fmt: skip
def test_devices_never_influence_each_other(
    hands: list[tuple[Style, list[bytes]]], order: random.Random
) -> None:
    queues = []
    for style, sent in hands:
        typist = Typist(style)
        events = [event for payload in sent for event in typist.code(payload)]
        queues.append((KeyDecoder(profile_of(style)), events, list[bytes](), sent))
    turns = [place for place, queue in enumerate(queues) for _ in queue[1]]
    order.shuffle(turns)
    positions = [0] * len(queues)
    for turn in turns:
        decoder, events, got, _ = queues[turn]
        got += codes(feed(decoder, [events[positions[turn]]]))
        positions[turn] += 1
    assert all(got == sent for _, _, got, sent in queues)


soup = st.builds(
    Event,
    at_ns=st.integers(0, 4_000_000_000),
    kind=st.sampled_from([0, 1, 1, 1, 4, 17]),
    code=st.sampled_from([0, 3, 28, 29, 30, 42, 56, 58, 59, 69, 82, 96, 125, 300, 767]),
    value=st.sampled_from([0, 1, 1, 2, -1]),
)


@given(st.lists(soup, max_size=200), st.sampled_from([True, False]))
def test_any_soup_of_events_raises_nothing_and_ends_at_rest(
    events: list[Event], reloads: bool
) -> None:
    decoder = KeyDecoder(KeyProfile(gs=("ctrl_bracket", "alt_029", "key:F1")))
    for event in events:
        found = feed(decoder, [event]) + decoder.tick(event.at_ns)
        assert all(len(code) <= 4096 for code in codes(found))
        if reloads and decoder.needs_reload:
            decoder.reload([42], event.at_ns)
    feed(decoder, [Event(5_000_000_000, 0, 0, 0)])
    decoder.reload([], 5_000_000_000)
    decoder.tick(7_000_000_000)
    decoder.tick(10_000_000_000)
    typist = Typist(Style(), now_ns=11_000_000_000)
    assert codes(feed(decoder, typist.code(b"12345"))) == [b"12345"]


@settings(max_examples=2_000)
@given(st.integers(0, 2**64))
def test_scanners_at_once_through_ring_stall_and_unplug_lose_nothing_silently(seed: int) -> None:
    assert trial(random.Random(seed)) >= 1
