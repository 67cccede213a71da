"""A checklist run: which questions are open, what the answers raise, the facts they give.

A run is a value; every act returns a new one. Decides nothing about zones.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from zoning.checklist.values import Slot, Stage, Step, StepType
from zoning.grammar import TRUE, Within, atoms, truth
from zoning.model import UNGRADED, AnsweredBy, Facts, Grade, Label, Members, Missing, Static
from zoning.pack import Pack
from zoning.policy import HazardScope
from zoning.session.walk import (
    UNDECIDED,
    Given,
    Run,
    StepState,
    chosen_options,
    inherited,
    outcomes,
    static_values,
    walked,
)

TEXT_MAX = 200


class AnswerRefusedError(Exception):
    """An answer is not taken: a code for the screen and what it speaks of."""

    def __init__(self, code: str, params: Mapping[str, str | int | Label]) -> None:
        super().__init__(f"answer refused: {code}")
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """An exception digit: level 0 = the default holds. `asked` = it counts at the moment.

    `wrong` = in a word what its digit says, empty where the checklist has none.
    """

    name: str
    label: Label
    wrong: Label
    level: int
    levels: int
    answer: str
    answer_label: Label
    asked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotDemand:
    """Photographs that the answers demand."""

    slot: str
    label: Label
    camera: str
    bind: str
    count: int
    steps: tuple[str, ...]


def begin(pack: Pack, static: Static) -> Run:
    """Return a run of the checklist for this unit without any answer."""
    return walked(Run(pack=pack, checklist=pack.checklist_for(static), static=static))


def answer(run: Run, step: str, value: str | int, by: AnsweredBy) -> Run:
    """Return the run with this answer.

    Raises AnswerRefusedError: unknown_step, not_asked, not_by_key, unknown_option, out_of_range,
    bad_text or constraint.
    """
    asked = _step(run, step)
    if step not in open_steps(run):
        raise AnswerRefusedError("not_asked", {"step": step})
    _check_value(asked, value, by)
    given = Given(step=step, value=_normal(asked, value), by=by)
    new = walked(replace(run, given={**run.given, step: given}))
    if new.states[step] is not StepState.ANSWERED:
        raise AnswerRefusedError("constraint", {"step": step, "text": asked.constraint_message})
    return new


def resume(pack: Pack, static: Static, answers: Iterable[tuple[str, str | int, AnsweredBy]]) -> Run:
    """Return the run that these explicit answers make, whatever their order.

    For answers that were accepted once: a step that is closed by now is kept as dropped.
    Raises AnswerRefusedError for a step or value that the checklist does not have.
    """
    run = begin(pack, static)
    given = {}
    for name, value, by in answers:
        step = _step(run, name)
        _check_value(step, value, by)
        given[name] = Given(step=name, value=_normal(step, value), by=by)
    return walked(replace(run, given=given))


def open_steps(run: Run) -> frozenset[str]:
    """Return the names of the steps that take an answer now, must or not."""
    return frozenset(
        step.name
        for step in run.checklist.steps
        if not (step.by_parcel or step.is_silent or _is_closed(run, step.name))
    )


def withdraw(run: Run, step: str) -> Run:
    """Return the run without an explicit answer. Raises AnswerRefusedError: not_answered."""
    if step not in run.given:
        raise AnswerRefusedError("not_answered", {"step": step})
    return walked(replace(run, given={k: v for k, v in run.given.items() if k != step}))


def cycle(run: Run, step: str) -> tuple[Run, int]:
    """Return the run with the next exception of a default step, and its level; 0 = off again.

    Raises AnswerRefusedError as `answer` does, and not_an_exception.
    """
    asked = _step(run, step)
    if not _is_exception(run, asked):
        raise AnswerRefusedError("not_an_exception", {"step": step})
    level = _level(run, asked) + 1
    if level > len(asked.levels):
        return withdraw(run, step), 0
    return answer(run, step, asked.levels[level - 1].id, AnsweredBy.KEY), level


def open_must(run: Run) -> tuple[Step, ...]:
    """Return the questions that need an explicit answer now, in file order."""
    return tuple(step for step in run.checklist.steps if run.states[step.name] is StepState.OPEN)


def exceptions(run: Run) -> tuple[StepView, ...]:
    """Return the default steps, in an order that stays the same for the whole run."""
    return tuple(_view(run, step) for step in run.checklist.steps if _is_exception(run, step))


def slots_due(run: Run) -> tuple[SlotDemand, ...]:
    """Return the photographs that the current answers and image steps demand."""
    asking: dict[str, list[str]] = {}
    least: dict[str, int] = {}
    for step in run.checklist.steps:
        for name, count in _slots(run, step):
            asking.setdefault(name, []).append(step.name)
            least[name] = max(least.get(name, 1), count)
    return tuple(_demand(run.checklist.slots[n], asking[n], least[n]) for n in asking)


def put_answers(run: Run, disposition: str) -> tuple[tuple[str, str], ...]:
    """Return what scanning a tray of this disposition would answer.

    The caller accepts the put only if the verdict with these answers has that disposition.
    """
    return tuple(
        (step.name, step.put_scan[disposition])
        for step in open_must(run)
        if disposition in step.put_scan
    )


def inhibit(run: Run) -> HazardScope | None:
    """Return how far the danger reaches that a current answer or the parcel states, if any."""
    return run.pack.policy.hazard(run.flags.present)


def neutral(run: Run) -> Run:
    """Return the run as it would be if every open question found nothing wrong.

    Each takes its default, else the first answer that does nothing, else the first it takes.
    """
    seen: set[str] = set()
    while steps := [step for step in open_must(run) if step.name not in seen]:
        seen.add(steps[0].name)
        run = _calmed(run, steps[0])
    return run


def final_answers(run: Run) -> tuple[tuple[str, str | int, AnsweredBy], ...]:
    """Return every answer that counts as (step, answer, by), in file order.

    What nobody entered is by `default`, what the parcel's inspection said by `inherited`.
    """
    found = ((step.name, _final(run, step)) for step in run.checklist.steps)
    return tuple((name, *final) for name, final in found if final is not None)


def facts(run: Run) -> Facts:
    """Return the fact record of a run as it stands; what is still open is unknown."""
    known, missing = static_values(run.pack, run.static)
    source = dict.fromkeys(known, "static")
    for step in filter(lambda step: step.feeds, run.checklist.steps):
        # The column belongs to the step: what a feed says of it does not stand in for an answer.
        for column in (known, missing, source):
            column.pop(step.feeds, None)
        if step.name in run.answered:
            known[step.feeds] = run.answered[step.name]
            source[step.feeds] = step.name
        else:
            missing[step.feeds] = _why(run.states[step.name])
    grade, why = _grade(run)
    if grade is None:
        missing["grade"] = why
    else:
        known["grade"] = grade
    known["flags"] = run.flags
    source |= {"flags": "checklist"} | ({"grade": "checklist"} if grade else {})
    return Facts(
        policy_sha256=run.pack.sha256,
        values=known,
        missing=tuple(Missing(column=name, why=missing[name]) for name in sorted(missing)),
        source=source,
        grade_exact=not any(state in UNDECIDED for state in run.states.values()),
        raised=run.raised,
    )


def _step(run: Run, name: str) -> Step:
    step = run.checklist.step(name)
    if step is None:
        raise AnswerRefusedError("unknown_step", {"step": name})
    return step


def _is_closed(run: Run, step: str) -> bool:
    return run.states[step] in (StepState.IRRELEVANT, StepState.CUT)


def _check_value(step: Step, value: str | int, by: AnsweredBy) -> None:
    if step.is_number:
        if isinstance(value, bool) or not isinstance(value, int) or value not in step.range:
            raise AnswerRefusedError(
                "out_of_range",
                {
                    "step": step.name,
                    "min": step.range.low or 0,
                    "max": step.range.high or 0,
                    "unit": step.unit,
                },
            )
        return
    if not step.options:
        if not isinstance(value, str) or not 0 < len(value.strip()) <= TEXT_MAX:
            raise AnswerRefusedError("bad_text", {"step": step.name, "max": TEXT_MAX})
        return
    chosen = chosen_options(step, value)
    allowed = {option.id for option in step.options}
    alone = len(chosen) > 1 and not set(step.exclusive).isdisjoint(chosen)
    if not chosen or not chosen <= allowed or alone or (len(chosen) > 1 and not step.is_multiple):
        raise AnswerRefusedError("unknown_option", {"step": step.name, "answer": value})
    by_key = {option.id for option in step.key_options}
    if by is AnsweredBy.KEY and not chosen <= by_key:
        raise AnswerRefusedError("not_by_key", {"step": step.name, "answer": value})


def _normal(step: Step, value: str | int) -> str | int:
    if not step.is_multiple:
        return value
    chosen = chosen_options(step, value)
    return "|".join(option.id for option in step.options if option.id in chosen)


def _grade(run: Run) -> tuple[str | None, str]:
    """Return the worst cap of the answers, or why nobody can know it yet."""
    if any(item.ungraded for item in run.raised):
        return UNGRADED, ""
    states = [(step, run.states[step.name]) for step in run.checklist.steps]
    if any(state in (StepState.OPEN, StepState.PENDING) for _, state in states):
        return None, "open"
    if any(step.stage is Stage.IDENTITY and state is StepState.CUT for step, state in states):
        return None, "cut_off"
    worst = max((item.cap for item in run.raised if item.cap), default=Grade.A)
    return worst.value, ""


def _why(state: StepState) -> str:
    match state:
        case StepState.CUT:
            return "cut_off"
        case StepState.OPEN | StepState.PENDING:
            return "open"
    return "absent"


def _is_exception(run: Run, step: Step) -> bool:
    """Whether a step has a digit: it has a default, and no static fact rules it out."""
    static, _ = static_values(run.pack, run.static)
    return (
        bool(step.default)
        and bool(step.options)
        and not step.by_parcel
        and truth(step.must, static) is False
        and truth(step.relevant, static) is not False
    )


def _level(run: Run, step: Step) -> int:
    given = run.given.get(step.name)
    ids = [option.id for option in step.levels]
    return ids.index(str(given.value)) + 1 if given and given.value in ids else 0


def _view(run: Run, step: Step) -> StepView:
    level = _level(run, step)
    shown = step.levels[level - 1] if level else step.option(step.default)
    assert shown is not None, "the loader has checked the default"
    return StepView(
        name=step.name,
        label=step.label,
        wrong=step.wrong,
        level=level,
        levels=len(step.levels),
        answer=shown.id,
        answer_label=shown.label,
        asked=run.states[step.name] in (StepState.ANSWERED, StepState.DEFAULT),
    )


def _slots(run: Run, step: Step) -> tuple[tuple[str, int], ...]:
    """Return the photo slots that a step demands and how many photographs each needs at least."""
    state = run.states[step.name]
    if step.type is StepType.IMAGE:
        count = _counted(run, step) if state is StepState.DEFAULT else 0
        return ((step.slot, count),) if count else ()
    if state is not StepState.ANSWERED:
        return ()
    chosen = outcomes(step, run.given[step.name].value)
    return tuple((slot, 1) for option in chosen for slot in option.photo)


def _counted(run: Run, step: Step) -> int:
    """Return how many photographs an image step wants; none while nobody has said what to count."""
    if not step.count_of:
        return step.min_count
    value = run.answered.get(step.count_of, 0)
    return len(value.present) if isinstance(value, Members) else max(0, int(value))


def _demand(slot: Slot, steps: list[str], least: int) -> SlotDemand:
    count = max(slot.min_count, least) * (len(steps) if slot.each else 1)
    return SlotDemand(
        slot=slot.name,
        label=slot.label,
        camera=slot.camera,
        bind=slot.bind,
        count=count,
        steps=tuple(dict.fromkeys(steps)),
    )


def _calmed(run: Run, step: Step) -> Run:
    """Return the run with the most harmless answer that a step takes; unchanged if none."""
    for value in _harmless(step):
        given = Given(step=step.name, value=value, by=AnsweredBy.DEFAULT)
        answered = walked(replace(run, given={**run.given, step.name: given}))
        if answered.states[step.name] is StepState.ANSWERED:
            return answered
    return run


def _harmless(step: Step) -> Iterator[str | int]:
    """Yield answers, harmless ones first; of a number one in every part that a limit cuts off."""
    if step.is_number:
        yield from (band.low for band in step.bands if band.option.is_neutral)
        yield from _parts(step)
        return
    if not step.options:
        yield "-"
    if step.default:
        yield step.default
    yield from (option.id for option in step.options if option.is_neutral)
    yield from (option.id for option in step.options)


def _parts(step: Step) -> Iterator[int]:
    limits = [step.range]
    limits += [atom.range for atom in atoms(step.constraint or TRUE) if isinstance(atom, Within)]
    ends = [end for part in limits for end in (part.low, part.high) if end is not None]
    near = (value for end in ends for value in (end, end - 1, end + 1))
    yield from (value for value in near if value in step.range)


def _final(run: Run, step: Step) -> tuple[str | int, AnsweredBy] | None:
    state = run.states[step.name]
    if state is StepState.ANSWERED:
        given = run.given[step.name]
        return given.value, given.by
    value = inherited(run, step) if step.by_parcel else step.default
    if state is not StepState.DEFAULT or not value:
        return None
    return value, AnsweredBy.INHERITED if step.by_parcel else AnsweredBy.DEFAULT
