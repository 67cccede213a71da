"""Events by HTTP: a CloudEvents batch a request, one connection kept alive, never redirected.

An answer that proves nothing counts as nothing: the same batch goes again, with the same ids.
"""

import asyncio
import hashlib
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx

from drivers.protocols import Clock
from edge.journal.outbox import OutboxRow
from edge.metrics import Metrics
from edge.settings.model import TargetSettings
from edge.sync.courtesy import Turn, next_turn
from edge.sync.http_client import (
    http_date_s,
    json_object,
    open_client,
    read_body,
    retry_after_s,
)
from edge.sync.target import Later, Outcome, Refused, Split, Stored, TooLarge

CONTENT_TYPE: Final = "application/cloudevents-batch+json; charset=UTF-8"
GZIP_FROM_BYTES: Final = 4096
SLICE_BYTES: Final = 32 * 1024  # packed or sent between two looks of the loop at other work
GZIP_WINDOW: Final = 31
SEQUENCE_DIGITS: Final = 20

_AGAIN: Final = frozenset((408, 425, 429))
_REFUSED: Final = frozenset((401, 403, 404, 405, 410, 415, 501))


class HttpEvents:
    """A target of kind `http-batch`."""

    def __init__(
        self,
        target: TargetSettings,
        source: str,
        clock: Clock,
        metrics: Metrics,
        *,
        turn: Turn = next_turn,
    ) -> None:
        self._target = target
        self._clock = clock
        self._metrics = metrics
        self._turn = turn
        self._compress = target.compress
        self._headers = {"Content-Type": CONTENT_TYPE, "Edge-Source": source}
        self._ready: tuple[tuple[OutboxRow, ...], _Packed] | None = None

    async def __aenter__(self) -> Self:
        self._client = open_client(self._target)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def prepare(self, rows: tuple[OutboxRow, ...]) -> None:
        """Pack a batch before its turn comes."""
        self._ready = None
        self._ready = (rows, await self._packed(rows))

    async def send(self, rows: tuple[OutboxRow, ...], *, is_replay: bool = False) -> Outcome:
        """Send a batch. 415 to gzip is answered by the same batch without, from then on."""
        outcome = await self._send(rows, is_replay=is_replay)
        if isinstance(outcome, Refused) and outcome.reason == "answer 415" and self._compress:
            self._compress, self._ready = False, None
            outcome = await self._send(rows, is_replay=is_replay)
        return outcome

    async def _send(self, rows: tuple[OutboxRow, ...], *, is_replay: bool) -> Outcome:
        ready = self._ready
        packed = ready[1] if ready and ready[0] is rows else await self._packed(rows)
        told = {"Edge-Replay": "1"} if is_replay else {}
        if rows[0].n:  # what goes again has no place among the deliveries
            told["Edge-Delivery"] = f"{rows[0].n}-{rows[-1].n}"
        ids = "".join(row.id for row in rows).encode()
        headers = self._headers | told | packed.headers
        headers["Idempotency-Key"] = hashlib.sha256(ids).hexdigest()
        try:
            async with (
                asyncio.timeout(self._target.request_s),
                self._client.stream(
                    "POST", self._target.url, content=_each(packed.slices), headers=headers
                ) as response,
            ):
                body = await read_body(response)
        except TimeoutError:
            return Later(reason="no answer in time", is_slow=True)
        except httpx.TimeoutException:
            return Later(reason="no answer in time", is_slow=True)
        except httpx.HTTPError as error:
            return Later(reason=str(error) or type(error).__name__)
        return self._outcome(response, body, rows)

    def _outcome(
        self, response: httpx.Response, body: bytes | None, rows: tuple[OutboxRow, ...]
    ) -> Outcome:
        self._look_at_date(response.headers.get("date"))
        wait_s = retry_after_s(response.headers.get("retry-after"), self._clock.wall_ms())
        return outcome_of(
            response.status_code,
            body,
            ids=tuple(row.id for row in rows),
            wait_s=wait_s,
            accept_202=self._target.accept_202,
        )

    def _look_at_date(self, date: str | None) -> None:
        """Measure how far our clock is ahead of the receiver's; to a second, as `Date` says."""
        at_s = http_date_s(date)
        if at_s is not None:
            skew_s = round(self._clock.wall_ms() / 1000 - at_s, 1)
            self._metrics.clock_skew_s.labels(self._target.name).set(skew_s)

    async def _packed(self, rows: tuple[OutboxRow, ...]) -> "_Packed":
        """Return the request's bytes in slices; the loop gets a turn between any two."""
        size = sum(len(row.body) for row in rows)
        is_packed = self._compress and size > GZIP_FROM_BYTES
        packer = zlib.compressobj(level=1, wbits=GZIP_WINDOW) if is_packed else None
        slices: list[bytes] = []
        for piece in _pieces(rows):
            slices.append(piece if packer is None else packer.compress(piece))
            if size > SLICE_BYTES:
                await self._turn()
        if packer is not None:
            slices.append(packer.flush())
        headers = {"Content-Length": str(sum(map(len, slices)))}
        if is_packed:
            headers["Content-Encoding"] = "gzip"
        return _Packed(slices=slices, headers=headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packed:
    slices: list[bytes]
    headers: dict[str, str]


def outcome_of(
    status: int,
    body: bytes | None,
    *,
    ids: tuple[str, ...],
    wait_s: float | None = None,
    accept_202: bool = False,
) -> Outcome:
    """Return what an answer means for a batch with these ids; `body` None = unreadably long."""
    reason = f"answer {status}"
    if status in (200, 201, 204) or (status == 202 and accept_202):
        return _stored(body, ids)
    if status in (400, 422):
        told = json_object(body)
        has_results = told is not None and isinstance(told.get("results"), list)
        return _stored(body, ids) if has_results else Split(code=str(status), reason=reason)
    if status == 409:
        return Stored() if len(ids) == 1 else Split(code="409", reason=reason)
    if status == 413:
        return TooLarge(code="413", reason=reason)
    if status == 202 or status in _AGAIN:
        return Later(reason=reason, wait_s=wait_s)
    if status in _REFUSED or status < 500:
        return Refused(reason=reason)
    return Later(reason=reason, wait_s=wait_s, is_slow=True)


def _stored(body: bytes | None, ids: tuple[str, ...]) -> Outcome:
    if body == b"":
        return Stored()
    told = json_object(body)
    if told is None:  # a proxy's log-in page also answers 200
        return Later(reason="unreadable answer")
    events_max, bytes_max = _limit(told, "events"), _limit(told, "bytes")
    have = _have(told)
    if not isinstance(told.get("results"), list):
        return Stored(events_max=events_max, bytes_max=bytes_max, have=have)
    status = _statuses(told["results"])
    words = {key: status.get(key, ("", ""))[0] for key in ids}
    return Stored(
        rejected={key: status[key][1] for key in ids if words[key] == "rejected"},
        retry_from=next((key for key in ids if words[key] not in _SETTLED), None),
        events_max=events_max,
        bytes_max=bytes_max,
        duplicates=sum(word == "duplicate" for word in words.values()),
        have=have,
    )


def _have(told: Mapping[str, Any]) -> int:
    """Return the highest sequence that the receiver has of our source, 0 if it does not say."""
    have = told.get("have")
    is_sequence = isinstance(have, str) and len(have) <= SEQUENCE_DIGITS and have.isdigit()
    return int(have) if isinstance(have, str) and is_sequence and have.isascii() else 0


def _limit(told: Mapping[str, Any], name: str) -> int | None:
    limits = told.get("limits")
    most = limits.get(name) if isinstance(limits, dict) else None
    return most if type(most) is int and most > 0 else None


_SETTLED: Final = frozenset(("stored", "duplicate", "rejected"))


def _statuses(results: list[Any]) -> dict[str, tuple[str, str]]:
    """Return id → (status, reason); what is not of this form says nothing."""
    return {
        str(one.get("id")): (str(one.get("status")), str(one.get("reason", "rejected"))[:500])
        for one in results
        if isinstance(one, dict)
    }


def _pieces(rows: tuple[OutboxRow, ...]) -> list[bytes]:
    """Return `[` bodies `]`, never re-encoded, cut into pieces of about SLICE_BYTES."""
    pieces: list[bytes] = []
    part: list[bytes] = []
    size = 0
    for row in rows:
        part.append(row.body)
        size += len(row.body)
        if size >= SLICE_BYTES:
            pieces.append(b",".join(part))
            part, size = [], 0
    if part:
        pieces.append(b",".join(part))
    joined = [piece if n == 0 else b"," + piece for n, piece in enumerate(pieces)]
    return (
        [b"[" + joined[0], *joined[1:-1], joined[-1] + b"]"]
        if len(joined) > 1
        else [b"[" + joined[0] + b"]"]
    )


async def _each(slices: list[bytes]) -> AsyncIterator[bytes]:
    for piece in slices:
        for start in range(0, len(piece), SLICE_BYTES):
            yield piece[start : start + SLICE_BYTES]
