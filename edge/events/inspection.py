"""Payloads of inspection, verdict, refund, hold and danger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRef:
    """A checklist or policy: id, version and content digest."""

    id: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionStarted:
    """The checklist that this unit will finish under, and the static facts it starts from."""

    KIND: ClassVar[str] = "inspection.started"
    SCHEMA: ClassVar[int] = 1
    checklist: DocumentRef
    policy: DocumentRef
    static: Mapping[str, Any]
    resumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionAnswered:
    """An explicit answer. `by`: key, scan, photo, auto, put_scan or inherited."""

    KIND: ClassVar[str] = "inspection.answered"
    SCHEMA: ClassVar[int] = 1
    step: str
    answer: str | int
    must: bool
    by: str
    drops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionMarked:
    """An exception digit was pressed: the step now has this option; level 0 = default again."""

    KIND: ClassVar[str] = "inspection.marked"
    SCHEMA: ClassVar[int] = 1
    step: str
    answer: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionWithdrawn:
    """The newest answer or mark is taken back."""

    KIND: ClassVar[str] = "inspection.withdrawn"
    SCHEMA: ClassVar[int] = 1
    step: str
    of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One line of a finished inspection; `by` is `default` where nobody entered it."""

    step: str
    answer: str | int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionFinished:
    """The complete answers of one inspection. `recheck` = the unit was drawn for a second look."""

    KIND: ClassVar[str] = "inspection.finished"
    SCHEMA: ClassVar[int] = 1
    answers: tuple[Answer, ...]
    defaulted_n: int
    confirm_ms: int
    fast_ok: bool
    recheck: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFact:
    """A column the decision had to do without, and why."""

    column: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidingAnswer:
    """An answer the verdict rests on."""

    step: str
    answer: str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowVerdict:
    """What a candidate policy would have said; without effect.

    `gap` = what was never asked under the active checklist and would matter to the candidate
    (a column, `step:<name>`, `settled_early`); not empty = the verdicts cannot be compared.
    """

    sha256: str
    row: str
    zone: str
    disposition: str
    refund: str
    move: str
    gap: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictMade:
    """Zone, disposition and refund of a unit, with everything needed to decide it again."""

    KIND: ClassVar[str] = "verdict.made"
    SCHEMA: ClassVar[int] = 1
    zone: str
    disposition: str
    row: str
    refund: str
    move: str
    grade_exact: bool
    policy: DocumentRef
    checklist: DocumentRef
    engine: str
    facts: Mapping[str, Any]
    settled_early: bool = False
    grade: str | None = None
    note: Mapping[str, str] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    caps: tuple[str, ...] = ()
    missing: tuple[MissingFact, ...] = ()
    deciding: tuple[DecidingAnswer, ...] = ()
    also_matched: tuple[str, ...] = ()
    hazard_scope: str | None = None
    shadow: tuple[ShadowVerdict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundEligible:
    """The money may go back."""

    KIND: ClassVar[str] = "refund.eligible"
    SCHEMA: ClassVar[int] = 1
    row: str
    qty: int = 1
    line: str | None = None
    flags: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    supersedes: str | None = None
    rma: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundReview:
    """A person in the centre decides about the money now."""

    KIND: ClassVar[str] = "refund.review"
    SCHEMA: ClassVar[int] = 1
    row: str
    qty: int = 1
    line: str | None = None
    flags: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    supersedes: str | None = None
    rma: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundBlocked:
    """A hold at the station must end before the money can go.

    Without a unit it is about pieces of a line that are missing: `row` is `#not_received`.
    """

    KIND: ClassVar[str] = "refund.blocked"
    SCHEMA: ClassVar[int] = 1
    row: str
    qty: int = 1
    line: str | None = None
    flags: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    supersedes: str | None = None
    rma: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced:
    """The unit waits for a decision; `reason` is one of the hold reasons.

    `owner` = whose decision it is, `due` = when it is late, `place` = the tray where it lies.
    """

    KIND: ClassVar[str] = "hold.placed"
    SCHEMA: ClassVar[int] = 1
    reason: str
    missing: tuple[str, ...] = ()
    owner: str | None = None
    due: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldReleased:
    """A hold ends. `by`: supervisor, central or data; `verdict` = the event that decides anew.

    `to_zone` = where the unit goes now; `inspection` = it is inspected again first.
    """

    KIND: ClassVar[str] = "hold.released"
    SCHEMA: ClassVar[int] = 1
    by: str
    to_zone: str
    reason: str
    verdict: str | None = None
    supervisor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaWarning:
    """A clock has run out; `rule` = `parcel`, or `hold.` and the reason of the hold.

    `left_ms` is negative where it is late already.
    """

    KIND: ClassVar[str] = "sla.warning"
    SCHEMA: ClassVar[int] = 1
    rule: str
    due: str
    left_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DangerRaised:
    """A danger was seen: no robot, no belt. Committed before the next key is taken.

    `scope` item = the unit or parcel of the subject, or the `container` with all that is in it;
    area = every robot and belt of the station.
    """

    KIND: ClassVar[str] = "danger.raised"
    SCHEMA: ClassVar[int] = 1
    scope: str
    flags: tuple[str, ...] = ()
    container: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DangerKind:
    """The kind of a danger was named (battery, leak, bio, …); it may widen the scope to `area`."""

    KIND: ClassVar[str] = "danger.kind"
    SCHEMA: ClassVar[int] = 1
    kind: str
    scope: str
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DangerWithdrawn:
    """A supervisor ends a danger: the one of the subject, or with `scope` area that of the area."""

    KIND: ClassVar[str] = "danger.withdrawn"
    SCHEMA: ClassVar[int] = 1
    supervisor: str
    reason: str
    scope: str = "item"
