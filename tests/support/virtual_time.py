"""An event loop whose time jumps, and lives that end between two steps of their tasks.

When nothing is ready, the loop's clock moves to the next timer at once. Tasks that begin inside a
`Life` are counted step by step; when the life ends, no line of them runs any more, `finally`
included, until the wreck is cleared away with every door to the outside shut.
"""

import asyncio
import math
import selectors
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar, copy_context
from typing import Any

NS = 1_000_000_000
WALL_MS = 1_764_000_000_000
_LIFE: ContextVar["Life | None"] = ContextVar("life", default=None)


class StuckError(Exception):
    """Nothing is ready and no timer runs: virtual time would stand still for ever."""


class _Selector(selectors.DefaultSelector):
    """Waits for nobody: the time that would be waited passes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ns = 0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise StuckError
        if timeout > 0:
            self.now_ns += max(1, math.ceil(timeout * NS))
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop in virtual time."""

    def __init__(self) -> None:
        self._jumping = _Selector()
        super().__init__(self._jumping)
        self.set_task_factory(_task)

    def time(self) -> float:
        return self._jumping.now_ns / NS

    @property
    def now_ns(self) -> int:
        return self._jumping.now_ns

    def run_for(self, seconds: float, *, until: Callable[[], bool] | None = None) -> bool:
        """Let so much time pass, or less if the condition holds before; True if it did."""
        return self.run_until_complete(self._wait(seconds, until))

    async def _wait(self, seconds: float, until: Callable[[], bool] | None) -> bool:
        end = self.time() + seconds
        while self.time() < end:
            if until is not None and until():
                return True
            step = end - self.time() if until is None else min(0.02, end - self.time())
            await asyncio.sleep(step)
        return until is not None and until()


class VirtualClock:
    """The loop's time for everything that is handed a clock."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def monotonic_ns(self) -> int:
        return self._loop.now_ns + NS  # 0 means "never" in places

    def wall_ms(self) -> int:
        return WALL_MS + self._loop.now_ns // 1_000_000


class Life:
    """One life of a program: `ends_after` steps from now, if it was told so."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.steps = 0
        self.is_over = False
        self._is_clearing = False
        self._last_step: int | None = None
        self._tasks: list[asyncio.Task[Any]] = []

    def end_after(self, steps: int) -> None:
        self._last_step = self.steps + steps

    def end(self) -> None:
        self.is_over = True

    def begin(self, work: Coroutine[Any, Any, Any], name: str) -> "asyncio.Task[Any]":
        """Start a task of this life; tasks that it starts belong to it, too."""
        context = copy_context()
        context.run(_LIFE.set, self)
        task: asyncio.Task[Any] = context.run(self._loop.create_task, work, name=name)
        self._tasks.append(task)
        return task

    def may_step(self) -> bool:
        if self._is_clearing:
            return True
        if not self.is_over:
            self.steps += 1
            self.is_over = self._last_step is not None and self.steps > self._last_step
        return not self.is_over

    async def clear(self) -> None:
        """Take away what is left of it."""
        self.is_over = self._is_clearing = True
        left = [task for task in asyncio.all_tasks(self._loop) if _life_of(task) is self]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def failure(self) -> BaseException | None:
        """Return what a task of this life died of by itself."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                return task.exception()
        return None


def _life_of(task: "asyncio.Task[Any]") -> Life | None:
    steps = task.get_coro()
    return steps.life if isinstance(steps, _Steps) else None


def _task(loop: Any, work: Any, **given: Any) -> "asyncio.Task[Any]":
    life = _LIFE.get()
    steps = work if life is None else _Steps(work, life)
    return asyncio.Task(steps, loop=loop, **given)


class _Steps(Coroutine[Any, Any, Any]):
    """A coroutine that is counted, and frozen when its life is over."""

    def __init__(self, work: Any, life: Life) -> None:
        self._work = work
        self.life = life

    def send(self, value: Any) -> Any:
        if self.life.may_step():
            return self._work.send(value)
        return next(iter(asyncio.get_running_loop().create_future().__await__()))

    def throw(self, *error: Any) -> Any:
        return self._work.throw(*error)

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._work.__await__()  # type: ignore[no-any-return]
