"""floor.toml: robots, nodes, places, trays and routes, each reference followed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from drivers.protocols import GraphEdge, GraphNode, NodeId, RobotId
from edge.floor import (
    ContainerKind,
    FloorSettings,
    LegKind,
    RobotUnit,
    RouteLeg,
    Timers,
    Tray,
    end_of,
)
from edge.settings.files import need_tables
from edge.settings.problems import Findings, Place
from edge.settings.shape import read, read_rows
from zoning.model import Zone

Row = TypeVar("Row")
FLOOR_FILE: Final = Place(file="floor.toml")
TRAY_ID: Final = re.compile(r"[0-9A-Z]{1,8}")  # it stands on a printed, signed label
_HAND: Final = (RouteLeg(kind=LegKind.HAND),)
_TABLES: Final = (
    *("robot", "node", "edge", "place", "tray", "container", "route", "timers", "lock_group"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotRow:
    """A robot as floor.toml lists it: what the floor and what the wire needs to know."""

    id: str
    profile: str
    manufacturer: str
    serial: str
    home: str
    min_charge: int = 20
    owner: str = ""
    carries: frozenset[str] = frozenset()
    max_kg: float | None = None
    enabled: bool = True

    def __post_init__(self) -> None:
        """Raise ValueError for a charge that is no percentage and a weight that is none."""
        if not 0 <= self.min_charge <= 100:
            raise ValueError(f"min_charge: {self.min_charge} is out of range: percent, 0 to 100")
        if self.max_kg is not None and self.max_kg <= 0:
            raise ValueError(f"max_kg: {self.max_kg} is out of range: kilograms, above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class _NodeRow:
    id: str
    x: float
    y: float
    theta: float = 0.0
    map: str = "hall"
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _EdgeRow:
    from_: str
    to: str
    length: float
    oneway: bool = False

    def __post_init__(self) -> None:
        if self.length <= 0:
            raise ValueError(f"length: {self.length} is out of range: metres, above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlaceRow:
    id: str
    capacity: int

    def __post_init__(self) -> None:
        if self.capacity < 1:
            raise ValueError(f"capacity: {self.capacity} is out of range: loads, at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class _TrayRow:
    id: str
    zone: Zone
    disposition: str | None = None
    fixed: bool = False
    lane: int | None = None
    load: str = ""
    kg: float | None = None
    container: str = ""
    put_without_scan: bool = False

    def __post_init__(self) -> None:
        if self.kg is not None and self.kg <= 0:
            raise ValueError(f"kg: {self.kg} is out of range: kilograms, above 0")
        if self.put_without_scan and (self.lane is None or self.zone is Zone.HAZMAT):
            raise ValueError("put_without_scan: does not fit: only where lane is given, no hazmat")


@dataclass(frozen=True, slots=True, kw_only=True)
class _GroupRow:
    id: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _LegRow:
    conveyor: str = ""
    lane: int | None = None
    to: str = ""
    robot: str = ""
    from_: str = ""
    hand: bool = False
    preposition: bool = False
    scan: bool = False

    def __post_init__(self) -> None:
        if self.preposition and not self.robot:
            raise ValueError("preposition: only a robot drives ahead: a leg with robot")
        if self.scan and self.hand:
            raise ValueError("scan: a hand needs none: a leg with conveyor or robot")
        if [bool(self.conveyor), bool(self.robot), self.hand].count(True) != 1:
            raise ValueError(
                "conveyor: a leg has one carrier: conveyor and lane, robot and from and to, or hand"
            )
        if self.conveyor and self.lane is None:
            raise ValueError("lane: missing: lane of the conveyor, from 1")
        if self.robot and not (self.from_ and self.to):
            raise ValueError("to: missing: a robot's leg names from and to")


@dataclass(frozen=True, slots=True, kw_only=True)
class _RouteRow:
    zone: Zone
    legs: tuple[_LegRow, ...]


def read_floor(
    document: Mapping[str, Any], found: Findings
) -> tuple[FloorSettings, tuple[RobotRow, ...]]:
    """Return the floor and the robots' rows; what is wrong is in `found`."""
    need_tables(document, _TABLES, FLOOR_FILE, found)
    robots = _rows(RobotRow, "robot", document, found)
    nodes = _rows(_NodeRow, "node", document, found)
    edges = _rows(_EdgeRow, "edge", document, found)
    places = _rows(_PlaceRow, "place", document, found)
    trays = _rows(_TrayRow, "tray", document, found)
    kinds = tuple(row for _, row in _rows(ContainerKind, "container", document, found))
    routes = _rows(_RouteRow, "route", document, found)
    groups = _rows(_GroupRow, "lock_group", document, found)
    floor = FloorSettings(
        robots=tuple(_robot(row) for _, row in robots),
        nodes={NodeId(row.id): _node(row) for _, row in nodes},
        edges=tuple(edge for _, row in edges for edge in _edges(row)),
        places={row.id: row.capacity for _, row in places},
        trays={row.id: _tray(row, kinds) for _, row in trays},
        containers=kinds,
        routes={Zone.HOLD.value: _HAND} | {row.zone.value: _legs(row) for _, row in routes},
        timers=_timers(document, found),
        lock_groups={row.id: frozenset(map(NodeId, row.nodes)) for _, row in groups},
    )
    _need_names(document, found)
    _need_nodes(floor, robots, edges, places, found)
    _need_trays(floor, trays, found)
    for at, group in groups:
        for node in group.nodes:
            _need_node(node, at.at("nodes"), floor, found)
    for at, route in routes:
        _need_route(at, route, floor, found)
    return floor, tuple(row for _, row in robots)


def _rows(
    kind: type[Row], key: str, document: Mapping[str, Any], found: Findings
) -> tuple[tuple[Place, Row], ...]:
    return read_rows(kind, document.get(key, []), FLOOR_FILE.at(key), found)


def _robot(row: RobotRow) -> RobotUnit:
    return RobotUnit(
        id=RobotId(row.id),
        home=NodeId(row.home),
        min_charge=row.min_charge,
        owner=row.owner,
        carries=row.carries,
        max_kg=row.max_kg,
        enabled=row.enabled,
    )


def _node(row: _NodeRow) -> GraphNode:
    return GraphNode(
        id=NodeId(row.id), x=row.x, y=row.y, theta=row.theta, map_id=row.map, params=row.params
    )


def _edges(row: _EdgeRow) -> Iterable[GraphEdge]:
    start, end = NodeId(row.from_), NodeId(row.to)
    yield GraphEdge(start=start, end=end, length=row.length)
    if not row.oneway:
        yield GraphEdge(start=end, end=start, length=row.length)


def _tray(row: _TrayRow, kinds: Iterable[ContainerKind]) -> Tray:
    return Tray(
        container=next((kind for kind in kinds if kind.series == row.container), None),
        id=row.id,
        zone=row.zone.value,
        disposition=row.disposition,
        fixed=row.fixed,
        lane=row.lane,
        load=row.load,
        kg=row.kg,
        by_word=row.put_without_scan,
    )


def _legs(row: _RouteRow) -> tuple[RouteLeg, ...]:
    return tuple(_leg(leg) for leg in row.legs)


def _leg(row: _LegRow) -> RouteLeg:
    if row.hand:
        return RouteLeg(kind=LegKind.HAND, start=row.from_, end=row.to)
    if row.robot:
        return RouteLeg(
            kind=LegKind.ROBOT,
            carrier=row.robot,
            start=row.from_,
            end=row.to,
            preposition=row.preposition,
            scan=row.scan,
        )
    return RouteLeg(
        kind=LegKind.CONVEYOR, carrier=row.conveyor, lane=row.lane, end=row.to, scan=row.scan
    )


def _timers(document: Mapping[str, Any], found: Findings) -> Timers:
    place = FLOOR_FILE.at("timers")
    timers = read(Timers, document.get("timers", {}), place, found) or Timers()
    for name in Timers.__slots__:
        value = getattr(timers, name)
        found.need(value > 0, place.at(name), f"{value} is out of range", "seconds, above 0")
    return timers


def _need_names(document: Mapping[str, Any], found: Findings) -> None:
    keys = {"robot": "id", "node": "id", "place": "id", "tray": "id", "route": "zone"}
    keys |= {"lock_group": "id", "container": "series"}
    for key, name in keys.items():
        rows = document.get(key, [])
        if isinstance(rows, list):
            names = [str(row.get(name)) for row in rows if isinstance(row, Mapping)]
            found.need_unique(names, FLOOR_FILE.at(key), name)


def _need_nodes(
    floor: FloorSettings,
    robots: Iterable[tuple[Place, RobotRow]],
    edges: Iterable[tuple[Place, _EdgeRow]],
    places: Iterable[tuple[Place, _PlaceRow]],
    found: Findings,
) -> None:
    for at, robot in robots:
        _need_node(robot.home, at.at("home"), floor, found)
    for at, edge in edges:
        _need_node(edge.from_, at.at("from"), floor, found)
        _need_node(edge.to, at.at("to"), floor, found)
    legs = (leg for route in floor.routes.values() for leg in route)
    lanes = {end_of(leg) for leg in legs if leg.lane is not None}
    for at, place in places:
        if place.id not in lanes:
            _need_node(place.id, at.at("id"), floor, found)
    serials = [f"{robot.manufacturer}/{robot.serial}" for _, robot in robots]
    found.need_unique(serials, FLOOR_FILE.at("robot"), "manufacturer and serial")


def _need_node(name: str, at: Place, floor: FloorSettings, found: Findings) -> None:
    found.need(name in floor.nodes, at, f"there is no node {name!r}", _one_of(floor.nodes))


def _need_trays(
    floor: FloorSettings, trays: Iterable[tuple[Place, _TrayRow]], found: Findings
) -> None:
    for at, tray in trays:
        found.need(
            TRAY_ID.fullmatch(tray.id) is not None,
            at.at("id"),
            f"{tray.id!r} does not fit",
            "1 to 8 of 0-9 A-Z: it is printed on the tray's label",
        )
        _need_container(at, tray, floor, found)
    for zone in Zone:
        has_tray = any(tray.zone == zone for tray in floor.trays.values())
        found.need(
            has_tray,
            FLOOR_FILE.at("tray"),
            f"zone {zone} has no tray",
            "at least one tray for every zone",
        )
        found.need(
            zone in floor.routes,
            FLOOR_FILE.at("route"),
            f"zone {zone} has no route",
            "one route for every zone; legs = [{ hand = true }] if nothing carries",
        )


def _need_container(at: Place, tray: _TrayRow, floor: FloorSettings, found: Findings) -> None:
    """A tray's name is no container's number, its kind is there, and fits what lies in it."""
    found.need(
        floor.kind_of(tray.id) is None,
        at.at("id"),
        f"{tray.id!r} is a number of a container",
        "a name that no series of containers has",
    )
    if not tray.container:
        return
    kind = floor.trays[tray.id].container
    names = [one.series for one in floor.containers]
    found.need(
        kind is not None,
        at.at("container"),
        f"there is no container {tray.container!r}",
        _one_of(names) if names else "a series of the list `container`",
    )
    found.need(
        kind is None or tray.zone is not Zone.HAZMAT or kind.class_ == Zone.HAZMAT.value,
        at.at("container"),
        "dangerous goods in a container that is not for them",
        'a container of class = "hazmat"',
    )


def _need_route(at: Place, route: _RouteRow, floor: FloorSettings, found: Findings) -> None:
    legs = at.at("legs")
    found.need(bool(route.legs), legs, "no leg", "at least { hand = true }")
    by_hand = all(leg.hand for leg in route.legs)
    found.need(
        route.zone is not Zone.HAZMAT or by_hand,
        legs,
        "dangerous goods on a device",
        "zone hazmat goes by hand alone: [{ hand = true }]",
    )
    for number, leg in enumerate(route.legs, 1):
        _need_leg(leg, legs.row(number), floor, found)
    ends = [leg.to for leg in route.legs]
    for number, (end, leg) in enumerate(zip(ends, route.legs[1:], strict=False), 2):
        place = legs.row(number).at("from")
        found.need(
            end == leg.from_, place, f"{leg.from_!r} is not where leg {number - 1} ends", repr(end)
        )


def _need_leg(leg: _LegRow, at: Place, floor: FloorSettings, found: Findings) -> None:
    if leg.to and not leg.hand:
        _need_node(leg.to, at.at("to"), floor, found)
    if not leg.robot:
        return
    _need_node(leg.from_, at.at("from"), floor, found)
    if leg.from_ in floor.nodes and leg.to in floor.nodes:
        found.need(
            leg.to in _reachable(NodeId(leg.from_), floor),
            at,
            f"no way leads from {leg.from_} to {leg.to}",
            "edges that join them",
        )
    ids = tuple(str(robot.id) for robot in floor.robots)
    wanted = ids if leg.robot == "any" else (leg.robot,)
    found.need(
        bool(ids) and set(wanted) <= set(ids),
        at.at("robot"),
        f"there is no robot {leg.robot!r}",
        _one_of(("any", *ids)) if ids else "a robot in the list `robot`",
    )
    for robot in floor.robots:
        if robot.id in wanted and robot.home in floor.nodes and leg.from_ in floor.nodes:
            found.need(
                leg.from_ in _reachable(robot.home, floor),
                at.at("from"),
                f"no way leads from {robot.home}, home of {robot.id}, to {leg.from_}",
                "edges that join them",
            )


def _reachable(start: NodeId, floor: FloorSettings) -> set[NodeId]:
    seen, edge_of = {start}, [start]
    while edge_of:
        here = edge_of.pop()
        fresh = {edge.end for edge in floor.edges if edge.start == here} - seen
        seen |= fresh
        edge_of.extend(fresh)
    return seen


def _one_of(names: Iterable[object]) -> str:
    return "one of " + ", ".join(map(str, names))
