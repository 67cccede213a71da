"""The journal's threads: the one writer with its group commit, and named workers for files.

Nothing is acknowledged before COMMIT; a failed fsync is never tried again in this process.
"""

import asyncio
import fcntl
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, TypeVar

from drivers.protocols import Clock
from edge.journal.identity import Ancestry
from edge.journal.outbox import Ack, Aside, Order, Outbox, Settlement
from edge.journal.rows import (
    CodeRow,
    Identity,
    IntentRow,
    IntentState,
    JournalBrokenError,
    JournalBusyError,
    JournalConflictError,
    JournalDamagedError,
    JournalDuplicateError,
    JournalError,
    JournalFullError,
    LiveRow,
    Receipt,
    Submission,
)
from edge.journal.salvage import Salvaged, Station, finish, mark, marked, may_by_itself, salvage
from edge.journal.schema import Synchronous
from edge.journal.settle import merged
from edge.journal.space import DiskLevel
from edge.journal.store import Store, open_store
from edge.journal.tail import LostTail, need_tail
from edge.metrics import Metrics
from edge.settings.model import JournalSettings, TargetKind, TargetSettings

__all__ = [
    "CodeRow",
    "Identity",
    "IntentRow",
    "IntentState",
    "Journal",
    "JournalBrokenError",
    "JournalBusyError",
    "JournalConflictError",
    "JournalDamagedError",
    "JournalDuplicateError",
    "JournalError",
    "JournalFullError",
    "LiveRow",
    "Receipt",
    "Submission",
    "Synchronous",
    "Worker",
]

SUBMISSIONS_MAX: Final = 256  # full: the producer awaits
GROUP_MAX: Final = 256
GROUP_BYTES_MAX: Final = 1024 * 1024
ACK_WAIT_S: Final = 0.2  # a cursor rides in the next group, or goes alone after this
IDLE_S: Final = 1.0  # nobody came for so long: there is time for what nobody waits for
MORE_S: Final = 0.02  # between two steps of that
LOCK_FILE: Final = "journal.lock"

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Waiting:
    submission: Submission
    receipt: asyncio.Future[Receipt]


_Answer = tuple[asyncio.Future[Receipt], Receipt | JournalError]


class Journal:
    """The one writer of a journal file.

    `changed` is replaced at each commit and the old one set: take it, look, then wait on it.
    `fresh` = the first event of this journal's identity is still to be committed. `salvages` = a
    damaged file is salvaged when it is opened, and `salvaged` tells what came of it. `metrics` are
    those of the whole station: who writes to a journal or sends from it counts there.
    """

    def __init__(
        self,
        path: Path,
        identity: Identity,
        *,
        targets: tuple[TargetSettings, ...],
        budget: JournalSettings,
        clock: Clock,
        synchronous: Synchronous = Synchronous.FULL,
        salvages: bool = False,
        metrics: Metrics | None = None,
    ) -> None:
        self.path = path
        self.identity = identity
        self.changed = asyncio.Event()
        self.ancestry = Ancestry(journal_id="", reason="", last_seq=0)
        self.reason = ""
        self.last_seq = 0
        self.level = DiskLevel.NORMAL
        self.salvaged: Salvaged | None = None
        self._opened_with = Station(identity=identity, targets=targets, budget=budget, clock=clock)
        self._synchronous = synchronous
        self._salvages = salvages
        self.metrics = metrics or Metrics()
        self._next_n: dict[str, int] = {}
        self._dead: dict[str, int] = {}
        self._room = asyncio.Semaphore(SUBMISSIONS_MAX)
        self._queue: queue.SimpleQueue[_Waiting | Settlement | None] = queue.SimpleQueue()
        self._broken: JournalBrokenError | None = None

    async def __aenter__(self) -> Self:
        """Take the lock, open the file, start the thread; blocks some ten milliseconds.

        Raises JournalBusyError when another process has it, JournalBrokenError for a file that
        is no journal.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = locked(self.path.with_name(LOCK_FILE))
        try:
            store = self._open()
        except JournalBrokenError:
            os.close(self._lock)
            raise
        self.ancestry, self.reason = store.ancestry, store.reason
        self.last_seq, self.level = store.tip.seq, store.level
        self._next_n = {book.name: book.next_n for book in store.books}
        self._dead = {book.name: book.dead for book in store.books}
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(store,), name="journal-writer")
        self._thread.start()
        return self

    def _open(self) -> Store:
        """Open the file; a damaged one is salvaged if that may be done without a person."""
        finish(self.path)
        try:
            return self._store()
        except JournalDamagedError:
            if not self._salvages or not may_by_itself(self.path):
                raise
            self.salvaged = salvage(self.path, self._opened_with)
            return self._store()

    def _store(self) -> Store:
        if why := marked(self.path):
            raise JournalDamagedError("open", why)
        given = self._opened_with
        return open_store(
            self.path,
            given.identity,
            targets=given.targets,
            budget=given.budget,
            clock=given.clock,
            synchronous=self._synchronous,
        )

    async def __aexit__(self, *_: object) -> None:
        self._queue.put(None)
        await self._ended.wait()
        self._thread.join()
        os.close(self._lock)

    @property
    def journal_id(self) -> str:
        """Return the id of this journal."""
        return self.ancestry.journal_id

    @property
    def photo_wait_days(self) -> int | None:
        """Return how long a photograph waits to be taken, None where nobody is to take any."""
        given = self._opened_with
        is_due = any(one.kind is TargetKind.PHOTO_HTTP for one in given.targets)
        return given.budget.photo_wait_days if is_due else None

    @property
    def fresh(self) -> bool:
        """Return whether the first event of this identity, `station.journal`, is still missing."""
        return bool(self.reason)

    @property
    def source(self) -> str:
        """Return the CloudEvents `source` of this journal's events."""
        who = self.identity
        return f"{who.namespace}/station/{who.site}.{who.station}/{self.journal_id}"

    async def commit(self, submission: Submission) -> Receipt:
        """Return when the submission is on disk; cancelling the wait does not take it back.

        Raises JournalDuplicateError, JournalConflictError or JournalFullError (nothing was
        written), JournalBrokenError (the process must end).
        """
        assert submission.events, "a submission without an event has no place in the chain"
        await self._room.acquire()
        if self._broken is not None:
            self._room.release()
            raise self._broken
        receipt: asyncio.Future[Receipt] = self._loop.create_future()
        self._queue.put(_Waiting(submission, receipt))
        return await receipt

    def ack(self, told: Settlement) -> None:
        """Write news of a target soon; a cursor lost in a crash means resending, no more."""
        match told:
            case Ack():
                change = len(told.dead)
            case Aside():
                change = told.dead_change
            case Order():
                change = -told.open_dead
        self._dead[told.target] = self._dead.get(told.target, 0) + change
        self._queue.put(told)

    def need_tail(self, target: str, have: int) -> None:
        """Take what a target says it has of this journal.

        Raises JournalTailLostError when that is more than there is: the process must end.
        """
        told = LostTail(target=target, journal_id=self.journal_id, have=have)
        need_tail(self.path, self.last_seq, told)

    def outbox(self, target: str) -> Outbox:
        """Return a reader of what the target has not got; close it."""
        return Outbox(self.path, target)

    def next_n(self, target: str) -> int:
        """Return the delivery number that the target's next event will have."""
        return self._next_n[target]

    def dead(self, target: str) -> int:
        """Return how many dead letters of the target are open."""
        return self._dead[target]

    # ------------------------------------------------------------ loop side of the hand-over

    def _release(self, answers: Sequence[_Answer], store: Store) -> None:
        committed = [given for _, given in answers if isinstance(given, Receipt)]
        if committed:
            self.last_seq = committed[-1].last_seq
            self.reason = ""
            self._next_n = {book.name: book.next_n for book in store.books}
        self.level = store.level
        for future, given in answers:
            self._room.release()
            if future.done():
                continue
            if isinstance(given, Receipt):
                future.set_result(given)
            else:
                future.set_exception(given)
        if committed:
            before, self.changed = self.changed, asyncio.Event()
            before.set()

    def _end(self, left: Sequence[_Waiting], broken: JournalBrokenError) -> None:
        self._broken = self._broken or broken
        for waiting in left:
            self._room.release()
            if not waiting.receipt.done():
                waiting.receipt.set_exception(self._broken)
        self._ended.set()

    # ------------------------------------------------------------ thread side

    def _run(self, store: Store) -> None:
        writer = _Writer(store, self._queue, self.metrics)
        broken = JournalBrokenError("append", "the writer has ended")
        try:
            while (group := writer.take()) is not None:
                if not group and not writer.has_news:
                    level = store.level
                    writer.has_more = store.idle()
                    if store.level is not level:
                        self._loop.call_soon_threadsafe(self._release, (), store)
                    continue
                answers = writer.write(group)
                self._loop.call_soon_threadsafe(self._release, answers, store)
                writer.group = ()
                with self.metrics.checkpoint_s.time():
                    store.checkpoint(is_idle=self._queue.empty())
        except JournalBrokenError as error:
            broken = error
            if isinstance(error, JournalDamagedError):
                mark(self.path, str(error))
        finally:
            store.close()
            self._loop.call_soon_threadsafe(self._end, (*writer.group, *writer.rest()), broken)


class _Writer:
    """Groups what is queued and has it written; lives in the thread."""

    def __init__(
        self,
        store: Store,
        submissions: "queue.SimpleQueue[_Waiting | Settlement | None]",
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._queue = submissions
        self._metrics = metrics
        self._acks: dict[str, Ack] = {}
        self._asides: list[Settlement] = []
        self._ack_due_s = 0.0
        self._is_ending = False
        self.has_more = False
        self.group: tuple[_Waiting, ...] = ()

    def take(self) -> tuple[_Waiting, ...] | None:
        """Wait for submissions; none = acknowledgements alone are due, or idle; None = the end."""
        if self._is_ending:
            return None
        group: list[_Waiting] = []
        size = 0
        while not self._is_ending and len(group) < GROUP_MAX and size < GROUP_BYTES_MAX:
            try:
                item = self._next(may_wait=not group)
            except queue.Empty:
                break  # nobody else, or the cursors have waited long enough
            match item:
                case None:
                    self._is_ending = True
                case _Waiting():
                    group.append(item)
                    size += item.submission.size
                case _:
                    self._keep(item)
        self.group = tuple(group)
        return None if self._is_ending and not group and not self.has_news else self.group

    def _next(self, *, may_wait: bool) -> "_Waiting | Settlement | None":
        if not may_wait:
            return self._queue.get_nowait()
        if not self.has_news:
            return self._queue.get(timeout=MORE_S if self.has_more else IDLE_S)
        return self._queue.get(timeout=max(0.001, self._ack_due_s - time.monotonic()))

    @property
    def has_news(self) -> bool:
        """Return whether there is something of the targets to write."""
        return bool(self._acks or self._asides)

    def _keep(self, told: Settlement) -> None:
        if not self.has_news:
            self._ack_due_s = time.monotonic() + ACK_WAIT_S
        if isinstance(told, Ack):
            self._acks[told.target] = merged(self._acks.get(told.target), told)
        else:
            self._asides.append(told)

    def write(self, group: tuple[_Waiting, ...]) -> list[_Answer]:
        """Write a group; one that fails is written one by one, so a bad submission fails alone."""
        acks = (*self._acks.values(), *self._asides)
        try:
            with self._metrics.commit_s.time():
                receipts = self._store.append([one.submission for one in group], acks)
            self._metrics.group.observe(sum(len(one.submission.events) for one in group))
            self._acks.clear()
            self._asides.clear()
            answers: list[_Answer] = [
                (one.receipt, receipt) for one, receipt in zip(group, receipts, strict=True)
            ]
        except JournalBrokenError:
            raise
        except JournalError:
            answers = [(one.receipt, self._alone(one)) for one in group]
        return answers

    def rest(self) -> tuple[_Waiting, ...]:
        """Return what is still queued when the thread ends."""
        left: list[_Waiting] = []
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if isinstance(item, _Waiting):
                left.append(item)
        return tuple(left)

    def _alone(self, one: _Waiting) -> Receipt | JournalError:
        try:
            return self._store.append([one.submission], ())[0]
        except JournalBrokenError:
            raise
        except JournalError as error:
            return error


class Worker:
    """A named thread that does one call after the other; `bound` calls wait, then callers await."""

    def __init__(self, name: str, *, bound: int, errors: tuple[type[Exception], ...]) -> None:
        self._name = name
        self._errors = errors
        self._room = asyncio.Semaphore(bound)
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def do(self, call: Callable[[], Result]) -> Result:
        """Return what `call` returns, raise what it raises of the `errors`; starts the thread."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Result] = loop.create_future()

        def step() -> None:
            try:
                value = call()
                loop.call_soon_threadsafe(_settle, result, value)
            except self._errors as error:
                loop.call_soon_threadsafe(_fail, result, error)
            finally:  # a mistake in `call` ends the thread, but nobody waits for ever
                loop.call_soon_threadsafe(result.cancel)

        async with self._room:
            self.start(step)
            return await result

    def start(self, call: Callable[[], None]) -> None:
        """Do a call that nobody waits for; one that does not end by itself its owner must end."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name)
            self._thread.start()
        self._calls.put(call)

    def close(self) -> None:
        """Finish what is queued and end the thread; harmless twice."""
        if self._thread is not None:
            self._calls.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


def machine_id() -> str:
    """Return what tells this machine from one its disk was copied to; empty if nothing does."""
    path = Path("/etc/machine-id")
    return path.read_text(encoding="ascii").strip() if path.exists() else ""


def _settle(result: "asyncio.Future[Result]", value: Result) -> None:
    if not result.done():
        result.set_result(value)


def _fail(result: "asyncio.Future[Result]", error: Exception) -> None:
    if not result.done():
        result.set_exception(error)


def locked(path: Path) -> int:
    """Return the open lock of a journal. Raises JournalBusyError: another process has it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise JournalBusyError(str(path)) from error
    return lock
