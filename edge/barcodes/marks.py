"""Marking codes: parsed by position and GS, never by search; their tail is shown to nobody."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge.barcodes.checks import has_mod10
from edge.catalogue import MarkGroup

GS: Final = "\x1d"
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
    """What is proved about a mark. `unproven` = its reader never showed that it keeps every GS."""

    OK = "ok"
    UNREADABLE = "unreadable"
    MISSING = "missing"
    FOREIGN = "foreign"
    GS_LOST = "gs_lost"
    MALFORMED = "malformed"
    UNPROVEN = "unproven"


class MarkMatch(StrEnum):
    """How the identification code compares with the one that was sold."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NODATA = "nodata"


class MarkCondition(StrEnum):
    """What has to become of the mark."""

    INTACT = "intact"
    RELABEL_SAME_CODE = "relabel_same_code"
    REMARK_REQUIRED = "remark_required"
    DESTROY_PENDING = "destroy_pending"


# Lengths as public descriptions of the product groups give them; official papers were not seen.
GROUPS: Final = (
    MarkGroup(name="serial-13", serial_len=13, tails=("crypto_44", "crypto_88", "check")),
    MarkGroup(name="serial-6", serial_len=6, tails=("crypto_44", "crypto_88", "check")),
)


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
    group: str | None = None


_SHOWN_LENGTHS: Final = (13, 6)  # any other first part may have swallowed a piece of the tail
_OPEN_CHARS: Final = 9  # shorter than the shortest serial with a tail: nothing to hide
_HEAD = re.compile(r"(?:\][A-Za-z][0-9])?\x1d?\(?01\)?([0-9]{14})\(?21\)?", re.ASCII)
_SHAPES: Final[Mapping[str, tuple[tuple[str, int], ...]]] = {
    TailKind.CRYPTO_44: (("91", KEY_CHARS), ("92", CRYPTO_CHARS[0])),
    TailKind.CRYPTO_88: (("91", KEY_CHARS), ("92", CRYPTO_CHARS[1])),
    TailKind.CHECK: (("93", CHECK_CHARS),),
    TailKind.NONE: (),
}


@dataclass(frozen=True, slots=True)
class _Cut:
    """One way to read what follows `21`."""

    serial: str
    tail: TailKind


def read_mark(
    payload: str, *, fnc1: bool | None, groups: tuple[MarkGroup, ...] = GROUPS
) -> Mark | None:
    """Return the mark that `payload` (GS = 0x1D, no FNC1 in front) is or once was.

    None = no shape of a mark fits, with or without its separators; then it is other data.
    A code of exactly an allowed shape is `kept`; one that fits only after its separators are
    put back is `lost` and must not be believed. Without the article's group a code that ends with
    its serial is no mark: nothing tells it from any other serial.
    """
    found = _parts(payload)
    if found is None:
        return None
    _, rest = found
    kept = next((cut for group in groups if (cut := _kept(rest, group)) and _has_tail(cut)), None)
    if kept is not None:
        return _mark(payload, kept, GsState.KEPT, fnc1=fnc1)
    lost = [cut for group in groups for cut in _cuts(rest.replace(GS, ""), group) if _has_tail(cut)]
    return _mark(payload, lost[0], GsState.LOST, fnc1=fnc1) if lost else None


def settle_mark(payload: str, *, fnc1: bool | None, group: MarkGroup) -> Mark | None:
    """Return the mark of an article whose group is known, None if it is no mark of that group.

    Kept = exactly the group's shape. Else, if there is exactly one way to put the separators back,
    `restored`: good enough to compare, never to be passed on as whole. Several ways: `lost`.
    """
    found = _parts(payload)
    if found is None:
        return None
    _, rest = found
    kept = _kept(rest, group)
    if kept is not None:
        return _mark(payload, kept, GsState.KEPT, fnc1=fnc1, group=group.name)
    cuts = _cuts(rest.replace(GS, ""), group)
    if not cuts:
        return None
    gs = GsState.RESTORED if len(cuts) == 1 else GsState.LOST
    return _mark(payload, cuts[0], gs, fnc1=fnc1, group=group.name)


def group_of(category: str | None, groups: tuple[MarkGroup, ...]) -> MarkGroup | None:
    """Return the group of an item category, None where the table names none."""
    return next((g for g in groups if category is not None and category in g.categories), None)


def assess_mark(
    mark: Mark, *, gtin: str | None, sold: tuple[str, ...], is_proven: bool
) -> tuple[MarkState, MarkMatch]:
    """Return state and match of a read mark: shape, then article, then the code that was sold.

    `gtin` = article of the announced line, None if there is none; `sold` = identification codes
    that were sold; `is_proven` = the reader showed by the test cards that it keeps every byte.
    """
    match = MarkMatch.NODATA
    if sold:
        match = MarkMatch.MATCH if mark.ki in sold else MarkMatch.MISMATCH
    if mark.state is not MarkState.OK:
        return mark.state, match
    if gtin is not None and mark.gtin14 != gtin:
        return MarkState.FOREIGN, match
    return MarkState.OK if is_proven else MarkState.UNPROVEN, match


def condition_of(state: MarkState, match: MarkMatch) -> MarkCondition | None:
    """Return what has to become of a mark; None where a person in the centre decides."""
    if state is MarkState.OK and match is MarkMatch.MATCH:
        return MarkCondition.INTACT
    if state in (MarkState.UNREADABLE, MarkState.MISSING):
        known = match is MarkMatch.MATCH
        return MarkCondition.RELABEL_SAME_CODE if known else MarkCondition.REMARK_REQUIRED
    return None


def _parts(payload: str) -> tuple[str, str] | None:
    """Return GTIN and what follows `21`; one trailing separator is tolerated."""
    head = _HEAD.match(payload)
    if head is None or not payload.startswith("01") or payload[16:18] != "21":
        return None
    return (head[1], payload[18:].removesuffix(GS)) if has_mod10(head[1]) else None


def _has_tail(cut: _Cut) -> bool:
    return cut.tail is not TailKind.NONE


def masked(text: str) -> str:
    """Return text fit for screens and journals: of a code that may be a mark no tail is left.

    Separators and characters that draw nothing or turn the line are written as escapes.
    """
    head = _HEAD.match(text)
    if head is None:
        return visible(text)
    gtin, rest = head[1], text[head.end() :]
    return f"01 {gtin} 21 {_masked_rest(rest)}"


def open_part(code: bytes) -> bytes:
    """Return what of a code without separators may leave the station: of a possible mark its head.

    A code that is no mark, or ends with a serial, is returned whole.
    """
    head = _HEAD.match(code.decode("latin-1"))
    if head is None:
        return code
    rest = len(code) - head.end()
    return code if rest <= _OPEN_CHARS or rest in _SHOWN_LENGTHS else code[: head.end()]


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
    is_whole = len(first) in _SHOWN_LENGTHS and bool(tail)
    if is_whole or len(rest) <= _OPEN_CHARS:
        shown = masked_serial(visible(first))
    else:
        shown = f"{visible(first[:4])}…({len(first)})"
    return shown + "".join(f" {visible(p[:2])} ···({max(0, len(p) - 2)})" for p in tail)


def _kept(rest: str, group: MarkGroup) -> _Cut | None:
    serial, *tail = rest.split(GS)
    if len(serial) != group.serial_len:
        return None
    got = [(part[:2], len(part) - 2) for part in tail]
    fits = (kind for kind in group.tails if got == list(_SHAPES[kind]))
    return next((_Cut(serial, TailKind(kind)) for kind in fits), None)


def _cuts(squeezed: str, group: MarkGroup) -> list[_Cut]:
    serial, tail = squeezed[: group.serial_len], squeezed[group.serial_len :]
    if len(serial) < group.serial_len:
        return []
    return [_Cut(serial, TailKind(kind)) for kind in group.tails if _fits(tail, _SHAPES[kind])]


def _fits(tail: str, shape: tuple[tuple[str, int], ...]) -> bool:
    for ai, size in shape:
        if not tail.startswith(ai) or len(tail) < 2 + size:
            return False
        tail = tail[2 + size :]
    return not tail


def _mark(
    payload: str, cut: _Cut, gs: GsState, *, fnc1: bool | None, group: str | None = None
) -> Mark:
    gtin = payload[2:16]
    state = MarkState.MALFORMED if fnc1 is False else MarkState.OK
    return Mark(
        gtin14=gtin,
        serial=cut.serial,
        ki=f"01{gtin}21{cut.serial}",
        tail=cut.tail,
        gs=gs,
        state=state if gs is GsState.KEPT else MarkState.GS_LOST,
        fnc1=fnc1,
        raw=MarkRaw(payload.encode("utf-8")),
        group=group,
    )
