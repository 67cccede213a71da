"""Payloads of second looks: two graders at one unit, or a grader at a test piece."""

from dataclasses import dataclass
from typing import ClassVar, Final

ADJUDICATED: Final = "adjudicated"
"""The reason of what a supervisor's word between two graders changes: nobody overrode a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """What somebody found: grade, if there is one, and zone."""

    zone: str
    grade: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRechecked:
    """A unit was graded twice, blind. `way`: random, fast_ok, gold; ways are never pooled.

    Of gold pieces `second` is the known answer. `adjudicated` = who was right, first or second:
    a supervisor's word, of gold pieces second; absent while nobody has decided.
    """

    KIND: ClassVar[str] = "quality.rechecked"
    SCHEMA: ClassVar[int] = 1
    way: str
    first: Graded
    second: Graded
    agree: bool
    adjudicated: str | None = None
    supervisor: str | None = None
