"""A run as a value, and the one pass over its steps that settles what each answer does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from zoning.checklist.values import Checklist, Option, Step
from zoning.grammar import names, truth
from zoning.model import AnsweredBy, Members, Raised, Static, Value
from zoning.pack import Pack, attributes, declared


class StepState(StrEnum):
    """Where a step stands in a run. `pending` = relevance waits for an earlier answer."""

    ANSWERED = "answered"
    DEFAULT = "default"
    OPEN = "open"
    PENDING = "pending"
    IRRELEVANT = "irrelevant"
    CUT = "cut"


UNDECIDED = (StepState.OPEN, StepState.PENDING, StepState.CUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An explicit answer. `dropped` = it counts for nothing.

    The step became irrelevant, or an earlier answer was changed and the constraint broken.
    """

    step: str
    value: str | int
    by: AnsweredBy
    dropped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One inspection under one checklist of one pack."""

    pack: Pack = field(repr=False)
    checklist: Checklist = field(repr=False)
    static: Static
    given: Mapping[str, Given] = field(default_factory=dict)
    states: Mapping[str, StepState] = field(default_factory=dict)
    flags: Members = field(default_factory=Members)
    raised: tuple[Raised, ...] = ()
    answered: Mapping[str, Value] = field(default_factory=dict)

    @property
    def answers(self) -> tuple[Given, ...]:
        """Return the explicit answers in the order given, those without effect marked."""
        counts = StepState.ANSWERED
        return tuple(
            replace(item, dropped=self.states[name] is not counts)
            for name, item in self.given.items()
        )

    @property
    def is_finished(self) -> bool:
        """Return whether no question is open: what a complete inspection leaves behind."""
        waiting = (StepState.OPEN, StepState.PENDING)
        return not any(state in waiting for state in self.states.values())


def walked(run: Run) -> Run:
    """Return the run with every step's state, and the flags and caps its answers raise."""
    walk = _Walk(run)
    for step in run.checklist.steps:
        walk.visit(step)
    return replace(
        run,
        states=walk.states,
        flags=walk.now(),
        raised=tuple(walk.raised),
        answered=walk.answered,
    )


def readings(run: Run, name: str) -> tuple[bool | None, bool | None]:
    """Return what `relevant` and `constraint` of a step are in a run; None = unknown.

    A constraint is read over the explicit answer, else over the default; without one it holds.
    """
    walk = _Walk(run)
    for step in run.checklist.steps:
        if step.name == name:
            return walk.readings(step)
        walk.visit(step)
    raise KeyError(name)


def chosen_options(step: Step, value: str | int) -> frozenset[str]:
    """Return the chosen options; several are written `a|b`."""
    text = str(value)
    return frozenset(filter(None, text.split("|"))) if step.is_multiple else frozenset((text,))


def as_value(step: Step, value: str | int) -> Value:
    """Return an answer as expressions read it."""
    return Members(present=chosen_options(step, value)) if step.is_multiple else value


def outcomes(step: Step, value: str | int) -> tuple[Option, ...]:
    """Return the options that an answer acts as."""
    if step.is_number:
        band = step.band(int(value))
        return (band,) if band else ()
    chosen = chosen_options(step, value)
    return tuple(option for option in step.options if option.id in chosen)


class _Walk:
    """One pass over the steps in file order: each sees only what stands before it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.static, _ = static_values(run.pack, run.static)
        self.states: dict[str, StepState] = {}
        self.answered: dict[str, Value] = {}
        self.explicit: set[str] = set()
        self.raised: list[Raised] = []
        self.has_ended = False
        self.flags = _first_flags(run)
        self.at_risk: set[str] = set()

    def visit(self, step: Step) -> None:
        """Settle the state of the next step and take up what its answer does."""
        state = self.states[step.name] = self._state(step)
        if state in UNDECIDED:
            self.at_risk.update(flag for option in step.outcomes for flag in option.flags)
        if state is StepState.ANSWERED:
            self.explicit.add(step.name)
        value = self._value(step, state)
        if value is None:
            return
        self.answered[step.name] = as_value(step, value)
        for option in outcomes(step, value):
            self._take_up(step, value, option)

    def now(self) -> Members:
        """Return the flags as known so far."""
        unknown = (self.flags.unknown | self.at_risk) - self.flags.present
        return Members(present=self.flags.present, unknown=unknown)

    def _state(self, step: Step) -> StepState:
        if step.by_parcel:
            return StepState.DEFAULT
        relevant = self._relevance(step)
        if relevant is False:
            return StepState.IRRELEVANT
        if step.name in self.run.given and self._keeps(step, StepState.ANSWERED) is not False:
            return StepState.ANSWERED
        if self.has_ended:
            return StepState.CUT
        if relevant is None and self._waits(step):
            return StepState.PENDING
        return StepState.OPEN if self._asks(step) else StepState.DEFAULT

    def readings(self, step: Step) -> tuple[bool | None, bool | None]:
        """Return the truth of the conditions of the next step."""
        is_given = step.name in self.run.given
        state = StepState.ANSWERED if is_given else StepState.DEFAULT
        return self._relevance(step), self._keeps(step, state)

    def _relevance(self, step: Step) -> bool | None:
        values = {**self.static, **self.answered, "flags": self.now()}
        return truth(step.relevant, values, self.explicit)

    def _asks(self, step: Step) -> bool:
        """Whether an explicit answer is needed; a step that nobody answers never asks."""
        if step.is_silent:
            return False
        is_must = truth(step.must, self.static) is not False
        # An answer that broke the constraint does not fall back to "nothing wrong".
        is_broken = step.name in self.run.given or self._keeps(step, StepState.DEFAULT) is False
        return is_must or (bool(step.default) and is_broken)

    def _keeps(self, step: Step, state: StepState) -> bool | None:
        """Return whether the answer of this state keeps the step's constraint."""
        value = self._value(step, state)
        if step.constraint is None or value is None:
            return True
        answered = {**self.answered, step.name: as_value(step, value)}
        return truth(step.constraint, answered, self.explicit)

    def _waits(self, step: Step) -> bool:
        """Whether an answer still to come may settle the relevance of a step."""
        undecided = {name for name, state in self.states.items() if state in UNDECIDED}
        read = names(step.relevant)
        return bool(read & undecided) or ("flags" in read and bool(self.at_risk))

    def _value(self, step: Step, state: StepState) -> str | int | None:
        if state is StepState.ANSWERED:
            return self.run.given[step.name].value
        if state is StepState.DEFAULT:
            return inherited(self.run, step) if step.by_parcel else step.default or None
        return None

    def _take_up(self, step: Step, value: str | int, option: Option) -> None:
        self.has_ended = self.has_ended or option.end
        present = self.flags.present.union(option.flags)
        self.flags = replace(self.flags, present=present)
        if not option.is_neutral:
            self.raised.append(
                Raised(
                    step=step.name,
                    answer=value,
                    cap=option.cap,
                    flags=option.flags,
                    ungraded=option.ungraded,
                )
            )


def _first_flags(run: Run) -> Members:
    given = run.static.parcel_flags | run.static.station_flags
    return declared(run.pack.policy.domains["flags"], given, frozenset())


def inherited(run: Run, step: Step) -> str | None:
    """Return the parcel's answer, read back from the flags it raised."""
    for option in step.options:
        if option.flags and run.static.parcel_flags.issuperset(option.flags):
            return option.id
    return step.default or None


# What a feed says of a unit, by the column that takes it; every other column waits for a step.
FEEDS: Mapping[str, Callable[[Static], str | int | bool | None]] = {
    "category": lambda static: static.category,
    "tenant": lambda static: static.tenant,
    "in_window": lambda static: static.in_window,
    "warranty": lambda static: static.warranty,
    "channel": lambda static: static.channel,
    "customer_reason": lambda static: static.customer_reason,
    "value": lambda static: static.value_minor,
}


def static_values(pack: Pack, static: Static) -> tuple[dict[str, Value], dict[str, str]]:
    """Return the columns that feeds fill, and why others are missing."""
    known: dict[str, Value] = {"attrs": attributes(pack.policy, static)}
    missing: dict[str, str] = {}
    for name, domain in pack.policy.domains.items():
        value = FEEDS[name](static) if name in FEEDS else None
        if name in ("grade", "flags", "attrs"):
            continue
        if value is None:
            missing[name] = "absent"
        elif name == "value" and static.currency != pack.policy.currency:
            missing[name] = "currency"
        elif not domain.holds(value):
            missing[name] = "out_of_domain"
        else:
            known[name] = value
    return known, missing
