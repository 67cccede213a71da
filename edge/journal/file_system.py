"""On what the journal would lie: WAL needs shared memory and honest locks, a local disk has them.

Source: proc_pid_mountinfo(5); SQLite, Write-Ahead Logging, "all processes on the same host".
"""

from pathlib import Path
from typing import Final

from edge.journal.rows import JournalError

MOUNTS: Final = Path("/proc/self/mountinfo")
FUSE: Final = "fuse"
UNSAFE: Final = ("nfs", "cifs", "smb", FUSE, "9p", "vboxsf", "afs", "ceph", "ocfs2", "gfs2")


class JournalPlaceError(JournalError):
    """The data folder lies where a journal is not safe."""

    def __init__(self, folder: Path, kind: str) -> None:
        cure = ", or journal.allow_fuse for a trial" if kind.startswith(FUSE) else ""
        super().__init__(
            f"journal: {folder}: file system {kind} is not safe: choose a local disk{cure}"
        )
        self.kind = kind


def need_local(folder: Path, *, allow_fuse: bool) -> None:
    """Raise JournalPlaceError for a network file system, and for FUSE unless it is allowed."""
    kind = kind_of(folder)
    if kind.startswith(UNSAFE) and not (allow_fuse and kind.startswith(FUSE)):
        raise JournalPlaceError(folder, kind)


def kind_of(folder: Path) -> str:
    """Return the type of file system under a folder; `unknown` where the kernel does not say."""
    if not MOUNTS.exists():
        return "unknown"
    return type_of(folder.resolve(), MOUNTS.read_text(encoding="utf-8", errors="replace"))


def type_of(folder: Path, mounts: str) -> str:
    """Return the file system type of a folder by the text of mountinfo; the deepest mount wins."""
    best, kind = -1, "unknown"
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        point = Path(left.split()[4].encode().decode("unicode_escape"))
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), right.split()[0]
    return kind
