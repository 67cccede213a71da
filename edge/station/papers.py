"""Data of papers, emitted when a parcel closes: a return act each return, discrepancies if any.

Codes, numbers and pseudonyms only; the centre makes the text.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from edge.events import (
    DocumentData,
    Draft,
    Event,
    LineCount,
    ParcelClosed,
    ParcelId,
    ReturnCompleted,
    Subject,
    utc_text,
)
from edge.station import agreed
from edge.station.box import Box, Piece, told
from edge.station.decision import Context, Decision
from edge.station.state import ParcelWork, State

Fields = dict[str, Any]

CARRIER_DAMAGE: Final = "carrier_damage"
SUPPLIER_FAULT: Final = "supplier_fault"
_KINDS: Final[Mapping[str, str]] = {
    "surplus": "surplus",
    "undeclared": "surplus",
    "wrong_item": "mix_up",
    "wrong_variant": "mix_up",
    "wrong_serial": "mix_up",
    "empty": "shortage",
}
_FLAGS: Final[Mapping[str, str]] = {
    "over_qty": "surplus",
    "undeclared": "surplus",
    "wrong_item": "mix_up",
    "wrong_variant": "mix_up",
    "serial_mismatch": "mix_up",
    "mark_mismatch": "mix_up",
    "empty_box": "shortage",
    CARRIER_DAMAGE: "breakage",
    SUPPLIER_FAULT: "defect",
}


def folded(state: State, event: Event) -> State:
    """Return the state in which the event's parcel knows what papers will tell of it."""
    work = None if event.parcel is None else state.parcels.get(event.parcel)
    if work is None:
        return state
    box = told(work.box, event.unit, event.payload)
    if box is work.box:
        return state
    return replace(state, parcels={**state.parcels, work.parcel: replace(work, box=box)})


def with_papers(state: State, decision: Decision, context: Context) -> Decision:
    """Return the decision with the papers' data of each parcel that it closes, at its end."""
    papers: list[Draft] = []
    for draft in decision.drafts:
        parcel = draft.subject.parcel
        work = None if parcel is None else state.parcels.get(parcel)
        if isinstance(draft.payload, ParcelClosed) and work is not None:
            papers += _papers(state, work, decision.drafts, draft.payload.lines, context)
    return replace(decision, drafts=(*decision.drafts, *papers)) if papers else decision


def _papers(
    state: State,
    work: ParcelWork,
    drafts: Iterable[Draft],
    lines: tuple[LineCount, ...],
    context: Context,
) -> Iterator[Draft]:
    box, completed = work.box, set[str]()
    for draft in drafts:
        if draft.subject.parcel != work.parcel:
            continue
        box = told(box, draft.subject.unit, draft.payload)
        if isinstance(draft.payload, ReturnCompleted):
            completed.add(draft.payload.rma)
    outside = _known(
        {
            "carrier": box.carrier,
            "tracking": box.tracking,
            "declared_g": box.declared_g,
            "weight_g": box.weight_g,
            "damage": list(box.damage),
            "seal": box.seal,
            "received_at": utc_text(context.wall_ms),
            "receiver": state.shift.operator if state.shift is not None else None,
        }
    )
    for rma in sorted({one.rma for one in box.pieces.values() if one.rma}):
        act = _return_act(work, rma, box, is_complete=rma in completed)
        yield _on(work.parcel, replace(act, fields={**outside, **act.fields}))
    for upd in sorted({one.upd for one in work.lines if one.upd}):
        yield _on(work.parcel, _correction(work, upd, lines, context))
    claim = agreed.claim(replace(work, box=box), context)
    if claim is not None:
        yield Draft(payload=claim, subject=Subject(parcel=work.parcel))
    rows = [*_short(lines), *_odd(box)]
    if not work.blind and any(row["kind"] != "defect" for row in rows):
        act = _discrepancy_act(work, box, rows)
        yield _on(work.parcel, replace(act, fields={**outside, **act.fields}))


def _return_act(work: ParcelWork, rma: str, box: Box, *, is_complete: bool) -> DocumentData:
    pieces = [piece for piece in box.pieces.values() if piece.rma == rma]
    orders = (line.order for line in work.lines if line.rma == rma and line.order)
    fields = {
        "rma": rma,
        "orders": list(dict.fromkeys(orders)),
        "is_complete": is_complete,
        "items": [_item(one) for one in pieces],
    }
    return DocumentData(form="return_act", fields=fields, photos=_photos(box, pieces))


def _correction(
    work: ParcelWork, upd: str, counts: tuple[LineCount, ...], context: Context
) -> DocumentData:
    """A company's goods came back: what of its transfer document was accepted."""
    keys = {(line.rma, line.line) for line in work.lines if line.upd == upd}
    rows = [
        {"rma": one.rma, "line": one.line, "accepted": one.received}
        for one in counts
        if (one.rma, one.line) in keys
    ]
    fields = {"upd": upd, "date": utc_text(context.wall_ms)[:10], "lines": rows}
    return DocumentData(form="upd_correction", fields=fields)


def _item(piece: Piece) -> Fields:
    return _known(
        {
            "unit": piece.unit,
            "line": piece.line,
            "gtin": piece.gtin,
            "sku": piece.sku,
            "qty": 1,
            "serial": piece.serial,
            "ki": piece.ki,
            "match": piece.match,
            "grade": piece.grade,
            "disposition": piece.disposition,
            "flags": list(piece.flags),
            "answers": dict(piece.answers),
            "photos": list(piece.photos),
        }
    )


def _discrepancy_act(work: ParcelWork, box: Box, rows: list[Fields]) -> DocumentData:
    named = {unit for row in rows for unit in row["units"]}
    pieces = [piece for piece in box.pieces.values() if piece.unit in named]
    fields = {"rmas": list(work.rmas), "supervisors": list(box.supervisors), "rows": rows}
    return DocumentData(form="discrepancy_act", fields=fields, photos=_photos(box, pieces))


def _short(lines: Iterable[LineCount]) -> Iterator[Fields]:
    for one in lines:
        if one.missing:
            yield {
                "kind": "shortage",
                "rma": one.rma,
                "line": one.line,
                "announced": one.expected,
                "actual": one.received,
                "units": [],
            }


def _odd(box: Box) -> Iterator[Fields]:
    """Yield a row each piece that is not what was announced, or not as it was sent."""
    for piece in box.pieces.values():
        for kind in _kinds(piece):
            yield _known(
                {
                    "kind": kind,
                    "rma": piece.rma,
                    "line": piece.line,
                    "gtin": piece.gtin,
                    "match": piece.match,
                    "units": [piece.unit],
                }
            )


def _kinds(piece: Piece) -> Iterable[str]:
    """What the code said, and what the person saw; each kind once."""
    kinds = [_KINDS[piece.match]] if piece.match in _KINDS else []
    return dict.fromkeys([*kinds, *(_FLAGS[flag] for flag in piece.flags if flag in _FLAGS)])


def _photos(box: Box, pieces: Iterable[Piece]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*box.photos, *(sha for one in pieces for sha in one.photos))))


def _known(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


def _on(parcel: ParcelId, document: DocumentData) -> Draft:
    return Draft(payload=document, subject=Subject(parcel=parcel))
