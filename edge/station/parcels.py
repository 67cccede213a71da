"""A parcel on the bench: found by any of its numbers, received blind, parked, resumed, closed."""

from dataclasses import replace

from edge.barcodes.meanings import Meaning
from edge.catalogue import ReturnLine
from edge.events import (
    ArrivedLine,
    Draft,
    Graded,
    LineCount,
    ParcelArrived,
    ParcelClosed,
    ParcelId,
    ParcelOpened,
    ParcelParked,
    ParcelResumed,
    UnitMissing,
)
from edge.station import agreed, correct, gold, outside, returns
from edge.station.decision import (
    Choice,
    Context,
    Decision,
    Screen,
    accepted,
    asked,
    clean,
    on_parcel,
    refused,
)
from edge.station.inputs import Candidate, ScanInput
from edge.station.meanings import code_text
from edge.station.state import ParcelWork, State, UnitWork
from edge.views import Message

CHOICES_MAX = 8
FIRST_NEAR = 4  # digits 1 to 3 of the same question are taken
KNOWN = "fb.parcel_known"
DISK_FULL = "E62"  # what is begun is finished, nothing new is begun


def parcel_scan(
    state: State, screen: Screen, given: ScanInput, *, meaning: Meaning, context: Context
) -> Decision:
    """Resolve a number while no parcel is open: parked, known, several, closed or unknown."""
    code = code_text(meaning)
    parked = _parked_with(state, code)
    if parked is not None:
        return resume(screen, parked)
    if context.is_filling:
        return refused(screen, DISK_FULL)
    candidates = tuple(one for one in given.lookups.candidates if not _is_done(one))
    if len(candidates) > 1:
        return _choose(screen, candidates)
    is_done = bool(given.lookups.candidates) and not candidates
    if is_done or (_was_closed(state, given) and not any(map(_left_open, candidates))):
        return correct.closed(screen, given, code, context)
    if not candidates:
        return _unknown(screen, code, given)
    return _timed(take(state, screen, candidates[0], code, context=context), given, context)


def _timed(decision: Decision, given: ScanInput, context: Context) -> Decision:
    """Say of a parcel that was known at once how long that took since its code was read."""
    note = decision.screen.note
    if note is None or note.t != KNOWN:
        return decision
    took_ms = max(0, context.mono_ns - given.scan.at_ns) // 1_000_000
    told = replace(note, t="fb.parcel_read", p={**note.p, "took": took_ms})
    return replace(decision, screen=replace(decision.screen, note=told))


def take(
    state: State, screen: Screen, candidate: Candidate, code: str, *, context: Context
) -> Decision:
    """Receive the announced parcel that was found, or go on with it where it lies open."""
    numbers = {candidate.key, *(line.tracking for line in candidate.lines)}
    is_declared = any(line.tracking for line in candidate.lines)
    open_now = (one for one in state.parcels.values() if numbers & set(one.codes))
    work = next(open_now, None) if is_declared else None
    return resume(screen, work) if work is not None else arrive(screen, candidate, code, context)


def arrive(screen: Screen, candidate: Candidate, code: str, context: Context) -> Decision:
    """Receive an announced parcel and open it."""
    if context.is_filling:
        return refused(screen, DISK_FULL)
    parcel = context.fresh.parcel
    arrived = _arrival(candidate, code, context)
    drafts = (
        on_parcel(parcel, arrived, "arrived"),
        on_parcel(parcel, ParcelOpened(), "opened"),
    )
    decision = accepted(clean(screen), KNOWN, *drafts, no=arrived.codes[0])
    names = (*arrived.codes, *map(returns.name_of, arrived.rmas))
    known = tuple((name, f"parcel/{parcel}") for name in names)
    return replace(decision, codes=known)


def arrive_blind(screen: Screen, code: str, context: Context, *, desk: bool) -> Decision:
    """Receive a parcel that nobody announced; `desk` lays it aside for its owner to claim."""
    if context.is_filling:
        return refused(screen, DISK_FULL)
    parcel = context.fresh.parcel
    provisional = f"U-{context.station}-{context.fresh.number}"
    arrived = ParcelArrived(codes=(code,), matched_by="none", provisional=provisional)
    drafts = [on_parcel(parcel, arrived, "unknown_parcel")]
    if desk:
        drafts.append(on_parcel(parcel, ParcelParked(reason="unknown_desk")))
    else:
        drafts.append(on_parcel(parcel, ParcelOpened(), "opened"))
    decision = accepted(clean(screen), "fb.parcel_blind", *drafts, no=provisional)
    decision = outside.with_photos(decision, parcel, (outside.LABEL,), context)
    subject = f"parcel/{parcel}"
    return replace(decision, codes=((code, subject), (provisional, subject)))


def park(screen: Screen, parcel: ParcelWork) -> Decision:
    """Lay the open parcel aside."""
    draft = on_parcel(parcel.parcel, ParcelParked(reason="operator"))
    return accepted(clean(screen), "fb.parcel_parked", draft, no=parcel.number)


def resume(screen: Screen, parcel: ParcelWork) -> Decision:
    """Take a parked parcel back to the bench."""
    draft = on_parcel(parcel.parcel, ParcelResumed())
    return accepted(clean(screen), "fb.parcel_resumed", draft, no=parcel.number)


def missing(state: State, screen: Screen, parcel: ParcelWork, line: ArrivedLine) -> Decision:
    """Record that the rest of one line is not in the box; close the parcel if that was all."""
    counted = dict(parcel.missing)
    key = (line.rma, line.line)
    left = parcel.left_of(line)
    counted[key] = counted.get(key, 0) + left
    event = UnitMissing(line=line.line, rma=line.rma, qty=left, gtin=line.gtin)
    drafts = [on_parcel(parcel.parcel, event, "missing")]
    drafts += closing(state, replace(parcel, missing=counted))
    return accepted(clean(screen), "fb.missing", *drafts, name=line.title)


def leave_open(screen: Screen, parcel: ParcelWork) -> Decision:
    """Close a box without a list of its own: what it lacks may come in another one."""
    closed = on_parcel(parcel.parcel, _closed(parcel), "closed")
    return accepted(clean(screen), "fb.lines_left", closed, no=parcel.number)


def missing_rest(state: State, screen: Screen, parcel: ParcelWork) -> Decision:
    """Record that everything not yet received is not in the box."""
    drafts: tuple[Draft, ...] = ()
    for line in parcel.lines:
        left = parcel.left_of(line)
        if left > 0:
            event = UnitMissing(line=line.line, rma=line.rma, qty=left, gtin=line.gtin)
            drafts += (on_parcel(parcel.parcel, event, "missing"),)
            counted = {**parcel.missing, (line.rma, line.line): left}
            parcel = replace(parcel, missing=counted)
    return accepted(
        clean(screen), "fb.parcel_closed", *drafts, *closing(state, parcel), no=parcel.number
    )


def close_blind(screen: Screen, parcel: ParcelWork) -> Decision:
    """Close a parcel that nobody announced: the operator says that it is empty."""
    return accepted(
        clean(screen),
        "fb.parcel_closed",
        on_parcel(parcel.parcel, _closed(parcel), "closed"),
        no=parcel.number,
    )


def closing(state: State, parcel: ParcelWork) -> list[Draft]:
    """Return the events that close a parcel whose every piece is accounted for, else nothing.

    A piece that was identified and laid aside keeps its parcel open; the one in the hand does not.
    """
    units = state.units.values()
    aside = any(u.parcel == parcel.parcel and u.unit != state.hand and _is_due(u) for u in units)
    if aside or not parcel.is_complete:
        return []
    drafts = [on_parcel(parcel.parcel, _closed(parcel), "closed")]
    done = returns.completing(state, parcel, _counts(parcel))
    return [*drafts, *(on_parcel(parcel.parcel, event) for event in done)]


def _is_due(unit: UnitWork) -> bool:
    """It is to be put still; a second look keeps no parcel open."""
    return not unit.put and not unit.is_second


def _closed(parcel: ParcelWork) -> ParcelClosed:
    return ParcelClosed(lines=_counts(parcel), units=parcel.units, surplus=parcel.surplus)


def _counts(parcel: ParcelWork) -> tuple[LineCount, ...]:
    return tuple(
        LineCount(
            line=line.line,
            rma=line.rma,
            expected=line.qty,
            received=parcel.received.get((line.rma, line.line), 0),
            missing=parcel.missing.get((line.rma, line.line), 0),
        )
        for line in parcel.lines
    )


def is_parked(state: State, meaning: Meaning) -> bool:
    """Return whether a code names a parcel that was laid aside."""
    return _parked_with(state, code_text(meaning)) is not None


def _parked_with(state: State, code: str) -> ParcelWork | None:
    found = (p for p in state.parcels.values() if code in (*p.codes, p.provisional))
    return next(found, None)


def _was_closed(state: State, given: ScanInput) -> bool:
    """An earlier parcel has this number and is not open any more."""
    ids = (subject.removeprefix("parcel/") for subject in given.lookups.seen)
    return any(ParcelId(parcel) not in state.parcels for parcel in ids)


def _is_done(candidate: Candidate) -> bool:
    """Everything that was announced in it came in an earlier parcel, or was missing there."""
    counted = {(c.rma, c.line): c for one in candidate.so_far for c in one.lines}
    counts = [(line, counted.get((line.rma, line.line))) for line in candidate.lines]
    return all(c is not None and c.received + c.missing >= line.qty for line, c in counts)


def _left_open(candidate: Candidate) -> bool:
    """A return without announced parcels of which something is open: one more box may come."""
    return not any(line.tracking for line in candidate.lines) and bool(_left(candidate))


def _choose(screen: Screen, candidates: tuple[Candidate, ...]) -> Decision:
    shown = candidates[:CHOICES_MAX]
    choice = Choice(code="E13", p={"n": len(candidates)}, named=named(shown), candidates=shown)
    return asked(screen, choice)


def named(candidates: tuple[Candidate, ...], first: int = 1) -> tuple[tuple[str, Message], ...]:
    """Return the digits of parcels to choose from, each with its number and its first goods."""
    return tuple(
        (str(n), Message(t="opt.candidate", p={"key": one.key, "name": one.lines[0].title}))
        for n, one in enumerate(candidates, start=first)
    )


def _unknown(screen: Screen, code: str, given: ScanInput) -> Decision:
    if not code:
        return refused(screen, "E00", want="want.parcel")
    near = given.lookups.near
    opts = (("1", "opt.blind"), ("2", "opt.rescan"), ("3", "opt.unknown_desk"))
    choice = Choice(code="E10", p={"code": code}, opts=opts, held=given, candidates=near)
    return asked(screen, replace(choice, also=named(near, first=FIRST_NEAR)))


def take_near(screen: Screen, choice: Choice, digit: int, context: Context) -> Decision:
    """Receive one of the parcels that an unknown number may mean: a person has looked."""
    candidate = choice.candidates[digit - FIRST_NEAR]
    return arrive(screen, candidate, choice.p["code"], context)


def _arrival(candidate: Candidate, code: str, context: Context) -> ParcelArrived:
    lines = _left(candidate)
    rmas = tuple(dict.fromkeys(line.rma for line in lines))
    numbers = [candidate.key, code, *(line.tracking for line in lines if line.tracking)]
    return ParcelArrived(
        codes=tuple(dict.fromkeys(numbers)),
        matched_by=candidate.matched_by,
        rmas=rmas,
        whole_rmas=tuple(rma for rma in candidate.whole_rmas if rma in rmas),
        lines=expected(candidate),
        carrier=next((line.carrier for line in lines if line.carrier), None),
        tracking=next((line.tracking for line in lines if line.tracking), None),
        declared_g=next((line.declared_g for line in lines if line.declared_g), None),
        window=agreed.window(lines, context),
        due=agreed.due(lines, context),
        so_far=candidate.so_far,
    )


def expected(candidate: Candidate) -> tuple[ArrivedLine, ...]:
    """Return the lines that are expected in a parcel."""
    return tuple(_arrived_line(line) for line in _left(candidate))


def _left(candidate: Candidate) -> tuple[ReturnLine, ...]:
    """The lines of a parcel; of a return without announced parcels what earlier ones left open."""
    lines = gold.kept(candidate.lines)
    if any(line.tracking for line in lines):
        return lines
    counted = {(c.rma, c.line): c for one in candidate.so_far for c in one.lines}
    left: list[ReturnLine] = []
    for line in lines:
        count = counted.get((line.rma, line.line))
        qty = line.qty - (count.received + count.missing if count else 0)
        left += [replace(line, qty=qty)] if qty > 0 else []
    return tuple(left)


def _arrived_line(line: ReturnLine) -> ArrivedLine:
    return ArrivedLine(
        line=line.line,
        rma=line.rma,
        qty=line.qty,
        gtin=line.gtin,
        channel=line.channel,
        order=line.order,
        upd=line.upd,
        sku=line.sku,
        serials=line.serials,
        marks=line.marks,
        reason=line.reason,
        tenant=line.tenant,
        title=line.title,
        value_minor=line.value_minor,
        currency=line.currency,
        audit=line.audit,
        known=Graded(zone=line.known_zone, grade=line.known_grade) if line.known_zone else None,
    )
