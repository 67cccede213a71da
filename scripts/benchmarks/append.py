"""Durable appends: this journal against plain SQLite, persist-queue and the floor of the disk.

All variants write bodies of the same size to the same file system, one after the other in one
process; ours encodes, chains and fills an outbox too. Flushes are counted in a separate run of
each variant under strace, because tracing slows what it watches.
"""

import argparse
import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from persistqueue import SQLiteAckQueue

from drivers.clock import SystemClock
from edge.events import Draft, EventId, Origin, ScanRead, Stamp, Subject, UnitId, encode
from edge.events.scan import Match
from edge.journal.writer import Identity, Journal, Submission
from edge.settings.model import JournalSettings, TargetKind, TargetSettings

PRODUCERS: Final = 64
COUNTED_EVENTS: Final = 2000
WARM_EVENTS: Final = 200
TEXT: Final = "010460123456789321" + "x" * 300  # makes a body of about 1.3 kB


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


Variant = Callable[[Path, Until], tuple[list[float], float]]


def run(seconds: float) -> list[dict[str, Any]]:
    """Return rows of name, per_s, p50_ms, p99_ms, fdatasync_per_event; `seconds` for all."""
    share = Until(seconds=seconds / len(VARIANTS))
    rows = [_measured(name, share) for name in VARIANTS]
    for row in rows:
        row["fdatasync_per_event"] = _flushes(row["name"])
    return rows


def _measured(name: str, until: Until) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="append-", dir=_folder()) as folder:
        times_s, took_s = VARIANTS[name](Path(folder), until)
    ranked = sorted(times_s)
    return {
        "name": name,
        "per_s": round(len(ranked) / took_s),
        "p50_ms": round(ranked[len(ranked) // 2] * 1000, 3),
        "p99_ms": round(ranked[int(len(ranked) * 0.99)] * 1000, 3),
    }


def _folder() -> str | None:
    """Return where to write: `BENCH_DIR`, since the usual place may be memory."""
    return os.environ.get("BENCH_DIR")


def _flushes(name: str) -> float | str:
    """Return fsync and fdatasync calls per event, by strace; n/a where there is none."""
    strace = shutil.which("strace")
    if strace is None:
        return "n/a"
    with tempfile.NamedTemporaryFile(prefix="append-", suffix=".strace") as log:
        command = [strace, "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", log.name]
        command += [sys.executable, __file__, "--count", name]
        ended = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
        if ended.returncode != 0:
            return "n/a"
        calls = [line for line in Path(log.name).read_text().splitlines() if "sync(" in line]
    return round(len(calls) / (COUNTED_EVENTS + WARM_EVENTS), 3)


# ---------------------------------------------------------------- ours


def _ours(producers: int) -> Variant:
    def variant(folder: Path, until: Until) -> tuple[list[float], float]:
        return asyncio.run(_journal(folder, until, producers))

    return variant


async def _journal(folder: Path, until: Until, producers: int) -> tuple[list[float], float]:
    target = TargetSettings(
        name="t", kind=TargetKind.HTTP_BATCH, url="http://127.0.0.1:1/", events=("*",)
    )
    identity = Identity(namespace="https://returns.example.com", site="a", station="b")
    times: list[float] = []
    async with Journal(
        folder / "journal.db",
        identity,
        targets=(target,),
        budget=JournalSettings(),
        clock=SystemClock(),
    ) as journal:
        await _produce(journal, Until(events=WARM_EVENTS), [])
        share = Until(seconds=until.seconds, events=-(-until.events // producers))
        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for n in range(producers):
                group.create_task(_produce(journal, share, times), name=f"producer[{n}]")
        return times, time.perf_counter() - started


async def _produce(journal: Journal, until: Until, times: list[float]) -> None:
    origin = Origin(
        namespace="https://returns.example.com",
        site="a",
        station="b",
        journal_id=journal.journal_id,
        boot="b00t",
        config="c" * 64,
        tz="+03:00",
    )
    for _ in until.steps():
        started = time.perf_counter()
        event = encode(_DRAFT, _stamp(), origin)
        await journal.commit(Submission(events=(event,)))
        times.append(time.perf_counter() - started)


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


def _stamp() -> Stamp:
    return Stamp(id=EventId(_uuid()), time_ms=1_764_000_000_000, mono_ms=5, operator="0417")


def _uuid() -> str:
    digits = f"0193a5c000007{random.getrandbits(76):019x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _body() -> bytes:
    """Return bytes as long as an event of ours."""
    origin = Origin(
        namespace="https://returns.example.com",
        site="a",
        station="b",
        journal_id="00000000",
        boot="b00t",
        config="c" * 64,
        tz="+03:00",
    )
    event = encode(_DRAFT, _stamp(), origin)
    return event.head + bytes(64 + 60) + event.tail


# ---------------------------------------------------------------- the others


def _timed(write: Callable[[], object], until: Until) -> tuple[list[float], float]:
    for _ in range(WARM_EVENTS):
        write()
    times: list[float] = []
    begun = time.perf_counter()
    for _ in until.steps():
        started = time.perf_counter()
        write()
        times.append(time.perf_counter() - started)
    return times, time.perf_counter() - begun


def _plain_sqlite(folder: Path, until: Until) -> tuple[list[float], float]:
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE event (seq INTEGER PRIMARY KEY, body BLOB)")
    body = _body()
    try:
        return _timed(
            lambda: connection.execute("INSERT INTO event (body) VALUES (?)", (body,)).close(),
            until,
        )
    finally:
        connection.close()


def _persist_queue(folder: Path, until: Until) -> tuple[list[float], float]:
    queue = SQLiteAckQueue(str(folder), auto_commit=True)
    body = _body()
    try:
        return _timed(lambda: queue.put(body), until)
    finally:
        queue.close()


def _raw_file(folder: Path, until: Until) -> tuple[list[float], float]:
    body = _body()
    with (folder / "raw").open("ab", buffering=0) as file:

        def write() -> None:
            file.write(body)
            os.fdatasync(file.fileno())

        return _timed(write, until)


def _overwrite(folder: Path, until: Until) -> tuple[list[float], float]:
    page = bytes(4096)
    handle = os.open(folder / "page", os.O_RDWR | os.O_CREAT)
    os.write(handle, page)
    os.fsync(handle)

    def write() -> None:
        os.pwrite(handle, page, 0)
        os.fdatasync(handle)

    try:
        return _timed(write, until)
    finally:
        os.close(handle)


VARIANTS: Final[dict[str, Variant]] = {
    "journal, 1 producer": _ours(1),
    f"journal, {PRODUCERS} producers": _ours(PRODUCERS),
    "sqlite3 WAL/FULL, one insert a commit": _plain_sqlite,
    "persist-queue SQLiteAckQueue, put": _persist_queue,
    "raw append + fdatasync": _raw_file,
    "yardstick: overwrite 4 KiB + fdatasync": _overwrite,
}


def main() -> None:
    """Print the rows, or write a counted number of events for strace to look at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=18.0)
    parser.add_argument("--count", choices=tuple(VARIANTS))
    args = parser.parse_args()
    if args.count is not None:
        with tempfile.TemporaryDirectory(prefix="append-", dir=_folder()) as folder:
            VARIANTS[args.count](Path(folder), Until(events=COUNTED_EVENTS))
        return
    for row in run(args.seconds):
        print(row)


if __name__ == "__main__":
    main()
