"""The identity gate: what is believed without asking. A pure table, nothing else decides.

Accepted = the code names something that is expected here AND it was read well enough for its kind.
Engines, frames and check digits are no independent witnesses of each other; an announced line is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from drivers.protocols import Scan, ScanSource, Symbology
from edge.barcodes.classify import Rules, classify
from edge.barcodes.marks import GsState
from edge.barcodes.meanings import (
    ForgedLabel,
    ImeiCode,
    ItemCode,
    ItemFlag,
    Meaning,
    NumberCode,
    Refused,
    SerialCode,
    SsccCode,
    TrainingCode,
    UnknownText,
)
from edge.catalogue import CodeLimits


class Belief(StrEnum):
    """What may be done with a code: take it, ask a person, or throw it away."""

    ACCEPT = "accept"
    ASK = "ask"
    REFUSE = "refuse"


class Why(StrEnum):
    """The reason of a belief."""

    EXPECTED = "expected"
    NOT_EXPECTED = "not_expected"
    WEAK = "weak"
    UNCONFIRMED = "unconfirmed"
    AMBIGUOUS = "ambiguous"
    SEVERAL = "several"
    WRONG_SERIAL = "wrong_serial"
    GS_SUSPECT = "gs_suspect"
    SEEN_ELSEWHERE = "seen_elsewhere"
    SYMBOLOGY_OFF = "symbology_off"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedPiece:
    """One announced line that still waits: article and, where known, the pieces that were sold."""

    gtin: str
    serials: tuple[str, ...] = ()
    kis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What may come now. `numbers` = upper-case numbers of parcels, returns, LPN, SSCC.

    `seen` = identities (`identities_of`) of pieces that are in another unit already.
    """

    pieces: tuple[ExpectedPiece, ...] = ()
    numbers: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()


LIMITS: Final = CodeLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is believed and why; `meaning` is the one that counts."""

    belief: Belief
    why: Why
    meaning: Meaning


class Reader(StrEnum):
    """Who read the code."""

    HAND = "hand"
    CAMERA = "camera"
    WEDGE = "wedge"
    TYPED = "typed"


class SymbolKind(StrEnum):
    """What a symbol itself protects: corrected errors, a check character, or nothing."""

    MATRIX = "matrix"
    CHECKED = "checked"
    BARE = "bare"


READERS: Final[Mapping[ScanSource, Reader]] = {
    ScanSource.HID: Reader.HAND,
    ScanSource.SERIAL: Reader.HAND,
    ScanSource.SSI: Reader.HAND,
    ScanSource.CAMERA: Reader.CAMERA,
    ScanSource.WEDGE: Reader.WEDGE,
    ScanSource.TYPED: Reader.TYPED,
}
_MATRIX: Final = frozenset(
    {
        Symbology.DATAMATRIX,
        Symbology.GS1_DATAMATRIX,
        Symbology.QR,
        Symbology.GS1_QR,
        Symbology.PDF417,
        Symbology.AZTEC,
    }
)
_BARE: Final = frozenset({Symbology.CODE39, Symbology.ITF, Symbology.CODABAR, Symbology.UNKNOWN})


def symbol_kind(symbology: Symbology) -> SymbolKind:
    """Return what a symbol protects; one that is not named protects nothing."""
    if symbology in _MATRIX:
        return SymbolKind.MATRIX
    return SymbolKind.BARE if symbology in _BARE else SymbolKind.CHECKED


def _one_read(_scan: Scan, _meaning: Meaning, _limits: CodeLimits) -> bool:
    return True


def _voted(scan: Scan, _meaning: Meaning, _limits: CodeLimits) -> bool:
    """Two votes and twice the runner-up, or two engines that nothing contradicts."""
    seen = scan.evidence
    agreed = len(seen.engines) >= 2 and seen.runner_up == 0
    return agreed or (seen.votes >= 2 and seen.votes >= 2 * seen.runner_up)


def _checked_meaning(scan: Scan, meaning: Meaning, limits: CodeLimits) -> bool:
    """A check digit of the number itself, or the length that the configuration gives it."""
    if scan.symbology is Symbology.ITF and len(scan.payload) not in limits.itf_lengths:
        return False
    return isinstance(meaning, ItemCode | ImeiCode | SsccCode | NumberCode | SerialCode)


def _never(_scan: Scan, _meaning: Meaning, _limits: CodeLimits) -> bool:
    """A person typed it: the second confirmation is a person's, too."""
    return False


_Test = Callable[[Scan, Meaning, CodeLimits], bool]
# Enough evidence, by who read and what was read. Every pair has its row.
EVIDENCE: Final[Mapping[tuple[Reader, SymbolKind], _Test]] = {
    (Reader.HAND, SymbolKind.MATRIX): _one_read,
    (Reader.HAND, SymbolKind.CHECKED): _one_read,
    (Reader.HAND, SymbolKind.BARE): _checked_meaning,
    (Reader.CAMERA, SymbolKind.MATRIX): _one_read,
    (Reader.CAMERA, SymbolKind.CHECKED): _voted,
    (Reader.CAMERA, SymbolKind.BARE): _voted,
    (Reader.WEDGE, SymbolKind.MATRIX): _checked_meaning,
    (Reader.WEDGE, SymbolKind.CHECKED): _checked_meaning,
    (Reader.WEDGE, SymbolKind.BARE): _checked_meaning,
    (Reader.TYPED, SymbolKind.MATRIX): _never,
    (Reader.TYPED, SymbolKind.CHECKED): _never,
    (Reader.TYPED, SymbolKind.BARE): _never,
}


def is_off(scan: Scan, limits: CodeLimits) -> bool:
    """Return whether this device may not bring such a symbol: switched off, or too short."""
    match scan.symbology:
        case Symbology.UNKNOWN:
            return False
        case Symbology.CODE39 if len(scan.payload) < limits.code39_min:
            return True
        case Symbology.ITF if len(scan.payload) not in limits.itf_lengths:
            return True
        case symbology:
            return symbology not in limits.allow


def is_enough(scan: Scan, meaning: Meaning, limits: CodeLimits = LIMITS) -> bool:
    """Return whether a code was read well enough for what it is taken to mean."""
    kind = (READERS[scan.source], symbol_kind(scan.symbology))
    return EVIDENCE[kind](scan, meaning, limits)


def judge(
    scan: Scan, meanings: Sequence[Meaning], expected: Expected, limits: CodeLimits = LIMITS
) -> Judgement:
    """Return what may be done with one code; `meanings` as classify gave them, never empty."""
    best = meanings[0]
    if isinstance(best, Refused | ForgedLabel | TrainingCode):
        return Judgement(belief=Belief.REFUSE, why=Why.REFUSED, meaning=best)
    if is_off(scan, limits):
        return Judgement(belief=Belief.REFUSE, why=Why.SYMBOLOGY_OFF, meaning=best)
    named = [(meaning, fit) for meaning in meanings if (fit := _fit(meaning, expected))]
    good = [meaning for meaning, fit in named if fit is Why.EXPECTED]
    if not named:
        return Judgement(belief=Belief.ASK, why=Why.NOT_EXPECTED, meaning=best)
    if len(good) > 1:
        return Judgement(belief=Belief.ASK, why=Why.AMBIGUOUS, meaning=good[0])
    if not good:
        meaning, fit = named[0]
        return Judgement(belief=Belief.ASK, why=fit, meaning=meaning)
    return _weighed(scan, good[0], expected, limits)


def _weighed(scan: Scan, meaning: Meaning, expected: Expected, limits: CodeLimits) -> Judgement:
    if not expected.seen.isdisjoint(identities_of(meaning)):
        return Judgement(belief=Belief.ASK, why=Why.SEEN_ELSEWHERE, meaning=meaning)
    if scan.source is ScanSource.TYPED:
        return Judgement(belief=Belief.ASK, why=Why.UNCONFIRMED, meaning=meaning)
    if not is_enough(scan, meaning, limits):
        return Judgement(belief=Belief.ASK, why=Why.WEAK, meaning=meaning)
    return Judgement(belief=Belief.ACCEPT, why=Why.EXPECTED, meaning=meaning)


def judge_frame(
    scans: Iterable[Scan], rules: Rules, expected: Expected, limits: CodeLimits = LIMITS
) -> Judgement | None:
    """Return what may be done with all codes of one picture; None when it shows no code.

    Two pieces that could both be taken are asked for: nothing in a picture says which is meant.
    """
    seen = [(scan, judge(scan, classify(scan, rules), expected, limits)) for scan in scans]
    found = [one for _, one in seen]
    taken = {key_of(at, one.meaning): one for at, one in seen if one.belief is Belief.ACCEPT}
    if len(taken) > 1:
        first = next(iter(taken.values()))
        return Judgement(belief=Belief.ASK, why=Why.SEVERAL, meaning=first.meaning)
    if taken:
        return next(iter(taken.values()))
    asked = (one for one in found if one.belief is Belief.ASK)
    return next(asked, found[0] if found else None)


def _fit(meaning: Meaning, expected: Expected) -> Why | None:
    """Return how a meaning agrees with what is expected, None when it does not at all."""
    match meaning:
        case ItemCode():
            fits = [_piece_fit(meaning, piece) for piece in expected.pieces]
            return Why.EXPECTED if Why.EXPECTED in fits else next(filter(None, fits), None)
        case SerialCode(serial=serial) | ImeiCode(serial=serial):
            known = any(serial in piece.serials for piece in expected.pieces)
            return Why.EXPECTED if known else None
        case SsccCode(sscc=number) | NumberCode(value=number):
            return Why.EXPECTED if number in expected.numbers else None
        case UnknownText(text=text):
            known = text.upper() in expected.numbers
            known |= any(text in piece.serials for piece in expected.pieces)
            return Why.EXPECTED if known else None
        case _:
            return None


def _piece_fit(code: ItemCode, piece: ExpectedPiece) -> Why | None:
    if code.gtin14 != piece.gtin or code.gs is GsState.LOST:
        return None
    if code.gs is GsState.RESTORED and code.ki not in piece.kis:
        return Why.GS_SUSPECT  # what was put together again must be the very code that was sold
    is_sold = code.serial in piece.serials or code.ki in piece.kis
    sold_is_known = bool(piece.serials) if code.mark is None else bool(piece.kis)
    if code.serial is not None and sold_is_known and not is_sold:
        return Why.WRONG_SERIAL
    if ItemFlag.GS_SUSPECT in code.flags and code.serial is not None and not is_sold:
        return Why.GS_SUSPECT
    return Why.EXPECTED


def identities_of(meaning: Meaning) -> frozenset[str]:
    """Return by what a piece or a load is the only one of its kind; empty for an article alone."""
    match meaning:
        case ItemCode(ki=str() as ki):
            return frozenset({ki})
        case SerialCode(serial=serial) | ImeiCode(serial=serial):
            return frozenset({serial})
        case SsccCode(sscc=sscc):
            return frozenset({sscc})
        case _:
            return frozenset()


def key_of(scan: Scan, meaning: Meaning) -> str:
    """Return the one spelling in which two readings of the same print are equal."""
    match meaning:
        case ItemCode(gtin14=gtin, ki=ki, lot=lot, exp=exp):
            return "|".join(("item", ki or gtin, lot or "", exp or ""))
        case SsccCode(sscc=sscc):
            return f"sscc|{sscc}"
        case NumberCode(value=value):
            return f"number|{value}"
        case _:
            return f"raw|{scan.payload.hex()}"
