"""Power cuts: the product works on a recording file system; each disk it could leave is read."""

import contextlib
import hashlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from crash_disk import Disk, Image, Step, read_recording
from edge.journal.log_file import is_damage
from edge.journal.reader import Reader
from edge.journal.rows import JournalBrokenError, Submission
from edge.journal.store import open_store
from edge.settings.model import JournalSettings
from journal_kit import IDENTITY, HandClock, event, uuid7

HERE = Path(__file__).parent
PROGRAM = Path(sys.executable).with_name("receiving-edge")
JOURNAL = ("data/journal.db", "data/journal.db-wal")
MOUNT_S = 20.0
ASK_S = 0.005
EARLY = 20  # one cut in so many comes before the first acknowledgement
REOPENED = 20  # one disk in so many is opened by the writer, too, and written on
ROOMY = JournalSettings(budget_mb=64, warn_percent=200, high_percent=210, full_percent=220)

Client = Callable[[Path], None]


class Fault:
    """What may be found wrong; the words of a count."""

    LOST = "acknowledged events lost"
    UNREADABLE = "journal unreadable"
    CHAIN = "chain broken"
    PHOTO_LOST = "event without its photograph"
    REFUSED = "writer cannot go on"


@dataclass(frozen=True, slots=True)
class Cut:
    """A disk after a power cut, and what had been acknowledged before it."""

    step: int
    acked: int
    image: Image


def why_no_fuse() -> str:
    """Return what is missing for a recording, empty if nothing is."""
    if not Path("/dev/fuse").exists():
        return "no /dev/fuse: power cuts are not simulated"
    if shutil.which("fusermount3") is None:
        return "no fusermount3 (Debian package fuse3): power cuts are not simulated"
    return ""


def recorded(folder: Path, client: Client) -> list[Step]:
    """Let a client work on a fresh mount, `data` in it made durable, and return what it did."""
    mount, recording = folder / "mount", folder / "recording"
    mount.mkdir(parents=True)
    with _mounted(mount, recording):
        (mount / "data").mkdir()
        _sync_folder(mount)
        client(mount)
    return read_recording(recording)


@contextlib.contextmanager
def _mounted(mount: Path, recording: Path) -> Iterator[None]:
    command = [sys.executable, "-P", str(HERE / "recording_fs.py"), str(mount), str(recording)]
    with subprocess.Popen(command) as process:
        try:
            until = time.monotonic() + MOUNT_S
            while not mount.is_mount():
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{mount} was not mounted")
                time.sleep(0.02)
            yield
        finally:
            subprocess.run(["fusermount3", "-u", str(mount)], check=process.poll() is None)
            process.wait(MOUNT_S)


def soak(events: int, producers: int, *, synchronous: str = "full") -> Client:
    """The product's own trial, with photographs."""
    words = ["journal", "soak", "--events", str(events), "--producers", str(producers)]
    words += ["--synchronous", synchronous, "--print-acks", "--photos", "--data"]
    return lambda mount: follow([str(PROGRAM), *words, str(mount / "data")], mount)


def photo_last(events: int) -> Client:
    """The control that commits an event before the photograph which it names."""
    script = str(HERE / "photo_last_process.py")
    return lambda mount: follow([sys.executable, script, str(mount / "data"), str(events)], mount)


def follow(command: Sequence[str], mount: Path) -> None:
    """Run a program and mark each sequence that it says is acknowledged."""
    environment = os.environ | {"PYTHONPATH": f"{HERE}:{os.environ.get('PYTHONPATH', '')}"}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            mark(mount, int(line.split()[0]))
        complaint = process.stderr.read()
    assert process.returncode == 0, complaint


def whole_station(units: int, seed: int) -> Client:
    """The whole receiving flow: what the central platform has got was acknowledged before."""

    def work(mount: Path) -> None:
        folder = mount.with_name("station")
        folder.mkdir()
        (folder / "data").symlink_to(mount / "data", target_is_directory=True)
        command = [str(PROGRAM), "demo", "--headless", "--json", "--run", str(folder)]
        command += ["--units", str(units), "--seed", str(seed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            _mark_arrivals(folder / "run" / "sim.sock", mount, process)
            assert process.stdout is not None
            said = process.stdout.read()
        assert process.returncode == 0, said.decode()

    return work


def _mark_arrivals(door: Path, mount: Path, process: subprocess.Popen[bytes]) -> None:
    """Mark the newest event that the platform has, which gets all of them in order."""
    newest = 0
    while process.poll() is None:
        arrived = _arrived(door)
        if arrived > newest:
            newest = arrived
            mark(mount, newest)
        time.sleep(ASK_S)


def _arrived(door: Path) -> int:
    with socket.socket(socket.AF_UNIX) as link, contextlib.suppress(OSError, ValueError):
        link.connect(str(door))
        link.sendall(b'{"do": "stats"}\n')
        answer = json.loads(link.makefile("rb").readline())
        return int(answer["platform"]["events"])
    return 0


def mark(mount: Path, seq: int) -> None:
    """Write into the recording that all up to this sequence is acknowledged."""
    (mount / f".ack-{seq}").mkdir()


def without_photo_folder_flushes(steps: Sequence[Step]) -> list[Step]:
    """The recording of a program that does not flush the folders of photographs."""
    folders = {one.what["node"]: one.what for one in steps if one.op == "link"}
    photos = {node for node, what in folders.items() if what["name"] == "photos"}
    inner = {node for node, what in folders.items() if what["folder"] in photos}
    return [one for one in steps if one.op != "fsyncdir" or one.what["folder"] not in inner]


def cuts(steps: Sequence[Step], points: int, rng: random.Random) -> Iterator[Cut]:
    """Draw points of time and one disk that each could leave."""
    disk, acked, at = Disk(), 0, 0
    for moment in _moments(steps, points, rng):
        for step in steps[at:moment]:
            if step.op == "ack":
                acked = max(acked, int(step.what["name"]))
            else:
                disk.take(step)
        at = moment
        yield Cut(moment, acked, disk.image(rng))


def _moments(steps: Sequence[Step], points: int, rng: random.Random) -> list[int]:
    """Few cuts while the journal is made, which is most of the writes, the others in its work."""
    first = next(at for at, step in enumerate(steps) if step.op == "ack")
    early = points // EARLY
    moments = [rng.randrange(first) for _ in range(early)]
    moments += [rng.randrange(first, len(steps) + 1) for _ in range(points - early)]
    return sorted(moments)


def count_faults(
    steps: Sequence[Step],
    points: int,
    seed: int,
    tell: Callable[[Cut, str], None] | None = None,
) -> Counter[str]:
    """Examine that many disks; return how many have which fault. `tell` is told of each disk."""
    rng = random.Random(seed)
    found: Counter[str] = Counter()
    fast = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=fast) as folder:
        examiner = Examiner(Path(folder))
        for number, cut in enumerate(cuts(steps, points, rng)):
            fault = examiner.examine(cut, reopens=number % REOPENED == 0)
            if tell is not None:
                tell(cut, fault)
            if fault:
                found[fault] += 1
    return found


class Examiner:
    """Puts disks into a folder, one after the other, and reads them as the product does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[str, bytes | None] = {}

    def examine(self, cut: Cut, *, reopens: bool) -> str:
        """Return what is wrong with a disk, empty if nothing is."""
        self._write(cut.image)
        path = self._folder / "journal.db"
        try:
            fault = _read(path, cut) if cut.acked else ""
            if fault or (cut.acked and not reopens):
                return fault
            self._written.clear()
            _go_on(path)
        except JournalBrokenError:
            return Fault.UNREADABLE if cut.acked else Fault.REFUSED
        return ""

    def _write(self, image: Image) -> None:
        """Write what is not there already; SQLite's index of the log is gone with the memory."""
        (self._folder / "journal.db-shm").unlink(missing_ok=True)
        for name in JOURNAL:
            path, data = self._folder / Path(name).name, image.read(name)
            if data is None:
                path.unlink(missing_ok=True)
            elif self._written.get(name) is not data:
                _overwrite(path, data)
            self._written[name] = data


def _overwrite(path: Path, data: bytes) -> None:
    """Like `write_bytes`, but the memory that the file has is used again: three times as fast."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        file.write(data)
        file.truncate()


def _read(path: Path, cut: Cut) -> str:
    if not path.exists():
        return Fault.LOST
    with Reader(path) as reader:
        report = reader.verify(deep=True)
        unread = reader.unread_commits()
        photos = reader.photos()
    if report.last_seq < cut.acked:
        return Fault.LOST
    if (
        is_damage(unread)
        or not report.is_good
        or report.first_seq != 1
        or report.events != report.last_seq
    ):
        return Fault.CHAIN
    return "" if all(_has_photo(cut.image, sha256) for sha256 in photos) else Fault.PHOTO_LOST


def _has_photo(image: Image, sha256: str) -> bool:
    jpeg = image.read(f"data/photos/{sha256[:2]}/{sha256}.jpg") or b""
    return hashlib.sha256(jpeg).hexdigest() == sha256


def _go_on(path: Path) -> None:
    """Open the disk as the writer does and append; the id is none that the writer's count meets."""
    store = open_store(path, IDENTITY, targets=(), budget=ROOMY, clock=HandClock())
    try:
        store.append([Submission(events=(event(key=uuid7(2**40)),))], ())
    finally:
        store.close()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
