"""The target kind `photo-http`: photographs go on their own way, one at a time, oldest first.

Events never wait for them. The queue is the journal's table of photographs, so an upload goes on
where it stood after any end of the process.
"""

import asyncio
import base64
import logging
import random
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from typing import Final

import httpx

from drivers.protocols import Clock
from edge.journal.outbox import Aside, Standing
from edge.journal.photo_queue import PhotoQueue, Waiting
from edge.journal.photos import Lost, PhotoLostError, PhotoStore
from edge.journal.writer import Journal
from edge.settings.model import TargetSettings
from edge.sync.http_client import open_client, read_body, retry_after_s
from edge.sync.http_events import outcome_of
from edge.sync.pace import Pace
from edge.sync.pump import REFUSED_WAIT_S, Tell
from edge.sync.target import (
    Later,
    Outcome,
    Refused,
    Split,
    Stored,
    TargetState,
    TargetStatus,
    TooLarge,
)

LOOK_S: Final = 1.0  # a photograph is no event: nobody waits for it
THERE_ALREADY: Final = frozenset((409, 412))


async def upload(
    target: TargetSettings,
    journal: Journal,
    photos: PhotoStore,
    *,
    clock: Clock,
    rng: random.Random,
    on_state: Tell,
    on_lost: Callable[[Lost], None],
) -> None:
    """Upload what is kept and not there yet; runs until cancelled.

    `on_lost` is told of one that is not on the disk as it was.
    """
    with closing(
        PhotoQueue(journal.path, target.name, personal=target.personal, audit=target.audit)
    ) as queue:
        work = Uploader(
            target, journal, photos, queue, clock=clock, rng=rng, on_state=on_state, on_lost=on_lost
        )
        while True:
            async with AsyncExitStack() as stack:
                try:
                    client = await stack.enter_async_context(open_client(target))
                except (OSError, ValueError) as error:
                    await work.refused(f"cannot be opened: {type(error).__name__}")
                    continue
                await work.run(client)


class Uploader:
    """The state of the upload: what is not written yet, failures in a row."""

    def __init__(
        self,
        target: TargetSettings,
        journal: Journal,
        photos: PhotoStore,
        queue: PhotoQueue,
        *,
        clock: Clock,
        rng: random.Random,
        on_state: Tell,
        on_lost: Callable[[Lost], None],
    ) -> None:
        self._target = target
        self._journal = journal
        self._photos = photos
        self._queue = queue
        self._clock = clock
        self._on_state = on_state
        self._pace = Pace(events_max=1, bytes_max=1, rng=rng)
        self._done_seq = 0
        self._on_lost = on_lost
        self._told = TargetStatus(name=target.name, state=TargetState.IDLE, pending=0, oldest_ms=0)
        self._log = logging.getLogger(f"sync.{target.name}")

    async def run(self, client: httpx.AsyncClient) -> None:
        """Upload until the server refuses us: then the token is read anew."""
        while self._told.state is not TargetState.REFUSED or self._is_first_try():
            standing = self._queue.standing()
            waiting = self._queue.next_after(self._done_seq)
            if standing is not Standing.IN_USE:
                is_paused = standing is Standing.PAUSED
                self._tell(TargetState.PAUSED if is_paused else TargetState.RETIRED)
            elif waiting is not None:
                await self._one(client, waiting)
                continue
            else:
                self._done_seq = 0  # what was refused may have been asked for again
                self._tell(TargetState.IDLE)
            await asyncio.sleep(LOOK_S)

    def _is_first_try(self) -> bool:
        """Return True once behind a refusal: the reopened client is to be tried."""
        was_refused = self._told.state is TargetState.REFUSED
        self._told = replace(self._told, state=TargetState.SENDING)
        return was_refused

    async def _one(self, client: httpx.AsyncClient, waiting: Waiting) -> None:
        try:
            jpeg = self._photos.read(waiting.sha256)
        except PhotoLostError as error:
            self._log.error("%s", error)
            self._settle(waiting, "lost")
            self._on_lost(Lost(sha256=error.sha256, reason=error.reason))
            return
        outcome = await self._put(client, waiting.sha256, jpeg)
        match outcome:
            case Stored():
                self._pace.succeeded(1, 0.0)
                self._settle(waiting, "uploaded")
            case Split() | TooLarge():
                self._log.error(
                    "%s: %s refused: %s", self._target.name, waiting.sha256, outcome.code
                )
                self._settle(waiting, "refused")
            case Later():
                self._tell(TargetState.BACKING_OFF, outcome.reason)
                await asyncio.sleep(self._pace.wait_s(outcome))
            case Refused():
                await self.refused(outcome.reason)

    async def refused(self, reason: str) -> None:
        """Tell it and wait: somebody must mend rights or address."""
        self._log.error("%s: refused: %s", self._target.name, reason)
        self._tell(TargetState.REFUSED, reason)
        await asyncio.sleep(REFUSED_WAIT_S)

    async def _put(self, client: httpx.AsyncClient, sha256: str, jpeg: bytes) -> Outcome:
        headers = {
            "Content-Type": "image/jpeg",
            "If-None-Match": "*",
            "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:",
        }
        url = f"{self._target.url.rstrip('/')}/{sha256}"
        try:
            async with (
                asyncio.timeout(self._target.request_s),
                client.stream("PUT", url, content=jpeg, headers=headers) as response,
            ):
                await read_body(response)
        except (TimeoutError, httpx.TimeoutException):
            return Later(reason="no answer in time")
        except httpx.HTTPError as error:
            return Later(reason=type(error).__name__)
        if response.status_code in THERE_ALREADY:
            return Stored()
        wait_s = retry_after_s(response.headers.get("retry-after"), self._clock.wall_ms())
        return outcome_of(response.status_code, b"", ids=(sha256,), wait_s=wait_s)

    def _settle(self, waiting: Waiting, state: str) -> None:
        """Write what became of it, soon; lost in a crash, it is only asked for once more."""
        self._done_seq = waiting.seq
        self._journal.ack(Aside(target=self._target.name, photos=((waiting.sha256, state),)))
        self._tell(TargetState.SENDING)

    def _tell(self, state: TargetState, reason: str = "") -> None:
        found = self._queue.counts(self._done_seq)
        status = TargetStatus(
            name=self._target.name,
            state=state,
            pending=found.pending,
            oldest_ms=0
            if found.oldest_ms is None
            else max(0, self._clock.wall_ms() - found.oldest_ms),
            dead=found.refused,
            reason=reason,
        )
        if state.circuit is not self._told.state.circuit:
            self._journal.ack(Aside(target=self._target.name, state=state.circuit))
        self._told = status
        self._on_state(status)
