"""What each answer of a receiver means, and what makes a kind wanted."""

import json

import pytest

from edge.journal.outbox import is_wanted
from edge.sync.http_client import retry_after_s
from edge.sync.http_events import outcome_of
from edge.sync.target import (
    Later,
    Outcome,
    Refused,
    Split,
    Stored,
    TargetLight,
    TargetState,
    TargetStatus,
    TooLarge,
)
from journal_kit import WALL_MS

IDS = ("a", "b", "c")


def _told(**document: object) -> bytes:
    return json.dumps(document).encode()


def _results(**status: str) -> bytes:
    return _told(results=[{"id": key, "status": word} for key, word in status.items()])


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Stored),
        (201, Stored),
        (204, Stored),
        (202, Later),
        (400, Split),
        (422, Split),
        (409, Split),
        (413, TooLarge),
        *((code, Refused) for code in (301, 302, 307, 401, 403, 404, 405, 410, 415, 501)),
        *((code, Later) for code in (408, 425, 429, 500, 502, 503, 504)),
    ],
)
def test_an_empty_answer_means_what_its_status_says(status: int, expected: type[Outcome]) -> None:
    assert isinstance(outcome_of(status, b"", ids=IDS), expected)


def test_accepted_is_no_proof_unless_the_site_says_so() -> None:
    assert outcome_of(202, b"", ids=IDS) == Later(reason="answer 202")
    assert outcome_of(202, b"", ids=IDS, accept_202=True) == Stored()


def test_a_single_event_that_conflicts_is_there_already() -> None:
    assert outcome_of(409, b"", ids=("a",)) == Stored()


@pytest.mark.parametrize("body", [b"<html>log in</html>", b"[]", b"5", b"\xff", None])
def test_a_success_that_cannot_be_read_proves_nothing(body: bytes | None) -> None:
    assert isinstance(outcome_of(200, body, ids=IDS), Later)


def test_results_speak_for_each_event() -> None:
    body = _told(
        results=[
            {"id": "a", "status": "stored"},
            {"id": "b", "status": "rejected", "reason": "no such unit"},
            {"id": "c", "status": "duplicate"},
        ]
    )
    for status in (200, 422):
        assert outcome_of(status, body, ids=IDS) == Stored(
            rejected={"b": "no such unit"}, duplicates=1
        )


@pytest.mark.parametrize(
    "body",
    [
        _results(a="stored", b="retry", c="stored"),
        _results(a="stored", c="stored"),
        _results(a="stored", b="perhaps", c="stored"),
        _told(results=[{"id": "a", "status": "stored"}, "b", None]),
    ],
)
def test_from_the_first_event_without_a_clear_word_all_is_sent_again(body: bytes) -> None:
    outcome = outcome_of(200, body, ids=IDS)
    assert isinstance(outcome, Stored)
    assert outcome.retry_from == "b"


def test_a_receiver_may_bound_the_batch() -> None:
    assert outcome_of(200, _told(limits={"events": 50}), ids=IDS) == Stored(events_max=50)
    assert outcome_of(200, _told(limits={"events": "many"}), ids=IDS) == Stored()


def test_a_failing_server_is_asked_for_less() -> None:
    assert outcome_of(500, b"", ids=IDS) == Later(reason="answer 500", is_slow=True)
    assert outcome_of(429, b"", ids=IDS, wait_s=2.0) == Later(reason="answer 429", wait_s=2.0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("2", 2.0),
        ("86400", 900.0),
        ("soon", None),
        ("Mon, 24 Nov 2025 16:00:30 GMT", 30.0),
        ("Mon, 24 Nov 2025 15:00:00 GMT", 0.0),
    ],
)
def test_a_wait_is_read_as_seconds_or_as_a_date(value: str | None, seconds: float | None) -> None:
    assert WALL_MS == 1_764_000_000_000  # 2025-11-24T16:00:00Z
    assert retry_after_s(value, WALL_MS) == seconds


@pytest.mark.parametrize(
    ("kind", "globs", "wanted"),
    [
        ("unit.opened", ("*",), True),
        ("unit.opened", ("unit.*",), True),
        ("unit.opened", ("parcel.*", "verdict.made"), False),
        ("scan.read", ("*",), False),
        ("scan.read", ("*.*",), False),
        ("scan.read", ("*", "scan.*"), True),
        ("station.started", ("station.started",), True),
        ("device.state", ("s*", "d*.*"), False),
    ],
)
def test_a_star_does_not_reach_the_quiet_families(
    kind: str, globs: tuple[str, ...], *, wanted: bool
) -> None:
    assert is_wanted(kind, globs) is wanted


@pytest.mark.parametrize(
    ("state", "oldest_ms", "dead", "light"),
    [
        (TargetState.IDLE, 0, 0, TargetLight.GREEN),
        (TargetState.SENDING, 59_999, 0, TargetLight.GREEN),
        (TargetState.SENDING, 60_000, 0, TargetLight.YELLOW),
        (TargetState.BACKING_OFF, 5, 0, TargetLight.YELLOW),
        (TargetState.BACKING_OFF, 900_000, 0, TargetLight.RED),
        (TargetState.REFUSED, 5, 0, TargetLight.RED),
        (TargetState.REJECTING, 5, 0, TargetLight.RED),
        (TargetState.IDLE, 0, 1, TargetLight.RED),
    ],
)
def test_the_light_is_the_worst_of_age_state_and_dead_letters(
    state: TargetState, oldest_ms: int, dead: int, light: TargetLight
) -> None:
    status = TargetStatus(name="oms", state=state, pending=1, oldest_ms=oldest_ms, dead=dead)
    assert status.light is light
