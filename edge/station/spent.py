"""A piece that came back too often: whatever the policy says of it, a supervisor decides.

The verdict in the journal stays the policy's word; the hold stands beside it from the first scan.
"""

from dataclasses import replace
from typing import Final

from edge.events import VerdictMade
from edge.station.state import UnitWork

REASON: Final = "rework"
ZONE: Final = "hold"
DISPOSITION: Final = "HOLD_REWORK"
_DANGER: Final = "hazmat"  # no hold keeps a danger


def decided(unit: UnitWork, verdict: VerdictMade) -> VerdictMade:
    """Return the verdict as it holds for this unit."""
    if not unit.is_spent or verdict.zone == _DANGER:
        return verdict
    refund = "review" if verdict.refund == "eligible" else verdict.refund
    return replace(verdict, zone=ZONE, disposition=DISPOSITION, refund=refund)
