"""The checklist of a unit as the policy sees it: the run rebuilt from the journal's answers.

The only place of the flow that knows how answers become facts and facts a verdict.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edge.catalogue import CatalogueItem
from edge.events import (
    Answer,
    ArrivedLine,
    DecidingAnswer,
    DocumentRef,
    InspectionFinished,
    InspectionStarted,
    MissingFact,
    VerdictMade,
)
from edge.records import from_json, to_json
from edge.station import agreed
from edge.station.decision import Context
from edge.station.shadow import shadowed
from edge.station.state import Given, ParcelWork, UnitWork
from zoning import session, settle
from zoning.evaluate import decide
from zoning.model import ENGINE, AnsweredBy, Static, Verdict
from zoning.pack import Pack
from zoning.session.walk import Run, StepState
from zoning.terms import Partner

SURPLUS = "surplus"  # announced, and more of it than was announced
OVER_QTY = "over_qty"
BLIND = "blind"  # nothing was announced in this parcel: its own pack says what that means
FAST_OK_MS = 1500  # sooner confirmed than a look takes: sampled for a second look


def started(
    parcel: ParcelWork,
    match: str,
    *,
    line: ArrivedLine | None,
    item: CatalogueItem | None,
    context: Context,
) -> InspectionStarted:
    """Return the event that fixes checklist, policy and static facts of a new inspection."""
    static = _static(parcel, match, line=line, item=item)
    pack = context.pack_for(static.tenant, static.channel)
    run = session.begin(pack, static)
    checklist = run.checklist
    return InspectionStarted(
        checklist=DocumentRef(id=checklist.id, version=checklist.version, sha256=checklist.sha256),
        policy=_reference(pack),
        static=to_json(static),
    )


def started_again(
    static: Mapping[str, Any], context: Context, policy: str = ""
) -> InspectionStarted:
    """Return the event that begins a new inspection of a piece whose facts are known already.

    `policy` = the pack that it should begin under, where it is at hand.
    """
    known = from_json(Static, static)
    pack = context.packs.get(policy, context.pack_for(known.tenant, known.channel))
    checklist = session.begin(pack, known).checklist
    return InspectionStarted(
        checklist=DocumentRef(id=checklist.id, version=checklist.version, sha256=checklist.sha256),
        policy=_reference(pack),
        static=static,
    )


def _static(
    parcel: ParcelWork,
    match: str,
    *,
    line: ArrivedLine | None,
    item: CatalogueItem | None,
) -> Static:
    value = line if line is not None and line.value_minor is not None else item
    station_flags = {BLIND} if parcel.blind else set()
    station_flags |= {OVER_QTY} if match == SURPLUS else set()
    # Goods of another owner in this parcel are nobody's here: the station's own pack holds them.
    is_foreign = agreed.is_foreign(parcel, line, item)
    return Static(
        category=item.category if item else None,
        tenant=None if is_foreign else agreed.owner_of(line, item),
        attrs=item.attrs if item else None,
        unknown_attrs=item.unknown_attrs if item else frozenset(),
        parcel_flags=frozenset(parcel.flags),
        station_flags=frozenset(station_flags),
        value_minor=value.value_minor if value else None,
        currency=value.currency if value else None,
        in_window={"in": True, "out": False}.get(parcel.window),
        customer_reason=line.reason if line else None,
        channel=line.channel if line else None,
    )


def pack_of(unit: UnitWork, context: Context) -> Pack:
    """Return the pack a unit began under; it finishes under it."""
    assert unit.policy is not None, "an inspection was started"
    return context.packs[unit.policy.sha256]


def run_of(unit: UnitWork, context: Context) -> Run:
    """Rebuild the checklist run of a unit under the pack it began with."""
    return rebuilt(unit, pack_of(unit, context))


def rebuilt(unit: UnitWork, pack: Pack) -> Run:
    """Rebuild a checklist run from static facts and answers, in the order of the journal."""
    answers = ((one.step, one.answer, AnsweredBy(one.by)) for one in unit.answers)
    return session.resume(pack, from_json(Static, unit.static), tuple(answers))


def is_asked(run: Run, step: str) -> bool:
    """Return whether a step exists in this run and its answer would count."""
    state = run.states.get(step)
    return state not in (None, StepState.IRRELEVANT, StepState.CUT)


def with_answer(unit: UnitWork, step: str, answer: str | int, by: str) -> UnitWork:
    """Return the unit as it will be when this answer is journalled."""
    others = tuple(given for given in unit.answers if given.step != step)
    return replace(unit, answers=(*others, Given(step=step, answer=answer, by=by)), verdict=None)


def proposed(unit: UnitWork, context: Context) -> Verdict:
    """Decide as if every open question found nothing wrong: for the screen alone."""
    pack = pack_of(unit, context)
    return decide(pack, session.facts(session.neutral(run_of(unit, context))))


def made(unit: UnitWork, context: Context) -> VerdictMade:
    """Return the verdict event: what is needed to decide it again, and a candidate's word."""
    assert unit.checklist is not None, "an inspection was started"
    run = run_of(unit, context)
    verdict = verdict_of(run, unit.checklist)
    return replace(verdict, shadow=shadowed(run, context, is_early=verdict.settled_early))


def verdict_of(run: Run, checklist: DocumentRef) -> VerdictMade:
    """Return the verdict event of a run: the same run gives the same event, now and years later.

    When questions were left out the outcome is settled, and the facts keep what they would have
    told as unknown.
    """
    verdict, is_early = settle.concluded(run)
    return VerdictMade(
        zone=verdict.zone,
        disposition=verdict.disposition,
        row=verdict.row,
        refund=verdict.refund,
        move=verdict.move,
        grade=verdict.grade,
        grade_exact=verdict.grade_exact,
        note=verdict.note,
        actions=verdict.actions,
        caps=verdict.caps,
        missing=tuple(MissingFact(column=m.column, why=m.why) for m in verdict.missing),
        deciding=tuple(DecidingAnswer(step=d.step, answer=d.answer) for d in verdict.deciding),
        also_matched=verdict.also_matched,
        hazard_scope=session.inhibit(run),
        settled_early=is_early,
        policy=_reference(run.pack),
        checklist=checklist,
        engine=ENGINE,
        facts=session.facts(run).to_json(),
    )


def category_of(unit: UnitWork) -> str | None:
    """Return what kind of goods a unit is, None where nobody knows."""
    given = unit.static.get("category")
    return given if isinstance(given, str) else None


def partner_of(unit: UnitWork, disposition: str, context: Context) -> Partner | None:
    """Return the service centre that a unit goes to, None where it goes to none."""
    return pack_of(unit, context).terms.partner_of(disposition, category_of(unit))


def finished(unit: UnitWork, context: Context) -> InspectionFinished:
    """Return the complete answers, defaults told apart from what a person gave."""
    answers = tuple(
        Answer(step=step, answer=answer, by=by)
        for step, answer, by in session.final_answers(run_of(unit, context))
    )
    confirm_ms = max(0, context.wall_ms - unit.identified_ms)
    return InspectionFinished(
        answers=answers,
        defaulted_n=sum(1 for given in answers if given.by == AnsweredBy.DEFAULT),
        confirm_ms=confirm_ms,
        fast_ok=confirm_ms < FAST_OK_MS,
    )


def _reference(pack: Pack) -> DocumentRef:
    return DocumentRef(id=pack.id, version=pack.version, sha256=pack.sha256)
