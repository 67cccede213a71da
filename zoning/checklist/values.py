"""What a checklist is once it is read: steps, options, bands, photo slots. Look-ups only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from zoning.grammar import FALSE, TRUE, Expression
from zoning.model import ANY_NUMBER, Domain, Grade, Kind, Label, Range


class StepType(StrEnum):
    """How a step is answered."""

    SELECT_ONE = "select_one"
    SELECT_MULTIPLE = "select_multiple"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BARCODE = "barcode"
    IMAGE = "image"
    TEXT = "text"
    ACKNOWLEDGE = "acknowledge"
    NOTE = "note"


class Stage(StrEnum):
    """Part of the inspection, in the order of work."""

    PARCEL = "parcel"
    DANGER = "danger"
    IDENTITY = "identity"
    SEAL = "seal"
    BODY = "body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One possible answer and what it does. `cap` None = the grade is not touched."""

    id: str
    label: Label
    cap: Grade | None = None
    flags: tuple[str, ...] = ()
    photo: tuple[str, ...] = ()
    ungraded: bool = False
    end: bool = False
    file: str = field(default="", compare=False)
    line: int = field(default=1, compare=False)

    @property
    def is_neutral(self) -> bool:
        """Return whether this answer changes nothing, as a default must."""
        return not (self.cap or self.flags or self.photo or self.ungraded or self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Numbers from `low` up to the band above act as this option."""

    low: int
    option: Option


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A photograph that an answer can demand. `each` = one per demanding option."""

    name: str
    label: Label
    camera: str
    bind: str
    each: bool = False
    min_count: int = 1
    file: str = field(default="", compare=False)
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One question. Numbers are integers scaled by `precision`.

    `short` = the word of the question, `wrong` = the word of its exception digit: what is not so.
    `always` = asked although the outcome is settled. An image step wants `min_count` photographs,
    or as many as the answer of the step `count_of` says.
    """

    name: str
    type: StepType
    stage: Stage
    label: Label
    by_parcel: bool = False
    short: Label = field(default_factory=dict)
    wrong: Label = field(default_factory=dict)
    hint: Label = field(default_factory=dict)
    constraint_message: Label = field(default_factory=dict)
    must: Expression = FALSE
    relevant: Expression = TRUE
    constraint: Expression | None = None
    default: str = ""
    options: tuple[Option, ...] = ()
    exclusive: tuple[str, ...] = ()
    put_scan: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    range: Range = ANY_NUMBER
    precision: int = 0
    bands: tuple[Band, ...] = ()
    compare: str = ""
    auto: str = ""
    feeds: str = ""
    slot: str = ""
    min_count: int = 1
    count_of: str = ""
    group: str = ""
    is_free: bool = False
    locked: bool = False
    always: bool = False
    budget_s: int = 0
    file: str = field(default="", compare=False)
    line: int = field(default=1, compare=False)

    @property
    def is_number(self) -> bool:
        """Return whether the answer is a (scaled) integer."""
        return self.type in (StepType.INTEGER, StepType.DECIMAL)

    @property
    def is_multiple(self) -> bool:
        """Return whether several options may be chosen at once."""
        return self.type is StepType.SELECT_MULTIPLE

    @property
    def is_digit(self) -> bool:
        """Return whether this can be an exception digit: some unit need not answer it."""
        return bool(self.default) and self.must != TRUE and not self.by_parcel

    @property
    def is_silent(self) -> bool:
        """Return whether nobody answers this step: it only shows a text or wants photographs."""
        return self.type in (StepType.IMAGE, StepType.NOTE)

    @property
    def outcomes(self) -> tuple[Option, ...]:
        """Return every option an answer can act as."""
        return self.options or tuple(band.option for band in self.bands)

    @property
    def key_options(self) -> tuple[Option, ...]:
        """Return the options a person may choose; a comparison only takes what cannot be read."""
        if not self.compare:
            return self.options
        return tuple(option for option in self.options if option.id in ("unreadable", "missing"))

    @property
    def levels(self) -> tuple[Option, ...]:
        """Return what is not the default, in the order an exception digit goes through."""
        return tuple(option for option in self.options if option.id != self.default)

    @property
    def domain(self) -> Domain | None:
        """Return what expressions can compare this step with; None = they cannot read it."""
        ids = tuple(option.id for option in self.options)
        if self.is_number:
            kind = Kind.DECIMAL if self.precision else Kind.INT
            return Domain(kind=kind, range=self.range, precision=self.precision, unit=self.unit)
        if not ids:
            return None
        return Domain(kind=Kind.SET if self.is_multiple else Kind.ENUM, values=ids)

    def option(self, name: str) -> Option | None:
        """Return an option by its id."""
        return next((option for option in self.options if option.id == name), None)

    def band(self, value: int) -> Option | None:
        """Return what a number acts as: the first band from the top that it reaches."""
        return next((band.option for band in self.bands if band.low <= value), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which units a checklist is for. Empty = any."""

    categories: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    when: Expression = TRUE
    priority: int = 0
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """A flattened checklist: what was inherited stands in it."""

    id: str
    version: int
    sha256: str
    steps: tuple[Step, ...]
    slots: Mapping[str, Slot]
    match: Match | None = None
    file: str = field(default="", compare=False)
    line: int = field(default=1, compare=False)

    def step(self, name: str) -> Step | None:
        """Return a step by its name."""
        return next((step for step in self.steps if step.name == name), None)
