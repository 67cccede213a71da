"""A folder into which people and programs hand small JSON files, and what becomes of them.

A file is there whole or not at all, is read no further than it may be long, and means what the
taker says. One that is followed goes to `done/` or is deleted; one that is refused goes to `bad/`
beside `<name>.err`, which says why. What is no plain file, or a hidden one, is left alone.
"""

import asyncio
import json
import logging
import os
import stat
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

DONE: Final = "done"
BAD: Final = "bad"
SUFFIX: Final = ".json"
POLL_S: Final = 0.5


class DropRefusedError(ValueError):
    """A file that is not followed; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A file as it was read: what it holds, and what tells it from every other of its name."""

    name: str
    body: bytes
    inode: int
    changed_ns: int


# Follows a drop. False = no room now: it stays and comes again. Raises DropRefusedError.
Take = Callable[[Drop], Awaitable[bool]]


class Inbox:
    """Takes what is dropped into a folder, in name order. `what` is its name in the log."""

    def __init__(
        self,
        folder: Path,
        take: Take,
        *,
        what: str,
        bytes_max: int,
        poll_s: float = POLL_S,
        keeps_done: bool = True,
    ) -> None:
        self._folder = folder
        self._take_drop = take
        self._bytes_max = bytes_max
        self._poll_s = poll_s
        self._keeps_done = keeps_done
        self._what = what
        self._log = logging.getLogger(what)
        self._trouble = ""

    async def run(self) -> None:
        """Take what is dropped, for ever."""
        while True:
            try:
                await self.take_all()
                self._tell("")
            except OSError as error:
                self._tell(str(error))
            await asyncio.sleep(self._poll_s)

    async def take_all(self) -> None:
        """Take what lies there. Raises OSError of the folder, and what the taker raises."""
        for name in (DONE, BAD) if self._keeps_done else (BAD,):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        for path in sorted(self._folder.iterdir()):
            if is_drop(path):
                await self._take(path)

    async def _take(self, path: Path) -> None:
        try:
            is_done = await self._take_drop(_read(path, self._bytes_max))
        except DropRefusedError as error:
            self._log.error("%s: %s refused: %s", self._what, path.name, error)
            refuse(path, str(error))
            return
        if is_done:
            self._put_away(path)

    def _put_away(self, path: Path) -> None:
        if self._keeps_done:
            path.replace(path.parent / DONE / path.name)
        else:
            path.unlink()

    def _tell(self, trouble: str) -> None:
        """Log that the folder is in trouble once, and once that it is out of it."""
        if trouble != self._trouble:
            self._log.warning("%s: inbox: %s", self._what, trouble or "is back")
        self._trouble = trouble


def hand_in(folder: Path, name: str, body: bytes) -> Path:
    """Lay a file into an inbox, whole or not at all after any crash. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    return _written(folder / name, body)


def answer_to(path: Path) -> str | None:
    """Return why the file that was handed in there is refused; empty = followed, None = waits.

    Raises OSError.
    """
    if (path.parent / DONE / path.name).exists():
        return ""
    try:
        return _account(path).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def refuse(path: Path, why: str) -> None:
    """Lay a file of an inbox aside beside the account of why. Raises OSError."""
    _written(_account(path), f"{why}\n".encode(errors="replace"))
    path.replace(path.parent / BAD / path.name)


def laid_aside_before(folder: Path, before_ns: int) -> Iterator[Path]:
    """Yield the files of an inbox that were taken or refused before a wall time. Raises OSError."""
    for name in (DONE, BAD):
        for path in (folder / name).iterdir():
            about = path.lstat()
            if stat.S_ISREG(about.st_mode) and about.st_mtime_ns < before_ns:
                yield path


def is_drop(path: Path) -> bool:
    """Return whether this is a file that is handed in. Raises OSError.

    A named pipe would stop the one who opens it, and a link leads out of the folder.
    """
    is_named_so = path.suffix == SUFFIX and not path.name.startswith(".")
    return is_named_so and stat.S_ISREG(path.lstat().st_mode)


def read_bounded(path: Path, bytes_max: int) -> bytes:
    """Return what a file holds. Raises OSError, and DropRefusedError where it is longer."""
    return _read(path, bytes_max).body


def object_of(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a file. Raises DropRefusedError for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DropRefusedError(f"no JSON: {error}") from error
    if not isinstance(found, dict):
        raise DropRefusedError("no JSON object")
    return found


def _read(path: Path, bytes_max: int) -> Drop:
    try:
        with path.open("rb") as file:
            body = file.read(bytes_max + 1)  # one more tells that it is too long
            found = os.fstat(file.fileno())
    except PermissionError as error:  # of this file alone: the others need not wait for it
        raise DropRefusedError(f"cannot be read: {error.strerror}") from error
    if len(body) > bytes_max:
        raise DropRefusedError(f"longer than {bytes_max} bytes")
    return Drop(name=path.name, body=body, inode=found.st_ino, changed_ns=found.st_mtime_ns)


def _account(path: Path) -> Path:
    return path.parent / BAD / f"{path.name}.err"


def _written(path: Path, body: bytes) -> Path:
    half = path.with_name(f".{path.name}.part")
    with half.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    return path
