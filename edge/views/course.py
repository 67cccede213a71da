"""How far a training course is, for row 1 of the screen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseHead:
    """How far a training course is: the task now, how many there are, pieces in a wrong zone."""

    task: int
    of: int
    wrong: int = 0
