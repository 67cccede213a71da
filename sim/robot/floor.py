"""The robots' floor: nodes, ways, pace, and who picked and dropped what, seen by no wire."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import hypot
from typing import Any, Final

from sim.site import Pace

MAP_ID: Final = "hall"

Xy = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """An order and the moment its accepting state left."""

    order_id: str
    load_id: str
    accepted_ns: int


@dataclass(slots=True)
class FloorBook:
    """Counts per load id, which is new for every leg that the station plans."""

    picks: Counter[str] = field(default_factory=Counter)
    drops: Counter[str] = field(default_factory=Counter)
    accepted: list[Accepted] = field(default_factory=list)
    refused: int = 0

    def accept(self, order_id: str, load_id: str, now: float) -> None:
        """Note that an accepting state was published at `now`, in seconds."""
        row = Accepted(order_id=order_id, load_id=load_id, accepted_ns=int(now * 1e9))
        self.accepted.append(row)

    def stats(self) -> dict[str, Any]:
        """Return the counts and every accepted order."""
        return {
            "picks": self.picks.total(),
            "drops": self.drops.total(),
            "double_picks": sum(count - 1 for count in self.picks.values()),
            "refused_orders": self.refused,
            "orders": [
                {"order_id": row.order_id, "load_id": row.load_id, "accepted_ns": row.accepted_ns}
                for row in self.accepted
            ],
        }

    def where(self, move: str) -> str:
        """Return at_target, on_robot or at_pickup for the newest leg of a move."""
        prefix = f"{move}/"
        picked = sum(n for load, n in self.picks.items() if load.startswith(prefix))
        dropped = sum(n for load, n in self.drops.items() if load.startswith(prefix))
        if picked > dropped:
            return "on_robot"
        return "at_target" if dropped else "at_pickup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """The floor that all vehicles share. `epoch` = Unix time in seconds when `now` was 0."""

    nodes: Mapping[str, Xy]
    ways: Mapping[tuple[str, str], float]
    pace: Pace
    book: FloorBook
    epoch: float = 1_760_000_000.0


def apart(one: Xy, other: Xy) -> float:
    """Return the distance of two positions in metres."""
    return hypot(one[0] - other[0], one[1] - other[1])
