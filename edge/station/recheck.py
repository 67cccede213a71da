"""The blind second look at the bench: when it shows, where the unit goes, what the next one finds.

Nothing shows before the first verdict is in the journal; nothing of it shows to the second grader.
"""

from dataclasses import replace
from typing import Final

from drivers.protocols import ScanOutcome
from edge.events import (
    Draft,
    InspectionFinished,
    QualityRechecked,
    UnitId,
    UnitParked,
    VerdictMade,
)
from edge.floor import LpnMode
from edge.quality import drawn
from edge.station import lpn, override, spent
from edge.station.adjudge import RECHECK
from edge.station.decision import (
    Context,
    Decision,
    Screen,
    accepted,
    clean,
    noted,
    on_unit,
    refused,
)
from edge.station.look import graded
from edge.station.state import State, UnitWork
from edge.views import Severity

LAY_ASIDE: Final = "E51"
DIFFER: Final = "E54"
_DANGER: Final = "hazmat"
_WAITS_LIKE: Final = "hold"  # a unit that waits is known by its number as a held one is


# ---------------------------------------------------------------- the draw


def way_of(
    state: State, unit: UnitWork, verdict: VerdictMade, *, is_fast: bool, context: Context
) -> str:
    """Return why a unit that is decided now is to be looked at twice, empty for most."""
    rules = context.quality
    if not rules.tray or not _may_wait(state, unit, verdict, context):
        return ""
    return drawn(unit.unit, context.site_key, rules, is_fast=is_fast)


def _may_wait(state: State, unit: UnitWork, verdict: VerdictMade, context: Context) -> bool:
    """First inspections of what is safe in a tray, and can be told from what waits already."""
    is_first = unit.n == 1 and unit.corrects is None and unit.look is None and not unit.audit
    is_safe = verdict.zone != _DANGER and verdict.move != "manual"
    is_endangered = unit.danger or f"parcel/{unit.parcel}" in state.inhibits
    has_room = len(state.rechecks) < context.quality.waiting_max
    alike = any(one.gtin == unit.gtin for one in state.rechecks.values())
    return (
        is_first
        and is_safe
        and not is_endangered
        and has_room
        and (has_name(unit, context) or not alike)
    )


def has_name(unit: UnitWork, context: Context) -> bool:
    """Return whether a number of its own tells this piece from others of its article."""
    mode = lpn.mode_of(unit, _WAITS_LIKE, context)
    return bool(unit.serial or unit.lpn) or mode is not LpnMode.NONE


def checked(state: State, decision: Decision, context: Context) -> Decision:
    """Return a decision with the draw of a first verdict, or with what two looks found."""
    drafts: list[Draft] = []
    for draft in decision.drafts:
        unit = state.units.get(draft.subject.unit or UnitId(""))
        match draft.payload:
            case InspectionFinished(fast_ok=is_fast) as finished if unit is not None:
                verdict = _verdict(decision, unit)
                if verdict is not None and unit.look is None:
                    way = way_of(state, unit, verdict, is_fast=is_fast, context=context)
                    finished = replace(finished, recheck=way or None)
                drafts.append(replace(draft, payload=finished))
            case VerdictMade() as verdict if unit is not None and _is_open(unit):
                drafts += [draft, on_unit(unit, _compared(unit, verdict))]
            case _:
                drafts.append(draft)
    return replace(decision, drafts=tuple(drafts))


def _verdict(decision: Decision, unit: UnitWork) -> VerdictMade | None:
    mine = (one.payload for one in decision.drafts if one.subject.unit == unit.unit)
    return next((one for one in mine if isinstance(one, VerdictMade)), None)


def _is_open(unit: UnitWork) -> bool:
    look = unit.look
    return look is not None and unit.is_second and not look.is_settled


def _compared(unit: UnitWork, verdict: VerdictMade) -> QualityRechecked:
    assert unit.look is not None, "the caller has looked"
    assert unit.look.first is not None, "a second look follows a first one"
    first = graded(unit.look.first)
    second = graded(spent.decided(unit, verdict))
    return QualityRechecked(way=unit.look.way, first=first, second=second, agree=first == second)


# ---------------------------------------------------------------- the tray


def due(
    state: State,
    unit: UnitWork,
    verdict: VerdictMade,
    *,
    earlier: tuple[Draft, ...],
    context: Context,
) -> str:
    """Return why this unit may not go to its zone now: the code of what is said; empty = it may.

    `earlier` = what the same act has decided. Danger always goes where danger goes.
    """
    if unit.danger or verdict.zone == _DANGER:
        return ""
    look = unit.look
    if look is None:
        fast = [d.payload.fast_ok for d in earlier if isinstance(d.payload, InspectionFinished)]
        is_drawn = fast and way_of(state, unit, verdict, is_fast=fast[0], context=context)
        return LAY_ASIDE if is_drawn else ""
    if look.is_first:
        return LAY_ASIDE
    differs = bool(earlier) and _is_open(unit) and not _compared(unit, verdict).agree
    return DIFFER if look.is_disputed or differs else ""


def told(screen: Screen, code: str, earlier: tuple[Draft, ...], context: Context) -> Decision:
    """Say where the unit goes instead; what was decided in the same act stands."""
    tray = context.quality.tray
    if not earlier:
        return refused(screen, code, t=tray)
    return Decision(
        screen=noted(clean(screen), Severity.WARN, code, t=tray),
        drafts=earlier,
        outcome=ScanOutcome.HOLD,
    )


def aside(unit: UnitWork, context: Context) -> Draft:
    """Return the event that lays a drawn unit where it waits for another person."""
    assert unit.look is not None, "it was drawn"
    grader = unit.look.first.grader if unit.look.first is not None else ""
    return on_unit(
        unit, UnitParked(recheck=unit.look.way, place=context.quality.tray, grader=grader)
    )


def laid_back(screen: Screen, unit: UnitWork, context: Context) -> Decision:
    """Lay a unit of which two graders differ back, until a supervisor has time."""
    parked = on_unit(unit, UnitParked(place=context.quality.tray))
    return accepted(clean(screen), "fb.laid", parked, t=context.quality.tray)


# ---------------------------------------------------------------- keys


def key(screen: Screen, unit: UnitWork, pressed: str, context: Context) -> Decision | None:
    """Take a key while a verdict waits for the second look; None = it means what it always does.

    The first verdict stays as it was when nobody knew of the draw.
    """
    look, tray = unit.look, context.quality.tray
    if look is None or unit.danger or (unit.is_second and not look.is_disputed):
        return None
    if look.is_first:
        is_stopped = pressed in ("1", "2", "3", "4", "enter")
        return refused(screen, LAY_ASIDE, t=tray) if is_stopped else None
    match pressed:
        case "f12" | "7":
            return override.ask(screen, RECHECK, context)
        case "esc":
            return laid_back(screen, unit, context)
        case "8" | "9":
            return None
        case _:
            return refused(screen, DIFFER, t=tray)
