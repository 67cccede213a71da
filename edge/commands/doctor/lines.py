"""One line of the doctor's report."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """`warn` does not keep a station from working, `fail` does."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What was looked at, how it is, and how to mend it."""

    what: str
    state: State
    said: str
    cure: str = ""

    def __str__(self) -> str:
        """Return the line as it is printed."""
        cure = f"; cure: {self.cure}" if self.cure else ""
        return f"{self.state:<5}{self.what:<24}{self.said}{cure}"


def good(what: str, said: str) -> Line:
    """Return a line for what is as it should be."""
    return Line(what=what, state=State.OK, said=said)


def poor(what: str, said: str, cure: str) -> Line:
    """Return a line for what works, but not fully."""
    return Line(what=what, state=State.WARN, said=said, cure=cure)


def broken(what: str, said: str, cure: str) -> Line:
    """Return a line for what keeps the station from working."""
    return Line(what=what, state=State.FAIL, said=said, cure=cure)
