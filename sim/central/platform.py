"""The platform's doors: POST /events, GET /feeds/…, /stats and a page. Faults are switches."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from sim.central.feeds import Feed
from sim.central.ledger import Ledger, split_batch
from sim.central.page import page
from sim.web import Request, Response

FAULTS: Final = (
    "platform_500",
    "platform_429",
    "platform_stall",
    "platform_down",
    "platform_lost_ack",
)
STALL_S: Final = 60.0
BATCH_TYPE: Final = "application/cloudevents-batch+json"
_JSON: Final = {"Content-Type": "application/json; charset=utf-8"}


class Platform:
    """One receiver. Events are kept in memory: the far end of a test, not a database."""

    def __init__(self, feeds: Mapping[str, Feed]) -> None:
        self.ledger = Ledger()
        self.faults: set[str] = set()
        self.requests = 0
        self._feeds = feeds

    def stats(self) -> dict[str, Any]:
        """Return the counts that a test compares with the station's journal."""
        ledger = self.ledger
        return {
            "events": ledger.count,
            "chain_ok": ledger.is_chain_ok(),
            "duplicates": ledger.duplicates,
            "repeats": ledger.repeats,
            "gaps": ledger.gaps(),
            "requests": self.requests,
            "kinds": dict(sorted(ledger.kinds.items())),
            "sources": {source: len(chain) for source, chain in ledger.sources.items()},
        }

    def units(self) -> list[dict[str, Any]]:
        """Return what the events say of every unit, with the numbers of its parcel."""
        parcels = self.ledger.parcels
        return [
            {**asdict(unit), "codes": list(parcels.get(unit.parcel, ()))}
            for unit in self.ledger.units.values()
        ]

    async def answer(self, request: Request) -> Response:
        """Answer one request, or fail as switched."""
        self.requests += 1
        if "platform_down" in self.faults:
            return Response(cut=True)
        if "platform_stall" in self.faults:
            await asyncio.sleep(STALL_S)
            return Response(cut=True)
        if "platform_500" in self.faults:
            return _reply(500, {"title": "switched to fail"})
        if "platform_429" in self.faults:
            return Response(status=429, headers={"Retry-After": "2"})
        return self._route(request)

    def _route(self, request: Request) -> Response:
        feed = self._feeds.get(request.path.removeprefix("/feeds/"))
        match request.method, request.path:
            case "POST", "/events":
                answer = self._events(request)
                return Response(cut=True) if "platform_lost_ack" in self.faults else answer
            case "GET", "/stats":
                return _reply(200, self.stats())
            case "GET", "/":
                return Response(
                    body=page(self.ledger), headers={"Content-Type": "text/html; charset=utf-8"}
                )
            case "GET", path if feed is not None and path.startswith("/feeds/"):
                return feed.answer(request)
            case _:
                return _reply(404, {"title": "no such address"})

    def _events(self, request: Request) -> Response:
        if request.headers.get("content-type", "").split(";")[0].strip() != BATCH_TYPE:
            return _reply(415, {"title": f"{BATCH_TYPE} is expected"})
        try:
            bodies = list(split_batch(_inflated(request)))
        except (ValueError, OSError, EOFError, zlib.error) as error:
            return _reply(400, {"title": f"unreadable batch: {error}"})
        results = [self._take(raw) for raw in bodies]
        source = request.headers.get("edge-source", "")
        sources = self.ledger.sources
        if not source and len(sources) == 1:
            source = next(iter(sources))
        return _reply(200, {"results": results, "have": f"{self.ledger.have(source):020d}"})

    def _take(self, raw: bytes) -> dict[str, str]:
        try:
            event_id, status = self.ledger.take(raw)
        except ValueError as error:
            return {"id": "", "status": "rejected", "reason": str(error)}
        return {"id": event_id, "status": status}


def _inflated(request: Request) -> bytes:
    if request.headers.get("content-encoding", "") == "gzip":
        return gzip.decompress(request.body)
    return request.body


def _reply(status: int, body: Mapping[str, Any]) -> Response:
    return Response(
        status=status, body=json.dumps(body, ensure_ascii=False).encode(), headers=_JSON
    )
