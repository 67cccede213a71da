"""What stands on the floor, as pure values: robots, nodes, trays, places, routes, timers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from drivers.protocols import GraphEdge, GraphNode, NodeId, RobotId

ZONES: Final = ("resale", "repair", "disposal", "hold", "hazmat")
LEAVES_ALONE: Final = ("hold", "repair", "hazmat")
SERIES_DIGITS: Final = 4
GOODS_CLASSES: Final = ("hazmat", "sharp")
CONTAINER_DIGITS: Final = 5
LANGUAGES: Final = ("ru", "en")
LABEL_NAME: Final = re.compile(r"[0-9A-Z_-]+", re.ASCII)  # what a place's label can carry
DPI: Final = (203, 300)
_SERIES: Final = re.compile(r"[A-Z]{1,3}", re.ASCII)


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
class ContainerKind:
    """Boxes, cages, pallets of one kind: one tenant, zone and disposition in each.

    `series` = the letters that their numbers begin with, five digits behind them. `units`, `kg` =
    what one holds at most, None = not stated; `class_` = hazmat or sharp: it is for such goods
    alone. `load` = its load class for robots.
    """

    series: str
    units: int | None = None
    kg: float | None = None
    class_: str = ""
    load: str = ""

    def __post_init__(self) -> None:
        if _SERIES.fullmatch(self.series) is None:
            raise ValueError(f"series: {self.series!r} does not fit: 1 to 3 of A-Z")
        if self.units is not None and self.units < 1:
            raise ValueError(f"units: {self.units} is out of range: units, at least 1")
        if self.kg is not None and self.kg <= 0:
            raise ValueError(f"kg: {self.kg} is out of range: kilograms, above 0")
        if self.class_ and self.class_ not in GOODS_CLASSES:
            raise ValueError(f"class: {self.class_!r} does not fit: {', '.join(GOODS_CLASSES)}")

    def has(self, number: str) -> bool:
        """Return whether a number is one of this series."""
        digits = number.removeprefix(self.series)
        return len(digits) == CONTAINER_DIGITS and digits.isascii() and digits.isdigit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tray:
    """A tray, tote or fixed container; `disposition` empty = any of its zone.

    `fixed` = stands at the bench and takes many units; `lane` = lies on that lane; `load` = its
    load class for robots and `kg` what it may weigh at most, empty and None = not stated.
    `container` = it is a container of that kind: it fills until it is closed.
    """

    id: str
    zone: str
    disposition: str | None = None
    fixed: bool = False
    lane: int | None = None
    load: str = ""
    kg: float | None = None
    container: ContainerKind | None = None
    by_word: bool = False
    """A lane: Enter says that the unit lies on it, no label is scanned."""


class LegKind(StrEnum):
    """Who carries on a leg."""

    ROBOT = "robot"
    CONVEYOR = "conveyor"
    HAND = "hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteLeg:
    """One leg of a route: conveyor+lane(+to), robot+from+to, or hand. `carrier` = id or `any`.

    `preposition` = the robot drives to the pick-up while the load is still on its way there.
    `scan` = the leg is done only when its tray was scanned at its end.
    """

    kind: LegKind
    carrier: str = ""
    lane: int | None = None
    start: str = ""
    end: str = ""
    preposition: bool = False
    scan: bool = False


def lane_place(lane: int) -> str:
    """Return the name of a lane's end where the route gives it none."""
    return f"lane-{lane}"


def end_of(leg: RouteLeg) -> str:
    """Return the place where a leg ends, empty where it has no name."""
    return leg.end or (lane_place(leg.lane) if leg.lane is not None else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """Deadlines of moves, in seconds.

    `settle` = how long a cancelled robot must be seen at rest; `quiet` = from the end of one order
    for a load to the next one; `handover` = how long a prepositioned robot waits for its load;
    `scan` = how long a load that was put down waits for the scan that confirms its place.
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
    scan: float = 600.0


class LpnMode(StrEnum):
    """Where a unit's number comes from. With `none` the unit lives in its tray."""

    NONE = "none"
    AUTO = "auto"
    PREPRINTED = "preprinted"


@dataclass(frozen=True, slots=True, kw_only=True)
class LpnRules:
    """Which units get a number of their own (LPN), and from which series.

    `mode` = for zones hold, repair and hazmat, whose units leave alone; `zones` and `categories`
    say otherwise for one zone or for one kind of goods. `series` = four digits that this station
    alone prints, `hand_series` = four digits for numbers that are written by hand where no printer
    is. `printer` = host or host:port. `max_rework` = how often a unit is inspected again before a
    supervisor decides.
    """

    mode: LpnMode = LpnMode.NONE
    zones: Mapping[str, LpnMode] = field(default_factory=dict)
    categories: Mapping[str, LpnMode] = field(default_factory=dict)
    series: str = ""
    hand_series: str = ""
    printer: str = ""
    dpi: int = 203
    language: str = "ru"
    max_rework: int = 2

    def __post_init__(self) -> None:
        for name in ("series", "hand_series"):
            value = getattr(self, name)
            if value and not (len(value) == SERIES_DIGITS and value.isascii() and value.isdigit()):
                raise ValueError(f"{name}: {value!r} does not fit: {SERIES_DIGITS} digits")
        if self.series and self.series == self.hand_series:
            raise ValueError("hand_series: is the printed one, too: a series of its own")
        if LpnMode.AUTO in self._modes and not self.series:
            raise ValueError("series: missing: four digits that no other station prints")
        unknown = sorted(set(self.zones) - set(ZONES))
        if unknown:
            raise ValueError(f"zones: there is no zone {unknown[0]!r}: {', '.join(ZONES)}")
        if self.language not in LANGUAGES:
            raise ValueError(f"language: {self.language!r} does not fit: {', '.join(LANGUAGES)}")
        host, colon, port = self.printer.rpartition(":")
        if colon and not (host and port.isascii() and port.isdigit()):
            raise ValueError(f"printer: {self.printer!r} does not fit: host or host:port")
        if self.dpi not in DPI:
            raise ValueError(f"dpi: {self.dpi} does not fit: {', '.join(map(str, DPI))}")
        if self.max_rework < 0:
            raise ValueError(f"max_rework: {self.max_rework} does not fit: 0 or more")

    @property
    def _modes(self) -> tuple[LpnMode, ...]:
        return (self.mode, *self.zones.values(), *self.categories.values())

    def mode_of(self, zone: str, category: str | None) -> LpnMode:
        """Return how a unit of this category gets its number when it goes to this zone."""
        if zone in self.zones:
            return self.zones[zone]
        if category is not None and category in self.categories:
            return self.categories[category]
        return self.mode if zone in LEAVES_ALONE else LpnMode.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRules:
    """After how many hours a hold is late, by its reason; what is not named takes `hours`."""

    hours: int = 72
    by_reason: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, hours in (("hours", self.hours), *self.by_reason.items()):
            if hours < 1:
                raise ValueError(f"{name}: {hours} does not fit: 1 or more")

    def due_ms(self, reason: str, since_ms: int) -> int:
        """Return when a hold that began at this wall time is late."""
        return since_ms + self.by_reason.get(reason, self.hours) * 3_600_000


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
    containers: tuple[ContainerKind, ...] = ()
    routes: Mapping[str, tuple[RouteLeg, ...]] = field(default_factory=dict)
    timers: Timers = Timers()
    lock_groups: Mapping[str, frozenset[NodeId]] = field(default_factory=dict)
    belt_faults: Mapping[tuple[str, int], Mapping[str, str]] = field(default_factory=dict)
    """Texts, ru and en, of fault numbers that a PLC's vendor has, by conveyor and number."""

    def kind_of(self, number: str) -> ContainerKind | None:
        """Return the kind of a container with a number of its own, None where there is none."""
        return next((kind for kind in self.containers if kind.has(number)), None)
