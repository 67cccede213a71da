"""Problems of configuration: collected, never raised one by one."""

from dataclasses import dataclass, field, replace
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, where it stands, and what may stand there instead."""

    file: str
    key: str
    problem: str
    allowed: str

    def __str__(self) -> str:
        """Return `file: key: problem: what is allowed`."""
        return ": ".join(part for part in (self.file, self.key, self.problem, self.allowed) if part)


class SettingsError(ValueError):
    """The configuration cannot be used; `problems` holds all that is wrong, in file order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A key of a file; rows of a list are counted from 1."""

    file: str
    key: str = ""

    def at(self, key: str) -> "Place":
        """Return the place of a key inside this table."""
        return replace(self, key=f"{self.key}.{key}" if self.key else key)

    def row(self, number: int) -> "Place":
        """Return the place of a row of this list."""
        return replace(self, key=f"{self.key}[{number}]")


@dataclass(slots=True, kw_only=True)
class Findings:
    """The configuration folder being read and what was found wrong so far."""

    folder: Path
    problems: list[Problem] = field(default_factory=list)

    def add(self, place: Place, problem: str, allowed: str) -> None:
        """Keep one problem."""
        self.problems.append(
            Problem(file=place.file, key=place.key, problem=problem, allowed=allowed)
        )

    def need(self, holds: bool, place: Place, problem: str, allowed: str) -> None:
        """Keep the problem unless the condition holds."""
        if not holds:
            self.add(place, problem, allowed)

    def need_unique(self, names: list[str], place: Place, what: str) -> None:
        """Keep a problem for every name that stands more than once."""
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.add(place, f"{what} {name!r} stands more than once", "each name once")
