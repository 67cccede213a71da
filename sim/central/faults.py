"""How the platform fails: one seed, a share for each fault, poisonous events, limits.

A fault never lies about what is stored: whatever is answered, the ledger holds the truth.
"""

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Fault(StrEnum):
    """What becomes of one request to `/events`."""

    ERROR = "error"  # 500, nothing stored
    BUSY = "busy"  # 429 with Retry-After, nothing stored
    AWAY = "away"  # 503, nothing stored
    RESET_BEFORE = "reset_before"  # the connection breaks, nothing stored
    RESET_AFTER = "reset_after"  # all stored, then the connection breaks
    SILENCE = "silence"  # half-open: taken and never answered, nothing stored
    SILENCE_AFTER = "silence_after"  # half-open, but all stored
    SLOW = "slow"  # stored and answered after `slow_s`
    UNREADABLE = "unreadable"  # all stored, then a page that is no answer
    ACCEPTED = "accepted"  # 202, nothing stored
    DOUBLED = "doubled"  # every result twice, those of the last batch too
    REORDERED = "reordered"  # results in another order
    IN_PART = "in_part"  # the first ones stored, `retry` for the rest


class Poison(StrEnum):
    """How an event that is refused for good is told."""

    RESULTS = "results"  # by name, the others stored
    BATCH = "batch"  # 422 for the whole batch, nothing stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A platform's faults. `shares` = share of requests, 0 to 1; `poison_permille` of the events.

    `events_max`, `bytes_max` = what is answered by 413 above it; `gzip` False = 415 for packed
    batches; `conflicts` = 409 for a batch that holds an event already stored.
    """

    seed: int = 1
    shares: Mapping[Fault, float] = field(default_factory=dict)
    poison_permille: int = 0
    poison: Poison = Poison.RESULTS
    events_max: int | None = None
    bytes_max: int | None = None
    gzip: bool = True
    conflicts: bool = False
    slow_s: float = 1.0
    retry_after_s: int = 1


HEALTHY: Final = Plan()


class Switchboard:
    """Draws what happens to each request; the same seed and requests give the same faults."""

    def __init__(self, plan: Plan = HEALTHY) -> None:
        self.set(plan)

    def set(self, plan: Plan) -> None:
        """Fail by this plan from now on."""
        self.plan = plan
        self.rng = random.Random(plan.seed)

    def draw(self) -> Fault | None:
        """Return the fault of the next request."""
        at, drawn = 0.0, self.rng.random()
        for fault, share in self.plan.shares.items():
            at += share
            if drawn < at:
                return fault
        return None

    def is_poison(self, event_id: str) -> bool:
        """Return whether the event is refused for good; it hangs on seed and id alone."""
        digest = hashlib.sha256(f"{self.plan.seed}/{event_id}".encode()).digest()
        return int.from_bytes(digest[:4], "big") % 1000 < self.plan.poison_permille


def plan_of(told: Mapping[str, Any]) -> Plan:
    """Read a plan as it is told by `PUT /faults`. Raises ValueError, TypeError."""
    shares = {Fault(name): float(share) for name, share in dict(told.get("shares", {})).items()}
    rest = {name: value for name, value in told.items() if name not in ("shares", "poison")}
    return Plan(shares=shares, poison=Poison(told.get("poison", "results")), **rest)
