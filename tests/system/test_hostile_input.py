"""Rubbish from outside at a running station: a clear refusal, nothing lost, work goes on."""

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from edge.commands.demo.stage import Stage, staged
from edge.events import Event, ScanRead
from edge.journal.reader import Reader

WAIT_S = 30.0


async def _floor(stage: Stage, **request: Any) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(str(stage.run / "sim.sock"))
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        await writer.drain()
        reply: dict[str, Any] = json.loads(await reader.readline())
    finally:
        writer.close()
        await writer.wait_closed()
    assert reply.get("ok", True), reply
    return reply


def _events(stage: Stage) -> list[Event]:
    with Reader(stage.journal) as reader:
        return list(reader.events(1))


def _reads(stage: Stage) -> list[ScanRead]:
    return [e.payload for e in _events(stage) if isinstance(e.payload, ScanRead)]


async def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def _station(folder: Path) -> AsyncIterator[tuple[Stage, str]]:
    """A running station and a genuine badge of it, scanned already."""
    async with staged(folder, parcels=2, seed=5, speed=20.0) as stage:
        bench = await _floor(stage, do="bench")
        badge = bench["groups"][0]["items"][0]["code"]
        await _until(lambda: _is_up(stage))
        await _floor(stage, do="scan", text=badge, aim="]C0")
        await _until(lambda: any(e.kind == "operator.in" for e in _events(stage)))
        yield stage, badge


def _is_up(stage: Stage) -> bool:
    states = [e.data for e in _events(stage) if e.kind == "device.state"]
    return any(s["device"] == "hand-1" and s["state"] == "ok" for s in states)


@pytest.mark.timeout(120)
async def test_bad_codes_are_refused_by_name_and_the_next_good_one_is_read(tmp_path: Path) -> None:
    async with _station(tmp_path) as (stage, _):
        await _floor(stage, do="scan", text="NO-SUCH-PARCEL-77", aim="]C0")
        await _until(lambda: any(r.reject == "unknown" for r in _reads(stage)))
        control = base64.b64encode(b"]C0AB\x01CD\r").decode()
        await _floor(stage, do="raw", b64=control)
        await _until(lambda: any(r.fault == "control_char" for r in _reads(stage)))
        binary = bytes(range(256)) * 40
        await _floor(stage, do="raw", b64=base64.b64encode(binary + b"\r").decode())
        await _until(lambda: sum(r.reject == "fault" for r in _reads(stage)) >= 2)
        await _floor(stage, do="scan", text="RT-1-A1-0000", aim="]C0")
        await _until(lambda: any(r.reject == "bad_signature" for r in _reads(stage)))
        assert all(r.text == "" for r in _reads(stage) if r.reject == "fault")
        with Reader(stage.journal) as reader:
            assert reader.verify().is_good


@pytest.mark.timeout(120)
async def test_a_platform_that_answers_500_delays_events_and_loses_none(tmp_path: Path) -> None:
    async with _station(tmp_path) as (stage, badge):
        await _floor(stage, do="fault", name="platform_500", on=True)
        before = (await _floor(stage, do="stats"))["platform"]["events"]
        await asyncio.sleep(1.1)  # the same badge within a second would be one scan
        await _floor(stage, do="scan", text=badge, aim="]C0")
        await _until(lambda: len([r for r in _reads(stage) if r.match.what == "badge"]) >= 2)
        assert (await _floor(stage, do="stats"))["platform"]["events"] <= before + 1
        await _floor(stage, do="fault", name="platform_500", on=False)
        deadline = time.monotonic() + WAIT_S
        while (await _floor(stage, do="stats"))["platform"]["events"] < len(_events(stage)):
            assert time.monotonic() < deadline, "the backlog was not delivered"
            await asyncio.sleep(0.2)
        assert (await _floor(stage, do="stats"))["platform"]["chain_ok"]
