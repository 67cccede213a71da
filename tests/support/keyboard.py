"""A keyboard scanner's typing as kernel events, built from USB HID reports.

Works from the HID usage tables and the way the kernel turns reports into events; shares no table
with the decoder it tests.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

EVENT_S = 1_000  # nanoseconds between packets
GS = 0x1D

# USB HID usages of page 7 (Keyboard/Keypad), by what is printed on the key.
_LETTERS = {letter: 0x04 + place for place, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
_DIGITS = {digit: 0x1E + place for place, digit in enumerate("1234567890")}
_SIGNS = {
    " ": 0x2C, "-": 0x2D, "=": 0x2E, "[": 0x2F, "]": 0x30, "\\": 0x31,
    ";": 0x33, "'": 0x34, "`": 0x35, ",": 0x36, ".": 0x37, "/": 0x38,
}  # fmt: skip
_WITH_SHIFT = {
    "!": "1", "@": "2", "#": "3", "$": "4", "%": "5", "^": "6", "&": "7", "*": "8", "(": "9",
    ")": "0", "_": "-", "+": "=", "{": "[", "}": "]", "|": "\\", ":": ";", '"': "'", "~": "`",
    "<": ",", ">": ".", "?": "/",
}  # fmt: skip
_ALONE = _LETTERS | _DIGITS | _SIGNS
ENTER, TAB, CAPS_LOCK, NUM_LOCK, KEYPAD_ENTER = 0x28, 0x2B, 0x39, 0x53, 0x58
ESCAPE, SPACE = 0x29, 0x2C
CTRL, SHIFT, ALT, RIGHT_SHIFT, ALT_GR = 0xE0, 0xE1, 0xE2, 0xE5, 0xE6
_Country = tuple[
    dict[str, str], dict[str, str], dict[str, str], dict[str, tuple[str, tuple[int, ...]]]
]
# Other countries, by what a US keyboard has on the key; signs that need Shift or AltGr beside it.
_GERMAN: _Country = (
    {letter: letter for letter in "abcdefghijklmnopqrstuvwx"}
    | {"y": "z", "z": "y"}
    | {digit: digit for digit in "1234567890"}
    | {"+": "]", "#": "\\", ",": ",", ".": ".", "-": "/"},
    {
        "!": "1",
        '"': "2",
        "$": "4",
        "%": "5",
        "&": "6",
        "/": "7",
        "(": "8",
        ")": "9",
        "=": "0",
        "?": "-",
        "*": "]",
        "'": "\\",
        ";": ",",
        ":": ".",
        "_": "/",
    },
    {"{": "7", "[": "8", "]": "9", "}": "0", "\\": "-", "@": "q", "~": "]"},
    {"^": ("`", ()), "`": ("=", (SHIFT,))},
)
_FRENCH: _Country = (
    {letter: letter for letter in "bcdefghijklnoprstuvxy"}
    | {"a": "q", "q": "a", "z": "w", "w": "z", "m": ";"}
    | {"&": "1", '"': "3", "'": "4", "(": "5", "-": "6", "_": "8", ")": "-", "=": "="}
    | {"$": "]", "*": "\\", ",": "m", ";": ",", ":": ".", "!": "/"},
    {digit: digit for digit in "1234567890"} | {"+": "=", "%": "'", "?": "m", ".": ",", "/": "."},
    {"#": "3", "{": "4", "[": "5", "|": "6", "\\": "8", "^": "9", "@": "0", "]": "-", "}": "="},
    {"~": ("2", (ALT_GR,)), "`": ("7", (ALT_GR,))},
)
_COUNTRIES: dict[str, _Country] = {"de": _GERMAN, "fr": _FRENCH}  # fmt: skip
_KEYPAD = {str(digit): 0x58 + digit for digit in range(1, 10)} | {"0": 0x62}
_FUNCTION = {f"F{number}": 0x39 + number for number in range(1, 13)}

# What the kernel calls the usages from 0x04 on (input-event-codes.h).
_KERNEL = dict(
    enumerate(
        (
            30,
            48,
            46,
            32,
            18,
            33,
            34,
            35,
            23,
            36,
            37,
            38,
            50,
            49,
            24,
            25,
            16,
            19,
            31,
            20,
            22,
            47,
            17,
            45,
            21,
            44,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            9,
            10,
            11,
            28,
            1,
            14,
            15,
            57,
            12,
            13,
            26,
            27,
            43,
            43,
            39,
            40,
            41,
            51,
            52,
            53,
            58,
            59,
            60,
            61,
            62,
            63,
            64,
            65,
            66,
            67,
            68,
            87,
            88,
        ),
        start=0x04,
    )
) | dict(enumerate((69, 98, 55, 74, 78, 96, 79, 80, 81, 75, 76, 77, 71, 72, 73, 82), start=0x53))
_KERNEL |= {CTRL: 29, SHIFT: 42, ALT: 56, RIGHT_SHIFT: 54, ALT_GR: 100, 0x64: 86}  # fmt: skip
_MODIFIERS = {CTRL, SHIFT, ALT, RIGHT_SHIFT, ALT_GR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a scanner types. `gs`: ctrl, F1…F12 or alt. `end`: usage of the end key, 0 for none."""

    gs: str = "ctrl"
    end: int = ENTER
    country: str = "us"
    with_scan_codes: bool = True
    with_repeats: bool = False
    rolls_over: bool = False
    joins: bool = False
    holds_shift: bool = False
    shifts_first: bool = False
    uses_caps: bool = False
    taps_num_lock: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One `struct input_event`."""

    at_ns: int
    kind: int
    code: int
    value: int


@dataclass(slots=True)
class Typist:
    """Types codes; `now_ns` goes on with every packet."""

    style: Style
    now_ns: int = 1_000_000_000
    step_ns: int = EVENT_S
    _down: tuple[int, ...] = field(default=())
    _is_rolled: bool = False

    def code(self, payload: bytes) -> list[Event]:
        """Return the events of one code, its end key included, all keys up at the end."""
        return [event for packet in self.packets(payload) for event in packet]

    def packets(self, payload: bytes) -> list[list[Event]]:
        """Return the same, packet by packet."""
        reports = list(self._reports(payload))
        if self.style.end:
            reports += [(self.style.end,), ()]
        return [packet for report in reports for packet in self._packets(report)]

    def key(self, usage: int) -> list[Event]:
        """Return one key going down and up."""
        return [e for report in ((usage,), ()) for p in self._packets(report) for e in p]

    def pause(self, nanoseconds: int) -> None:
        """Let time pass."""
        self.now_ns += nanoseconds

    def _reports(self, payload: bytes) -> Iterator[tuple[int, ...]]:
        """Yield what is down, report by report; modifiers first."""
        text = payload.decode("ascii")
        caps = False
        for place, sign in enumerate(text):
            if sign == chr(GS):
                yield from self._group_separator()
                continue
            if self._is_dead(sign):
                yield from ((), self._dead(sign), (), (SPACE,), ())
                continue
            is_upper = sign.isupper()
            if self._taps_caps(sign, is_caps=caps):
                caps = is_upper
                yield from ((), (CAPS_LOCK,), ())
            stroke = self._stroke(sign, is_caps=caps)
            following = text[place + 1 : place + 2]
            is_near = bool(following) and following != chr(GS) and not self._is_dead(following)
            goes_on = is_near and not self._taps_caps(following, is_caps=caps)
            after = self._stroke(following, is_caps=caps) if goes_on else ()
            yield from self._press(stroke, after)
        if caps:
            yield from ((), (CAPS_LOCK,), ())
        yield ()

    def _is_dead(self, sign: str) -> bool:
        return self.style.country in _COUNTRIES and sign in _COUNTRIES[self.style.country][3]

    def _dead(self, sign: str) -> tuple[int, ...]:
        key, modifiers = _COUNTRIES[self.style.country][3][sign]
        return (*modifiers, _ALONE[key])

    def _stroke(self, sign: str, *, is_caps: bool) -> tuple[int, ...]:
        if self.style.country == "us" or sign == " ":
            return _stroke(sign, is_caps=is_caps)
        alone, shifted, alt_gr, _ = _COUNTRIES[self.style.country]
        if sign in "<>|" and (sign != "|" or self.style.country == "de"):
            return {"<": (0x64,), ">": (SHIFT, 0x64), "|": (ALT_GR, 0x64)}[sign]
        if sign in alt_gr:
            return (ALT_GR, _ALONE[alt_gr[sign]])
        if sign in shifted:
            return (SHIFT, _ALONE[shifted[sign]])
        is_upper = sign.isupper() and not is_caps
        usage = _ALONE[alone[sign.lower()]]
        return (SHIFT, usage) if is_upper else (usage,)

    def _taps_caps(self, sign: str, *, is_caps: bool) -> bool:
        return self.style.uses_caps and sign.isalpha() and sign.isupper() is not is_caps

    def _press(self, stroke: tuple[int, ...], after: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        modifiers = tuple(usage for usage in stroke if usage in _MODIFIERS)
        is_other_key = bool(after) and after[-1] != stroke[-1]
        if self.style.shifts_first and modifiers and not self._is_rolled:
            yield modifiers
        yield stroke
        self._is_rolled = self.style.rolls_over and is_other_key
        if self._is_rolled:
            yield (*(usage for usage in after if usage in _MODIFIERS), stroke[-1], after[-1])
        elif not (self.style.joins and is_other_key):
            yield modifiers if self.style.holds_shift and after[:-1] == modifiers else ()

    def _group_separator(self) -> Iterator[tuple[int, ...]]:
        yield ()
        if self.style.gs == "ctrl":
            yield from ((CTRL, _SIGNS["]"]), ())
        elif self.style.gs == "alt":
            if self.style.taps_num_lock:
                yield from ((NUM_LOCK,), ())
            yield (ALT,)
            for digit in "029":
                yield from ((ALT, _KEYPAD[digit]), (ALT,))
            yield ()
        else:
            yield from ((_FUNCTION[self.style.gs],), ())

    def _packets(self, report: tuple[int, ...]) -> Iterator[list[Event]]:
        """Yield the kernel's packets for the change to this report; none for no change."""
        changed = [(usage, 1) for usage in report if usage in _MODIFIERS - set(self._down)]
        changed = [(u, 0) for u in self._down if u in _MODIFIERS - set(report)] + changed
        keys = [(u, 0) for u in self._down if u not in report and u not in _MODIFIERS]
        keys += [(u, 1) for u in report if u not in self._down and u not in _MODIFIERS]
        self._down = report
        if not changed + keys:
            return
        yield self._packet([*changed, *keys], 0)
        if self.style.with_repeats and report and report[-1] not in _MODIFIERS:
            yield self._packet([(report[-1], 2)], 1)

    def _packet(self, changes: list[tuple[int, int]], syn_value: int) -> list[Event]:
        self.now_ns += self.step_ns
        events = []
        for usage, value in changes:
            if self.style.with_scan_codes and value != 2:
                events.append(Event(self.now_ns, 4, 4, 0x70000 + usage))
            events.append(Event(self.now_ns, 1, _KERNEL[usage], value))
        return [*events, Event(self.now_ns, 0, 0, syn_value)]


def _stroke(sign: str, *, is_caps: bool) -> tuple[int, ...]:
    if sign.isalpha():
        usage = _LETTERS[sign.lower()]
        return (usage,) if sign.islower() or is_caps else (SHIFT, usage)
    if sign in _WITH_SHIFT:
        return (RIGHT_SHIFT, _ALONE[_WITH_SHIFT[sign]])
    return (_ALONE[sign],)
