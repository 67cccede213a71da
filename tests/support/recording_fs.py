"""A file system in memory, over FUSE, that writes down each change and each flush in order.

Arguments: mount point, file of the recording. Ends when it is unmounted. A line of JSON tells an
operation; the bytes of a write follow it. A folder made under the root whose name begins with
`.ack-` is a mark: whoever makes it holds an acknowledgement in hand.
"""

import errno
import itertools
import json
import os
import stat
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import mfusepy  # type: ignore[import-untyped]

BLOCK = 4096
BLOCKS = 64 * 1024  # a disk of 256 MiB


class Node:
    """A file or a folder; what is not told apart by a name is told apart by its number."""

    def __init__(self, number: int, mode: int) -> None:
        self.number = number
        self.mode = mode
        self.data = bytearray()
        self.names: dict[str, Node] = {}

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)


class RecordingFs(mfusepy.Operations):  # type: ignore[misc]
    """What the kernel asks for; everything that changes the disk goes into the recording."""

    use_ns = True

    def __init__(self, recording: BinaryIO) -> None:
        self._recording = recording
        self._numbers = itertools.count(1)
        self._root = self._node(stat.S_IFDIR | 0o755)
        self._by_number = {self._root.number: self._root}

    def _node(self, mode: int) -> Node:
        return Node(next(self._numbers), mode)

    def _tell(self, op: str, data: bytes = b"", **what: Any) -> None:
        line = json.dumps({"op": op, "bytes": len(data), **what})
        self._recording.write(line.encode() + b"\n" + data)

    def _at(self, path: str) -> Node:
        node = self._root
        for name in path.split("/"):
            if name:
                if name not in node.names:
                    raise mfusepy.FuseOSError(errno.ENOENT)
                node = node.names[name]
        return node

    def _place(self, path: str) -> tuple[Node, str]:
        folder, _, name = path.rpartition("/")
        return self._at(folder), name

    # ------------------------------------------------------------ names

    def _make(self, path: str, mode: int) -> Node:
        folder, name = self._place(path)
        if name in folder.names:
            raise mfusepy.FuseOSError(errno.EEXIST)
        node = self._node(mode)
        folder.names[name] = self._by_number[node.number] = node
        kind = "folder" if node.is_folder else "file"
        self._tell("link", folder=folder.number, name=name, node=node.number, kind=kind)
        return node

    def mkdir(self, path: str, mode: int) -> int:
        if path.startswith("/.ack-"):
            self._root.names[path[1:]] = self._node(stat.S_IFDIR | mode)
            self._tell("ack", name=path.removeprefix("/.ack-"))
        else:
            self._make(path, stat.S_IFDIR | mode)
        return 0

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        return self._make(path, stat.S_IFREG | mode).number

    def unlink(self, path: str) -> int:
        folder, name = self._place(path)
        del folder.names[name]
        self._tell("unlink", folder=folder.number, name=name)
        return 0

    def rmdir(self, path: str) -> int:
        if self._at(path).names:
            raise mfusepy.FuseOSError(errno.ENOTEMPTY)
        return self.unlink(path)

    def rename(self, old: str, new: str) -> int:
        (source, was), (folder, name) = self._place(old), self._place(new)
        node = source.names.pop(was)
        folder.names[name] = node
        self._tell(
            "rename",
            source=source.number,
            was=was,
            folder=folder.number,
            name=name,
            node=node.number,
        )
        return 0

    # ------------------------------------------------------------ bytes

    def open(self, path: str, flags: int) -> int:
        return self._at(path).number

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return bytes(self._by_number[fh].data[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        node = self._by_number[fh]
        if len(node.data) < offset:
            node.data.extend(bytes(offset - len(node.data)))
        node.data[offset : offset + len(data)] = data
        self._tell("write", bytes(data), node=fh, offset=offset)
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        node = self._at(path) if fh is None else self._by_number[fh]
        del node.data[length:]
        node.data.extend(bytes(length - len(node.data)))
        self._tell("truncate", node=node.number, length=length)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self._tell("fsync", node=fh)
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        self._tell("fsyncdir", folder=self._at(path).number)
        return 0

    # ------------------------------------------------------------ looks

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        node = self._at(path)
        return {
            "st_mode": node.mode,
            "st_nlink": 2 if node.is_folder else 1,
            "st_size": len(node.data),
            "st_blocks": len(node.data) // 512,
            "st_uid": os.getuid(),
            "st_gid": os.getgid(),
        } | dict.fromkeys(("st_atime", "st_mtime", "st_ctime"), time.time_ns())

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *self._at(path).names]

    def statfs(self, path: str) -> dict[str, int]:
        used = sum(len(node.data) for node in self._by_number.values()) // BLOCK
        return {
            "f_bsize": BLOCK,
            "f_frsize": BLOCK,
            "f_blocks": BLOCKS,
            "f_bfree": BLOCKS - used,
            "f_bavail": BLOCKS - used,
            "f_files": 100_000,
            "f_ffree": 99_000,
            "f_favail": 99_000,
        }

    def chmod(self, path: str, mode: int) -> int:
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:
        return 0

    def utimens(self, path: str, times: Any = None) -> int:
        return 0


if __name__ == "__main__":
    with Path(sys.argv[2]).open("wb") as file:
        mfusepy.FUSE(RecordingFs(file), sys.argv[1], foreground=True, nothreads=True)
