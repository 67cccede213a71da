"""A candidate policy decides beside the active one: recorded, without effect."""

from edge.events import ShadowVerdict
from edge.station.decision import Context
from zoning import session
from zoning.evaluate import INVALID, MISSING, decide
from zoning.grammar import names, truth
from zoning.model import Facts, Members, Value, Verdict
from zoning.pack import Pack
from zoning.policy import Policy
from zoning.session.walk import Run

MONEY = "value"


def shadowed(run: Run, context: Context) -> tuple[ShadowVerdict, ...]:
    """Return what the candidate says about the facts of a run under its own pack.

    Empty without a candidate, and when it is the run's own pack. As total as `decide`.
    """
    candidate, pack = context.packs.get(context.shadow), run.pack
    if candidate is None or candidate.sha256 == pack.sha256:
        return ()
    seen = _seen(session.facts(run), pack.policy, candidate)
    verdict = decide(candidate, seen)
    return (
        ShadowVerdict(
            sha256=candidate.sha256,
            row=verdict.row,
            zone=verdict.zone,
            disposition=verdict.disposition,
            refund=verdict.refund,
            move=verdict.move,
            lacks=_lacks(seen, verdict, pack.policy, candidate.policy),
        ),
    )


def _seen(facts: Facts, active: Policy, candidate: Pack) -> Facts:
    """Return the record as the candidate can read it.

    A member that only the candidate declares was never asked about: it is unknown, not absent.
    """
    policy = candidate.policy
    values: dict[str, Value] = {}
    for name, value in facts.values.items():
        if name not in policy.domains or (name == MONEY and policy.currency != active.currency):
            continue
        if isinstance(value, Members):
            declared = frozenset(policy.domains[name].values)
            added = declared - frozenset(active.domains[name].values)
            unknown = (value.unknown & declared) | (added - value.present)
            values[name] = Members(present=value.present, unknown=unknown)
        else:
            values[name] = value
    return Facts(
        policy_sha256=candidate.sha256,
        values=values,
        missing=facts.missing,
        grade_exact=facts.grade_exact,
    )


def _lacks(seen: Facts, verdict: Verdict, active: Policy, candidate: Policy) -> tuple[str, ...]:
    """Return the columns of the candidate for whose sake the two verdicts cannot be compared."""
    if verdict.row == INVALID:
        return tuple(item.column for item in verdict.missing)
    foreign = _foreign(active, candidate)
    if not foreign:
        return ()
    read = {item.column for item in verdict.missing} if verdict.row == MISSING else set()
    for cap in candidate.caps:
        if cap.id in verdict.caps and truth(cap.when, seen.values) is None:
            read |= names(cap.when)
    return tuple(sorted(foreign & read))


def _foreign(active: Policy, candidate: Policy) -> frozenset[str]:
    """Return the columns that say more in the candidate than the active policy can tell."""
    return frozenset(
        name
        for name, domain in candidate.domains.items()
        if name not in active.domains
        or not frozenset(domain.values) <= frozenset(active.domains[name].values)
        or (name == MONEY and candidate.currency != active.currency)
    )
