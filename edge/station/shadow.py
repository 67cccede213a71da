"""A candidate policy decides beside the active one: recorded, without effect."""

from edge.events import ShadowVerdict
from edge.station.decision import Context
from zoning import session
from zoning.replay.past import View
from zoning.session.walk import Run


def shadowed(run: Run, context: Context, *, is_early: bool) -> tuple[ShadowVerdict, ...]:
    """Return what the candidate says about the facts of a run under its own pack.

    Empty without a candidate, and when it is the run's own pack. As total as a decision;
    `is_early` = the run was finished before everything was asked.
    """
    candidate = context.packs.get(context.shadow)
    if candidate is None or candidate.sha256 == run.pack.sha256:
        return ()
    values = session.facts(run).values
    again = View(run.pack, candidate).decide(values, run.checklist.id, is_early=is_early)
    said = again.decided
    return (
        ShadowVerdict(
            sha256=candidate.sha256,
            row=said.row,
            zone=said.zone,
            disposition=said.disposition,
            refund=said.refund,
            move=said.move,
            gap=again.gap,
        ),
    )
