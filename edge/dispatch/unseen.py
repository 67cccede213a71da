"""Loads that were put down and that nobody has scanned at their place in time."""

from typing import Final

from drivers.protocols import Clock
from edge.dispatch.belts import input_of
from edge.dispatch.desk import Desk
from edge.events import NO_SCAN, DiverterState, MoveState
from edge.floor import FloorSettings
from edge.station.inputs import DivertInput, LegInput
from edge.station.state import LegWork, MoveWork

MS: Final = 1000


class Unseen:
    """Tells what is overdue; what becomes of it is in the committed state, over restarts too."""

    def __init__(self, floor: FloorSettings, *, desk: Desk, clock: Clock) -> None:
        self._floor = floor
        self._desk = desk
        self._clock = clock

    async def step(self) -> None:
        """Report each load whose time is over, once."""
        until_ms = self._clock.wall_ms() - int(self._floor.timers.scan * MS)
        for work in tuple(self._desk.state.moves.values()):
            leg = work.current
            is_awaited = leg is not None and leg.state in (MoveState.UNSEEN, DiverterState.UNSEEN)
            if leg is not None and is_awaited and leg.since_ms <= until_ms:
                await self._desk.commit(_missed(work, leg))


def _missed(work: MoveWork, leg: LegWork) -> DivertInput | LegInput:
    if leg.divert is not None:
        lost = DiverterState.UNCONFIRMED
        return input_of(leg.divert, lost, attempt=leg.divert.attempt, reason=NO_SCAN)
    return LegInput(
        move=work.move,
        leg=work.position,
        state=MoveState.IN_DOUBT,
        robot=leg.robot,
        reason=NO_SCAN,
    )
