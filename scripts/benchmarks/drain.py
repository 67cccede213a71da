"""Draining a backlog over HTTP into another process that parses it; live events meanwhile.

A journal of BACKLOG events is made once by the real writer. Each way of sending runs the real pump
in a process of its own over it, so that memory is that of the sender alone.
"""

import argparse
import asyncio
import base64
import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from drivers.clock import SystemClock
from edge.events import Draft, Encoded, EventId, Origin, ScanRead, Stamp, Subject, UnitId, encode
from edge.events.scan import Match
from edge.journal.writer import Identity, Journal, Submission
from edge.settings.model import CatchUp, JournalSettings, TargetKind, TargetSettings
from edge.sync.pump import pump
from edge.sync.target import TargetState, TargetStatus

BACKLOG: Final = 500_000
SMALL: Final = 100_000
DRAIN_S_MAX: Final = 600  # a backlog that takes longer is a failure, not a row
LIVE_EVERY_S: Final = 0.1
IDENTITY: Final = Identity(namespace="https://returns.example.com", site="a", station="b")
RECEIVER: Final = Path(__file__).with_name("_drain_receiver.py")


class Soon(random.Random):
    """Draws no wait: the pause of a returning station is no part of the measure."""

    def uniform(self, a: float, b: float) -> float:  # noqa: ARG002
        """Return the lower end."""
        return a


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of sending: how many events at once, packed or not, how slow the receiver is."""

    name: str
    batch_max: int = 4000
    compress: bool = False
    delay_ms: int = 0
    backlog: int = BACKLOG
    seconds: float = 0.0  # 0 = until it is drained
    live: bool = False


def run(seconds: float) -> list[dict[str, Any]]:
    """Return rows of name, per_s and what was seen; `seconds` for those that have no end."""
    share = max(2.0, seconds / 4)
    ways = (
        Way(name="one by one", batch_max=1, seconds=share),
        Way(name="one by one, 20 ms", batch_max=1, delay_ms=20, seconds=share),
        Way(name="batches", seconds=share),
        Way(name="batches, gzip", compress=True, seconds=share),
        Way(name="batches, 20 ms", delay_ms=20, seconds=share),
        Way(name="batches, 20 ms, gzip", delay_ms=20, compress=True, seconds=share),
        Way(name=f"backlog of {SMALL:,}, all", backlog=SMALL),
        Way(name=f"backlog of {BACKLOG:,}, all"),
        Way(name=f"backlog of {BACKLOG:,}, all, live_first", live=True),
    )
    with tempfile.TemporaryDirectory(prefix="drain-", dir=os.environ.get("BENCH_DIR")) as folder:
        data = Path(folder)
        asyncio.run(_fill(data))
        rows = [_measured(data, way) for way in ways]
    slow = {0: rows[0]["per_s"], 20: rows[1]["per_s"]}
    for way, row in zip(ways, rows, strict=True):
        row["x_one_by_one"] = round(row["per_s"] / slow[way.delay_ms], 1)
    return rows


# ---------------------------------------------------------------- the journal


def _events(count: int, journal_id: str) -> Iterator[Encoded]:
    """Yield events of about 1.3 kB: the first is encoded, the others differ in id and content."""
    rng = random.Random(7)  # noqa: S311 - filling, no secret
    origin = Origin(
        namespace=IDENTITY.namespace,
        site=IDENTITY.site,
        station=IDENTITY.station,
        journal_id=journal_id,
        boot="b00t",
        config="c" * 64,
        tz="+03:00",
    )
    stem = encode(Draft(payload=_payload(), subject=_SUBJECT), _stamp(0), origin)
    parts = stem.head.split(_NOISE.encode())
    for n in range(count):
        noise = base64.b64encode(rng.randbytes(90))
        key = _id(n)
        head = noise.join(parts).replace(_id(0).encode(), key.encode(), 1)
        yield replace(stem, id=EventId(key), head=head)


_NOISE: Final = "N" * 120
_SUBJECT: Final = Subject(unit=UnitId("0193a5c0-0000-7000-8000-000000000007"))


def _payload() -> ScanRead:
    return ScanRead(
        device="hand",
        via="serial",
        raw_b64=_NOISE,
        symbology="gs1_datamatrix",
        text="010460123456789321" + _NOISE,
        ai={"91": _NOISE},
        match=Match(what="item", ref="04601234567893"),
    )


def _stamp(n: int, operator: str = "0417") -> Stamp:
    return Stamp(id=EventId(_id(n)), time_ms=1_764_000_000_000, mono_ms=5, operator=operator)


def _id(n: int) -> str:
    return f"0193a5c0-0000-7000-8000-{n:012x}"


def _target(way: Way, url: str) -> TargetSettings:
    return TargetSettings(
        name="t",
        kind=TargetKind.HTTP_BATCH,
        url=url,
        events=("*", "scan.*"),
        batch_max=way.batch_max,
        compress=way.compress,
        catch_up=CatchUp.LIVE_FIRST if way.live else CatchUp.ORDERED,
    )


def _journal(data: Path, target: TargetSettings) -> Journal:
    return Journal(
        data / "journal.db",
        IDENTITY,
        targets=(target,),
        budget=JournalSettings(budget_mb=8192, full_percent=100, high_percent=99),
        clock=SystemClock(),
    )


async def _fill(data: Path) -> None:
    async with _journal(data, _target(Way(name=""), "http://127.0.0.1:1/")) as journal:
        part: list[Encoded] = []
        for event in _events(BACKLOG, journal.journal_id):
            part.append(event)
            if len(part) == 200:
                await journal.commit(Submission(events=tuple(part)))
                part = []


def _reset(data: Path, backlog: int) -> None:
    """Let the newest events be unsent, as if nothing had been delivered of them."""
    with closing(sqlite3.connect(data / "journal.db")) as connection:
        connection.execute("DELETE FROM event WHERE seq > ?", (BACKLOG,))
        connection.execute("DELETE FROM outbox")
        connection.execute(
            "INSERT INTO outbox SELECT seq, 1, seq FROM event WHERE seq > ?", (BACKLOG - backlog,)
        )
        connection.execute(
            "UPDATE target SET cursor_seq = ?, next_n = ?, live_from = NULL, state = 'idle'",
            (BACKLOG - backlog, BACKLOG + 1),
        )
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# ---------------------------------------------------------------- one way


def _measured(data: Path, way: Way) -> dict[str, Any]:
    _reset(data, way.backlog)
    with _receiver(way.delay_ms) as url:
        command = [sys.executable, "-P", __file__, "--send", url, "--data", str(data)]
        command += ["--way", json.dumps({key: getattr(way, key) for key in Way.__slots__})]
        sent = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - our own receiver
            got = json.loads(answer.read())
    live_ms = got["live_ms"]
    return {
        "name": way.name,
        "per_s": round(got["events"] / sent["took_s"]),
        "events": got["events"],
        "took_s": round(sent["took_s"], 1),
        "largest": got["largest"],
        "mb_per_s": round(got["bytes"] / sent["took_s"] / 1e6, 1),
        "doubles": got["doubles"],
        "live_max_ms": round(live_ms[-1]) if live_ms else None,
        "live_p50_ms": round(live_ms[len(live_ms) // 2]) if live_ms else None,
        "our_cpu_us": round(sent["cpu_s"] / got["events"] * 1e6, 1),
        "its_cpu_us": round(got["cpu_s"] / got["events"] * 1e6, 1),
        "rss_mb": round(sent["rss_mb"]),
        "grown_mb": round(sent["rss_mb"] - sent["rss_before_mb"]),
    }


@contextmanager
def _receiver(delay_ms: int) -> Iterator[str]:
    command = [sys.executable, "-P", str(RECEIVER), str(delay_ms)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None, "it was asked for"
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
        assert process.stdin is not None, "it was asked for"
        process.stdin.close()


async def _send(data: Path, url: str, way: Way) -> dict[str, float]:
    target = _target(way, url)
    said: list[TargetStatus] = [
        TargetStatus(name="t", state=TargetState.IDLE, pending=way.backlog, oldest_ms=0)
    ]
    ending = asyncio.Event()

    def on_state(status: TargetStatus) -> None:
        said[0] = status
        if status.pending == 0 and status.state is TargetState.IDLE:
            ending.set()

    async with _journal(data, target) as journal:
        before_mb = _rss_mb()
        work = pump(target, journal, clock=SystemClock(), rng=Soon(1), on_state=on_state)
        started, started_cpu_s = time.perf_counter(), time.process_time()
        tasks = [asyncio.create_task(work, name="sync[t]")]
        if way.live:
            tasks.append(asyncio.create_task(_live(journal), name="live"))
        waiting = asyncio.create_task(ending.wait(), name="ending")
        await asyncio.wait((waiting,), timeout=way.seconds or DRAIN_S_MAX)
        waiting.cancel()
        if not way.seconds and not ending.is_set():
            raise TimeoutError(f"the backlog is not drained in {DRAIN_S_MAX} s: {said[0]}")
        took_s = time.perf_counter() - started
        cpu_s = time.process_time() - started_cpu_s
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {
        "took_s": took_s,
        "cpu_s": cpu_s,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "rss_before_mb": before_mb,
    }


async def _live(journal: Journal) -> None:
    """Append an event every tenth of a second, as a station at work does."""
    origin = Origin(
        namespace=IDENTITY.namespace,
        site=IDENTITY.site,
        station=IDENTITY.station,
        journal_id=journal.journal_id,
        boot="b00t",
        config="c" * 64,
        tz="+03:00",
    )
    for n in range(BACKLOG, 2 * BACKLOG):
        draft = Draft(payload=_payload(), subject=_SUBJECT)
        await journal.commit(Submission(events=(encode(draft, _stamp(n, "live"), origin),)))
        await asyncio.sleep(LIVE_EVERY_S)


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--send", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--way", required=True)
    args = parser.parse_args()
    print(json.dumps(asyncio.run(_send(args.data, args.send, Way(**json.loads(args.way))))))
