"""G04: how many acts and seconds a unit takes, best and worst, against what the pack allows.

An act is one key press or one scan; a number counts once with its Enter.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from zoning import session
from zoning.checklist.expectations import Allowance
from zoning.checklist.values import Step
from zoning.encode.cnf import Lit
from zoning.encode.counter import counted, largest
from zoning.evaluate import decide
from zoning.findings import Finding, Severity
from zoning.gate.report import Budget, Checked, Result, Status, joined
from zoning.gate.runs import Runs, Told
from zoning.gate.theory import checked, texts
from zoning.model import AnsweredBy, Static
from zoning.session.walk import Given, Run, StepState, chosen_options, walked

PACK_FILE = "pack.toml"
SCANS = 3  # the parcel, the item, the tray
DIGITS_MAX = 8
_BY_ITEM_SCAN = ("serial", "mark", "item_scan")  # `compare` and `auto` that its code answers
_PATHS = ("sealed", "opened")


@dataclass(frozen=True, slots=True, kw_only=True)
class Costed:
    """What was found about the acts of one checklist, and the acts themselves by category."""

    checked: Checked
    budgets: tuple[Budget, ...]


def check_budget(runs: Runs) -> Costed:
    """Return the acts of every category of a checklist; a path over its budget is refused."""
    longest = _longest(runs)
    parts, budgets = [checked("G04", f"digits {runs.checklist.id}", _pages(runs))], []
    for category in _categories(runs):
        allowance = runs.pack.allowances.get(category, Allowance())
        paths = {name: _perfect(runs, category, allowance, name) for name in _PATHS}
        budget = Budget(
            category=category,
            sealed=acts_of(paths["sealed"].run),
            opened=acts_of(paths["opened"].run),
            longest=acts_of(longest.run),
            seconds=_seconds(paths["opened"].run),
            allowed=allowance.allowed,
            goal=allowance.goal,
        )
        budgets.append(budget)
        shown = {**paths, "longest": longest, "seconds": paths["opened"]}
        parts.append(_compared(budget, allowance, shown))
    return Costed(checked=joined(tuple(parts)), budgets=tuple(budgets))


def acts_of(run: Run) -> int:
    """Return the acts of a run: the scans of parcel, item and tray, and every key for an answer.

    What the item scan or the put scan says costs no act of its own; a mark costs one act per level.
    """
    return SCANS + sum(_acts(step, run) for step in run.checklist.steps)


def _acts(step: Step, run: Run) -> int:
    given = run.given.get(step.name)
    if given is None or run.states[step.name] is not StepState.ANSWERED:
        return 0
    if given.by in (AnsweredBy.AUTO, AnsweredBy.PUT_SCAN):
        return 0
    is_digit = any(view.name == step.name for view in session.exceptions(run))
    return _presses(step, given.value) if is_digit else 1


def _presses(step: Step, answer: str | int) -> int:
    """Return how often a digit is pressed to get to an answer: once a level, mild ones first."""
    said = chosen_options(step, answer)
    levels = [at for at, option in enumerate(step.levels, start=1) if option.id in said]
    return 0 if said == {step.default} else max(levels, default=1)


def _categories(runs: Runs) -> list[str]:
    """Return the categories whose units are asked this checklist."""
    category = runs.joint.statics.category
    return [name for name, lit in category.values.items() if runs.can(lit)]


def _perfect(runs: Runs, category: str, allowance: Allowance, path: str) -> Told:
    """Return the run of a flawless item of a category: sealed, or opened and complete."""
    static = Static(
        category=category,
        attrs=allowance.attrs,
        value_minor=0,
        currency=runs.pack.policy.currency,
        in_window=True,
    )
    return Told.of(_walked_through(session.begin(runs.pack, static), path))


def _walked_through(run: Run, path: str) -> Run:
    """Answer what is open: by the item scan, by the tray, else by a key that finds nothing."""
    by_tray: dict[str, str] = {}
    seen: set[str] = set()
    while steps := [step for step in session.open_must(run) if step.name not in seen]:
        step = steps[0]
        seen.add(step.name)
        tray = next((tray for tray, answer in step.put_scan.items() if answer == path), "")
        by_tray |= {step.name: tray} if tray else {}
        run = _answered(run, step, path if tray else None)
    # The tray says it only if the verdict with it has the tray's disposition; else a key must.
    disposition = decide(run.pack, session.facts(run)).disposition
    refused = [name for name, tray in by_tray.items() if tray != disposition]
    given = {name: replace(run.given[name], by=AnsweredBy.KEY) for name in refused}
    return walked(replace(run, given={**run.given, **given}))


def _answered(run: Run, step: Step, said: str | None) -> Run:
    """Return the run with the next answer, and who gave it."""
    if said is not None:
        return _with(run, step, said, AnsweredBy.PUT_SCAN)
    calm = session.neutral(run)
    value = calm.given[step.name].value if step.name in calm.given else ""
    by_scan = {step.compare, step.auto}.intersection(_BY_ITEM_SCAN)
    return _with(run, step, value, AnsweredBy.AUTO if by_scan else AnsweredBy.KEY)


def _with(run: Run, step: Step, value: str | int, by: AnsweredBy) -> Run:
    given = Given(step=step.name, value=value, by=by)
    return walked(replace(run, given={**run.given, step.name: given}))


def _seconds(run: Run) -> int:
    """Return the expected seconds of the steps that are looked at."""
    looked = (StepState.ANSWERED, StepState.DEFAULT)
    return sum(step.budget_s for step in run.checklist.steps if run.states[step.name] in looked)


def _longest(runs: Runs) -> Told:
    """Return a run with the most acts: every question by key, every mark at its last level."""
    row = counted(runs.cnf, list(_presses_of(runs)))
    largest(runs.cnf, row, *runs.base)
    told = runs.told()
    given = {name: replace(one, by=AnsweredBy.KEY) for name, one in told.run.given.items()}
    return Told.of(walked(replace(told.run, given=given)))


def _presses_of(runs: Runs) -> Iterator[Lit]:
    """Yield a literal per act that a run may need beside its scans."""
    cnf = runs.cnf
    for one in runs.joint.steps.values():
        if not one.step.is_digit:
            yield one.explicit
            continue
        yield cnf.conj((one.explicit, cnf.disj((one.must, -one.chosen[one.step.default]))))
        for level in range(1, len(one.step.levels)):
            deeper = [one.chosen[option.id] for option in one.step.levels[level:]]
            yield cnf.conj((-one.must, one.explicit, cnf.disj(deeper)))


def _pages(runs: Runs) -> Iterator[Finding]:
    """Yield a warning when the marks of a checklist do not fit on one page of digits."""
    digits = [step for step in runs.checklist.steps if step.is_digit]
    if len(digits) > DIGITS_MAX:
        step = digits[DIGITS_MAX]
        yield Finding(
            check="G04",
            file=step.file,
            line=step.line,
            text=texts(
                f"шагов с default {len(digits)}, а цифр {DIGITS_MAX}: отметки на двух страницах",
                f"{len(digits)} default steps, {DIGITS_MAX} digits: a second page is needed",
            ),
            severity=Severity.WARNING,
            subject=runs.checklist.id,
        )


def _compared(budget: Budget, allowance: Allowance, shown: dict[str, Told]) -> Checked:
    """Compare the figures with what the pack allows; without a budget there is nothing to say."""
    subject = f"budget {budget.category}"
    if not allowance.allowed:
        status = Status(check="G04", subject=subject, status=Result.NOT_RUN)
        return Checked(statuses=(status,))
    findings = [
        _over(budget, name, shown[name], allowance)
        for name, limit in allowance.allowed.items()
        if getattr(budget, name) > limit
    ]
    return checked("G04", subject, findings)


def _over(budget: Budget, name: str, told: Told, allowance: Allowance) -> Finding:
    count, limit = getattr(budget, name), allowance.allowed[name]
    return Finding(
        check="G04",
        file=PACK_FILE,
        line=allowance.line,
        text=texts(f"больше дозволенного: {name}", f"over the budget: {name}"),
        subject=budget.category,
        item=told.item(),
        path=told.path,
        got=f"{name} = {count}",
        expected=f"<= {limit}",
    )
