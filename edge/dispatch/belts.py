"""Conveyor legs: the divert is committed, then written; the PLC's registers are the only proof."""

import logging
from collections import Counter
from typing import Final

from drivers.errors import DriverError
from drivers.protocols import (
    Clock,
    ConveyorDriver,
    ConveyorStatus,
    Deadline,
    DivertCommand,
    DivertPhase,
    DivertStatus,
)
from edge.dispatch.choose import is_free, next_seq
from edge.dispatch.desk import Desk
from edge.events import DiverterChanged, DiverterState, MoveState
from edge.floor import FloorSettings
from edge.station.inputs import DivertInput
from edge.station.state import LegWork, MoveWork

WRITES_MAX: Final = 3  # the first and two more, each only after the PLC proved it saw none
ECHO_S: Final = 2.0
TOKENS: Final = 0xFFFF_FFFE

log = logging.getLogger("belts")

_ENDED: Final = {
    DivertPhase.DONE: DiverterState.DONE,
    DivertPhase.REJECTED: DiverterState.REJECTED,
    DivertPhase.FAILED: DiverterState.FAILED,
    DivertPhase.UNCONFIRMED: DiverterState.UNCONFIRMED,
    DivertPhase.WRONG_LANE: DiverterState.WRONG_LANE,
    DivertPhase.IN_DOUBT: DiverterState.IN_DOUBT,
}
_PAST_HANDOVER: Final = (MoveState.CARRYING, MoveState.DROPPING, MoveState.DONE)


class BeltLegs:
    """Runs the legs of one conveyor, one divert at a time."""

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

    async def step(self) -> None:
        """Run the next leg that can run to its end; its last commit wakes dispatch again."""
        status = self._driver.status()
        if status is None:
            return
        for work in tuple(self._desk.state.moves.values()):
            leg = work.current
            if leg is None or leg.leg.kind != "conveyor" or leg.leg.carrier != self._name:
                continue
            if leg.state in (DiverterState.SENT, DiverterState.SEEN) and leg.divert is not None:
                await self._follow(work, leg.divert, seen=False)
                return
            if leg.state is MoveState.PLANNED and self._is_clear(leg, status):
                await self._start(work, leg, status)
                return

    def _is_clear(self, leg: LegWork, status: ConveyorStatus) -> bool:
        """The gate of the register contract: belt ready, nothing open, room at the end."""
        ready = status.running and not (status.fault or status.host_lost or status.busy)
        return ready and is_free(leg.leg.end, self._floor.places, self._loads())

    def _loads(self) -> Counter[str]:
        """Count loads at or on their way to each hand-over place until a robot took them."""
        taken: Counter[str] = Counter()
        for work in self._desk.state.moves.values():
            for index, leg in enumerate(work.legs):
                after = work.legs[index + 1] if index + 1 < len(work.legs) else None
                gone = after is not None and after.state in _PAST_HANDOVER
                if leg.leg.kind == "conveyor" and leg.state != MoveState.PLANNED and not gone:
                    taken[leg.leg.end] += 1
        return taken

    async def _start(self, work: MoveWork, leg: LegWork, status: ConveyorStatus) -> None:
        lane = leg.leg.lane
        assert lane is not None, "check-config demands a lane"
        journaled = self._desk.state.conveyor_seq.get(self._name)
        given = DivertInput(
            move=work.move,
            leg=work.position,
            state=DiverterState.SENT,
            conveyor=self._name,
            lane=lane,
            token=token_of(work.move, work.position),
            wire_seq=next_seq(journaled, status.seq_seen),
            plc_boot=status.boot_id,
            count_before=status.divert_count,
            exit_before=status.exit_count,
        )
        if await self._desk.commit(given):
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
        elif echo.phase in _ENDED:
            await self._report(sent, echo, _ENDED[echo.phase])

    async def _follow(self, work: MoveWork, sent: DiverterChanged, *, seen: bool) -> None:
        """Only read until the registers say how it ended; write again only what was never seen."""
        try:
            deadline = Deadline.after(self._floor.timers.divert, self._clock)
            status = await self._driver.finish(_command(sent), deadline)
        except DriverError as error:
            log.warning("%s", error)
            return
        if status.phase in _ENDED:
            await self._report(sent, status, _ENDED[status.phase])
        elif status.phase is DivertPhase.NOT_SEEN and not seen:
            await self._write_again(work, sent)

    async def _write_again(self, work: MoveWork, sent: DiverterChanged) -> None:
        if sent.attempt >= WRITES_MAX:
            await self._report(sent, None, DiverterState.FAILED)
            return
        given = _input(sent, DiverterState.SENT, attempt=sent.attempt + 1)
        if await self._desk.commit(given):
            await self._write(work, _changed(given))

    async def _report(
        self, sent: DiverterChanged, status: DivertStatus | None, state: DiverterState
    ) -> None:
        given = _input(sent, state, attempt=sent.attempt, status=status)
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


def _input(
    sent: DiverterChanged,
    state: DiverterState,
    *,
    attempt: int,
    status: DivertStatus | None = None,
) -> DivertInput:
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
        reason=(status.reason or None) if status else "no_echo",
    )
