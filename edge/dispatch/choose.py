"""Which robot carries a leg, and by which way. Pure: snapshots and floor in, choice out."""

import heapq
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from drivers.protocols import (
    Factsheet,
    GraphEdge,
    GraphNode,
    NodeId,
    RobotId,
    RobotSnapshot,
    RobotTraits,
    StartPoint,
)
from edge.floor import RobotUnit

ORDER_SPACING_S: Final = 1.0  # VDA 5050 factsheet minOrderInterval, where none is known
ANY: Final = "any"
HERE: Final = NodeId("here")  # the node of one order at which a robot off the floor's nodes starts
_PATHS_MAX: Final = 4096  # remembered ways; full: all are forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotFacts:
    """A robot as dispatch sees it: its newest state, its open leg, its last order.

    `is_laden` = by the journal a load never left it.
    """

    unit: RobotUnit
    snapshot: RobotSnapshot | None
    is_booked: bool
    last_order_ns: int | None
    is_laden: bool = False
    traits: RobotTraits = field(default_factory=RobotTraits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What is to be carried from where to where; `carrier` = a robot's id or any."""

    pick: NodeId
    drop: NodeId
    carrier: str = ANY
    load: str = ""
    grams: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The robot for a leg with its ways; `length` in metres to the pick-up.

    `start` = the first node of the way is none of the floor, but one of this order's own there.
    """

    robot: RobotId
    snapshot: RobotSnapshot
    path_to_pick: tuple[NodeId, ...]
    path_to_drop: tuple[NodeId, ...]
    length: float
    start: StartPoint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The moment, and how old a state may be."""

    at_ns: int
    stale_ns: int
    station: str = ""


Way = tuple[float, tuple[NodeId, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roads:
    """The floor's graph with its lock groups. Ways are remembered: the floor does not change."""

    edges: tuple[GraphEdge, ...]
    nodes: Mapping[NodeId, GraphNode] = field(default_factory=dict)
    groups: Mapping[str, frozenset[NodeId]] = field(default_factory=dict)
    _known: dict[tuple[NodeId, NodeId], Way | None] = field(
        default_factory=dict, repr=False, compare=False
    )

    def way(self, start: NodeId, end: NodeId) -> Way | None:
        """Return (metres, nodes with both ends), None where no way leads."""
        key = (start, end)
        if key not in self._known:
            if len(self._known) >= _PATHS_MAX:
                self._known.clear()
            self._known[key] = shortest_path(self.edges, start, end)
        return self._known[key]

    def groups_on(self, nodes: Iterable[NodeId]) -> frozenset[str]:
        """Return the lock groups that a way over these nodes leads through."""
        way = set(nodes)
        return frozenset(name for name, members in self.groups.items() if members & way)


# ---------------------------------------------------------------- who may


def refusal(facts: RobotFacts, now: Now, errand: Errand | None = None) -> str | None:
    """Return why this robot may not get an order now, None if it may."""
    seen = facts.snapshot
    if not facts.unit.enabled or facts.unit.owner not in ("", now.station):
        return "not_ours"
    if errand is not None and (misfit := _misfit(facts, errand)):
        return misfit
    if facts.is_booked:
        return "booked"
    if seen is None or not seen.reconciled:
        return "not_reconciled"
    if seen.excluded or seen.foreign_order or not seen.version_ok:
        return seen.excluded or "foreign_order"
    if not seen.online or now.at_ns - seen.received_ns > now.stale_ns:
        return "stale"
    return _unready(facts, seen, now)


def _unready(facts: RobotFacts, seen: RobotSnapshot, now: Now) -> str | None:
    stopped = seen.paused or seen.emergency_stop or seen.fatal or seen.field_violation
    if not seen.automatic or stopped or seen.localized is False:
        return "not_ready"
    if not seen.idle or seen.driving or not seen.actions_ended:
        return "busy"
    if seen.loads or facts.is_laden:
        return "loaded"
    if seen.charge_percent is not None and seen.charge_percent < facts.unit.min_charge:
        return "battery"
    if facts.last_order_ns is not None and now.at_ns - facts.last_order_ns < _spacing_ns(seen):
        return "spacing"
    return None


def _spacing_ns(seen: RobotSnapshot) -> int:
    said = seen.factsheet.min_order_interval_s if seen.factsheet is not None else None
    return int((ORDER_SPACING_S if said is None else said) * 1e9)


def _misfit(facts: RobotFacts, errand: Errand) -> str | None:
    """Load class and weight by configuration and, where there is one, by the factsheet."""
    if errand.carrier not in (ANY, "", str(facts.unit.id)):
        return "other_robot"
    sheet = facts.snapshot.factsheet if facts.snapshot is not None else None
    sheet = sheet or Factsheet()
    classes = (facts.unit.carries or None, sheet.load_types)
    if errand.load and any(known is not None and errand.load not in known for known in classes):
        return "load_class"
    limits = (facts.unit.max_kg, sheet.max_weight_kg)
    if errand.grams is not None:
        kg = errand.grams / 1000
        if any(limit is not None and kg > limit for limit in limits):
            return "weight"
    return None


# ---------------------------------------------------------------- who does


def choose(
    robots: tuple[RobotFacts, ...],
    errand: Errand,
    roads: Roads,
    now: Now,
    *,
    held: Mapping[str, str] | None = None,
) -> Choice | None:
    """Return the eligible robot with the shortest way, then charge, then least recently used.

    `held` = lock groups that open legs hold, with the robot; a robot that stands in a group holds
    it, too. A way through a group that another robot holds is no way now.
    """
    carry = roads.way(errand.pick, errand.drop)
    if carry is None:
        return None
    holders = _holders(robots, roads, held or {})
    best: tuple[tuple[float, float, int, str], Choice] | None = None
    for facts in robots:
        seen = facts.snapshot
        if seen is None or refusal(facts, now, errand) is not None:
            continue
        found = _approach(facts, seen, errand.pick, roads)
        if found is None:
            continue
        (length, path), start = found
        groups = roads.groups_on((*path, *carry[1]))
        if any(holders.get(group, {facts.unit.id}) != {facts.unit.id} for group in groups):
            continue
        choice = Choice(
            robot=facts.unit.id,
            snapshot=seen,
            path_to_pick=path,
            path_to_drop=carry[1],
            length=length,
            start=start,
        )
        rank = _rank(facts, seen, length)
        if best is None or rank < best[0]:
            best = (rank, choice)
    return best[1] if best else None


def _holders(
    robots: tuple[RobotFacts, ...], roads: Roads, held: Mapping[str, str]
) -> dict[str, set[str]]:
    holders: dict[str, set[str]] = {group: {robot} for group, robot in held.items()}
    for facts in robots:
        if facts.snapshot is not None:
            for group in roads.groups_on((facts.snapshot.last_node,)):
                holders.setdefault(group, set()).add(facts.unit.id)
    return holders


def _approach(
    facts: RobotFacts, seen: RobotSnapshot, pick: NodeId, roads: Roads
) -> tuple[Way, StartPoint | None] | None:
    """From its last node; from where it stands, if it is at no node and its model can begin so."""
    here = roads.nodes.get(seen.last_node)
    there = roads.nodes.get(pick)
    if seen.map_id and there is not None and seen.map_id != there.map_id:
        return None
    if here is not None or not roads.nodes or not facts.traits.temp_start:
        way = roads.way(seen.last_node, pick)
        return (way, None) if way is not None else None
    if seen.x is None or seen.y is None or there is None:
        return None
    return _from_here(seen, pick, there.map_id, roads)


def _from_here(
    seen: RobotSnapshot, pick: NodeId, map_id: str, roads: Roads
) -> tuple[Way, StartPoint] | None:
    assert seen.x is not None and seen.y is not None, "the caller has looked"  # noqa: PT018
    near = min(
        (node for node in roads.nodes.values() if node.map_id == map_id),
        key=lambda node: (math.hypot(node.x - (seen.x or 0), node.y - (seen.y or 0)), node.id),
    )
    way = roads.way(near.id, pick)
    if way is None:
        return None
    length = way[0] + math.hypot(near.x - seen.x, near.y - seen.y)
    return (length, (HERE, *way[1])), StartPoint(x=seen.x, y=seen.y, map_id=map_id)


def _rank(facts: RobotFacts, seen: RobotSnapshot, length: float) -> tuple[float, float, int, str]:
    charge = seen.charge_percent if seen.charge_percent is not None else 0.0
    return (length, -charge, facts.last_order_ns or 0, str(facts.unit.id))


def shortest_path(edges: tuple[GraphEdge, ...], start: NodeId, end: NodeId) -> Way | None:
    """Return (metres, nodes with both ends), None where no way leads (Dijkstra)."""
    ways: dict[NodeId, list[GraphEdge]] = {}
    for edge in edges:
        ways.setdefault(edge.start, []).append(edge)
    queue: list[Way] = [(0.0, (start,))]
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


# ---------------------------------------------------------------- belts


def next_seq(journaled: int | None, seq_seen: int) -> int:
    """Return the next command number of a conveyor: 1..65535, never 0, never the one seen."""
    number = (journaled if journaled is not None else seq_seen) % 65535 + 1
    return number if number != seq_seen else number % 65535 + 1


def is_free(place: str, capacities: Mapping[str, int], taken: Mapping[str, int]) -> bool:
    """Return whether one more load fits a place; a place without a number is never full."""
    capacity = capacities.get(place)
    return capacity is None or taken.get(place, 0) < capacity
