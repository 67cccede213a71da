"""Payloads of corrections and overrides: a later event says what does not stand, or was changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionMade:
    """An earlier event does not stand. `act`: undo, retract or replace.

    `of` = id of that event, `of_sequence` its place in the journal; `before` says what it was.
    `replacement` = id of the event that stands instead, where there is one.
    """

    KIND: ClassVar[str] = "correction.made"
    SCHEMA: ClassVar[int] = 1
    of: str
    act: str
    reason: str
    of_sequence: int | None = None
    replacement: str | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    supervisor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a verdict says of a unit, as far as a person may change it; `partner` repairs it."""

    zone: str
    disposition: str
    refund: str
    grade: str | None = None
    row: str | None = None
    partner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictChanged:
    """A person decided otherwise than the policy. `by`: operator or supervisor.

    `of` = id of the verdict; `recommended` is what it said, `decided` what holds from here on.
    """

    KIND: ClassVar[str] = "verdict.changed"
    SCHEMA: ClassVar[int] = 1
    of: str
    recommended: Outcome
    decided: Outcome
    reason: str
    by: str
    supervisor: str | None = None
