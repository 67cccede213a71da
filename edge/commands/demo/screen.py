"""The demo's screen: the terminal in a pty of its own, the simulated bench laid over by Ctrl+]."""

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from edge.commands.demo.children import program

BENCH_KEY: Final = b"\x1d"  # Ctrl+]
INTERRUPT: Final = b"\x03"
READ_BYTES: Final = 65536
STOP_S: Final = 3.0
REPAINT_S: Final = 0.1


class Pane:
    """A program in a pseudo-terminal that has the size of ours."""

    def __init__(self, command: Sequence[str]) -> None:
        self.master, slave = pty.openpty()
        _copy_size(self.master)
        self.process = subprocess.Popen(  # noqa: S603 - programs of this installation alone
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)

    def write(self, keys: bytes) -> None:
        """Pass keys on."""
        os.write(self.master, keys)

    def resize(self, *, rows_less: int = 0) -> None:
        """Give the program our size, or a little less."""
        _copy_size(self.master, rows_less=rows_less)
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGWINCH)

    def repaint(self) -> None:
        """Make the program draw everything: only a size that really changed does."""
        self.resize(rows_less=1)
        asyncio.get_running_loop().call_later(REPAINT_S, self.resize)

    def close(self) -> None:
        """End the program and forget the pty."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_S)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


async def show(run: Path, lang: str) -> None:
    """Work at the terminal until it ends or Ctrl-C; Ctrl+] lays the bench over, Esc takes it off.

    Raises OSError when the pty cannot be made.
    """
    socket = str(run / "terminal.sock")
    terminal = Pane([program("receiving-edge"), "terminal", "--socket", socket, "--lang", lang])
    screen = _Screen(terminal, run, lang)
    loop = asyncio.get_running_loop()
    with _raw_keyboard():
        loop.add_reader(sys.stdin.fileno(), screen.from_person)
        loop.add_reader(terminal.master, screen.from_pane, terminal)
        loop.add_signal_handler(signal.SIGWINCH, screen.resized)
        try:
            await screen.ended.wait()
        finally:
            loop.remove_reader(sys.stdin.fileno())
            loop.remove_reader(terminal.master)
            loop.remove_signal_handler(signal.SIGWINCH)
            screen.close_bench()
            terminal.close()


class _Screen:
    """Which pane is in front, and where keys go."""

    def __init__(self, terminal: Pane, run: Path, lang: str) -> None:
        self._terminal = terminal
        self._bench: Pane | None = None
        self._command = [program("receiving-sim"), "bench", "--run", str(run), "--lang", lang]
        self.ended = asyncio.Event()

    def from_person(self) -> None:
        """Pass keys to the pane in front."""
        keys = os.read(sys.stdin.fileno(), READ_BYTES)
        if not keys or INTERRUPT in keys:
            self.ended.set()
        elif keys == BENCH_KEY:
            self._toggle_bench()
        else:
            (self._bench or self._terminal).write(keys)

    def from_pane(self, pane: Pane) -> None:
        """Draw what a pane draws, if it is in front; a pane that ended gives its place back."""
        try:
            drawn = os.read(pane.master, READ_BYTES)
        except OSError:  # EIO: the program closed its side
            drawn = b""
        if not drawn:
            self._gone(pane)
        elif pane is (self._bench or self._terminal):
            os.write(sys.stdout.fileno(), drawn)

    def resized(self) -> None:
        """Our window changed: so does theirs."""
        for pane in (self._terminal, self._bench):
            if pane is not None:
                pane.resize()

    def close_bench(self) -> None:
        """Take the bench off, if it is on; harmless twice."""
        if self._bench is not None:
            asyncio.get_running_loop().remove_reader(self._bench.master)
            self._bench.close()
            self._bench = None

    def _toggle_bench(self) -> None:
        if self._bench is not None:
            self._gone(self._bench)
            return
        self._bench = Pane(self._command)
        asyncio.get_running_loop().add_reader(self._bench.master, self.from_pane, self._bench)

    def _gone(self, pane: Pane) -> None:
        if pane is self._terminal:
            self.ended.set()
            return
        self.close_bench()
        os.write(sys.stdout.fileno(), b"\x1b[2J")
        self._terminal.repaint()


def _copy_size(master: int, *, rows_less: int = 0) -> None:
    size = os.get_terminal_size(sys.stdout.fileno())
    packed = struct.pack("HHHH", size.lines - rows_less, size.columns, 0, 0)
    fcntl.ioctl(master, termios.TIOCSWINSZ, packed)


@contextlib.contextmanager
def _raw_keyboard() -> Iterator[None]:
    """Every key goes to the pane; the person's terminal is put back as it was, also after a bug."""
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    tty.setraw(keyboard)
    try:
        yield
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
        os.write(sys.stdout.fileno(), b"\x1b[?1049l\x1b[?25h\x1b[0m\r\n")
