"""An open parcel as a screen shows it."""

from edge.events import parse_utc
from edge.station import agreed, clocks, damage, known
from edge.station.decision import Context
from edge.station.state import ParcelWork, UnitWork
from edge.views import Label, Line, Message
from edge.views import ParcelWork as ParcelView

CUSTOMER = "customer"


def shown(parcel: ParcelWork, context: Context) -> ParcelView:
    """Return the parcel, its lines, what may be said of the box."""
    return ParcelView(
        no=parcel.number,
        rmas=parcel.rmas,
        reason=reason(parcel, context),
        lines=lines(parcel),
        blind=parcel.blind,
        damage=damage.shown(parcel, context),
        claim=_claim(parcel, context),
        due=known.due(parcel, context),
    )


def lines(parcel: ParcelWork) -> tuple[Line, ...]:
    """Return what is expected in it, and what of it is there."""
    zones = {(one.rma, one.line): one.zone for one in parcel.box.pieces.values() if one.zone}
    return tuple(
        Line(
            n=n,
            name=line.title or {"ru": line.gtin or "?", "en": line.gtin or "?"},
            gtin=line.gtin or "",
            received=parcel.received.get((line.rma, line.line), 0),
            expected=line.qty,
            missing=parcel.missing.get((line.rma, line.line), 0),
            serial=known.tail(line.serials[0]) if line.serials else "",
            zone=zones.get((line.rma, line.line), ""),
        )
        for n, line in enumerate(parcel.lines, start=1)
    )


def line_of(unit: UnitWork, parcel: ParcelWork) -> int:
    """Return the number of a unit's line on the screen, 0 for one that was not expected."""
    numbered = enumerate(parcel.lines, start=1)
    own = (n for n, line in numbered if (line.rma, line.line) == (unit.rma, unit.line))
    return next(own, 0)


def reason(parcel: ParcelWork, context: Context) -> Label | None:
    """Return why it was sent back, in the words of the pack; a code that it has not says nothing.

    What a customer wrote in words of their own is never shown.
    """
    code = parcel.reason
    if not code:
        return None
    listed = agreed.pack_of_parcel(parcel, context).reasons.get(CUSTOMER, ())
    found = (one for one in listed if one.id == code or one.id.startswith(f"{code}_"))
    return next((one.label for one in found), None)


def _claim(parcel: ParcelWork, context: Context) -> Message | None:
    """Until when the carrier hears of the damage, where that is agreed with it."""
    claim = agreed.claim(parcel, context)
    if claim is None or claim.due is None:
        return None
    left = clocks.left(parse_utc(claim.due), context.wall_ms)
    return Message(t="ui.claim", p={"left": left})
