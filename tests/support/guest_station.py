"""A station in a QEMU guest whose power cord is pulled, and started again, over and over.

`receiving-edge serve` works on a disk with a volatile cache; its scanner is a USB serial adapter
whose other end is here; someone at the terminal's door answers what is asked. What a screen has
shown is acknowledged. The guest tool's modules (`hil`, `powerdisk`) must be importable.
"""

import importlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sim import labels

HERE: Final = Path(__file__).parent
PYTHON: Final = Path(sys.executable)
PROGRAM: Final = PYTHON.with_name("receiving-edge")
DISK_MB: Final = 160
PARCELS: Final = 5000
STEP_S: Final = 240.0
AGAIN_S: Final = 5.0
SCANS: Final = (6, 30)  # a cut comes after so many scans
JITTER_S: Final = 0.25
BADGE: Final = "0001"
ADAPTER: Final = "FT0001"
PORT: Final = f"/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_{ADAPTER}-if00-port0"
MOUNT: Final = "modprobe virtio_blk; modprobe ext4; mkdir -p /mnt/d; mount /dev/vda /mnt/d"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What one pull of the cord has left: the journal as `journal verify` finds it."""

    acked: int
    found: int
    is_whole: bool
    at_stake: int
    scans: int
    boot_s: float
    ready_s: float


class Station:
    """Everything that outlives a cut: configuration, what lies on the bench, the disk's image."""

    def __init__(self, folder: Path, synchronous: str) -> None:
        self._folder = folder
        self._synchronous = synchronous
        self._parcel = 0
        self.image = folder / "disk.img"
        self._config = folder / "config"
        self._make_config()
        self._make_feeds()
        self._make_disk()
        self._key = (self._config / "site.key").read_bytes()

    def pull(self, rng: random.Random) -> Cut:
        """Boot, work, pull the cord and prove what the disk holds."""
        with self._booted() as (guest, disk):
            boot_s = guest.boot_s
            started_s = time.monotonic()
            acked, scans, ready_s = self._work(guest, rng, started_s)
            at_stake = disk.cut(rng, rng.choice(("none", "some", "some")))
            guest.power_cut()
        told = self._proven()
        return Cut(
            acked=acked(),
            found=told["last_seq"],
            is_whole=told["ok"] and told["last_seq"] >= acked(),
            at_stake=at_stake,
            scans=scans,
            boot_s=boot_s,
            ready_s=ready_s,
        )

    def start_once_more(self) -> int:
        """Boot a last time and wait until the service is ready; return its newest sequence."""
        with self._booted() as (guest, _):
            bench = self._opened(guest)
            seq = bench.newest()
            guest.power_cut()
        return seq

    # ------------------------------------------------------------ one boot

    @contextmanager
    def _booted(self) -> Iterator[tuple[Any, Any]]:
        hil, powerdisk = importlib.import_module("hil"), importlib.import_module("powerdisk")
        door = self._folder / "nbd"
        disk = powerdisk.PowerDisk(str(door), str(self.image))
        guest = hil.Guest(nbd=str(door))
        try:
            guest.wait_up()
            guest.run(MOUNT)
            yield guest, disk
        finally:
            guest.close()
            disk.srv.close()

    def _opened(self, guest: Any) -> "_Bench":
        link = guest.plug_serial(serial=ADAPTER)
        inbox = f"cp -rn {self._folder}/inbox /mnt/d/data/"
        guest.run(f"mkdir -p /mnt/d/data /run/edge; [ -e /mnt/d/data/inbox ] || {inbox}; sync")
        service = guest.start(f"{self._environment()} {self._command()} 2>&1")
        _until(service, lambda: "ready" in service.lines)
        operator = guest.start(f"{PYTHON} -S -E {HERE}/bench_operator.py /run/edge/terminal.sock")
        _until(operator, lambda: bool(operator.lines))
        return _Bench(operator, service, link)

    def _work(
        self, guest: Any, rng: random.Random, started_s: float
    ) -> tuple[Callable[[], int], int, float]:
        bench = self._opened(guest)
        ready_s = time.monotonic() - started_s
        wanted = rng.randint(*SCANS)
        for _ in range(wanted):
            self._scan(bench)
        time.sleep(rng.random() * JITTER_S)
        newest = bench.newest()
        return (lambda: newest), wanted, ready_s

    def _scan(self, bench: "_Bench") -> None:
        """Scan what the newest view awaits, and again where nothing has come of it."""
        until = time.monotonic() + STEP_S
        seen = len(bench.operator.lines)
        while time.monotonic() < until:
            state, code = self._awaited(bench.view())
            if code:
                bench.send(code)
            pause = time.monotonic() + AGAIN_S
            while time.monotonic() < pause:
                if bench.operator.rc is not None or bench.service.rc is not None:
                    raise RuntimeError(f"the station ended: {bench.service.lines[-5:]}")
                if bench.view()[1] != state and len(bench.operator.lines) > seen:
                    return
                time.sleep(0.005)
        raise RuntimeError(f"nothing goes on: {bench.operator.lines[-3:]}")

    def _awaited(self, view: list[str]) -> tuple[str, str]:
        _, state, zone, tray, _ = view
        match state:
            case "LOCKED":
                return state, f"]C0{labels.badge(BADGE, self._key)}"
            case "IDLE":
                self._parcel += 1
                return state, f"]C0{postal(self._parcel)}"
            case "PARCEL":
                return state, f"]E0{gtin13(self._parcel)}"
            case "VERDICT" | "HAZARD":
                return state, f"]C0{labels.tray(zone, tray, self._key)}"
            case _:
                return state, ""

    # ------------------------------------------------------------ here

    def _command(self) -> str:
        words = f"{self._config} /mnt/d/data"
        if self._synchronous == "normal":
            return f"{PYTHON} -P {HERE}/normal_service.py {words}"
        return f"{PROGRAM} serve --config {self._config} --data /mnt/d/data"

    def _environment(self) -> str:
        """Modules are compiled here once: the guest has a slow processor and forgets everything."""
        path = os.environ.get("PYTHONPATH", "")
        return f"PYTHONPYCACHEPREFIX={self._folder}/compiled PYTHONUNBUFFERED=1 PYTHONPATH={path}"

    def _make_config(self) -> None:
        values = {"scanner_port": PORT, "run_dir": "/run/edge", "site": "guest"}
        pairs = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
        init = [str(PROGRAM), "init", str(self._config), "--profile", "minimal", *pairs]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL)
        station = self._config / "station.toml"
        text = station.read_text(encoding="utf-8")
        station.write_text(text.replace("key_epoch_ms = 250", "key_epoch_ms = 0"), encoding="utf-8")
        environment = os.environ | {"PYTHONPYCACHEPREFIX": str(self._folder / "compiled")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        modules = "edge.service.root, edge.commands.serve, edge.journal.migrations, edge.feeds"
        drivers = "drivers.scanner.serial_line, edge.feeds.drop_folder, edge.feeds.gate_process"
        words = [str(PYTHON), "-P", "-c", f"import {modules}, {drivers}, sqlite_utils"]
        subprocess.run(words, check=True, env=environment)

    def _make_feeds(self) -> None:
        rows = [
            {"rma": f"{10_000 + n}", "line": "1", "gtin": f"0{gtin13(n)}", "qty": 1}
            | {"tenant": "shop-a", "tracking": postal(n), "title_ru": "т", "title_en": "t"}
            for n in range(1, PARCELS)
        ]
        items = [
            {"gtin": row["gtin"], "sku": f"S{n}", "tenant": "shop-a", "category": "apparel"}
            | {"title_ru": "т", "title_en": "t"}
            for n, row in enumerate(rows)
        ]
        for name, lines in (("returns", rows), ("items", items)):
            folder = self._folder / "inbox" / name
            folder.mkdir(parents=True)
            text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            (folder / "all.jsonl").write_text(text, encoding="utf-8")

    def _make_disk(self) -> None:
        self.image.write_bytes(b"")
        os.truncate(self.image, DISK_MB * 1024 * 1024)
        lazy = ["-E", "lazy_itable_init=0,nodiscard"]
        subprocess.run(["mkfs.ext4", "-q", "-F", *lazy, str(self.image)], check=True)

    def _proven(self) -> dict[str, Any]:
        """Mount a copy of the medium, which replays its file system's log; prove the journal."""
        copy, mount = self._folder / "cut.img", self._folder / "cut"
        subprocess.run(["cp", "--sparse=always", str(self.image), str(copy)], check=True)
        mount.mkdir(exist_ok=True)
        subprocess.run(["mount", "-o", "loop", str(copy), str(mount)], check=True)
        try:
            verify = [str(PROGRAM), "journal", "verify", "--json", "--data", str(mount / "data")]
            said = subprocess.run(verify, stdout=subprocess.PIPE, check=False).stdout
        finally:
            subprocess.run(["umount", str(mount)], check=True)
        told: dict[str, Any] = {"ok": False, "last_seq": 0}
        told.update(json.loads(said or b"{}"))
        return told


class _Bench:
    """The operator's lines, the service's, and the scanner's cable."""

    def __init__(self, operator: Any, service: Any, link: Any) -> None:
        self.operator = operator
        self.service = service
        self._link = link

    def view(self) -> list[str]:
        """Return the newest view's words."""
        words: list[str] = self.operator.lines[-1].split()
        return words if len(words) == 5 else ["0", "BOOT", "-", "-", "-"]

    def newest(self) -> int:
        """Return the highest sequence that a screen has shown."""
        return max(int(line.split()[0]) for line in list(self.operator.lines))

    def send(self, code: str) -> None:
        self._link.sendall(f"{code}\r".encode())


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


def _until(job: Any, is_there: Callable[[], bool]) -> None:
    until = time.monotonic() + STEP_S
    while not is_there():
        if job.rc is not None or time.monotonic() > until:
            raise RuntimeError(f"not there in time: {job.lines[-8:]}")
        time.sleep(0.01)
