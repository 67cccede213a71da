"""What stands on the floor, as pure values: robots, nodes, trays, places, routes, timers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from drivers.protocols import GraphEdge, GraphNode, NodeId, RobotId


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotUnit:
    """A robot of the floor. One station commands it: `owner`, empty = this one.

    `carries` = load classes it takes, empty = any; `max_kg` = what it lifts, None = unknown.
    """

    id: RobotId
    home: NodeId
    min_charge: int = 20
    owner: str = ""
    carries: frozenset[str] = frozenset()
    max_kg: float | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tray:
    """A tray, tote or fixed container; `disposition` empty = any of its zone.

    `fixed` = stands at the bench and takes many units; `lane` = lies on that lane; `load` = its
    load class for robots and `kg` what it may weigh at most, empty and None = not stated.
    """

    id: str
    zone: str
    disposition: str | None = None
    fixed: bool = False
    lane: int | None = None
    load: str = ""
    kg: float | None = None


class LegKind(StrEnum):
    """Who carries on a leg."""

    ROBOT = "robot"
    CONVEYOR = "conveyor"
    HAND = "hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteLeg:
    """One leg of a route: conveyor+lane(+to), robot+from+to, or hand. `carrier` = id or `any`.

    `preposition` = the robot drives to the pick-up while the load is still on its way there.
    """

    kind: LegKind
    carrier: str = ""
    lane: int | None = None
    start: str = ""
    end: str = ""
    preposition: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """Deadlines of moves, in seconds.

    `settle` = how long a cancelled robot must be seen at rest; `quiet` = from the end of one order
    for a load to the next one; `handover` = how long a prepositioned robot waits for its load.
    """

    accept: float = 5.0
    state_stale: float = 35.0
    progress: float = 120.0
    action: float = 180.0
    order: float = 900.0
    cancel: float = 30.0
    settle: float = 3.0
    quiet: float = 10.0
    handover: float = 120.0
    robot_wait: float = 60.0
    divert: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorSettings:
    """floor.toml. `edges` hold both directions of every two-way edge.

    `lock_groups` = nodes by group; one robot at a time drives through a group.
    """

    robots: tuple[RobotUnit, ...] = ()
    nodes: Mapping[NodeId, GraphNode] = field(default_factory=dict)
    edges: tuple[GraphEdge, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)
    trays: Mapping[str, Tray] = field(default_factory=dict)
    routes: Mapping[str, tuple[RouteLeg, ...]] = field(default_factory=dict)
    timers: Timers = Timers()
    lock_groups: Mapping[str, frozenset[NodeId]] = field(default_factory=dict)
    belt_faults: Mapping[tuple[str, int], Mapping[str, str]] = field(default_factory=dict)
    """Texts, ru and en, of fault numbers that a PLC's vendor has, by conveyor and number."""
