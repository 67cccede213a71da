"""A complete run of one checklist as clauses: what is asked, answered, raised, graded, decided.

Agrees with `zoning.session` and `zoning.evaluate` for every unit and every way of answering: the
walk below goes through the steps as the session's does and keeps the same books.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from zoning.checklist.values import Checklist, Option, Stage, Step
from zoning.encode.cnf import Cnf, Lit
from zoning.encode.counter import counted
from zoning.encode.rails import Atom, Rail, both_ways, rail_of
from zoning.encode.space import (
    Column,
    EnumColumn,
    NumberColumn,
    SetColumn,
    Space,
    cut_points,
    free_column,
)
from zoning.encode.statics import Statics
from zoning.encode.table import Encoded, encode_table
from zoning.grammar import Answered, Expression, Within, atoms, names
from zoning.model import UNGRADED, AnsweredBy, Grade
from zoning.pack import Pack

_TEXT = "-"  # any answer of a step whose answer no condition can read


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One step of a run. A step is `reached` while no END answer stands before it.

    `relevant` and `keeps` (the constraint over this step's own answer) are three-valued. `given` =
    somebody answers, `choice` = what they say, `explicit` = that answer counts; `counts` = so does
    it or the default; `chosen[option]` = what it acts as. `cut` = an END answer took the question;
    `refused` = every answer to it would break the constraint.
    """

    step: Step
    reached: Lit
    relevant: Rail
    keeps: Rail
    refused: Lit
    obeys: Lit
    must: Lit
    given: Lit
    explicit: Lit
    counts: Lit
    cut: Lit
    choice: Column | None
    chosen: Mapping[str, Lit]

    @property
    def asked(self) -> Lit:
        """Return whether the step is not definitely irrelevant."""
        return -self.relevant.no

    def chooses(self, cnf: Cnf, option: str) -> Lit:
        """Return whether the answer given, if it is, is this option."""
        match self.choice:
            case EnumColumn(values=values):
                return values.get(option, cnf.false)
            case SetColumn(members=members):
                return members[option].yes if option in members else cnf.false
        return cnf.false


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """All complete runs of a checklist: the steps, the facts they give, what is made of them.

    `photos[slot]` = an answer or an image step demands that photograph.
    """

    pack: Pack
    checklist: Checklist
    statics: Statics
    steps: Mapping[str, Asked]
    space: Space
    encoded: Encoded
    photos: Mapping[str, Lit]

    @property
    def cnf(self) -> Cnf:
        """Return the clauses that all this stands in."""
        return self.space.cnf

    def obeying(self) -> tuple[Lit, ...]:
        """Return the assumptions under which no answer breaks a constraint."""
        return tuple(one.obeys for one in self.steps.values() if one.step.constraint is not None)

    def answers(self) -> tuple[tuple[str, str | int, AnsweredBy], ...]:
        """Return the answers of the last model, in file order, as a session resumes from them."""
        return tuple(
            (name, _said(self.cnf, one), AnsweredBy.AUTO)
            for name, one in self.steps.items()
            if self.cnf.value(one.explicit)
        )

    def preferences(self) -> tuple[Lit, ...]:
        """Return literals, most wanted first, that make a run plain: nobody finds anything."""
        quiet = [-one.given for one in self.steps.values() if not one.step.is_silent]
        harmless = [lit for one in self.steps.values() for lit in _harmless(self.cnf, one)]
        return (*self.statics.preferences(), *harmless, *quiet)


def encode_checklist(cnf: Cnf, pack: Pack, checklist: Checklist, statics: Statics) -> Joint:
    """Return the gates of every complete run of a checklist over these static facts."""
    walk = _Walk(cnf, pack, checklist, statics)
    for step in checklist.steps:
        walk.visit(step)
    space = Space(cnf=cnf, columns=walk.facts())
    return Joint(
        pack=pack,
        checklist=checklist,
        statics=statics,
        steps=walk.steps,
        space=space,
        encoded=encode_table(cnf, pack, space),
        photos=walk.photos(),
    )


class _Walk:
    """One pass over the steps in file order: each sees only what stands before it."""

    def __init__(self, cnf: Cnf, pack: Pack, checklist: Checklist, statics: Statics) -> None:
        self.cnf = cnf
        self.pack = pack
        self.checklist = checklist
        self.statics = statics
        self.steps: dict[str, Asked] = {}
        self.answered: dict[str, Column] = {}
        self.explicit: dict[str, Lit] = {}
        self.reached = cnf.true
        first = statics.first_flags()
        self.raised = {name: [rail.yes] for name, rail in first.items()}
        self.at_risk = {name: [cnf.conj((-rail.yes, -rail.no))] for name, rail in first.items()}
        self.cuts = _cuts(pack, checklist)

    def visit(self, step: Step) -> None:
        """Encode the next step and take up what its answer does."""
        one = self._of_parcel(step) if step.by_parcel else self._of_unit(step)
        self.steps[step.name] = one
        self.explicit[step.name] = one.explicit
        if one.choice is not None:
            self.answered[step.name] = self._read(one)
        for option in step.outcomes:
            self._take_up(one, option)

    def facts(self) -> dict[str, Column]:
        """Return the columns of the record that the run gives."""
        fed = {step.feeds: self.answered[step.name] for step in self.checklist.steps if step.feeds}
        known = {**self.statics.columns, **fed}
        known |= {"flags": self._flags(), "grade": self._grade()}
        return {name: known[name] for name in self.pack.policy.domains if name in known}

    def photos(self) -> dict[str, Lit]:
        """Return which photo slots are demanded."""
        found: dict[str, list[Lit]] = {}
        for one in self.steps.values():
            for slot, lit in demands(self.cnf, one, self.steps):
                found.setdefault(slot, []).append(lit)
        return {slot: self.cnf.disj(lits) for slot, lits in found.items()}

    def _of_parcel(self, step: Step) -> Asked:
        """The parcel's answer, read back from its flags; nothing of it is asked here."""
        cnf, chosen, said = self.cnf, dict[str, Lit](), self.cnf.false
        for option in step.options:
            if option.flags:
                fits = cnf.conj([self.statics.parcel[flag] for flag in option.flags])
                chosen[option.id] = cnf.conj((fits, -said))
                said = cnf.disj((said, fits))
        if step.default:
            chosen[step.default] = cnf.disj((chosen.get(step.default, cnf.false), -said))
            said = cnf.true
        values = {option.id: chosen.get(option.id, cnf.false) for option in step.options}
        return Asked(
            step=step,
            reached=self.reached,
            relevant=both_ways(cnf.true),
            keeps=both_ways(cnf.true),
            refused=cnf.false,
            obeys=cnf.true,
            must=cnf.false,
            given=cnf.false,
            explicit=cnf.false,
            counts=said,
            cut=cnf.false,
            choice=EnumColumn(values=values, missing=-said),
            chosen=values,
        )

    def _of_unit(self, step: Step) -> Asked:
        cnf, choice = self.cnf, self._choice(step)
        relevant = rail_of(cnf, step.relevant, self._atom(names(step.relevant)))
        must = -rail_of(cnf, step.must, Space(cnf=cnf, columns=self.statics.columns).atom).no
        given = cnf.false if step.is_silent else cnf.var()
        keeps = self._keeps(step, choice)
        obeys = cnf.var() if step.constraint is not None else cnf.true
        open_now = cnf.conj((-relevant.no, self.reached))
        speaks = cnf.disj((given, open_now)) if step.default else given
        counts = cnf.conj((-relevant.no, speaks, -keeps.no))
        if not step.is_silent:
            cnf.add(-open_now, -must, given)
        if step.default:
            self._silent_is_default(step, choice, cnf.conj((open_now, -given)))
        # What breaks its constraint is asked again, unless nobody need answer it at all.
        cnf.add(-obeys, -open_now, -keeps.no, *(() if step.default else (-must,)))
        one = Asked(
            step=step,
            reached=self.reached,
            relevant=relevant,
            keeps=keeps,
            refused=self._refused(step, choice),
            obeys=obeys,
            must=must,
            given=given,
            explicit=cnf.conj((counts, given)),
            counts=counts,
            cut=cnf.conj((-relevant.no, -self.reached, -counts)),
            choice=choice,
            chosen={},
        )
        acts = ((o.id, cnf.conj((counts, self._acts(one, o)))) for o in step.outcomes)
        return replace(one, chosen=dict(acts))

    def _choice(self, step: Step) -> Column | None:
        """Return free literals for what somebody would answer."""
        if step.domain is None:
            return None
        column = free_column(self.cnf, step.domain, self.cuts.get(step.name, frozenset()))
        if isinstance(column, SetColumn):
            self.cnf.add(*(rail.yes for rail in column.members.values()))
            alone = [column.members[name].yes for name in step.exclusive]
            for lit in alone:
                for other in column.members.values():
                    if other.yes != lit:
                        self.cnf.add(-lit, -other.yes)
        return column

    def _acts(self, one: Asked, option: Option) -> Lit:
        """Return whether the answer given acts as an option or band."""
        if not isinstance(one.choice, NumberColumn):
            return one.chooses(self.cnf, option.id)
        lows = [band.low for band in one.step.bands]
        at = [band.option.id for band in one.step.bands].index(option.id)
        above = one.choice.at_least(self.cnf, lows[at - 1]) if at else self.cnf.false
        return self.cnf.conj((one.choice.at_least(self.cnf, lows[at]), -above))

    def _silent_is_default(self, step: Step, choice: Column | None, silent: Lit) -> None:
        match choice:
            case EnumColumn(values=values):
                self.cnf.add(-silent, values[step.default])
            case SetColumn(members=members):
                for name, rail in members.items():
                    self.cnf.add(-silent, rail.yes if name == step.default else rail.no)

    def _keeps(self, step: Step, choice: Column | None) -> Rail:
        if step.constraint is None:
            return both_ways(self.cnf.true)
        own = {step.name: choice} if choice is not None else {}
        return rail_of(self.cnf, step.constraint, self._atom(names(step.constraint), own))

    def _refused(self, step: Step, choice: Column | None) -> Lit:
        """Return whether each single answer would break the constraint; of several not told."""
        if step.constraint is None or isinstance(choice, SetColumn):
            return self.cnf.false
        kept = [self._keeps(step, column).no for column in _single(self.cnf, choice)]
        return self.cnf.conj(kept)

    def _read(self, one: Asked) -> Column:
        """Return a step's answer as later conditions see it: missing unless it counts."""
        match one.choice:
            case NumberColumn() | SetColumn():
                return replace(one.choice, missing=-one.counts)
        return EnumColumn(values=one.chosen, missing=-one.counts)

    def _atom(
        self, read: frozenset[str], own: Mapping[str, Column] | None = None
    ) -> Callable[[Atom], Rail]:
        columns = {**self.statics.columns, **self.answered, **(own or {})}
        if "flags" in read:
            columns["flags"] = self._flags()
        space = Space(cnf=self.cnf, columns=columns)

        def truth(atom: Atom) -> Rail:
            if isinstance(atom, Answered):
                return both_ways(self.explicit.get(atom.name, self.cnf.false))
            return space.atom(atom)

        return truth

    def _take_up(self, one: Asked, option: Option) -> None:
        acts = one.chosen[option.id]
        for flag in option.flags:
            self.raised[flag].append(acts)
            self.at_risk[flag].append(one.cut)
        if option.end:
            self.reached = self.cnf.conj((self.reached, -acts))

    def _flags(self) -> SetColumn:
        """Return the flags as known so far: raised, or at risk in a question that was cut off."""
        cnf, members = self.cnf, {}
        for name, lits in self.raised.items():
            present = cnf.disj(lits)
            unknown = cnf.disj(self.at_risk[name])
            members[name] = Rail(present, cnf.conj((-present, -unknown)))
        return SetColumn(members=members)

    def _grade(self) -> EnumColumn:
        cnf = self.cnf
        outcomes = [(one, o) for one in self.steps.values() for o in one.step.outcomes]
        ungraded = cnf.disj([one.chosen[o.id] for one, o in outcomes if o.ungraded])
        identity = [one.cut for one in self.steps.values() if one.step.stage is Stage.IDENTITY]
        lost = cnf.conj((-ungraded, cnf.disj(identity)))
        values, worse = {}, cnf.false
        for grade in reversed(Grade):
            capped = [one.chosen[o.id] for one, o in outcomes if o.cap is grade]
            reached = cnf.true if grade is Grade.A else cnf.disj([worse, *capped])
            values[grade.value] = cnf.conj((reached, -worse, -ungraded, -lost))
            worse = reached
        return EnumColumn(values={**values, UNGRADED: ungraded}, missing=lost)


def _single(cnf: Cnf, choice: Column | None) -> Iterator[Column | None]:
    """Yield a column for each value that a choice can take, holding just that."""
    match choice:
        case EnumColumn(values=values):
            for chosen in values:
                held = {name: cnf.true if name == chosen else cnf.false for name in values}
                yield EnumColumn(values=held, missing=cnf.false)
        case NumberColumn(reached=reached):
            for count in range(len(reached) + 1):
                held_at = (cnf.true,) * count + (cnf.false,) * (len(reached) - count)
                yield replace(choice, reached=held_at)
        case _:
            yield choice


def demands(cnf: Cnf, one: Asked, steps: Mapping[str, Asked]) -> Iterator[tuple[str, Lit]]:
    """Yield the photo slots that a step can demand, and when it does."""
    if one.step.by_parcel:
        return
    if one.step.slot:
        yield one.step.slot, pictures(cnf, one, steps, 1)
    for option in one.step.outcomes:
        for slot in option.photo:
            yield slot, one.chosen[option.id]


def pictures(cnf: Cnf, one: Asked, steps: Mapping[str, Asked], least: int) -> Lit:
    """Return whether an image step wants at least so many photographs."""
    shown = cnf.conj((one.asked, one.reached))
    if not one.step.count_of:
        return shown if one.step.min_count >= least else cnf.false
    source = steps[one.step.count_of]
    if isinstance(source.choice, NumberColumn):
        return cnf.conj((shown, source.counts, source.choice.at_least(cnf, least)))
    row = counted(cnf, list(source.chosen.values()))
    return cnf.conj((shown, row[least - 1])) if least <= len(row) else cnf.false


def _cuts(pack: Pack, checklist: Checklist) -> dict[str, frozenset[int]]:
    """Return per number step where a band, a condition or the fed column tells numbers apart."""
    columns = cut_points(pack)
    read: dict[str, set[int]] = {}
    for expression in _conditions(checklist):
        for atom in atoms(expression):
            if isinstance(atom, Within):
                low, high = atom.range.low, atom.range.high
                ends = {low} | ({high + 1} if high is not None else set())
                read.setdefault(atom.name, set()).update(end for end in ends if end is not None)
    found = {}
    for step in checklist.steps:
        own = read.get(step.name, set()) | {band.low for band in step.bands}
        if any(other.count_of == step.name for other in checklist.steps):
            own |= set(range(1, pack.photos_max + 2))
        found[step.name] = frozenset(own) | columns.get(step.feeds, frozenset())
    return found


def _conditions(checklist: Checklist) -> Iterable[Expression]:
    for step in checklist.steps:
        yield step.relevant
        if step.constraint is not None:
            yield step.constraint


def _said(cnf: Cnf, one: Asked) -> str | int:
    """Return what somebody answers in the last model; the lowest number of its class."""
    match one.choice:
        case NumberColumn(cuts=cuts, reached=reached, low=low):
            passed = [cut for cut, lit in zip(cuts, reached, strict=True) if cnf.value(lit)]
            return max(passed, default=low)
        case SetColumn(members=members):
            return "|".join(name for name, rail in members.items() if cnf.value(rail.yes))
        case EnumColumn(values=values):
            return next(name for name, lit in values.items() if cnf.value(lit))
    return _TEXT


def _harmless(cnf: Cnf, one: Asked) -> Iterator[Lit]:
    """Yield what would be said if nobody found anything wrong."""
    step = one.step
    if isinstance(one.choice, NumberColumn):
        yield from (one.chosen[band.option.id] for band in step.bands if band.option.is_neutral)
        yield from (-lit for lit in one.choice.reached)
        return
    neutral = next((option.id for option in step.options if option.is_neutral), None)
    for option in step.options if not step.by_parcel else ():
        wanted = option.id == (step.default or neutral or step.options[0].id)
        lit = one.chooses(cnf, option.id)
        yield lit if wanted else -lit
