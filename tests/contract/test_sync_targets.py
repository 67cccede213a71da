"""One suite for every kind of target: bodies as they are, in order, and an honest outcome."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from drivers.clock import SystemClock
from edge.journal.outbox import OutboxRow
from edge.metrics import Metrics
from edge.settings.model import TargetKind, TargetSettings
from edge.sync.http_events import HttpEvents
from edge.sync.target import Later, Refused, Split, Stored, SyncTarget
from http_sink import Got, HttpSink, Say

SOURCE = "https://returns.example.com/station/msk1.st07/3f9a61c2"
Opener = Callable[[HttpSink], AbstractAsyncContextManager[SyncTarget]]


@asynccontextmanager
async def _http_batch(sink: HttpSink) -> AsyncIterator[SyncTarget]:
    settings = TargetSettings(name="oms", kind=TargetKind.HTTP_BATCH, url=sink.url, events=("*",))
    async with HttpEvents(settings, SOURCE, SystemClock(), Metrics()) as target:
        yield target


every_target = pytest.mark.parametrize("opener", [_http_batch])


def _rows(count: int, size: int = 100) -> tuple[OutboxRow, ...]:
    bodies = [json.dumps({"id": f"id-{n}", "x": "ы" * size}).encode() for n in range(count)]
    return tuple(
        OutboxRow(
            seq=n + 10,
            n=n + 1,
            id=f"id-{n}",
            body=body,
            digest=hashlib.sha256(body).digest(),
            recorded_ms=0,
        )
        for n, body in enumerate(bodies)
    )


@every_target
@pytest.mark.parametrize(("count", "size"), [(1, 1), (3, 10), (700, 500)])
async def test_the_bodies_arrive_unchanged_and_in_order(
    opener: Opener, count: int, size: int
) -> None:
    rows = _rows(count, size)
    async with HttpSink() as sink, opener(sink) as target:
        assert await target.send(rows) == Stored()
        assert sink.got[0].plain == b"[" + b",".join(row.body for row in rows) + b"]"


@every_target
async def test_the_same_batch_goes_again_with_the_same_identity(opener: Opener) -> None:
    def answer(_: Got) -> Say:
        return Say(cut=True) if len(sink.got) == 1 else Say()

    async with HttpSink(answer) as sink, opener(sink) as target:
        assert isinstance(await target.send(_rows(3)), Later)
        assert await target.send(_rows(3)) == Stored()
        first, second = sink.got
        assert first.body == second.body
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


@every_target
async def test_nobody_there_is_later_and_a_wrong_address_is_refused(opener: Opener) -> None:
    async with HttpSink(lambda _: Say(status=404)) as sink, opener(sink) as target:
        assert isinstance(await target.send(_rows(1)), Refused)
    async with opener(sink) as target:
        assert isinstance(await target.send(_rows(1)), Later)


@every_target
async def test_a_batch_that_is_refused_whole_is_to_be_split(opener: Opener) -> None:
    async with HttpSink(lambda _: Say(status=422)) as sink, opener(sink) as target:
        assert isinstance(await target.send(_rows(2)), Split)


@every_target
async def test_a_redirection_is_not_followed(opener: Opener) -> None:
    async with HttpSink() as sink, opener(sink) as target:
        sink.answer = lambda _: Say(status=307, headers={"Location": sink.url})
        assert isinstance(await target.send(_rows(1)), Refused)
        assert len(sink.got) == 1


@every_target
async def test_one_connection_serves_all_batches(opener: Opener) -> None:
    async with HttpSink() as sink, opener(sink) as target:
        for _ in range(5):
            await target.send(_rows(2))
        assert sink.connections == 1


async def test_the_request_says_what_the_contract_asks_for(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret\n", encoding="utf-8")
    async with HttpSink() as sink:
        settings = TargetSettings(
            name="oms", kind=TargetKind.HTTP_BATCH, url=sink.url, events=("*",), password_file=token
        )
        async with HttpEvents(settings, SOURCE, SystemClock(), Metrics()) as target:
            await target.send(_rows(3))
        headers = sink.got[0].headers
        assert sink.got[0].method == "POST"
        assert headers["content-type"] == "application/cloudevents-batch+json; charset=UTF-8"
        assert headers["edge-source"] == SOURCE
        assert headers["edge-delivery"] == "1-3"
        assert headers["authorization"] == "Bearer s3cret"
        assert headers["idempotency-key"] == hashlib.sha256(b"id-0id-1id-2").hexdigest()
        assert "content-encoding" not in headers


async def test_a_receiver_that_cannot_unpack_is_sent_plain_batches_from_then_on() -> None:
    def answer(got: Got) -> Say:
        return Say(status=415) if "content-encoding" in got.headers else Say()

    async with HttpSink(answer) as sink, _http_batch(sink) as target:
        for _ in range(2):
            assert await target.send(_rows(100)) == Stored()
        assert [got.headers.get("content-encoding") for got in sink.got] == ["gzip", None, None]
        sink.answer = lambda _: Say(status=415)
        assert isinstance(await target.send(_rows(100)), Refused)


async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async with HttpSink(lambda _: Say(body=b" " * 5_000_000)) as sink, _http_batch(sink) as target:
        assert isinstance(await target.send(_rows(1)), Later)
