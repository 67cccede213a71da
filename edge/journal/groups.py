"""Submissions on their way to the store: groups of them, and what targets have acknowledged."""

import asyncio
import queue
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from edge.journal.outbox import Ack, Settlement
from edge.journal.rows import JournalBrokenError, JournalError, Receipt, Submission
from edge.journal.settle import merged
from edge.journal.store import Store
from edge.metrics import Metrics

GROUP_MAX: Final = 256
GROUP_BYTES_MAX: Final = 1024 * 1024
ACK_WAIT_S: Final = 0.2  # a cursor rides in the next group, or goes alone after this
IDLE_S: Final = 1.0  # nobody came for so long: there is time for what nobody waits for
MORE_S: Final = 0.02  # between two steps of that
QUICK_S: Final = 0.002  # a commit that may hold the loop, and what each event adds to it
QUICK_EVENT_S: Final = 0.00005
QUICK_RUN: Final = 16  # commits in a row that must be as quick


@dataclass(frozen=True, slots=True)
class Waiting:
    """A submission and who waits for it."""

    submission: Submission
    receipt: asyncio.Future[Receipt]


class Nudge:
    """Wakes the thread for what nobody waits for."""


NUDGE: Final = Nudge()
Answer = tuple[asyncio.Future[Receipt], Receipt | JournalError]
Submissions = queue.SimpleQueue[Waiting | Settlement | Nudge | None]


class Writer:
    """Groups what is queued and has it written. Who has the turn writes; the thread does the rest.

    `is_quick` = so many commits in a row took no longer than a loop may be held.
    """

    def __init__(
        self,
        store: Store,
        submissions: Submissions,
        turn: AbstractContextManager[object],
        *,
        metrics: Metrics,
        quick_s: float,
    ) -> None:
        self.store = store
        self._turn = turn
        self._quick_s = quick_s
        self._quick_run = 0
        self._queue = submissions
        self._metrics = metrics
        self._acks: dict[str, Ack] = {}
        self._asides: list[Settlement] = []
        self._ack_due_s = 0.0
        self._is_ending = False
        self.has_more = False
        self.group: tuple[Waiting, ...] = ()

    @property
    def is_quick(self) -> bool:
        """Return whether the disk has shown that the loop may wait for it."""
        return self._quick_run >= QUICK_RUN

    def take(self) -> tuple[Waiting, ...] | None:
        """Wait for submissions; none = acknowledgements alone are due, or idle; None = the end."""
        if self._is_ending:
            return None
        group: list[Waiting] = []
        size = 0
        while not self._is_ending and len(group) < GROUP_MAX and size < GROUP_BYTES_MAX:
            try:
                item = self._next(may_wait=not group)
            except queue.Empty:
                break  # nobody else, or the cursors have waited long enough
            match item:
                case None:
                    self._is_ending = True
                case Waiting():
                    group.append(item)
                    size += item.submission.size
                case Nudge():
                    break
                case _:
                    self._keep(item)
        self.group = tuple(group)
        return None if self._is_ending and not group and not self.has_news else self.group

    def _next(self, *, may_wait: bool) -> "Waiting | Settlement | Nudge | None":
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
        with self._turn:
            if not self.has_news:
                self._ack_due_s = time.monotonic() + ACK_WAIT_S
            if isinstance(told, Ack):
                self._acks[told.target] = merged(self._acks.get(told.target), told)
            else:
                self._asides.append(told)

    def write(self, group: tuple[Waiting, ...]) -> list[Answer]:
        """Write a group; one that fails is written one by one, so a bad submission fails alone."""
        acks = (*self._acks.values(), *self._asides)
        try:
            began_s = time.perf_counter()
            receipts = self.store.append([one.submission for one in group], acks)
            if group:
                self._measure(time.perf_counter() - began_s, group)
            self._acks.clear()
            self._asides.clear()
            answers: list[Answer] = [
                (one.receipt, receipt) for one, receipt in zip(group, receipts, strict=True)
            ]
        except JournalBrokenError:
            raise
        except JournalError:
            answers = [(one.receipt, self._alone(one)) for one in group]
        return answers

    def _measure(self, took_s: float, group: tuple[Waiting, ...]) -> None:
        events = sum(len(one.submission.events) for one in group)
        self._metrics.commit_s.observe(took_s)
        self._metrics.group.observe(events)
        most_s = self._quick_s and self._quick_s + events * QUICK_EVENT_S
        is_quick = took_s <= most_s
        self._quick_run = self._quick_run + 1 if is_quick else 0

    def rest(self) -> tuple[Waiting, ...]:
        """Return what is still queued when the thread ends."""
        left: list[Waiting] = []
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if isinstance(item, Waiting):
                left.append(item)
        return tuple(left)

    def _alone(self, one: Waiting) -> Receipt | JournalError:
        try:
            return self.store.append([one.submission], ())[0]
        except JournalBrokenError:
            raise
        except JournalError as error:
            return error
