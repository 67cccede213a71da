"""What no person may override: an invariant of the policy that another zone would break."""

from zoning.grammar import truth
from zoning.model import Facts, Zone
from zoning.policy import Invariant, Policy

OUTCOMES = ("zone", "disposition", "refund", "move")


def forbidding(policy: Policy, facts: Facts, zone: Zone) -> Invariant | None:
    """Return the first invariant that forbids this zone to a unit with these facts, None if none.

    An unknown fact counts against the change: what may be forbidden is.
    """
    known = {name: item for name, item in facts.values.items() if name not in OUTCOMES}
    there = {**known, "zone": zone.value}
    for rule in policy.invariants:
        if truth(rule.when, known) is not False and truth(rule.then, there) is False:
            return rule
    return None
