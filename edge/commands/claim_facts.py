"""What the journal tells of one parcel, as a claims desk needs it: facts and photographs.

No operator, no customer, no marking code's tail: what is not named here does not get out.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from edge.events import (
    ArrivedLine,
    ClaimReady,
    CorrectionMade,
    Event,
    ParcelArrived,
    ParcelClosed,
    ParcelDamaged,
    ParcelMatched,
    PhotoTaken,
    UnitIdentified,
    UnitMissing,
    UnitOpened,
    VerdictMade,
    decode,
    utc_text,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One announced line: pieces expected, received and missing."""

    rma: str
    line: str
    gtin: str | None
    title: Mapping[str, str]
    expected: int
    received: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One unit as it was found. `flags` = what was seen, as codes of the policy."""

    unit: str
    gtin: str | None
    serial: str | None
    title: Mapping[str, str]
    match: str
    grade: str | None = None
    zone: str = ""
    row: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A photograph. `file` = its name in the pack, empty where it is not there: `absent` says why.

    `absent`: personal, lost, bit_rot.
    """

    sha256: str
    slot: str
    taken: str
    is_personal: bool
    bound_by: str
    unit: str | None = None
    file: str = ""
    absent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An event that the facts rest on: `sha256` = of its exact bytes, as sent to every target."""

    sequence: int
    id: str
    kind: str
    time: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Everything of one parcel that goes into the pack. Weights in grams, times in UTC."""

    parcel: str
    codes: tuple[str, ...] = ()
    rmas: tuple[str, ...] = ()
    carrier: str | None = None
    tracking: str | None = None
    arrived: str = ""
    closed: str = ""
    seal: str = "unseen"
    damage: tuple[str, ...] = ()
    declared_g: int | None = None
    weight_g: int | None = None
    claim_due: str | None = None
    lines: tuple[Line, ...] = ()
    pieces: tuple[Piece, ...] = ()
    pictures: tuple[Picture, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(slots=True)
class _Gathered:
    claim: Claim
    lines: dict[tuple[str, str], Line] = field(default_factory=dict)
    pieces: dict[str, Piece] = field(default_factory=dict)
    pictures: list[Picture] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)


def claim_of(parcel: str, bodies: Iterable[tuple[int, bytes]]) -> Claim:
    """Return the claim of a parcel from its events' exact bodies, in order.

    What a correction took back is left out.
    """
    events = [(decode(seq, body), body) for seq, body in bodies]
    corrections = (event.payload for event, _ in events)
    undone = {one.of for one in corrections if isinstance(one, CorrectionMade)}
    gathered = _Gathered(Claim(parcel=parcel))
    for event, body in events:
        if event.id not in undone and _add(gathered, event):
            gathered.evidence.append(_evidence(event, body))
    return replace(
        gathered.claim,
        lines=tuple(gathered.lines.values()),
        pieces=tuple(gathered.pieces.values()),
        pictures=tuple(gathered.pictures),
        evidence=tuple(gathered.evidence),
    )


def _add(gathered: _Gathered, event: Event) -> bool:
    """Take what an event says; return whether it said something."""
    match event.payload:
        case ParcelArrived() as arrived:
            _arrived(gathered, event, arrived)
        case ParcelMatched() as matched:
            rmas = tuple(dict.fromkeys((*gathered.claim.rmas, *matched.rmas)))
            gathered.claim = replace(gathered.claim, rmas=rmas)
            _announced(gathered, matched.lines)
        case ParcelDamaged() as damaged:
            _damaged(gathered, damaged)
        case ParcelClosed() as closed:
            _closed(gathered, event, closed)
        case UnitMissing(rma=rma, line=line, qty=qty) if (rma, line) in gathered.lines:
            was = gathered.lines[rma, line]
            gathered.lines[rma, line] = replace(was, missing=was.missing + qty)
        case UnitOpened(previous=str(former)):
            gathered.pieces.pop(former, None)  # inspected anew: the newest inspection counts
        case UnitIdentified() as found if event.unit is not None:
            gathered.pieces[event.unit] = _piece(event.unit, found)
        case VerdictMade() as verdict if event.unit in gathered.pieces:
            gathered.pieces[event.unit] = _judged(gathered.pieces[event.unit], verdict)
        case PhotoTaken() as photo:
            gathered.pictures.append(_picture(event, photo))
        case ClaimReady(due=due):
            gathered.claim = replace(gathered.claim, claim_due=due)
        case _:
            return False
    return True


def _arrived(gathered: _Gathered, event: Event, arrived: ParcelArrived) -> None:
    gathered.claim = replace(
        gathered.claim,
        codes=arrived.codes,
        rmas=arrived.rmas,
        carrier=arrived.carrier,
        tracking=arrived.tracking,
        arrived=utc_text(event.time_ms),
        seal=arrived.seal,
        declared_g=arrived.declared_g,
    )
    _announced(gathered, arrived.lines)


def _announced(gathered: _Gathered, lines: Iterable[ArrivedLine]) -> None:
    for one in lines:
        gathered.lines[one.rma, one.line] = Line(
            rma=one.rma, line=one.line, gtin=one.gtin, title=one.title, expected=one.qty
        )


def _closed(gathered: _Gathered, event: Event, closed: ParcelClosed) -> None:
    gathered.claim = replace(gathered.claim, closed=utc_text(event.time_ms))
    for one in closed.lines:
        was = gathered.lines.get((one.rma, one.line))
        if was is not None:
            counted = replace(was, received=one.received, missing=one.missing)
            gathered.lines[one.rma, one.line] = counted


def _damaged(gathered: _Gathered, damaged: ParcelDamaged) -> None:
    was = gathered.claim
    gathered.claim = replace(
        was,
        damage=tuple(dict.fromkeys((*was.damage, *damaged.kinds))),
        carrier=damaged.carrier or was.carrier,
        weight_g=was.weight_g if damaged.weight_g is None else damaged.weight_g,
    )


def _piece(unit: str, found: UnitIdentified) -> Piece:
    return Piece(
        unit=unit, gtin=found.gtin, serial=found.serial, title=found.title, match=found.match
    )


def _judged(piece: Piece, verdict: VerdictMade) -> Piece:
    flags = verdict.facts.get("known", {}).get("flags", ())
    return replace(
        piece,
        grade=verdict.grade,
        zone=verdict.zone,
        row=verdict.row,
        flags=tuple(map(str, flags)),
    )


def _picture(event: Event, photo: PhotoTaken) -> Picture:
    return Picture(
        sha256=photo.sha256,
        slot=photo.slot,
        taken=utc_text(event.time_ms),
        is_personal=photo.personal,
        bound_by=photo.bound_by,
        unit=event.unit,
    )


def _evidence(event: Event, body: bytes) -> Evidence:
    return Evidence(
        sequence=event.seq,
        id=event.id,
        kind=event.kind,
        time=utc_text(event.time_ms),
        sha256=hashlib.sha256(body).hexdigest(),
    )
