"""One target's pump: cursor → batch → target → ack. At least once, in order, for ever.

A receiver that is away or broken is ordinary: nothing is dropped, one refused event is set aside.
"""

import asyncio
import hashlib
import logging
import random
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from typing import Final, assert_never

from drivers.protocols import Clock
from edge.journal.outbox import Aside, CaptureJob, DeadLetter, Outbox, OutboxRow, Rights, Standing
from edge.journal.writer import Journal
from edge.outward import PLAIN, Outward
from edge.settings.model import CatchUp, OnDead, TargetSettings
from edge.sync.courtesy import courteous
from edge.sync.kinds import open_target
from edge.sync.lanes import Lane, Line, LiveLane, ReplayLane
from edge.sync.mapping import concerns, mapped
from edge.sync.pace import QUICK_S, REJECTED_MAX, WINDOW, Pace
from edge.sync.target import (
    Later,
    Outcome,
    Refused,
    Split,
    Stored,
    SyncTarget,
    TargetState,
    TargetStatus,
    TooLarge,
)

READ_ROWS: Final = 50  # read and proven between two looks of the loop at other work
RETURN_S_MAX: Final = 5.0  # a whole site comes back at once: its stations do not
REFUSED_WAIT_S: Final = 300.0
TELL_S: Final = 0.5
BLOCKED: Final = "blocked"
CORRUPT: Final = "corrupt"

Tell = Callable[[TargetStatus], None]
TellDead = Callable[[str, OutboxRow, DeadLetter], None]


async def pump(
    target: TargetSettings,
    journal: Journal,
    *,
    clock: Clock,
    rng: random.Random,
    on_state: Tell,
    on_dead: TellDead = lambda _target, _row, _letter: None,
    outward: Outward = PLAIN,
) -> None:
    """Send what the target has not got, as soon as it is committed; runs until cancelled.

    Certificates or a password that cannot be read are an ordinary refusal, tried again later.
    """
    with closing(journal.outbox(target.name)) as outbox:
        work = Pump(
            target,
            journal,
            outbox,
            clock=clock,
            rng=rng,
            on_state=on_state,
            on_dead=on_dead,
            outward=outward,
        )
        while True:
            async with AsyncExitStack() as stack:
                try:
                    sink = await stack.enter_async_context(
                        open_target(
                            target, journal, outbox, clock=clock, turn=work.turn, on_job=work.job
                        )
                    )
                except (OSError, ValueError) as error:
                    await work.cannot_open(type(error).__name__)
                    continue
                await work.run(sink)


class Pump:
    """The state of one target's sync: its lanes, its pace, what was told of it."""

    def __init__(
        self,
        target: TargetSettings,
        journal: Journal,
        outbox: Outbox,
        *,
        clock: Clock,
        rng: random.Random,
        on_state: Tell,
        on_dead: TellDead,
        outward: Outward = PLAIN,
    ) -> None:
        self._target = target
        self._metrics = journal.metrics
        self._journal = journal
        self._outbox = outbox
        self._clock = clock
        self.turn = courteous(journal.rested_s)
        self._rng = rng
        self._on_state = on_state
        self._on_dead = on_dead
        self._outward = outward
        self._concerned: dict[str, bool] = {}
        self._is_live_first = target.catch_up is CatchUp.LIVE_FIRST
        self._pace = Pace(
            events_max=target.batch_max,
            bytes_max=target.bytes_max,
            rng=rng,
            is_live=self._is_live_first,
        )
        self._line = Line(target.name, outbox)
        if self._is_live_first and self._line.live is None and self._line.read(self._line.at, 1):
            self._line.split(journal.last_seq)  # what was not sent before this start is backlog
        self._live = LiveLane(target.name, outbox, self._line)
        self._was_live = False
        self._replay: ReplayLane | None = None
        self._through: frozenset[int] = frozenset()
        self._ahead: tuple[int, tuple[OutboxRow, ...]] | None = None
        self._blocks = target.on_dead is OnDead.BLOCK_KEY
        self._blocked: frozenset[bytes] = outbox.blocked_keys() if self._blocks else frozenset()
        self._oldest: OutboxRow | None = None
        self._told = TargetStatus(name=target.name, state=TargetState.IDLE, pending=0, oldest_ms=0)
        self._told_ns = 0
        self._log = logging.getLogger(f"sync.{target.name}")

    async def run(self, sink: SyncTarget) -> None:
        """Pump until the target refuses us: then it is opened again, its password read anew."""
        self._oldest = next(iter(self._line.read(self._line.at, 1)), None)
        self._tell(TargetState.SENDING)
        if self._oldest is not None:
            await asyncio.sleep(self._rng.uniform(0.0, RETURN_S_MAX))
        while True:
            changed = self._journal.changed
            if not await self._is_in_use():
                continue
            has_work = await self._step(sink)
            await self.turn()  # what is set aside by the thousand must not hold the loop
            if self._told.state is TargetState.REFUSED:
                return
            if not has_work:
                self._tell(TargetState.IDLE)
                await changed.wait()

    async def cannot_open(self, reason: str) -> None:
        """Wait for files that can be used."""
        self._oldest = next(iter(self._line.read(self._line.at, 1)), None)
        await self._stop(TargetState.REFUSED, f"cannot be opened: {reason}")

    def job(self, job: CaptureJob | None) -> None:
        """Take that work runs at the target, or has failed there."""
        self._journal.ack(replace(self._line.here(), job=job))
        self._tell(TargetState.SENDING if job is None else TargetState.WAITING_JOB)

    async def _is_in_use(self) -> bool:
        """Return whether nobody has paused or retired it; waits some time where somebody did."""
        found = self._outbox.standings()
        self._line.skip_to(found.cursor_seq)
        if found.standing is Standing.IN_USE:
            return True
        is_paused = found.standing is Standing.PAUSED
        self._tell(TargetState.PAUSED if is_paused else TargetState.RETIRED)
        await asyncio.sleep(TELL_S)
        return False

    async def _step(self, sink: SyncTarget) -> bool:
        """Send one batch of the line and one of a replay; True if there was anything."""
        has_line = await self._line_step(sink)
        is_stopped = self._told.state in (TargetState.REFUSED, TargetState.REJECTING)
        if has_line and (self._pace.failures or is_stopped):
            return True
        return await self._replay_step(sink) or has_line

    async def _line_step(self, sink: SyncTarget) -> bool:
        """Send what happens now and the backlog by turns, each when the other has nothing."""
        line = self._line
        if line.live is not None and not self._was_live:
            rows = await self._read(self._live, self._pace.size)
            if rows:
                self._was_live = True
                return await self._turn(sink, self._live, rows)
        self._was_live = False
        rows = await self._next_of_line()
        if not rows and line.live is not None:
            self._journal.ack(line.join())
            return True
        is_behind = len(rows) >= self._pace.size and line.live is None
        if self._is_live_first and is_behind:
            line.split(self._journal.last_seq)
        self._oldest = rows[0] if rows else None
        return bool(rows) and await self._turn(sink, line, rows)

    async def _replay_step(self, sink: SyncTarget) -> bool:
        if self._replay is None:
            found = self._outbox.next_replay(self._through)
            if found is None:
                return False
            target = self._target
            rights = Rights(tenants=target.tenants, audit=target.audit)
            self._replay = ReplayLane(
                target.name, self._outbox, found, globs=target.events, rights=rights
            )
        lane = self._replay
        rows = await self._read(lane, self._pace.size)
        if rows:
            await self._turn(sink, lane, rows)
        else:
            self._journal.ack(lane.ended())
        if lane.is_through:
            self._through |= {lane.id}
            self._replay = None
            self._blocked = self._outbox.blocked_keys() if self._blocks else frozenset()
        return True

    # ------------------------------------------------------------ what is sent next

    async def _next_of_line(self) -> tuple[OutboxRow, ...]:
        ahead, self._ahead = self._ahead, None
        if ahead is None or ahead[0] != self._line.at or not ahead[1]:
            return await self._read(self._line, self._pace.size)
        rows = ahead[1]
        return rows if len(rows) <= self._pace.size else rows[: self._pace.size]

    async def _look_ahead(self, sink: SyncTarget, after_seq: int) -> None:
        """Read and pack what follows while the receiver has the batch before it."""
        rows = await self._read(self._line, self._pace.next_size, after_seq)
        self._ahead = (after_seq, rows)
        if rows:
            await sink.prepare(rows)

    async def _read(
        self, lane: Lane, limit: int, after_seq: int | None = None
    ) -> tuple[OutboxRow, ...]:
        """Return the next batch, up to a row that must not be sent; that one comes alone."""
        rows: list[OutboxRow] = []
        size, after = 0, lane.at if after_seq is None else after_seq
        while len(rows) < limit:
            part = lane.read(after, min(READ_ROWS, limit - len(rows)))
            for row in part:
                size += len(row.body)
                if rows and (size > self._pace.bytes_max or self._unfit(lane, row)):
                    return tuple(rows)
                is_unfit = not rows and self._unfit(lane, row)
                rows.append(row if is_unfit else self._for_target(row))
            if not part or (len(part) < READ_ROWS and not lane.is_replay):
                break
            after = part[-1].seq
            await self.turn()
        return tuple(rows[:1]) if rows and self._unfit(lane, rows[0]) else tuple(rows)

    def _for_target(self, row: OutboxRow) -> OutboxRow:
        """Return a proven event as this target gets it; most kinds need no look inside."""
        is_concerned = self._concerned.get(row.kind)
        if is_concerned is None:
            is_concerned = self._concerned[row.kind] = concerns(row.kind, self._outward)
        if not is_concerned:
            return row
        body = mapped(row.body, row.kind, self._outward)
        if body is row.body:
            return row
        return replace(row, body=body, digest=hashlib.sha256(body).digest())

    def _unfit(self, lane: Lane, row: OutboxRow) -> tuple[str, str] | None:
        """Return code and reason of an event that must not be sent."""
        if hashlib.sha256(row.body).digest() != row.digest:
            return CORRUPT, "the stored body is not what was written"
        if row.key in self._blocked and not lane.is_replay:
            return BLOCKED, "an earlier event of the same subject was refused"
        return None

    # ------------------------------------------------------------ one batch

    async def _turn(self, sink: SyncTarget, lane: Lane, rows: tuple[OutboxRow, ...]) -> bool:
        """Send a batch; while it is under way, make the next one ready. True: work was found."""
        unfit = self._unfit(lane, rows[0])
        if unfit is not None:
            self._settled(lane, list(rows[:1]), [(rows[0], self._letter(rows[0], *unfit))])
        elif lane is self._line and len(rows) >= self._pace.size:
            async with asyncio.TaskGroup() as group:
                ahead = self._look_ahead(sink, rows[-1].seq)
                group.create_task(ahead, name=f"ahead[{self._target.name}]")
                await self._deliver(sink, lane, rows)
        else:
            await self._deliver(sink, lane, rows)
        return True

    async def _deliver(self, sink: SyncTarget, lane: Lane, rows: tuple[OutboxRow, ...]) -> bool:
        """Send a batch, halve it where it is refused; True when all of it is dealt with."""
        started_ns = self._clock.monotonic_ns()
        outcome = await sink.send(rows, is_replay=lane.is_replay)
        took_s = (self._clock.monotonic_ns() - started_ns) / 1e9
        self._count(rows, outcome)
        match outcome:
            case Stored():
                return await self._settle(lane, rows, outcome, took_s)
            case Split() | TooLarge():
                return await self._divide(sink, lane, rows, outcome)
            case Later():
                await self._back_off(outcome)
            case Refused():
                await self._stop(TargetState.REFUSED, outcome.reason)
            case _:
                assert_never(outcome)
        return False

    async def _divide(
        self, sink: SyncTarget, lane: Lane, rows: tuple[OutboxRow, ...], outcome: Split | TooLarge
    ) -> bool:
        """Left half first, until one event is alone: that one is to blame."""
        if len(rows) == 1:
            refused = Stored(rejected={rows[0].id: outcome.reason})
            return await self._settle(lane, rows, refused, QUICK_S, code=outcome.code)
        if isinstance(outcome, TooLarge):
            self._pace.too_large(len(rows))
        middle = len(rows) // 2
        if not await self._deliver(sink, lane, rows[:middle]):
            return False
        rest = rows[middle:]
        if self._blocks and any(self._unfit(lane, row) for row in rest):
            return False  # what was just refused holds some of these: they are read again
        return await self._deliver(sink, lane, rest)

    async def _settle(
        self,
        lane: Lane,
        rows: tuple[OutboxRow, ...],
        stored: Stored,
        took_s: float,
        *,
        code: str = "rejected",
    ) -> bool:
        """Move the lane over what is stored or set aside, in one transaction."""
        settled, dead, is_rejecting = self._judged(rows, stored, code)
        if settled:
            self._settled(lane, settled, dead)
        self._pace.limits(stored)
        self._journal.need_tail(self._target.name, stored.have)
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
    ) -> tuple[list[OutboxRow], list[tuple[OutboxRow, DeadLetter]], bool]:
        settled: list[OutboxRow] = []
        dead: list[tuple[OutboxRow, DeadLetter]] = []
        if not stored.rejected and stored.retry_from is None:
            self._pace.all_taken(len(rows))
            return list(rows), dead, False
        for row in rows:
            if row.id == stored.retry_from:
                break
            reason = stored.rejected.get(row.id)
            if reason is not None:
                if self._pace.is_rejecting:
                    return settled, dead, True
                dead.append((row, self._letter(row, code, reason)))
            self._pace.judged(is_refused=reason is not None)
            settled.append(row)
        return settled, dead, False

    def _letter(self, row: OutboxRow, code: str, reason: str) -> DeadLetter:
        return DeadLetter(
            seq=row.seq,
            n=row.n,
            code=code,
            reason=reason,
            attempts=self._pace.failures + 1,
            first_ms=self._clock.wall_ms(),
        )

    def _settled(
        self, lane: Lane, rows: list[OutboxRow], dead: list[tuple[OutboxRow, DeadLetter]]
    ) -> None:
        self._journal.ack(lane.moved(rows, tuple(letter for _, letter in dead)))
        for row, letter in dead:
            if self._blocks and row.key is not None:
                self._blocked |= {row.key}
            self._on_dead(self._target.name, row, letter)
            self._log.error(
                "%s: event %d refused: %s: %s",
                self._target.name,
                letter.seq,
                letter.code,
                letter.reason,
            )

    def _count(self, rows: tuple[OutboxRow, ...], outcome: Outcome) -> None:
        """Keep the measures of one request; the age is that of its oldest event."""
        name, metrics = self._target.name, self._metrics
        metrics.requests.labels(name, type(outcome).__name__.lower()).inc()
        metrics.batch.labels(name).set(len(rows))
        if isinstance(outcome, Stored):
            metrics.delivered.labels(name).inc(len(rows) - len(outcome.rejected))
            metrics.duplicates.labels(name).inc(outcome.duplicates)
            age_ms = self._clock.wall_ms() - rows[0].recorded_ms
            metrics.age_at_ack_s.labels(name).observe(max(0, age_ms) / 1000)

    # ------------------------------------------------------------ waiting

    def _succeeded(self, events: int, took_s: float) -> None:
        if self._pace.failures or self._told.state.circuit is not TargetState.IDLE:
            self._log.warning("%s: takes events again", self._target.name)
        self._pace.succeeded(events, took_s)
        self._metrics.backoff_s.labels(self._target.name).set(0)
        self._tell(TargetState.SENDING)

    async def _back_off(self, later: Later) -> None:
        if self._pace.failures == 0:
            self._log.warning("%s: not delivered: %s", self._target.name, later.reason)
        wait_s = self._pace.wait_s(later)
        self._metrics.backoff_s.labels(self._target.name).set(wait_s)
        await self._wait(TargetState.BACKING_OFF, later.reason, wait_s, is_grave=later.is_grave)

    async def _stop(self, state: TargetState, reason: str) -> None:
        if self._told.state is not state:
            self._log.error("%s: %s: %s", self._target.name, state.value, reason)
        await self._wait(state, reason, REFUSED_WAIT_S)

    async def _wait(
        self, state: TargetState, reason: str, seconds: float, *, is_grave: bool = False
    ) -> None:
        """Wait, telling each second how old the oldest event has become.

        Ends early when somebody pauses, retires or resumes the target.
        """
        loop = asyncio.get_running_loop()
        until, was_noted = loop.time() + seconds, False
        while True:
            self._tell(state, reason, is_grave=is_grave)
            left_s = until - loop.time()
            found = self._outbox.standings()
            is_resumed = was_noted and found.state == TargetState.IDLE
            if left_s <= 0 or is_resumed or found.standing is not Standing.IN_USE:
                return
            was_noted = was_noted or found.state == state
            await asyncio.sleep(min(1.0, left_s))

    # ------------------------------------------------------------ status

    def _tell(self, state: TargetState, reason: str = "", *, is_grave: bool = False) -> None:
        """Report what changed; while all is well not more often than every half second."""
        status = replace(self._status(state, reason), is_grave=is_grave)
        circuits = {state.circuit, self._told.state.circuit}
        now_ns = self._clock.monotonic_ns()
        is_soon = now_ns - self._told_ns < TELL_S * 1e9
        is_same = replace(status, oldest_ms=0) == replace(self._told, oldest_ms=0)
        is_drained = status.pending == 0 and self._told.pending > 0
        is_well = circuits == {TargetState.IDLE}
        if self._told_ns and is_well and not is_drained and (is_soon or is_same):
            return
        if state.circuit is not self._told.state.circuit:
            self._journal.ack(Aside(target=self._target.name, state=state.circuit))
        self._told, self._told_ns = status, now_ns
        self._on_state(status)

    def _status(self, state: TargetState, reason: str) -> TargetStatus:
        name, line = self._target.name, self._line
        if self._oldest is not None and self._oldest.seq <= line.at:
            self._oldest = next(iter(line.read(line.at, 1)), None)
        oldest = self._oldest
        pending = 0 if oldest is None else self._journal.next_n(name) - oldest.n - line.live_sent
        return TargetStatus(
            name=name,
            state=state if oldest or state is not TargetState.SENDING else TargetState.IDLE,
            pending=pending,
            oldest_ms=0 if oldest is None else max(0, self._clock.wall_ms() - oldest.recorded_ms),
            dead=self._journal.dead(name),
            reason=reason,
        )
