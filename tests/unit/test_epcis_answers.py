"""What a repository says about its limits and its jobs."""

import pytest

from edge.sync.epcis.answers import Job, JobState, Limits, job_of, limits_of


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        ({}, Limits()),
        ({"GS1-EPCIS-Capture-Limit": "500"}, Limits(events=500)),
        ({"GS1-EPCIS-Capture-File-Size-Limit": " 1024 "}, Limits(octets=1024)),
        ({"GS1-EPCIS-Capture-Limit": "0"}, Limits()),
        ({"GS1-EPCIS-Capture-Limit": "-5"}, Limits()),
        ({"GS1-EPCIS-Capture-Limit": "many"}, Limits()),
        ({"GS1-EPCIS-Capture-Limit": "٣"}, Limits()),
    ],
)
def test_a_limit_is_a_positive_number_or_none(headers: dict[str, str], limits: Limits) -> None:
    assert limits_of(headers) == limits


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ({"running": True, "success": True}, JobState.RUNNING),
        ({"running": True, "success": False}, JobState.RUNNING),
        ({"running": False, "success": True}, JobState.DONE),
        ({"running": False, "success": False}, JobState.FAILED),
        (
            {"running": False, "success": False, "captureErrorBehaviour": "rollback"},
            JobState.FAILED,
        ),
        (
            {"running": False, "success": False, "captureErrorBehaviour": "proceed"},
            JobState.IN_PART,
        ),
    ],
)
def test_a_job_stands_as_its_two_words_say(told: dict[str, object], state: JobState) -> None:
    found = job_of(told)
    assert found is not None
    assert found.state is state


@pytest.mark.parametrize(
    "told", [None, {}, {"running": "no"}, {"running": False}, {"running": False, "success": 1}]
)
def test_a_document_that_does_not_say_it_says_nothing(told: dict[str, object] | None) -> None:
    assert job_of(told) is None


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        ([{"title": "refused", "detail": "event 3"}, {"title": "x"}], "refused: event 3"),
        ([{"title": "t" * 900}], "t" * 500),
        ([], "the capture job failed"),
        (None, "the capture job failed"),
        (["broken"], "the capture job failed"),
        ([{"type": "epcisException:ValidationException"}], "the capture job failed"),
    ],
)
def test_a_failed_job_tells_its_first_error(errors: object, reason: str) -> None:
    found = job_of({"running": False, "success": False, "errors": errors})
    assert found == Job(state=JobState.FAILED, reason=reason)
