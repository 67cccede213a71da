"""The tray scan: the verdict's confirmation, the put and the start of the move, in one act."""

from collections.abc import Mapping
from dataclasses import replace

from drivers.protocols import ScanOutcome
from edge.events import (
    Draft,
    Milliseconds,
    MovePlanned,
    PutConfirmed,
    PutOverdue,
    PutWrong,
    UnitClosed,
    VerdictMade,
)
from edge.floor import Tray
from edge.station import (
    asking,
    checks,
    filling,
    found,
    gold,
    holds,
    inspection,
    labelling,
    marks,
    recheck,
)
from edge.station.decision import (
    Choice,
    Context,
    Decision,
    Screen,
    Slot,
    accepted,
    asked,
    clean,
    noted,
    on_unit,
    refused,
    state_name,
)
from edge.station.inputs import ScanInput
from edge.station.legs import legs_of
from edge.station.parcels import closing
from edge.station.state import State, UnitWork
from edge.station.touch import Touch, acted, ended
from edge.views import Severity

TONES = {
    "resale": ScanOutcome.ZONE_1,
    "repair": ScanOutcome.ZONE_2,
    "disposal": ScanOutcome.ZONE_3,
    "hold": ScanOutcome.HOLD,
    "hazmat": ScanOutcome.HAZMAT,
}


def tray_scan(
    state: State,
    screen: Screen,
    tray_id: str,
    context: Context,
    *,
    zone: str = "",
    proof: str = "tray",
) -> Decision:
    """Put the unit in the hand into this tray, if it is the right one and nothing is owed.

    `zone` = that of the label; it counts for a container that nobody configured. `proof` = what
    says that the unit is there: its tray's scan, or the person's word.
    """
    tray = filling.tray_of(state, tray_id, zone, context.floor)
    if tray is None:
        return refused(screen, "E10", code=tray_id)
    unit = state.unit
    if unit is None:
        return refused(screen, "E00", want="want.parcel")
    unnamed = asking.unnamed_danger(unit, context)
    if unnamed is not None:
        return refused(screen, "E30", q=unnamed)
    finished = inspection.finish_for(unit, tray, context)
    if isinstance(finished, inspection.StillOpen):
        return refused(screen, "E30", q=finished.question)
    verdict, drafts = finished
    due = recheck.due(state, unit, verdict, earlier=drafts, context=context)
    if tray.id == context.quality.tray and not (due and unit.look):
        return refused(screen, "E35", z=verdict.zone)
    if due and tray.id != context.quality.tray:
        return recheck.told(screen, due, drafts, context)
    if due == recheck.DIFFER:
        return recheck.laid_back(screen, unit, context).after(drafts)
    if not due and not _fits(tray, verdict):
        return _wrong_tray(screen, unit, tray, verdict)
    tray = replace(tray, container=None) if due else tray  # what is looked at twice goes on later
    barred = filling.refusal(state, screen, unit, tray=tray, verdict=verdict)
    if barred is not None:
        return barred
    busy = _busy_with(state, tray)
    if busy is not None:
        return refused(screen, "E32", t=tray.id, item=busy)
    owed = inspection.slots_owed(unit, drafts, context)
    if owed:
        return _wait_for_photo(screen, unit, tray, owed)
    zone = "hold" if due else verdict.zone
    actions = verdict.actions
    number = labelling.ordered(state, unit, zone=zone, actions=actions, context=context)
    drafts = (*drafts, *number.drafts)
    unit = labelling.numbered(unit, number.drafts)
    missing = labelling.missing(unit, zone=zone, actions=actions, context=context)
    if missing is not None:
        waiting = _wait_for_lpn(screen, tray, *missing)
        return replace(waiting, drafts=drafts, codes=number.codes)
    if due:
        return replace(
            _lay(state, screen, unit, earlier=drafts, context=context), codes=number.codes
        )
    done = _put(
        state,
        screen,
        unit,
        tray=tray,
        verdict=verdict,
        earlier=drafts,
        proof=proof,
        context=context,
    )
    return replace(done, codes=number.codes)


def overdue(state: State, screen: Screen, context: Context) -> Decision:
    """Say once that a decided unit has waited for its tray too long."""
    unit = state.unit
    if unit is None or unit.verdict is None or unit.is_overdue:
        return Decision(screen=screen)
    event = PutOverdue(
        expected=f"{unit.verdict.zone}/{unit.verdict.disposition}",
        waited_ms=max(0, context.wall_ms - unit.verdict_ms),
    )
    if state_name(state, screen) in ("VERDICT", "HAZARD"):
        screen = noted(screen, Severity.WARN, "fb.put_overdue", zone=unit.verdict.zone)
    return Decision(screen=screen, drafts=(on_unit(unit, event),))


def is_overdue(state: State, wall_ms: int, after_s: int) -> bool:
    """Return whether `overdue` has something to say now; `after_s` 0 = never."""
    unit = state.unit
    if unit is None or unit.verdict is None or unit.is_overdue or not after_s:
        return False
    return wall_ms - unit.verdict_ms > after_s * 1000


def lpn_scan(
    state: State, screen: Screen, unit: UnitWork, given: ScanInput, *, number: str, context: Context
) -> Decision:
    """Take the unit's number; it completes the put whose tray was scanned before it."""
    decision = labelling.scanned(screen, unit, given, number=number, context=context)
    tray = screen.tray_for_lpn
    if tray is None or not decision.drafts or decision.no is not None:
        return decision
    numbered = labelling.numbered(unit, decision.drafts)
    after = replace(state, units={**state.units, unit.unit: numbered})
    put = tray_scan(after, decision.screen, tray, context).after(decision.drafts)
    return replace(put, codes=(*decision.codes, *put.codes))


def _wait_for_lpn(screen: Screen, tray: Tray, code: str, number: str) -> Decision:
    """Keep the tray; the put completes by itself when the number is scanned."""
    shown = noted(screen, Severity.WARN, code, lpn=number)
    return Decision(
        screen=replace(shown, tray=None, tray_for_lpn=tray.id, choice=None),
        outcome=ScanOutcome.REFUSED,
        no=code,
    )


def _fits(tray: Tray, verdict: VerdictMade) -> bool:
    if tray.zone not in ("", verdict.zone):
        return False
    return tray.disposition is None or tray.disposition == verdict.disposition


def _wrong_tray(screen: Screen, unit: UnitWork, tray: Tray, verdict: VerdictMade) -> Decision:
    """Nothing is put; the right tray closes the exception."""
    event = PutWrong(
        expected=f"{verdict.zone}/{verdict.disposition}",
        found=f"{tray.zone}/{tray.disposition or ''}",
        proof="tray",
    )
    words = {"a": _tray_words(tray.zone, tray.disposition), "b": _words(verdict)}
    choice = Choice(code="E31", p={**words, "t": tray.id})
    decision = asked(screen, choice, on_unit(unit, event))
    return replace(decision, screen=replace(decision.screen, reopened=screen.reopened))


def _words(verdict: VerdictMade) -> str:
    return _tray_words(verdict.zone, verdict.disposition)


def _tray_words(zone: str, disposition: str | None) -> str:
    return f"{zone}/{disposition}" if disposition else zone


def _busy_with(state: State, tray: Tray) -> str | None:
    """Return the unit whose move still holds this tray."""
    if tray.fixed or tray.container is not None:
        return None
    moves = (move for move in state.moves.values() if move.tray == tray.id)
    return next((move.load[-8:] for move in moves), None)


def _wait_for_photo(screen: Screen, unit: UnitWork, tray: Tray, owed: frozenset[Slot]) -> Decision:
    """Keep the tray; the put completes by itself when the photographs are on disk."""
    shown = noted(screen, Severity.WARN, "E34", slot=min(owed).name)
    due = screen.photos_due | owed
    requests = inspection.requests(unit, owed - screen.photos_due)
    return Decision(
        screen=replace(shown, tray=tray.id, photos_due=due, choice=None),
        photos=requests,
        outcome=ScanOutcome.REFUSED,
        no="E34",
    )


def _lay(
    state: State, screen: Screen, unit: UnitWork, *, earlier: tuple[Draft, ...], context: Context
) -> Decision:
    """Lay a drawn unit where it waits for another person; for this one it is done."""
    drafts = [*earlier, recheck.aside(unit, context)]
    drafts.append(on_unit(unit, _closed(unit, screen, context)))
    if state.parcel is not None:
        drafts += closing(state, state.parcel)
    laid = accepted(clean(screen), "fb.laid", *drafts, t=context.quality.tray)
    return replace(laid, outcome=ScanOutcome.HOLD)


def _put(
    state: State,
    screen: Screen,
    unit: UnitWork,
    *,
    tray: Tray,
    verdict: VerdictMade,
    earlier: tuple[Draft, ...],
    proof: str,
    context: Context,
) -> Decision:
    is_dangerous = unit.danger or f"parcel/{unit.parcel}" in state.inhibits
    by_hand = verdict.move == "manual" or is_dangerous or tray.container is not None
    legs = legs_of(verdict.zone, context.floor, by_hand=by_hand, tray=tray)
    since = unit.verdict_ms or context.wall_ms
    partner = checks.partner_of(unit, verdict.disposition, context)
    put = PutConfirmed(
        zone=verdict.zone,
        proof=proof,
        how=legs[0].kind if legs else "hand",
        after_verdict_ms=max(0, context.wall_ms - since),
        tray=tray.id,
        lane=tray.lane,
        found_reason=found.code(screen, unit, context),
        partner=None if partner is None else partner.code,
    )
    drafts = [*earlier, *filling.opened(state, unit, tray, verdict), on_unit(unit, put, "placed")]
    drafts += [*filling.added(unit, tray, verdict), *marks.outcome(unit, verdict.zone)]
    drafts += gold.compared(unit, verdict)
    if verdict.zone == "hold" and not unit.is_spent:  # that one's hold began with its inspection
        hold = holds.placed(unit, verdict, tray.id, context)
        drafts.append(on_unit(unit, hold, "held"))
    if legs:
        planned = MovePlanned(move=context.fresh.move, legs=legs, zone=verdict.zone, tray=tray.id)
        drafts.append(on_unit(unit, planned))
    drafts.append(on_unit(unit, _closed(unit, screen, context), "closed"))
    if state.parcel is not None:
        drafts += closing(state, state.parcel)
    said = {"name": unit.title, "zone": verdict.zone, "tray": tray.id}
    decision = accepted(clean(screen), "fb.put", *drafts, **said)
    asked = replace(decision.screen, container=filling.filled(state, unit, tray))
    return replace(decision, screen=asked, outcome=TONES[verdict.zone])


def _closed(unit: UnitWork, screen: Screen, context: Context) -> UnitClosed:
    """The acts of this very put stand on the screen: they are in no event yet."""
    touch = unit.touch or Touch(until_ms=unit.opened_ms)
    touch = acted(touch, screen.acts, wall_ms=context.wall_ms, mono_ms=context.mono_ms)
    ms = ended(touch, context.wall_ms)
    return UnitClosed(
        ms=ms,
        acts_n=unit.acts + len(screen.acts),
        photos=tuple(photo.sha256 for photo in unit.photos),
        billed=_billed(unit, ms, context),
    )


def _billed(unit: UnitWork, ms: Milliseconds, context: Context) -> Mapping[str, int]:
    """What is agreed to be billed; what the house looks at for itself is nobody's bill."""
    if unit.audit or unit.is_second:
        return {}
    counts = {"inspections": 1, "photos": len(unit.photos), "seconds": round(ms.active / 1000)}
    return {name: counts[name] for name in checks.pack_of(unit, context).terms.billing}
