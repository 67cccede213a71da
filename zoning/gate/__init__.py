"""The load gate: proves a pack, or refuses it with a unit that shows why. Trusts no author."""

from dataclasses import replace

from zoning.findings import Finding, Severity
from zoning.gate.checklist_checks import check_checklists
from zoning.gate.monotone import repair_text, repaired
from zoning.gate.report import (
    STATION_CHECK,
    Budget,
    Checked,
    Proof,
    Result,
    Status,
    joined,
    proof_sha256,
)
from zoning.gate.table_checks import check_table
from zoning.pack import Pack

__all__ = ["Budget", "Checked", "Proof", "Result", "Status", "prove"]


def prove(pack: Pack, cameras: frozenset[str] | None = None) -> Proof:
    """Return the proof of a pack; findings of severity error refuse it.

    `cameras` = roles of this station's cameras; None = the camera check is reported as not run.
    """
    found, budgets = _checked(pack, cameras)
    return Proof(
        findings=_with_repair(pack, cameras, found.findings),
        statuses=found.statuses,
        sha256=proof_sha256(pack.sha256, found.statuses),
        budgets=budgets,
    )


def _checked(pack: Pack, cameras: frozenset[str] | None) -> tuple[Checked, tuple[Budget, ...]]:
    asked = check_checklists(pack, cameras)
    parts = [check_table(pack), asked.checked]
    if cameras is None:
        not_run = Status(check=STATION_CHECK, subject="cameras", status=Result.NOT_RUN)
        parts.append(Checked(statuses=(not_run,)))
    return joined(tuple(parts)), asked.budgets


def _with_repair(
    pack: Pack, cameras: frozenset[str] | None, findings: tuple[Finding, ...]
) -> tuple[Finding, ...]:
    """Add to refusals of G23 which members to exempt, if the pack edited so has no error left."""
    refused = frozenset(finding.subject for finding in findings if finding.check == "G23")
    edited = repaired(pack, refused) if refused else None
    if edited is None or not _is_good(_checked(edited, cameras)[0]):
        return findings
    rules = {rule.id: rule for rule in edited.policy.monotone}
    texts = {
        rule.id: repair_text(rule, rules[rule.id])
        for rule in pack.policy.monotone
        if rule.id in refused
    }
    return tuple(
        replace(finding, fix=texts[finding.subject]) if finding.check == "G23" else finding
        for finding in findings
    )


def _is_good(found: Checked) -> bool:
    return all(finding.severity is not Severity.ERROR for finding in found.findings)
