"""The target kind `jetstream`: one message an event, acknowledged by the stream, not by the server.

Nothing is published again by the client library: what has no acknowledgement is sent by the pump.
"""

import asyncio
import hashlib
from collections.abc import Coroutine
from typing import Any, Final, Self
from urllib.parse import urlsplit

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from nats.js import JetStreamContext
from nats.js.api import Header
from nats.js.errors import APIError, NoStreamResponseError

from edge.journal.outbox import OutboxRow
from edge.settings.model import TargetSettings
from edge.settings.tls import open_context, read_secret
from edge.sync.target import Later, Outcome, Refused, Stored

CONNECT_S: Final = 3
ACK_S: Final = 15.0
IN_FLIGHT_MAX: Final = 64
BATCH_FROM: Final = 1000  # more than this pending: catch up by batches, where that is allowed
BATCH_EVENTS: Final = 100
EVENT_TYPE: Final = "application/cloudevents+json"
BATCH_TYPE: Final = "application/cloudevents-batch+json"

_STREAM_FULL: Final = 10077
_WRONG_STREAM: Final = 10060
_BROKEN: Final = Later(reason="the connection broke")
_REFUSING: Final = ("authorization", "permissions", "authentication")


class JetStream:
    """A target of kind `jetstream`; `place` = `<site>.<station>` in every subject."""

    def __init__(self, target: TargetSettings, place: str) -> None:
        self._target = target
        self._prefix = f"ret.v1.{place}"
        self._client: Client | None = None
        self._said = ""
        self._gone = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._password = (
            read_secret(self._target.password_file) if self._target.password_file else ""
        )
        is_safe = urlsplit(self._target.url).scheme == "tls"
        self._context = open_context(self._target) if is_safe else None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def prepare(self, rows: tuple[OutboxRow, ...]) -> None:
        """Nothing: messages are sent as they are."""

    async def send(self, rows: tuple[OutboxRow, ...], *, is_replay: bool = False) -> Outcome:
        """Publish, IN_FLIGHT_MAX at a time; stored is the unbroken acknowledged prefix."""
        opened = await self._opened()
        if not isinstance(opened, JetStreamContext):
            return opened
        in_batches = self._target.batch_catch_up and len(rows) > BATCH_FROM
        messages = _batches(rows) if in_batches else tuple((row,) for row in rows)
        done: list[tuple[OutboxRow, ...]] = []
        for at in range(0, len(messages), IN_FLIGHT_MAX):
            part = messages[at : at + IN_FLIGHT_MAX]
            ends = await self._ends(
                [
                    self._publish(opened, one, in_batch=in_batches, is_replay=is_replay)
                    for one in part
                ]
            )
            failed = next((n for n, end in enumerate(ends) if end is not None), None)
            done += part[:failed]
            if failed is not None:
                return await self._broken(rows, sum(map(len, done)), ends[failed])
        return Stored()

    async def _ends(self, works: list[Coroutine[Any, Any, Outcome | None]]) -> list[Outcome | None]:
        """Return how each ended; none waits for an answer over a connection that is gone."""
        name = f"publish[{self._target.name}]"
        tasks = [asyncio.create_task(work, name=name) for work in works]
        watch = asyncio.create_task(self._give_up(tasks), name=name)
        try:
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            watch.cancel()
        return [
            _BROKEN if isinstance(end, asyncio.CancelledError) else _raised(end) for end in ends
        ]

    async def _give_up(self, tasks: list["asyncio.Task[Outcome | None]"]) -> None:
        await self._gone.wait()
        for task in tasks:
            task.cancel()

    async def _publish(
        self,
        stream: JetStreamContext,
        rows: tuple[OutboxRow, ...],
        *,
        in_batch: bool,
        is_replay: bool,
    ) -> Outcome | None:
        """Return None when the stream has it, else why not."""
        headers = {Header.MSG_ID: rows[0].id, "Content-Type": EVENT_TYPE}
        body, subject = rows[0].body, f"{self._prefix}.{rows[0].kind}"
        if in_batch:
            ids = "".join(row.id for row in rows).encode()
            headers = {Header.MSG_ID: hashlib.sha256(ids).hexdigest(), "Content-Type": BATCH_TYPE}
            body = b"[" + b",".join(row.body for row in rows) + b"]"
            subject = f"{self._prefix}.batch"
        if rows[0].n:
            headers["Edge-Delivery"] = f"{rows[0].n}-{rows[-1].n}" if in_batch else str(rows[0].n)
        if is_replay:  # within the duplicate window the stream would drop what it lost
            headers["Edge-Replay"] = "1"
        try:
            await stream.publish(
                subject, body, timeout=ACK_S, stream=self._target.stream, headers=headers
            )
        except (NatsError, OSError, TimeoutError, ValueError) as error:
            return _meaning(error)
        return None

    async def _broken(
        self, rows: tuple[OutboxRow, ...], stored: int, why: Outcome | None
    ) -> Outcome:
        """Tell how far it went. The connection is given up unless the server itself spoke."""
        assert why is not None, "only a failure comes here"
        if isinstance(why, Stored):  # this one event is refused for good, the rest goes again
            refused = {rows[stored].id: why.rejected[""]}
            after = rows[stored + 1].id if stored + 1 < len(rows) else None
            return Stored(rejected=refused, retry_from=after)
        if isinstance(why, Later) and not why.is_grave:
            await self._close()
        return Stored(retry_from=rows[stored].id) if stored else why

    # ------------------------------------------------------------ connection

    async def _opened(self) -> JetStreamContext | Later | Refused:
        """Return the stream's context over a connection of its own; never reconnected."""
        if self._client is None or not self._client.is_connected:
            await self._close()
            try:
                async with asyncio.timeout(CONNECT_S):
                    self._client = Client()
                    await self._connect(self._client)
            except (NatsError, OSError, TimeoutError, ValueError) as error:
                await self._close()
                return _cannot_connect(error, self._said)
        return self._client.jetstream(timeout=ACK_S)

    async def _connect(self, client: Client) -> None:
        self._said = ""
        self._gone = asyncio.Event()
        user = self._target.username
        await client.connect(
            self._target.url,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=CONNECT_S,
            tls=self._context,
            user=user or None,
            password=self._password if user else None,
            token=self._password if self._password and not user else None,
            error_cb=self._on_error,
            disconnected_cb=self._on_gone,
            closed_cb=self._on_gone,
        )

    async def _on_error(self, error: Exception) -> None:
        self._said = str(error)

    async def _on_gone(self) -> None:
        self._gone.set()

    async def _close(self) -> None:
        client, self._client = self._client, None
        if client is not None and not client.is_closed:
            try:
                async with asyncio.timeout(CONNECT_S):
                    await client.close()
            except (NatsError, OSError, TimeoutError):
                return  # it is gone either way


def _raised(end: Outcome | BaseException | None) -> Outcome | None:
    """Return how a publish ended; a mistake of ours is no outcome."""
    if isinstance(end, BaseException):
        raise end
    return end


def _batches(rows: tuple[OutboxRow, ...]) -> tuple[tuple[OutboxRow, ...], ...]:
    return tuple(rows[at : at + BATCH_EVENTS] for at in range(0, len(rows), BATCH_EVENTS))


def _meaning(error: Exception) -> Outcome:
    """Return what an error of one publish means; `Stored` with a reason = refused for good."""
    match error:
        case NoStreamResponseError():
            return Refused(reason="no stream takes this subject")
        case MaxPayloadError():
            return Stored(rejected={"": "larger than a message may be"})
        case APIError(err_code=code) if code == _STREAM_FULL:
            return Later(reason="the stream is full", is_grave=True)
        case APIError(err_code=code) if code == _WRONG_STREAM:
            return Refused(reason="another stream takes this subject")
        case APIError():
            return Later(reason=f"stream error {error.err_code}", is_grave=True)
        case TimeoutError() | nats.errors.TimeoutError():
            return Later(reason="no acknowledgement in time", is_slow=True)
        case _:
            return Later(reason=type(error).__name__)


def _cannot_connect(error: Exception, said: str) -> Later | Refused:
    text = f"{error} {said}".lower()
    if any(word in text for word in _REFUSING):
        return Refused(reason="the server refuses who we are")
    return Later(reason=f"no connection: {type(error).__name__}")
