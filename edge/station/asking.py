"""The checklist as a screen shows it: the open question, exception digits, the proposed zone."""

from dataclasses import replace

from edge.station import checks, spent
from edge.station.decision import Context
from edge.station.state import UnitWork
from edge.views import Label, Mark, NumberEntry, Proposal, Question
from zoning import session, settle
from zoning.checklist.values import Option, Step
from zoning.explain import explain, explanation_lines
from zoning.model import Grade
from zoning.session.walk import Run

MARKS_MAX = 8  # with more, 8 turns the page and 7 stand on each
HAZARD_STEP = "danger"


def open_step(unit: UnitWork, context: Context) -> Step | None:
    """Return the must step that is asked now; none when the rest cannot change the outcome."""
    return next(iter(settle.open_must(checks.run_of(unit, context))), None)


def question(unit: UnitWork, typed: str, context: Context) -> Question | None:
    """Return the open question; `typed` are the digits entered so far for a number."""
    run = checks.run_of(unit, context)
    musts = settle.open_must(run)
    if not musts:
        return None
    step = musts[0]
    answered = sum(1 for given in unit.answers if given.by not in ("auto", "inherited"))
    number = None
    if step.is_number:
        number = NumberEntry(
            unit=step.unit, minimum=step.range.low or 0, maximum=step.range.high or 0, typed=typed
        )
    options = tuple((str(n), option.label) for n, option in enumerate(step.key_options, start=1))
    return Question(
        step=step.name,
        n=answered + 1,
        of=answered + len(musts),
        t=step.label,
        opts=options,
        number=number,
        hint=step.hint or None,
    )


def short_label(unit: UnitWork, context: Context) -> Label | None:
    """Return the one word of the open question for the stage."""
    step = open_step(unit, context)
    return (step.short or None) if step is not None else None


def answered(unit: UnitWork, context: Context) -> tuple[tuple[Label, Label], ...]:
    """Return what a person answered: question and answer."""
    checklist = checks.run_of(unit, context).checklist
    shown: list[tuple[Label, Label]] = []
    for given in unit.answers:
        step = checklist.step(given.step)
        if step is not None and given.by in ("key", "scan") and not step.default:
            shown.append((step.label, answer_label(step, given.answer)))
    return tuple(shown)


def answer_label(step: Step, answer: str | int) -> Label:
    """Return the words of an answer; a number speaks for itself."""
    option = step.option(str(answer)) if isinstance(answer, str) else None
    if option is not None:
        return option.label
    text = f"{answer} {step.unit}".strip()
    return {"ru": text, "en": text}


def marks(unit: UnitWork, page: int, context: Context) -> tuple[tuple[Mark, ...], int]:
    """Return the exception digits of a page and the number of pages."""
    run = checks.run_of(unit, context)
    every, takes = session.exceptions(run), session.open_steps(run)
    size = MARKS_MAX if len(every) <= MARKS_MAX else MARKS_MAX - 1
    pages = max(1, -(-len(every) // size))
    start = (page % pages) * size
    shown = every[start : start + size]
    return (
        tuple(
            Mark(
                k=str(n),
                step=one.name,
                t=one.wrong or _asked(one.label),
                level=one.level,
                levels=one.levels,
                is_open=one.name in takes,
                said=one.answer_label if one.level else None,
                cap=_cap(run, one),
            )
            for n, one in enumerate(shown, start=1)
        ),
        pages,
    )


def _cap(run: Run, marked: session.StepView) -> str:
    step = run.checklist.step(marked.name)
    option = step.option(marked.answer) if step is not None and marked.level else None
    cap = option.cap if option is not None else None
    return str(cap) if cap not in (None, Grade.A) else ""


def _asked(label: Label) -> Label:
    """What is asked about, where the checklist has no word for what may be wrong with it."""
    return {lang: text.rstrip("? ") for lang, text in label.items()}


def has_marks(unit: UnitWork, context: Context) -> bool:
    """Return whether any exception is marked."""
    return any(one.level > 0 for one in session.exceptions(checks.run_of(unit, context)))


def proposal(unit: UnitWork, context: Context) -> Proposal:
    """Return zone, row and reasons of the answers so far, or of the verdict that was made."""
    run = checks.run_of(unit, context)
    verdict = unit.verdict or checks.proposed(unit, context)
    why: list[Label] = []
    for deciding in verdict.deciding:
        step = run.checklist.step(deciding.step)
        if step is not None:
            why.append(_said(step, deciding.answer))
    told = Proposal(
        zone=verdict.zone,
        disposition=verdict.disposition,
        row=verdict.row,
        grade=verdict.grade or "",
        refund=verdict.refund,
        note=verdict.note or None,
        why=tuple(why),
    )
    is_held = unit.is_spent and told.zone not in (spent.ZONE, "hazmat")
    return replace(told, zone=spent.ZONE, disposition=spent.DISPOSITION) if is_held else told


def _said(step: Step, answer: str | int) -> Label:
    """What was asked about and what was answered: an answer alone tells nobody of what."""
    about, told = step.wrong or _asked(step.label), answer_label(step, answer)
    return {lang: f"{about.get(lang, '')}: {text}" for lang, text in told.items()}


def explained(unit: UnitWork, context: Context) -> tuple[Label, ...]:
    """Return why the unit goes there and what would change it, line by line in every language."""
    run = checks.run_of(unit, context)
    facts = session.facts(session.neutral(run) if unit.verdict is None else run)
    told = explain(checks.pack_of(unit, context), facts, run.checklist)
    lines = {lang: explanation_lines(told, lang) for lang in ("ru", "en")}
    return tuple({"ru": ru, "en": en} for ru, en in zip(lines["ru"], lines["en"], strict=True))


def danger_kinds(unit: UnitWork, context: Context) -> tuple[Option, ...]:
    """Return the answers of the general danger step that name a hazard, in file order."""
    pack = checks.pack_of(unit, context)
    step = checks.run_of(unit, context).checklist.step(HAZARD_STEP)
    options = step.options if step is not None else ()
    return tuple(option for option in options if pack.policy.hazard(option.flags) is not None)


def unnamed_danger(unit: UnitWork, context: Context) -> Label | None:
    """Return the question that a raised danger still leaves open: its kind decides the verdict."""
    run = checks.run_of(unit, context)
    step = run.checklist.step(HAZARD_STEP)
    if not unit.danger or step is None or session.inhibit(run) is not None:
        return None
    return step.label
