"""A program on a pseudo-terminal of its own, as a person's screen has it: keys in, bytes out."""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

SIZE: Final = (80, 24)
READ_BYTES: Final = 65_536
GONE: Final = -1  # in place of the file descriptor
KEPT_BYTES_MAX: Final = 4 * 1024 * 1024
CONTROL: Final = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][0-9A-B]|[=>78])")


class PtyProgram:
    """`raw` is all that was drawn since `forget`; what is drawn is read in `until` and `quiet`."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = SIZE,
        term: str = "xterm-256color",
        more: Mapping[str, str] | None = None,
    ) -> None:
        self._command = list(command)
        self._size = size
        self._environment = {
            **os.environ,
            "TERM": term,
            "COLORTERM": "truecolor",
            "LC_ALL": "C.UTF-8",
            "TEXTUAL_ANIMATIONS": "none",
            **(more or {}),
        }
        self.raw = bytearray()
        self.started_ns = 0

    def __enter__(self) -> Self:
        self.master, slave = os.openpty()
        self._say_size()
        self.started_ns = time.monotonic_ns()
        self.process = subprocess.Popen(
            self._command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=self._environment,
        )
        os.close(slave)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.master == GONE:
            return
        self.end()
        os.close(self.master)

    def end(self, number: signal.Signals = signal.SIGTERM, *, within_s: float = 10.0) -> int:
        """Signal the program and read what it still draws; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        deadline = time.monotonic() + within_s
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read(0.02)
        if self.process.poll() is None:
            self.process.kill()
        return self.process.wait()

    def hang_up(self, *, within_s: float = 20.0) -> int:
        """Let go of the screen, as a dropped connection does; return the program's exit code."""
        os.close(self.master)
        self.master = GONE
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def resize(self, width: int, height: int) -> None:
        """Change the size and say so, as a terminal does whose window is pulled."""
        self._size = (width, height)
        self._say_size()
        self.process.send_signal(signal.SIGWINCH)

    def _say_size(self) -> None:
        size = struct.pack("4H", *self._size[::-1], 0, 0)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)

    def press(self, keys: bytes) -> None:
        """Send keys as a keyboard does."""
        os.write(self.master, keys)

    def forget(self) -> None:
        """Leave out what was drawn until now."""
        while self._read(0):
            pass
        self.raw.clear()

    def until(self, *marks: str, within_s: float = 20.0) -> int:
        """Wait until every text was drawn since `forget`; return the moment, monotonic ns."""
        wanted = [mark.encode() for mark in marks]
        deadline = time.monotonic() + within_s
        while True:
            if all(mark in self.raw or mark in plain(self.raw) for mark in wanted):
                return time.monotonic_ns()
            left_s = deadline - time.monotonic()
            assert left_s > 0, f"not drawn: {marks}, but {plain(self.raw)[-2000:].decode()!r}"
            self._read(min(left_s, 0.5))

    def first(self, *, within_s: float = 20.0) -> int:
        """Wait until anything was drawn since `forget`; return the moment, monotonic ns."""
        deadline = time.monotonic() + within_s
        while not self.raw:
            assert time.monotonic() < deadline, "nothing was drawn"
            self._read(0.5)
        return time.monotonic_ns()

    def _read(self, wait_s: float) -> bool:
        if not select.select([self.master], [], [], wait_s)[0]:
            return False
        try:
            drawn = os.read(self.master, READ_BYTES)
        except OSError:  # EIO: the program has closed its side
            time.sleep(min(wait_s, 0.02))
            return False
        self.raw += drawn
        del self.raw[:-KEPT_BYTES_MAX]
        return bool(drawn)


def processor_ms(pid: int) -> int:
    """Return the processor time of a running process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")


def queue_ms(pid: int) -> float:
    """Return how long a running process' main thread has waited for a processor so far."""
    return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[1]) / 1e6


def plain(raw: bytes | bytearray) -> bytes:
    """Return what was drawn without its control sequences."""
    return CONTROL.sub(b"", bytes(raw))
