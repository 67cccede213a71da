"""Zone to legs, by the routes of floor.toml; caps and danger turn device legs into hand legs."""

from edge.events import Leg
from edge.floor import FloorSettings, LegKind, RouteLeg, Tray, end_of


def legs_of(
    zone: str, floor: FloorSettings, *, by_hand: bool, tray: Tray | None = None
) -> tuple[Leg, ...]:
    """Return the legs of a put; empty when the put itself is the end of the route.

    `by_hand` = a cap says manual, or a danger is known: nothing is commanded. The tray tells what
    a robot must be able to carry.
    """
    if by_hand:
        return ()
    route = floor.routes.get(zone, ())
    if all(leg.kind is LegKind.HAND for leg in route):
        return ()
    return tuple(_leg(leg, tray) for leg in route)


def _leg(leg: RouteLeg, tray: Tray | None) -> Leg:
    end = end_of(leg)
    start = leg.start or leg.carrier
    return Leg(
        kind=leg.kind,
        start=start,
        end=end,
        lane=leg.lane,
        carrier=leg.carrier,
        load=tray.load if tray is not None else "",
        grams=round(tray.kg * 1000) if tray is not None and tray.kg is not None else None,
        preposition=leg.preposition,
        scan=leg.scan,
    )
