"""How far a person is in the training course, as values."""

from dataclasses import dataclass

from edge.course import WRONG_ZONES_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A task that is done: its return, where the piece was put, where it belongs."""

    rma: str
    zone: str
    right: str

    @property
    def is_wrong(self) -> bool:
        """Return whether the piece is in a wrong zone."""
        return self.zone != self.right


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The tasks that are done, in order."""

    done: tuple[Lesson, ...] = ()

    @property
    def wrong(self) -> int:
        """Return how many pieces are in a wrong zone."""
        return sum(one.is_wrong for one in self.done)

    @property
    def is_passed(self) -> bool:
        """Return whether so few are wrong that the course would be passed."""
        return self.wrong <= WRONG_ZONES_MAX
