"""What activation reads of a rehearsal's and of a shadow's report. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge.feeds.pack_seal import REHEARSAL, SHADOW
from edge.feeds.shadow_report import RowReport, ShadowReport
from zoning.replay.report import Report


class ReportError(Exception):
    """A report that cannot be read, or is about something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """Which candidate was rehearsed against which base, over how many records and stations."""

    candidate: str
    base: str
    records: int
    stations: int


def read_rehearsal(content: bytes) -> Rehearsed:
    """Return what a report of `policy rehearse` is about. Raises ReportError."""
    try:
        report = Report.read(content)
        return Rehearsed(
            candidate=str(report.content["candidate"]["sha256"]),
            base=report.base_sha256,
            records=report.records,
            stations=report.stations,
        )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ReportError(f"{REHEARSAL}: no report of a rehearsal: {error}") from error


def read_shadow(content: bytes) -> ShadowReport:
    """Return the counts of `policy shadow status --json`. Raises ReportError."""
    report = _document(SHADOW, content)
    try:
        rows = tuple(
            RowReport(row=str(row["row"]), units=int(row["units"]), differ=int(row["differ"]))
            for row in report["rows"]
        )
        return ShadowReport(
            candidate=str(report["candidate"]),
            base=str(report["base"]),
            rows=rows,
            not_comparable=int(report["not_comparable"]),
            elsewhere=int(report["elsewhere"]),
            examples=(),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ReportError(f"{SHADOW}: no report of a shadow: {error}") from error


def _document(name: str, content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{name}: cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise ReportError(f"{name}: an object is expected")
    return found
