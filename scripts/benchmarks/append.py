"""Durable appends: this journal beside plain SQLite, queue packages and the floor of the disk.

All variants write bodies of the same bytes to the same file system, in rounds, one after the
other in one process. Flushes are counted in a separate run of each variant under strace, because
tracing slows what it watches; those of a checkpoint are told apart from those of a commit.
"""

import argparse
import asyncio
import itertools
import os
import random
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlite_utils
from huey.storage import SqliteStorage  # type: ignore[import-untyped]
from persistqueue import SQLiteAckQueue

from drivers.clock import SystemClock
from edge.events import Draft, Encoded, EventId, Origin, ScanRead, Stamp, Subject, UnitId, encode
from edge.events.scan import Match
from edge.journal.rows import id_blob
from edge.journal.schema import open_writer
from edge.journal.writer import Identity, Journal, Submission
from edge.settings.model import JournalSettings, TargetKind, TargetSettings

PRODUCERS: Final = 64
ROUND_S: Final = 0.4  # short ones: what slows the machine for a moment then slows all alike
COUNTED_EVENTS: Final = 2000
WARM_EVENTS: Final = 200
TEXT: Final = "010460123456789321" + "x" * 300  # makes a body of about 1.3 kB

ALONE: Final = "journal, 1 producer"
MANY: Final = f"journal, {PRODUCERS} producers, with encoding"
PLAIN: Final = "sqlite3 WAL/FULL, same tables and indexes"
COUNTED: Final = "--count"
COMMIT_SYNCS: Final = "commit_syncs"
CHECKPOINT_SYNCS: Final = "checkpoint_syncs"
NOT_COUNTED: Final = "not counted"
BEGIN: Final = "counting-begins"
END: Final = "counting-ends"


@dataclass(frozen=True, slots=True)
class Until:
    """When a variant stops: after a time, or after a number of events."""

    seconds: float = 0.0
    events: int = 0

    def steps(self) -> Iterator[None]:
        """Yield until it is time to stop."""
        end = time.perf_counter() + self.seconds
        done = 0
        while done < self.events if self.events else time.perf_counter() < end:
            yield
            done += 1


@dataclass(frozen=True, slots=True)
class Run:
    """What a variant did: the wait of each event, and the time it took in all."""

    waits_s: list[float]
    took_s: float

    @property
    def per_s(self) -> float:
        """Return events a second."""
        return len(self.waits_s) / self.took_s


Variant = Callable[[Path, Until], Run]


def run(seconds: float) -> list[dict[str, Any]]:
    """Return a row a variant, then a row a bar; `seconds` for all, without the counted runs."""
    rounds = max(3, int(seconds / (len(VARIANTS) * ROUND_S)))
    share = Until(seconds=seconds / (len(VARIANTS) * rounds))
    runs: dict[str, list[Run]] = {name: [] for name in VARIANTS}
    for _ in range(rounds):
        for name in VARIANTS:
            runs[name].append(_one_run(name, share))
    rows = [_row(name, runs) for name in VARIANTS]
    return [*rows, *_bars(rows, runs)]


def _one_run(name: str, until: Until) -> Run:
    with tempfile.TemporaryDirectory(prefix="append-", dir=_folder()) as folder:
        return VARIANTS[name](Path(folder), until)


def _row(name: str, runs: dict[str, list[Run]]) -> dict[str, Any]:
    waits = sorted(wait for one in runs[name] for wait in one.waits_s)
    commits, checkpoints = _flushes(name)
    return {
        "name": name,
        "per_s": round(statistics.median(one.per_s for one in runs[name])),
        "of_plain": round(_of(runs[name], runs[PLAIN]), 2),
        "p50_ms": round(waits[len(waits) // 2] * 1000, 3),
        "p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 3),
        COMMIT_SYNCS: commits,
        CHECKPOINT_SYNCS: checkpoints,
    }


def _of(some: list[Run], others: list[Run]) -> float:
    """Return the ratio of speeds, by rounds: what slows the machine slows both."""
    return statistics.median(a.per_s / b.per_s for a, b in zip(some, others, strict=True))


def _bars(rows: list[dict[str, Any]], runs: dict[str, list[Run]]) -> list[dict[str, Any]]:
    """Return what must hold, and whether it did."""
    speed = {row["name"]: row["per_s"] for row in rows}
    best = max(QUEUES, key=lambda name: speed[name])
    enough = min(20_000, 3 * speed[PLAIN])
    alone = next(row for row in rows if row["name"] == ALONE)
    bars = [
        ("1 producer, of the same tables in plain sqlite3", _of(runs[ALONE], runs[PLAIN]), 0.9),
        (f"{PRODUCERS} producers, of {best}", _of(runs[MANY], runs[best]), 5.0),
        (f"{PRODUCERS} producers, events/s", speed[MANY], enough),
    ]
    found = [
        {"name": f"bar: {name}", "value": round(value, 2), "least": least, "met": value >= least}
        for name, value, least in bars
    ]
    for key, most in ((COMMIT_SYNCS, 1.0), (CHECKPOINT_SYNCS, 0.1)):
        value = alone[key]
        is_met = value <= most if isinstance(value, float) else None
        found.append(
            {"name": f"bar: {key}, 1 producer", "value": value, "most": most, "met": is_met}
        )
    return found


def _folder() -> str | None:
    """Return where to write: `BENCH_DIR`, since the usual place may be memory."""
    return os.environ.get("BENCH_DIR")


# ---------------------------------------------------------------- flushes

# pid, call, file of its descriptor, the rest: `17 pwrite64(9</x/journal.db-wal>, …, 32, 0) = 32`
_CALL: Final = re.compile(r"\d+ +(\w+)\(\d+<(.*?)>(.*)")
_HEADER: Final = re.compile(r", 32, 0\)")  # a log that begins anew


def _flushes(name: str) -> tuple[float | str, float | str]:
    """Return flushes an event, of commits and of checkpoints, by strace."""
    strace = shutil.which("strace")
    if strace is None:
        return NOT_COUNTED, NOT_COUNTED
    with tempfile.NamedTemporaryFile(prefix="append-", suffix=".strace") as log:
        command = [strace, "-f", "-y", "-qq", "-s", "0", "-o", log.name]
        command += ["-e", "trace=fsync,fdatasync,pwrite64,write,mkdir"]
        command += [sys.executable, "-P", __file__, COUNTED, name]
        ended = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
        if ended.returncode != 0:
            return NOT_COUNTED, NOT_COUNTED
        lines = Path(log.name).read_text(errors="replace").splitlines()
    commits, checkpoints = _sorted_out(lines)
    return round(commits / COUNTED_EVENTS, 3), round(checkpoints / COUNTED_EVENTS, 3)


def _sorted_out(lines: list[str]) -> tuple[int, int]:
    """Count flushes between the marks: those after frames are a commit's, the others are not.

    A checkpoint flushes the log, which has nothing new by then, and the database; a log that
    begins anew has its header flushed. A file without a log has commits alone.
    """
    commits = checkpoints = 0
    has_frames = is_counting = False
    for line in lines:
        if "mkdir(" in line:
            is_counting = f'{BEGIN}"' in line or (is_counting and f'{END}"' not in line)
        found = _CALL.match(line)
        if found is None:
            continue
        call, file, rest = found.groups()
        if "write" in call:
            has_frames = not file.endswith(".db") and not _HEADER.search(rest)
        elif is_counting and has_frames:
            commits, has_frames = commits + 1, False
        elif is_counting:
            checkpoints += 1
    return commits, checkpoints


def _mark(folder: Path, name: str) -> None:
    """Leave a call in the trace: counting begins or ends here."""
    (folder / name).mkdir()


# ---------------------------------------------------------------- ours


def _ours(producers: int, *, is_encoded: bool = False) -> Variant:
    def variant(folder: Path, until: Until) -> Run:
        return asyncio.run(_journal(folder, until, producers, is_encoded=is_encoded))

    return variant


async def _journal(folder: Path, until: Until, producers: int, *, is_encoded: bool) -> Run:
    target = TargetSettings(
        name="t", kind=TargetKind.HTTP_BATCH, url="http://127.0.0.1:1/", events=("*", "scan.*")
    )
    identity = Identity(namespace="https://returns.example.com", site="a", station="b")
    waits: list[float] = []
    async with Journal(
        folder / "journal.db",
        identity,
        targets=(target,),
        budget=JournalSettings(),
        clock=SystemClock(),
    ) as journal:
        await _produce(journal, Until(events=WARM_EVENTS), [], is_encoded=is_encoded)
        share = Until(seconds=until.seconds, events=-(-until.events // producers))
        _mark(folder, BEGIN)
        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for n in range(producers):
                work = _produce(journal, share, waits, is_encoded=is_encoded)
                group.create_task(work, name=f"producer[{n}]")
        took_s = time.perf_counter() - started
        _mark(folder, END)
    return Run(waits, sum(waits) if is_encoded else took_s)


async def _produce(journal: Journal, until: Until, waits: list[float], *, is_encoded: bool) -> None:
    """Append one after the other; `is_encoded`: the time of encoding is left out, as elsewhere."""
    for _ in until.steps():
        started = time.perf_counter()
        event = _event(journal.journal_id)
        if is_encoded:
            started = time.perf_counter()
        await journal.commit(Submission(events=(event,)))
        waits.append(time.perf_counter() - started)


_DRAFT: Final = Draft(
    payload=ScanRead(
        device="scan-1",
        via="serial",
        text=TEXT,
        symbology="data_matrix",
        match=Match(what="unit"),
        raw_b64="QUJD" * 60,
    ),
    subject=Subject(unit=UnitId("0193a5c0-0000-7000-8000-000000000001")),
)


def _event(journal_id: str) -> Encoded:
    origin = Origin(
        namespace="https://returns.example.com",
        site="a",
        station="b",
        journal_id=journal_id,
        boot="b00t",
        config="c" * 64,
        tz="+03:00",
    )
    return encode(_DRAFT, _stamp(), origin)


def _stamp() -> Stamp:
    return Stamp(id=EventId(_uuid()), time_ms=1_764_000_000_000, mono_ms=5, operator="0417")


def _uuid() -> str:
    digits = f"0193a5c000007{random.getrandbits(76):019x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _body() -> bytes:
    """Return bytes as long as an event of ours."""
    event = _event("00000000")
    return event.head + bytes(64 + 60) + event.tail


# ---------------------------------------------------------------- the others


def _timed(folder: Path, write: Callable[[], object], until: Until) -> Run:
    for _ in range(WARM_EVENTS):
        write()
    waits: list[float] = []
    _mark(folder, BEGIN)
    begun = time.perf_counter()
    for _ in until.steps():
        started = time.perf_counter()
        write()
        waits.append(time.perf_counter() - started)
    took_s = time.perf_counter() - begun
    _mark(folder, END)
    return Run(waits, took_s)


def _threads(folder: Path, write: Callable[[], object], until: Until) -> Run:
    """Let as many threads write as there are producers."""
    share = Until(seconds=until.seconds, events=-(-until.events // PRODUCERS))
    waits: list[float] = []

    def produce() -> None:
        for _ in share.steps():
            started = time.perf_counter()
            write()
            waits.append(time.perf_counter() - started)

    threads = [threading.Thread(target=produce) for _ in range(PRODUCERS)]
    _mark(folder, BEGIN)
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took_s = time.perf_counter() - begun
    _mark(folder, END)
    return Run(waits, took_s)


def _same_tables(folder: Path, until: Until) -> Run:
    """The tables of the journal, one transaction an event, bodies and digests made before."""
    path = folder / "plain.db"
    open_writer(path, pages_max=1_000_000).close()
    connection = _plain_connection(path)
    body, digest, unit = _body(), bytes(32), id_blob("0193a5c0-0000-7000-8000-000000000001")
    seqs = itertools.count(1)

    def write() -> None:
        seq = next(seqs)
        key = random.getrandbits(128).to_bytes(16)
        row = (seq, key, "scan.read", None, unit, None, 1_764_000_000_000, body, digest)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        connection.execute("INSERT INTO outbox VALUES (?, 1, ?)", (seq, seq))
        connection.execute("COMMIT")

    try:
        return _timed(folder, write, until)
    finally:
        connection.close()


def _one_table(folder: Path, until: Until) -> Run:
    connection = _plain_connection(folder / "plain.db")
    connection.execute("CREATE TABLE event (seq INTEGER PRIMARY KEY, body BLOB)")
    body = _body()
    try:
        return _timed(
            folder,
            lambda: connection.execute("INSERT INTO event (body) VALUES (?)", (body,)).close(),
            until,
        )
    finally:
        connection.close()


def _plain_connection(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _sqlite_utils(folder: Path, until: Until) -> Run:
    db = sqlite_utils.Database(_plain_connection(folder / "utils.db"))
    events = db.table("event").create({"seq": int, "body": bytes}, pk="seq")
    body = _body()
    try:
        return _timed(folder, lambda: events.insert({"body": body}), until)
    finally:
        db.close()


def _persist_queue(drive: Callable[[Path, Callable[[], object], Until], Run]) -> Variant:
    def variant(folder: Path, until: Until) -> Run:
        queue = SQLiteAckQueue(str(folder / "q"), auto_commit=True, multithreading=True)
        body = _body()
        try:
            return drive(folder, lambda: queue.put(body), until)
        finally:
            queue.close()

    return variant


def _huey(drive: Callable[[Path, Callable[[], object], Until], Run]) -> Variant:
    def variant(folder: Path, until: Until) -> Run:
        storage = SqliteStorage("bench", str(folder / "huey.db"), fsync=True, timeout=60)
        body = _body()
        try:
            return drive(folder, lambda: storage.enqueue(body), until)
        finally:
            storage.close()

    return variant


def _raw_file(folder: Path, until: Until) -> Run:
    body = _body()
    with (folder / "raw").open("ab", buffering=0) as file:

        def write() -> None:
            file.write(body)
            os.fdatasync(file.fileno())

        return _timed(folder, write, until)


def _overwrite(folder: Path, until: Until) -> Run:
    page = bytes(4096)
    handle = os.open(folder / "page", os.O_RDWR | os.O_CREAT)
    os.write(handle, page)
    os.fsync(handle)

    def write() -> None:
        os.pwrite(handle, page, 0)
        os.fdatasync(handle)

    try:
        return _timed(folder, write, until)
    finally:
        os.close(handle)


QUEUES: Final[dict[str, Variant]] = {
    "persist-queue SQLiteAckQueue, put": _persist_queue(_timed),
    f"persist-queue, {PRODUCERS} threads": _persist_queue(_threads),
    "huey SqliteStorage, enqueue": _huey(_timed),
    f"huey, {PRODUCERS} threads": _huey(_threads),
}
VARIANTS: Final[dict[str, Variant]] = {
    ALONE: _ours(1, is_encoded=True),
    PLAIN: _same_tables,
    "journal, 1 producer, with encoding": _ours(1),
    MANY: _ours(PRODUCERS),
    "sqlite3 WAL/FULL, one table": _one_table,
    "sqlite-utils WAL/FULL, insert": _sqlite_utils,
    **QUEUES,
    "raw append + fdatasync": _raw_file,
    "yardstick: overwrite 4 KiB + fdatasync": _overwrite,
}


def main() -> None:
    """Print the rows, or write a counted number of events for strace to look at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=36.0)
    parser.add_argument(COUNTED, choices=tuple(VARIANTS))
    args = parser.parse_args()
    if args.count is not None:
        _one_run(args.count, Until(events=COUNTED_EVENTS))
        return
    for row in run(args.seconds):
        print(row)


if __name__ == "__main__":
    main()
