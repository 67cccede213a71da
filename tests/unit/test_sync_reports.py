"""Circuits that changed for good are journalled, a flicker is not; dead letters one by one."""

from typing import Any

from edge.events import SyncDead, SyncState
from edge.journal.outbox import DeadLetter, OutboxRow
from edge.sync.reports import LETTERS_MAX, STATE_S, Reports
from edge.sync.target import TargetState, TargetStatus


class Clock:
    def __init__(self) -> None:
        self.now_ns = 1

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_ms(self) -> int:
        return 0

    def wait(self, seconds: float) -> None:
        self.now_ns += int(seconds * 1e9)


class Desk:
    def __init__(self) -> None:
        self.has_room = True
        self.told: list[Any] = []
        self.clock = Clock()
        self.reports = Reports(self._commit, self.clock)

    async def _commit(self, told: Any, once: str | None) -> bool:
        assert once is None
        if self.has_room:
            self.told.append(told)
        return self.has_room

    async def state(self, state: TargetState, *, lasts_s: float = STATE_S) -> None:
        status = TargetStatus(name="oms", state=state, pending=7, oldest_ms=9, reason="why")
        self.reports.state(status)
        self.clock.wait(lasts_s)
        await self.reports.tell_due()

    def states(self) -> list[str]:
        return [one.state for one in self.told]


async def test_what_lasts_is_told_once_and_its_end_too() -> None:
    desk = Desk()
    for state in (TargetState.SENDING, TargetState.BACKING_OFF, TargetState.BACKING_OFF):
        await desk.state(state)
    await desk.state(TargetState.IDLE)
    await desk.state(TargetState.SENDING)
    assert desk.told == [
        SyncState(target="oms", state=word, pending=7, oldest_ms=9, reason="why")
        for word in ("backing_off", "idle")
    ]


async def test_a_flicker_is_not_told() -> None:
    desk = Desk()
    for _ in range(100):
        await desk.state(TargetState.BACKING_OFF, lasts_s=STATE_S * 0.9)
        await desk.state(TargetState.SENDING, lasts_s=STATE_S * 0.9)
    assert desk.told == []


async def test_what_people_did_is_told_by_their_word_alone() -> None:
    desk = Desk()
    await desk.state(TargetState.PAUSED)
    await desk.state(TargetState.RETIRED)
    assert desk.told == []


async def test_without_room_it_is_told_later() -> None:
    desk = Desk()
    desk.has_room = False
    await desk.state(TargetState.REFUSED)
    desk.has_room = True
    await desk.state(TargetState.REFUSED)
    assert desk.states() == ["refused"]


async def test_dead_letters_are_told_in_order_and_a_flood_stays_bounded() -> None:
    desk = Desk()
    for seq in range(LETTERS_MAX + 5):
        row = OutboxRow(seq=seq, n=seq, id=f"e{seq}", body=b"", digest=b"", recorded_ms=0)
        letter = DeadLetter(seq=seq, n=seq, code="422", reason="no", attempts=2, first_ms=0)
        desk.reports.dead("oms", row, letter)
    await desk.reports.tell_due()
    assert [one.sequence for one in desk.told] == list(range(5, LETTERS_MAX + 5))
    assert desk.told[0] == SyncDead(
        target="oms", event="e5", sequence=5, code="422", reason="no", attempts=2
    )
