"""How soon a station is ready after SIGKILL, with a long journal of which nothing was sent yet.

The real service on the minimal configuration; from the start of the process to its line `ready`,
so with the interpreter's start and all imports. The first start proves the policy and is left out.
"""

import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from drivers.clock import SystemClock
from edge.events import Draft, Encoded, EventId, Match, Origin, ScanRead, Stamp, Subject, encode
from edge.events import UnitId as Unit
from edge.journal.rows import Identity, Submission
from edge.journal.store import open_store
from edge.journal.writer import machine_id
from edge.receiving.ids import IdMint
from edge.settings.model import JournalSettings, TargetKind, TargetSettings

EVENTS: Final = 1_000_000
EVENTS_SHORT: Final = 100_000  # when there is little time
GROUP: Final = 1000
RESTARTS: Final = 7
BUDGET_MB: Final = 16 * 1024
COMMAND: Final = str(Path(sys.executable).with_name("receiving-edge"))
TARGET: Final = """[[target]]
name = "oms"
kind = "http-batch"
url = "http://127.0.0.1:9/"
events = ["*", "scan.*"]
"""


def run(seconds: float) -> list[dict[str, Any]]:
    """Return a row for a short journal and one for a long one; ready_ms is the median."""
    events = EVENTS if seconds >= 10 else EVENTS_SHORT
    rows = [_row(0), _row(events)]
    met = rows[1]["ready_ms"] < 1000
    name = f"bar: ready below 1 s with {events} events"
    return [*rows, {"name": name, "value_ms": rows[1]["ready_ms"], "met": met}]


def _row(events: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="restart-") as folder:
        config, data = Path(folder) / "config", Path(folder) / "data"
        _configure(config, Path(folder) / "terminal.sock")
        _killed(config, data)
        took_s = filled(data / "journal.db", events)
        _killed(config, data)
        times = [_killed(config, data) * 1000 for _ in range(RESTARTS)]
        size = (data / "journal.db").stat().st_size
    return {
        "name": f"ready after SIGKILL, {events} events unsent",
        "ready_ms": round(statistics.median(times)),
        "worst_ms": round(max(times)),
        "journal_mb": size // 1_000_000,
        "filled_per_s": round(events / took_s) if events else None,
    }


def _configure(config: Path, socket: Path) -> None:
    subprocess.run(
        [COMMAND, "init", str(config), "--profile", "minimal"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    station = config / "station.toml"
    text = re.sub(r'(?m)^socket = "[^"]*"', f'socket = "{socket}"', station.read_text("utf-8"))
    text = re.sub(r"(?m)^budget_mb = \d+", f"budget_mb = {BUDGET_MB}", text)
    text = text.partition("[metrics]")[0]
    station.write_text(text, encoding="utf-8")
    (config / "sync.toml").write_text(TARGET, encoding="utf-8")


def _killed(config: Path, data: Path) -> float:
    """Start the service, wait until it is ready, kill it; return the seconds it took."""
    command = [COMMAND, "serve", "--config", str(config), "--data", str(data)]
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as service:
        assert service.stdout is not None, "a pipe was asked for"
        line = service.stdout.readline()
        took_s = time.perf_counter() - started
        service.send_signal(signal.SIGKILL)
    if line != "ready\n":
        raise RuntimeError(f"the service did not become ready: {line!r}")
    return took_s


def filled(path: Path, events: int) -> float:
    """Append through the real store, as the station's own; nothing of it is acknowledged."""
    clock = SystemClock()
    identity = Identity(
        namespace="https://returns.example.com",
        site="my-site",
        station="ST-01",
        machine_id=machine_id(),
    )
    target = TargetSettings(
        name="oms", kind=TargetKind.HTTP_BATCH, url="http://127.0.0.1:9/", events=("*", "scan.*")
    )
    store = open_store(
        path,
        identity,
        targets=(target,),
        budget=JournalSettings(budget_mb=BUDGET_MB),
        clock=clock,
    )
    started = time.perf_counter()
    made = _events(store.journal_id, events)
    for _ in range(0, events, GROUP):
        group = tuple(next(made) for _ in range(GROUP))
        store.append([Submission(events=group)], ())
        store.checkpoint(is_idle=False)
    store.close()
    return time.perf_counter() - started


def _events(journal_id: str, count: int) -> Iterator[Encoded]:
    ids = IdMint(SystemClock(), bytes)
    origin = Origin(
        namespace="https://returns.example.com",
        site="my-site",
        station="ST-01",
        journal_id=journal_id,
        boot="b00t",
        config="c" * 64,
        tz="+03:00",
    )
    payload = ScanRead(
        device="hand-1",
        via="serial",
        text="010460123456789321" + "x" * 300,
        symbology="data_matrix",
        match=Match(what="unit"),
        raw_b64="QUJD" * 60,
    )
    for n in range(count):
        stamp = Stamp(id=EventId(ids.uuid7()), time_ms=1_764_000_000_000 + n, mono_ms=n)
        unit = Unit(f"0193a5c0-0000-7000-8000-{n // 20:012x}")
        yield encode(Draft(payload=payload, subject=Subject(unit=unit)), stamp, origin)
