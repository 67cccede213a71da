"""Values of the policy: domains, static facts, fact records, verdicts. No rule is applied here."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

Label: TypeAlias = Mapping[str, str]
ENGINE = "zoning/1"
GATE = "gate/2"


class Grade(StrEnum):
    """State of a unit, best first. A unit whose identity is not confirmed has no grade."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


UNGRADED = "ungraded"


class Zone(StrEnum):
    """Where a unit goes."""

    RESALE = "resale"
    REPAIR = "repair"
    DISPOSAL = "disposal"
    HOLD = "hold"
    HAZMAT = "hazmat"


class Refund(StrEnum):
    """What the centre may do about the money, most generous first."""

    ELIGIBLE = "eligible"
    REVIEW = "review"
    BLOCKED = "blocked"


class Move(StrEnum):
    """Who may carry the unit, most free first."""

    AUTO = "auto"
    MANUAL = "manual"


class AnsweredBy(StrEnum):
    """Who or what gave an answer."""

    KEY = "key"
    SCAN = "scan"
    PHOTO = "photo"
    AUTO = "auto"
    PUT_SCAN = "put_scan"
    DEFAULT = "default"
    INHERITED = "inherited"


class Kind(StrEnum):
    """What a fact column holds."""

    ENUM = "enum"
    BOOL = "bool"
    INT = "int"
    DECIMAL = "decimal"
    SET = "set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A closed range of integers; None is an open side."""

    low: int | None = None
    high: int | None = None

    def __contains__(self, value: int) -> bool:
        above = self.low is None or value >= self.low
        return above and (self.high is None or value <= self.high)


ANY_NUMBER = Range()


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The values a column can take. Decimals are integers scaled by `precision` places."""

    kind: Kind
    values: tuple[str, ...] = ()
    ordered: bool = False
    range: Range = ANY_NUMBER
    precision: int = 0
    unit: str = ""
    classes: Mapping[str, Range] = field(default_factory=dict)
    retired: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        """Return whether values are (scaled) integers."""
        return self.kind in (Kind.INT, Kind.DECIMAL)

    def holds(self, value: object) -> bool:
        """Return whether a value belongs to this domain."""
        match self.kind:
            case Kind.BOOL:
                return isinstance(value, bool)
            case Kind.ENUM:
                return value in self.values
            case Kind.SET:
                return isinstance(value, Members) and value.is_within(self.values)
        return isinstance(value, int) and not isinstance(value, bool) and value in self.range


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """A partly known set: what is neither present nor unknown is absent."""

    present: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()

    def is_within(self, values: tuple[str, ...]) -> bool:
        """Return whether all members are declared and none is both present and unknown."""
        return (self.present | self.unknown).issubset(values) and not self.present & self.unknown


Value: TypeAlias = str | int | bool | Members


@dataclass(frozen=True, slots=True, kw_only=True)
class Static:
    """What is known of a unit before the first question. None = the feed does not say.

    `attrs` None = nothing is known of the item: every attribute is unknown. Money in minor units.
    """

    category: str | None = None
    tenant: str | None = None
    attrs: frozenset[str] | None = None
    unknown_attrs: frozenset[str] = frozenset()
    parcel_flags: frozenset[str] = frozenset()
    station_flags: frozenset[str] = frozenset()
    value_minor: int | None = None
    currency: str | None = None
    in_window: bool | None = None
    warranty: bool | None = None
    channel: str | None = None
    customer_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """What one current answer does to the unit, for the explanation."""

    step: str
    answer: str | int
    cap: Grade | None = None
    flags: tuple[str, ...] = ()
    ungraded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A column without a value, and why: absent, out_of_domain, currency, open, cut_off."""

    column: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The record `facts/1` that a decision rests on. `raised` serves the explanation alone."""

    policy_sha256: str
    values: Mapping[str, Value]
    missing: tuple[Missing, ...] = ()
    source: Mapping[str, str] = field(default_factory=dict)
    grade_exact: bool = True
    raised: tuple[Raised, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the stored form: integers, strings, booleans and sorted lists only."""
        sets = {name: item for name, item in self.values.items() if isinstance(item, Members)}
        return {
            "schema": "facts/1",
            "policy_sha256": self.policy_sha256,
            "known": {name: _known(item) for name, item in sorted(self.values.items())},
            "unknown": {name: sorted(item.unknown) for name, item in sets.items() if item.unknown},
            "missing": [{"column": item.column, "why": item.why} for item in self.missing],
            "source": dict(sorted(self.source.items())),
            "grade_exact": self.grade_exact,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Facts":
        """Read the stored form back, for deciding again. Raises KeyError for another shape."""
        unknown = value["unknown"]
        return cls(
            policy_sha256=value["policy_sha256"],
            values={
                name: _fact(item, frozenset(unknown.get(name, ())))
                for name, item in value["known"].items()
            },
            missing=tuple(
                Missing(column=item["column"], why=item["why"]) for item in value["missing"]
            ),
            source=value["source"],
            grade_exact=value["grade_exact"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """An answer the verdict rests on."""

    step: str
    answer: str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The one outcome of a fact record. `row` is a row id or the engine's #missing, #invalid, …"""

    grade: Grade | None
    grade_exact: bool
    zone: Zone
    disposition: str
    row: str
    refund: Refund
    move: Move
    note: Label
    actions: tuple[str, ...] = ()
    caps: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    also_matched: tuple[str, ...] = ()
    deciding: tuple[Deciding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What all records with the same masks have in common; their answers are put in afterwards.

    `row` is the position of the row that fires, or in `is_open` that of the row that may. `flags`
    are those whose raising answers decide, `is_graded` = the answers that made the grade, too.
    `guards` are the columns for whose sake a cap was applied unproved.
    """

    verdict: Verdict
    row: int = -1
    is_open: bool = False
    flags: frozenset[str] = frozenset()
    is_graded: bool = False
    guards: frozenset[str] = frozenset()


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical JSON of a value: sorted keys, no spaces, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _known(value: Value) -> str | int | bool | list[str]:
    return sorted(value.present) if isinstance(value, Members) else value


def _fact(value: Any, unknown: frozenset[str]) -> Value:
    if isinstance(value, list):
        return Members(present=frozenset(value), unknown=unknown)
    return value  # type: ignore[no-any-return]
