"""Recorded scanner streams played again: key events into uinput or a pipe, bytes into a pty.

A recording is CSV with the head `device,t_us,type,code,value`. For a keyboard the last three are
those of `struct input_event`; for a serial scanner type is `byte` and value the byte. Times count
from the first row.
"""

import csv
import os
import struct
import time
import tty
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, Protocol

COLUMNS: Final = ["device", "t_us", "type", "code", "value"]
BYTE: Final = "byte"
_EVENT: Final = struct.Struct("llHHi")
_KEY, _REPEAT = 1, 2


@dataclass(frozen=True, slots=True)
class Row:
    """One event or byte of one device."""

    device: str
    t_us: int
    kind: str
    code: int
    value: int


class Player(Protocol):
    """The device end of one scanner."""

    def play(self, row: Row) -> None:
        """Let one event happen now."""


def read_rows(file: Path) -> tuple[Row, ...]:
    """Return a recording. Raises ValueError with the line that is wrong."""
    with file.open(newline="", encoding="utf-8") as text:
        lines = csv.reader(text)
        if next(lines, None) != COLUMNS:
            raise ValueError(f"{file.name}: line 1: {','.join(COLUMNS)} is wanted")
        rows = tuple(_row(file, number, cells) for number, cells in enumerate(lines, 2))
    if any(later.t_us < earlier.t_us for earlier, later in pairwise(rows)):
        raise ValueError(f"{file.name}: times go back")
    return rows


def _row(file: Path, number: int, cells: list[str]) -> Row:
    try:
        device, t_us, kind, code, value = cells
        row = Row(device, int(t_us), kind, int(code or 0), int(value))
        if kind != BYTE:
            int(kind)
    except ValueError as error:
        raise ValueError(f"{file.name}: line {number}: {error}") from error
    if kind == BYTE and not 0 <= row.value <= 0xFF:
        raise ValueError(f"{file.name}: line {number}: {value} is no byte")
    return row


@contextmanager
def plugged_in(rows: Iterable[Row], folder: Path, *, uinput: bool) -> Iterator[dict[str, Player]]:
    """Make the devices of a recording: links and pipes of their names in `folder`, or uinput.

    Raises OSError when there is no uinput, ImportError without evdev.
    """
    kinds = {row.device: row.kind for row in rows}
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(_player(folder / name, kind, uinput=uinput))
            for name, kind in kinds.items()
        }


def play(rows: Iterable[Row], players: dict[str, Player], speed: float) -> None:
    """Let everything happen in its time, `speed` times as fast."""
    start_s = time.monotonic()
    first_us: int | None = None
    for row in rows:
        first_us = row.t_us if first_us is None else first_us
        due_s = start_s + (row.t_us - first_us) / 1e6 / speed
        time.sleep(max(0.0, due_s - time.monotonic()))
        players[row.device].play(row)


@contextmanager
def _player(path: Path, kind: str, *, uinput: bool) -> Iterator[Player]:
    if kind == BYTE:
        with _pty(path) as pty:
            yield pty
    elif uinput:
        with _keyboard(path.name) as keyboard:
            yield keyboard
    else:
        with _pipe(path) as pipe:
            yield pipe


@dataclass(frozen=True, slots=True)
class _Bytes:
    fd: int

    def play(self, row: Row) -> None:
        os.write(self.fd, bytes((row.value,)))


@dataclass(frozen=True, slots=True)
class _Records:
    """Whole `struct input_event`s, stamped when they are written, as the kernel does."""

    fd: int

    def play(self, row: Row) -> None:
        now_us = time.monotonic_ns() // 1000
        seconds, rest = divmod(now_us, 1_000_000)
        os.write(self.fd, _EVENT.pack(seconds, rest, int(row.kind), row.code, row.value))


@contextmanager
def _pty(path: Path) -> Iterator[_Bytes]:
    master, slave = os.openpty()
    try:
        tty.setraw(slave)
        path.unlink(missing_ok=True)
        path.symlink_to(os.ttyname(slave))
        yield _Bytes(master)
    finally:
        path.unlink(missing_ok=True)
        os.close(slave)
        os.close(master)


@contextmanager
def _pipe(path: Path) -> Iterator[_Records]:
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    fd = os.open(path, os.O_RDWR)
    try:
        yield _Records(fd)
    finally:
        os.close(fd)
        path.unlink()


@contextmanager
def _keyboard(name: str) -> Iterator[Player]:
    import evdev  # noqa: PLC0415 - an extra that pipes and ptys do without

    class Keys:
        def play(self, row: Row) -> None:
            if (int(row.kind), row.value) != (_KEY, _REPEAT):  # the kernel repeats by itself
                made.write(int(row.kind), row.code, row.value)

    capabilities: dict[int, Sequence[int]] = {_KEY: range(1, 249)}
    with evdev.UInput(capabilities, name=name, phys=f"{name}/input0") as made:
        yield Keys()
