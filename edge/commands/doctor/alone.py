"""Only one may command devices: the service holds the data folder while it runs."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from edge.journal.writer import LOCK_FILE


class CannotRunError(Exception):
    """Nothing can be tried; the message says why."""


class InUseError(CannotRunError):
    """The service runs on this data folder."""

    def __init__(self, data: Path) -> None:
        super().__init__(f"{data}: in use by the service; stop it first: systemctl stop …")


@contextlib.contextmanager
def alone(data: Path) -> Iterator[None]:
    """Hold the lock of a data folder; one that is not there has no service. Raises InUseError."""
    if not data.is_dir():
        yield
        return
    with (data / LOCK_FILE).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InUseError(data) from error
        yield
