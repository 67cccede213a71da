"""Zone to legs, by the routes of floor.toml; caps and danger turn device legs into hand legs."""

from edge.events import Leg
from edge.floor import FloorSettings, LegKind, RouteLeg


def legs_of(zone: str, floor: FloorSettings, *, by_hand: bool) -> tuple[Leg, ...]:
    """Return the legs of a put; empty when the put itself is the end of the route.

    `by_hand` = a cap says manual, or a danger is known: nothing is commanded.
    """
    if by_hand:
        return ()
    route = floor.routes.get(zone, ())
    if all(leg.kind is LegKind.HAND for leg in route):
        return ()
    return tuple(_leg(leg) for leg in route)


def _leg(leg: RouteLeg) -> Leg:
    end = leg.end or (f"lane-{leg.lane}" if leg.lane is not None else "")
    start = leg.start or leg.carrier
    return Leg(kind=leg.kind, start=start, end=end, lane=leg.lane, carrier=leg.carrier)
