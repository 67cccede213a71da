"""Early finish: whether anything still to be asked can change the outcome, and what to ask next.

Exact: the clauses of the checklist together with the answers so far allow no other outcome. Where
an answer can still end the questions they may allow more than there is: one is asked too many then,
never one too few. One solver a checklist, kept by its pack; not for two threads at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

from zoning import session
from zoning.checklist.values import Stage, Step
from zoning.encode.checklist import Asked, Joint, demands, encode_checklist
from zoning.encode.cnf import Cnf, Lit
from zoning.encode.space import EnumColumn, NumberColumn, SetColumn
from zoning.encode.statics import free_statics
from zoning.evaluate import decide
from zoning.grammar import names, truth
from zoning.model import AnsweredBy, Grade, Static, Verdict
from zoning.pack import Pack
from zoning.session import AnswerRefusedError
from zoning.session.walk import Given, Run, StepState, chosen_options, static_values

RUNS_KEPT = 512  # per checklist; full: the oldest is forgotten and found again
_ALWAYS = (Stage.DANGER, Stage.IDENTITY)
_WAITING = (StepState.OPEN, StepState.PENDING)
_Key: TypeAlias = tuple[Static, frozenset[tuple[str, str | int]]]
_Kept = TypeVar("_Kept")
_Value = TypeVar("_Value")
_Known: TypeAlias = tuple[tuple[Lit, ...], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Settler:
    """The clauses of one checklist and what they said of the runs seen last.

    `values` = the values of the settle columns, one of each column holds; `extras` = photographs
    and actions, each demanded or not. `known` = per unit what its static facts fix, and the steps
    that may want an explicit answer.
    """

    joint: Joint
    values: tuple[Lit, ...]
    extras: tuple[Lit, ...]
    seen: dict[_Key, Verdict | None] = field(default_factory=dict)
    known: dict[Static, _Known] = field(default_factory=dict)

    @classmethod
    def of(cls, pack: Pack, checklist: str) -> "Settler":
        """Encode a checklist; some milliseconds."""
        cnf, columns = Cnf(), pack.policy.settle
        joint = encode_checklist(cnf, pack, pack.checklists[checklist], free_statics(cnf, pack))
        extras = [*_evidence(joint)] if "evidence" in columns else []
        extras += _actions(joint) if "actions" in columns else []
        return cls(joint, tuple(_values(joint, columns)), tuple(extras))


def settled(run: Run) -> Verdict | None:
    """Return the verdict if no completion of a run differs in the policy's `settle` columns.

    Completions answer what is open in any way; marks that nobody made stay unmade, facts that no
    feed gave stay missing. Of a finished run it is the verdict. Of another it is that of the
    neutral completion, with the grade so far; None, too, if constraints keep that from finishing.
    """
    settler = _settler(run.pack, run.checklist.id)
    key = (run.static, frozenset((one.step, one.value) for one in run.given.values()))
    if key not in settler.seen:
        _forget_oldest(settler.seen)
        settler.seen[key] = _judged(run, settler)
    return settler.seen[key]


def concluded(run: Run) -> tuple[Verdict, bool]:
    """Return the verdict of a run as it stands, and whether questions were left out."""
    if not run.is_finished and not needed(run):
        early = settled(run)
        assert early is not None, "only then are questions left out"
        return early, True
    return decide(run.pack, session.facts(run)), False


def open_must(run: Run) -> tuple[Step, ...]:
    """Return the questions that are asked now, the next one first.

    They are those of `needed`; in a free group the step that settles most comes first.
    """
    return _best_first(run, needed(run))


def needed(run: Run) -> tuple[Step, ...]:
    """Return the open questions in file order, without those that an early finish leaves out.

    Left out is what cannot change a settled outcome, but for danger, identity, steps with
    `always`, and what those wait for.
    """
    steps = session.open_must(run)
    if not steps or settled(run) is None:
        return steps
    kept = _kept(run)
    return tuple(step for step in steps if step.name in kept)


def mass(run: Run, step: Step) -> float:
    """Return which share of the answers to an open step settles the outcome, 0 to 1.

    Weighed by the pack's frequencies; without them all answers are alike.
    """
    weights = run.pack.frequencies.of(run.checklist.id, step.name)
    total = settling = 0
    for name, value in _answers(step):
        weight = weights.get(name, 0) if weights else 1
        total += weight
        settling += weight if weight and _settles(run, step, value) else 0
    return settling / total if total else 0.0


def _forget_oldest(kept: dict[_Kept, _Value]) -> None:
    if len(kept) >= RUNS_KEPT:
        del kept[next(iter(kept))]


def _settler(pack: Pack, checklist: str) -> Settler:
    found = pack.settlers.get(checklist)
    if not isinstance(found, Settler):
        found = pack.settlers[checklist] = Settler.of(pack, checklist)
    return found


def _evidence(joint: Joint) -> Iterator[Lit]:
    """Yield what makes up the demanded photographs: slots, or answers that want one each."""
    for slot, lit in joint.photos.items():
        if not joint.checklist.slots[slot].each:
            yield lit
    for one in joint.steps.values():
        for slot, lit in demands(joint.cnf, one, joint.steps):
            if joint.checklist.slots[slot].each:
                yield lit


def _judged(run: Run, settler: Settler) -> Verdict | None:
    if run.is_finished:
        return decide(run.pack, session.facts(run))
    if not _is_settled(run, settler):
        return None
    neutral = session.neutral(run)
    return _early(run, decide(run.pack, session.facts(neutral))) if neutral.is_finished else None


def _is_settled(run: Run, settler: Settler) -> bool:
    """Return whether every completion has the outcome of any one of them."""
    cnf = settler.joint.cnf
    given = tuple(_assumed(run, settler))
    given = (*given, *_cut_off(run, settler, given))
    if not cnf.solve(*given):
        return False
    fixed = [lit for lit in settler.values if cnf.value(lit)]
    fixed += [lit if cnf.value(lit) else -lit for lit in settler.extras]
    return not any(cnf.solve(*given, -lit) for lit in fixed)


def _values(joint: Joint, columns: Iterable[str]) -> Iterator[Lit]:
    encoded = joint.encoded
    told = {
        "zone": encoded.zone,
        "disposition": encoded.disposition,
        "refund": encoded.refund,
        "move": encoded.move,
    }
    for name in columns:
        yield from told.get(name, {}).values()


def _actions(joint: Joint) -> Iterator[Lit]:
    """Yield per action whether rows or flags demand it; the engine's outcomes demand none."""
    pack, cnf = joint.pack, joint.cnf
    flags = joint.space.columns["flags"]
    assert isinstance(flags, SetColumn), "the loader has checked the flags"
    found: dict[str, list[Lit]] = {}
    for row, fires in zip(pack.table.rows, joint.encoded.fires, strict=True):
        for action in row.actions:
            found.setdefault(action, []).append(fires)
    any_row = cnf.disj(joint.encoded.fires)
    for name, flag in pack.policy.flags.items():
        if flag.action:
            raised = cnf.conj((any_row, flags.members[name].yes))
            found.setdefault(flag.action, []).append(raised)
    return (cnf.disj(lits) for lits in found.values())


def _assumed(run: Run, settler: Settler) -> Iterator[Lit]:
    """Yield what is fixed in every completion of a run: facts, answers, marks nobody made."""
    if run.static not in settler.known:
        _forget_oldest(settler.known)
        settler.known[run.static] = _known(run, settler.joint)
    fixed, asking = settler.known[run.static]
    yield from fixed
    for name, one in settler.joint.steps.items():
        if one.step.by_parcel or one.step.is_silent:
            continue
        state, given = run.states[name], run.given.get(name)
        if given is not None and state in (StepState.ANSWERED, StepState.IRRELEVANT):
            yield one.given
            yield from _chosen(one, given)
        elif state is not StepState.OPEN and name not in asking:
            yield -one.given


def _cut_off(run: Run, settler: Settler, given: tuple[Lit, ...]) -> Iterator[Lit]:
    """Yield that what an answer cut off stays unanswered, where no completion asks it after all.

    The answer that ended the questions may become irrelevant by what is still open before it.
    """
    cnf = settler.joint.cnf
    for name, one in settler.joint.steps.items():
        if run.states[name] is StepState.CUT and not cnf.solve(*given, one.reached):
            yield -one.given


def _known(run: Run, joint: Joint) -> _Known:
    """Return what the static facts of a unit fix, and which steps may want an answer with them."""
    static, _ = static_values(run.pack, run.static)
    asking = (
        step.name
        for step in run.checklist.steps
        if step.constraint is not None or truth(step.must, static) is not False
    )
    fixed = (*joint.statics.assume(run.pack, run.static), *joint.obeying())
    return fixed, frozenset(asking)


def _chosen(one: Asked, given: Given) -> Iterator[Lit]:
    match one.choice:
        case NumberColumn(cuts=cuts, reached=reached):
            value = int(given.value)
            yield from (
                lit if value >= cut else -lit for cut, lit in zip(cuts, reached, strict=True)
            )
        case EnumColumn(values=values):
            yield values[str(given.value)]
        case SetColumn(members=members):
            chosen = chosen_options(one.step, given.value)
            yield from (rail.yes if name in chosen else rail.no for name, rail in members.items())


def _early(run: Run, verdict: Verdict) -> Verdict:
    """Return a neutral completion's verdict with the grade so far and the reasons given so far."""
    caps = [item.cap for item in run.raised if item.cap]
    ungraded = any(item.ungraded for item in run.raised)
    said = {(item.step, item.answer) for item in run.raised}
    return replace(
        verdict,
        grade=None if ungraded else max(caps, default=Grade.A),
        grade_exact=False,
        deciding=tuple(one for one in verdict.deciding if (one.step, one.answer) in said),
    )


def _kept(run: Run) -> frozenset[str]:
    """Return the steps that are asked although the outcome is settled, and what they wait for."""
    waiting = [step for step in run.checklist.steps if run.states[step.name] in _WAITING]
    kept = {step.name for step in waiting if step.always or step.stage in _ALWAYS}
    for at in range(len(waiting) - 1, -1, -1):
        if waiting[at].name in kept:
            read = names(waiting[at].relevant)
            kept |= {one.name for one in waiting[:at]} if "flags" in read else read
    return frozenset(kept)


def _best_first(run: Run, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    if not steps or not steps[0].is_free:
        return steps
    rivals = [step for step in steps if step.is_free and step.group == steps[0].group]
    if len(rivals) == 1:
        return steps
    best = max(rivals, key=lambda step: mass(run, step))
    return (best, *(step for step in steps if step is not best))


def _answers(step: Step) -> Iterator[tuple[str, str | int]]:
    """Yield the ways of answering a step: each option, each band by its lowest number."""
    if step.is_number:
        yield from ((band.option.id, band.low) for band in step.bands)
    else:
        yield from ((option.id, option.id) for option in step.options)


def _settles(run: Run, step: Step, value: str | int) -> bool:
    try:
        return settled(session.answer(run, step.name, value, AnsweredBy.AUTO)) is not None
    except AnswerRefusedError:
        return False
