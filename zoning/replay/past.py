"""One recorded decision, and what a candidate says of the same facts or answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from zoning import session
from zoning.checklist.values import Checklist, Step
from zoning.evaluate import MISSING, decide
from zoning.grammar import TRUE, Within, atoms, truth
from zoning.model import (
    AnsweredBy,
    Domain,
    Facts,
    Kind,
    Members,
    Move,
    Refund,
    Static,
    Value,
    Verdict,
    Zone,
)
from zoning.pack import Pack
from zoning.session.walk import Given, Run, StepState, chosen_options, walked
from zoning.settle import settled
from zoning.table import NumberCell

EARLY = "settled_early"  # why a record cannot be compared: it was finished before all was asked
STEP = "step:"  # … a step of the new checklist was never asked
NO_PACK = "pack"  # … the pack it was decided under is not at hand
NO_ANSWERS = "answers"  # … its answers are not in the journal


class Decided(NamedTuple):
    """What a decision says, as it stands in a verdict."""

    zone: str
    disposition: str
    row: str
    refund: str
    move: str

    @classmethod
    def of(cls, verdict: Verdict) -> "Decided":
        """Return the five words of a verdict."""
        return cls(
            verdict.zone.value,
            verdict.disposition,
            verdict.row,
            verdict.refund.value,
            verdict.move.value,
        )

    def differs(self, other: "Decided") -> bool:
        """Return whether anything but the row is another."""
        return self._replace(row="") != other._replace(row="")


class Again(NamedTuple):
    """What the candidate says, and in `gap` what was never asked and would matter; "" = nothing."""

    decided: Decided
    gap: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A unit as it was decided at a station. `checklist` is an id of the pack `policy_sha256`."""

    station: str
    sequence: int
    unit: str
    policy_sha256: str
    checklist: str
    tenant: str
    facts: Facts
    decided: Decided
    settled_early: bool = False

    @property
    def category(self) -> str:
        """Return the category; empty when it was not known."""
        return str(self.facts.values.get("category", ""))

    @property
    def value(self) -> int | None:
        """Return the value in minor units; None when it was not known."""
        found = self.facts.values.get("value")
        return found if isinstance(found, int) else None


class View:
    """How a candidate sees the records of one pack.

    A column that it does not have is left out, a value that it does not hold is missing. A member
    that its sets have more than the old ones was never asked: unknown.
    """

    def __init__(self, old: Pack, new: Pack) -> None:
        self._new = new
        self._kept = _kept_columns(old, new)
        self.added = {
            name: frozenset(domain.values) - frozenset(old.policy.domains[name].values)
            for name, domain in self._kept.items()
            if domain.kind is Kind.SET
        }
        self._old = old

    def unasked(self, checklist: str) -> frozenset[str]:
        """Return the columns of the candidate that an old checklist could not fill."""
        never = self._new.policy.domains.keys() - self._kept.keys()
        if checklist not in self._old.checklists:
            return frozenset(never)
        return frozenset(never | (_fed(self._new) - _fed(self._old, checklist)))

    @property
    def columns(self) -> Mapping[str, Domain]:
        """Return the columns that a record and the candidate have in common."""
        return self._kept

    def values(self, recorded: Mapping[str, Value], *, is_absent: bool = False) -> dict[str, Value]:
        """Return a record as the candidate takes it; `is_absent` = added members are not there."""
        found: dict[str, Value] = {}
        for name, domain in self._kept.items():
            value = recorded.get(name)
            if isinstance(value, Members):
                found[name] = self._members(name, domain, value, is_absent=is_absent)
            elif value is not None and domain.holds(value):
                found[name] = value
        return found

    def decide(self, recorded: Mapping[str, Value], checklist: str, *, is_early: bool) -> Again:
        """Decide recorded facts again."""
        values = self.values(recorded)
        verdict = self._decide(values)
        if is_early and (verdict.row == MISSING or _hangs(self._new, values, verdict)):
            return Again(Decided.of(verdict), EARLY)
        if verdict.row != MISSING:
            return Again(Decided.of(verdict))
        lacking = [item.column for item in verdict.missing]
        unasked = self.unasked(checklist)
        never = next((name for name in lacking if name in unasked), "")
        return Again(Decided.of(verdict), never or self._added_gap(recorded, lacking))

    def _added_gap(self, recorded: Mapping[str, Value], lacking: Iterable[str]) -> str:
        """Return the set whose new members alone leave the record undecided."""
        grown = next((name for name in lacking if self.added.get(name)), "")
        if grown and self._decide(self.values(recorded, is_absent=True)).row != MISSING:
            return grown
        return ""

    def _decide(self, values: Mapping[str, Value]) -> Verdict:
        return decide(self._new, Facts(policy_sha256=self._new.sha256, values=values))

    def _members(self, name: str, domain: Domain, value: Members, *, is_absent: bool) -> Members:
        added = frozenset[str]() if is_absent else self.added[name]
        if not added and value.is_within(domain.values):
            return value
        declared = frozenset(domain.values)
        return Members(present=value.present & declared, unknown=(value.unknown & declared) | added)


def _hangs(pack: Pack, values: Mapping[str, Value], verdict: Verdict) -> bool:
    """Whether a cap whose condition is not known makes the refund or the move what it is.

    Nobody knows then what the questions that were left out would have changed.
    """
    row = pack.table.row(verdict.row)
    if row is None:
        return False
    sure = [cap for cap in pack.policy.caps if truth(cap.when, values) is True]
    refunds = [row.refund, *(Refund(cap.at_most) for cap in sure if cap.output == "refund")]
    by_hand = any(cap.output == "move" and cap.at_most == Move.MANUAL for cap in sure)
    move = Move.MANUAL if by_hand or row.zone is Zone.HAZMAT else Move.AUTO
    return (max(refunds, key=tuple(Refund).index), move) != (verdict.refund, verdict.move)


def _kept_columns(old: Pack, new: Pack) -> dict[str, Domain]:
    """Return the new columns that mean what an old one meant; other money does not."""
    given = old.policy.domains
    same = {n: d for n, d in new.policy.domains.items() if n in given and d.kind is given[n].kind}
    scaled = {n: d for n, d in same.items() if d.precision == given[n].precision}
    if old.policy.currency != new.policy.currency:
        scaled.pop("value", None)
    return scaled


def _fed(pack: Pack, checklist: str | None = None) -> frozenset[str]:
    """Return the columns that steps fill: those of one checklist, or of any."""
    chosen = pack.checklists.values() if checklist is None else (pack.checklists[checklist],)
    return frozenset(step.feeds for item in chosen for step in item.steps if step.feeds)


def number_limits(pack: Pack, column: str) -> tuple[int, ...]:
    """Return where a number begins to mean something else: equal between two limits, sorted."""
    policy = pack.policy
    conditions = [cap.when for cap in policy.caps]
    conditions += [side for axiom in policy.axioms for side in (axiom.when, axiom.iff)]
    ranges = [
        atom.range
        for condition in conditions
        for atom in atoms(condition)
        if isinstance(atom, Within) and atom.name == column
    ]
    cells = (row.cells.get(column) for row in pack.table.rows)
    ranges += [limits for cell in cells if isinstance(cell, NumberCell) for limits in cell.ranges]
    ranges += [policy.domains[column].range] if column in policy.domains else []
    lows = {limits.low for limits in ranges if limits.low is not None}
    return tuple(sorted(lows | {r.high + 1 for r in ranges if r.high is not None}))


# ---------------------------------------------------------------- answers under a new checklist


def decide_answers(
    new: Pack,
    old: Checklist,
    static: Static,
    answers: Iterable[tuple[str, str | int, AnsweredBy]],
) -> tuple[Again, Facts]:
    """Run recorded answers through the candidate's checklist of this unit, and decide.

    What its checklist asks and the old one did not is unknown, a default of it included. An
    answer that it does not know any more counts for nothing.
    """
    run = _resumed(new, old, static, answers)
    facts = session.facts(run)
    verdict = decide(new, facts)
    waiting = _never_asked(run, old)
    if not waiting:
        return Again(Decided.of(verdict)), facts
    if run.checklist is new.checklists[run.checklist.id]:
        early = settled(run)
        if early is not None:
            return Again(Decided.of(early)), facts
    is_open = verdict.row == MISSING or _hangs(new, facts.values, verdict)
    return Again(Decided.of(verdict), waiting if is_open else ""), facts


def _resumed(
    new: Pack,
    old: Checklist,
    static: Static,
    answers: Iterable[tuple[str, str | int, AnsweredBy]],
) -> Run:
    known = {step.name for step in old.steps}
    checklist = new.checklist_for(static)
    steps = tuple(
        step if step.name in known or step.by_parcel else _asked(step) for step in checklist.steps
    )
    if steps != checklist.steps:
        checklist = replace(checklist, steps=steps)
    run = Run(pack=new, checklist=checklist, static=static)
    given = tuple(answers)
    run = _with(run, (one for one in given if one[2] not in _UNSAID))
    return _with(run, (one for one in given if _speaks(run, one)))


def _with(run: Run, answers: Iterable[tuple[str, str | int, AnsweredBy]]) -> Run:
    """Return the run with these answers, as far as its checklist takes them."""
    given = dict(run.given)
    for name, value, by in answers:
        step = run.checklist.step(name)
        if step is not None and _takes(step, value):
            given[name] = Given(step=name, value=value, by=by)
    return walked(replace(run, given=given))


def _takes(step: Step, value: str | int) -> bool:
    if step.is_number:
        return isinstance(value, int) and value in step.range
    ids = {option.id for option in step.options}
    return isinstance(value, str) and (not ids or chosen_options(step, value) <= ids)


_UNSAID = (AnsweredBy.DEFAULT, AnsweredBy.INHERITED)


def _speaks(run: Run, answer: tuple[str, str | int, AnsweredBy]) -> bool:
    """Whether a default of the old checklist says what the new one would not say by itself."""
    name, value, by = answer
    step = run.checklist.step(name)
    if step is None or by is not AnsweredBy.DEFAULT:
        return False
    match run.states[name]:
        case StepState.IRRELEVANT | StepState.CUT:
            return False
        case StepState.DEFAULT:
            return value != step.default
    return True


def _asked(step: Step) -> Step:
    """Return a step that waits for an answer, whatever its default says."""
    return replace(step, must=TRUE, default="")


def _never_asked(run: Run, old: Checklist) -> str:
    """Return the first step without an answer that the old checklist did not have."""
    open_states = (StepState.OPEN, StepState.PENDING)
    waiting = [step.name for step in run.checklist.steps if run.states[step.name] in open_states]
    new = [name for name in waiting if old.step(name) is None]
    return next((f"{STEP}{name}" for name in (*new, *waiting)), "")
