"""What lane sensors confirmed, as a figure: items in another lane among items that were seen."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from edge.events.kinds import Payload
from edge.events.move import DiverterChanged, DiverterState


class LaneOutcome(StrEnum):
    """Where an item left the belt, by its sensor."""

    RIGHT = "right"
    WRONG = "wrong"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneFigures:
    """Counts of diverts by outcome. A belt without lane sensors has none of them."""

    right: int = 0
    wrong: int = 0
    missing: int = 0

    @property
    def mis_sort(self) -> float | None:
        """Return lanes confirmed that were not the decided ones / all confirmed; None = unmeasured.

        What no sensor saw is no confirmation; it stands apart as `missing`.
        """
        seen = self.right + self.wrong
        return self.wrong / seen if seen else None


def lane_outcome(payload: Payload) -> LaneOutcome | None:
    """Return what an event says about a lane, None where no sensor said anything."""
    match payload:
        case DiverterChanged(state=DiverterState.DONE, exit_lane=int(lane)) if lane:
            return LaneOutcome.RIGHT
        case DiverterChanged(state=DiverterState.WRONG_LANE):
            return LaneOutcome.WRONG
        case DiverterChanged(state=DiverterState.UNCONFIRMED):
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
