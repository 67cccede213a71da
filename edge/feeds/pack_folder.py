"""Policy packs as folders: files by relative path, read and written whole."""

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ENTRIES_MAX: Final = 1000
FILES_MAX: Final = 200
FILE_BYTES_MAX: Final = 1 << 20
SUFFIXES: Final = (".toml", ".csv")


def read_pack(folder: Path) -> dict[str, bytes]:
    """Return a pack's files by relative path; ignores what is no policy file.

    A file above the limit comes one byte too long, so that the loader names it. Never waits for
    a pipe. Raises OSError, also for more than `FILES_MAX` policy files or `ENTRIES_MAX` entries
    and for a file that is a device or leads out of the folder.
    """
    root = folder.resolve()
    paths = sorted(path for path in _entries(folder) if path.suffix in SUFFIXES)
    if len(paths) > FILES_MAX:
        raise OSError(f"{folder}: more than {FILES_MAX} policy files")
    return {path.relative_to(folder).as_posix(): _content(path, root) for path in paths}


def _entries(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder. Raises OSError when it is full of other things."""
    count = 0
    for inner, folders, names in os.walk(folder):
        count += len(folders) + len(names)
        if count > ENTRIES_MAX:
            raise OSError(f"{folder}: more than {ENTRIES_MAX} entries")
        yield from (Path(inner) / name for name in names)


def keep_pack(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files beside `folder`, then rename: they are there whole and durable, or not at all.

    What an earlier try left beside it is thrown away. Raises OSError.
    """
    beside = folder.with_name(f".{folder.name}")
    shutil.rmtree(beside, ignore_errors=True)
    for name, content in files.items():
        path = beside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_durably(path, content)
    for inner in (beside, *(path for path in beside.rglob("*") if path.is_dir())):
        sync_folder(inner)
    beside.rename(folder)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _content(path: Path, root: Path) -> bytes:
    if not path.resolve().is_relative_to(root):
        raise OSError(f"{path}: leads out of the folder")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path}: no regular file")
        return file.read(FILE_BYTES_MAX + 1)
