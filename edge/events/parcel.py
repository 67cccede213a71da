"""Payloads about a parcel and its lines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from edge.events.quality import Graded


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedLine:
    """A line that the parcel is expected to hold.

    `audit` = it is a prepared test piece, `known` = what is true of it.
    """

    line: str
    rma: str
    qty: int
    gtin: str | None = None
    sku: str | None = None
    serials: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    reason: str | None = None
    tenant: str | None = None
    channel: str | None = None
    order: str | None = None
    upd: str | None = None
    title: Mapping[str, str] = field(default_factory=dict)
    value_minor: int | None = None
    currency: str | None = None
    audit: bool = False
    known: Graded | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCount:
    """Expected against received, per line."""

    line: str
    rma: str
    expected: int
    received: int
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A unit of which no refund milestone was said: it is said when its return is complete."""

    unit: str
    parcel: str
    row: str
    refund: str
    line: str | None = None
    flags: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnSoFar:
    """A return in more than one parcel: its announced lines and what earlier parcels accounted for.

    `parcels` = those that were closed at this station; `is_completed` = that was said already;
    `owed` = their units that wait for it with their refund milestone.
    """

    rma: str
    lines: tuple[LineCount, ...]
    parcels: tuple[str, ...] = ()
    is_completed: bool = False
    owed: tuple[Owed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelArrived:
    """Milestone 1: the box is here, its content is not verified."""

    KIND: ClassVar[str] = "parcel.arrived"
    SCHEMA: ClassVar[int] = 1
    codes: tuple[str, ...]
    matched_by: str
    rmas: tuple[str, ...] = ()
    whole_rmas: tuple[str, ...] = ()
    """Returns whose every announced line is expected in this parcel."""
    lines: tuple[ArrivedLine, ...] = ()
    provisional: str | None = None
    carrier: str | None = None
    tracking: str | None = None
    declared_g: int | None = None
    seal: str = "unseen"
    window: str = "unknown"
    due: str | None = None
    so_far: tuple[ReturnSoFar, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelMatched:
    """An unknown parcel has been claimed; what was recorded before stays as it is.

    `by`: central; `evidence` = ids of what says so. `lines` are expected from here on, as far as
    nothing was received yet; `due` = until when that must be done.
    """

    KIND: ClassVar[str] = "parcel.matched"
    SCHEMA: ClassVar[int] = 1
    rmas: tuple[str, ...]
    by: str
    evidence: tuple[str, ...] = ()
    lines: tuple[ArrivedLine, ...] = ()
    whole_rmas: tuple[str, ...] = ()
    so_far: tuple[ReturnSoFar, ...] = ()
    due: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelDamaged:
    """The box came damaged or opened: seen before anything was taken out of it.

    `kinds` = answers of the checklist's parcel step, `flags` what they raise on each of its units.
    """

    KIND: ClassVar[str] = "parcel.damaged"
    SCHEMA: ClassVar[int] = 1
    kinds: tuple[str, ...]
    flags: tuple[str, ...] = ()
    carrier: str | None = None
    weight_g: int | None = None
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimReady:
    """Everything that a claim against the carrier needs is there; the parcel was damaged.

    `kinds` = what was seen of the box, `evidence` = ids of the events that tell of it; `due` =
    until when the carrier takes the claim, None where
    nothing is agreed with it. Weights in grams.
    """

    KIND: ClassVar[str] = "claim.ready"
    SCHEMA: ClassVar[int] = 1
    kinds: tuple[str, ...]
    carrier: str | None = None
    due: str | None = None
    declared_g: int | None = None
    weight_g: int | None = None
    evidence: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelOpened:
    """Work on the parcel's content begins."""

    KIND: ClassVar[str] = "parcel.opened"
    SCHEMA: ClassVar[int] = 1
    seal: str = "unseen"
    inferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelParked:
    """The parcel is laid aside, open."""

    KIND: ClassVar[str] = "parcel.parked"
    SCHEMA: ClassVar[int] = 1
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelResumed:
    """A parked parcel is back on the bench."""

    KIND: ClassVar[str] = "parcel.resumed"
    SCHEMA: ClassVar[int] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelClosed:
    """All its expected units are accounted for."""

    KIND: ClassVar[str] = "parcel.closed"
    SCHEMA: ClassVar[int] = 1
    lines: tuple[LineCount, ...]
    units: tuple[str, ...]
    surplus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnCompleted:
    """Milestone 2: every line of the return is accounted for, in all its parcels; said once."""

    KIND: ClassVar[str] = "return.completed"
    SCHEMA: ClassVar[int] = 1
    rma: str
    lines: tuple[LineCount, ...]
    parcels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelMissing:
    """The centre says at its cut-off that an announced parcel has not come.

    `expected_by` = when it was promised, where that is known; `cut_off` = when that was said.
    """

    KIND: ClassVar[str] = "parcel.missing"
    SCHEMA: ClassVar[int] = 1
    rma: str
    cut_off: str
    expected_by: str | None = None
    tracking: str | None = None
