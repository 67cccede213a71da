"""A real station and a person at it: scanner bytes into a pseudo-terminal, keys into the door.

`receiving-edge serve` runs as a process of its own on a folder of its own. What happened is read
from its journal, what is shown from its views; nothing of the product is called.
"""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import kinds_page
from config_folder import change, make_config
from ptys import PtyCable
from sim import labels

PROGRAM: Final = Path(sys.executable).with_name("receiving-edge")
WAIT_S: Final = 60.0  # waited for in vain only where something is wrong
DUP_S: Final = 0.05
SCANS_PER_S: Final = 15
PIN: Final = "4711"
CONTAINERS: Final = {"A1": "resale", "B1": "resale", "R1": "repair", "D1": "disposal",
                     "H1": "hold", "Q1": "hold", "Z1": "hazmat"}  # fmt: skip

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of one act: the refusal, if any, and the kinds that were recorded."""

    no: str | None
    kinds: tuple[str, ...]


class RealBench:
    """One station; `kill` and `start` may be called between any two acts."""

    def __init__(
        self,
        folder: Path,
        *,
        returns: Iterable[Row] = (),
        items: Iterable[Row] = (),
        more: str = "",
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.env = {"PYTHONPATH": ""}  # beside what the tests run with
        self.view: dict[str, Any] = {}
        self.shown: list[bytes] = []  # every view, as it came
        self.cable = PtyCable(folder / "scanner")
        self.config = make_config(
            folder,
            "minimal",
            {"scanner_port": str(folder / "scanner"), "run_dir": str(folder), "site": "test"},
        )
        change(self.config, "station.toml", "dup_s = 1.0", f"dup_s = {DUP_S}")
        change(self.config, "station.toml", "key_epoch_ms = 250", "key_epoch_ms = 0")
        change(self.config, "station.toml", "[metrics]\nport = 9464", "# [metrics]\n# port = 9464")
        with (self.config / "station.toml").open("a", encoding="utf-8") as settings:
            settings.write(more)
        with (self.config / "sync.toml").open("a", encoding="utf-8") as sync:
            sync.write('\n[[feed]]\nname = "releases"\nkind = "folder"\npoll_s = 0.2\n')
        self._write_people()
        self._key = (self.config / "site.key").read_bytes()
        self.feed("items", items)
        self.feed("returns", returns)
        self._process: subprocess.Popen[bytes] | None = None
        self._door: socket.socket | None = None
        self._unread = b""
        self._acks: dict[str, dict[str, Any]] = {}
        self._sent = 0
        self._scans = 0
        self._newest_code = ""
        self._paced: deque[float] = deque(maxlen=SCANS_PER_S)

    def __enter__(self) -> Self:
        self.cable.plug()
        self.start()
        return self

    @contextmanager
    def plugged(self) -> Iterator[None]:
        """Have the scanner in; who launches the service does the rest."""
        self.cable.plug()
        try:
            yield
        finally:
            self.cable.unplug()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self.cable.unplug()
        if kind is None:
            kinds_page.LEFT.update(self.kinds())

    # ------------------------------------------------------------ the process

    def start(self) -> None:
        """Start the service and sit down at its door; feeds are in force before the first view."""
        self.launch()
        self.wait_ready()
        self._scans = 0
        self._sit_down()
        self._wait_for_feeds()

    def launch(self) -> int:
        """Start the service; return the moment, monotonic ns. `wait_ready` goes with it."""
        started_ns = time.monotonic_ns()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "serve", "--config", self.config, "--data", self.data],
                stdout=subprocess.PIPE,
                stderr=log,
                env=os.environ | self.env,
            )
        return started_ns

    def wait_ready(self) -> None:
        """Wait for the service's word."""
        assert self._process is not None
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            self.kill()
            raise AssertionError((self.folder / "log").read_text(encoding="utf-8")[-2000:])

    @property
    def pid(self) -> int:
        """Return the service's process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def door(self) -> Path:
        """Return the terminal's door."""
        return self.folder / "terminal.sock"

    def _sit_down(self) -> None:
        """Connect as a terminal; the service leaves one that was silent too long."""
        if self._door is not None:
            self._door.close()
        self._door = socket.socket(socket.AF_UNIX)
        self._door.settimeout(WAIT_S)
        self._door.connect(str(self.door))
        self._unread, self.view = b"", {}
        hello = {"m": "hello", "v": 1, "role": "operator", "app": "test", "size": [80, 24]}
        self._say({**hello, "lang": "ru"})
        self._until(lambda: bool(self.view))

    def kill(self) -> None:
        """SIGKILL: the power is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM: the service ends in order."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._door is not None:
            self._door.close()
            self._door = None
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(WAIT_S)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    # ------------------------------------------------------------ acts

    def pull_scanner(self) -> Seen:
        """Pull the scanner's plug; wait until the station says so."""
        before = self.last_seq()
        self.cable.unplug()
        self._until(lambda: "device.state" in self._kinds(before))
        return self._seen(before)

    def scan(self, code: str, aim: str = "]C0") -> Seen:
        """Scan a code with the hand scanner; wait for the view that answers it."""
        self._keep_pace(code)
        before = self.last_seq()
        self._scans += 1
        number = self._scans
        self.cable.write(f"{aim}{code}\r".encode())
        self._until(lambda: self.view.get("scan") == ["hand-1", number])
        return self._seen(before)

    def _keep_pace(self, code: str) -> None:
        """More codes a second than a hand can are noise; one print at once again is one scan."""
        if code == self._newest_code and self._paced:
            time.sleep(max(0.0, self._paced[-1] + 2 * DUP_S - time.monotonic()))
        self._newest_code = code
        if len(self._paced) == SCANS_PER_S:
            time.sleep(max(0.0, self._paced[0] + 1.0 - time.monotonic()))
        self._paced.append(time.monotonic())

    def press(self, *keys: str) -> Seen:
        """Press keys one after the other; what came of the last one.

        A digit that came when the screen had just changed is refused: it is pressed again.
        """
        seen = Seen(no=None, kinds=())
        for key in keys:
            before, epoch = self.last_seq(), self.view["epoch"]
            no = self._pressed(key)
            if no == "E00" and key.isdigit() and self.view["epoch"] != epoch:
                no = self._pressed(key)
            seen = Seen(no=no, kinds=self._kinds(before))
        return seen

    def _pressed(self, key: str) -> str | None:
        """Press one key; return how it was refused when a view shows what came of it.

        A view of the clock's may be on its way just then: it rests on an older journal.
        """
        rev, mode = self.view["rev"], self.view.get("mode")
        self._sent += 1
        name = f"t-{self._sent}"
        self._say({"m": "key", "id": name, "k": key, "rev": rev, "epoch": self.view["epoch"]})
        ack = self._until(lambda: self._acks.get(name))

        def is_shown() -> bool:
            is_of_it = self.view.get("mode") != mode or self.view["seq"] >= ack["seq"]
            return bool(self.view["rev"] > rev and is_of_it)

        self._until(is_shown)
        refused: str | None = ack.get("no")
        return refused

    def badge(self, number: str = "0417") -> Seen:
        """Scan a badge."""
        return self.scan(labels.badge(number, self._key))

    def tray(self, name: str) -> Seen:
        """Scan a container's label."""
        return self.scan(labels.tray(CONTAINERS[name], name, self._key))

    def container(self, zone: str, number: str) -> Seen:
        """Scan the label of a container that has a number of its own."""
        return self.scan(labels.tray(zone, number, self._key))

    def place(self, zone: str) -> Seen:
        """Scan the label of a place in a zone."""
        return self.scan(labels.place(zone, "P1", self._key))

    def lesson(self, body: str) -> Seen:
        """Scan a label of the training course."""
        return self.scan(labels.training(body, self._key))

    def command(self, name: str) -> Seen:
        """Scan a command label."""
        return self.scan(labels.command(name, self._key))

    def item(self, gtin14: str) -> Seen:
        """Scan an article's EAN-13."""
        return self.scan(gtin14[1:], aim="]E0")

    def piece(self, gtin14: str, serial: str) -> Seen:
        """Scan a GS1 DataMatrix with article and serial number."""
        return self.scan(f"01{gtin14}21{serial}", aim="]d2")

    def supervise(self, reason: str = "1") -> Seen:
        """Badge, PIN and reason of the supervisor."""
        self.badge("0001")
        self.press(*PIN, "enter")
        return self.press(reason)

    def wait_for(self, kind: str) -> Seen:
        """Wait until an event of this kind follows what was there; nobody does anything."""
        before = self.last_seq()
        self._until(lambda: kind in self._kinds(before))
        return self._seen(before)

    def until_shown(self, is_so: Callable[[Mapping[str, Any]], bool]) -> Mapping[str, Any]:
        """Wait for a view of this kind; nobody does anything. Return it."""
        self._until(lambda: is_so(self.view))
        return self.view

    def wait_for_mode(self, mode: str) -> None:
        """Wait until the screen is that of work, live, or of training."""
        self._until(lambda: self.view.get("mode", "live") == mode)

    def next_view(self) -> None:
        """Wait for the next view; one comes each second at the latest."""
        rev = self.view["rev"]
        self._until(lambda: self.view["rev"] > rev)

    # ------------------------------------------------------------ what is seen

    @property
    def state(self) -> str:
        """Return the state that the newest view names."""
        return str(self.view["state"])

    def told(self, after: int = 0) -> list[tuple[str, dict[str, Any]]]:
        """Return kind and `data` of the journal's events behind a sequence, as of one moment."""
        rows = self._rows("SELECT kind, body FROM event WHERE seq > ? ORDER BY seq", after)
        return [(str(kind), json.loads(body)["data"]) for kind, body in rows]

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """Return `data` of the journal's events, of one kind or of all, in order."""
        return [data for name, data in self.told() if kind in ("", name)]

    def kinds(self) -> list[str]:
        """Return the kinds of all events, in order."""
        return [str(name) for (name,) in self._rows("SELECT kind FROM event ORDER BY seq")]

    def last_seq(self) -> int:
        """Return the newest sequence of the journal."""
        return int(self._rows("SELECT coalesce(max(seq), 0) FROM event")[0][0])

    # ------------------------------------------------------------ feeds

    def feed(self, name: str, rows: Iterable[Row]) -> None:
        """Drop a file of rows, renamed into place."""
        folder = self.data / "inbox" / name
        folder.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        if text:
            (folder / ".new").write_text(text, encoding="utf-8")
            (folder / ".new").rename(folder / f"{time.monotonic_ns()}.jsonl")

    def _wait_for_feeds(self) -> None:
        """Files are taken in when they have been laid aside."""
        inbox = self.data / "inbox"
        deadline = time.monotonic() + WAIT_S
        while any(inbox.glob("*/*.json*")):
            assert time.monotonic() < deadline, "the feeds were not taken in"
            time.sleep(0.02)

    # ------------------------------------------------------------ the wire

    def _seen(self, before: int) -> Seen:
        fb = self.view.get("fb") or {}
        code = str(fb.get("t", ""))
        refused = code if code[:1] == "E" and code[1:].isdigit() else None
        return Seen(no=refused, kinds=self._kinds(before))

    def _kinds(self, before: int) -> tuple[str, ...]:
        rows = self._rows("SELECT kind FROM event WHERE seq > ? ORDER BY seq", before)
        return tuple(str(name) for (name,) in rows)

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        path = self.data / "journal.db"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=WAIT_S) as db:
            rows = db.execute(query, values).fetchall()
        db.close()
        return rows

    def _say(self, message: Mapping[str, Any]) -> None:
        assert self._door is not None
        line = json.dumps(message).encode() + b"\n"
        try:
            self._door.sendall(line)
        except ConnectionError:  # other tests ran between two acts of this bench
            self._sit_down()
            self._door.sendall(line)

    def _until(self, is_so: Any) -> Any:
        """Read what the service says until it is so. Raises AssertionError after WAIT_S."""
        deadline = time.monotonic() + WAIT_S
        while not (found := is_so()):
            assert time.monotonic() < deadline, f"waited in vain; last seen {self.view}"
            self._read()
        return found

    def _read(self) -> None:
        assert self._door is not None
        came = self._door.recv(65536)
        if not came:
            self._sit_down()
            return
        self._unread += came
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            message = json.loads(line)
            match message["m"]:
                case "view":
                    self.view = message
                    self.shown.append(line)
                case "ack":
                    self._acks[message["id"]] = message
                case "ping":
                    self._say({"m": "pong"})

    def _write_people(self) -> None:
        people = (
            '[[person]]\nno = "0417"\nname = { ru = "Иванова", en = "Ivanova" }\n'
            '[[person]]\nno = "0502"\nname = { ru = "Петров", en = "Petrov" }\n'
            '[[person]]\nno = "0001"\nname = { ru = "Седов", en = "Sedov" }\nrole = "supervisor"\n'
            f'pin = "{_hashed_pin()}"\n'
        )
        (self.config / "people.toml").write_text(people, encoding="utf-8")


def _hashed_pin() -> str:
    """Ask the product's own verb, as a technician does."""
    done = subprocess.run(
        [PROGRAM, "people", "pin"], input=f"{PIN}\n", capture_output=True, text=True, check=True
    )
    return done.stdout.split('"')[1]
