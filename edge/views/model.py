"""What a screen shows, language-free: texts are message ids with parameters, or labels.

Labels (`{"ru": …, "en": …}`) come from policy packs and reference data. A view is always
complete; a terminal keeps no state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from edge.views.course import CourseHead
from edge.views.figures import Figures, Waiting
from edge.views.parts import (
    Feedback,
    Item,
    Label,
    Line,
    Mark,
    Message,
    MoveLine,
    Proposal,
    Question,
)

THUMBNAIL_WIDTH = 32  # pixels of a photograph's small copy


class Role(StrEnum):
    """What a terminal may do: the newest operator wins, mirrors only look."""

    OPERATOR = "operator"
    MIRROR = "mirror"


class Tone(StrEnum):
    """Colour and hatch of the stage word."""

    NEUTRAL = "neutral"
    RESALE = "resale"
    REPAIR = "repair"
    DISPOSAL = "disposal"
    HOLD = "hold"
    HAZMAT = "hazmat"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The one big word: a message id, or a label of the open question's short text."""

    t: str = ""
    label: Label | None = None
    p: Mapping[str, Any] = field(default_factory=dict)
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who is logged in; the name comes from people.toml and is in no event."""

    name: Label
    no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """Sync light: `s` is up, behind or offline; `since` is local time HH:MM while offline.

    `cache_at` = minutes since the announced returns were last complete; `sent_at` = local time
    HH:MM:SS when a target last took everything; `disk_days` = days until the disk is full at the
    pace so far, -1 = not known yet.
    """

    s: str
    unsent: int = 0
    lag_s: int = 0
    since: str = ""
    cache_at: str = ""
    sent_at: str = ""
    disk_days: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """A device and its state: ready, busy, doubt, lost, off."""

    id: str
    s: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Row 1. `alarm`: empty, `danger` = one stands for the whole area, `halted` = it is over and
    what it stopped waits for a person to start it.
    """

    station: str
    net: Net
    at: str
    op: Operator | None = None
    done: int = 0
    per_h: int = 0
    shift_min: int = 0
    mean_s: int = 0
    robots: tuple[Light, ...] = ()
    conveyor: str = "off"
    camera: str = "off"
    scanner: str = "off"
    course: CourseHead | None = None
    alarm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """The newest act is fresh: its line says so for `left_s` more; F9 undoes it later, too."""

    left_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedWork:
    """Waiting for a badge. `parcel` is open still: `who` had it, `at` (HH:MM) was the last act."""

    KIND: ClassVar[str] = "locked"
    kind: str = "locked"
    parcel: str = ""
    who: Label | None = None
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleWork:
    """Waiting for a parcel. `day` = the station's figures since midnight."""

    KIND: ClassVar[str] = "idle"
    kind: str = "idle"
    parked: tuple[str, ...] = ()
    day: Figures = field(default_factory=Figures)
    waiting: Waiting = field(default_factory=Waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelWork:
    """A parcel is open, waiting for an item. `blind` = nobody announced it.

    `damage` = what may be said of the box by digit, while nothing was taken out of it; `claim` =
    until when the carrier hears of it; `due` = how long there is left.
    """

    KIND: ClassVar[str] = "parcel"
    kind: str = "parcel"
    no: str
    rmas: tuple[str, ...] = ()
    reason: Label | None = None
    lines: tuple[Line, ...] = ()
    blind: bool = False
    damage: tuple[Mark, ...] = ()
    claim: Message | None = None
    due: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistWork:
    """An item; `thumbnail` = base64 of THUMBNAIL_WIDTH RGB pixels a row: its newest photograph.

    `facts` = what the station found out by itself: numbers compared, how long there is time.
    """

    KIND: ClassVar[str] = "checklist"
    kind: str = "checklist"
    item: Item
    pos: tuple[int, int]
    must: Question | None = None
    answered: tuple[tuple[Label, Label], ...] = ()
    marks: tuple[Mark, ...] = ()
    page: int = 1
    pages: int = 1
    proposed: Proposal | None = None
    facts: tuple[Message, ...] = ()
    photos: tuple[tuple[str, str], ...] = ()
    thumbnail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictWork:
    """The zone is decided, waiting for the tray. `owed` lists what must be scanned or taken.

    `found` = the station's own reason as far as it is proposed; 6 turns to the next one.
    `partner` = the service centre that repairs it.

    `explained` = why, and what would change it; filled for the overlay `why` alone. `thumbnail`
    as in ChecklistWork. `flaw` = what was wrong with the newest photograph: blurred, dark, ….
    """

    KIND: ClassVar[str] = "verdict"
    kind: str = "verdict"
    item: Item
    verdict: Proposal
    by: str
    trays: tuple[str, ...] = ()
    owed: tuple[Message, ...] = ()
    explained: tuple[Label, ...] = ()
    found: Label | None = None
    flaw: str = ""
    partner: Label | None = None
    thumbnail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceWork:
    """An exception: message code, what was read, and the ways out by digit."""

    KIND: ClassVar[str] = "choice"
    kind: str = "choice"
    code: str
    p: Mapping[str, Any] = field(default_factory=dict)
    opts: tuple[tuple[str, Message], ...] = ()
    lines: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryWork:
    """Characters are typed instead of scanned."""

    KIND: ClassVar[str] = "entry"
    kind: str = "entry"
    typed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideWork:
    """A supervisor is needed: `step` is badge, pin, number or reason; `typed` counts the digits.

    `opts` are the reasons by digit, `ways` what is chosen from instead of a reason. No digit of a
    PIN is ever part of a view.
    """

    KIND: ClassVar[str] = "override"
    kind: str = "override"
    what: Message
    step: str
    left_s: int
    typed: int = 0
    number: str = ""
    item: Item | None = None
    opts: tuple[tuple[str, Label], ...] = ()
    ways: tuple[tuple[str, Message], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeWork:
    """What was in the hands when the service stopped; `then` is the state that goes on.

    `no` is the parcel; item, question and marks are there as far as an item was in the hand, which
    is that of expected `line` (0 = of none). `at` = the last act, HH:MM:SS; `events` were read in
    `read_ms`.
    """

    KIND: ClassVar[str] = "resume"
    kind: str = "resume"
    then: str
    no: str = ""
    rmas: tuple[str, ...] = ()
    item: Item | None = None
    must: Question | None = None
    marks: tuple[Mark, ...] = ()
    proposed: Proposal | None = None
    in_doubt: int = 0
    line: int = 0
    at: str = ""
    events: int = 0
    read_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryWork:
    """The operator's shift: counts by zone, open ends; `doubts` = what the next one must know.

    `minutes` = its length so far; `in_doubt` = moves of `open_moves` that nobody is sure of.
    """

    KIND: ClassVar[str] = "summary"
    kind: str = "summary"
    since: str = ""
    minutes: int = 0
    figures: Figures = field(default_factory=Figures)
    in_doubt: int = 0
    sent_at: str = ""
    units: int = 0
    parcels: int = 0
    open_moves: int = 0
    unsent: int = 0
    doubts: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerWork:
    """A container and what may be done with it; `weighs` = its weight is typed, it is closed next.

    `most` = units it holds at most, 0 = not stated; `weight_g` = of a closed one, 0 = not weighed.
    """

    KIND: ClassVar[str] = "container"
    kind: str = "container"
    no: str
    zone: str
    disposition: str
    tenant: str
    n: int
    most: int = 0
    goods_class: str = ""
    is_closed: bool = False
    weight_g: int = 0
    weighs: bool = False
    typed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingWork:
    """Between two tasks of a course the next piece and its labels; in the end the report."""

    KIND: ClassVar[str] = "training"
    kind: str = "training"
    task: int
    of: int
    wrong: int
    is_over: bool = False
    is_passed: bool = False
    name: Label = field(default_factory=dict)
    label: str = ""
    mistakes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StopWork:
    """Nothing can be received: message code and parameters."""

    KIND: ClassVar[str] = "stop"
    kind: str = "stop"
    code: str
    p: Mapping[str, Any] = field(default_factory=dict)


Work = (
    LockedWork
    | IdleWork
    | ParcelWork
    | ChecklistWork
    | VerdictWork
    | ChoiceWork
    | EntryWork
    | OverrideWork
    | ResumeWork
    | SummaryWork
    | ContainerWork
    | TrainingWork
    | StopWork
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What is never modal: moves, today's counts, the last acts.

    `free_trays` = trays at the bench that go with a move and are not under way; `parcel` = the
    number of the open parcel and its expected `lines`. `puts` = the acts by which pieces were put,
    newest first.
    """

    moves: tuple[MoveLine, ...] = ()
    parcel: str = ""
    lines: tuple[Line, ...] = ()
    free_trays: int = 0
    today: Mapping[str, int] = field(default_factory=dict)
    last: tuple[Feedback, ...] = ()
    puts: tuple[Feedback, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StationView:
    """The whole screen. `epoch` changes whenever a key changes its meaning.

    `ways` = what a digit does in the open help: (digit, key, message id); `now` = the key that it
    points at, or `scan`, and what for. `seq` = the journal's,
    `scan` = the (device, scan_no) it answers; `coach` = what training tells of the piece.
    """

    KIND: ClassVar[str] = "view"

    state: str
    stage: Stage
    head: Head
    work: Work
    side: Side = Side()
    rev: int = 0
    epoch: int = 0
    seq: int = 0
    mode: str = "live"
    overlay: str | None = None
    ways: tuple[tuple[str, str, str], ...] = ()
    selected: int = 0
    secret: bool = False
    fb: Feedback | None = None
    undo: Undo | None = None
    keys: tuple[tuple[str, str], ...] = ()
    now: tuple[str, str] | None = None
    scan: tuple[str, int] | None = None
    coach: tuple[Message, ...] = ()
