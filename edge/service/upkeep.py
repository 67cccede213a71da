"""Upkeep: the scrub of journal and photographs, and how full the disk is, as events."""

import asyncio
import logging
import shutil
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from edge.events import PhotoLost, StationCorrupt, StationDisk
from edge.journal.photos import Lost, PhotoStore
from edge.journal.scrub import Scrub
from edge.journal.space import DiskLevel
from edge.journal.writer import Journal, JournalBrokenError, Worker
from edge.station.inputs import StorageEvent

TURN_S: Final = 1.0
WEEK_TURNS: Final = int(7 * 24 * 3600 / TURN_S)  # the whole is looked at once a week
TOLD_MAX: Final = 1000  # sequences an event names

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

    async def run(self) -> None:
        """Turn for ever."""
        try:
            while True:
                await asyncio.sleep(TURN_S)
                await self.turn()
        finally:
            await asyncio.shield(self._worker.do(self.scrub.close))
            self._worker.close()

    async def turn(self) -> None:
        """Tell what has become of the disk and of photographs; scrub if nobody has worked."""
        await self._tell_level()
        await self._tell_lost()
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

    async def _scrub(self) -> None:
        if not self.are_pages_good:
            await self._worker.do(self.scrub.need_pages)
            self.are_pages_good = True
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
