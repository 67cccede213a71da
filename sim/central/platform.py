"""The platform's doors: POST /events, GET /feeds/…, /stats, a page; PUT /faults makes it fail."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from sim.central.faults import Fault, Poison, Switchboard, plan_of
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
_CODES: Final = {Fault.ERROR: 500, Fault.AWAY: 503, Fault.ACCEPTED: 202}
BATCH_TYPE: Final = "application/cloudevents-batch+json"
_JSON: Final = {"Content-Type": "application/json; charset=utf-8"}


class Platform:
    """One receiver. Events are kept in memory: the far end of a test, not a database."""

    def __init__(self, feeds: Mapping[str, Feed]) -> None:
        self.ledger = Ledger()
        self.faults: set[str] = set()
        self.switchboard = Switchboard()
        self.requests = 0
        self._last: list[dict[str, str]] = []
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
        if (request.method, request.path) == ("POST", "/events"):
            return await self._received(request)
        return self._route(request)

    async def _received(self, request: Request) -> Response:
        """Take events as the switchboard wants it."""
        board = self.switchboard
        fault = board.draw()
        match fault:
            case Fault.ERROR | Fault.AWAY | Fault.ACCEPTED:
                return _reply(_CODES[fault], {"title": "switched to fail"})
            case Fault.BUSY:
                return Response(status=429, headers={"Retry-After": str(board.plan.retry_after_s)})
            case Fault.RESET_BEFORE:
                return Response(cut=True)
            case Fault.SILENCE:
                await asyncio.sleep(STALL_S)
                return Response(cut=True)
            case _:
                answer = self._route(request, fault)
        match fault:
            case Fault.RESET_AFTER:
                return Response(cut=True)
            case Fault.SILENCE_AFTER:
                await asyncio.sleep(STALL_S)
            case Fault.SLOW:
                await asyncio.sleep(board.plan.slow_s)
            case Fault.UNREADABLE if answer.status == 200:
                return Response(body=b"<html>Please log in</html>")
            case _:
                return answer
        return answer

    def _route(self, request: Request, fault: Fault | None = None) -> Response:
        feed = self._feeds.get(request.path.removeprefix("/feeds/"))
        match request.method, request.path:
            case "POST", "/events":
                answer = self._events(request, fault)
                return Response(cut=True) if "platform_lost_ack" in self.faults else answer
            case "PUT", "/faults":
                return self._switched(request)
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

    def _switched(self, request: Request) -> Response:
        try:
            self.switchboard.set(plan_of(json.loads(request.body)))
        except (ValueError, TypeError) as error:
            return _reply(400, {"title": str(error)})
        return Response(status=204)

    def _events(self, request: Request, fault: Fault | None) -> Response:
        if request.headers.get("content-type", "").split(";")[0].strip() != BATCH_TYPE:
            return _reply(415, {"title": f"{BATCH_TYPE} is expected"})
        plan = self.switchboard.plan
        if not plan.gzip and "content-encoding" in request.headers:
            return _reply(415, {"title": "not packed, please"})
        try:
            bodies = list(split_batch(_inflated(request)))
        except (ValueError, OSError, EOFError, zlib.error) as error:
            return _reply(400, {"title": f"unreadable batch: {error}"})
        refusal = self._refusal(bodies, len(request.body))
        if refusal is not None:
            return refusal
        results = self._results(bodies, fault)
        source = request.headers.get("edge-source", "")
        sources = self.ledger.sources
        if not source and len(sources) == 1:
            source = next(iter(sources))
        return _reply(200, {"results": results, "have": f"{self.ledger.have(source):020d}"})

    def _refusal(self, bodies: list[bytes], size: int) -> Response | None:
        """Return why nothing of the batch is stored, None when it is looked at event by event."""
        board, plan = self.switchboard, self.switchboard.plan
        too_many = plan.events_max is not None and len(bodies) > plan.events_max
        if too_many or (plan.bytes_max is not None and size > plan.bytes_max):
            return _reply(413, {"title": "too large"})
        if plan.poison is Poison.BATCH and any(board.is_poison(_id(raw)) for raw in bodies):
            return _reply(422, {"title": "something of it is refused"})
        if plan.conflicts and any(self.ledger.has(raw) for raw in bodies):
            return _reply(409, {"title": "something of it is there already"})
        return None

    def _results(self, bodies: list[bytes], fault: Fault | None) -> list[dict[str, str]]:
        """Store the events and tell what became of each, as the fault wants it."""
        rng = self.switchboard.rng
        stored = rng.randrange(len(bodies)) if fault is Fault.IN_PART else len(bodies)
        results = [self._take(raw) for raw in bodies[:stored]]
        before, self._last = self._last, list(results)
        results += [{"id": _id(raw), "status": "retry"} for raw in bodies[stored:]]
        if fault is Fault.DOUBLED:
            results = [*before, *results, *results]
        if fault is Fault.REORDERED:
            rng.shuffle(results)
        return results

    def _take(self, raw: bytes) -> dict[str, str]:
        if self.switchboard.is_poison(_id(raw)):
            return {"id": _id(raw), "status": "rejected", "reason": "poison"}
        try:
            event_id, status = self.ledger.take(raw)
        except ValueError as error:
            return {"id": "", "status": "rejected", "reason": str(error)}
        return {"id": event_id, "status": status}


def _id(raw: bytes) -> str:
    body = json.loads(raw)
    return str(body.get("id", "")) if isinstance(body, dict) else ""


def _inflated(request: Request) -> bytes:
    if request.headers.get("content-encoding", "") == "gzip":
        return gzip.decompress(request.body)
    return request.body


def _reply(status: int, body: Mapping[str, Any]) -> Response:
    return Response(
        status=status, body=json.dumps(body, ensure_ascii=False).encode(), headers=_JSON
    )
