"""A serial scanner's end of a cable: a pseudo-terminal behind a stable path."""

import os
import tty
from pathlib import Path
from types import TracebackType
from typing import Self


class PtyCable:
    """`path` is what the driver opens; it is there while the cable is plugged in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._master = -1

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.unplug()

    def plug(self) -> None:
        """Make a new pseudo-terminal; its number may be another one than before."""
        self._master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self.path.symlink_to(os.ttyname(slave))
        os.close(slave)

    def unplug(self) -> None:
        """Hang up; harmless twice."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1
            self.path.unlink()

    def write(self, data: bytes) -> int:
        """Send bytes to the driver; return how many the line took."""
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0

    def read(self) -> bytes:
        """Return what the driver has sent."""
        try:
            return os.read(self._master, 4096)
        except OSError:  # nothing there, or the driver has closed its end
            return b""
