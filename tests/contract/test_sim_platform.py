"""The simulated platform over HTTP, against the batch and feed contracts."""

import gzip
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from sim import web
from sim.central.alone import feeds_of
from sim.central.platform import FAULTS, Platform
from sim.truth.parcels import draw

BATCH = {"Content-Type": "application/cloudevents-batch+json; charset=UTF-8"}
SOURCE = "https://returns.example.com/station/demo.ST-01/3f9a61c2"


@dataclass(frozen=True)
class Rig:
    platform: Platform
    http: httpx.AsyncClient


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    platform = Platform(feeds_of(draw(3, 8)))
    async with (
        web.serving("127.0.0.1", 0, platform.answer, name="test") as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as http,
    ):
        yield Rig(platform, http)


def batch(count: int, first: int = 1) -> list[bytes]:
    bodies: list[bytes] = []
    for n in range(1, first + count):
        event = {
            "data": {"name": "Ёлка"},
            "id": f"id-{n}",
            "prevhash": hashlib.sha256(bodies[-1]).hexdigest() if bodies else "0" * 64,
            "sequence": f"{n:020d}",
            "source": SOURCE,
            "subject": "station/ST-01",
            "type": "receiving-edge.scan.read.v1",
        }
        bodies.append(json.dumps(event, ensure_ascii=False).encode())
    return bodies[first - 1 :]


def joined(bodies: list[bytes]) -> bytes:
    return b"[" + b",".join(bodies) + b"]"


async def test_a_batch_is_stored_and_told_per_event(rig: Rig) -> None:
    answer = await rig.http.post("/events", content=joined(batch(3)), headers=BATCH)
    assert answer.status_code == 200
    assert [row["status"] for row in answer.json()["results"]] == ["stored"] * 3
    assert int(answer.json()["have"]) == 3


async def test_the_same_batch_again_changes_nothing(rig: Rig) -> None:
    packed = gzip.compress(joined(batch(3)))
    for expected in ("stored", "duplicate"):
        answer = await rig.http.post(
            "/events", content=packed, headers={**BATCH, "Content-Encoding": "gzip"}
        )
        assert {row["status"] for row in answer.json()["results"]} == {expected}
    stats = (await rig.http.get("/stats")).json()
    assert (stats["events"], stats["repeats"], stats["duplicates"]) == (3, 3, 0)
    assert stats["chain_ok"] is True


async def test_a_member_that_is_no_event_is_rejected_alone(rig: Rig) -> None:
    content = joined([*batch(1), b'{"no":"id"}'])
    answer = await rig.http.post("/events", content=content, headers=BATCH)
    assert [row["status"] for row in answer.json()["results"]] == ["stored", "rejected"]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"[", BATCH, 400),
        (b"{}", BATCH, 400),
        (b"no gzip", {**BATCH, "Content-Encoding": "gzip"}, 400),
        (b"[]", {"Content-Type": "application/json"}, 415),
    ],
)
async def test_what_is_no_batch_is_refused(
    rig: Rig, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = await rig.http.post("/events", content=content, headers=headers)
    assert answer.status_code == status
    assert rig.platform.ledger.count == 0


async def test_a_feed_is_read_page_by_page_to_its_end(rig: Rig) -> None:
    rows: list[dict[str, Any]] = []
    cursor, more = "", True
    while more:
        answer = await rig.http.get("/feeds/returns", params={"cursor": cursor, "limit": 3})
        page = answer.json()
        rows += page["rows"]
        cursor, more = page["next"], page["more"]
    whole = (await rig.http.get("/feeds/returns")).json()
    assert rows == whole["rows"]
    assert len(rows) >= 8
    assert cursor == whole["next"]


async def test_a_page_that_is_known_is_304(rig: Rig) -> None:
    first = await rig.http.get("/feeds/items")
    again = await rig.http.get("/feeds/items", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("cursor=g0-1", 410),
        ("cursor=nonsense", 410),
        ("cursor=g1-99999", 410),
        ("limit=0", 400),
        ("limit=x", 400),
    ],
)
async def test_a_cursor_or_limit_that_is_not_ours_is_told(
    rig: Rig, query: str, status: int
) -> None:
    assert (await rig.http.get(f"/feeds/items?{query}")).status_code == status


async def test_an_unknown_address_is_404(rig: Rig) -> None:
    for path in ("/feeds/policies", "/nothing"):
        assert (await rig.http.get(path)).status_code == 404


async def test_a_person_sees_the_newest_events_on_a_page(rig: Rig) -> None:
    await rig.http.post("/events", content=joined(batch(2)), headers=BATCH)
    answer = await rig.http.get("/")
    assert "scan.read" in answer.text
    assert "unbroken" in answer.text


@pytest.mark.parametrize(("fault", "status"), [("platform_500", 500), ("platform_429", 429)])
async def test_a_switched_status_is_answered_and_nothing_is_stored(
    rig: Rig, fault: str, status: int
) -> None:
    rig.platform.faults.add(fault)
    answer = await rig.http.post("/events", content=joined(batch(1)), headers=BATCH)
    assert answer.status_code == status
    assert rig.platform.ledger.count == 0
    assert fault in FAULTS


async def test_a_platform_that_is_down_hangs_up(rig: Rig) -> None:
    rig.platform.faults.add("platform_down")
    with pytest.raises(httpx.TransportError):
        await rig.http.get("/stats")
    assert rig.platform.ledger.count == 0


async def test_a_lost_answer_means_stored_all_the_same(rig: Rig) -> None:
    rig.platform.faults.add("platform_lost_ack")
    with pytest.raises(httpx.TransportError):
        await rig.http.post("/events", content=joined(batch(2)), headers=BATCH)
    assert rig.platform.ledger.count == 2
