"""A way to each answer of each checklist: what is known before, what is answered, what comes of it.

Found by trying the answers that a question's condition speaks of; the session says what holds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import TypeAlias

from zoning import session
from zoning.checklist.values import Checklist, Match, Option, Step
from zoning.evaluate import decide
from zoning.grammar import Atom, Expression, Has, atoms
from zoning.model import AnsweredBy, Facts, Static, Verdict
from zoning.pack import Pack
from zoning.session.walk import Run, StepState

TRIES_MAX = 4096

Answers: TypeAlias = tuple[tuple[str, str | int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPath:
    """Static facts and answers in order, and the record and outcome they lead to."""

    checklist: str
    step: str
    option: str
    static: Static
    answers: Answers
    facts: Facts
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The paths, and the answers (`checklist step=option`) to which none was found."""

    found: tuple[AnswerPath, ...]
    unshown: tuple[str, ...]


def shown_paths(pack: Pack) -> Paths:
    """Return a path to every option and band of every usable checklist."""
    found, unshown = [], []
    for checklist in pack.checklists.values():
        for step in checklist.steps:
            for option, value in _answers(step):
                path = _path(pack, checklist, step, option, value)
                if path is None:
                    unshown.append(f"{checklist.id} {step.name}={option.id}")
                else:
                    found.append(path)
    return Paths(found=tuple(found), unshown=tuple(unshown))


def rerun(pack: Pack, static: Static, answers: Iterable[tuple[str, str | int]]) -> Run:
    """Return the run of these answers, given one by one. Raises AnswerRefusedError."""
    run = session.begin(pack, static)
    for step, value in answers:
        run = session.answer(run, step, value, AnsweredBy.AUTO)
    return run


def _answers(step: Step) -> Iterator[tuple[Option, str | int]]:
    """Yield what a step can be answered with: each option, each band by its lowest number."""
    yield from ((option, option.id) for option in step.options)
    yield from ((band.option, band.low) for band in step.bands)


def _path(
    pack: Pack, checklist: Checklist, step: Step, option: Option, value: str | int
) -> AnswerPath | None:
    for static, answers in islice(_tries(pack, checklist, step), TRIES_MAX):
        if step.by_parcel:
            run = _by_parcel(pack, static, step, option)
        else:
            run = _answered(pack, static, (*answers, (step.name, value)))
        done = None if run is None else _finished(run)
        if done is not None and _counts(done, checklist, step):
            facts = session.facts(done)
            return AnswerPath(
                checklist=checklist.id,
                step=step.name,
                option=option.id,
                static=done.static,
                answers=tuple((given.step, given.value) for given in done.given.values()),
                facts=facts,
                verdict=decide(pack, facts),
            )
    return None


def _counts(run: Run, checklist: Checklist, step: Step) -> bool:
    state = run.states.get(step.name)
    is_given = state is StepState.ANSWERED or (step.by_parcel and state is StepState.DEFAULT)
    return run.checklist.id == checklist.id and is_given


def _answered(pack: Pack, static: Static, answers: Answers) -> Run | None:
    try:
        return rerun(pack, static, answers)
    except session.AnswerRefusedError:
        return None


def _by_parcel(pack: Pack, static: Static, step: Step, option: Option) -> Run | None:
    """Return a run whose parcel said this; without a flag only the default can be read back."""
    if not option.flags and option.id != step.default:
        return None
    return session.begin(pack, replace(static, parcel_flags=frozenset(option.flags)))


def _finished(run: Run) -> Run:
    """Return the run with what is still to be answered, each with what does no harm."""
    while open_now := [s for s in session.open_must(run) if s.name in session.open_steps(run)]:
        name = open_now[0].name
        value = session.neutral(run).given[name].value
        run = session.answer(run, name, value, AnsweredBy.AUTO)
    return run


def _tries(pack: Pack, checklist: Checklist, step: Step) -> Iterator[tuple[Static, Answers]]:
    """Yield static facts and earlier answers that may get a step asked, the fewest first."""
    before = {other.name: other for other in checklist.steps if other is not step}
    asked = _needed(checklist, step, before)
    choices = [[None, *(value for _, value in _answers(other))] for other in asked]
    statics = list(_statics(pack, checklist, [step, *asked]))
    for values in product(*choices):
        pairs = zip(asked, values, strict=True)
        answers = tuple((other.name, value) for other, value in pairs if value is not None)
        yield from ((static, answers) for static in statics)


def _needed(checklist: Checklist, step: Step, before: dict[str, Step]) -> list[Step]:
    """Return the steps that a step's condition reads, directly or by way of others or of flags."""
    wanted, found = [step], set()
    while wanted:
        for atom in _read(wanted.pop()):
            for other in _behind(atom, before):
                if other.name not in found:
                    found.add(other.name)
                    wanted.append(other)
    return [other for other in checklist.steps if other.name in found]


def _behind(atom: Atom, before: dict[str, Step]) -> list[Step]:
    """Return the steps whose answers a test depends on."""
    if atom.name in before:
        return [before[atom.name]]
    if atom.name != "flags" or not isinstance(atom, Has):
        return []
    members = set(atom.members)
    return [
        other
        for other in before.values()
        if any(members & set(option.flags) for option in other.outcomes)
    ]


def _read(step: Step) -> Iterator[Atom]:
    conditions: list[Expression] = [step.relevant]
    if step.constraint is not None:
        conditions.append(step.constraint)
    return (atom for condition in conditions for atom in atoms(condition))


def _statics(pack: Pack, checklist: Checklist, steps: Iterable[Step]) -> Iterator[Static]:
    """Yield units that get this checklist, with none, one or all of the attributes it reads."""
    match = checklist.match or Match()
    read = [*atoms(match.when), *(atom for step in steps for atom in _read(step))]
    named = (atom.members for atom in read if isinstance(atom, Has) and atom.name == "attrs")
    members = tuple(dict.fromkeys(member for listed in named for member in listed))
    value = pack.policy.domains.get("value")
    first = Static(
        category=next(iter(match.categories), None),
        tenant=next(iter(match.tenants), None),
        value_minor=value.range.low if value else None,
        currency=pack.policy.currency,
        in_window=True,
    )
    for attrs in ((), *((member,) for member in members), members):
        yield replace(first, attrs=frozenset(attrs))
