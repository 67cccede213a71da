"""The training course: prepared pieces with known answers, and the labels they carry. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

TASKS: Final = 12
WRONG_ZONES_MAX: Final = 1  # more, and the course is not passed
HINT_MS: Final = 10_000
OWNER: Final = "training"
PARCEL: Final = "P"
ITEM: Final = "U"
TRAY: Final = "T"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One prepared piece. `story` = what there is to see; `answers` = what is wrong, by step.

    Steps that are not named are as they should be. `attrs` = attributes of the article.
    """

    category: str
    title: Mapping[str, str]
    story: Mapping[str, str]
    answers: Mapping[str, str] = field(default_factory=dict)
    attrs: frozenset[str] = frozenset()
    value_minor: int = 90_000
    currency: str = "RUB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The tasks in their order; the first one is number 1."""

    tasks: tuple[Task, ...]

    def task(self, number: int) -> Task | None:
        """Return a task by its number, None for a number that is none."""
        return self.tasks[number - 1] if 1 <= number <= len(self.tasks) else None


def gtin_of(number: int) -> str:
    """Return the article of a task: a GTIN-14 of restricted circulation, never goods."""
    body = f"0200000{number:06d}"
    total = sum(int(digit) * (3, 1)[at % 2] for at, digit in enumerate(reversed(body)))
    return f"{body}{(10 - total % 10) % 10}"


def parcel_of(number: int) -> str:
    """Return what a task's parcel label says behind `TR-`."""
    return f"{PARCEL}{number:02d}"


def item_of(number: int) -> str:
    """Return what a task's item label says behind `TR-`."""
    return f"{ITEM}{number:02d}"


def tray_of(zone_digit: int, tray: str) -> str:
    """Return what the label of a tray's double says behind `TR-`."""
    return f"{TRAY}{zone_digit}-{tray}"


def number_in(body: str, kind: str) -> int | None:
    """Return the number of a parcel's or an item's label, None for any other label."""
    digits = body.removeprefix(kind)
    is_it = body.startswith(kind) and len(digits) == 2 and digits.isascii() and digits.isdigit()
    return int(digits) if is_it else None


def tray_in(body: str) -> tuple[int, str] | None:
    """Return zone digit and tray of a tray's label, None for any other label."""
    head, dash, tray = body.partition("-")
    digit = head.removeprefix(TRAY)
    is_it = head.startswith(TRAY) and len(head) == 2 and digit in "12345" and dash and tray
    return (int(digit), tray) if is_it else None
