"""Payload of a marking code that was read on a unit."""

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
