"""One drawn shift of keyboard scanners: what they type, what the kernel and the reader do to it.

`trial` holds the whole way from events to codes against what was typed: a code is told once and
whole, or something is told in its stead; nothing else is ever told.
"""

import itertools
import random
from dataclasses import dataclass, field

from drivers.protocols import DeviceName, FaultKind, Scan, ScanFault, ScanSource
from drivers.wire.code_gate import CodeGate
from drivers.wire.hid_keys import Caps, KeyDecoder, KeyEnd, KeyEvent, KeyProfile, Layout
from drivers.wire.raw_codes import RawCode, RawFault
from key_ring import Ring
from keyboard import ENTER, KEYPAD_ENTER, TAB, Event, Style, Typist

IDLE_NS = 50_000_000
LOOK_NS = 20_000_000
SECOND_NS = 1_000_000_000
GS = "\x1d"
_FORMS = {
    "ctrl": "ctrl_bracket",
    "F8": "key:F8",
    "F12": "key:F12",
    "alt": "alt_029",
    "{GS}": "text:{GS}",
    "<GS>": "text:<GS>",
    "~": "char:~",
}
_READS = 0.3  # so often the reader comes round after an event
_SURE_PRESSES = 3  # one of them is no modifier
_SIGNS = [chr(code) for code in range(0x21, 0x7E) if chr(code) not in "{}<>]"]
_RESTS = (0, 3_000_000, LOOK_NS + 1, 2 * IDLE_NS, 3 * SECOND_NS)
_PACES = (1_000, 200_000, 1_000_000, 8_000_000)


@dataclass(slots=True)
class Hand:
    """One scanner at one port: its profile, its events, and which code each belongs to."""

    style: Style
    profile: KeyProfile
    form: str
    sent: list[bytes] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)


def trial(rng: random.Random) -> int:
    """Try one to three scanners at once; return how many. Raises AssertionError."""
    hands = [_hand(rng) for _ in range(rng.choice((1, 1, 2, 3)))]
    readers = [_Reader(rng, hand) for hand in hands]
    waiting = list(readers)
    while waiting:
        reader = rng.choice(waiting)
        for _ in range(rng.randrange(1, 40)):
            if not reader.step():
                waiting.remove(reader)
                break
    for reader in readers:
        reader.judge()
    return len(hands)


def _hand(rng: random.Random) -> Hand:
    end = rng.choice((ENTER, ENTER, KEYPAD_ENTER, TAB, 0))
    form = rng.choice(tuple(_FORMS))
    country = rng.choice(("us", "us", "de", "fr"))
    gs = form if form in ("ctrl", "F8", "F12", "alt") else "ctrl"
    flags = [rng.random() < 0.4 for _ in range(7)]
    style = Style(
        gs=gs,
        end=end,
        country=country,
        with_scan_codes=flags[0],
        with_repeats=flags[1],
        rolls_over=flags[2],
        joins=flags[3],
        holds_shift=flags[4],
        shifts_first=flags[5],
        uses_caps=flags[6] and country == "us",
        taps_num_lock=rng.random() < 0.5,
    )
    hand = Hand(style, _profile(rng, style, form), form)
    _type(rng, hand)
    return hand


def _profile(rng: random.Random, style: Style, form: str) -> KeyProfile:
    ends = {ENTER: KeyEnd.ENTER, KEYPAD_ENTER: KeyEnd.ENTER, TAB: KeyEnd.TAB, 0: KeyEnd.IDLE}
    return KeyProfile(
        end=ends[style.end],
        prefix=rng.choice(("", "", "#:", "~#")) if form != "~" else "",
        aim=rng.random() < 0.3,
        gs=(_FORMS[form],),
        caps=Caps.FOLLOW,
        layout=Layout(style.country),
        accept=() if style.end else (12,),
    )


def _type(rng: random.Random, hand: Hand) -> None:
    typist = Typist(hand.style, step_ns=rng.choice(_PACES))
    for number in range(rng.randrange(1, 4)):
        text = _payload(rng, number, hand.profile)
        dressed = text.replace(GS, hand.form) if hand.form in ("{GS}", "<GS>", "~") else text
        dressed = hand.profile.prefix + ("]d2" if hand.profile.aim else "") + dressed
        first = len(hand.events)
        hand.events += typist.code(dressed.encode())
        hand.sent.append(text.encode())
        hand.spans.append((first, len(hand.events)))
        rest = rng.choice(_RESTS) if hand.style.end else 2 * IDLE_NS
        typist.pause(rest)


def _payload(rng: random.Random, number: int, profile: KeyProfile) -> str:
    """Return a text that occurs once; where silence ends codes all are of one length."""
    size = rng.randrange(1, 16) if profile.end is not KeyEnd.IDLE else 11
    if rng.random() < 0.4:
        body = "".join(rng.choices("0123456789", k=size))
    else:
        body = "".join(rng.choices([*_SIGNS, GS], k=size))
    return f"{number}{body}"


class _Reader:
    """The ring, the reader with its stalls, decoder and gate of one hand."""

    def __init__(self, rng: random.Random, hand: Hand) -> None:
        self._rng = rng
        self._hand = hand
        self._ring = Ring(is_masked=rng.random() < 0.8)
        self._numbers = itertools.count(1)
        self._decoder = KeyDecoder(hand.profile)
        self._gate = CodeGate(
            DeviceName("d"), ScanSource.HID, hand.profile.gate_rules(), numbers=self._numbers
        )
        self._told: list[Scan | ScanFault] = []
        self._at = 0
        count = len(hand.events)
        self._stall = (count, count)
        if rng.random() < 0.4:
            start = rng.randrange(count)
            self._stall = (start, start + rng.randrange(1, 200))
        packets = [n + 1 for n, e in enumerate(hand.events) if e.kind == 0]
        self._unplug = rng.choice((0, *packets)) if rng.random() < 0.25 else -1
        self._poison: list[tuple[int, int]] = []
        self._poison_from: int | None = None
        self._quiet_since_ns = 0
        self._lost_seen = 0
        self._is_gone = False

    def step(self) -> bool:
        """Let the next event happen; False at the end."""
        events = self._hand.events
        if self._at == self._unplug:
            self._go()
            return False
        if self._at == len(events):
            self._finish(events[-1].at_ns + 4 * SECOND_NS)
            return False
        event = events[self._at]
        if not self._is_stalled():
            self._look(event.at_ns)
        self._heal(event)
        self._ring.push(event)
        self._at += 1
        if self._rng.random() < _READS and not self._is_stalled():
            self._drain(event.at_ns)
        return True

    def judge(self) -> None:
        """Hold what was told against what was typed."""
        hand = self._hand
        codes = [told for told in self._told if isinstance(told, Scan)]
        faults = [told for told in self._told if isinstance(told, ScanFault)]
        for code in codes:
            assert code.payload in hand.sent, f"never sent: {code.payload!r}"
        places = [hand.sent.index(code.payload) for code in codes]
        assert places == sorted(set(places)), "a code came twice or out of order"
        for place, span in enumerate(hand.spans):
            is_sure = not self._may_be_lost(span) and not self._may_be_tail(place, faults)
            assert place in places or not is_sure, f"lost silently: {hand.sent[place]!r}"
        assert len(codes) == len(hand.sent) or faults or self._is_gone, "lost without a word"
        if hand.profile.aim:
            assert all(code.aim_id == "]d2" for code in codes)
        if not self._poison and not self._is_gone:
            assert faults == [], "a fault without a cause"
        if self._is_gone and self._is_torn(len(places)):
            assert faults, "torn without a word"
        assert sum(fault.kind is FaultKind.DROPPED for fault in faults) <= len(self._poison)
        assert all(fault.head == b"" for fault in faults if fault.kind is FaultKind.DROPPED)

    def _may_be_tail(self, place: int, faults: list[ScanFault]) -> bool:
        """Return whether this may be the tail of a code whose end was dropped, and was told so.

        After characters without an end nothing counts up to the next end, or two seconds.
        """
        if place == 0 or not self._may_be_lost(self._hand.spans[place - 1]):
            return False
        before, first = self._hand.spans[place - 1][1] - 1, self._hand.spans[place][0]
        pause_ns = self._hand.events[first].at_ns - self._hand.events[before].at_ns
        torn = sum(fault.kind is FaultKind.NO_TERMINATOR for fault in faults)
        return pause_ns < 2 * SECOND_NS and torn > 1

    def _is_torn(self, told: int) -> bool:
        """Return whether some keys of the next code were pressed before the unplug."""
        if self._poison or told == len(self._hand.spans):
            return False
        first, last = self._hand.spans[told]
        pressed = self._hand.events[first : min(last, self._unplug)]
        return sum(e.kind == 1 and e.value == 1 for e in pressed) > _SURE_PRESSES

    # ------------------------------------------------------------ what happens

    def _is_stalled(self) -> bool:
        return self._stall[0] <= self._at < self._stall[1]

    def _look(self, next_ns: int) -> None:
        """Find nothing, as often as there is time before the next event."""
        if self._at == 0:
            return
        last_ns = self._hand.events[self._at - 1].at_ns
        now_ns = last_ns + LOOK_NS
        if now_ns >= next_ns:
            return
        self._drain(last_ns)
        while now_ns < next_ns:
            self._tell(self._decoder.tick(now_ns))
            now_ns += LOOK_NS if self._rng.random() < 0.7 else SECOND_NS
        self._tell(self._decoder.tick(next_ns - 1))  # it was empty up to here

    def _drain(self, now_ns: int) -> None:
        while batch := self._ring.read():
            while batch:
                size = self._rng.randrange(1, 65)
                part, batch = batch[:size], batch[size:]
                self._tell(
                    self._decoder.feed(KeyEvent(e.at_ns, e.kind, e.code, e.value) for e in part)
                )
            if self._decoder.needs_reload:
                self._decoder.reload(self._ring.active_keys(), now_ns)
                self._quiet_since_ns = now_ns
        if self._poison_from is None and len(self._ring.dropped) > self._lost_seen:
            self._poison_from = self._ring.dropped[self._lost_seen]
        self._lost_seen = len(self._ring.dropped)

    def _heal(self, event: Event) -> None:
        """A silence after the drop was noticed ends what may be lost."""
        if self._poison_from is None or self._at == 0 or self._is_stalled():
            return
        before_ns = max(self._quiet_since_ns, self._hand.events[self._at - 1].at_ns)
        if event.at_ns - before_ns >= IDLE_NS:
            self._poison.append((self._poison_from, self._at))
            self._poison_from = None

    def _go(self) -> None:
        """Unplug: the kernel lets all keys go, then reading fails."""
        at_ns = self._hand.events[max(0, self._at - 1)].at_ns + 1
        self._ring.release_all(at_ns)
        self._drain(at_ns)
        if self._rng.random() < 0.5:
            self._tell(self._decoder.tick(at_ns + 2 * IDLE_NS))
        self._tell(self._decoder.unplugged(at_ns + 110_000_000))
        self._is_gone = True
        self._end_poison(self._at)

    def _finish(self, now_ns: int) -> None:
        self._drain(now_ns)
        self._tell(self._decoder.tick(now_ns))
        self._end_poison(len(self._hand.events))

    def _end_poison(self, place: int) -> None:
        if self._poison_from is not None:
            self._poison.append((self._poison_from, place))

    def _tell(self, raws: list[RawCode | RawFault]) -> None:
        for raw in raws:
            self._told += self._gate.admit(raw)

    def _may_be_lost(self, span: tuple[int, int]) -> bool:
        is_open = span[1] > self._unplug - (0 if self._hand.style.end else 1)
        if self._is_gone and is_open:  # an end by silence has no silence behind it
            return True
        return any(first < span[1] and span[0] < last for first, last in self._poison)
