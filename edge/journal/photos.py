"""Photographs on disk under their digest: there before the event that names them, or not at all."""

import asyncio
import hashlib
import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from edge.journal.rows import JournalError, photo_path
from edge.journal.writer import Worker

PHOTOS_WAITING_MAX: Final = 16  # full: the caller awaits
TEMPORARY: Final = "tmp"
ORPHAN: Final = "orphan"

log = logging.getLogger("photographs")


class PhotoLostError(JournalError):
    """A photograph is gone or its bytes changed."""

    def __init__(self, sha256: str, reason: str) -> None:
        super().__init__(f"photos: read {sha256}: {reason}")
        self.sha256 = sha256
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A photograph that an event names and that is not there as it was: absent or bit_rot."""

    sha256: str
    reason: str


class PhotoStore:
    """Content-addressed files, written by the thread `photo-writer`.

    `is_checked` = every file was looked at since the last `check_anew`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unchecked: list[Path] = []
        self.is_checked = False
        self._worker = Worker("photo-writer", bound=PHOTOS_WAITING_MAX, errors=(OSError,))

    async def __aenter__(self) -> Self:
        await self._worker.do(self._prepare)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._worker.close()

    async def put(self, jpeg: bytes) -> str:
        """Return the SHA-256, hex, when the photograph is on disk for good. Raises OSError.

        A photograph that is there already is no error.
        """
        return await asyncio.shield(self._worker.do(lambda: self._write(jpeg)))

    async def reconcile(
        self, named: Mapping[str, bool], given_up: frozenset[str] = frozenset()
    ) -> tuple[Lost, ...]:
        """Compare files with what events name: digest → whether the file must be there.

        A file that no event names moves to `orphan/`, one that was given up before a crash goes.
        Call it before the first photograph is put: one whose event is still to come would be an
        orphan.
        """
        return await self._worker.do(lambda: self._reconcile(named, given_up))

    async def check_next(self) -> Lost | None:
        """Read one more photograph against its digest; None = it is whole, or none is left."""
        return await self._worker.do(self._check_next)

    def check_anew(self) -> None:
        """Begin another look at all."""
        self.is_checked = False

    def _reconcile(self, named: Mapping[str, bool], given_up: frozenset[str]) -> tuple[Lost, ...]:
        there = {path.stem: path for path in self._files()}
        orphans = [path for sha256, path in there.items() if sha256 not in named]
        if orphans:
            self._set_aside(orphans)
        for sha256 in there.keys() & given_up:
            there[sha256].unlink()
        absent = sorted(sha for sha, must in named.items() if must and sha not in there)
        return tuple(Lost(sha256=sha256, reason="absent") for sha256 in absent)

    def _set_aside(self, orphans: list[Path]) -> None:
        aside = self._folder / ORPHAN
        aside.mkdir(exist_ok=True)
        for path in orphans:
            path.rename(aside / path.name)
            log.warning("photographs: no event names %s: set aside", path.name)
        _sync_folder(aside)
        for folder in {path.parent for path in orphans}:
            _sync_folder(folder)

    def _files(self) -> Iterator[Path]:
        return self._folder.glob("[0-9a-f][0-9a-f]/*.jpg")

    def _check_next(self) -> Lost | None:
        if not self._unchecked:
            self._unchecked = [] if self.is_checked else sorted(self._files(), reverse=True)
        if self._unchecked:
            path = self._unchecked.pop()
            self.is_checked = not self._unchecked
            if path.exists():
                is_whole = hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
                return None if is_whole else Lost(sha256=path.stem, reason="bit_rot")
        self.is_checked = not self._unchecked
        return None

    def read(self, sha256: str) -> bytes:
        """Return the bytes. Raises PhotoLostError (absent, bit_rot)."""
        try:
            jpeg = self.path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise PhotoLostError(sha256, "absent") from error
        if hashlib.sha256(jpeg).hexdigest() != sha256:
            raise PhotoLostError(sha256, "bit_rot")
        return jpeg

    def path(self, sha256: str) -> Path:
        """Return where a photograph lies."""
        return photo_path(self._folder, sha256)

    def _prepare(self) -> None:
        """Make the folders durable once, so that no photograph has to wait for that."""
        temporary = self._folder / TEMPORARY
        temporary.mkdir(parents=True, exist_ok=True)
        for left in temporary.iterdir():
            left.unlink()
        missing = [folder for n in range(256) if not (folder := self._folder / f"{n:02x}").exists()]
        for folder in missing:
            folder.mkdir()
        _sync_folder(self._folder)
        _sync_folder(self._folder.parent)

    def _write(self, jpeg: bytes) -> str:
        sha256 = hashlib.sha256(jpeg).hexdigest()
        target = self.path(sha256)
        if target.exists():
            return sha256
        temporary = self._folder / TEMPORARY / secrets.token_hex(16)
        with temporary.open("xb") as file:
            file.write(jpeg)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(target)
        _sync_folder(target.parent)
        _sync_folder(temporary.parent)
        return sha256


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
