"""Commits in the journal's log (`-wal`) that SQLite does not read any more.

SQLite ends at the first frame whose checksum is wrong and forgets those behind it without a word.
Each commit is flushed before the next begins: one such commit may be torn and never acknowledged,
two are damage. Source: SQLite WAL-mode file format: header, frame header, index header.
"""

import os
import struct
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from edge.journal.rows import JournalBrokenError, JournalDamagedError
from edge.journal.schema import PAGE_BYTES, open_reader

HEADER: Final = 32
FRAME_HEADER: Final = 24
FRAME: Final = FRAME_HEADER + PAGE_BYTES
TORN_MAX: Final = 1  # a cut tears the one commit that was not flushed; more is damage
BAD_HEADER: Final = 0
_FORMATS: Final = {0x377F0682: "<6I", 0x377F0683: ">6I"}
_LOOKS: Final = 3


def unread_commits(path: Path) -> tuple[int, ...]:
    """Return the frames, 1-based, of commits behind the last good one; 0 for a damaged header.

    `path` = the journal's database file; a connection must have read it, as that writes the index.
    """
    log, index = path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")
    if not log.exists() or not index.exists():
        return ()
    for _ in range(_LOOKS):  # a writer at work may begin the log anew meanwhile
        before = _begin(log, index)
        found = _behind(log, *before)
        if found == () or before == _begin(log, index):
            return found
    return ()


def is_damage(unread: tuple[int, ...]) -> bool:
    """Return whether this cannot be what a power cut leaves."""
    return len(unread) > TORN_MAX or BAD_HEADER in unread


def need_whole_log(path: Path) -> None:
    """Raise JournalDamagedError where commits would be forgotten; before anybody may write.

    The last writing connection that closes would copy back what is readable and drop the log.
    """
    if not path.with_name(f"{path.name}-wal").exists():
        return
    unread: tuple[int, ...] = ()
    with suppress(JournalBrokenError), closing(open_reader(path)):  # the writer tells it better
        unread = unread_commits(path)
    if is_damage(unread):
        raise JournalDamagedError("open", f"commits of the log cannot be read: frames {unread[:5]}")


def _begin(log: Path, index: Path) -> tuple[bytes, bytes]:
    with log.open("rb") as file, index.open("rb") as shared:
        return file.read(HEADER), shared.read(HEADER + 8)


def _behind(log: Path, header: bytes, index: bytes) -> tuple[int, ...]:
    if len(header) < HEADER or not any(header):
        return ()
    if not _is_header(header):
        return (BAD_HEADER,)
    newest, salts = int.from_bytes(index[16:20], sys.byteorder), header[16:24]
    if salts != index[32:40]:  # the log begins anew with the next commit
        return ()
    return tuple(_commits(log, newest + 1, salts))


def _commits(log: Path, first: int, salts: bytes) -> list[int]:
    found: list[int] = []
    handle = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
    try:
        frames = (os.fstat(handle).st_size - HEADER) // FRAME
        for number in range(first, frames + 1):
            head = os.pread(handle, FRAME_HEADER, HEADER + (number - 1) * FRAME)
            if head[8:16] == salts and any(head[4:8]):
                found.append(number)
    finally:
        os.close(handle)
    return found


def _is_header(header: bytes) -> bool:
    words_format = _FORMATS.get(int.from_bytes(header[:4]))
    if words_format is None:
        return False
    first = second = 0
    words = iter(struct.unpack(words_format, header[:24]))
    for one, other in zip(words, words, strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return header[24:32] == first.to_bytes(4) + second.to_bytes(4)
