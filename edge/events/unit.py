"""Payloads about one physical piece and its photographs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from edge.events.mark import MarkSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """The decision that a correction looks at again: its verdict, and what held in the end."""

    verdict: str
    zone: str
    disposition: str
    row: str
    refund: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLook:
    """What the first grader decided; the second one does not see it. `way`: random, fast_ok.

    `grader` = whose badge it was: never the second one's, too.
    """

    way: str
    grader: str
    zone: str
    disposition: str
    row: str
    refund: str
    grade: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOpened:
    """A unit's record begins; the unit id is minted here.

    `n` = which inspection of the piece it is, `previous` = the unit of the one before; `refund` =
    that one's milestone, which stands until this one says its own; `mark` = what is known of its
    mark since then.
    """

    KIND: ClassVar[str] = "unit.opened"
    SCHEMA: ClassVar[int] = 1
    n: int = 1
    line: str | None = None
    previous: str | None = None
    refund: str | None = None
    mark: MarkSeen | None = None
    corrects: Corrected | None = None
    """What is corrected, where it is no new inspection: the old answers are loaded."""
    recheck: FirstLook | None = None
    """It is a second look at a unit of somebody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitIdentified:
    """Which article and which piece this is, and what proves it.

    `owner` = whose goods these are where the parcel is announced as another owner's.
    """

    KIND: ClassVar[str] = "unit.identified"
    SCHEMA: ClassVar[int] = 1
    how: str
    basis: str
    match: str
    confirmed: bool
    epc: str
    gtin: str | None = None
    sku: str | None = None
    serial: str | None = None
    ki: str | None = None
    rma: str | None = None
    line: str | None = None
    category: str | None = None
    title: Mapping[str, str] = field(default_factory=dict)
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMissing:
    """An expected piece is not in the parcel."""

    KIND: ClassVar[str] = "unit.missing"
    SCHEMA: ClassVar[int] = 1
    line: str
    rma: str
    qty: int
    gtin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLpn:
    """The unit is known by this number from here on: its label was scanned back, or is written.

    `mode`: auto (printed here), preprinted (off a roll), handwritten. `reprint` = the label is a
    second one; `property` = it is on the bag with the customer's things, not on the unit.
    """

    KIND: ClassVar[str] = "unit.lpn"
    SCHEMA: ClassVar[int] = 1
    lpn: str
    mode: str
    reprint: bool = False
    property: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitParked:
    """The unit is laid aside with its answers.

    `recheck` = it waits in `place` for another person's look: random, fast_ok; `grader` = by whom
    it was decided first.
    """

    KIND: ClassVar[str] = "unit.parked"
    SCHEMA: ClassVar[int] = 1
    recheck: str | None = None
    place: str | None = None
    grader: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Milliseconds:
    """Touch time, split."""

    active: int
    waiting: int
    interrupted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitClosed:
    """Nothing more is done to this unit at the station; `billed` = what its owner is billed for."""

    KIND: ClassVar[str] = "unit.closed"
    SCHEMA: ClassVar[int] = 1
    ms: Milliseconds
    acts_n: int
    photos: tuple[str, ...] = ()
    billed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoTaken:
    """A photograph is on disk under its digest."""

    KIND: ClassVar[str] = "photo.taken"
    SCHEMA: ClassVar[int] = 1
    sha256: str
    bytes: int
    mime: str
    width: int
    height: int
    slot: str
    camera: str
    sharpness: int
    mean: int
    clipped: int
    bound_by: str
    personal: bool = False
    codes: tuple[str, ...] = ()
    step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoMissing:
    """A photograph that was due could not be had."""

    KIND: ClassVar[str] = "photo.missing"
    SCHEMA: ClassVar[int] = 1
    slot: str
    reason: str
    supervisor: str | None = None
