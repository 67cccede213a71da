"""Conveyor legs: the divert is committed, then written; the PLC's registers are the only proof.

Decision, acknowledgement and lane sensor are one loop: a leg that did not leave by its lane stops
that lane, in the journal's own state, until a person has answered for it.
"""

import asyncio
import logging
from typing import Final

from drivers.errors import DriverError
from drivers.protocols import (
    BeltCommand,
    Capability,
    Clock,
    ConveyorDriver,
    ConveyorStatus,
    Deadline,
    DivertCommand,
    DivertPhase,
    DivertStatus,
)
from edge.dispatch.choose import next_seq
from edge.dispatch.desk import Desk
from edge.dispatch.lanes import conveyor_legs, is_clear, may_start, must_stop
from edge.events import DiverterChanged, DiverterState, MoveState
from edge.floor import FloorSettings
from edge.station.inputs import CommandInput, DivertInput
from edge.station.state import LegWork, MoveWork

WRITES_MAX: Final = 3  # the first and two more, each only after the PLC proved it saw none
ECHO_S: Final = 2.0
VERIFY_S: Final = 5.0  # after a cancel the registers must say how the divert ended
ORDER_AGAIN_NS: Final = 2_000_000_000
TOKENS: Final = 0xFFFF_FFFE
BUSY: Final = 1  # reason of a refusal: it was taken off before it began, a new number may follow

log = logging.getLogger("belts")

_ENDED: Final = {
    DivertPhase.DONE: DiverterState.DONE,
    DivertPhase.REJECTED: DiverterState.REJECTED,
    DivertPhase.FAILED: DiverterState.FAILED,
    DivertPhase.UNCONFIRMED: DiverterState.UNCONFIRMED,
    DivertPhase.WRONG_LANE: DiverterState.WRONG_LANE,
    DivertPhase.IN_DOUBT: DiverterState.IN_DOUBT,
}
_OPEN: Final = (DiverterState.SENT, DiverterState.SEEN)


class BeltLegs:
    """Runs the legs of one conveyor, one divert at a time, and stops or starts the belt."""

    def __init__(
        self,
        name: str,
        driver: ConveyorDriver,
        floor: FloorSettings,
        *,
        desk: Desk,
        clock: Clock,
    ) -> None:
        self._name = name
        self._driver = driver
        self._floor = floor
        self._desk = desk
        self._clock = clock
        self._numbering = asyncio.Lock()  # from the choice of a number to its commit
        self._ordered_ns: int | None = None
        self._was_stopped = self._start_due = False

    # ------------------------------------------------------------ the belt itself

    async def guard(self) -> None:
        """Stop the belt for a danger, start it where that is allowed, hold back the heartbeat.

        Runs beside `step`: a stop does not wait for the end of a divert.
        """
        status, state = self._driver.status(), self._desk.state
        stands = status is not None and not status.running
        is_over = state.is_area_inhibited and stands
        self._driver.hold_heartbeat(is_over or not self._desk.is_writable)
        self._note_release()
        if status is None or self._is_too_soon() or not self._takes_orders:
            return
        if must_stop(state, self._name):
            if status.running or self._name not in state.stopped:
                await self._order(BeltCommand.STOP, "danger", status)
        elif self._start_due and not status.running:
            self._start_due = not await self._order(BeltCommand.START, "operator", status)
        elif self._starts_itself and may_start(state, self._name, status):
            await self._order(BeltCommand.START, "host_lost", status)

    @property
    def _takes_orders(self) -> bool:
        return Capability.BELT_ORDERS in self._driver.capabilities

    @property
    def _starts_itself(self) -> bool:
        return Capability.AUTO_START in self._driver.capabilities

    def _note_release(self) -> None:
        """A person has ended the stop: the belt is started by that word."""
        is_stopped = self._name in self._desk.state.stopped
        self._start_due = not is_stopped and (self._was_stopped or self._start_due)
        self._was_stopped = is_stopped

    def _is_too_soon(self) -> bool:
        last = self._ordered_ns
        return last is not None and self._clock.monotonic_ns() - last < ORDER_AGAIN_NS

    async def _order(self, command: BeltCommand, reason: str, status: ConveyorStatus) -> bool:
        """Commit an order with a number of its own, then write it. True when the PLC took it."""
        async with self._numbering:
            given = CommandInput(
                device=self._name,
                command=command.value,
                reason=reason,
                wire_seq=self._next_seq(status),
            )
            if not await self._desk.commit(given):
                return False
        self._ordered_ns = self._clock.monotonic_ns()
        assert given.wire_seq is not None, "set above"
        deadline = Deadline.after(ECHO_S, self._clock)
        try:
            echo = await self._driver.order(command, given.wire_seq, deadline)
        except DriverError as error:
            log.warning("%s", error)
            return False
        log.info("%s: %s belt (%s): %s", self._name, command, reason, echo.phase)
        return echo.phase is DivertPhase.SEEN

    def _next_seq(self, status: ConveyorStatus) -> int:
        return next_seq(self._desk.state.conveyor_seq.get(self._name), status.seq_seen)

    # ------------------------------------------------------------ legs

    async def step(self) -> None:
        """Run the next leg that can run to its end; its last commit wakes dispatch again.

        What was open when the service or the link broke is settled by reading first.
        """
        status = self._driver.status()
        if status is None:
            return
        legs = tuple(conveyor_legs(self._desk.state, self._name))
        for work, leg in legs:
            if leg.state in _OPEN and leg.divert is not None:
                await self._follow(work, leg.divert, seen=leg.state is DiverterState.SEEN)
                return
        for work, leg in legs:
            if leg.state is MoveState.PLANNED and self._is_clear(work, leg, status):
                await self._start(work, leg, status)
                return

    def _is_clear(self, work: MoveWork, leg: LegWork, status: ConveyorStatus) -> bool:
        return is_clear(self._desk.state, self._floor, status, work=work, leg=leg)

    async def _start(self, work: MoveWork, leg: LegWork, status: ConveyorStatus) -> None:
        lane = leg.leg.lane
        assert lane is not None, "check-config demands a lane"
        async with self._numbering:
            given = DivertInput(
                move=work.move,
                leg=work.position,
                state=DiverterState.SENT,
                conveyor=self._name,
                lane=lane,
                token=token_of(work.move, work.position),
                wire_seq=self._next_seq(status),
                plc_boot=status.boot_id,
                count_before=status.divert_count,
                exit_before=status.exit_count,
            )
            if not await self._desk.commit(given):
                return
        await self._write(work, _changed(given))

    async def _write(self, work: MoveWork, sent: DiverterChanged) -> None:
        try:
            deadline = Deadline.after(ECHO_S, self._clock)
            echo = await self._driver.write(_command(sent), deadline)
        except DriverError as error:
            log.warning("%s", error)  # nothing was written: the next step reads and writes again
            return
        if echo.phase is DivertPhase.SEEN:
            await self._report(sent, echo, DiverterState.SEEN)
            await self._follow(work, sent, seen=True)
        elif echo.phase is DivertPhase.REJECTED:
            await self._refused(work, sent, echo)
        elif echo.phase in _ENDED:
            await self._report(sent, echo, _ENDED[echo.phase])

    async def _follow(self, work: MoveWork, sent: DiverterChanged, *, seen: bool) -> None:
        """Only read until the registers say how it ended; write again only what was never seen."""
        status = await self._finish(sent, self._floor.timers.divert)
        if status is None:
            return
        if status.phase is DivertPhase.IN_DOUBT and status.reason == "no_end":
            status = await self._cancelled(sent) or status
        if status.phase is DivertPhase.REJECTED:
            await self._refused(work, sent, status)
        elif status.phase in _ENDED:
            await self._report(sent, status, _ENDED[status.phase])
        elif status.phase is DivertPhase.NOT_SEEN and not seen:
            await self._write_again(work, sent)
        elif status.phase is DivertPhase.NOT_SEEN:
            await self._report(sent, status, DiverterState.IN_DOUBT, reason="overtaken")

    async def _finish(self, sent: DiverterChanged, seconds: float) -> DivertStatus | None:
        try:
            return await self._driver.finish(_command(sent), Deadline.after(seconds, self._clock))
        except DriverError as error:
            log.warning("%s", error)
            return None

    async def _cancelled(self, sent: DiverterChanged) -> DivertStatus | None:
        """A divert that does not end is taken back; then the registers say what happened to it."""
        status = self._driver.status()
        if status is None:
            return None
        await self._order(BeltCommand.CANCEL, "no_end", status)
        found = await self._finish(sent, VERIFY_S)
        return None if found is None or found.phase is DivertPhase.NOT_SEEN else found

    async def _refused(self, work: MoveWork, sent: DiverterChanged, status: DivertStatus) -> None:
        """A belt that was busy is asked again with a new number; all else is for a person."""
        if status.code != BUSY or self._desk.state.is_endangered(work):
            await self._report(sent, status, DiverterState.REJECTED)
            return
        fresh = self._desk.state.moves.get(work.move, work)
        now, leg = self._driver.status(), fresh.current
        if now is not None and leg is not None and self._is_clear(fresh, leg, now):
            await self._start(fresh, leg, now)

    async def _write_again(self, work: MoveWork, sent: DiverterChanged) -> None:
        if self._desk.state.is_endangered(work):  # proved not to have come, and it must not now
            await self._report(sent, None, DiverterState.FAILED, reason="danger")
            return
        if sent.attempt >= WRITES_MAX:
            await self._report(sent, None, DiverterState.FAILED, reason="no_echo")
            return
        given = input_of(sent, DiverterState.SENT, attempt=sent.attempt + 1)
        if await self._desk.commit(given):
            await self._write(work, _changed(given))

    async def _report(
        self,
        sent: DiverterChanged,
        status: DivertStatus | None,
        state: DiverterState,
        *,
        reason: str = "",
    ) -> None:
        given = input_of(sent, state, attempt=sent.attempt, status=status, reason=reason)
        await self._desk.commit(given)


def token_of(move: str, leg: int) -> int:
    """Return the item token of a leg: 32 bits of its move id, never 0.

    The random tail of a UUIDv7 makes two open tokens equal once in four thousand million.
    """
    tail = int(move.replace("-", "")[-8:], 16)
    return (tail + leg) % TOKENS + 1


def _command(sent: DiverterChanged) -> DivertCommand:
    return DivertCommand(
        token=sent.token,
        lane=sent.lane,
        seq=sent.wire_seq,
        boot_id=sent.plc_boot,
        count_before=sent.count_before,
        exit_before=sent.exit_before,
    )


def _changed(given: DivertInput) -> DiverterChanged:
    return DiverterChanged(
        move=given.move,
        leg=given.leg,
        state=given.state,
        conveyor=given.conveyor,
        lane=given.lane,
        token=given.token,
        wire_seq=given.wire_seq,
        plc_boot=given.plc_boot,
        count_before=given.count_before,
        exit_before=given.exit_before,
        attempt=given.attempt,
    )


def input_of(
    sent: DiverterChanged,
    state: DiverterState,
    *,
    attempt: int,
    status: DivertStatus | None = None,
    reason: str = "",
) -> DivertInput:
    """Return what is told of a divert: its numbers as committed, and what a block adds."""
    return DivertInput(
        move=sent.move,
        leg=sent.leg,
        state=state,
        conveyor=sent.conveyor,
        lane=sent.lane,
        token=sent.token,
        wire_seq=sent.wire_seq,
        plc_boot=sent.plc_boot,
        count_before=sent.count_before,
        exit_before=sent.exit_before,
        attempt=attempt,
        count_after=status.count_after if status else None,
        exit_lane=status.exit_lane if status else None,
        code=status.code if status else None,
        reason=reason or (status.reason if status else "") or None,
    )
