"""What stands on the floor, as pure values: robots, nodes, trays, places, routes, timers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from drivers.protocols import GraphEdge, GraphNode, NodeId, RobotId


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotUnit:
    """A robot of the floor that this station commands."""

    id: RobotId
    home: NodeId
    min_charge: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Tray:
    """A tray, tote or fixed container; `disposition` empty = any of its zone.

    `fixed` = stands at the bench and takes many units; `lane` = lies on that lane.
    """

    id: str
    zone: str
    disposition: str | None = None
    fixed: bool = False
    lane: int | None = None


class LegKind(StrEnum):
    """Who carries on a leg."""

    ROBOT = "robot"
    CONVEYOR = "conveyor"
    HAND = "hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteLeg:
    """One leg of a route: conveyor+lane(+to), robot+from+to, or hand. `carrier` = id or `any`."""

    kind: LegKind
    carrier: str = ""
    lane: int | None = None
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """Deadlines of moves, in seconds."""

    accept: float = 5.0
    state_stale: float = 35.0
    robot_wait: float = 60.0
    divert: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorSettings:
    """floor.toml. `edges` hold both directions of every two-way edge."""

    robots: tuple[RobotUnit, ...] = ()
    nodes: Mapping[NodeId, GraphNode] = field(default_factory=dict)
    edges: tuple[GraphEdge, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)
    trays: Mapping[str, Tray] = field(default_factory=dict)
    routes: Mapping[str, tuple[RouteLeg, ...]] = field(default_factory=dict)
    timers: Timers = Timers()
