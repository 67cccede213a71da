"""The correction that a new verdict of the same inspection brings with it."""

from dataclasses import replace
from typing import Final

from edge.events import Corrected, CorrectionMade, VerdictMade
from edge.station import inspection
from edge.station.decision import Context, Decision, Screen, on_unit, refused
from edge.station.state import UnitWork

REPLACE: Final = "replace"


def approved(
    screen: Screen, unit: UnitWork, *, reason: str, supervisor: str, context: Context
) -> Decision:
    """Decide as the answers say: a supervisor has looked."""
    decision = inspection.accept(screen, unit, "enter", context)
    verdict = new_verdict(unit, decision)
    if unit.corrects is None or verdict is None:
        return refused(screen, "E45")
    return with_correction(
        decision, unit, unit.corrects, verdict, reason=reason, supervisor=supervisor
    )


def new_verdict(unit: UnitWork | None, decision: Decision) -> VerdictMade | None:
    """Return the verdict about this unit that a decision makes."""
    mine = (
        draft.payload
        for draft in decision.drafts
        if unit is not None and draft.subject.unit == unit.unit
    )
    return next((one for one in mine if isinstance(one, VerdictMade)), None)


def with_correction(
    decision: Decision,
    unit: UnitWork,
    former: Corrected,
    verdict: VerdictMade,
    *,
    reason: str,
    supervisor: str | None = None,
) -> Decision:
    """Return a decision whose new verdict follows the correction of the old one."""
    event = CorrectionMade(
        of=former.verdict,
        act=REPLACE,
        reason=reason,
        before={"zone": former.zone, "row": former.row, "refund": former.refund},
        after={"zone": verdict.zone, "row": verdict.row, "refund": verdict.refund},
        supervisor=supervisor,
    )
    at = next(n for n, draft in enumerate(decision.drafts) if draft.payload is verdict)
    drafts = (*decision.drafts[:at], on_unit(unit, event), *decision.drafts[at:])
    return replace(decision, drafts=drafts)
