"""Payloads of marking codes: what was read on a unit, and what becomes of it."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkCaptured:
    """A marking code in full, with what is proved about it.

    `raw_b64` = every byte as read, separators as 0x1D; leaves the station with the right
    `mark_raw` alone. `ki` = 01 + article + 21 + serial. `gs`: kept, restored, lost. `gs_proof`:
    selftest or none. `match`: match, mismatch, nodata. `condition` is absent where the centre
    decides.
    """

    KIND: ClassVar[str] = "mark.captured"
    SCHEMA: ClassVar[int] = 1
    raw_b64: str
    gtin: str
    serial: str
    ki: str
    gs: str
    gs_proof: str
    tail_kind: str
    match: str
    state: str
    fnc1: bool | None = None
    group: str | None = None
    condition: str | None = None
    paid_hint: str | None = None
    photo: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkSeen:
    """What is known of a unit's mark: its newest record, and the outcome that was said of it."""

    ki: str | None = None
    match: str | None = None
    state: str | None = None
    condition: str | None = None
    said: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkReturnReady:
    """The code is whole and the one that was sold, the goods are fit for sale; said once a unit."""

    KIND: ClassVar[str] = "mark.return_ready"
    SCHEMA: ClassVar[int] = 1
    ki: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRemarkNeeded:
    """The code is lost or unreadable; said once a unit. `reason`: unreadable, missing."""

    KIND: ClassVar[str] = "mark.remark_needed"
    SCHEMA: ClassVar[int] = 1
    reason: str
    ki: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkDispute:
    """The code is not the sold one, or is here a second time; said once a unit.

    `reason`: mismatch, foreign (of another article), duplicate.
    """

    KIND: ClassVar[str] = "mark.dispute"
    SCHEMA: ClassVar[int] = 1
    reason: str
    ki: str | None = None
