"""Whether a vehicle takes an order or an update, as its standard and its habits say."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from sim.robot.floor import Hall, Xy, apart
from sim.robot.orders import Order, Stop
from sim.robot.quirks import Quirk, Quirks
from sim.robot.words import Wrong

ACTIONS: Final = ("pick", "drop", "waitForTrigger")
MOVES_IN: Final = ("AUTOMATIC", "SEMIAUTOMATIC")
NEAR_M: Final = 0.01

References = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why, in words, and what it is about besides the order."""

    why: Wrong
    text: str
    about: References = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a vehicle knows of itself when an order comes."""

    node: str
    xy: Xy
    is_busy: bool
    is_loaded: bool
    mode: str
    knows: frozenset[str]
    triggers: bool


def check_order(order: Order, standing: Standing, hall: Hall, quirks: Quirks) -> Refusal | None:
    """Return why this vehicle refuses the order, None when it drives."""
    if Quirk.REJECT in quirks:
        return Refusal(why=Wrong.REFUSED, text="no order is taken today")
    if standing.mode not in MOVES_IN:
        return Refusal(why=Wrong.NOT_AVAILABLE, text=f"operating mode {standing.mode}")
    if order.id in standing.knows and Quirk.REMEMBERS in quirks:
        return Refusal(why=Wrong.REFUSED, text="this order id was used before")
    if standing.is_busy and Quirk.TAKES_SECOND not in quirks:
        return Refusal(why=Wrong.OTHER_ACTIVE, text="another order is being driven")
    return (
        _wrong_ids(order, quirks)
        or _wrong_start(order.stops[0], standing, quirks)
        or wrong_road(order, hall, quirks)
        or _wrong_work(order, standing)
    )


def check_update(order: Order, current: Order, hall: Hall, quirks: Quirks) -> Refusal | None:
    """Return why an update is refused; it starts at the last node of the base, as it was."""
    if Quirk.NO_UPDATES in quirks:
        return Refusal(why=Wrong.REFUSED, text="this vehicle takes no updates")
    base = [stop for stop in current.stops if stop.released]
    last, first = base[-1], order.stops[0]
    if (first.node, first.sequence) != (last.node, last.sequence):
        text = f"the base ends at {last.node}, {last.sequence}"
        return Refusal(why=Wrong.OLD_UPDATE, text=text, about=(("nodeId", first.node),))
    if {action.id for action in first.actions} - {action.id for action in last.actions}:
        text = "the last node of the base stays as it is"
        return Refusal(why=Wrong.OLD_UPDATE, text=text, about=(("nodeId", first.node),))
    return _wrong_ids(order, quirks) or wrong_road(order, hall, quirks)


def wrong_road(order: Order, hall: Hall, quirks: Quirks) -> Refusal | None:
    """Return the first piece of road that is not there."""
    for before, after in pairwise(order.stops):
        if after.node not in hall.nodes and (after.at is None or Quirk.FREE_NAV not in quirks):
            text = f"node {after.node} is unknown"
            return Refusal(why=Wrong.UNKNOWN_NODE, text=text, about=(("nodeId", after.node),))
        if length(before, after, hall, quirks) is None:
            text = f"no way {before.node} to {after.node}"
            return Refusal(why=Wrong.NO_ROUTE, text=text, about=(("nodeId", after.node),))
    return None


def length(before: Stop, after: Stop, hall: Hall, quirks: Quirks) -> float | None:
    """Return the metres between two stops, None where no way leads."""
    if before.node == after.node:
        return 0.0
    known = hall.ways.get((before.node, after.node))
    if known is not None:
        return known
    start, end = place(before, hall.nodes), place(after, hall.nodes)
    is_temporary = before.node not in hall.nodes
    if start is None or end is None or not (is_temporary or Quirk.FREE_NAV in quirks):
        return None
    return apart(start, end)


def place(stop: Stop, nodes: Mapping[str, Xy]) -> Xy | None:
    """Return where a stop lies: on the vehicle's own map, else where the order says."""
    return nodes.get(stop.node, stop.at)


def _wrong_ids(order: Order, quirks: Quirks) -> Refusal | None:
    if Quirk.NUMERIC_IDS not in quirks:
        return None
    for name in (order.id, *(action.id for action in order.actions())):
        if not name.isdecimal():
            return Refusal(why=Wrong.UNREADABLE, text=f"{name}: digits only")
    return None


def _wrong_start(first: Stop, standing: Standing, quirks: Quirks) -> Refusal | None:
    is_near = first.at is not None and apart(first.at, standing.xy) <= first.reach + NEAR_M
    if first.node == standing.node or is_near or Quirk.TAKES_FAR in quirks:
        return None
    text = f"stands at {standing.node}"
    return Refusal(why=Wrong.FAR_START, text=text, about=(("nodeId", first.node),))


def _wrong_work(order: Order, standing: Standing) -> Refusal | None:
    """Follow the loads through the order: the deck holds one."""
    loaded = standing.is_loaded
    for action in order.actions():
        about = (("actionId", action.id),)
        if action.type not in ACTIONS or (
            action.type == "waitForTrigger" and not standing.triggers
        ):
            return Refusal(why=Wrong.BAD_ACTION, text=f"cannot {action.type}", about=about)
        if action.type == "waitForTrigger":
            continue
        if (action.type == "pick") == loaded:
            text = "deck is full" if loaded else "deck is empty"
            return Refusal(why=Wrong.BAD_ACTION, text=text, about=about)
        loaded = not loaded
    return None
