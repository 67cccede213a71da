"""The found reason: proposed from what was seen, accepted with the put, another one by one key.

It stands beside the customer's own reason and never changes it.
"""

from dataclasses import replace
from typing import Final

from edge.station import asking, checks
from edge.station.decision import Context, Decision, Screen, noted
from edge.station.state import UnitWork
from edge.views import Label, Severity
from zoning.pack import Reason

GROUP: Final = "found"
CLAIMED: Final = "C04"  # the customer's word for a defect
AS_NEW: Final = "F01"
NOT_FOUND: Final = "F03"


def reasons(unit: UnitWork, context: Context) -> tuple[Reason, ...]:
    """Return the pack's reasons, those that fit what was seen first, else in file order."""
    listed = checks.pack_of(unit, context).reasons.get(GROUP, ())
    seen = checks.run_of(unit, context).flags.present
    fitting = [one for one in listed if seen.intersection(one.flags)]
    if asking.has_marks(unit, context):  # what says that nothing is wrong comes last
        fitting += [one for one in listed if not one.id.startswith((AS_NEW, NOT_FOUND))]
    elif not fitting:
        claimed = str(unit.static.get("customer_reason") or "")
        start = NOT_FOUND if claimed.startswith(CLAIMED) else AS_NEW
        fitting = [one for one in listed if one.id.startswith(start)]
    return tuple({one.id: one for one in (*fitting, *listed)}.values())


def reason(screen: Screen, unit: UnitWork, context: Context) -> Reason | None:
    """Return the reason that the put will carry; None where the pack has none."""
    listed = reasons(unit, context)
    turns = screen.found[1] if screen.found is not None and screen.found[0] == unit.unit else 0
    return listed[turns % len(listed)] if listed else None


def code(screen: Screen, unit: UnitWork, context: Context) -> str | None:
    """Return its code."""
    found = reason(screen, unit, context)
    return None if found is None else found.id


def label(screen: Screen, unit: UnitWork, context: Context) -> Label | None:
    """Return its words."""
    found = reason(screen, unit, context)
    return None if found is None else found.label


def other(screen: Screen, unit: UnitWork, context: Context) -> Decision:
    """Turn to the next reason; nothing is recorded before the put."""
    turns = screen.found[1] if screen.found is not None and screen.found[0] == unit.unit else 0
    turned = replace(screen, found=(unit.unit, turns + 1))
    return Decision(
        screen=noted(turned, Severity.INFO, "fb.found", reason=label(turned, unit, context) or "?")
    )
