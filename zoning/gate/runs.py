"""All complete runs of one checklist as the gate questions them, and the run out of a model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from zoning import session
from zoning.checklist.values import Checklist, Option, Slot, Step
from zoning.encode.checklist import Joint, encode_checklist
from zoning.encode.cnf import Cnf, Lit
from zoning.encode.statics import Statics, free_statics, selects
from zoning.evaluate import decide
from zoning.findings import Finding, item_json
from zoning.gate.theory import UNSOUND, outcome, read_columns, shrink, texts
from zoning.model import Deciding, Facts, Label, Verdict
from zoning.pack import Pack
from zoning.session.walk import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A concrete run, taken through session and evaluator: what the solver said is not trusted."""

    run: Run
    facts: Facts
    verdict: Verdict

    @classmethod
    def of(cls, run: Run) -> "Told":
        """Return a run with its facts and its verdict."""
        facts = session.facts(run)
        return cls(run=run, facts=facts, verdict=decide(run.pack, facts))

    @property
    def path(self) -> tuple[Deciding, ...]:
        """Return the explicit answers that lead there, in file order."""
        given = self.run.given
        steps = (step.name for step in self.run.checklist.steps if step.name in given)
        return tuple(Deciding(step=name, answer=given[name].value) for name in steps)

    def item(self) -> Mapping[str, object]:
        """Return the facts that a decision can read, as JSON."""
        read = {"category", "attrs", *read_columns(self.run.pack)}
        return item_json({name: v for name, v in self.facts.values.items() if name in read})


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Every complete run of a checklist by the units that select it.

    `base` = such a unit, parcel and station raise only what they can, constraints are kept.
    """

    joint: Joint
    base: tuple[Lit, ...]
    selected: Lit

    @classmethod
    def of(cls, cnf: Cnf, pack: Pack, checklist: Checklist) -> "Runs":
        """Return the runs of a checklist in a set of clauses of their own."""
        statics = free_statics(cnf, pack)
        joint = encode_checklist(cnf, pack, checklist, statics)
        chosen = selects(cnf, pack, statics, checklist.id)
        base = (chosen, statics.lawful(checklist), *joint.obeying())
        return cls(joint=joint, base=base, selected=chosen)

    @property
    def cnf(self) -> Cnf:
        """Return the clauses."""
        return self.joint.cnf

    @property
    def pack(self) -> Pack:
        """Return the pack."""
        return self.joint.pack

    @property
    def checklist(self) -> Checklist:
        """Return the checklist."""
        return self.joint.checklist

    @property
    def is_selected(self) -> bool:
        """Return whether any unit is asked this checklist."""
        return self.cnf.solve(self.selected)

    def static_known(self, *, but: Iterable[str] = ()) -> Lit:
        """Return whether every feed has said its fact; `but` = columns that may be missing."""
        statics: Statics = self.joint.statics
        names = [name for name in statics.columns if name not in set(but)]
        return self.cnf.conj([-statics.strange, *(statics.known(name) for name in names)])

    def can(self, *asked: Lit) -> bool:
        """Return whether a run of this checklist can have all of this."""
        return self.cnf.solve(*self.base, *asked)

    def plain(self, *asked: Lit, wanted: Iterable[Lit] = ()) -> Told | None:
        """Return the plainest run that has all of this; None if there is none."""
        preferred = (*wanted, *self.joint.preferences())
        if not shrink(self.cnf, (*self.base, *asked), preferred):
            return None
        return self.told()

    def told(self) -> Told:
        """Return the run of the last model."""
        static = self.joint.statics.read(self.pack.policy.currency)
        return Told.of(session.resume(self.pack, static, self.joint.answers()))

    def finding(
        self,
        check: str,
        told: Told,
        at: Step | Option | Slot | Checklist,
        *,
        text: Label,
        subject: str,
        is_shown: bool,
    ) -> Finding:
        """Return a refusal with the run that shows it; one that does not show it is our fault."""
        if not is_shown or not told.run.is_finished or told.run.checklist is not self.checklist:
            return unsound(told, subject)
        return Finding(
            check=check,
            file=at.file,
            line=at.line,
            text=text,
            subject=subject,
            item=told.item(),
            path=told.path,
            got=outcome(told.verdict),
        )


def unsound(told: Told, subject: str) -> Finding:
    """Return the finding of a run that solver and session judge differently: a bug of ours."""
    checklist = told.run.checklist
    return Finding(
        check=UNSOUND,
        file=checklist.file,
        line=checklist.line,
        text=texts(
            "проверка и опрос расходятся: это ошибка программы, набор не принят",
            "proof and session disagree: a fault of this program, the pack is refused",
        ),
        subject=subject,
        item=told.item(),
        path=told.path,
        got=outcome(told.verdict),
    )
