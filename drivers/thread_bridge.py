"""Ways of a value from a device's thread to the loop; the only place in drivers that makes threads.

Hands over in order through bounded queues whose policy when full is stated; decides nothing.
"""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from types import TracebackType
from typing import Generic, TypeVar

from drivers.errors import DriverTimeoutError
from drivers.protocols import (
    Clock,
    Deadline,
    DeviceHealth,
    DeviceName,
    HealthState,
)

HEALTH_CHANGES_MAX = 16  # full: the oldest change goes, a health is a whole state

Item = TypeVar("Item")


class Handover(Generic[Item]):
    """A bounded queue into one loop: any thread puts, one consumer takes.

    Full: `stand_in(item, last)` makes the one item that stands for all refused ones; it waits
    behind the queue, `last` is the stand-in already waiting there. Nothing vanishes unseen.
    """

    def __init__(self, bound: int, stand_in: Callable[[Item, Item | None], Item]) -> None:
        self._loop = asyncio.get_running_loop()
        self._bound = bound
        self._stand_in = stand_in
        self._items: deque[Item] = deque()
        self._has_stand_in = False
        self._is_finished = False
        self._error: Exception | None = None
        self._lock = threading.Lock()
        self._is_woken = False
        self._ready = asyncio.Event()

    def put(self, item: Item) -> None:
        """Take an item; after `finish` it is ignored."""
        with self._lock:
            if self._is_finished:
                return
            if len(self._items) < self._bound:
                self._items.append(item)
                self._has_stand_in = False
            elif self._has_stand_in:
                self._items.append(self._stand_in(item, self._items.pop()))
            else:
                self._items.append(self._stand_in(item, None))
                self._has_stand_in = True
            self._wake()

    @property
    def is_full(self) -> bool:
        """Return whether the next item would be refused."""
        return len(self._items) >= self._bound

    @property
    def is_empty(self) -> bool:
        """Return whether the consumer has taken all there was."""
        return not self._items

    def finish(self, error: Exception | None = None) -> None:
        """End the stream behind what waits, by `error` if one is given; harmless twice."""
        with self._lock:
            if not self._is_finished:
                self._is_finished = True
                self._error = error
                self._wake()

    async def items(self) -> AsyncIterator[Item]:
        """Yield items in order; end or raise as `finish` said."""
        while True:
            await self._ready.wait()
            with self._lock:
                if not self._items and self._is_finished:
                    break
                if not self._items:
                    self._ready.clear()
                    self._is_woken = False
                    continue
                item = self._items.popleft()
            yield item
        if self._error is not None:
            raise self._error

    def _wake(self) -> None:
        """Wake the consumer once for many items: the loop's own queue stays short."""
        if not self._is_woken:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._ready.set)


class HealthFeed:
    """The light of one device: the present one first, then every change. Loop side only."""

    def __init__(self, name: DeviceName) -> None:
        self._now = DeviceHealth(device=name, state=HealthState.LOST, reason="closed")
        self._changes: deque[DeviceHealth] = deque(maxlen=HEALTH_CHANGES_MAX)
        self._news = asyncio.Event()

    @property
    def now(self) -> DeviceHealth:
        """Return the present light."""
        return self._now

    def show(self, state: HealthState, reason: str = "", usb_id: str = "") -> None:
        """Change the light; the same light again is no change."""
        health = replace(self._now, state=state, reason=reason, usb_id=usb_id)
        if health != self._now:
            self._now = health
            self._changes.append(health)
            self._news.set()

    async def stream(self) -> AsyncIterator[DeviceHealth]:
        """Yield lights for ever, over every re-opening; the consumer cancels."""
        self._changes.clear()
        yield self._now
        while True:
            while self._changes:
                yield self._changes.popleft()
            self._news.clear()
            await self._news.wait()


class BridgedThread:
    """A named thread that runs `work` once and tells its end, and what it raised, on the loop."""

    def __init__(
        self, name: str, work: Callable[[], None], ended: Callable[[Exception | None], None]
    ) -> None:
        self._work = work
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._is_done = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin. Only once."""
        self._thread.start()

    async def join(self, deadline: Deadline, clock: Clock) -> None:
        """Wait for the end of `work`, which the caller has asked to end.

        Raises DriverTimeoutError if it has not ended in time; the thread is left behind.
        """
        try:
            async with asyncio.timeout(deadline.remaining_s(clock)):
                await self._is_done.wait()
        except TimeoutError as error:
            name = self._thread.name
            raise DriverTimeoutError(name, "end the thread", "still busy") from error
        self._thread.join()

    def _run(self) -> None:
        failure: Exception | None = None
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - told on the loop, where a bug ends the service
            failure = error
        self._loop.call_soon_threadsafe(self._tell_end, failure)

    def _tell_end(self, failure: Exception | None) -> None:
        self._is_done.set()
        self._ended(failure)


class Turn:
    """What the loop and a device's thread may do only one after the other, and shortly."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()


class StopSign:
    """A request to end that a thread reads."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def show(self) -> None:
        """Ask to end."""
        self._event.set()

    @property
    def is_up(self) -> bool:
        """Return whether the thread should end."""
        return self._event.is_set()
