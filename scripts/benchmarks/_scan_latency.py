"""From a scanner's last byte to its journalled event, while a camera is read at full load.

A real service on two cores: the scanner is a pseudo-terminal, the camera a network stream of ever
changing pictures without a code, more than can be read. The tone that comes back after the commit
is the clock's other end: it bounds the journalled event from above.
"""

import contextlib
import itertools
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, Final

import cv2
import numpy as np

PROGRAM: Final = Path(sys.executable).with_name("receiving-edge")
CORES: Final = 2
PICTURES: Final = 12
FRAMES_A_SECOND: Final = 60
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


def scan_latencies(seconds: float, *, with_camera: bool) -> tuple[list[float], float]:
    """Return milliseconds from last byte to tone, one a code, and the camera's share of a core."""
    with tempfile.TemporaryDirectory(prefix="scan-latency-") as made:
        folder = Path(made)
        master, slave = os.openpty()
        tty.setraw(slave)
        try:
            with _streaming() as stream, ExitStack() as stack:
                config = _config(folder, os.ttyname(slave), stream if with_camera else "")
                process = stack.enter_context(_serving(config, folder))
                _hear(master)  # what opens the line
                before_s, began_s = _camera_s(process.pid), time.monotonic()
                took = [_one(master, number) for number in range(int(seconds / PACE_S))]
                share = (_camera_s(process.pid) - before_s) / (time.monotonic() - began_s)
        finally:
            os.close(slave)
            os.close(master)
    return took, share


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


def _pictures() -> list[bytes]:
    """Draw what looks like print and is no code: the whole reading has to look at it."""
    rng = np.random.default_rng(20261128)
    drawn = []
    for _ in range(PICTURES):
        picture = np.full((720, 1280, 3), 200, np.uint8)
        for _ in range(300):
            x, y = int(rng.integers(0, 1270)), int(rng.integers(0, 700))
            size = (int(rng.integers(2, 30)), int(rng.integers(2, 90)))
            shade = int(rng.integers(0, 120))
            cv2.rectangle(picture, (x, y), (x + size[0], y + size[1]), (shade,) * 3, -1)
        drawn.append(cv2.imencode(".jpg", picture)[1].tobytes())
    return drawn


class _Stream(BaseHTTPRequestHandler):
    """Sends picture after picture, for ever; `pictures` are those of the whole benchmark."""

    pictures: ClassVar[list[bytes]] = []

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
        self.end_headers()
        with contextlib.suppress(OSError):
            for jpeg in itertools.cycle(self.pictures):
                head = f"--b\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
                time.sleep(1 / FRAMES_A_SECOND)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def _streaming() -> Iterator[str]:
    _Stream.pictures = _pictures()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Stream) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/top.mjpg"
        server.shutdown()


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


def _camera_s(pid: int) -> float:
    """Return the CPU seconds of the camera's workers so far."""
    ticks = 0
    for child in _children(pid):
        command = Path(f"/proc/{child}/cmdline").read_bytes()
        if b"drivers.camera.worker" in command:
            fields = Path(f"/proc/{child}/stat").read_text("ascii").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [int(child) for child in listed]
