"""One inbox, one state. Nothing leaves before the commit; a refused commit leaves no trace."""

import asyncio
import logging
import secrets
from dataclasses import dataclass, replace
from typing import Final, Protocol

from drivers.protocols import Clock, ScanOutcome
from edge.events import (
    Draft,
    Event,
    EventId,
    Origin,
    ParcelArrived,
    ParcelId,
    Stamp,
    UnitId,
    encode,
    kind_of,
)
from edge.journal.space import DiskLevel
from edge.journal.writer import (
    CodeRow,
    Journal,
    JournalConflictError,
    JournalDuplicateError,
    JournalFullError,
    Submission,
)
from edge.receiving.ids import IdMint
from edge.receiving.local import offset_s
from edge.receiving.rows import intents_of, live_between, live_of, owner_of
from edge.station.apply import apply
from edge.station.decide import decide
from edge.station.decision import Context, Decision, Fresh, PhotoRequest, Screen
from edge.station.inputs import FaultInput, Input, KeyInput, ScanInput
from edge.station.present import key_meaning
from edge.station.state import State

INBOX_MAX: Final = 128  # full: the producer awaits
ACTS_MAX: Final = 200  # acts waiting for the next event; the oldest are dropped

log = logging.getLogger("receiving")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What became of an input: the kinds committed, or the code of the refusal.

    `mode` = where the person goes on, if that changes: training, live.
    """

    kinds: tuple[str, ...] = ()
    seq: int = 0
    no: str | None = None
    mode: str = ""


class Effects(Protocol):
    """What happens after a commit, outside of the loop; none of it may block."""

    def tone(self, device: str, scan_no: int, outcome: ScanOutcome) -> None:
        """Give the hand its tone."""

    def photograph(self, request: PhotoRequest) -> None:
        """Take a photograph; it comes back as an input."""

    def committed(self, drafts: tuple[Draft, ...]) -> None:
        """Wake what waits for events: dispatch, the view."""


@dataclass(slots=True)
class _Waiting:
    given: Input
    reply: asyncio.Future[Reply]


class Receiving:
    """One station's loop. `state` and `screen` are read by dispatch and the view, written here.

    `clock_state` = how far the wall clock is trusted, set by who watches it; each event says so.
    """

    def __init__(
        self,
        journal: Journal,
        origin: Origin,
        *,
        context: Context,
        clock: Clock,
        effects: Effects,
        state: State,
    ) -> None:
        self.state = state
        self.screen = Screen()
        self.stopped: str | None = None
        self.scan: tuple[str, int] | None = None
        self.clock_state = "synced"
        self.last_act_ns = clock.monotonic_ns()
        self._journal = journal
        self._origin = origin
        self._context = context
        self._clock = clock
        self._effects = effects
        self._start_ns = clock.monotonic_ns()
        self._ids = IdMint(clock, secrets.token_bytes)
        self._inbox: asyncio.Queue[_Waiting] = asyncio.Queue(maxsize=INBOX_MAX)

    async def submit(self, given: Input) -> Reply:
        """Hand in an input and wait until it is committed or refused."""
        waiting = _Waiting(given=given, reply=asyncio.get_running_loop().create_future())
        await self._inbox.put(waiting)
        return await waiting.reply

    async def run(self) -> None:
        """Take inputs one by one, for ever. Raises JournalBrokenError: the process must end."""
        while True:
            waiting = await self._inbox.get()
            reply = await self._step(waiting.given)
            if isinstance(waiting.given, ScanInput):  # no view may claim it before the commit
                scan = waiting.given.scan
                self.scan = (str(scan.device), scan.scan_no)
            if not waiting.reply.done():
                waiting.reply.set_result(reply)

    async def _step(self, given: Input) -> Reply:
        context = self._now()
        before = key_meaning(self.state, self.screen)
        screen = self._with_act(given)
        decision = decide(self.state, screen, given, context)
        seq = self._journal.last_seq
        if decision.drafts:
            try:
                seq = await self._commit(given, decision, context)
            except JournalDuplicateError:
                return Reply(kinds=("duplicate",), seq=seq)
            except JournalFullError:
                return self._full()
            except JournalConflictError as error:
                log.error("%s", error)  # noqa: TRY400 - the tables' guard held; no trace is needed
                return Reply(seq=seq, no="E00")
            self.stopped = None
            self._measure(given)
        self.screen = decision.screen
        if decision.drafts:
            self.screen = replace(self.screen, acts=())
        if key_meaning(self.state, self.screen) != before:
            self.screen = replace(self.screen, epoch=self.screen.epoch + 1)
        self._let_out(given, decision)
        kinds = tuple(kind_of(draft.payload) for draft in decision.drafts)
        return Reply(kinds=kinds, seq=seq, no=decision.no, mode=decision.mode)

    def _measure(self, given: Input) -> None:
        if isinstance(given, ScanInput):
            took_ns = self._clock.monotonic_ns() - given.scan.at_ns
            self._journal.metrics.scan_to_commit_s.observe(max(0, took_ns) / 1e9)

    def _full(self) -> Reply:
        if self.stopped is None:
            log.error("journal: append: no room left, nothing is recorded until there is")
        self.stopped = "E90"
        self._effects.committed(())
        return Reply(no="E90")

    async def _commit(self, given: Input, decision: Decision, context: Context) -> int:
        """One transaction: events, outbox rows, intents. The wait is not cancelled half way."""
        drafts = decision.drafts
        stamps = self._stamps(given, decision, context)
        pairs = tuple(zip(drafts, stamps, strict=True))
        after = self.state
        for seq, (draft, stamp) in enumerate(pairs, start=self._journal.last_seq + 1):
            after = apply(after, _as_event(draft, stamp, seq))
        submission = Submission(
            events=tuple(encode(draft, stamp, self._origin) for draft, stamp in pairs),
            intents=tuple(row for draft in drafts for row in intents_of(draft)),
            live=tuple(row for draft in drafts for row in live_of(draft))
            + live_between(self.state, after),
            codes=tuple(CodeRow(code=code, subject=subject) for code, subject in decision.codes),
        )
        receipt = await asyncio.shield(self._journal.commit(submission))
        self.state = after
        return receipt.last_seq

    def _stamps(self, given: Input, decision: Decision, context: Context) -> tuple[Stamp, ...]:
        key: str | None = getattr(given, "input", None)
        last = len(decision.drafts) - 1
        made: list[Stamp] = []
        for n, draft in enumerate(decision.drafts):
            stamp = Stamp(
                id=EventId(self._ids.uuid7()),
                time_ms=context.wall_ms if draft.time_ms is None else draft.time_ms,
                clock=self.clock_state,
                mono_ms=(context.mono_ns - self._start_ns) // 1_000_000,
                operator=self.state.shift.operator if self.state.shift else None,
                tenant=self._tenant(draft),
                rma=self._rma(draft),
                input=key if n == 0 else None,
                cause=made[0].id if made else None,
                audit=draft.audit,
                acts=decision.screen.acts if n == last else (),
            )
            made.append(stamp)
        return tuple(made)

    def _tenant(self, draft: Draft) -> str | None:
        if isinstance(draft.payload, ParcelArrived):
            return next((line.tenant for line in draft.payload.lines), None)
        if draft.subject.parcel is None:
            return owner_of(draft.payload, self.state)
        parcel = self.state.parcels.get(draft.subject.parcel or ParcelId(""))
        return next((line.tenant for line in parcel.lines), None) if parcel else None

    def _rma(self, draft: Draft) -> str | None:
        unit = self.state.units.get(draft.subject.unit or UnitId(""))
        return unit.rma if unit else None

    def _with_act(self, given: Input) -> Screen:
        """Count the act; it rides in the next event and costs no fsync of its own."""
        mono_ms = (self._clock.monotonic_ns() - self._start_ns) // 1_000_000
        match given:
            case KeyInput() if self.screen.is_secret:
                return self.screen
            case KeyInput(key=key):
                act = (mono_ms, "k", key)
            case ScanInput():
                act = (mono_ms, "s", "")
            case _:
                return self.screen
        self.last_act_ns = self._clock.monotonic_ns()
        return replace(self.screen, acts=(*self.screen.acts, act)[-ACTS_MAX:])

    def _now(self) -> Context:
        fresh = Fresh(
            parcel=ParcelId(self._ids.uuid7()),
            unit=UnitId(self._ids.uuid7()),
            move=self._ids.uuid7(),
            number=self._journal.last_seq + 1,
        )
        wall_ms = self._clock.wall_ms()
        return replace(
            self._context.during(self.state),
            wall_ms=wall_ms,
            offset_s=offset_s(wall_ms),
            mono_ns=self._clock.monotonic_ns(),
            start_ns=self._start_ns,
            fresh=fresh,
            is_filling=self._journal.level >= DiskLevel.HIGH,
        )

    def _let_out(self, given: Input, decision: Decision) -> None:
        if decision.outcome is not None:
            match given:
                case ScanInput(scan=scan):
                    self._effects.tone(str(scan.device), scan.scan_no, decision.outcome)
                    took_ns = self._clock.monotonic_ns() - scan.at_ns
                    self._journal.metrics.scan_to_tone_s.observe(max(0, took_ns) / 1e9)
                case FaultInput(fault=fault):
                    self._effects.tone(str(fault.device), fault.scan_no, decision.outcome)
        for request in decision.photos:
            self._effects.photograph(request)
        self._effects.committed(decision.drafts)


def _as_event(draft: Draft, stamp: Stamp, seq: int) -> Event:
    """The event as apply will read it back; nobody else appends, so its place is known."""
    return Event(
        seq=seq,
        id=stamp.id,
        kind=kind_of(draft.payload),
        parcel=draft.subject.parcel,
        unit=draft.subject.unit,
        time_ms=stamp.time_ms,
        recorded_ms=0,
        data={
            "acts": stamp.acts,
            "mono_ms": stamp.mono_ms,
            "operator": stamp.operator,
            "audit": stamp.audit,
        },
        payload=draft.payload,
        cause=stamp.cause,
    )
