"""What was agreed with the owner of the goods, as clocks of a parcel, a return and a hold."""

from collections.abc import Iterable
from typing import Final

from edge.catalogue import CatalogueItem, ReturnLine
from edge.events import ArrivedLine, ClaimReady, parse_utc, utc_text
from edge.station.decision import Context
from edge.station.state import ParcelWork
from zoning.pack import Pack
from zoning.terms import EXCHANGE, SERVICE, STANDARD, Terms, of_kind

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS


def pack_of_parcel(parcel: ParcelWork, context: Context) -> Pack:
    """Return the pack of the goods that are announced in a parcel."""
    line = next(iter(parcel.lines), None)
    return context.pack_for(line.tenant, line.channel) if line else context.pack_for(None)


def owner_of(line: ArrivedLine | None, item: CatalogueItem | None) -> str | None:
    """Return whose goods these are, None where nobody knows."""
    return (line.tenant if line else None) or (item.tenant if item else None)


def is_foreign(parcel: ParcelWork, line: ArrivedLine | None, item: CatalogueItem | None) -> bool:
    """Return whether these are goods of another owner than those the parcel is announced with."""
    owners = {one.tenant for one in parcel.lines if one.tenant}
    owner = owner_of(line, item)
    return line is None and owner is not None and bool(owners) and owner not in owners


def due(lines: Iterable[ReturnLine], context: Context) -> str | None:
    """Return when the first of these lines must be done: as announced, else as agreed."""
    told = [one for line in lines if (one := line.due_at or _due(line, context))]
    return min(told, key=parse_utc, default=None)


def _due(line: ReturnLine, context: Context) -> str | None:
    kind = EXCHANGE if line.exchange_waiting else STANDARD
    kind = SERVICE if line.decision == SERVICE else kind
    hours = of_kind(_terms(line, context).sla_hours, kind)
    return None if hours is None else utc_text(context.wall_ms + hours * HOUR_MS)


def window(lines: Iterable[ReturnLine], context: Context) -> str:
    """Return whether goods came back in time; the earliest end counts for the whole parcel."""
    ends = [end for line in lines if (end := _window_end(line, context)) is not None]
    if not ends:
        return "unknown"
    return "in" if context.wall_ms <= min(ends) else "out"


def _window_end(line: ReturnLine, context: Context) -> int | None:
    if line.window_until:
        return parse_utc(line.window_until)
    days = _terms(line, context).window_days
    if days is None or line.delivered_at is None:
        return None
    return parse_utc(line.delivered_at) + days * DAY_MS


def _terms(line: ReturnLine, context: Context) -> Terms:
    return context.pack_for(line.tenant, line.channel).terms


def claim(parcel: ParcelWork, context: Context) -> ClaimReady | None:
    """Return what a claims desk is told of a damaged parcel, and until when the carrier hears it.

    None of a parcel that came as it was sent.
    """
    box = parcel.box
    if not box.damage:
        return None
    carrier = parcel.carrier or ""
    days = of_kind(pack_of_parcel(parcel, context).terms.claim_days, carrier)
    end = None if days is None else utc_text(parcel.arrived_ms + days * DAY_MS)
    return ClaimReady(
        kinds=box.damage,
        carrier=parcel.carrier,
        due=end,
        declared_g=box.declared_g,
        weight_g=box.weight_g,
        evidence=parcel.damaged_by,
        photos=box.photos,
    )


def hold_due_ms(reason: str, terms: Terms, context: Context) -> int:
    """Return when a hold that begins now is late: as agreed, else as the station says."""
    hours = of_kind(terms.hold_hours, reason)
    if hours is None:
        return context.hold.due_ms(reason, context.wall_ms)
    return context.wall_ms + hours * HOUR_MS
