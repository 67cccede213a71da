"""Feeds as files: `<feed folder>/*.csv` and `*.jsonl`, renamed into place by the sender.

Files are taken in name order, each whole or not at all, never twice; they end in `done/` or,
with a `.err` file that names row, field and reason, in `bad/`. There they lie as they came, with
what should not have been sent, too: after the feed's `keep_days` they are deleted.
"""

import asyncio
import csv
import hashlib
import json
import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Final

from drivers.protocols import Clock
from edge.feeds.accept import (
    FeedReport,
    Row,
    RowProblem,
    accept,
    header_problems,
    row_of_cells,
    row_of_json,
)
from edge.inbox import BAD, DONE, laid_aside_before, refuse
from edge.journal.reference import Change, Progress, Reference, Trouble, What
from edge.settings.model import FeedSettings

FILE_BYTES_MAX: Final = 16 * 1024 * 1024
FILE_ROWS_MAX: Final = 50_000
SLICE_ROWS: Final = 50
TOLD_MAX: Final = 20  # problems of one refusal that are kept
FORGOTTEN_MAX: Final = 100  # files a look: a full folder must not hold the loop
DAY_MS: Final = 86_400_000
READ_BYTES: Final = 256 * 1024
SUFFIXES: Final = (".csv", ".jsonl")


class FileRefusedError(Exception):
    """A file that cannot be read as rows."""

    def __init__(self, *problems: RowProblem) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    changes: list[Change]
    problems: list[RowProblem]


async def watch(
    feed: FeedSettings,
    reference: Reference,
    *,
    clock: Clock,
    on_report: Callable[[FeedReport], Awaitable[None]],
) -> None:
    """Take what is dropped, for ever."""
    log = logging.getLogger(f"feed.{feed.name}")
    while True:
        try:
            for report in await take_all(feed, reference, clock=clock):
                if not report.ok:
                    await reference.note(feed.name, _trouble(report))
                    log.error("feed %s: %s refused: %s", feed.name, report.name, report.refused[0])
                await on_report(report)
            if forgotten := forget(feed, clock=clock):
                log.info("feed %s: %d files older than %d days deleted", feed.name, forgotten,
                         feed.keep_days)  # fmt: skip
        except OSError as error:
            log.warning("feed %s: folder: %s", feed.name, error)
        await asyncio.sleep(feed.poll_s)


def forget(feed: FeedSettings, *, clock: Clock) -> int:
    """Delete what was laid aside longer ago than is agreed, a bounded part; return how many.

    Raises OSError.
    """
    assert feed.folder is not None, "settings give every folder feed its folder"
    before_ms = clock.wall_ms() - feed.keep_days * DAY_MS
    old = tuple(islice(laid_aside_before(feed.folder, before_ms * 1_000_000), FORGOTTEN_MAX))
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _trouble(report: FeedReport) -> Trouble:
    reason = "; ".join(map(str, report.refused[:TOLD_MAX]))
    return Trouble(what=What.REFUSED, at_ms=report.at_ms, reason=reason, name=report.name)


async def take_all(
    feed: FeedSettings, reference: Reference, *, clock: Clock
) -> tuple[FeedReport, ...]:
    """Take the files that lie there, in name order. Raises OSError."""
    assert feed.folder is not None, "settings give every folder feed its folder"
    for name in (DONE, BAD):
        (feed.folder / name).mkdir(parents=True, exist_ok=True)
    paths = [path for path in feed.folder.iterdir() if path.suffix in SUFFIXES and path.is_file()]
    return tuple([await _take(feed.name, path, reference, clock=clock) for path in sorted(paths)])


async def _take(feed: str, path: Path, reference: Reference, *, clock: Clock) -> FeedReport:
    if _size(path) > FILE_BYTES_MAX:
        problem = RowProblem(row=0, field="", reason=f"has more than {FILE_BYTES_MAX} bytes")
        verdict = _Verdict(changes=[], problems=[problem])
        return _ended(feed, path, verdict, clock=clock)
    sha256 = await _digest(path)
    if reference.has_file(sha256):  # taken before, perhaps by the start that a crash ended
        return _ended(feed, path, _Verdict(changes=[], problems=[]), clock=clock)
    verdict = await _judged(feed, path)
    if not verdict.problems:
        progress = Progress(at_ms=clock.wall_ms(), file=sha256)
        await reference.put(feed, verdict.changes, progress)
    return _ended(feed, path, verdict, clock=clock)


def _ended(feed: str, path: Path, verdict: _Verdict, *, clock: Clock) -> FeedReport:
    """Move the file away and say what became of it; its stay is counted from here."""
    now_ns = clock.wall_ms() * 1_000_000
    os.utime(path, ns=(now_ns, now_ns))
    if verdict.problems:
        lines = (f"{one.row}\t{one.field}\t{one.reason}" for one in verdict.problems)
        refuse(path, "\n".join(("row\tfield\treason", *lines)))
    else:
        path.replace(path.parent / DONE / path.name)
    return FeedReport(
        feed=feed,
        ok=not verdict.problems,
        rows=0 if verdict.problems else len(verdict.changes),
        refused=tuple(verdict.problems),
        at_ms=clock.wall_ms(),
        name=path.name,
    )


async def _judged(feed: str, path: Path) -> _Verdict:
    """Read and judge in slices, so that scans are taken in between."""
    changes: list[Change] = []
    problems: list[RowProblem] = []
    read = _read_csv if path.suffix == ".csv" else _read_json
    with path.open("rb") as raw, TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
        rows = read(feed, text)
        try:
            while part := list(islice(rows, SLICE_ROWS)):
                good, bad = accept(feed, part)
                changes += good
                problems += bad
                await asyncio.sleep(0)
        except FileRefusedError as error:
            problems += error.problems
    return _Verdict(changes=changes, problems=problems)


def _read_csv(feed: str, text: TextIOWrapper) -> Iterator[Row]:
    """Yield the rows behind the header. Raises FileRefusedError. Source: RFC 4180, UTF-8."""
    number = 0
    try:
        lines = csv.reader(text, strict=True)
        header = next(lines, [])
        if problems := header_problems(feed, header):
            raise FileRefusedError(*problems)
        for number, cells in enumerate(lines, 1):
            _need_few(number)
            yield row_of_cells(feed, number, header, cells)
    except (csv.Error, UnicodeDecodeError) as error:
        raise _unreadable(number + 1, error) from error


def _read_json(_: str, text: TextIOWrapper) -> Iterator[Row]:
    """Yield the rows of a file of JSON lines. Raises FileRefusedError."""
    number = 0
    try:
        for number, line in enumerate(text, 1):
            _need_few(number)
            if not line.isspace():
                yield row_of_json(number, json.loads(line))
    except ValueError as error:
        raise _unreadable(number, error) from error


def _need_few(number: int) -> None:
    if number > FILE_ROWS_MAX:
        problem = RowProblem(row=number, field="", reason=f"more than {FILE_ROWS_MAX} rows")
        raise FileRefusedError(problem)


def _unreadable(row: int, error: Exception) -> FileRefusedError:
    return FileRefusedError(RowProblem(row=row, field="", reason=f"cannot be read: {error}"))


def _size(path: Path) -> int:
    return path.stat().st_size


async def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(READ_BYTES):
            digest.update(chunk)
            await asyncio.sleep(0)
    return digest.hexdigest()
