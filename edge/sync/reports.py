"""What of the way to the targets is worth a record: circuits that changed for good, dead letters.

What lasts less than STATE_S is not told: a dying target must not fill the journal.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from drivers.protocols import Clock
from edge.events import SyncDead, SyncState
from edge.journal.outbox import DeadLetter, OutboxRow
from edge.sync.target import TargetState, TargetStatus

STATE_S: Final = 5.0
LOOK_S: Final = 1.0
LETTERS_MAX: Final = 1000  # beyond it the oldest are not told; the table of dead letters has all

# Recorded by the word of the person who did it.
_BY_PEOPLE: Final = frozenset((TargetState.PAUSED, TargetState.RETIRED))

Commit = Callable[[SyncState | SyncDead, str | None], Awaitable[bool]]


@dataclass(slots=True)
class _Seen:
    status: TargetStatus
    since_ns: int
    told: TargetState = TargetState.IDLE


class Reports:
    """Collects what pumps say and journals what lasts. `commit` returns False where no room is."""

    def __init__(self, commit: Commit, clock: Clock) -> None:
        self._commit = commit
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._letters: deque[SyncDead] = deque(maxlen=LETTERS_MAX)

    def state(self, status: TargetStatus) -> None:
        """Take a target's state."""
        now_ns = self._clock.monotonic_ns()
        seen = self._seen.setdefault(status.name, _Seen(status, now_ns))
        if seen.status.state.circuit is not status.state.circuit:
            seen.since_ns = now_ns
        seen.status = status

    def dead(self, target: str, row: OutboxRow, letter: DeadLetter) -> None:
        """Take an event that was refused for good."""
        self._letters.append(
            SyncDead(
                target=target,
                event=row.id,
                sequence=letter.seq,
                code=letter.code,
                reason=letter.reason,
                attempts=letter.attempts,
            )
        )

    async def run(self) -> None:
        """Journal what is due, for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.tell_due()

    async def tell_due(self) -> None:
        """Journal what is due now; what finds no room is told later."""
        while self._letters:
            if not await self._commit(self._letters[0], None):
                return
            self._letters.popleft()
        for seen in self._seen.values():
            status = seen.status
            circuit = status.state.circuit
            lasted_ns = self._clock.monotonic_ns() - seen.since_ns
            if circuit is seen.told or circuit in _BY_PEOPLE or lasted_ns < STATE_S * 1e9:
                continue
            if await self._commit(_state(status), None):
                seen.told = circuit


def _state(status: TargetStatus) -> SyncState:
    return SyncState(
        target=status.name,
        state=status.state.circuit.value,
        pending=status.pending,
        oldest_ms=status.oldest_ms,
        reason=status.reason or None,
    )
