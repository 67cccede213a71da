"""What papers tell of a parcel and of each piece in it, kept until the parcel is closed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from edge.events import (
    InspectionFinished,
    MarkCaptured,
    ParcelArrived,
    ParcelDamaged,
    ParcelOpened,
    Payload,
    PhotoMissing,
    PhotoTaken,
    PutConfirmed,
    RefundBlocked,
    RefundEligible,
    RefundReview,
    UnitId,
    UnitIdentified,
    UnitOpened,
    VerdictChanged,
    VerdictMade,
)

PACKING: Final = "packing"
"""The slot of what a missing piece should have lain in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One unit, as it was found and judged. `answers` = of its finished inspection, by step."""

    unit: UnitId
    match: str
    rma: str | None = None
    line: str | None = None
    gtin: str | None = None
    sku: str | None = None
    serial: str | None = None
    ki: str | None = None
    grade: str | None = None
    disposition: str | None = None
    flags: tuple[str, ...] = ()
    answers: Mapping[str, str | int] = field(default_factory=dict)
    photos: tuple[str, ...] = ()
    row: str = ""
    refund: str = ""
    caps: tuple[str, ...] = ()
    is_put: bool = False
    zone: str = ""
    """Where it was put."""
    is_said: bool = False
    """A refund milestone of it was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """The parcel from outside, its pieces, and the supervisors who decided something in it."""

    carrier: str | None = None
    tracking: str | None = None
    declared_g: int | None = None
    seal: str = "unseen"
    damage: tuple[str, ...] = ()
    weight_g: int | None = None
    photos: tuple[str, ...] = ()
    has_packing: bool = False
    """The empty packing was photographed, or nobody could or had to."""
    pieces: Mapping[UnitId, Piece] = field(default_factory=dict)
    supervisors: tuple[str, ...] = ()


def told(box: Box, unit: UnitId | None, payload: Payload | None) -> Box:
    """Return the box after an event of it or of one of its pieces; the same one if it adds none."""
    match payload:
        case ParcelArrived() as arrived:
            return replace(
                box,
                carrier=arrived.carrier,
                tracking=arrived.tracking,
                declared_g=arrived.declared_g,
                seal=arrived.seal,
            )
        case ParcelOpened(seal=seal) if seal != "unseen":
            return replace(box, seal=seal)
        case ParcelDamaged(kinds=kinds, weight_g=weight_g):
            known = box.weight_g if weight_g is None else weight_g
            damage = tuple(dict.fromkeys((*box.damage, *kinds)))
            return replace(box, damage=damage, weight_g=known)
        case UnitOpened(previous=str(former)):  # inspected anew: the newest inspection counts
            pieces = {name: piece for name, piece in box.pieces.items() if name != former}
            return replace(box, pieces=pieces)
        case PhotoTaken(slot=slot, sha256=sha256) if unit is None:
            box = replace(box, photos=(*box.photos, sha256))
            return replace(box, has_packing=box.has_packing or slot == PACKING)
        case PhotoMissing(slot=slot, supervisor=given_up_by) if unit is None and slot == PACKING:
            return replace(_decided_by(box, given_up_by), has_packing=True)
        case PhotoMissing(supervisor=str(badge)) | VerdictChanged(supervisor=str(badge)):
            return _of_piece(_decided_by(box, badge), unit, payload)
        case _:
            return _of_piece(box, unit, payload)


def _decided_by(box: Box, badge: str | None) -> Box:
    every = (*box.supervisors, *((badge,) if badge else ()))
    return replace(box, supervisors=tuple(dict.fromkeys(every)))


def _of_piece(box: Box, unit: UnitId | None, payload: Payload | None) -> Box:
    if unit is None:
        return box
    before = box.pieces.get(unit)
    after = _identified(unit, payload) if before is None else _judged(before, payload)
    if after is None or after is before:
        return box
    return replace(box, pieces={**box.pieces, unit: after})


def _identified(unit: UnitId, payload: Payload | None) -> Piece | None:
    if not isinstance(payload, UnitIdentified):
        return None
    return Piece(
        unit=unit,
        match=payload.match,
        rma=payload.rma,
        line=payload.line,
        gtin=payload.gtin,
        sku=payload.sku,
        serial=payload.serial,
        ki=payload.ki,
    )


def _judged(piece: Piece, payload: Payload | None) -> Piece:
    match payload:
        case MarkCaptured(ki=ki):
            return replace(piece, ki=ki)
        case InspectionFinished(answers=answers):
            return replace(piece, answers={one.step: one.answer for one in answers})
        case VerdictMade() as verdict:
            flags = tuple(map(str, verdict.facts.get("known", {}).get("flags", ())))
            piece = replace(piece, row=verdict.row, refund=verdict.refund, caps=verdict.caps)
            return replace(piece, grade=verdict.grade, disposition=verdict.disposition, flags=flags)
        case VerdictChanged(decided=decided):
            piece = replace(piece, refund=decided.refund)
            return replace(piece, grade=decided.grade, disposition=decided.disposition)
        case PutConfirmed(zone=zone):
            return replace(piece, is_put=True, zone=zone)
        case RefundEligible() | RefundReview() | RefundBlocked():
            return replace(piece, is_said=True)
        case PhotoTaken(sha256=sha256):
            return replace(piece, photos=(*piece.photos, sha256))
        case _:
            return piece
