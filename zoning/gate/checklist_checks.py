"""Checks of checklists together with the table: G10 to G12, G30 to G32, and what joins them.

Each refusal shows a plain unit with the answers that lead there, taken through the session again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from zoning import session
from zoning.checklist.expectations import ANY_CHECKLIST
from zoning.checklist.values import Option, Step
from zoning.encode.checklist import Asked
from zoning.encode.cnf import Cnf, Lit
from zoning.encode.rails import rail_of
from zoning.evaluate import INVALID, MISSING
from zoning.findings import Finding, Severity
from zoning.gate.budgets import check_budget
from zoning.gate.photos import check_photos
from zoning.gate.report import Budget, Checked, joined
from zoning.gate.runs import Runs, Told, unsound
from zoning.gate.selection import check_selection
from zoning.gate.table_checks import broken
from zoning.gate.theory import Theory, checked, outcome, shrink, texts
from zoning.gate.worse import check_worse
from zoning.grammar import TRUE, Expression, names, show, truth
from zoning.model import Zone
from zoning.pack import FREQUENCIES, TABLE, UNKNOWN_ITEM, Pack
from zoning.policy import Axiom, Invariant
from zoning.session.walk import readings
from zoning.table import cell_truth

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class JointChecked:
    """What is proved of the checklists, and what they cost."""

    checked: Checked
    budgets: tuple[Budget, ...]


def check_checklists(pack: Pack, cameras: frozenset[str] | None = None) -> JointChecked:
    """Return what is proved of every checklist, or each refusal with a run that shows it.

    `cameras` = camera roles of the station; None leaves out whether each slot has one.
    """
    parts, budgets, fired = [check_selection(pack)], list[Budget](), set[str]()
    for checklist in pack.checklists.values():
        with Cnf() as cnf:
            runs = Runs.of(cnf, pack, checklist)
            if not runs.can():
                # Without a finished run every other check would hold, for want of a unit.
                parts.append(check_constraints(runs))
                continue
            parts += [check(runs) for check in _CHECKS]
            parts.append(check_photos(runs, cameras))
            costs = check_budget(runs)
            parts.append(costs.checked)
            budgets += costs.budgets
            fired |= _fired(runs, fired)
    parts += [_check_rows(pack, fired), check_frequencies(pack)]
    return JointChecked(checked=joined(tuple(parts)), budgets=tuple(budgets))


def check_reads(runs: Runs) -> Checked:
    """G10: no condition reads a step that may never have been asked."""
    return checked("G10", runs.checklist.id, _unread(runs))


def _unread(runs: Runs) -> Iterator[Finding]:
    known = runs.static_known(but=_unknowable(runs))
    for one in runs.joint.steps.values():
        for key, expression, unknown in _conditions(runs, one):
            told = runs.plain(known, one.reached, *unknown)
            if told is None:
                continue
            relevant, keeps = readings(told.run, one.step.name)
            yield runs.finding(
                "G10",
                told,
                one.step,
                text=texts(
                    f"{key} читает шаг, который мог быть не задан: {show(expression)}",
                    f"{key} reads a step that may never have been asked: {show(expression)}",
                ),
                subject=_subject(runs, one.step),
                is_shown=(relevant if key == "relevant" else keeps) is None,
            )


def _unknowable(runs: Runs) -> tuple[str, ...]:
    """Return the facts that no unit of this checklist has: the category of an unknown article."""
    return ("category",) if runs.checklist.id == UNKNOWN_ITEM else ()


def _conditions(runs: Runs, one: Asked) -> Iterator[tuple[str, Expression, tuple[Lit, ...]]]:
    """Yield the conditions of a step, and when each is read and unknown."""
    step, unknowable = one.step, set(_unknowable(runs))
    if not unknowable & names(step.relevant):
        yield "relevant", step.relevant, (-one.relevant.yes, -one.relevant.no)
    if step.constraint is not None:
        yield "constraint", step.constraint, (one.counts, -one.keeps.yes, -one.keeps.no)


def _subject(runs: Runs, step: Step, option: Option | None = None) -> str:
    return ".".join((runs.checklist.id, step.name, *((option.id,) if option else ())))


def check_unreachable(runs: Runs) -> Checked:
    """G11: every step is asked of some unit, every option is some unit's answer."""
    return checked("G11", runs.checklist.id, _unreachable(runs))


def _unreachable(runs: Runs) -> Iterator[Finding]:
    wanted: dict[tuple[str, str], Lit] = {}
    for name, one in runs.joint.steps.items():
        wanted[name, ""] = runs.cnf.conj((one.asked, one.reached))
        wanted |= {(name, option): lit for option, lit in one.chosen.items()}
    dead = _impossible(runs, wanted)
    for name, option in dead:
        if option and (name, "") in dead:
            continue
        step = runs.joint.steps[name].step
        at = next((one for one in step.outcomes if one.id == option), step)
        yield Finding(
            check="G11",
            file=at.file,
            line=at.line,
            text=texts(
                "так ответить нельзя" if option else "до этого шага никогда не доходит",
                "can never be the answer" if option else "is never asked",
            ),
            subject=".".join(filter(None, (runs.checklist.id, name, option))),
            expected="" if step.relevant == TRUE else show(step.relevant),
        )


def _impossible(runs: Runs, wanted: dict[Key, Lit]) -> list[Key]:
    """Return what no run can have, in the order given; one model often shows several at once."""
    left = dict(wanted)
    dead = []
    while left:
        key, lit = next(iter(left.items()))
        del left[key]
        if runs.can(lit):
            left = {key: lit for key, lit in left.items() if not runs.cnf.value(lit)}
        else:
            dead.append(key)
    return dead


def check_constraints(runs: Runs) -> Checked:
    """G12: every constraint can be kept, refuses something, and leaves a way out of its step."""
    found = [*_idle(runs), *_traps(runs)]
    if not found and runs.is_selected and not runs.can():
        found.append(_endless(runs))
    return checked("G12", runs.checklist.id, found)


def _idle(runs: Runs) -> Iterator[Finding]:
    for one in runs.joint.steps.values():
        asked = (one.asked, one.reached, one.given)
        free = [lit for lit in runs.base if lit != one.obeys]
        if one.step.constraint is None or not runs.cnf.solve(*free, *asked):
            continue
        can_keep = runs.cnf.solve(*free, *asked, -one.keeps.no)
        if not can_keep or not runs.cnf.solve(*free, *asked, one.keeps.no):
            en = "the constraint refuses nothing" if can_keep else "the constraint is never kept"
            ru = "constraint ничего не запрещает" if can_keep else "constraint не выполним никогда"
            limit = show(one.step.constraint)
            yield Finding(
                check="G12",
                file=one.step.file,
                line=one.step.line,
                text=texts(f"{ru}: {limit}", f"{en}: {limit}"),
                subject=_subject(runs, one.step),
            )


def _traps(runs: Runs) -> Iterator[Finding]:
    """Yield questions that some unit's answers leave without any answer that is taken."""
    for one in runs.joint.steps.values():
        if one.step.constraint is None or one.refused == runs.cnf.false:
            continue
        free = [lit for lit in runs.base if lit != one.obeys]
        stuck = (*free, one.asked, one.reached, one.given, one.must, one.refused)
        kept = runs.cnf.solve(*free, one.asked, one.reached, one.given, -one.keeps.no)
        if kept and shrink(runs.cnf, stuck, runs.joint.preferences()):
            told = runs.told()
            open_steps = [step.name for step in session.open_must(told.run)]
            finding = Finding(
                check="G12",
                file=one.step.file,
                line=one.step.line,
                text=texts("ни один ответ не принимается", "no answer is taken"),
                subject=_subject(runs, one.step),
                item=told.item(),
                path=tuple(given for given in told.path if given.step != one.step.name),
                expected=show(one.step.constraint),
            )
            yield finding if one.step.name in open_steps else unsound(told, finding.subject)


def _endless(runs: Runs) -> Finding:
    return Finding(
        check="G12",
        file=runs.checklist.file,
        line=runs.checklist.line,
        text=texts("опрос нельзя закончить", "no run of this checklist can be finished"),
        subject=runs.checklist.id,
    )


def check_missing(runs: Runs) -> Checked:
    """G30: a run whose static facts are all known never ends in `#missing`."""
    return checked("G30", runs.checklist.id, _undecided(runs))


def _undecided(runs: Runs) -> Iterator[Finding]:
    unknowable = [n for n in _unknowable(runs) if n not in runs.pack.table.columns]
    told = runs.plain(runs.static_known(but=unknowable), runs.joint.encoded.missing)
    if told is None:
        return
    row = _first_open(told)
    columns = ", ".join(f"{item.column}: {item.why}" for item in told.verdict.missing)
    yield replace(
        runs.finding(
            "G30",
            told,
            runs.checklist,
            text=texts(
                f"известно всё, кроме ответов, а решения нет: {columns}",
                f"all but answers is known, and yet nothing is decided: {columns}",
            ),
            subject=runs.checklist.id,
            is_shown=told.verdict.row == MISSING,
        ),
        row=row,
    )


def _first_open(told: Told) -> str:
    """Return the row at which the decision stops."""
    for row in told.run.pack.table.rows:
        cells = row.cells.items()
        truths = [cell_truth(cell, told.facts.values.get(name)) for name, cell in cells]
        if False not in truths:
            return row.id
    return ""


def check_axioms(runs: Runs) -> Checked:
    """G31: no answers make a record that breaks an axiom."""
    return joined(
        tuple(
            checked("G31", f"{axiom.id} {runs.checklist.id}", _contradicting(runs, axiom))
            for axiom in runs.pack.policy.axioms
        )
    )


def _contradicting(runs: Runs, axiom: Axiom) -> Iterator[Finding]:
    cnf, space = runs.cnf, runs.joint.space
    when, iff = rail_of(cnf, axiom.when, space.atom), rail_of(cnf, axiom.iff, space.atom)
    differ = cnf.disj((cnf.conj((when.yes, iff.no)), cnf.conj((when.no, iff.yes))))
    told = runs.plain(differ)
    if told is not None:
        yield runs.finding(
            "G31",
            told,
            runs.checklist,
            text=texts(
                f"ответы нарушают аксиому {axiom.id}: {show(axiom.when)} ⇔ {show(axiom.iff)}",
                f"answers break the axiom {axiom.id}: {show(axiom.when)} ⇔ {show(axiom.iff)}",
            ),
            subject=f"{axiom.id} {runs.checklist.id}",
            is_shown=told.verdict.row == INVALID
            and axiom.id in {item.column for item in told.verdict.missing},
        )


def check_invariants(runs: Runs) -> Checked:
    """G31: every sentence of the policy holds for every run, facts missing or not."""
    return joined(
        tuple(
            checked("G31", f"{rule.id} {runs.checklist.id}", _breaking(runs, rule))
            for rule in runs.pack.policy.invariants
        )
    )


def _breaking(runs: Runs, rule: Invariant) -> Iterator[Finding]:
    joint = runs.joint
    theory = Theory(pack=runs.pack, cnf=runs.cnf, space=joint.space, encoded=joint.encoded)
    told = runs.plain(broken(theory, rule), -joint.encoded.invalid)
    if told is None:
        return
    outputs = {name: getattr(told.verdict, name) for name in ("zone", "refund", "move")}
    holds, keeps = truth(rule.when, told.facts.values), truth(rule.then, outputs)
    yield replace(
        runs.finding(
            "G31",
            told,
            runs.checklist,
            text={name: f"{_BROKEN[name]}: «{text}»" for name, text in rule.text.items()},
            subject=f"{rule.id} {runs.checklist.id}",
            is_shown=holds is True and keeps is not True,
        ),
        got=outcome(told.verdict, sorted(names(rule.then) | {"zone"})),
        expected=show(rule.then),
    )


_BROKEN = {"ru": "ответы нарушают правило", "en": "answers break the rule"}


def check_answers(runs: Runs) -> Checked:
    """G31: an answer that names a danger leads to hazmat, one that denies identity to hold."""
    return checked("G31", f"answers {runs.checklist.id}", _astray(runs))


def _astray(runs: Runs) -> Iterator[Finding]:
    for one in runs.joint.steps.values():
        for option in one.step.outcomes:
            zones = _zones_of(runs.pack, option)
            if not zones:
                continue
            there = [runs.joint.encoded.zone[zone] for zone in zones]
            told = runs.plain(one.chosen[option.id], *(-lit for lit in there))
            if told is not None:
                yield replace(
                    runs.finding(
                        "G31",
                        told,
                        option,
                        text=texts(
                            "ответ об опасности или чужом товаре ведёт не туда",
                            "an answer of danger or of another item leads elsewhere",
                        ),
                        subject=_subject(runs, one.step, option),
                        is_shown=told.verdict.zone not in zones,
                    ),
                    expected=" | ".join(zones),
                )


def _zones_of(pack: Pack, option: Option) -> tuple[Zone, ...]:
    """Return where an answer must lead by itself; empty = nowhere in particular."""
    if pack.policy.is_hazard(option.flags):
        return (Zone.HAZMAT,)
    return (Zone.HOLD, Zone.HAZMAT) if option.ungraded else ()


def _fired(runs: Runs, fired: set[str]) -> set[str]:
    """Return the rows that some run of this checklist fires, beyond those that were fired."""
    pairs = zip(runs.pack.table.rows, runs.joint.encoded.fires, strict=True)
    wanted = {row.id: lit for row, lit in pairs if row.id not in fired}
    return wanted.keys() - set(_impossible(runs, wanted))


def _check_rows(pack: Pack, fired: set[str]) -> Checked:
    """G32: every row is fired by some checklist; a row for which nobody asks is a warning."""
    findings = (
        Finding(
            check="G32",
            file=TABLE,
            line=row.line,
            text=texts("к строке не ведёт ни один опрос", "no checklist leads to this row"),
            severity=Severity.WARNING,
            row=row.id,
        )
        for row in pack.table.rows
        if row.id not in fired
    )
    return checked("G32", "table", findings)


def check_frequencies(pack: Pack) -> Checked:
    """G02: a frequency of what no checklist asks is a warning: it changes no outcome."""
    return checked("G02", "frequencies", _strays(pack))


def _strays(pack: Pack) -> Iterator[Finding]:
    for (checklist, step), line in pack.frequencies.lines.items():
        is_any = checklist == ANY_CHECKLIST
        chosen = pack.checklists.values() if is_any else [pack.checklists.get(checklist)]
        steps = [one.step(step) for one in chosen if one is not None]
        answers = {option.id for one in steps if one is not None for option in one.outcomes}
        for answer in pack.frequencies.weights[checklist][step]:
            if answer not in answers:
                yield Finding(
                    check="G02",
                    file=FREQUENCIES,
                    line=line,
                    text=texts("такого ответа нет", "there is no such answer"),
                    severity=Severity.WARNING,
                    subject=f"{checklist}.{step}.{answer}",
                )


_CHECKS = (
    check_reads,
    check_unreachable,
    check_constraints,
    check_missing,
    check_axioms,
    check_invariants,
    check_answers,
    check_worse,
)
