"""Payloads about the way to the central systems. They reach a target only where it names them."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncState:
    """A target's circuit changed: what its pump does now.

    `state` = idle, backing_off, waiting_job, refused, rejecting or paused; `oldest_ms` = age of
    the oldest event that it has not got.
    """

    KIND: ClassVar[str] = "sync.state"
    SCHEMA: ClassVar[int] = 1
    target: str
    state: str
    pending: int
    oldest_ms: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncDead:
    """A target refused one event for good; it is kept and can be replayed."""

    KIND: ClassVar[str] = "sync.dead"
    SCHEMA: ClassVar[int] = 1
    target: str
    event: str
    sequence: int
    code: str
    reason: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReplayed:
    """Somebody had events sent to a target again: sequences `from_seq` to `to_seq`, `count` or all.

    `what` = dead, ids or range.
    """

    KIND: ClassVar[str] = "sync.replayed"
    SCHEMA: ClassVar[int] = 1
    target: str
    what: str
    from_seq: int
    to_seq: int
    by: str
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncWaived:
    """A supervisor gave up that a target gets these events; they may be purged."""

    KIND: ClassVar[str] = "sync.waived"
    SCHEMA: ClassVar[int] = 1
    target: str
    what: str
    from_seq: int
    to_seq: int
    by: str
    reason: str
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRetired:
    """A supervisor ended a target for good: nothing is kept for it any more."""

    KIND: ClassVar[str] = "sync.retired"
    SCHEMA: ClassVar[int] = 1
    target: str
    by: str
    reason: str
