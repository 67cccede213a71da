"""From a scanner's last byte to its journalled event, while a camera is read at full load.

A real service on two cores: the scanner is a pseudo-terminal, the camera a network stream that
keeps its worker at work all the time. The tone that comes back after the commit is the clock's
other end: it bounds the journalled event from above.
"""

import os
import select
import subprocess
import sys
import tempfile
import time
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROGRAM: Final = Path(sys.executable).with_name("receiving-edge")
CORES: Final = 2
PACE_S: Final = 0.11  # hands are slower; more than 20 codes a second are a flood
READY_S: Final = 120.0
TONE_S: Final = 5.0
# What the shipped checklists ask photographs of.
ROLES: Final = (
    "item label parcel defect serial front back screen card mark box set inside tape seal date"
    " sole side tag"
)
PLACE: Final = {"namespace": "https://returns.example.com", "site": "msk1", "station": "ST-01"}
DEVICES: Final = """
[scanner.hand-1]
driver = "scanner.serial_line"
port = "{port}"
feedback = "datalogic"
may = ["items", "parcels"]
"""
CAMERA: Final = """
[camera.top]
driver = "camera.worker"
source = "{source}"
fps = 60.0
roles = [{roles}]
may = ["items", "parcels"]
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What the camera's worker did, as shares of one core: worked, and worked or stood in line."""

    worked: float
    wanted: float


def scan_latencies(seconds: float, *, with_camera: bool) -> tuple[list[float], Load]:
    """Return milliseconds from last byte to tone, one a code, and the camera's load meanwhile."""
    with tempfile.TemporaryDirectory(prefix="scan-latency-") as made:
        folder = Path(made)
        master, slave = os.openpty()
        tty.setraw(slave)
        try:
            with _streaming() as stream, ExitStack() as stack:
                config = _config(folder, os.ttyname(slave), stream if with_camera else "")
                process = stack.enter_context(_serving(config, folder))
                _hear(master)  # what opens the line
                before, began_ns = _camera_ns(process.pid), time.monotonic_ns()
                took = [_one(master, number) for number in range(int(seconds / PACE_S))]
                after, span_ns = _camera_ns(process.pid), time.monotonic_ns() - began_ns
                worked, queued = (
                    (new - old) / span_ns for old, new in zip(before, after, strict=True)
                )
        finally:
            os.close(slave)
            os.close(master)
    return took, Load(worked, worked + queued)


def _config(folder: Path, port: str, camera: str) -> Path:
    config = folder / "config"
    given = {**PLACE, "scanner_port": port, "run_dir": str(folder)}
    filled = [word for key, value in given.items() for word in ("--set", f"{key}={value}")]
    init = [str(PROGRAM), "init", str(config), "--profile", "minimal", *filled]
    subprocess.run(init, check=True, stdout=subprocess.DEVNULL)
    devices = DEVICES.format(port=port)
    if camera:
        roles = ", ".join(f'"{role}"' for role in ROLES.split())
        devices += CAMERA.format(source=camera, roles=roles)
    (config / "devices.toml").write_text(devices, encoding="utf-8")
    return config


@contextmanager
def _streaming() -> Iterator[str]:
    """The camera's address; its pictures come from a process of its own."""
    command = [sys.executable, "-P", str(Path(__file__).with_name("_camera_load.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None, "a pipe was asked for"
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@contextmanager
def _serving(config: Path, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    serve = [str(PROGRAM), "serve", "--config", str(config), "--data", str(folder / "data")]
    serve += ["--log", str(folder / "serve.log")]
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))[:CORES]))
    with subprocess.Popen(["taskset", "-c", cores, *serve], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            if not select.select([process.stdout], [], [], READY_S)[0]:
                raise RuntimeError("the service is not ready")
            process.stdout.readline()
            time.sleep(3.0)  # the camera's worker is up by then
            yield process
        finally:
            process.terminate()


def _one(master: int, number: int) -> float:
    """Send a code; return milliseconds until the scanner hears of it."""
    os.write(master, b"LATENCY-%06d\r" % number)
    sent_ns = time.monotonic_ns()
    if not select.select([master], [], [], TONE_S)[0]:
        raise RuntimeError(f"code {number}: no tone")
    took_ms = (time.monotonic_ns() - sent_ns) / 1e6
    time.sleep(PACE_S)
    _hear(master)
    return took_ms


def _hear(master: int) -> None:
    while select.select([master], [], [], 0)[0]:
        os.read(master, 4096)


def _camera_ns(pid: int) -> tuple[int, int]:
    """Return how long the camera's worker worked so far, and how long it stood in line."""
    worked = queued = 0
    for child in _children(pid):
        if b"drivers.camera.worker" in Path(f"/proc/{child}/cmdline").read_bytes():
            work, line, _ = Path(f"/proc/{child}/schedstat").read_text("ascii").split()
            worked, queued = worked + int(work), queued + int(line)
    return worked, queued


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [int(child) for child in listed]
