"""A person decides another zone: what an operator may alone, what a supervisor may, what nobody.

Both decisions stay in the journal. Source: returns-receiving rules of override.
"""

from collections.abc import Mapping
from typing import Final

from edge.events import Outcome, VerdictChanged, VerdictMade
from edge.station import checks
from edge.station.decision import Context, Decision, Screen, accepted, clean, on_unit, refused
from edge.station.state import UnitWork
from zoning import session
from zoning.model import Value, Zone
from zoning.override import forbidding
from zoning.table import Row, cell_truth

HOLD: Final = "hold"
HOLD_SUPERVISOR: Final = "HOLD_SUPERVISOR"
ZONES: Final = ("resale", "repair", "disposal", HOLD)  # by digit
BY_OPERATOR: Final = "O00_OPERATOR"

_DOWN: Final = {"resale": 0, "repair": 1, "disposal": 2}


def is_free(unit: UnitWork, zone: str, context: Context) -> bool:
    """Return whether an operator may send this unit there without a supervisor."""
    verdict = unit.verdict
    if verdict is None or verdict.zone == HOLD:
        return False
    if zone == HOLD:
        return True
    if _DOWN[zone] <= _DOWN.get(verdict.zone, len(_DOWN)):
        return False
    value = unit.static.get("value_minor")
    return zone == "repair" or (isinstance(value, int) and value < _free_below(unit, context))


def _free_below(unit: UnitWork, context: Context) -> int:
    agreed = checks.pack_of(unit, context).terms.free_disposal_below_minor
    return context.free_disposal_below_minor if agreed is None else agreed


def refusal(screen: Screen, unit: UnitWork, zone: str, context: Context) -> Decision | None:
    """Return why nobody may: danger, the same zone, an invariant; None where somebody may."""
    verdict = unit.verdict
    if verdict is None or verdict.zone == zone:
        return refused(screen, "E00", want="want.tray")
    if unit.danger or verdict.zone == "hazmat":
        return refused(screen, "E36")
    facts = session.facts(checks.run_of(unit, context))
    rule = forbidding(checks.pack_of(unit, context).policy, facts, Zone(zone))
    return None if rule is None else refused(screen, "E83", inv=rule.id, z=zone)


def changed(
    screen: Screen,
    unit: UnitWork,
    zone: str,
    *,
    reason: str,
    supervisor: str | None,
    context: Context,
) -> Decision:
    """Record the change; what the policy recommended stands beside it for ever."""
    verdict = unit.verdict
    assert verdict is not None, "refusal has looked"
    assert unit.verdict_id is not None, "a verdict has an id"
    decided = outcome(unit, zone, context)
    event = VerdictChanged(
        of=unit.verdict_id,
        recommended=outcome_of(verdict),
        decided=decided,
        reason=reason,
        by="operator" if supervisor is None else "supervisor",
        supervisor=supervisor,
    )
    status = "held" if zone == HOLD else "dispositioned"
    return accepted(clean(screen), "fb.rezoned", on_unit(unit, event, status), zone=zone)


def outcome(unit: UnitWork, zone: str, context: Context) -> Outcome:
    """Return what becomes of a unit that a person sends to a zone."""
    verdict = unit.verdict
    assert verdict is not None, "refusal has looked"
    disposition = _disposition(zone, unit, context)
    partner = checks.partner_of(unit, disposition, context)
    return Outcome(
        zone=zone,
        disposition=disposition,
        partner=None if partner is None else partner.code,
        refund="review" if zone == HOLD and verdict.refund == "eligible" else verdict.refund,
        grade=verdict.grade,
    )


def outcome_of(verdict: VerdictMade) -> Outcome:
    """Return what a verdict says of a unit."""
    return Outcome(
        zone=verdict.zone,
        disposition=verdict.disposition,
        refund=verdict.refund,
        grade=verdict.grade,
        row=verdict.row,
    )


def _disposition(zone: str, unit: UnitWork, context: Context) -> str:
    """What the table does in that zone: with such a unit, else with one of its grade, else last."""
    if zone == HOLD:
        return HOLD_SUPERVISOR
    facts = session.facts(checks.run_of(unit, context)).values
    rows = [row for row in checks.pack_of(unit, context).table.rows if row.zone == zone]
    like = [row for row in rows if all(_may_hold(row, name, facts) for name in row.cells)]
    graded = [row for row in rows if "grade" in row.cells and _may_hold(row, "grade", facts)]
    found = next(iter((*like, *graded, *reversed(rows))), None)
    return found.disposition if found is not None else HOLD_SUPERVISOR


def _may_hold(row: Row, name: str, facts: Mapping[str, Value]) -> bool:
    return cell_truth(row.cells[name], facts.get(name)) is not False
