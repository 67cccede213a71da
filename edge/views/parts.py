"""What works on a screen are made of: texts, what is in the hand, questions, marks, moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Label = Mapping[str, str]
"""A text in every language of the station: `{"ru": …, "en": …}`."""


class Severity(StrEnum):
    """Weight of a feedback line."""

    OK = "ok"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A catalogue text: `t` is the message id, `p` its parameters (texts, numbers, labels)."""

    t: str
    p: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Row 22. `n` grows with every act, so a terminal sees what it skipped in `side.last`.

    `bell` = how often the terminal rings for it, where the station has no other sound.
    """

    n: int
    sev: Severity
    t: str
    p: Mapping[str, Any] = field(default_factory=dict)
    at: str = ""
    bell: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What is in the hand. `ids` are pairs such as ["gtin", "04601234567893"]."""

    name: Label
    ids: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One expected line of the parcel; `zone` = where the newest piece of it was put."""

    n: int
    name: Label
    gtin: str
    received: int
    expected: int
    missing: int = 0
    serial: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberEntry:
    """A number is being typed: scaled integers are shown with `precision` decimals."""

    unit: str
    minimum: int
    maximum: int
    typed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The open must question: `n` of `of`, options as (digit, label)."""

    step: str
    n: int
    of: int
    t: Label
    opts: tuple[tuple[str, Label], ...] = ()
    number: NumberEntry | None = None
    hint: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One exception digit: level 0 = default, 1..levels = how bad; `t` = the word of the digit.

    `said` = what was marked, nothing at level 0; `cap` = the best grade that it leaves.
    `is_open` = its digit does something now: what is marked already may leave nothing to it.
    """

    k: str
    step: str
    t: Label
    level: int
    levels: int
    is_open: bool = True
    said: Label | None = None
    cap: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What the policy says of the answers so far."""

    zone: str
    disposition: str
    row: str
    grade: str = ""
    refund: str = ""
    note: Label | None = None
    why: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotSeen:
    """A robot as its newest state told: `at` = HH:MM:SS of that state, `node` = its last one.

    `loads` = how many it carries, -1 = it does not say.
    """

    at: str
    node: str
    loads: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveLine:
    """One open or recent move. `to` = zone word, `by` = robot id, conveyor id or hand.

    `ref` is the wire key: order id of a robot leg, item token of a conveyor leg. `name` = what is
    in it, as far as it is known here; `at` = since when it is in that state, `sent_at` = when it
    was told to the device, HH:MM:SS; `seen` = its robot, of the move that is shown in detail.
    """

    n: int
    id: str
    tray: str
    to: str
    by: str
    s: str
    ref: str = ""
    since_s: int = 0
    name: Label = field(default_factory=dict)
    at: str = ""
    sent_at: str = ""
    seen: RobotSeen | None = None
