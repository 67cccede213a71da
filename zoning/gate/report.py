"""What the gate hands out: findings, the status of every check, budgets, and the proof's hash."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from zoning.findings import Finding, Severity
from zoning.model import GATE, digest

STATION_CHECK = "G34"


class Result(StrEnum):
    """How a check of one subject ended."""

    PROVED = "proved"
    REFUSED = "refused"
    WARNED = "warned"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Status:
    """One check of one subject: a row, an invariant, a checklist, the whole table."""

    check: str
    subject: str
    status: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a group of checks found, and the status of each."""

    findings: tuple[Finding, ...] = ()
    statuses: tuple[Status, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Acts to inspect a unit of a category: sealed, perfect opened, longest; seconds if perfect.

    `allowed` refuses the pack when it is passed, `goal` is only compared.
    """

    category: str
    sealed: int
    opened: int
    longest: int
    seconds: int
    allowed: Mapping[str, int] = field(default_factory=dict)
    goal: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Everything the gate says of a pack. `sha256` is equal wherever the same was proved."""

    findings: tuple[Finding, ...]
    statuses: tuple[Status, ...]
    sha256: str
    budgets: tuple[Budget, ...] = ()

    @property
    def is_good(self) -> bool:
        """Return whether nothing refuses the pack."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)


def status_of(check: str, subject: str, findings: tuple[Finding, ...]) -> Status:
    """Return proved without findings, else refused, or warned when none of them refuses."""
    if not findings:
        return Status(check=check, subject=subject, status=Result.PROVED)
    refuses = any(finding.severity is Severity.ERROR for finding in findings)
    return Status(check=check, subject=subject, status=Result.REFUSED if refuses else Result.WARNED)


def joined(parts: tuple[Checked, ...]) -> Checked:
    """Return several groups as one."""
    return Checked(
        findings=tuple(finding for part in parts for finding in part.findings),
        statuses=tuple(status for part in parts for status in part.statuses),
    )


def proof_sha256(content_sha256: str, statuses: tuple[Status, ...]) -> str:
    """Return the hash of what was proved of which content by which gate.

    Left out: G34, which depends on the station, and every witness, which depends on the solver.
    """
    told = sorted(status for status in statuses if status.check != STATION_CHECK)
    return digest(
        {
            "content": content_sha256,
            "gate": GATE,
            "statuses": [[item.check, item.subject, item.status.value] for item in told],
        }
    )
