"""The seven named central systems: the exact bytes that each gets of a fixed morning.

The expected bodies in tests/data/targets were looked through by hand, one a line.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.commands.init import TARGETS, write
from edge.events import GENESIS, Subject, digest
from edge.journal.outbox import Act, Order
from edge.journal.writer import Journal, Submission
from edge.settings.load import load
from edge.settings.model import TargetSettings
from edge.sync.pump import pump
from http_sink import HttpSink
from journal_kit import HandClock, batches, opened
from source_tree import ROOT
from story_kit import RESALE, story, told

EXPECTED = ROOT / "tests" / "data" / "targets"


@asynccontextmanager
async def running(
    tmp_path: Path, sink: HttpSink, name: str, **changes: Any
) -> AsyncIterator[Journal]:
    """A journal whose only target is a shipped one, its address put in, its pump at work."""
    config = tmp_path / "config"
    write(config, "minimal", {}, force=False, targets=(name,))
    settings = load(config)
    target: TargetSettings = replace(settings.targets[0], url=sink.url, **changes)
    async with opened(tmp_path, target) as journal:
        work = asyncio.create_task(
            pump(
                target,
                journal,
                clock=HandClock(),
                rng=random.Random(1514),  # its first wait is short
                on_state=lambda _: None,
                outward=settings.outward[name],
            ),
            name=name,
        )
        try:
            yield journal
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


def received(sink: HttpSink) -> list[bytes]:
    """The bodies in the order they came, each as its bytes."""
    bodies: list[bytes] = []
    for got in sink.got:
        text, at = got.plain.decode("utf-8"), 1
        decoder = json.JSONDecoder()
        while at < len(text) - 1:
            _, end = decoder.raw_decode(text, at)
            bodies.append(text[at:end].encode("utf-8"))
            at = end + 1
    return bodies


@pytest.mark.parametrize("name", TARGETS)
async def test_a_system_gets_exactly_the_bodies_agreed_on(name: str, tmp_path: Path) -> None:
    expected = (EXPECTED / f"{name}.jsonl").read_bytes().splitlines()
    async with HttpSink() as sink, running(tmp_path, sink, name) as journal:
        for submission in batches(list(story()), 7):
            await journal.commit(submission)
        await sink.until(lambda: len(received(sink)) >= len(expected))
        got = received(sink)
        assert sorted(got) == sorted(expected)
        assert by_subject(got) == by_subject(expected)  # live_first keeps the order of each subject


def by_subject(bodies: list[bytes]) -> dict[str, list[bytes]]:
    """Group bodies by what they are about, in the order they came."""
    grouped: dict[str, list[bytes]] = {}
    for body in bodies:
        grouped.setdefault(json.loads(body)["partitionkey"], []).append(body)
    return grouped


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_changed_says_so_and_keeps_its_envelope(name: str) -> None:
    for line in (EXPECTED / f"{name}.jsonl").read_bytes().splitlines():
        body = json.loads(line)
        assert body.get("mapped") in (None if name == "bi" else name, None)
        assert {"id", "source", "sequence", "prevhash", "type", "time"} <= set(body)
        assert ("audit" in body["data"]) <= (name == "bi")
        assert body["data"]["mode"] == "live"
        assert b"c2VjcmV0" not in line or name in ("oms", "bi")


def test_bi_can_check_the_chain_of_what_it_gets() -> None:
    before = GENESIS
    for line in (EXPECTED / "bi.jsonl").read_bytes().splitlines():
        assert json.loads(line)["prevhash"] == before
        before = digest(line, before)


async def test_events_of_other_owners_go_to_nobody_who_has_no_right(tmp_path: Path) -> None:
    async with (
        HttpSink() as sink,
        running(tmp_path, sink, "erp", tenants=("shop-b", "mall-*")) as journal,
    ):
        tenants = ("shop-a", "shop-b", "shop-b2", "mall-7")
        events = [
            told(n, RESALE, Subject(), None, tenant=tenant) for n, tenant in enumerate(tenants)
        ]
        await journal.commit(Submission(events=tuple(events)))
        await sink.until(lambda: len(received(sink)) >= 2)
        journal.ack(Order(target="erp", act=Act.REPLAY, key=1, from_seq=1, to_seq=4))
        await journal.commit(Submission(events=(told(9, RESALE, Subject(), None),)))
        await sink.until(lambda: len(received(sink)) >= 4)
        got = [json.loads(body)["data"]["tenant"] for body in received(sink)]
        assert got == ["shop-b", "mall-7"] * 2
