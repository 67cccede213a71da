"""Single bits turned in what a killed station left: its database, its log, its photographs."""

import contextlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.cli import main
from stored_events import cells, without_log

PROGRAM = Path(sys.executable).with_name("receiving-edge")
HEADER = 32
FRAME = 24 + 4096
KINDS = ("event", "log", "photograph")


@dataclass(frozen=True, slots=True)
class Remains:
    """The folder as it was found, with its log; and beside it one whose log is copied back."""

    folder: Path
    closed: Path


@dataclass(frozen=True, slots=True)
class Flip:
    """One bit: where it is, and what must be named for it."""

    kind: str
    folder: Path
    file: Path
    at: int
    bit: int
    name: str = ""


def killed_soak(folder: Path, events: int) -> Remains:
    """Let the product's trial run, kill it after so many acknowledgements, keep what it left."""
    remains = Remains(folder / "left", folder / "closed")
    remains.folder.mkdir()
    words = ["journal", "soak", "--events", "1000000", "--photos", "--print-acks", "--data"]
    with subprocess.Popen(
        [str(PROGRAM), *words, str(remains.folder)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        for _ in range(events):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.stdout.read()
    shutil.copytree(remains.folder, remains.closed)
    without_log(remains.closed / "journal.db")
    return remains


def flips(remains: Remains, count: int, rng: random.Random) -> Iterator[Flip]:
    """Draw bits of stored events, of the log's present frames and of photographs, by turns."""
    stored = cells(remains.closed / "journal.db")
    log = remains.folder / "journal.db-wal"
    present = _present(log)
    photos = sorted((remains.folder / "photos").glob("??/*.jpg"))
    for number in range(count):
        bit = rng.randrange(8)
        match KINDS[number % len(KINDS)]:
            case "event":
                cell = rng.choice(stored)
                # the type of the key's place in the record: SQLite looks at it nowhere
                places = [at for at in range(cell.start, cell.end) if at != cell.record + 1]
                file = remains.closed / "journal.db"
                yield Flip("event", remains.closed, file, rng.choice(places), bit, str(cell.seq))
            case "log":
                yield Flip("log", remains.folder, log, rng.randrange(present), bit)
            case _:
                photo = rng.choice(photos)
                at = rng.randrange(photo.stat().st_size)
                yield Flip("photograph", remains.folder, photo, at, bit, photo.stem)


def is_named(flip: Flip) -> bool:
    """Turn the bit, ask `journal verify`, turn it back; return whether it was found and named."""
    with _turned(flip):
        told = verified(flip.folder)
    match flip.kind:
        case "event":
            near = {int(flip.name), int(flip.name) + 1}
            return not told["ok"] and bool(near & set(told["broken"]) or told["file"])
        case "log":
            return bool(told["log"])
        case _:
            named = [{"sha256": flip.name, "reason": "bit_rot"}]
            return not told["ok"] and told["photos"] == named


def verified(folder: Path) -> dict[str, Any]:
    """What `journal verify --json` tells; the log is read anew, as after a start."""
    (folder / "journal.db-shm").unlink(missing_ok=True)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
        main(["journal", "verify", "--json", "--data", str(folder)])
    told: dict[str, Any] = {"broken": [], "file": ["unreadable"], "log": [0], "photos": []}
    told.update(json.loads(said.getvalue()))
    return told


@contextlib.contextmanager
def _turned(flip: Flip) -> Iterator[None]:
    handle = os.open(flip.file, os.O_RDWR)
    before = os.pread(handle, 1, flip.at)
    try:
        os.pwrite(handle, bytes((before[0] ^ 1 << flip.bit,)), flip.at)
        yield
        os.pwrite(handle, before, flip.at)
    finally:
        os.close(handle)


def _present(log: Path) -> int:
    """The bytes of the log's present round: its header, and the frames that bear its salts."""
    raw = log.read_bytes()
    end = HEADER
    while end + FRAME <= len(raw) and raw[end + 8 : end + 16] == raw[16:24]:
        end += FRAME
    return end
