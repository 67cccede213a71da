"""The one writer of the journal with its group commit, and named threads for files.

While the disk is quick the loop commits what came in one turn, else the thread `journal-writer`
does: one committer at a time. Nothing is acknowledged before COMMIT, no failed fsync tried again.
"""

import asyncio
import fcntl
import math
import os
import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Self, TypeVar

from drivers.protocols import Clock
from edge.journal.groups import (
    GROUP_BYTES_MAX,
    GROUP_MAX,
    NUDGE,
    QUICK_S,
    Answer,
    Submissions,
    Waiting,
    Writer,
)
from edge.journal.identity import Ancestry
from edge.journal.outbox import Ack, Aside, Order, Outbox, Settlement
from edge.journal.reader import Reader
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
TURN_S: Final = 0.001  # one producer may commit so long without a turn for others
LOOKS: Final = 16  # commits between two looks at the length of the log
LOCK_FILE: Final = "journal.lock"

Result = TypeVar("Result")


class Journal:
    """The one writer of a journal file.

    `changed` is replaced at each commit and the old one set: take it, look, then wait on it.
    `fresh` = the first event of this journal's identity is still to be committed. `salvages` = a
    damaged file is salvaged when it is opened, and `salvaged` tells what came of it. `metrics` are
    those of the whole station: who writes to a journal or sends from it counts there. `quick_s` =
    how long a commit may hold the loop, set before it is entered; 0: the thread does all.
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
        self.newest_ms = 0
        self.level = DiskLevel.NORMAL
        self.salvaged: Salvaged | None = None
        self._opened_with = Station(identity=identity, targets=targets, budget=budget, clock=clock)
        self._synchronous = synchronous
        self._salvages = salvages
        self.metrics = metrics or Metrics()
        self._next_n: dict[str, int] = {}
        self._dead: dict[str, int] = {}
        self._room = asyncio.Semaphore(SUBMISSIONS_MAX)
        self._queue: Submissions = queue.SimpleQueue()
        self._turn = threading.Lock()  # who holds it commits
        self._gathered: list[Waiting] = []  # in this turn of the loop
        self._committing: asyncio.Task[object] | None = None  # in this turn of the loop
        self._turn_began_s = 0.0
        self.quick_s = QUICK_S
        self._is_alone = True
        self._commits = 0
        self._committed_s = -math.inf
        self._is_ending = False
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
        self.newest_ms = store.tip.recorded_ms
        self._next_n = {book.name: book.next_n for book in store.books}
        self._dead = {book.name: book.dead for book in store.books}
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._writer = Writer(
            store, self._queue, self._turn, metrics=self.metrics, quick_s=self.quick_s
        )
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
        self._is_ending = True
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
        self._hand_in(Waiting(submission, receipt))
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
        last_seq = self.last_seq
        if have > last_seq:  # what a commit has just written is sent before it is told here
            with Reader(self.path) as reader:
                last_seq = reader.last_seq()
        told = LostTail(target=target, journal_id=self.journal_id, have=have)
        need_tail(self.path, last_seq, told)

    def outbox(self, target: str) -> Outbox:
        """Return a reader of what the target has not got; close it."""
        return Outbox(self.path, target)

    def rested_s(self) -> float:
        """Return for how long nothing was committed."""
        return self._loop.time() - self._committed_s

    def next_n(self, target: str) -> int:
        """Return the delivery number that the target's next event will have."""
        return self._next_n[target]

    def dead(self, target: str) -> int:
        """Return how many dead letters of the target are open."""
        return self._dead[target]

    # ------------------------------------------------------------ loop side

    def _hand_in(self, waiting: Waiting) -> None:
        """Commit at once what comes alone, gather what comes in one turn, or leave it all.

        A second one in a turn waits for the others of it, so a crowd is one group.
        """
        if not self._writer.is_quick or self._is_ending:
            self._queue.put(waiting)
        elif self._gathered or not self._is_alone or self._must_yield():
            if not self._gathered:
                self._loop.call_soon(self._commit_gathered)
            self._gathered.append(waiting)
        else:
            self._commit_here((waiting,))

    def _must_yield(self) -> bool:
        """Return whether somebody else has committed in this turn, or one has for long enough."""
        task, now_s = asyncio.current_task(), self._loop.time()
        if self._committing is None:
            self._committing, self._turn_began_s = task, now_s
            self._loop.call_soon(self._end_turn)
            return False
        return task is not self._committing or now_s - self._turn_began_s > TURN_S

    def _end_turn(self) -> None:
        self._committing = None

    def _commit_gathered(self) -> None:
        group, self._gathered = tuple(self._gathered), []
        self._is_alone = len(group) == 1
        self._commit_here(group)

    def _commit_here(self, group: tuple[Waiting, ...]) -> None:
        """Commit in the loop's own time; the thread does it if it is committing just now."""
        size = sum(waiting.submission.size for waiting in group)
        is_small = len(group) <= GROUP_MAX and size <= GROUP_BYTES_MAX
        if not is_small or self._is_ending or not self._turn.acquire(blocking=False):
            for waiting in group:
                self._queue.put(waiting)
            return
        try:
            answers = self._writer.write(group)
        except JournalBrokenError as error:
            self._break(group, error)
            return
        finally:
            self._turn.release()
        self._release(answers, self._writer.store)
        self._commits += 1
        if self._commits % LOOKS == 0 and self._writer.store.is_log_long(is_idle=True):
            self._queue.put(NUDGE)

    def _break(self, group: tuple[Waiting, ...], error: JournalBrokenError) -> None:
        self._broken, self._is_ending = error, True
        if isinstance(error, JournalDamagedError):
            mark(self.path, str(error))
        for waiting in group:
            self._room.release()
            if not waiting.receipt.done():
                waiting.receipt.set_exception(error)
        self._queue.put(None)

    def _release(self, answers: Sequence[Answer], store: Store) -> None:
        committed = [given for _, given in answers if isinstance(given, Receipt)]
        if committed:
            self.last_seq = max(self.last_seq, committed[-1].last_seq)
            self.newest_ms = max(self.newest_ms, committed[-1].recorded_ms)
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
            self._committed_s = self._loop.time()
            before, self.changed = self.changed, asyncio.Event()
            before.set()

    def _end(self, left: Sequence[Waiting], broken: JournalBrokenError) -> None:
        self._broken = self._broken or broken
        for waiting in (*left, *self._writer.rest()):
            self._room.release()
            if not waiting.receipt.done():
                waiting.receipt.set_exception(self._broken)
        self._ended.set()

    # ------------------------------------------------------------ thread side

    def _run(self, store: Store) -> None:
        writer = self._writer
        broken = JournalBrokenError("append", "the writer has ended")
        try:
            while (group := writer.take()) is not None:
                if not group and not writer.has_news:
                    self._idle(writer, store)
                    continue
                with self._turn:
                    answers = writer.write(group)
                self._loop.call_soon_threadsafe(self._release, answers, store)
                writer.group = ()
                self._copy_log(store)
        except JournalBrokenError as error:
            broken = error
            if isinstance(error, JournalDamagedError):
                mark(self.path, str(error))
        finally:
            with self._turn:
                self._is_ending = True
                store.close()
            self._loop.call_soon_threadsafe(self._end, (*writer.group, *writer.rest()), broken)

    def _idle(self, writer: Writer, store: Store) -> None:
        level = store.level
        with self._turn:
            writer.has_more = store.idle()
        if store.level is not level:
            self._loop.call_soon_threadsafe(self._release, (), store)

    def _copy_log(self, store: Store) -> None:
        """The turn is taken for it only where it is due: the loop finds it free when it wakes."""
        is_idle = self._queue.empty()
        if store.is_log_long(is_idle=is_idle):
            with self._turn, self.metrics.checkpoint_s.time():
                store.checkpoint(is_idle=is_idle)


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
