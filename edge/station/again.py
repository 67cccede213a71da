"""A piece that comes back by its number: a new inspection that points to the former one.

Its grade may be better than before: what holds inside one inspection does not bind the next.
"""

from dataclasses import replace
from typing import Final

from edge.events import (
    Corrected,
    Draft,
    FirstLook,
    InspectionAnswered,
    MarkSeen,
    UnitIdentified,
    UnitLpn,
    UnitOpened,
)
from edge.station import checks, filling, holds, spent, units
from edge.station.decision import Context, Decision, Screen, accepted, clean, on_unit, refused
from edge.station.inputs import ScanInput
from edge.station.state import State, UnitWork

_KNOWN: Final = ("auto", "inherited")  # what nobody has to say again


def number_scan(
    state: State, screen: Screen, given: ScanInput, *, number: str, context: Context
) -> Decision | None:
    """Take a unit's number while nothing is open; None = no unit of ours is known by it."""
    aside = next((unit for unit in state.units.values() if unit.lpn == number), None)
    if aside is not None:
        return units.take_again(screen, aside)
    former = next((unit for unit in given.lookups.former if unit.lpn == number), None)
    bagged = next((unit for unit in given.lookups.former if unit.bag.number == number), None)
    if bagged is not None:
        return refused(screen, "E73", u=bagged.lpn or bagged.serial or bagged.unit[-8:])
    if former is None:
        return None
    hold = state.holds.get(former.unit)
    if hold is not None:
        return holds.ask(screen, hold, context)
    if former.danger:
        return refused(screen, "E36")
    if is_carried(state, former):
        return refused(screen, "E41")
    begun = filling.shut(state, screen, former.unit) or begin(screen, former, context)
    return taken_out(state, begun, former, filling.AGAIN)


def taken_out(state: State, decision: Decision, former: UnitWork, reason: str) -> Decision:
    """Return the beginning of a new inspection with the unit's way out of its container."""
    if decision.no is not None:
        return decision
    drafts = filling.removed(state, former.unit, former.parcel, reason)
    return replace(decision, drafts=(*decision.drafts, *drafts))


def is_carried(state: State, former: UnitWork) -> bool:
    """A device may have it: what is in the hand is then another piece with its label."""
    works = (work for work in state.moves.values() if work.unit == former.unit)
    return any(leg.is_under_way for work in works for leg in work.legs)


def begin(
    screen: Screen,
    former: UnitWork,
    context: Context,
    *,
    corrects: Corrected | None = None,
    recheck: FirstLook | None = None,
) -> Decision:
    """Begin under the pack in force; facts that the station found out itself are inherited.

    With `corrects` it is the same inspection, gone over once more: every old answer is there. With
    `recheck` another person grades by the rules of the first look, as far as they are kept.
    """
    policy = former.policy.sha256 if recheck is not None and former.policy is not None else ""
    started = checks.started_again(former.static, context, policy)
    unit = replace(
        former,
        unit=context.fresh.unit,
        checklist=started.checklist,
        policy=started.policy,
        answers=(),
        photos=(),
        look=None,
        n=former.n + 1,
    )
    opened = UnitOpened(
        line=former.line,
        n=unit.n,
        previous=former.unit,
        refund=former.refund,
        mark=former.mark if former.mark != MarkSeen() else None,
        corrects=corrects,
        recheck=recheck,
    )
    number = UnitLpn(lpn=former.lpn or "", mode=former.lpn_mode, reprint=former.reprinted)
    drafts = [
        on_unit(unit, opened, "rework"),
        on_unit(unit, _identified(former), "identified"),
        *([on_unit(unit, number)] if former.lpn else []),
        *_bagged(unit, former),
        on_unit(unit, started, "inspecting"),
        *_inherited(unit, former, context, is_same=corrects is not None),
    ]
    if corrects is None and recheck is None and unit.n > 1 + context.lpn.max_rework:
        drafts.append(on_unit(unit, holds.hold(spent.REASON, unit, context), "held"))
    text = "fb.again" if recheck is None else "fb.second"
    decision = accepted(clean(screen), text, *drafts, name=former.title, n=unit.n)
    names = tuple(name for name in (former.lpn, former.serial) if name)
    return replace(decision, codes=tuple((name, f"unit/{unit.unit}") for name in names))


def _bagged(unit: UnitWork, former: UnitWork) -> list[Draft]:
    """The customer's things are in their bag already."""
    bag = former.bag
    if bag.number is None:
        return []
    number = UnitLpn(lpn=bag.number, mode=bag.mode, reprint=bag.reprinted, property=True)
    return [on_unit(unit, number)]


def _identified(former: UnitWork) -> UnitIdentified:
    category = former.static.get("category")
    return UnitIdentified(
        how="scan",
        basis="lpn",
        match=former.match,
        confirmed=former.match == "expected",
        epc=former.epc,
        gtin=former.gtin,
        serial=former.serial,
        rma=former.rma,
        line=former.line,
        category=category if isinstance(category, str) else None,
        title=former.title,
    )


def _inherited(unit: UnitWork, former: UnitWork, context: Context, *, is_same: bool) -> list[Draft]:
    drafts: list[Draft] = []
    for given in former.answers:
        is_asked = checks.is_asked(checks.run_of(unit, context), given.step)
        if (is_same or given.by in _KNOWN) and is_asked:
            by = given.by if is_same else "inherited"
            unit = checks.with_answer(unit, given.step, given.answer, by)
            event = InspectionAnswered(step=given.step, answer=given.answer, must=False, by=by)
            drafts.append(on_unit(unit, event))
    return drafts
