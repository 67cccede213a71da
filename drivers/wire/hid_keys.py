"""Key events of one keyboard scanner in, whole codes out. Sans-io: kernel times come with events.

Nothing that may have lost a key becomes a code: a pause inside a code, a dropped event, an unknown
key each refuse it, and what follows is believed again only behind a sure boundary.
"""

import codecs
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum

from drivers.protocols import FaultKind, ScanFlag
from drivers.wire import hid_layout as keys
from drivers.wire.check_digits import CheckKind
from drivers.wire.code_gate import GateRules, gs_texts, prefix_bytes
from drivers.wire.hid_countries import ALONE, ALT_GR, DE, FR, NONE, SHIFTED, US
from drivers.wire.raw_codes import Collector, RawCode, RawFault

TORN_NS = 2_000_000_000  # no scanner pauses this long inside a code; a shorter rest may be its tail
PACKET_EVENTS_MAX = 256  # the kernel's ring holds 64; more is no keyboard
_GS = 0x1D
_ALT_DIGITS_MAX = 4


class KeyEnd(StrEnum):
    """What ends a code."""

    ENTER = "enter"
    TAB = "tab"
    IDLE = "idle"


class Caps(StrEnum):
    """Whether the scanner's CapsLock key changes the case of what it types."""

    FOLLOW = "follow"
    IGNORE = "ignore"


class Layout(StrEnum):
    """Keyboard country the scanner is set to."""

    US = "us"
    DE = "de"
    FR = "fr"


_COUNTRIES = {Layout.US: US, Layout.DE: DE, Layout.FR: FR}


_END_KEYS = {
    KeyEnd.ENTER: frozenset({keys.ENTER, keys.KP_ENTER}),
    KeyEnd.TAB: frozenset({keys.TAB}),
    KeyEnd.IDLE: frozenset[int](),
}
_END_CONTROLS = {keys.ENTER: 0x0D, keys.KP_ENTER: 0x0D, keys.TAB: 0x09}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyProfile:
    """How one keyboard scanner types.

    `gs`: `ctrl_bracket`, `alt_029`, `key:F1`…`key:F24`, `text:…`, `char:X`, or `none` alone.
    `idle_ms` of silence end (end = idle) or refuse an open code. `accept`, `accept_check`: lengths
    and numbers that are believed where only silence ended them; needed with end = idle, because a
    torn code ends in silence too. `prefix`: what it types before every code, then a lost head
    shows. `alt_codepage`: code page of Alt+128…255; without it those are refused.
    """

    end: KeyEnd = KeyEnd.ENTER
    prefix: str = ""
    aim: bool = False
    gs: tuple[str, ...] = ("ctrl_bracket",)
    caps: Caps = Caps.FOLLOW
    layout: Layout = Layout.US
    idle_ms: int = 50
    accept: tuple[int, ...] = ()
    accept_check: tuple[CheckKind, ...] = ()
    alt_codepage: str = ""

    def __post_init__(self) -> None:
        _check_forms(self.gs)
        if not 20 <= self.idle_ms <= 1000:
            raise ValueError(f"idle_ms: {self.idle_ms}: 20 to 1000")
        if (self.end is KeyEnd.IDLE) != bool(self.accept or self.accept_check):
            needs = "accept or accept_check is needed"
            raise ValueError(f'accept: {needs} with end = "idle", and with no other')
        prefix_bytes(self.prefix)
        if self.alt_codepage:
            _check_codepage(self.alt_codepage)

    def gate_rules(self) -> GateRules:
        """Return what the gate behind the decoder must know."""
        return GateRules(
            prefix=prefix_bytes(self.prefix),
            aim=self.aim,
            texts=gs_texts(self.gs),
            accept=frozenset(self.accept),
            accept_check=frozenset(self.accept_check),
        )


def _check_forms(forms: tuple[str, ...]) -> None:
    gs_texts(forms)
    for form in forms:
        kind, _, rest = form.partition(":")
        if form in ("ctrl_bracket", "alt_029") or kind in ("text", "char"):
            continue
        if form == "none" and len(forms) == 1:
            continue
        if kind != "key" or rest not in keys.FUNCTION_KEYS:
            allowed = "ctrl_bracket, alt_029, key:F1 to key:F24, text:…, char:X, or none alone"
            raise ValueError(f"gs: {form!r}: {allowed}")


def _check_codepage(name: str) -> None:
    try:
        single = len(bytes(range(128)).decode(name)) == 128 and codecs.lookup(name).name
    except (LookupError, UnicodeError):
        single = ""
    if not single or single.startswith(("utf", "ascii")):
        raise ValueError(f"alt_codepage: {name!r}: a single-byte code page such as cp1252")


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One `struct input_event`; `at_ns` is the kernel's CLOCK_MONOTONIC stamp."""

    at_ns: int
    kind: int
    code: int
    value: int


class _Trust(Enum):
    """Whether what is typed now can be the whole of a code."""

    WHOLE = "whole"
    TORN = "torn"  # a code was cut by silence: what comes up to the next end may be its tail
    DROPPED = "dropped"  # the kernel threw events away: nothing counts before a silence


class KeyDecoder:
    """One device for the life of one connection. Memory is bounded whatever arrives."""

    def __init__(self, profile: KeyProfile) -> None:
        self._profile = profile
        self._idle_ns = profile.idle_ms * 1_000_000
        self._country = _COUNTRIES[profile.layout]
        self._ends = _END_KEYS[profile.end]
        self._gs_keys = {
            keys.FUNCTION_KEYS[form[4:]] for form in profile.gs if form.startswith("key:")
        }
        self._packet: list[KeyEvent] = []
        self._skipping = False
        self._code = Collector()
        self._flags: set[ScanFlag] = set()
        self._broken: FaultKind | None = None
        self._trust = _Trust.WHOLE
        self._held: set[int] = set()
        self._caps = False
        self._caps_at_rest = False
        self._alt_digits = ""
        self._dead = ""
        self._last_ns: int | None = None
        self._needs_reload = False
        self._is_told = False

    @property
    def needs_reload(self) -> bool:
        """Return whether `reload` must be called: events were dropped, held keys are unknown."""
        return self._needs_reload

    @property
    def trusts(self) -> bool:
        """Return whether what is typed now can be a whole code, as far as the kernel told."""
        return self._trust is not _Trust.DROPPED

    def join(self, held: Collection[int], now_ns: int) -> None:
        """Begin in the middle of a stream: the tail of a code may come first.

        Nothing counts before a silence; what is typed until then is one fault.
        """
        self._trust = _Trust.DROPPED
        self._is_told = False
        self.reload(held, now_ns)

    def feed(self, events: Iterable[KeyEvent]) -> list[RawCode | RawFault]:
        """Take events in kernel order and return the codes they complete.

        Any cut of a stream into batches gives the same result; a packet may span batches.
        """
        found: list[RawCode | RawFault] = []
        for event in events:
            if event.kind == keys.EV_SYN and event.code == keys.SYN_DROPPED:
                self._packet.clear()
                self._skipping = True
            elif event.kind == keys.EV_SYN and event.code == keys.SYN_REPORT:
                found += self._end_packet(event.at_ns)
            elif event.kind == keys.EV_KEY and not self._skipping:
                self._hold(event)
        return found

    def tick(self, now_ns: int) -> list[RawCode | RawFault]:
        """Say that every event up to `now_ns` was fed; silence ends or refuses an open code."""
        return [] if self._packet or self._skipping else self._silence(now_ns)

    def reload(self, held: Collection[int], now_ns: int) -> None:
        """Set the keys that are down now, after a drop.

        Asking the kernel for them empties its ring of key events, so the silence that heals
        is counted from here.
        """
        self._held = set(keys.MODIFIERS.intersection(held))
        self._alt_digits = ""
        self._needs_reload = False
        self._last_ns = max(now_ns, self._last_ns or 0)

    def unplugged(self, now_ns: int) -> list[RawCode | RawFault]:
        """Say that the device is gone. The decoder must not be used again."""
        if not self._is_open:
            return []
        return [self._drop(FaultKind.UNPLUGGED, now_ns)]

    @property
    def _is_open(self) -> bool:
        return self._code.is_open or self._broken is not None or bool(self._dead)

    def _hold(self, event: KeyEvent) -> None:
        self._packet.append(event)
        if len(self._packet) > PACKET_EVENTS_MAX:
            self._packet.clear()
            self._skipping = True

    def _end_packet(self, at_ns: int) -> list[RawCode | RawFault]:
        packet, self._packet = self._packet, []
        found = self._silence(at_ns) if packet or self._skipping else []
        if self._skipping:
            self._skipping = False
            return [*found, *self._lose(at_ns)]
        if packet:
            self._last_ns = max(at_ns, self._last_ns or 0)
        changes = [event for event in packet if event.code in keys.MODIFIERS]
        for event in changes:
            self._modify(event)
        for event in packet:
            if event.value == keys.DOWN and event.code not in keys.MODIFIERS:
                found += self._press(event.code, at_ns)
        return found

    def _silence(self, now_ns: int) -> list[RawCode | RawFault]:
        """Draw the consequence of no event between the last one and `now_ns`."""
        quiet_ns = 0 if self._last_ns is None else now_ns - self._last_ns
        if quiet_ns < self._idle_ns or self._needs_reload:
            return []
        found: list[RawCode | RawFault] = []
        if self._trust is _Trust.DROPPED:
            self._caps = self._caps_at_rest  # half of a pair of CapsLock taps may be lost
        if self._is_open:
            found = self._silent_end(now_ns)
        elif self._trust is _Trust.DROPPED:
            self._trust = _Trust.WHOLE
        if self._trust is _Trust.TORN and quiet_ns >= TORN_NS:
            self._trust = _Trust.WHOLE
        if not found and self._trust is _Trust.WHOLE:
            self._caps_at_rest = self._caps
        return found

    def _silent_end(self, now_ns: int) -> list[RawCode | RawFault]:
        assert self._last_ns is not None, "an open code has a last event"
        if self._profile.end is not KeyEnd.IDLE:
            self._trust = _Trust.TORN
            return [self._drop(FaultKind.NO_TERMINATOR, now_ns)]
        if self._trust is not _Trust.WHOLE:
            self._trust = _Trust.WHOLE
            return [self._drop(FaultKind.NO_TERMINATOR, now_ns)]
        self._flags.add(ScanFlag.IDLE_END)
        return self._take(self._last_ns)

    def _lose(self, at_ns: int) -> list[RawCode | RawFault]:
        """Distrust everything up to a silence: the drop may have eaten an end and a head."""
        is_news = self._trust is not _Trust.DROPPED or not self._is_told
        self._trust = _Trust.DROPPED
        self._is_told = True
        self._needs_reload = True
        self._last_ns = max(at_ns, self._last_ns or 0)
        fault = self._drop(FaultKind.DROPPED, at_ns)
        return [fault] if is_news else []

    def _modify(self, event: KeyEvent) -> None:
        if event.value == keys.DOWN:
            self._held.add(event.code)
            if event.code == keys.LEFT_ALT:
                self._alt_digits = ""
        elif event.value == keys.UP:
            self._held.discard(event.code)
            if event.code == keys.LEFT_ALT and self._alt_digits:
                self._end_alt(event.at_ns)

    def _press(self, code: int, at_ns: int) -> list[RawCode | RawFault]:
        if code == keys.CAPS_LOCK:
            self._caps = not self._caps
        elif code == keys.NUM_LOCK:
            return []  # carries no character; some scanners tap it before Alt codes
        elif self._has_alt_gr(code):
            self._press_sign(code, ALT_GR, at_ns)
        elif self._held & keys.ALTS:
            self._press_with_alt(code)
        elif code in self._ends:
            return self._end(at_ns)
        elif code in self._gs_keys:
            self._put(_GS, at_ns, ScanFlag.GS_FKEY)
        elif self._held & keys.CTRLS:
            self._press_with_ctrl(code, at_ns)
        else:
            self._press_plain(code, at_ns)
        return []

    def _has_alt_gr(self, code: int) -> bool:
        """Return whether this key is pressed with AltGr, which some scanners type as Ctrl+Alt."""
        if self._country is US or code in keys.KEYPAD:
            return False
        has_both = keys.LEFT_ALT in self._held and bool(self._held & keys.CTRLS)
        return keys.ALT_GR in self._held or has_both

    def _press_plain(self, code: int, at_ns: int) -> None:
        if code in keys.KEYPAD and not self._dead:
            self._put(ord(keys.KEYPAD[code]), at_ns)
        elif code in _END_CONTROLS and not self._dead:
            self._put(_END_CONTROLS[code], at_ns)
        else:
            self._press_sign(code, SHIFTED if self._held & keys.SHIFTS else ALONE, at_ns)

    def _press_sign(self, code: int, level: int, at_ns: int) -> None:
        """Put what the country has on this key, or wait for the space behind a dead key."""
        sign = self._sign(code, level)
        if self._dead:
            dead, self._dead = self._dead, ""
            sign = dead if sign == " " else NONE
        elif (code, level) in self._country.dead:
            self._dead = self._country.dead[code, level]
            return
        if sign == NONE:
            self._break(FaultKind.UNMAPPED_KEY)
        else:
            self._put(ord(sign), at_ns)

    def _sign(self, code: int, level: int) -> str:
        signs = self._country.signs.get(code)
        if signs is None:
            return NONE
        if not self._caps or self._profile.caps is not Caps.FOLLOW or signs[ALONE] == " ":
            return signs[level]
        if not signs[ALONE].isalpha():
            return signs[level] if self._country.caps_is_plain else NONE
        self._flags.add(ScanFlag.CAPS)
        return signs[level] if level == ALT_GR else signs[SHIFTED - level]

    def _press_with_ctrl(self, code: int, at_ns: int) -> None:
        """Put the control character of Ctrl and one of `@ A-Z [ \\ ] ^ _`.

        A key that has none of these in the scanner's country counts by its place on a US keyboard.
        """
        sign = self._ctrl_sign(self._country.signs.get(code)) or self._ctrl_sign(US.signs.get(code))
        if not sign:
            self._break(FaultKind.UNMAPPED_KEY)
        elif sign == "]" and "ctrl_bracket" not in self._profile.gs:
            self._break(FaultKind.CONTROL_CHAR)
        elif sign == "J" and self._profile.end is KeyEnd.ENTER and not self._is_open:
            return  # the LF behind an Enter is an empty code
        else:
            self._put(ord(sign) & 0x1F, at_ns, ScanFlag.GS_CTRL if sign == "]" else None)

    def _ctrl_sign(self, signs: tuple[str, str, str] | None) -> str:
        if signs is None:
            return ""
        is_upper = bool(self._held & keys.SHIFTS) or signs[ALONE].isalpha()
        sign = signs[SHIFTED if is_upper else ALONE]
        return sign if "@" <= sign <= "_" else ""

    def _press_with_alt(self, code: int) -> None:
        is_digit = code in keys.KEYPAD_DIGITS and keys.LEFT_ALT in self._held
        if not is_digit or len(self._alt_digits) == _ALT_DIGITS_MAX:
            self._break(FaultKind.UNMAPPED_KEY)
        else:
            self._alt_digits += keys.KEYPAD_DIGITS[code]

    def _end_alt(self, at_ns: int) -> None:
        number, self._alt_digits = int(self._alt_digits), ""
        if number == _GS and "alt_029" not in self._profile.gs:
            self._break(FaultKind.CONTROL_CHAR)
        elif number < 128:
            self._put(number, at_ns, ScanFlag.GS_ALT if number == _GS else None)
        else:
            self._put_from_codepage(number, at_ns)

    def _put_from_codepage(self, number: int, at_ns: int) -> None:
        try:
            text = bytes([number]).decode(self._profile.alt_codepage)
        except (ValueError, LookupError):  # above 255, not in the page, or no page configured
            self._break(FaultKind.UNMAPPED_KEY)
            return
        self._code.add(text.encode(), at_ns)

    def _put(self, byte: int, at_ns: int, flag: ScanFlag | None = None) -> None:
        self._code.add(bytes([byte]), at_ns)
        if flag is not None:
            self._flags.add(flag)

    def _break(self, kind: FaultKind) -> None:
        self._broken = self._broken or kind

    def _end(self, at_ns: int) -> list[RawCode | RawFault]:
        """Close at a terminator; an empty code is none."""
        trust = self._trust
        if trust is _Trust.TORN:
            self._trust = _Trust.WHOLE
        if not self._is_open:
            return []
        match trust:
            case _Trust.WHOLE:
                return self._take(at_ns)
            case _Trust.TORN:
                return [self._drop(FaultKind.NO_TERMINATOR, at_ns)]
            case _Trust.DROPPED:
                is_news, self._is_told = not self._is_told, True
                fault = self._drop(FaultKind.DROPPED, at_ns)
                return [fault] if is_news else []

    def _take(self, at_ns: int) -> list[RawCode | RawFault]:
        if self._dead:  # what it should have been put on did not come
            self._break(FaultKind.UNMAPPED_KEY)
        if self._broken is not None:
            return [self._drop(self._broken, at_ns)]
        flags = frozenset(self._flags)
        self._flags.clear()
        return [self._code.end(at_ns, flags)]

    def _drop(self, kind: FaultKind, at_ns: int) -> RawFault:
        self._broken = None
        self._dead = ""
        self._flags.clear()
        return self._code.drop(kind, at_ns)
