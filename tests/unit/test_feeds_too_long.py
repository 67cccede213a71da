"""Answers that are longer than they may be: read no further, and closed at once."""

import json
import random
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import AsyncGeneratorType
from typing import Any

import httpx
import pytest

from edge.feeds.fetch import PAGE_BYTES_MAX, poll
from edge.feeds.policy_fetch import PACK_BYTES_MAX, PackUnavailableError, fetch_pack
from edge.journal.feed_accounts import feed_states
from edge.journal.reference import EntryChange, Reference
from edge.settings.model import FeedSettings
from edge.sync.http_client import ANSWER_BYTES_MAX, read_body
from http_sink import HttpSink, Say
from journal_kit import HandClock, cancelled_after

Begun = list[AsyncGeneratorType[Any, Any]]


@contextmanager
def _watched() -> Iterator[Begun]:
    """Keep every asynchronous generator that is begun, so that none is closed by being dropped."""
    before = sys.get_asyncgen_hooks()
    begun: Begun = []

    def first(one: AsyncGenerator[Any, Any]) -> None:
        if isinstance(one, AsyncGeneratorType):
            begun.append(one)
        if before.firstiter is not None:
            before.firstiter(one)

    sys.set_asyncgen_hooks(firstiter=first, finalizer=before.finalizer)
    try:
        yield begun
    finally:
        sys.set_asyncgen_hooks(*before)


def _left_open(begun: Begun) -> list[str]:
    """Return what reads an answer still; what httpx reads within it ends with it."""
    of_answers = [one for one in begun if one.ag_code.co_name == "aiter_bytes"]
    assert of_answers, "nothing was read"
    return [one.ag_code.co_qualname for one in of_answers if one.ag_frame is not None]


async def test_an_answer_of_a_target() -> None:
    long = Say(body=bytes(ANSWER_BYTES_MAX + 1))
    with _watched() as begun:
        async with (
            HttpSink(lambda _: long) as sink,
            httpx.AsyncClient() as client,
            client.stream("GET", sink.url) as response,
        ):
            assert await read_body(response) is None
            assert not _left_open(begun)


async def test_a_pack(tmp_path: Path) -> None:
    long = Say(body=bytes(PACK_BYTES_MAX + 1))
    with _watched() as begun:
        async with HttpSink(lambda _: long) as sink, httpx.AsyncClient() as client:
            row = EntryChange(key="p", code="p", body=json.dumps({"sha256": "ab", "url": sink.url}))
            with pytest.raises(PackUnavailableError, match="too large"):
                await fetch_pack(client, row, tmp_path)
            assert not _left_open(begun)
    assert not (tmp_path / "ab.zip.part").exists()


async def test_a_page_is_closed_before_the_wait_until_the_next_attempt(tmp_path: Path) -> None:
    long = Say(body=bytes(PAGE_BYTES_MAX + 1))
    path = tmp_path / "reference.db"
    left: list[str] = []

    def is_told() -> bool:
        if feed_states(path)[0].away is None:
            return False
        left.extend(_left_open(begun))
        return True

    async def report(_: object) -> None:
        raise AssertionError("a far end that gives no page is not reported")

    with _watched() as begun, Reference(path) as reference:
        await reference.register("returns")
        async with HttpSink(lambda _: long) as sink:
            feed = FeedSettings(name="returns", kind="http", url=sink.url, poll_s=0.01)
            rng = random.Random(1)
            work = poll(feed, reference, clock=HandClock(), rng=rng, on_report=report)
            await cancelled_after(work, is_told)
    assert left == []
