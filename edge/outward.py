"""What one central system gets of an event: fields, status codes, rights. Plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# The statuses that events can carry: of parcels and units.
STATUSES: Final = (
    "arrived",
    "opened",
    "closed",
    "unknown_parcel",
    "missing",
    "identified",
    "inspecting",
    "graded",
    "dispositioned",
    "held",
    "hazard",
    "routed",
    "placed",
    "rework",
    "cancelled",
)
# Known to the centre before the station meets the parcel; never sent, so no map needs them.
ANNOUNCED: Final = ("announced", "in_transit")
HOLD_REASONS: Final = (
    "dispute",
    "unannounced",
    "verify",
    "quality",
    "unlock",
    "value",
    "rtv",
    "missing_fact",
    "invalid_facts",
    "no_policy",
    "rework",
    "supervisor",
)
NOT_SENT: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """What becomes of the fields of `data`: keep, then drop, then rename.

    `events` = globs over kinds. `keep` = which of a kind's own fields stay (None = all); the
    fields that every event has stay until they are dropped by name.
    """

    events: tuple[str, ...]
    keep: tuple[str, ...] | None = None
    drop: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """A target's map and rights.

    `statuses` = code per (status, reason), reason empty where there is none; None = as they are.
    `mark_raw` = it may have the secret tail of marking codes.
    """

    name: str = ""
    rules: tuple[FieldRule, ...] = ()
    statuses: Mapping[tuple[str, str], str] | None = None
    mark_raw: bool = False


PLAIN: Final = Outward(mark_raw=True)
