"""Photographs go up one by one, by their digest; what is there already counts."""

import asyncio
import base64
import hashlib
import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from edge.events import PhotoTaken
from edge.journal.outbox import Act, Order
from edge.journal.photos import Lost, PhotoStore
from edge.journal.writer import Journal, Submission
from edge.settings.model import TargetKind, TargetSettings
from edge.sync.photo_http import upload
from edge.sync.target import TargetLight, TargetState, TargetStatus
from http_sink import Got, HttpSink, Say
from journal_kit import HandClock, cancelled_after, event, opened, uuid7


class Soon(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) / 1000


def _target(url: str) -> TargetSettings:
    return TargetSettings(name="photos", kind=TargetKind.PHOTO_HTTP, url=f"{url}/photos")


@asynccontextmanager
async def _with_photos(
    data: Path, target: TargetSettings, *jpegs: bytes
) -> AsyncIterator[tuple[Journal, PhotoStore]]:
    async with opened(data, target) as journal, PhotoStore(data / "photos") as store:
        for n, jpeg in enumerate(jpegs):
            sha256 = await store.put(jpeg)
            taken = PhotoTaken(
                sha256=sha256,
                bytes=len(jpeg),
                mime="image/jpeg",
                width=1,
                height=1,
                slot="item",
                camera="top",
                sharpness=1,
                mean=1,
                clipped=0,
                bound_by="open_window",
            )
            await journal.commit(Submission(events=(event(taken, unit=uuid7(n)),)))
        yield journal, store


async def _uploaded(
    target: TargetSettings,
    journal: Journal,
    store: PhotoStore,
    is_met: Callable[[list[TargetStatus]], bool],
    lost: Callable[[Lost], None] = lambda _lost: None,
) -> list[TargetStatus]:
    said: list[TargetStatus] = []
    work = upload(
        target,
        journal,
        store,
        clock=HandClock(),
        rng=Soon(1),
        on_state=said.append,
        on_lost=lost,
    )
    await cancelled_after(work, lambda: bool(said) and is_met(said))
    return said


def _is_idle(said: list[TargetStatus]) -> bool:
    return said[-1].state is TargetState.IDLE


def _states(data: Path) -> dict[str, str]:
    with closing(sqlite3.connect(data / "journal.db")) as connection:
        return dict(connection.execute("SELECT lower(hex(sha256)), state FROM photo"))


def _sha(jpeg: bytes) -> str:
    return hashlib.sha256(jpeg).hexdigest()


async def test_each_photograph_is_put_under_its_digest_and_noted_as_there(tmp_path: Path) -> None:
    async with HttpSink(lambda _: Say(status=201)) as sink:
        target = _target(sink.url)
        async with _with_photos(tmp_path, target, b"one", b"two") as (journal, store):
            await _uploaded(target, journal, store, _is_idle)
        first = sink.got[0]
        assert [(got.method, got.path) for got in sink.got] == [
            ("PUT", f"/in/photos/{_sha(b'one')}"),
            ("PUT", f"/in/photos/{_sha(b'two')}"),
        ]
        assert first.body == b"one"
        assert first.headers["if-none-match"] == "*"
        assert first.headers["content-type"] == "image/jpeg"
        digest = base64.b64encode(hashlib.sha256(b"one").digest()).decode()
        assert first.headers["repr-digest"] == f"sha-256=:{digest}:"
    assert set(_states(tmp_path).values()) == {"uploaded"}


@pytest.mark.parametrize("status", [200, 201, 204, 409, 412])
async def test_what_is_there_already_counts_as_uploaded(tmp_path: Path, status: int) -> None:
    async with HttpSink(lambda _: Say(status=status)) as sink:
        target = _target(sink.url)
        async with _with_photos(tmp_path, target, b"one") as (journal, store):
            await _uploaded(target, journal, store, _is_idle)
        assert len(sink.got) == 1
    assert set(_states(tmp_path).values()) == {"uploaded"}


async def test_an_interrupted_upload_goes_on_with_what_is_left(tmp_path: Path) -> None:
    jpegs = [f"photo {n}".encode() for n in range(6)]
    async with HttpSink(lambda _: Say(status=201 if len(sink.got) <= 3 else 503)) as sink:
        target = _target(sink.url)
        async with _with_photos(tmp_path, target, *jpegs) as (journal, store):
            said = await _uploaded(
                target, journal, store, lambda said: said[-1].state is TargetState.BACKING_OFF
            )
            assert (said[-1].pending, said[-1].light) == (3, TargetLight.YELLOW)
        sink.answer = lambda _: Say(status=201)
        seen = len(sink.got)
        async with opened(tmp_path, target) as journal, PhotoStore(tmp_path / "photos") as store:
            await _uploaded(target, journal, store, _is_idle)
        assert [got.body for got in sink.got[seen:]] == jpegs[3:]


async def test_a_refused_one_is_set_aside_and_the_others_go_up(tmp_path: Path) -> None:
    def answer(got: Got) -> Say:
        return Say(status=422 if got.body == b"two" else 201)

    async with HttpSink(answer) as sink:
        target = _target(sink.url)
        async with _with_photos(tmp_path, target, b"one", b"two", b"three") as (journal, store):
            said = await _uploaded(target, journal, store, lambda said: said[-1].dead == 1)
            assert said[-1].light is TargetLight.RED
    states = _states(tmp_path)
    assert [states[_sha(one)] for one in (b"one", b"two", b"three")] == [
        "uploaded",
        "refused",
        "uploaded",
    ]


async def test_a_refused_one_is_tried_again_when_somebody_resumes_the_target(
    tmp_path: Path,
) -> None:
    async with HttpSink(lambda _: Say(status=422)) as sink:
        target = _target(sink.url)
        async with _with_photos(tmp_path, target, b"one") as (journal, store):
            await _uploaded(target, journal, store, lambda said: said[-1].dead == 1)
            sink.answer = lambda _: Say(status=201)
            journal.ack(Order(target="photos", act=Act.RESUME, is_of_photos=True))
            await journal.commit(Submission(events=(event(unit=uuid7(5)),)))
            said = await _uploaded(target, journal, store, _is_idle)
            assert (said[-1].dead, len(sink.got)) == (0, 2)


async def test_a_photograph_that_changed_on_disk_is_never_sent(tmp_path: Path) -> None:
    async with HttpSink() as sink:
        target = _target(sink.url)
        async with _with_photos(tmp_path, target, b"one", b"two") as (journal, store):
            store.path(_sha(b"one")).write_bytes(b"eno")
            lost: list[Lost] = []
            await _uploaded(target, journal, store, _is_idle, lost.append)
        assert lost == [Lost(sha256=_sha(b"one"), reason="bit_rot")]
        assert [got.body for got in sink.got] == [b"two"]
    assert _states(tmp_path)[_sha(b"one")] == "lost"


async def test_a_wrong_address_costs_no_photograph_and_a_pause_holds(tmp_path: Path) -> None:
    async with HttpSink(lambda _: Say(status=404)) as sink:
        target = _target(sink.url)
        async with _with_photos(tmp_path, target, b"one") as (journal, store):
            await _uploaded(
                target, journal, store, lambda said: said[-1].state is TargetState.REFUSED
            )
            journal.ack(Order(target="photos", act=Act.PAUSE))
            await journal.commit(Submission(events=(event(unit=uuid7(5)),)))
            said = await _uploaded(
                target, journal, store, lambda said: said[-1].state is TargetState.PAUSED
            )
            assert said[-1].pending == 1
            await asyncio.sleep(0)
        assert len(sink.got) == 1
    assert set(_states(tmp_path).values()) == {"kept"}
