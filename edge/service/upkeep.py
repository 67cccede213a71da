"""Upkeep: the scrub of journal and photographs, and how full the disk is, as events."""

import asyncio
import logging
import shutil
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from drivers.protocols import Clock
from edge.events import PhotoLost, StationCorrupt, StationDisk
from edge.journal.accounts import accounts
from edge.journal.photos import Lost, PhotoStore
from edge.journal.reader import Reader
from edge.journal.rows import NOT_UPLOADED
from edge.journal.scrub import Scrub
from edge.journal.space import DiskLevel, yardstick_s
from edge.journal.writer import Journal, JournalBrokenError, Worker
from edge.station.inputs import StorageEvent

TURN_S: Final = 1.0
WEEK_TURNS: Final = int(7 * 24 * 3600 / TURN_S)  # the whole is looked at once a week
TOLD_MAX: Final = 1000  # sequences an event names
PHOTOS_NS: Final = 60_000_000_000  # between two looks for photographs that nobody takes
MEASURE_TURNS: Final = 10
YARDSTICK_NS: Final = 3600 * 1_000_000_000
OVERDUE_MAX: Final = 20  # of them a look
DAY_MS: Final = 86_400_000

log = logging.getLogger("upkeep")


class Upkeep:
    """Looks at what is stored while nobody works; a turn a second, a little of it each.

    `is_clean` = the service before this one had ended in order; else every page is looked at, once.
    """

    def __init__(
        self,
        journal: Journal,
        photos: PhotoStore,
        *,
        lost: tuple[Lost, ...],
        clock: Clock,
        is_clean: bool = True,
        record: Callable[[StorageEvent, str], Awaitable[bool]],
    ) -> None:
        self._journal = journal
        self._photos = photos
        self._record = record
        self._lost = deque(lost)
        self.are_pages_good = is_clean
        self._worker = Worker("journal-scrub", bound=1, errors=(JournalBrokenError,))
        self.scrub = Scrub(journal.path)
        journal.metrics.chain_ok.set(1)
        self._level = DiskLevel.NORMAL
        self._levels = 0
        self._last_seq = 0
        self._rest_turns = 0
        self._clock = clock
        self._photos_due_ns = 0
        self._measure_turns = 0
        self._yardstick_ns = 0

    def lost(self, one: Lost) -> None:
        """Take that a photograph is not there as it was; it is journalled soon."""
        if one not in self._lost:
            self._lost.append(one)

    async def run(self) -> None:
        """Turn for ever."""
        try:
            while True:
                await asyncio.sleep(TURN_S)
                await self.turn()
        finally:
            await asyncio.shield(self.close())

    async def close(self) -> None:
        """End the scrub and its thread."""
        await self._worker.do(self.scrub.close)
        self._worker.close()

    async def turn(self) -> None:
        """Tell what has become of the disk and of photographs; scrub if nobody has worked."""
        await self._tell_level()
        await self._tell_lost()
        await self._measure()
        is_idle = self._journal.last_seq == self._last_seq
        self._last_seq = self._journal.last_seq
        if self._rest_turns:
            self._rest_turns -= 1
        elif is_idle:
            await self._scrub()

    async def _tell_level(self) -> None:
        level = self._journal.level
        if level is self._level:
            return
        free_mb = shutil.disk_usage(self._journal.path.parent).free // 1_000_000
        self._levels += 1
        event = StationDisk(level=level.name.lower(), free_mb=free_mb)
        if await self._record(event, f"disk/{self._journal.last_seq}/{self._levels}"):
            self._level = level

    async def _tell_lost(self) -> None:
        while self._lost:
            one = self._lost[0]
            log.error("photographs: %s: %s", one.sha256, one.reason)
            event = PhotoLost(sha256=one.sha256, reason=one.reason)
            if not await self._record(event, f"photo.lost/{one.sha256}"):
                return
            self._lost.popleft()

    async def _measure(self) -> None:
        if self._measure_turns:
            self._measure_turns -= 1
            return
        self._measure_turns = MEASURE_TURNS
        await self._worker.do(self._take_measures)

    def _take_measures(self) -> None:
        """What only the tables tell; and, now and then, what the disk can do."""
        metrics, path = self._journal.metrics, self._journal.path
        with Reader(path) as reader:
            photos, intents = reader.photo_sums(), reader.intent_counts()
        waiting = [photos.get(state, (0, 0)) for state in ("kept", "refused")]
        metrics.photos_pending.set(sum(count for count, _ in waiting))
        gone = ("purged", "erased", "lost")
        metrics.photo_bytes.set(sum(size for key, (_, size) in photos.items() if key not in gone))
        metrics.intents.clear()
        for (kind, state), count in intents.items():
            metrics.intents.labels(kind, state).set(count)
        for one in accounts(path):
            metrics.replay_pending.labels(one.name).set(one.replay_pending)
        if self._yardstick_ns <= self._clock.monotonic_ns():
            self._yardstick_ns = self._clock.monotonic_ns() + YARDSTICK_NS
            with suppress(OSError):  # no room for 4 KiB: the disk's level says so
                metrics.yardstick_s.set(yardstick_s(path.parent))

    async def _give_up_photos(self) -> None:
        """A photograph that nobody takes must not keep its event, and its disk, for ever."""
        days = self._journal.photo_wait_days
        if days is None or self._clock.monotonic_ns() < self._photos_due_ns:
            return
        self._photos_due_ns = self._clock.monotonic_ns() + PHOTOS_NS
        before_ms = self._clock.wall_ms() - days * DAY_MS
        for sha256 in await self._worker.do(lambda: self._overdue(before_ms)):
            self.lost(Lost(sha256=sha256, reason=NOT_UPLOADED))

    def _overdue(self, before_ms: int) -> tuple[str, ...]:
        with Reader(self._journal.path) as reader:
            return reader.overdue_photos(before_ms, OVERDUE_MAX)

    async def _scrub(self) -> None:
        if not self.are_pages_good:
            await self._worker.do(self.scrub.need_pages)
            self.are_pages_good = True
        await self._give_up_photos()
        damaged = await self._worker.do(self.scrub.step)
        metrics = self._journal.metrics
        metrics.scrubbed.set(self.scrub.seq)
        if damaged:
            log.error("journal: damaged events, never to be sent: %s", damaged[:20])
            event = StationCorrupt(sequences=damaged[:TOLD_MAX], file=self._journal.path.name)
            await self._record(event, f"corrupt/{self._journal.journal_id}/{damaged[0]}")
            metrics.corrupt.inc(len(damaged))
            metrics.chain_ok.set(0)
        elif (lost := await self._photos.check_next()) is not None:
            self._lost.append(lost)
        if self.scrub.is_done and self._photos.is_checked:
            self._photos.check_anew()
            self._rest_turns = WEEK_TURNS
