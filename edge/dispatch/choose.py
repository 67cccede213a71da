"""Which robot carries a leg, and by which path. Pure: snapshots and floor in, choice out."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from drivers.protocols import GraphEdge, NodeId, RobotId, RobotSnapshot
from edge.floor import RobotUnit

ORDER_SPACING_NS: Final = 1_000_000_000  # VDA 5050 factsheet minOrderInterval, where none is known


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotFacts:
    """A robot as dispatch sees it: its newest state, its open leg, its last order."""

    unit: RobotUnit
    snapshot: RobotSnapshot | None
    is_booked: bool
    last_order_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The robot for a leg with its paths; `length` in metres to the pick-up."""

    robot: RobotId
    snapshot: RobotSnapshot
    path_to_pick: tuple[NodeId, ...]
    path_to_drop: tuple[NodeId, ...]
    length: float


def refusal(facts: RobotFacts, now_ns: int, *, stale_ns: int) -> str | None:
    """Return why this robot may not get an order now, None if it may."""
    seen = facts.snapshot
    if facts.is_booked:
        return "booked"
    if seen is None or not seen.reconciled:
        return "not_reconciled"
    if not seen.online or now_ns - seen.received_ns > stale_ns:
        return "stale"
    if not seen.automatic or seen.paused or seen.emergency_stop or seen.fatal:
        return "not_ready"
    if not seen.idle or seen.driving:
        return "busy"
    if seen.loads:
        return "loaded"
    if seen.charge_percent is not None and seen.charge_percent < facts.unit.min_charge:
        return "battery"
    if facts.last_order_ns is not None and now_ns - facts.last_order_ns < ORDER_SPACING_NS:
        return "spacing"
    return None


def choose(
    robots: tuple[RobotFacts, ...],
    edges: tuple[GraphEdge, ...],
    *,
    pick: NodeId,
    drop: NodeId,
    now_ns: int,
    stale_ns: int,
) -> Choice | None:
    """Return the eligible robot with the shortest way, then charge, then least recently used."""
    best: tuple[tuple[float, float, int, str], Choice] | None = None
    carry = shortest_path(edges, pick, drop)
    if carry is None:
        return None
    for facts in robots:
        seen = facts.snapshot
        if seen is None or refusal(facts, now_ns, stale_ns=stale_ns) is not None:
            continue
        approach = shortest_path(edges, seen.last_node, pick)
        if approach is None:
            continue
        choice = Choice(
            robot=facts.unit.id,
            snapshot=seen,
            path_to_pick=approach[1],
            path_to_drop=carry[1],
            length=approach[0],
        )
        rank = _rank(facts, seen, approach[0])
        if best is None or rank < best[0]:
            best = (rank, choice)
    return best[1] if best else None


def _rank(facts: RobotFacts, seen: RobotSnapshot, length: float) -> tuple[float, float, int, str]:
    charge = seen.charge_percent if seen.charge_percent is not None else 0.0
    return (length, -charge, facts.last_order_ns or 0, str(facts.unit.id))


def shortest_path(
    edges: tuple[GraphEdge, ...], start: NodeId, end: NodeId
) -> tuple[float, tuple[NodeId, ...]] | None:
    """Return (metres, nodes with both ends), None where no way leads (Dijkstra)."""
    ways: dict[NodeId, list[GraphEdge]] = {}
    for edge in edges:
        ways.setdefault(edge.start, []).append(edge)
    queue: list[tuple[float, tuple[NodeId, ...]]] = [(0.0, (start,))]
    reached: set[NodeId] = set()
    while queue:
        length, path = heapq.heappop(queue)
        node = path[-1]
        if node == end:
            return length, path
        if node in reached:
            continue
        reached.add(node)
        for edge in ways.get(node, ()):
            if edge.end not in reached:
                heapq.heappush(queue, (length + edge.length, (*path, edge.end)))
    return None


def next_seq(journaled: int | None, seq_seen: int) -> int:
    """Return the next command number of a conveyor: 1..65535, never 0, never the one seen."""
    number = (journaled if journaled is not None else seq_seen) % 65535 + 1
    return number if number != seq_seen else number % 65535 + 1


def is_free(place: str, capacities: Mapping[str, int], taken: Mapping[str, int]) -> bool:
    """Return whether one more load fits a place; a place without a number is never full."""
    capacity = capacities.get(place)
    return capacity is None or taken.get(place, 0) < capacity
