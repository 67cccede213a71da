"""What a repository says: its limits and how a capture job stands. Source: EPCIS 2.0 REST §12."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

EVENTS_HEADER: Final = "GS1-EPCIS-Capture-Limit"
BYTES_HEADER: Final = "GS1-EPCIS-Capture-File-Size-Limit"
REASON_MAX: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Most events and octets of one capture; None = the repository names none."""

    events: int | None = None
    octets: int | None = None


class JobState(StrEnum):
    """How a capture job stands. In part: it failed, and some of its events may be stored."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    IN_PART = "in_part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A capture job's document, as far as we read it."""

    state: JobState
    reason: str = ""


def limits_of(headers: Mapping[str, str]) -> Limits:
    """Return the limits that an answer names; what is no positive number is no limit."""
    return Limits(
        events=_whole(headers.get(EVENTS_HEADER)), octets=_whole(headers.get(BYTES_HEADER))
    )


def job_of(told: Mapping[str, Any] | None) -> Job | None:
    """Return how a job stands, None for a document that does not say it."""
    if told is None or not isinstance(told.get("running"), bool):
        return None
    if told["running"]:
        return Job(state=JobState.RUNNING)
    if told.get("success") is True:
        return Job(state=JobState.DONE)
    if told.get("success") is not False:
        return None
    is_part = told.get("captureErrorBehaviour") == "proceed"
    return Job(state=JobState.IN_PART if is_part else JobState.FAILED, reason=_reason(told))


def _reason(told: Mapping[str, Any]) -> str:
    """Return the first error in words."""
    errors = told.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return "the capture job failed"
    words = [str(first[key]) for key in ("title", "detail") if first.get(key)]
    return (": ".join(words) or "the capture job failed")[:REASON_MAX]


def _whole(value: str | None) -> int | None:
    text = (value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None
