"""Reads orders and says what is wrong with them, as a careful vehicle does before it moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

ACTIONS: Final = ("pick", "drop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do at a node."""

    id: str
    type: str
    load: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One node of an order with its place in the sequence."""

    node: str
    sequence: int
    released: bool
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One edge of an order."""

    edge: str
    sequence: int
    released: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A whole order: n stops, n - 1 tracks between them."""

    id: str
    update: int
    stops: tuple[Stop, ...]
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why an order is refused; `references` name what it is about."""

    type: str
    text: str
    references: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a vehicle knows of itself when an order comes."""

    node: str
    is_busy: bool
    is_loaded: bool
    order_id: str
    update: int


def read_order(body: Mapping[str, Any]) -> Order:
    """Read an order (VDA 5050 2.1 §6.6). Raises KeyError, TypeError, ValueError."""
    order = Order(
        id=str(body["orderId"]),
        update=int(body["orderUpdateId"]),
        stops=tuple(_stop(node) for node in body["nodes"]),
        tracks=tuple(
            Track(edge=edge["edgeId"], sequence=edge["sequenceId"], released=edge["released"])
            for edge in body["edges"]
        ),
    )
    _check_sequence(order)
    return order


def check_order(
    order: Order, standing: Standing, ways: Mapping[tuple[str, str], float]
) -> Fault | None:
    """Return why this vehicle refuses the order, None when it drives."""
    if standing.is_busy:
        return _fault("otherOrderActive", "another order is being driven", order)
    return _wrong_road(order, standing, ways) or _wrong_work(order, standing)


def _stop(node: Mapping[str, Any]) -> Stop:
    return Stop(
        node=node["nodeId"],
        sequence=int(node["sequenceId"]),
        released=bool(node["released"]),
        actions=tuple(_action(action) for action in node["actions"]),
    )


def _action(action: Mapping[str, Any]) -> Action:
    given = {row["key"]: row["value"] for row in action.get("actionParameters", ())}
    return Action(
        id=action["actionId"], type=action["actionType"], load=str(given.get("loadId", ""))
    )


def _check_sequence(order: Order) -> None:
    if not order.stops or len(order.tracks) != len(order.stops) - 1:
        raise ValueError("n nodes need n - 1 edges")
    numbers = [stop.sequence for stop in order.stops] + [track.sequence for track in order.tracks]
    first = order.stops[0].sequence
    if first % 2 or sorted(numbers) != list(range(first, first + len(numbers))):
        raise ValueError("sequenceId: nodes even, edges odd, without a gap")
    if any(stop.sequence % 2 for stop in order.stops):
        raise ValueError("sequenceId of a node must be even")


def _wrong_road(
    order: Order, standing: Standing, ways: Mapping[tuple[str, str], float]
) -> Fault | None:
    nodes = [stop.node for stop in order.stops]
    if nodes[0] != standing.node:
        return _fault("noRouteError", f"stands at {standing.node}", order, ("nodeId", nodes[0]))
    known = {node for way in ways for node in way}
    for before, after in pairwise(nodes):
        if after not in known:
            return _fault("orderError", f"node {after} is unknown", order, ("nodeId", after))
        if before != after and (before, after) not in ways:
            return _fault("noRouteError", f"no way {before} to {after}", order, ("nodeId", after))
    return None


def _wrong_work(order: Order, standing: Standing) -> Fault | None:
    """Follow the loads through the order: the deck holds one."""
    loaded = standing.is_loaded
    for stop in order.stops:
        for action in stop.actions:
            if action.type not in ACTIONS:
                return _fault("orderError", f"cannot {action.type}", order, ("actionId", action.id))
            if (action.type == "pick") == loaded:
                text = "deck is full" if loaded else "deck is empty"
                return _fault("orderError", text, order, ("actionId", action.id))
            loaded = not loaded
    return None


def _fault(kind: str, text: str, order: Order, *more: tuple[str, str]) -> Fault:
    references = (("orderId", order.id), ("orderUpdateId", str(order.update)), *more)
    return Fault(type=kind, text=text, references=references)
