"""From a thread to the loop: in order, bounded, and never silently."""

import asyncio
import threading

import pytest

from drivers.clock import SystemClock
from drivers.errors import DriverTimeoutError
from drivers.protocols import Deadline, DeviceName, HealthState
from drivers.thread_bridge import BridgedThread, Handover, HealthFeed, StopSign


def counted(refused: int, last: int | None) -> int:
    """Stand for refused numbers by minus their count."""
    return (last or 0) - 1


async def taken(queue: Handover[int]) -> list[int]:
    return [item async for item in queue.items()]


async def test_what_a_thread_puts_arrives_in_order_and_the_thread_is_named() -> None:
    queue: Handover[int] = Handover(1000, counted)
    names: list[str] = []

    def work() -> None:
        names.append(threading.current_thread().name)
        for number in range(1000):
            queue.put(number)

    thread = BridgedThread("serial[x]", work, queue.finish)
    thread.start()
    assert await taken(queue) == list(range(1000))
    await thread.join(Deadline.after(2.0, SystemClock()), SystemClock())
    assert names == ["serial[x]"]


async def test_a_full_queue_keeps_the_oldest_and_counts_the_rest() -> None:
    queue: Handover[int] = Handover(3, counted)
    for number in range(10):
        queue.put(number)
    queue.finish()
    assert await taken(queue) == [0, 1, 2, -7]


async def test_what_comes_after_an_overrun_stands_behind_it() -> None:
    queue: Handover[int] = Handover(3, counted)
    stream = queue.items()
    for number in range(5):
        queue.put(number)
    assert [await anext(stream), await anext(stream)] == [0, 1]
    for number in range(5, 9):
        queue.put(number)
    queue.finish()
    assert [item async for item in stream] == [2, -2, 5, -3]


async def test_the_error_of_a_thread_reaches_the_consumer_behind_its_values() -> None:
    queue: Handover[int] = Handover(3, counted)

    def work() -> None:
        queue.put(1)
        raise ZeroDivisionError("a bug")

    thread = BridgedThread("t", work, queue.finish)
    thread.start()
    stream = queue.items()
    assert await anext(stream) == 1
    with pytest.raises(ZeroDivisionError):
        await anext(stream)
    await thread.join(Deadline.after(2.0, SystemClock()), SystemClock())
    queue.put(2)
    queue.finish()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_a_thread_that_does_not_end_is_told() -> None:
    stop = StopSign()
    let_go = threading.Event()
    thread = BridgedThread("stuck", lambda: _wait(let_go), lambda _: stop.show())
    thread.start()
    with pytest.raises(DriverTimeoutError, match="stuck"):
        await thread.join(Deadline.after(0.01, SystemClock()), SystemClock())
    assert not stop.is_up
    let_go.set()
    await thread.join(Deadline.after(2.0, SystemClock()), SystemClock())
    assert stop.is_up


def _wait(event: threading.Event) -> None:
    assert event.wait(5.0)


async def test_a_light_is_told_first_and_then_only_its_changes() -> None:
    feed = HealthFeed(DeviceName("hand-1"))
    stream = feed.stream()
    assert (await anext(stream)).state is HealthState.LOST
    feed.show(HealthState.OK)
    feed.show(HealthState.OK)
    feed.show(HealthState.DEGRADED, "busy")
    assert [(await anext(stream)).state for _ in range(2)] == [
        HealthState.OK,
        HealthState.DEGRADED,
    ]
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    assert not waiting.done()
    feed.show(HealthState.LOST, "unplugged")
    assert (await waiting).reason == "unplugged"
