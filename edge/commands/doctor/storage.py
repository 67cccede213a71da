"""The disk under the journal: file system, free space, and what one durable write costs."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edge.commands.doctor.lines import Line, broken, good, poor
from edge.journal.file_system import UNSAFE, kind_of

BLOCK: Final = bytes(4096)
WRITES_MAX: Final = 200
YARDSTICK_S: Final = 1.5
SLOW_MS: Final = 50.0
TOO_QUICK_MS: Final = 0.005  # less than any disk can do: something swallows the sync
FORGETFUL: Final = ("tmpfs", "ramfs")


def storage(data: Path, budget_mb: int) -> Iterator[Line]:
    """Return the lines of the disk that holds `data`, or would hold it."""
    folder = nearest(data)
    yield _folder(data, folder)
    yield _file_system(folder)
    yield _space(folder, budget_mb)
    yield _yardstick(folder)


def nearest(path: Path) -> Path:
    """Return the path itself or the nearest folder above it that is there."""
    return next(one for one in (path.absolute(), *path.absolute().parents) if one.is_dir())


def _folder(data: Path, folder: Path) -> Line:
    if folder == data.absolute() and os.access(data, os.W_OK | os.X_OK):
        return good("data directory", f"{data} may be written")
    user = os.geteuid()
    cure = f"mkdir -p {data}; chown {user} {data}; or another --data"
    said = "is not there" if folder != data.absolute() else "may not be written by this user"
    return poor("data directory", f"{data} {said}", cure)


def _file_system(folder: Path) -> Line:
    what = "file system"
    kind = kind_of(folder)
    if kind.startswith(UNSAFE):
        return broken(what, f"{kind} under {folder}: unsafe for the journal", "a local disk")
    if kind in FORGETFUL:
        return poor(what, f"{kind} under {folder}: a power cut takes all", "a local disk")
    return good(what, f"{kind} under {folder}")


def _space(folder: Path, budget_mb: int) -> Line:
    status = os.statvfs(folder)
    free_mb = status.f_bavail * status.f_frsize // 2**20
    inodes = status.f_favail / status.f_files if status.f_files else 1.0
    said = f"{free_mb} MiB free, the budget is {budget_mb} MiB"
    if inodes < 0.05:
        return broken("free space", "under 5 % of the inodes are free", "remove small files")
    if free_mb < budget_mb // 10:
        return broken("free space", said, "free the disk, or another --data")
    if free_mb < budget_mb:
        return poor("free space", said, "free the disk, or lower journal.budget_mb")
    return good("free space", said)


def _yardstick(folder: Path) -> Line:
    where = folder if os.access(folder, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
    try:
        p50, p99, count = durable_write_ms(where)
    except OSError as error:
        return broken("disk sync", f"{where}: {error.strerror}", "another --data")
    said = f"4 KiB durable in {p50:.2f} ms, p99 {p99:.2f} ms ({count} writes in {where})"
    if p99 > SLOW_MS:
        return poor("disk sync", said, "another disk: scans will wait for this one")
    if p50 < TOO_QUICK_MS:
        return poor("disk sync", said, "check that the disk keeps what was synced")
    return good("disk sync", said)


def durable_write_ms(folder: Path) -> tuple[float, float, int]:
    """Return p50, p99 in milliseconds and the count of 4 KiB appends, each with its fdatasync."""
    took: list[float] = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as scratch:
        end = time.perf_counter() + YARDSTICK_S
        while len(took) < WRITES_MAX and time.perf_counter() < end:
            start = time.perf_counter()
            scratch.write(BLOCK)
            os.fdatasync(scratch.fileno())
            took.append((time.perf_counter() - start) * 1000)
    took.sort()
    return took[len(took) // 2], took[len(took) * 99 // 100], len(took)
