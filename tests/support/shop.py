"""A small shop's station as a process: one serial scanner, two kinds of goods, trays, no robots.

The scanner is a pseudo-terminal; the returns and goods come as files. It can be killed and started
again at any moment. What stands at the terminal's door is read by `Onlooker`.
"""

import json
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from config_folder import change, make_config
from edge.feeds.pack_gate import Proofs
from edge.service.packs import COPIES, PROOFS
from policy_kit import default_pack, pack_files
from ptys import PtyCable
from seal_kit import write_files
from sim import labels

PROGRAM: Final = str(Path(sys.executable).with_name("receiving-edge"))
READY_S: Final = 120.0
VIEW_S: Final = 20.0
BADGE: Final = "0001"
PARCELS: Final = 400
KINDS: Final = (
    ("apparel", "Футболка синяя M", "T-shirt blue M"),
    ("small_appliances", "Чайник K2", "Kettle K2"),
)


class Shop:
    """Configuration, data and the running service."""

    def __init__(
        self,
        folder: Path,
        *,
        devices: str = "",
        target: str = "",
        names: tuple[tuple[str, str, str], ...] = KINDS,
    ) -> None:
        self.folder = folder
        self.socket = folder / "t.sock"
        self._cable = PtyCable(folder / "scanner")
        values = {"run_dir": str(folder), "scanner_port": str(folder / "scanner")}
        self.config = make_config(folder, "minimal", values)
        self.data = folder / "data"
        self.key = (self.config / "site.key").read_bytes()
        self._configure(devices, target)
        self._prove()
        self._feed(names)
        self._service: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._cable.plug()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._cable.unplug()

    def _configure(self, devices: str, target: str) -> None:
        change(self.config, "station.toml", "terminal.sock", "t.sock")
        change(self.config, "station.toml", "key_epoch_ms = 250", "key_epoch_ms = 0")
        station = self.config / "station.toml"
        text = station.read_text("utf-8").partition("[metrics]")[0]
        station.write_text(text, encoding="utf-8")
        change(self.config, "devices.toml", 'feedback = "none"', 'feedback = "datalogic"')
        for file, more in (("devices.toml", devices), ("sync.toml", target)):
            path = self.config / file
            path.write_text(f"{path.read_text('utf-8')}\n{more}", encoding="utf-8")

    def _prove(self) -> None:
        """The shipped rules are proved elsewhere; a start of this station need not do it again."""
        copies = self.data / COPIES
        write_files(copies / default_pack().sha256, pack_files())
        Proofs(folder=copies / PROOFS, cameras=None).add(default_pack().sha256)

    def _feed(self, names: tuple[tuple[str, str, str], ...]) -> None:
        rows, items = [], []
        for n in range(1, PARCELS):
            category, ru, en = names[n % len(names)]
            said = {"title_ru": ru, "title_en": en, "tenant": "shop-a"}
            gtin = f"0{gtin13(n)}"
            rows.append(
                {"rma": f"{10_000 + n}", "line": "1", "gtin": gtin, "qty": 1}
                | {**said, "tracking": postal(n)}
            )
            items.append({"gtin": gtin, "sku": f"S{n}", "category": category} | said)
        for name, lines in (("items", items), ("returns", rows)):
            inbox = self.data / "inbox" / name
            inbox.mkdir(parents=True)
            text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            (inbox / "all.jsonl").write_text(text, encoding="utf-8")

    # ------------------------------------------------------------ the process

    def launch(self) -> int:
        """Start the service; return the moment, monotonic ns. `wait_ready` goes with it."""
        command = [PROGRAM, "serve", "--config", str(self.config), "--data", str(self.data)]
        started_ns = time.monotonic_ns()
        self._service = subprocess.Popen(
            [*command, "--log", str(self.folder / "serve.log")], stdout=subprocess.PIPE
        )
        return started_ns

    def wait_ready(self) -> None:
        """Wait for the service's word."""
        assert self._service is not None
        assert self._service.stdout is not None
        is_there, _, _ = select.select([self._service.stdout], [], [], READY_S)
        said = self._service.stdout.readline() if is_there else b"nothing"
        log = self.folder / "serve.log"
        assert said == b"ready\n", f"{said!r}: {log.read_text('utf-8') if log.exists() else ''}"

    def start(self) -> None:
        """Start and wait until it takes work."""
        self.launch()
        self.wait_ready()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the service, by default in order; harmless twice."""
        if self._service is not None:
            self._service.send_signal(number)
            self._service.wait(READY_S)
            assert self._service.stdout is not None
            self._service.stdout.close()
            self._service = None

    @property
    def pid(self) -> int:
        """Return the service's process id."""
        assert self._service is not None
        return self._service.pid

    def scan(self, code: str) -> int:
        """Send a code as the scanner does; return the moment of its last byte, monotonic ns."""
        self._cable.write(code.encode() + b"\r")
        return time.monotonic_ns()

    def heard(self) -> bytes:
        """Return what the scanner was told (tones)."""
        return self._cable.read()

    # ------------------------------------------------------------ what lies on the bench

    def badge(self) -> str:
        """Return the person's badge."""
        return f"]C0{labels.badge(BADGE, self.key)}"

    def tray(self, zone: str, name: str) -> str:
        """Return a tray's label."""
        return f"]C0{labels.tray(zone, name, self.key)}"


class Onlooker:
    """A mirror at the terminal's door that keeps the newest view."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._link: socket.socket | None = None
        self._pending = b""
        self.view: dict[str, Any] = {}
        self.boot = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """Close the connection."""
        if self._link is not None:
            self._link.close()
            self._link = None
            self._pending = b""

    def next(self, *, within_s: float = VIEW_S) -> Mapping[str, Any]:
        """Return the next view that comes; connects again as long as it takes."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if self._link is None and not self._connected():
                time.sleep(0.005)
                continue
            line = self._line(deadline - time.monotonic())
            if line is None:
                continue
            message = json.loads(line)
            match message["m"]:
                case "view":
                    self.view = message
                    return self.view
                case "ping":
                    assert self._link is not None
                    self._link.sendall(b'{"m":"pong"}\n')
                case "welcome":
                    self.boot = message["boot"]
        raise AssertionError(f"no view came; the last one: {self.view.get('state')}")

    def _connected(self) -> bool:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(str(self._path))
        except OSError:
            link.close()
            return False
        link.sendall(b'{"m":"hello","v":1,"role":"mirror","app":"onlooker"}\n')
        self._link, self._pending = link, b""
        return True

    def _line(self, wait_s: float) -> bytes | None:
        assert self._link is not None
        while b"\n" not in self._pending:
            if not select.select([self._link], [], [], max(0.0, wait_s))[0]:
                return None
            try:
                more = self._link.recv(65_536)
            except ConnectionError:
                more = b""
            if not more:
                self.leave()
                return None
            self._pending += more
        line, _, self._pending = self._pending.partition(b"\n")
        return line


def postal(number: int) -> str:
    """Return a postal item identifier (UPU S10)."""
    digits = f"{number:08d}"
    total = sum(int(a) * b for a, b in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    check = {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)
    return f"RB{digits}{check}RU"


def gtin13(number: int) -> str:
    """Return an article number."""
    digits = f"460{number:09d}"
    total = sum(int(digit) * (1, 3)[n % 2] for n, digit in enumerate(digits))
    return f"{digits}{(10 - total % 10) % 10}"
