"""The account of a headless run: devices by the simulators, events by the platform."""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any, Final

from edge.commands.demo.stage import Stage
from edge.events import (
    DangerKind,
    DangerRaised,
    MoveChanged,
    MoveState,
    PutConfirmed,
    VerdictMade,
)
from edge.journal.reader import Reader
from edge.settings.load import load
from edge.station.state import AREA

ZONES: Final = ("resale", "repair", "disposal", "hold", "hazmat")
DRAIN_S: Final = 60.0
REPLY_S: Final = 10.0
REPLY_BYTES_MAX: Final = 16 * 1024 * 1024  # the account of a long run lists every order


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The numbers of one run, in the order in which they are printed."""

    numbers: dict[str, Any]

    @property
    def is_good(self) -> bool:
        """Return whether nothing was lost, doubled, misplaced or left in doubt."""
        zero = ("lost", "duplicated", "wrong_zone", "double_picks", "double_diverts")
        return (
            all(self.numbers[name] == 0 for name in zero)
            and self.numbers["hand_moves_unplanned"] == 0
            and bool(self.numbers["chain_ok"])
        )

    def to_json(self) -> dict[str, Any]:
        """Return the numbers."""
        return self.numbers

    def to_text(self) -> str:
        """Return one line a number."""
        return "\n".join(f"{name:22} {value}" for name, value in self.numbers.items())


async def measure(stage: Stage, said: dict[str, Any], *, kills: int, seconds: float) -> Outcome:
    """Wait until everything committed has arrived at the platform, then count."""
    floor, last_seq = await _drained(stage)
    journal = journal_counts(stage, last_seq)
    platform = floor["platform"]
    return Outcome(
        numbers={
            "units": said["units"],
            "zones": journal["zones"],
            "wrong_zone": said["wrong_zone"],
            "moves": floor["picks"],
            "diverts": floor["diverts"],
            "hand_moves": journal["hand"],
            "hand_moves_unplanned": journal["hand_unplanned"],
            "double_picks": floor["double_picks"],
            "double_diverts": floor["double_diverts"],
            "in_doubt_open": journal["in_doubt"],
            "kills": kills,
            "resumed_same_step": said["resumed_same_step"],
            "events_committed": journal["events"],
            "events_platform": platform["events"],
            "lost": max(0, journal["events"] - platform["events"]),
            "duplicated": platform["duplicates"],
            "chain_ok": bool(platform["chain_ok"]),
            "scan_view_ms": quantiles(said["scan_view_ms"]),
            "scan_order_ms": quantiles(said["scan_order_ms"]),
            "seconds": round(seconds, 1),
        }
    )


def quantiles(values: list[float]) -> dict[str, float]:
    """Return p50, p99 and max by nearest rank; zeros of nothing."""
    if not values:
        return {"p50": 0.0, "p99": 0.0, "max": 0.0}
    ranked = sorted(values)

    def at(share: float) -> float:
        return round(ranked[min(len(ranked) - 1, int(share * len(ranked)))], 2)

    return {"p50": at(0.5), "p99": at(0.99), "max": round(ranked[-1], 2)}


async def _drained(stage: Stage) -> tuple[dict[str, Any], int]:
    """Ask the floor until the platform has what the journal holds, or time is up.

    Returns the floor's account and the sequence up to which it is compared: the station lives on
    and records more.
    """
    until = time.monotonic() + DRAIN_S
    while True:
        floor = await _ask(stage, {"do": "stats"})
        committed = _committed(stage)
        if floor["platform"]["events"] >= committed or time.monotonic() > until:
            return floor, committed
        await asyncio.sleep(0.2)


def _committed(stage: Stage) -> int:
    with Reader(stage.journal) as reader:
        return reader.last_seq()


def journal_counts(stage: Stage, last_seq: int) -> dict[str, Any]:
    """Count what the journal says up to this sequence."""
    zones = dict.fromkeys(ZONES, 0)
    verdicts: dict[str, VerdictMade] = {}
    doubtful: dict[tuple[str, int], bool] = {}
    hand = unplanned = events = 0
    stands_still = False  # a danger of the whole area has stopped belts and robots
    routes = load(stage.folder / "config").floor.routes
    with Reader(stage.journal) as reader:
        for event in reader.events(1):
            if event.seq > last_seq:
                break
            events += 1
            match event.payload:
                case VerdictMade() as verdict:
                    verdicts[event.unit or ""] = verdict
                case PutConfirmed(zone=zone, how=how):
                    zones[zone] += 1
                    hand += how == "hand"
                    devices = any(leg.kind != "hand" for leg in routes[zone])
                    capped = verdicts[event.unit or ""].move == "manual"
                    unplanned += how == "hand" and devices and not capped
                case DangerRaised(scope=scope) | DangerKind(scope=scope):
                    stands_still = stands_still or scope == AREA
                case MoveChanged(move=move, leg=leg, state=state):
                    hand += state is MoveState.BY_HAND
                    unplanned += state is MoveState.BY_HAND and not stands_still
                    doubtful[move, leg] = state is MoveState.IN_DOUBT
    return {
        "zones": zones,
        "hand": hand,
        "hand_unplanned": unplanned,
        "in_doubt": sum(doubtful.values()),
        "events": events,
    }


async def _ask(stage: Stage, request: dict[str, Any]) -> dict[str, Any]:
    door = str(stage.run / "sim.sock")
    reader, writer = await asyncio.open_unix_connection(door, limit=REPLY_BYTES_MAX)
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        await writer.drain()
        async with asyncio.timeout(REPLY_S):
            reply: dict[str, Any] = json.loads(await reader.readline())
    finally:
        writer.close()
        await writer.wait_closed()
    return reply
