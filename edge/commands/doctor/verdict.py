"""What a scenario found."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """`skip` = not runnable here; the note says what was missing."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence about a robot: a key of `texts` and what goes into it."""

    key: str
    values: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One scenario's end, with everything worth telling the robot's vendor."""

    id: str
    verdict: Verdict
    notes: tuple[Note, ...]
    seconds: float


class ScenarioError(Exception):
    """Ends a scenario; `note` says why."""

    def __init__(self, key: str, *values: object) -> None:
        self.note = Note(key, values)
        super().__init__(f"{key} {values}")


class ScenarioFailedError(ScenarioError):
    """The robot did what it must not, or did not what it must."""


class NotRunnableError(ScenarioError):
    """The scenario could not be played here."""
