"""One target's pump: cursor → batch → target → ack. At least once, in order, for ever.

A receiver that is away or broken is ordinary: nothing is dropped, one refused event is set aside.
"""

import asyncio
import hashlib
import logging
import random
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Final, assert_never

from drivers.protocols import Clock
from edge.journal.outbox import Ack, CaptureJob, DeadLetter, Outbox, OutboxRow
from edge.journal.writer import Journal
from edge.settings.model import TargetSettings
from edge.sync.epcis.capture import EpcisCapture
from edge.sync.epcis.names import Names
from edge.sync.http_events import HttpEvents
from edge.sync.target import (
    Later,
    Refused,
    Split,
    Stored,
    SyncTarget,
    TargetState,
    TargetStatus,
    TooLarge,
)

BATCH_START: Final = 100
READ_ROWS: Final = 100  # read and proven between two looks of the loop at other work
QUICK_S: Final = 2.0
BACKOFF_S_MAX: Final = 60.0
BACKOFF_S_FIRST: Final = 0.5
RETURN_S_MAX: Final = 5.0  # a whole site comes back at once: its stations do not
REFUSED_WAIT_S: Final = 300.0
WINDOW: Final = 100
REJECTED_MAX: Final = 20  # of the last WINDOW events: beyond that the receiver is broken
TELL_S: Final = 0.5

Tell = Callable[[TargetStatus], None]


async def pump(
    target: TargetSettings,
    journal: Journal,
    *,
    clock: Clock,
    rng: random.Random,
    on_state: Tell,
) -> None:
    """Send what the target has not got, as soon as it is committed; runs until cancelled."""
    with closing(journal.outbox(target.name)) as outbox:
        async with _sink(target, journal, outbox, clock=clock) as sink:
            await Pump(
                target, journal, outbox, sink=sink, clock=clock, rng=rng, on_state=on_state
            ).run()


def _sink(
    target: TargetSettings, journal: Journal, outbox: Outbox, *, clock: Clock
) -> HttpEvents | EpcisCapture:
    """Return the target by its kind."""
    if target.kind != "epcis":
        return HttpEvents(target, journal.source, clock)
    who = journal.identity

    def on_job(job: CaptureJob | None) -> None:
        journal.ack(Ack(target=target.name, cursor_seq=0, job=job))

    return EpcisCapture(
        target,
        journal.path,
        Names(namespace=who.namespace, site=who.site, station=who.station, gln=target.gln),
        clock=clock,
        job=outbox.job,
        on_job=on_job,
    )


class Pump:
    """The state of one target's sync: cursor, batch size, failures in a row."""

    def __init__(
        self,
        target: TargetSettings,
        journal: Journal,
        outbox: Outbox,
        *,
        sink: SyncTarget,
        clock: Clock,
        rng: random.Random,
        on_state: Tell,
    ) -> None:
        self._target = target
        self._journal = journal
        self._outbox = outbox
        self._sink = sink
        self._clock = clock
        self._rng = rng
        self._on_state = on_state
        self._cursor = outbox.cursor_seq
        self._size = min(BATCH_START, target.batch_max)
        self._size_max = target.batch_max
        self._failures = 0
        self._window: deque[bool] = deque(maxlen=WINDOW)
        self._oldest: OutboxRow | None = None
        self._told = TargetStatus(name=target.name, state=TargetState.IDLE, pending=0, oldest_ms=0)
        self._told_ns = 0
        self._log = logging.getLogger(f"sync.{target.name}")

    async def run(self) -> None:
        """Pump for ever."""
        self._oldest = next(iter(self._outbox.read(self._cursor, 1)), None)
        self._tell(TargetState.SENDING)
        if self._oldest is not None:
            await asyncio.sleep(self._rng.uniform(0.0, RETURN_S_MAX))
        while True:
            changed = self._journal.changed
            rows = await self._read()
            self._oldest = rows[0] if rows else None
            if not rows:
                self._tell(TargetState.IDLE)
                await changed.wait()
            elif _is_intact(rows[0]):
                await self._deliver(rows)
            else:
                self._set_aside(rows[0], "corrupt", "the stored body is not what was written")

    async def _read(self) -> tuple[OutboxRow, ...]:
        """Return the next batch, up to a row whose bytes have changed on disk."""
        rows: list[OutboxRow] = []
        size = 0
        while len(rows) < self._size and size < self._target.bytes_max:
            after = rows[-1].seq if rows else self._cursor
            part = self._outbox.read(after, min(READ_ROWS, self._size - len(rows)))
            for row in part:
                is_bad = not _is_intact(row)
                if rows and (is_bad or size + len(row.body) > self._target.bytes_max):
                    return tuple(rows)
                rows.append(row)
                size += len(row.body)
                if is_bad:
                    return tuple(rows)
            if len(part) < READ_ROWS:
                break
            await asyncio.sleep(0)
        return tuple(rows)

    # ------------------------------------------------------------ one batch

    async def _deliver(self, rows: tuple[OutboxRow, ...]) -> bool:
        """Send a batch, halve it where it is refused; True when all of it is dealt with."""
        started_ns = self._clock.monotonic_ns()
        outcome = await self._sink.send(rows)
        took_s = (self._clock.monotonic_ns() - started_ns) / 1e9
        match outcome:
            case Stored():
                return await self._settle(rows, outcome, took_s)
            case Split() | TooLarge():
                return await self._divide(rows, outcome)
            case Later():
                await self._back_off(outcome)
            case Refused():
                await self._stop(TargetState.REFUSED, outcome.reason)
            case _:
                assert_never(outcome)
        return False

    async def _divide(self, rows: tuple[OutboxRow, ...], outcome: Split | TooLarge) -> bool:
        """Left half first, until one event is alone: that one is to blame."""
        if len(rows) == 1:
            refused = Stored(rejected={rows[0].id: outcome.reason})
            return await self._settle(rows, refused, QUICK_S, code=outcome.code)
        if isinstance(outcome, TooLarge):
            self._size_max = self._size = len(rows) // 2
        middle = len(rows) // 2
        return await self._deliver(rows[:middle]) and await self._deliver(rows[middle:])

    async def _settle(
        self, rows: tuple[OutboxRow, ...], stored: Stored, took_s: float, *, code: str = "rejected"
    ) -> bool:
        """Move the cursor over what is stored or set aside, in one transaction."""
        settled, dead, is_rejecting = self._judged(rows, stored, code)
        if settled:
            self._ack(settled[-1].seq, tuple(dead))
        if stored.events_max is not None:
            self._size_max = min(self._target.batch_max, stored.events_max)
        if is_rejecting:
            await self._stop(TargetState.REJECTING, f"more than {REJECTED_MAX} of {WINDOW} refused")
            return False
        if not settled:
            await self._back_off(Later(reason="nothing of the batch was stored"))
            return False
        self._succeeded(len(rows), took_s)
        return len(settled) == len(rows)

    def _judged(
        self, rows: tuple[OutboxRow, ...], stored: Stored, code: str
    ) -> tuple[list[OutboxRow], list[DeadLetter], bool]:
        settled: list[OutboxRow] = []
        dead: list[DeadLetter] = []
        for row in rows:
            if row.id == stored.retry_from:
                break
            reason = stored.rejected.get(row.id)
            if reason is not None:
                if sum(self._window) >= REJECTED_MAX:
                    return settled, dead, True
                dead.append(self._letter(row, code, reason))
            self._window.append(reason is not None)
            settled.append(row)
        return settled, dead, False

    def _set_aside(self, row: OutboxRow, code: str, reason: str) -> None:
        self._ack(row.seq, (self._letter(row, code, reason),))

    def _letter(self, row: OutboxRow, code: str, reason: str) -> DeadLetter:
        return DeadLetter(
            seq=row.seq,
            n=row.n,
            code=code,
            reason=reason,
            attempts=self._failures + 1,
            first_ms=self._clock.wall_ms(),
        )

    def _ack(self, seq: int, dead: tuple[DeadLetter, ...]) -> None:
        self._cursor = seq
        self._journal.ack(Ack(target=self._target.name, cursor_seq=seq, dead=dead))
        for letter in dead:
            self._log.error(
                "%s: event %d refused: %s: %s",
                self._target.name,
                letter.seq,
                letter.code,
                letter.reason,
            )

    # ------------------------------------------------------------ pace

    def _succeeded(self, events: int, took_s: float) -> None:
        if self._failures or self._told.state not in (TargetState.IDLE, TargetState.SENDING):
            self._log.warning("%s: takes events again", self._target.name)
        self._failures = 0
        if events >= self._size and took_s < QUICK_S:
            self._size *= 2
        self._size = max(1, min(self._size, self._size_max))
        self._tell(TargetState.SENDING)

    async def _back_off(self, later: Later) -> None:
        if later.is_slow:
            self._size = max(1, self._size // 2)
        most = min(BACKOFF_S_MAX, BACKOFF_S_FIRST * 2.0 ** min(self._failures, 16))
        wait_s = self._rng.uniform(0.0, most) if later.wait_s is None else later.wait_s
        if self._failures == 0:
            self._log.warning("%s: not delivered: %s", self._target.name, later.reason)
        self._failures += 1
        await self._wait(TargetState.BACKING_OFF, later.reason, wait_s)

    async def _stop(self, state: TargetState, reason: str) -> None:
        if self._told.state is not state:
            self._log.error("%s: %s: %s", self._target.name, state.value, reason)
        await self._wait(state, reason, REFUSED_WAIT_S)

    async def _wait(self, state: TargetState, reason: str, seconds: float) -> None:
        """Wait, telling each second how old the oldest event has become."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while True:
            self._tell(state, reason)
            left_s = until - loop.time()
            if left_s <= 0:
                return
            await asyncio.sleep(min(1.0, left_s))

    # ------------------------------------------------------------ status

    def _tell(self, state: TargetState, reason: str = "") -> None:
        """Report what changed; while all is well not more often than every half second."""
        status = self._status(state, reason)
        is_well = {state, self._told.state} <= {TargetState.IDLE, TargetState.SENDING}
        now_ns = self._clock.monotonic_ns()
        is_soon = now_ns - self._told_ns < TELL_S * 1e9
        is_same = replace(status, oldest_ms=0) == replace(self._told, oldest_ms=0)
        is_drained = status.pending == 0 and self._told.pending > 0
        if self._told_ns and is_well and not is_drained and (is_soon or is_same):
            return
        self._told, self._told_ns = status, now_ns
        self._on_state(status)

    def _status(self, state: TargetState, reason: str) -> TargetStatus:
        name = self._target.name
        if self._oldest is not None and self._oldest.seq <= self._cursor:
            self._oldest = next(iter(self._outbox.read(self._cursor, 1)), None)
        oldest = self._oldest
        return TargetStatus(
            name=name,
            state=state if oldest or state is not TargetState.SENDING else TargetState.IDLE,
            pending=0 if oldest is None else self._journal.next_n(name) - oldest.n,
            oldest_ms=0 if oldest is None else max(0, self._clock.wall_ms() - oldest.recorded_ms),
            dead=self._journal.dead(name),
            reason=reason,
        )


def _is_intact(row: OutboxRow) -> bool:
    return hashlib.sha256(row.body).digest() == row.digest
