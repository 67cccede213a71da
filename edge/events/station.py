"""Payloads about people, devices, configuration and the service itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorIn:
    """A badge opened a shift; `operator` is the common field of the same name."""

    KIND: ClassVar[str] = "operator.in"
    SCHEMA: ClassVar[int] = 1
    operator: str
    role: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorOut:
    """The shift ends; `doubts` name what stays open."""

    KIND: ClassVar[str] = "operator.out"
    SCHEMA: ClassVar[int] = 1
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorHandover:
    """Another badge takes the open work over; `doubts` = the list that both have seen."""

    KIND: ClassVar[str] = "operator.handover"
    SCHEMA: ClassVar[int] = 1
    to: str
    units: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorFeedback:
    """A person says that a question or a decision is wrong. `about` = step or row; for the author.

    `code`: wrong_question, wrong_decision. `policy` = digest of the pack that it is about.
    """

    KIND: ClassVar[str] = "operator.feedback"
    SCHEMA: ClassVar[int] = 1
    about: str
    code: str
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """A device's light changed."""

    KIND: ClassVar[str] = "device.state"
    SCHEMA: ClassVar[int] = 1
    device: str
    device_class: str
    state: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceProven:
    """A scanner read both self-test cards byte for byte, under this profile and as this device.

    `at_ms` = UTC wall time of the test, `usb_id` = vendor:product:serial where it has one.
    """

    KIND: ClassVar[str] = "device.proven"
    SCHEMA: ClassVar[int] = 1
    device: str
    profile_sha256: str
    at_ms: int
    usb_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCommand:
    """A belt or a robot is about to be told: stop, start, reset or cancel. No divert, no order.

    `device` = name of the conveyor, or `robot/` and its id. `wire_seq` = number of the command at
    a PLC. `reason`: danger, operator, timeout, auto.
    """

    KIND: ClassVar[str] = "device.command"
    SCHEMA: ClassVar[int] = 1
    device: str
    command: str
    reason: str
    wire_seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalRef:
    """The rehearsal a pack went through: digests of report and base pack, what it ran over."""

    report_sha256: str
    base_sha256: str
    records: int
    stations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigActivated:
    """A policy pack or configuration is in force from this sequence on.

    `what` = policy: the newest one is the pack in force. `what` = tenant: a pack of some owners'
    goods beside it, the newest of its `id`. `what` = shadow: a candidate that decides without
    effect from here on. An empty `sha256` ends a tenant's pack or a shadow. `author` and `approver`
    are those of a signed pack.
    """

    KIND: ClassVar[str] = "config.activated"
    SCHEMA: ClassVar[int] = 1
    what: str
    id: str
    version: int
    sha256: str
    author: str | None = None
    approver: str | None = None
    rehearsal: RehearsalRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigRefused:
    """A candidate was refused; the one in force stays. `error` names file, row, field, reason.

    `version` and `sha256` are there as far as the candidate could be read; `counterexample` is
    a concrete unit, column to value, that shows what is wrong with a policy.
    """

    KIND: ClassVar[str] = "config.refused"
    SCHEMA: ClassVar[int] = 1
    what: str
    id: str
    error: str
    version: int | None = None
    sha256: str | None = None
    author: str | None = None
    approver: str | None = None
    counterexample: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRef:
    """A journal that another one follows; `digest` = of its newest event that was kept."""

    journal_id: str
    last_sequence: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceRange:
    """Sequences from `first` to `last`, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StationJournal:
    """First event of every journal. `reason`: fresh, clone, salvage, tail_lost.

    `previous` = the journal it follows, `lost` = what of that one could not be saved.
    """

    KIND: ClassVar[str] = "station.journal"
    SCHEMA: ClassVar[int] = 1
    reason: str
    previous: JournalRef | None = None
    lost: tuple[SequenceRange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StationStarted:
    """A service start; `open` lists the subjects that were open.

    `clean` = the service before it had ended in order; absent at a journal's very first start.
    """

    KIND: ClassVar[str] = "station.started"
    SCHEMA: ClassVar[int] = 1
    version: str
    sqlite: str
    replay_ms: int
    clean: bool | None = None
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StationStopped:
    """A clean stop."""

    KIND: ClassVar[str] = "station.stopped"
    SCHEMA: ClassVar[int] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StationLocked:
    """The screen is locked, open work stays."""

    KIND: ClassVar[str] = "station.locked"
    SCHEMA: ClassVar[int] = 1
