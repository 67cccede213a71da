"""Photographs on disk under their digest: there before the event that names them, or not at all."""

import asyncio
import hashlib
import os
import secrets
from pathlib import Path
from typing import Final, Self

from edge.journal.rows import JournalError
from edge.journal.writer import Worker

PHOTOS_WAITING_MAX: Final = 16  # full: the caller awaits
TEMPORARY: Final = "tmp"


class PhotoLostError(JournalError):
    """A photograph is gone or its bytes changed."""

    def __init__(self, sha256: str, reason: str) -> None:
        super().__init__(f"photos: read {sha256}: {reason}")
        self.sha256 = sha256
        self.reason = reason


class PhotoStore:
    """Content-addressed files, written by the thread `photo-writer`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
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
        return self._folder / sha256[:2] / f"{sha256}.jpg"

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
