"""What sensors and scans confirmed, as a figure: items elsewhere among items that were seen."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from edge.events.kinds import Payload
from edge.events.move import (
    NO_SCAN,
    WRONG_PLACE,
    DiverterChanged,
    DiverterState,
    MoveChanged,
    MoveState,
)


class LaneOutcome(StrEnum):
    """Where an item left the belt or was put down, by a sensor or a scan."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneFigures:
    """Counts of legs by outcome. Where neither sensor nor scan confirms there are none."""

    right: int = 0
    wrong: int = 0
    missing: int = 0

    @property
    def mis_sort(self) -> float | None:
        """Return lanes confirmed that were not the decided ones / all confirmed; None = unmeasured.

        What nothing saw is no confirmation; it stands apart as `missing`.
        """
        seen = self.right + self.wrong
        return self.wrong / seen if seen else None


def lane_outcome(payload: Payload) -> LaneOutcome | None:
    """Return what an event says about a lane or a place, None where nothing confirmed it."""
    match payload:
        case DiverterChanged(state=DiverterState.DONE, exit_lane=int(lane)) if lane:
            return LaneOutcome.RIGHT
        case DiverterChanged(state=DiverterState.WRONG_LANE):
            return LaneOutcome.WRONG
        case DiverterChanged(state=DiverterState.UNCONFIRMED):
            return LaneOutcome.MISSING
        case MoveChanged(state=MoveState.DONE, seen_at=str()):
            return LaneOutcome.RIGHT
        case MoveChanged(state=MoveState.IN_DOUBT, reason=reason) if reason == WRONG_PLACE:
            return LaneOutcome.WRONG
        case MoveChanged(state=MoveState.IN_DOUBT, reason=reason) if reason == NO_SCAN:
            return LaneOutcome.MISSING
        case _:
            return None


def lane_figures(payloads: Iterable[Payload]) -> LaneFigures:
    """Return the counts of any stretch of the journal."""
    found = [outcome for payload in payloads if (outcome := lane_outcome(payload)) is not None]
    return LaneFigures(
        right=found.count(LaneOutcome.RIGHT),
        wrong=found.count(LaneOutcome.WRONG),
        missing=found.count(LaneOutcome.MISSING),
    )
