"""What waits, looked after: clocks that run out, the centre's word, the fact that was missing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from drivers.protocols import Clock
from edge.catalogue import ReturnLine
from edge.journal.reference import Reference
from edge.receiving.loop import Reply
from edge.station.inputs import DataInput, DueTimer, ReleaseInput
from edge.station.overdue import is_any_new
from edge.station.redecide import WAITS_FOR_DATA
from edge.station.state import Hold, State

LOOK_S: Final = 1.0
LOOKS_MAX: Final = 20  # holds a look: 60 µs each, on the loop


class HoldDesk:
    """Goes round the holds, some at a time."""

    def __init__(
        self,
        reference: Reference,
        *,
        clock: Clock,
        state: Callable[[], State],
        submit: Callable[[ReleaseInput | DataInput | DueTimer], Awaitable[Reply]],
    ) -> None:
        self._reference = reference
        self._clock = clock
        self._state = state
        self._submit = submit
        self._at = 0
        self._obeyed: set[str] = set()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()

    async def look(self) -> None:
        """Look once at the next holds."""
        holds = tuple(self._state().holds.values())
        now_ms = self._clock.wall_ms()
        if is_any_new(self._state(), now_ms):
            await self._submit(DueTimer(wall_ms=now_ms))
        self._at = self._at if self._at < len(holds) else 0
        for one in holds[self._at : self._at + LOOKS_MAX]:
            await self._look_at(one)
        self._at += LOOKS_MAX

    async def _look_at(self, one: Hold) -> None:
        names = filter(None, (one.unit.unit, one.unit.lpn))
        rows = [row for name in names for row in self._reference.entries("releases", name)]
        for row in rows:
            name = f"release/{row['release_id']}"
            if name in self._obeyed:
                continue
            decision, zone = str(row["decision"]), str(row.get("zone") or "")
            given = ReleaseInput(input=name, unit=one.unit.unit, decision=decision, zone=zone)
            reply = await self._submit(given)
            if reply.no is None:
                self._obeyed.add(name)
            return
        if one.reason in WAITS_FOR_DATA:
            item = self._reference.item(one.unit.gtin) if one.unit.gtin else None
            await self._submit(DataInput(unit=one.unit.unit, line=self._line(one), item=item))

    def _line(self, one: Hold) -> ReturnLine | None:
        rma, number = one.unit.rma, one.unit.line
        if rma is None or number is None:
            return None
        lines = (line for found in self._reference.find(rma) for line in found.lines)
        return next((line for line in lines if (line.rma, line.line) == (rma, number)), None)
