"""What the operator knows (the plan of the boxes) and remembers (what was done)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

View = Mapping[str, Any]

UNIT_STATES: Final = ("UNIT", "VERDICT", "PHOTO", "HAZARD")
STUCK: Final = (
    "in_doubt",
    "failed",
    "rejected",
    "cancelled",
    "unconfirmed",
    "wrong_lane",
    "by_hand",
)
DOUBT_S: Final = 20.0
CARRY_S: Final = 1.0
TAKEN_S: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Badges, trays and parcels as the world told them."""

    badge: str
    supervisor: str
    trays: tuple[Mapping[str, Any], ...]
    parcels: tuple[Mapping[str, Any], ...]
    first_legs: Mapping[str, str]


def read_plan(reply: Mapping[str, Any], rng: Random) -> Plan:
    """Read the world's answer to `plan`; `rng` decides what a hand takes out of a box first."""
    by_role = {badge["role"]: badge["code"] for badge in reversed(reply["badges"])}
    return Plan(
        badge=by_role["operator"],
        supervisor=by_role.get("supervisor", ""),
        trays=tuple(reply["trays"]),
        parcels=tuple({**box, "units": _order(box["units"], rng)} for box in reply["parcels"]),
        first_legs=reply["first_legs"],
    )


def _order(units: list[dict[str, Any]], rng: Random) -> list[dict[str, Any]]:
    """Strangers first: a box closes itself when all that was announced is accounted for."""
    shuffled = rng.sample(units, len(units))
    return sorted(shuffled, key=lambda unit: not unit["undeclared"])


@dataclass(slots=True)
class Mind:
    """Memory of one shift. Times are seconds of a monotonic clock, handed in."""

    plan: Plan
    parcel: Mapping[str, Any] | None = None
    unit: Mapping[str, Any] | None = None
    done: dict[str, str] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    tray_tried: bool = False
    trays_used: list[str] = field(default_factory=list)
    taken_until: dict[str, float] = field(default_factory=dict)
    stuck_since: dict[str, tuple[str, float]] = field(default_factory=dict)
    whereabouts: dict[str, str] = field(default_factory=dict)
    photo_since: float | None = None
    last_tray: str = ""
    hand_moves: int = 0

    def see(self, view: View, now: float) -> str | None:
        """Take in a view; returns the id of a unit that is finished with it."""
        state = view["state"]
        self._see_moves(view, now)
        self.photo_since = (self.photo_since or now) if state == "PHOTO" else None
        if state in UNIT_STATES:
            if "item" in view["work"]:  # a photograph may be of an empty box, too
                self._see_unit(view)
            return None
        finished = None
        if state in ("PARCEL", "IDLE") and self.unit is not None:
            finished = self._laid_down()
        if state == "PARCEL":
            self.parcel = self.parcel_named(view["work"]) or self.parcel
        elif state == "IDLE" and self.parcel is not None:
            self.closed.add(self.parcel["tracking"])
            self.parcel = None
        return finished

    def parcel_named(self, work: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the box that the screen names."""
        names = {work["no"], *work.get("rmas", ())}
        found = (p for p in self.plan.parcels if names & {p["tracking"], p["code"], p["rma"]})
        return next(found, None)

    def next_parcel(self) -> Mapping[str, Any] | None:
        """Return the next box that was not closed."""
        return next((p for p in self.plan.parcels if p["tracking"] not in self.closed), None)

    def stuck_move(self, view: View, now: float) -> Mapping[str, Any] | None:
        """Return a move that waits for a person, if it has waited long enough."""
        for move in view["side"]["moves"]:
            state, since = self.stuck_since.get(move["id"], ("", now))
            patience = CARRY_S if state == "by_hand" else DOUBT_S
            if state and now - since > patience and move["n"] <= 9:
                return dict(move)
        return None

    def _see_moves(self, view: View, now: float) -> None:
        shown = {move["id"]: move["s"] for move in view["side"]["moves"]}
        for gone in self.stuck_since.keys() - shown.keys():
            del self.stuck_since[gone]
        for move, state in shown.items():
            if state not in STUCK:
                self.stuck_since.pop(move, None)
            elif self.stuck_since.get(move, ("", 0.0))[0] != state:
                self.stuck_since[move] = (state, now)

    def _see_unit(self, view: View) -> None:
        """The screen names the article in the hand: after a restart it may not be ours."""
        gtin = dict(view["work"]["item"]["ids"]).get("gtin", "").zfill(14)
        if self.unit is not None and self.unit["gtin"] == gtin:
            return
        units = self.parcel["units"] if self.parcel else ()
        fitting = (u for u in units if u["gtin"] == gtin and u["id"] not in self.done)
        self.unit = next(fitting, None)
        self.tray_tried = False

    def _laid_down(self) -> str | None:
        """The hand is empty: with a tray scanned the unit is put, else it was never taken."""
        unit, self.unit = self.unit, None
        if unit is None or not self.tray_tried:
            return None
        self.tray_tried = False
        self.done[unit["id"]] = self.last_tray
        return str(unit["id"])
