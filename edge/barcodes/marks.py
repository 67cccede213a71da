"""Marking codes: parsed by position and GS, never by search; their tail is shown to nobody."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge.barcodes.checks import has_mod10

GS: Final = "\x1d"
SERIAL_LENGTHS: Final = (13, 6)  # as public descriptions of the product groups give them
KEY_CHARS: Final = 4
CHECK_CHARS: Final = 4
CRYPTO_CHARS: Final = (44, 88)


class TailKind(StrEnum):
    """What follows the serial of a mark."""

    CRYPTO_44 = "crypto_44"
    CRYPTO_88 = "crypto_88"
    CHECK = "check"
    NONE = "none"


class GsState(StrEnum):
    """Whether the separators of a code arrived; `na` = the code has none."""

    KEPT = "kept"
    RESTORED = "restored"
    LOST = "lost"
    NA = "na"


class MarkState(StrEnum):
    """What the reading itself proves about a mark."""

    OK = "ok"
    GS_LOST = "gs_lost"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True, repr=False)
class MarkRaw:
    """The whole code with its tail. Printing it in any way shows the masked form."""

    code: bytes

    def __repr__(self) -> str:
        return f"MarkRaw({masked(self.code.decode('latin-1'))})"

    def __str__(self) -> str:
        return masked(self.code.decode("latin-1"))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One marking code; `fnc1` is None where the reader does not tell the symbol's kind."""

    gtin14: str
    serial: str
    ki: str
    tail: TailKind
    gs: GsState
    state: MarkState
    fnc1: bool | None
    raw: MarkRaw


_OPEN_CHARS: Final = 9  # shorter than the shortest serial with a tail: nothing to hide
_HEAD = re.compile(r"(?:\][A-Za-z][0-9])?\x1d?\(?01\)?([0-9]{14})\(?21\)?", re.ASCII)
_SHAPES: Final = (
    (TailKind.CRYPTO_44, ("91", KEY_CHARS), ("92", CRYPTO_CHARS[0])),
    (TailKind.CRYPTO_88, ("91", KEY_CHARS), ("92", CRYPTO_CHARS[1])),
    (TailKind.CHECK, ("93", CHECK_CHARS)),
)


def read_mark(payload: str, *, fnc1: bool | None) -> Mark | None:
    """Return the mark that `payload` (GS = 0x1D, no FNC1 in front) is or once was.

    None = no shape of a mark fits, with or without its separators; then it is other data.
    A code of exactly an allowed shape is `kept`; one that fits only after its separators are
    put back is `lost` and must not be believed.
    """
    head = _HEAD.match(payload)
    if head is None or not payload.startswith("01") or payload[16:18] != "21":
        return None
    gtin, rest = head[1], payload[18:].removesuffix(GS)
    if not has_mod10(gtin):
        return None
    kept = _kept(rest)
    if kept is not None:
        state = MarkState.OK if fnc1 is not False else MarkState.MALFORMED
        return _mark(payload, kept, GsState.KEPT, state, fnc1=fnc1)
    lost = _lost(rest.replace(GS, ""))
    if lost is not None:
        return _mark(payload, lost, GsState.LOST, MarkState.GS_LOST, fnc1=fnc1)
    return None


def masked(text: str) -> str:
    """Return text fit for screens and journals: of a code that may be a mark no tail is left.

    Separators and characters that draw nothing or turn the line are written as escapes.
    """
    head = _HEAD.match(text)
    if head is None:
        return visible(text)
    gtin, rest = head[1], text[head.end() :]
    return f"01 {gtin} 21 {_masked_rest(rest)}"


def visible(text: str) -> str:
    """Return text with every character that is not printable written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def masked_serial(serial: str) -> str:
    """Return head and tail of a serial long enough to hide something, else all of it."""
    return f"{serial[:4]}…{serial[-3:]}" if len(serial) > _OPEN_CHARS else serial


def _masked_rest(rest: str) -> str:
    fields = [part for part in re.split(r"\x1d|\((?=9[0-9]\))", rest) if part]
    if not fields:
        return ""
    first, *tail = fields
    is_whole = len(first) in SERIAL_LENGTHS and bool(tail)
    if is_whole or len(rest) <= _OPEN_CHARS:
        shown = masked_serial(visible(first))
    else:
        shown = f"{visible(first[:4])}…({len(first)})"
    return shown + "".join(f" {visible(p[:2])} ···({max(0, len(p) - 2)})" for p in tail)


def _kept(rest: str) -> tuple[str, TailKind] | None:
    serial, *tail = rest.split(GS)
    if len(serial) not in SERIAL_LENGTHS:
        return None
    for kind, *shape in _SHAPES:
        wanted = [(ai, 2 + size) for ai, size in shape]
        if [(part[:2], len(part)) for part in tail] == wanted:
            return serial, kind
    return None


def _lost(squeezed: str) -> tuple[str, TailKind] | None:
    for size in SERIAL_LENGTHS:
        for kind, *shape in _SHAPES:
            if _fits(squeezed[size:], shape):
                return squeezed[:size], kind
    return None


def _fits(tail: str, shape: list[tuple[str, int]]) -> bool:
    for ai, size in shape:
        if not tail.startswith(ai) or len(tail) < 2 + size:
            return False
        tail = tail[2 + size :]
    return not tail


def _mark(
    payload: str, cut: tuple[str, TailKind], gs: GsState, state: MarkState, *, fnc1: bool | None
) -> Mark:
    serial, tail = cut
    gtin = payload[2:16]
    return Mark(
        gtin14=gtin,
        serial=serial,
        ki=f"01{gtin}21{serial}",
        tail=tail,
        gs=gs,
        state=state,
        fnc1=fnc1,
        raw=MarkRaw(payload.encode("utf-8")),
    )
