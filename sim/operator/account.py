"""The account of a shift: times measured from outside, zones as the platform received them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

ZONES: Final = ("resale", "repair", "disposal", "hold", "hazmat")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayScan:
    """A tray scan whose first leg belongs to a device. `idle` = it could obey at once."""

    tray: str
    kind: str
    at_ns: int
    idle: bool
    known: frozenset[str]


@dataclass(slots=True)
class Account:
    """Numbers of one shift, in milliseconds."""

    scan_view_ms: list[float] = field(default_factory=list)
    pending: list[TrayScan] = field(default_factory=list)
    routed: list[tuple[TrayScan, str]] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)

    def match(self, moves: Iterable[Mapping[str, Any]]) -> None:
        """Join tray scans with the moves they started, once these have a wire key."""
        for move in moves:
            for scan in self.pending:
                if scan.tray == move["tray"] and move["id"] not in scan.known and move["ref"]:
                    self.routed.append((scan, str(move["ref"])))
                    self.pending.remove(scan)
                    break

    def order_times(self, stats: Mapping[str, Any]) -> tuple[list[float], list[float]]:
        """Return (times of devices that could obey at once, times of legs that had to wait)."""
        taken = {row["order_id"]: row["accepted_ns"] for row in stats["orders"]}
        taken |= {str(row["token"]): row["seen_ns"] for row in stats["diverts_seen"]}
        direct: list[float] = []
        waited: list[float] = []
        for scan, ref in self.routed:
            if ref in taken:
                (direct if scan.idle else waited).append((taken[ref] - scan.at_ns) / 1e6)
        return direct, waited


def misplaced(
    plan: Sequence[Mapping[str, Any]], done: Mapping[str, str], seen: Sequence[Mapping[str, Any]]
) -> tuple[list[str], list[str]]:
    """Return (puts that are missing, puts that nobody wanted): parcel, article, zone."""
    wanted: Counter[tuple[str, str, str]] = Counter()
    for parcel in plan:
        for unit in parcel["units"]:
            if unit["id"] in done:
                wanted[parcel["tracking"], unit["gtin"], unit["zone"]] += 1
    put: Counter[tuple[str, str, str]] = Counter()
    trackings = {parcel["tracking"] for parcel in plan}
    for row in seen:
        tracking = next((code for code in row["codes"] if code in trackings), "?")
        put[tracking, row["gtin"].zfill(14), row["zone"]] += row["puts"]
    short, extra = wanted - put, put - wanted
    return [" ".join(key) for key in short.elements()], [" ".join(key) for key in extra.elements()]


def zone_counts(seen: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return puts by zone."""
    counts = Counter(row["zone"] for row in seen if row["puts"])
    return {zone: counts[zone] for zone in ZONES}
