"""Stands where dispatch stands while somebody is trained: no order, no divert, only a record."""

import asyncio

from edge.dispatch.desk import Desk
from edge.events import MoveState
from edge.station.inputs import LegInput
from edge.station.moves import RECORDED
from edge.station.state import MoveWork, State


class Recorder:
    """Ends every planned leg in the training journal. It knows no driver: it can move nothing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look again now: something was committed."""
        self._woken.set()

    async def run(self) -> None:
        """Record for ever."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            await self.step()

    async def step(self) -> None:
        """Record every leg that is planned, but those of what can still be undone."""
        state = self._desk.state
        for work in tuple(state.moves.values()):
            if not _is_fresh(work, state):
                for leg in range(work.position, len(work.legs)):
                    done = LegInput(move=work.move, leg=leg, state=MoveState.DONE, reason=RECORDED)
                    await self._desk.commit(done)


def _is_fresh(work: MoveWork, state: State) -> bool:
    return any(work.move in one.moves for one in state.past)
