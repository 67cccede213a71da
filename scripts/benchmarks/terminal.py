"""What a person at the screen waits for, seen at the other end of the terminal's pseudo-terminal.

Scan to repaint: from the scanner's last byte to the bytes of the screen that show the code, with
the real service (so with its commit) and the real terminal; idle, then with a camera's stream at 60
pictures a second and a backlog that is being sent. Start to first picture. A kill after every
commit of a shift. The floor is a program of one `Static.update` in the same run.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from restart import filled

from killed_shift import AWAY, PAINTED, Boundary, boundaries
from pty_program import PtyProgram, processor_ms
from shop import PROGRAM, Onlooker, Shop

HERE: Final = Path(__file__).parent
SAMPLES: Final = 400
SAMPLES_A_SECOND: Final = 5  # of the time that is given to the benchmark, when that is little
PACE_S: Final = 0.12  # hands are slower; more than 20 codes a second are a flood
WORKER_S: Final = 3.0  # until the camera is read
STARTS: Final = 9
BACKLOG: Final = 1_500  # events for a sample: the last one, too, is taken while they are sent
PARCELS: Final = 6
# What the shipped checklists ask photographs of.
ROLES: Final = (
    "item label parcel defect serial front back screen card mark box set inside tape seal date"
    " sole side tag"
)
CAMERA: Final = """
[camera.top]
driver = "camera.worker"
source = "{source}"
fps = 60.0
roles = [{roles}]
may = ["items", "parcels"]
"""
TARGET: Final = """
[[target]]
name = "oms"
kind = "http-batch"
url = "{url}"
events = ["*", "scan.*"]
"""
BARS_MS: Final = {"idle": 20.0, "loaded": 50.0, "start": 600.0, "resume": 1000.0}


def run(seconds: float) -> list[dict[str, Any]]:
    """Return rows of latency, start and resume, then the bars."""
    count = max(20, min(SAMPLES, int(seconds * SAMPLES_A_SECOND * 8)))
    with _outside() as (camera, sink):
        idle = [_floor(count), _idle(count)]
        loaded = _loaded(count, camera, sink)
    started = [_starts("floor: a program of one Static", _floor_start), _starts("ours", _our_start)]
    with tempfile.TemporaryDirectory(prefix="terminal-") as folder, Shop(Path(folder)) as shop:
        kills = list(boundaries(shop, parcels=max(1, min(PARCELS, int(seconds / 2)))))
    resumed = _resumed(kills)
    rows = [*idle, *loaded, *started, resumed]
    return [
        *rows,
        _bar("scan -> repaint p99, idle", idle[1]["p99_ms"], BARS_MS["idle"]),
        _bar("scan -> repaint p99, loaded", loaded[1]["p99_ms"], BARS_MS["loaded"]),
        _bar("start -> first picture", started[1]["p50_ms"], BARS_MS["start"]),
        _bar("start after SIGKILL -> same step", resumed["p50_ms"], BARS_MS["resume"]),
    ]


def _bar(name: str, value_ms: float, limit_ms: float) -> dict[str, Any]:
    return {
        "name": f"bar: {name} <= {limit_ms:.0f} ms",
        "p50_ms": value_ms,
        "met": value_ms <= limit_ms,
    }


def _row(name: str, values: list[float], **more: Any) -> dict[str, Any]:
    ranked = sorted(values)
    return {
        "name": name,
        "n": len(ranked),
        "p50_ms": round(statistics.median(ranked), 1),
        "p99_ms": round(ranked[min(len(ranked) - 1, int(0.99 * len(ranked)))], 1),
        "max_ms": round(ranked[-1], 1),
        **more,
        "load": round(os.getloadavg()[0], 1),
    }


@contextmanager
def _outside() -> Iterator[tuple[str, str]]:
    command = [sys.executable, "-P", str(HERE / "_terminal_load.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None, "a pipe was asked for"
            camera, sink = process.stdout.readline().split()
            yield camera, sink
        finally:
            process.terminate()


# ------------------------------------------------------------ scan to repaint


def _floor(count: int, name: str = "floor: line -> Static.update, idle") -> dict[str, Any]:
    took: list[float] = []
    with tempfile.TemporaryDirectory(prefix="floor-") as folder, _floor_at(folder) as (screen, out):
        for number in range(count):
            mark = f"FLOOR-{number:06d}"
            screen.forget()
            sent_ns = time.monotonic_ns()
            out.sendall(f"{mark}\n".encode())
            took.append((screen.until(mark) - sent_ns) / 1e6)
            time.sleep(PACE_S)
    return _row(name, took)


@contextmanager
def _floor_at(folder: str) -> Iterator[tuple[PtyProgram, socket.socket]]:
    path = f"{folder}/floor.sock"
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen(1)
        command = [sys.executable, "-P", str(HERE / "_terminal_floor.py"), path]
        with PtyProgram(command) as screen:
            screen.until("starting")
            out, _ = door.accept()
            with out:
                yield screen, out


def _idle(count: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="terminal-") as folder, Shop(Path(folder)) as shop:
        shop.start()
        took, _, cpu_ms = _taken(shop, count)
    return _row("ours: scan -> commit -> repaint, idle", took, terminal_cpu_ms=cpu_ms)


def _loaded(count: int, camera: str, sink: str) -> list[dict[str, Any]]:
    """Return the floor's row and ours, both while the same station is busy."""
    roles = ", ".join(f'"{role}"' for role in ROLES.split())
    devices, target = CAMERA.format(source=camera, roles=roles), TARGET.format(url=sink)
    with (
        tempfile.TemporaryDirectory(prefix="terminal-") as folder,
        Shop(Path(folder), devices=devices, target=target) as shop,
    ):
        shop.start()
        shop.stop()
        filled(shop.data / "journal.db", count * BACKLOG)
        shop.start()
        time.sleep(WORKER_S)
        took, unsent, cpu_ms = _taken(shop, count)
        floor = _floor(count, "floor: line -> Static.update, loaded")
    more = {"unsent_left": unsent, "terminal_cpu_ms": cpu_ms}
    return [floor, _row("ours: scan -> commit -> repaint, loaded", took, **more)]


def _taken(shop: Shop, count: int) -> tuple[list[float], int, float]:
    """Return each scan's time, what is unsent at the end, the terminal's own work for a scan."""
    took: list[float] = []
    command = [PROGRAM, "terminal", "--socket", str(shop.socket), "--lang", "en"]
    with PtyProgram(command) as screen, Onlooker(shop.socket) as onlooker:
        screen.until(PAINTED)
        while onlooker.next()["head"]["scanner"] != "ok":
            pass
        shop.scan(shop.badge())
        while onlooker.next()["state"] != "IDLE":
            pass
        before_ms = processor_ms(screen.process.pid)
        for number in range(count):
            mark = f"SCAN-{number:06d}"
            screen.forget()
            sent_ns = shop.scan(f"]C0{mark}")
            took.append((screen.until(mark) - sent_ns) / 1e6)
            time.sleep(PACE_S)
        cpu_ms = (processor_ms(screen.process.pid) - before_ms) / count
        onlooker.leave()
        unsent = int(onlooker.next()["head"]["net"]["unsent"])
    return took, unsent, round(cpu_ms, 2)


# ------------------------------------------------------------ start, resume


def _starts(name: str, start: Callable[[], tuple[float, int]]) -> dict[str, Any]:
    done = [start() for _ in range(STARTS)]
    cpu_ms = statistics.median(cpu_ms for _, cpu_ms in done)
    return _row(f"start -> first picture, {name}", [took for took, _ in done], cpu_ms=cpu_ms)


def _floor_start() -> tuple[float, int]:
    with PtyProgram([sys.executable, "-P", str(HERE / "_terminal_floor.py"), "/nowhere"]) as screen:
        drawn_ns = screen.until("starting")
        return (drawn_ns - screen.started_ns) / 1e6, processor_ms(screen.process.pid)


def _our_start() -> tuple[float, int]:
    with PtyProgram([PROGRAM, "terminal", "--socket", "/nowhere", "--lang", "en"]) as screen:
        drawn_ns = screen.until(AWAY)
        return (drawn_ns - screen.started_ns) / 1e6, processor_ms(screen.process.pid)


def _resumed(kills: list[Boundary]) -> dict[str, Any]:
    return _row(
        "start after SIGKILL -> repainted, every commit of a shift",
        [one.painted_ms for one in kills],
        cpu_ms=round(statistics.median(one.cpu_ms for one in kills)),
        other_step=sum(not one.is_same for one in kills),
        events_lost=sum(one.lost for one in kills),
    )
