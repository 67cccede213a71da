"""Physical truth of the belts: which token was diverted how often. Nobody on the wire sees it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sim.conveyor.plc import Happening


@dataclass(slots=True)
class BeltBook:
    """Counts per item token, which is new for every divert that the station plans."""

    diverts: Counter[int] = field(default_factory=Counter)
    lanes: dict[int, int] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)

    def notice(self, happening: Happening) -> None:
        """Note what a PLC did."""
        if happening.kind == "seen":
            self.seen.setdefault(happening.token, happening.at_ns)
        elif happening.kind == "diverted":
            self.diverts[happening.token] += 1
            self.lanes[happening.token] = happening.lane

    def stats(self) -> dict[str, Any]:
        """Return the counts and when each token was taken."""
        return {
            "diverts": self.diverts.total(),
            "double_diverts": sum(count - 1 for count in self.diverts.values()),
            "diverts_seen": [
                {"token": token, "seen_ns": seen_ns} for token, seen_ns in self.seen.items()
            ],
        }
