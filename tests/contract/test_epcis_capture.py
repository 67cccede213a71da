"""The target kind `epcis` against a repository: each event stored once, whatever goes wrong."""

import json
import random
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from capture_stub import CaptureStub, Repository, departures
from edge.events import Encoded
from edge.journal.writer import Journal, Submission
from edge.settings.model import TargetKind, TargetSettings
from edge.sync.epcis import capture
from edge.sync.pump import pump
from edge.sync.target import TargetState, TargetStatus
from epcis_kit import (
    arrived,
    encoded,
    encoded_as,
    encoded_correction,
    event_uuid,
    identified,
    official,
    photo,
    put,
    verdict,
)
from journal_kit import HandClock, cancelled_after, opened

GLOBS = ("parcel.*", "unit.*", "verdict.*", "put.*", "photo.*", "inspection.*", "correction.*")
FLOW = (arrived(), identified(), photo(), verdict("resale", "RESTOCK"), put("resale", "A1"))
Met = Callable[[list[TargetStatus]], bool]


class Soon(random.Random):
    """Draws the shortest wait, so that back-off costs the test nothing."""

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) / 1000


def _target(url: str, batch_max: int, **changes: Any) -> TargetSettings:
    base = TargetSettings(
        name="epcis", kind=TargetKind.EPCIS, url=url, events=GLOBS, batch_max=batch_max
    )
    return replace(base, **changes)


def _flow(*more: Encoded) -> tuple[Encoded, ...]:
    return (*(encoded(given, seq) for seq, given in enumerate(FLOW, start=1)), *more)


def _photos(first: int, last: int) -> tuple[Encoded, ...]:
    """One event each, of one unit."""
    return tuple(encoded(photo(), seq) for seq in range(first, last + 1))


def _ids(*seqs: int) -> list[str]:
    return [f"urn:uuid:{event_uuid(seq)}" for seq in seqs]


async def _append(journal: Journal, events: Iterable[Encoded]) -> None:
    for event in events:
        await journal.commit(Submission(events=(event,)))


def _is_drained(said: list[TargetStatus]) -> bool:
    return bool(said) and said[-1].pending == 0 and said[-1].state is TargetState.IDLE


async def _pumped(
    target: TargetSettings, journal: Journal, is_met: Met = _is_drained
) -> list[TargetStatus]:
    said: list[TargetStatus] = []
    work = pump(target, journal, clock=HandClock(), rng=Soon(1), on_state=said.append)
    await cancelled_after(work, lambda: is_met(said))
    return said


async def _drained(
    folder: Path, repository: Repository, events: Sequence[Encoded], batch_max: int = 1
) -> list[TargetStatus]:
    """Journal the events, then send them to the end; the first `batch_max` go one by one."""
    async with CaptureStub(repository) as stub:
        target = _target(stub.url, batch_max)
        async with opened(folder, target) as journal:
            await _append(journal, events)
            return await _pumped(target, journal)


def _dead(folder: Path) -> list[tuple[int, str, str]]:
    connection = sqlite3.connect(folder / "journal.db")
    try:
        return connection.execute("SELECT seq, code, reason FROM dead ORDER BY seq").fetchall()
    finally:
        connection.close()


def _captured(repository: Repository) -> list[list[str]]:
    """The ids of each document that was posted to be captured."""
    documents = [json.loads(got.body) for got in repository.asked("POST /capture")]
    return [[step["eventID"] for step in one["epcisBody"]["eventList"]] for one in documents]


# ---------------------------------------------------------------- all is well


async def test_the_events_of_a_return_are_stored_once_and_in_order(tmp_path: Path) -> None:
    repository = Repository()
    said = await _drained(tmp_path, repository, _flow())
    assert repository.ids[:5] == _ids(1, 2, 3, 4, 5)
    assert [step["bizStep"] for step in repository.stored] == [
        "accepting", "receiving", "inspecting", "inspecting", "storing", "packing",
    ]  # fmt: skip
    assert (said[-1].dead, said[-1].pending) == (0, 0)


async def test_what_may_have_been_on_its_way_goes_one_by_one_the_rest_together(
    tmp_path: Path,
) -> None:
    repository = Repository()
    await _drained(tmp_path, repository, _photos(1, 55), batch_max=20)
    assert len(repository.asked("POST /events")) == 20
    assert [len(ids) for ids in _captured(repository)] == [20, 15]
    assert repository.ids == _ids(*range(1, 56))


async def test_the_requests_say_which_versions_and_that_all_or_nothing_is_wanted(
    tmp_path: Path,
) -> None:
    repository = Repository()
    await _drained(tmp_path, repository, _photos(1, 2))
    (got,) = repository.asked("POST /capture")
    assert got.headers["content-type"] == "application/json"
    assert got.headers["gs1-epcis-version"] == got.headers["gs1-cbv-version"] == "2.0.0"
    assert got.headers["gs1-capture-error-behaviour"] == "rollback"


async def test_a_token_comes_from_its_file(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret\n", encoding="utf-8")
    repository = Repository()
    async with CaptureStub(repository) as stub:
        target = _target(stub.url, 1, password_file=token)
        async with opened(tmp_path, target) as journal:
            await _append(journal, _photos(1, 2))
            await _pumped(target, journal)
    assert {one.got.headers["authorization"] for one in repository.exchanges} == {"Bearer s3cret"}


async def test_kinds_that_are_not_exported_are_settled_without_a_capture(tmp_path: Path) -> None:
    repository = Repository()
    private = tuple(encoded(photo(personal=True), seq) for seq in (1, 2, 3))
    await _drained(tmp_path, repository, private)
    assert [one.got.method for one in repository.exchanges] == ["OPTIONS"]


async def test_what_is_sent_passes_the_official_schema(tmp_path: Path) -> None:
    schema = Draft7Validator(official("EPCIS-JSON-Schema.json"))
    repository = Repository()
    corrections = (encoded_correction(6, 4, "undo"), encoded_correction(7, 5, "replace", 3))
    await _drained(tmp_path, repository, _flow(*corrections))
    sent = (*repository.asked("POST /capture"), *repository.asked("POST /events"))
    assert len(sent) > 3
    assert [list(schema.iter_errors(json.loads(got.body))) for got in sent] == [[]] * len(sent)


async def test_both_sides_speak_as_the_interface_is_described(tmp_path: Path) -> None:
    described = official("openapi.json")
    repository = Repository(events_max=7, looks=1, poison=set(_ids(9)))
    repository.fail("POST /events", "lose")
    await _drained(tmp_path, repository, _photos(1, 20), batch_max=2)
    answered = {one.say.status for one in repository.exchanges if one.say is not None}
    assert answered >= {200, 201, 202, 204, 409}
    assert [list(departures(one, described)) for one in repository.exchanges] == [
        [] for _ in repository.exchanges
    ]


# ---------------------------------------------------------------- limits


async def test_a_document_keeps_within_the_events_that_are_allowed(tmp_path: Path) -> None:
    repository = Repository(events_max=7)
    await _drained(tmp_path, repository, _photos(1, 60), batch_max=30)
    assert max(len(ids) for ids in _captured(repository)) == 7
    assert repository.ids == _ids(*range(1, 61))


async def test_a_document_keeps_within_the_octets_that_are_allowed(tmp_path: Path) -> None:
    repository = Repository(octets_max=4_000)
    await _drained(tmp_path, repository, _photos(1, 60), batch_max=30)
    sizes = [len(got.body) for got in repository.asked("POST /capture")]
    assert 2_000 < max(sizes) <= 4_000
    assert repository.ids == _ids(*range(1, 61))


async def test_two_events_of_one_row_go_singly_where_one_is_the_most(tmp_path: Path) -> None:
    repository = Repository(events_max=1)
    await _drained(tmp_path, repository, _flow())
    assert len(repository.stored) == len(set(repository.ids)) == 6


async def test_a_limit_nobody_told_is_found_by_halving(tmp_path: Path) -> None:
    repository = Repository(events_max=8)
    repository.fail("OPTIONS /capture", 404)
    await _drained(tmp_path, repository, _photos(1, 60), batch_max=30)
    assert len(_captured(repository)[0]) > 8
    assert repository.ids == _ids(*range(1, 61))
    assert _dead(tmp_path) == []


# ---------------------------------------------------------------- poison


@pytest.mark.parametrize("looks", [0, 1])
async def test_one_poisonous_event_is_set_aside_and_the_others_are_stored(
    tmp_path: Path, looks: int
) -> None:
    repository = Repository(looks=looks, poison=set(_ids(17)))
    said = await _drained(tmp_path, repository, _photos(1, 24), batch_max=8)
    assert repository.ids == _ids(*(seq for seq in range(1, 25) if seq != 17))
    ((seq, code, reason),) = _dead(tmp_path)
    assert (seq, code) == (17, "job")
    assert reason == f"refused: {_ids(17)[0]}"
    assert said[-1].dead == 1


async def test_a_single_event_that_is_refused_is_set_aside(tmp_path: Path) -> None:
    repository = Repository(poison=set(_ids(2)))
    await _drained(tmp_path, repository, _photos(1, 5), batch_max=5)
    assert repository.ids == _ids(1, 3, 4, 5)
    assert _dead(tmp_path) == [(2, "rejected", "answer 400")]


async def test_an_event_that_cannot_be_read_is_set_aside_and_never_sent(tmp_path: Path) -> None:
    spoilt = encoded_as("unit.identified", {"how": "scan", "tz": "+03:00"}, 3)
    astray = encoded_as("put.confirmed", {
        "zone": "resale", "proof": "tray", "how": "hand", "after_verdict_ms": 1, "tz": "noon",
        "unit": "0193a5bf-0000-7000-8000-0000000000dd",
    }, 4)  # fmt: skip
    repository = Repository()
    await _drained(tmp_path, repository, (*_photos(1, 2), spoilt, astray, *_photos(5, 6)))
    assert repository.ids == _ids(1, 2, 5, 6)
    assert [(seq, code) for seq, code, _ in _dead(tmp_path)] == [(3, "rejected"), (4, "rejected")]
    assert "eventTimeZoneOffset" in _dead(tmp_path)[1][2]


async def test_what_fails_in_part_is_finished_one_by_one(tmp_path: Path) -> None:
    repository = Repository(behaviour="proceed", poison=set(_ids(5)))
    await _drained(tmp_path, repository, _photos(1, 8), batch_max=4)
    assert sorted(repository.ids) == _ids(1, 2, 3, 4, 6, 7, 8)
    assert [seq for seq, *_ in _dead(tmp_path)] == [5]


# ---------------------------------------------------------------- doubt


@pytest.mark.parametrize("fault", ["lose", "cut", 500, 502, 504, "nowhere"])
async def test_a_batch_whose_fate_is_not_known_is_finished_one_by_one(
    tmp_path: Path, fault: int | str
) -> None:
    repository = Repository()
    repository.fail("POST /capture", fault)
    await _drained(tmp_path, repository, _photos(1, 15), batch_max=5)
    assert repository.ids == _ids(*range(1, 16))
    assert len(repository.asked("POST /events")) == 10
    assert _dead(tmp_path) == []


@pytest.mark.parametrize("fault", [429, 503, 408])
async def test_a_batch_that_was_turned_away_is_captured_again(tmp_path: Path, fault: int) -> None:
    repository = Repository()
    repository.fail("POST /capture", fault)
    await _drained(tmp_path, repository, _photos(1, 10), batch_max=5)
    assert repository.ids == _ids(*range(1, 11))
    assert len(repository.asked("POST /events")) == 5


@pytest.mark.parametrize("fault", ["lose", "cut", 500, 503])
async def test_a_single_event_that_exists_already_counts_as_stored(
    tmp_path: Path, fault: int | str
) -> None:
    repository = Repository()
    repository.fail("POST /events", fault, fault)
    await _drained(tmp_path, repository, _photos(1, 4), batch_max=4)
    assert repository.ids == _ids(1, 2, 3, 4)
    assert _dead(tmp_path) == []


async def test_a_repository_without_single_events_is_sent_documents(tmp_path: Path) -> None:
    repository = Repository(has_events=False)
    await _drained(tmp_path, repository, _photos(1, 6), batch_max=3)
    assert repository.ids == _ids(*range(1, 7))
    assert len(repository.asked("POST /events")) == 1


# ---------------------------------------------------------------- jobs


async def test_a_job_is_waited_for(tmp_path: Path) -> None:
    repository = Repository(looks=2)
    await _drained(tmp_path, repository, _photos(1, 3))
    assert repository.ids == _ids(1, 2, 3)
    assert len(repository.asked("GET /capture")) == 2 * len(repository.asked("POST /capture"))


async def test_a_job_that_takes_long_is_looked_at_again_and_its_rows_not_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "JOB_S", 0.0)
    monkeypatch.setattr(capture, "POLL_S_MAX", 0.0)
    repository = Repository(looks=3)
    said = await _drained(tmp_path, repository, _photos(1, 2))
    assert repository.ids == _ids(1, 2)
    assert len(_captured(repository)) == 1
    assert "the capture job is still running" in {status.reason for status in said}


@pytest.mark.parametrize("fault", [500, 429, "cut"])
async def test_a_job_that_cannot_be_asked_is_asked_again(tmp_path: Path, fault: int | str) -> None:
    repository = Repository()
    repository.fail("GET /capture", fault, fault)
    await _drained(tmp_path, repository, _photos(1, 2))
    assert repository.ids == _ids(1, 2)
    assert len(_captured(repository)) == 1


async def test_a_job_that_is_forgotten_leaves_its_events_in_doubt(tmp_path: Path) -> None:
    repository = Repository()
    repository.fail("GET /capture", 404)
    await _drained(tmp_path, repository, _photos(1, 8), batch_max=4)
    assert repository.ids == _ids(*range(1, 9))
    assert len(repository.asked("POST /events")) == 8


async def test_after_a_restart_the_job_that_ran_is_asked_and_not_asked_for_again(
    tmp_path: Path,
) -> None:
    repository = Repository(looks=10_000)
    async with CaptureStub(repository) as stub:
        target = _target(stub.url, 3)
        async with opened(tmp_path, target) as journal:
            await _append(journal, _photos(1, 9))
            await _pumped(target, journal, lambda _: bool(repository.asked("GET /capture")))
        repository.jobs["job1"].looks_left = 1
        repository.looks = 0
        async with opened(tmp_path, target) as journal:
            await _pumped(target, journal)
    assert repository.ids == _ids(*range(1, 10))
    assert [len(ids) for ids in _captured(repository)] == [3]  # the last three go one by one again


async def test_a_restart_in_the_middle_of_a_capture_stores_nothing_twice(tmp_path: Path) -> None:
    repository = Repository()
    repository.fail("POST /capture", "lose", 503)
    async with CaptureStub(repository) as stub:
        target = _target(stub.url, 5)
        async with opened(tmp_path, target) as journal:
            await _append(journal, _photos(1, 20))
            await _pumped(target, journal, lambda _: bool(repository.asked("POST /capture")))
        async with opened(tmp_path, target) as journal:
            await _pumped(target, journal)
    assert repository.ids == _ids(*range(1, 21))


async def test_a_job_elsewhere_is_not_followed_with_our_token(tmp_path: Path) -> None:
    repository = Repository()
    repository.fail("POST /capture", "elsewhere")
    async with CaptureStub(repository) as stub:
        target = _target(stub.url, 1)
        async with opened(tmp_path, target) as journal:
            await _append(journal, _photos(1, 2))
            said = await _pumped(
                target, journal, lambda said: bool(said) and said[-1].state is TargetState.REFUSED
            )
    assert said[-1].reason == "the capture job is at another address"


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_wrong_rights_cost_no_event(tmp_path: Path, status: int) -> None:
    repository = Repository()
    repository.fail("OPTIONS /capture", status)
    async with CaptureStub(repository) as stub:
        target = _target(stub.url, 1)
        async with opened(tmp_path, target) as journal:
            await _append(journal, _photos(1, 2))
            said = await _pumped(
                target, journal, lambda said: bool(said) and said[-1].state is TargetState.REFUSED
            )
    assert (said[-1].reason, said[-1].pending) == (f"answer {status}", 2)
    assert _dead(tmp_path) == []


@pytest.mark.parametrize("fault", [404, 405, 501])
async def test_a_repository_that_tells_no_limits_has_none(tmp_path: Path, fault: int) -> None:
    repository = Repository()
    repository.fail("OPTIONS /capture", fault)
    await _drained(tmp_path, repository, _photos(1, 3))
    assert repository.ids == _ids(1, 2, 3)


@pytest.mark.parametrize("fault", [500, 503, "cut"])
async def test_limits_are_asked_for_until_they_are_told(tmp_path: Path, fault: int | str) -> None:
    repository = Repository(events_max=1)
    repository.fail("OPTIONS /capture", fault, fault)
    await _drained(tmp_path, repository, _photos(1, 3))
    assert {len(ids) for ids in _captured(repository)} == {1}
    assert len(repository.asked("OPTIONS /capture")) == 3


# ---------------------------------------------------------------- corrections


@pytest.mark.parametrize("batch_max", [1, 50])
async def test_a_correction_is_captured_as_the_declared_original(
    tmp_path: Path, batch_max: int
) -> None:
    repository = Repository()
    await _drained(tmp_path, repository, _flow(encoded_correction(6, 5, "undo")), batch_max)
    *originals, stored, packed = repository.stored
    for original, copied in zip(originals[-2:], (stored, packed), strict=True):
        assert copied["errorDeclaration"]["reason"] == "did_not_occur"
        beside = {"errorDeclaration", "@context"}  # an event that goes alone has its own context
        assert {k: v for k, v in copied.items() if k not in beside} == {
            k: v for k, v in original.items() if k not in beside
        }


async def test_a_replacement_is_named_and_sent_as_its_own_event(tmp_path: Path) -> None:
    repository = Repository()
    again = encoded(verdict("repair", "REFURB"), 7)
    await _drained(tmp_path, repository, _flow(encoded_correction(6, 4, "replace", 7), again))
    declared = next(step for step in repository.stored if "errorDeclaration" in step)
    assert declared["eventID"] == _ids(4)[0]
    assert declared["errorDeclaration"]["correctiveEventIDs"] == _ids(7)
    assert repository.stored[-1]["retx:zone"] == "repair"


async def test_the_correction_of_what_is_not_exported_is_not_either(tmp_path: Path) -> None:
    repository = Repository()
    events = (encoded(photo(personal=True), 1), encoded_correction(2, 1, "undo"))
    await _drained(tmp_path, repository, (*events, encoded_correction(3, 99, "undo")))
    assert repository.stored == []


async def test_a_declaration_that_is_refused_as_known_is_set_aside(tmp_path: Path) -> None:
    repository = Repository()
    repository.fail("POST /capture", 409)
    await _drained(
        tmp_path, repository, (*_photos(1, 2), encoded_correction(3, 1, "undo")), batch_max=3
    )
    assert repository.ids == _ids(1, 2)
    assert [(seq, reason) for seq, _, reason in _dead(tmp_path)] == [(3, "answer 409")]
