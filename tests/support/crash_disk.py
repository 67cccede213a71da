"""The disks that a power cut could leave behind a recording of `recording_fs`.

What a flush of the same file or folder covers is there. Of the rest a write is kept, dropped or
torn at sectors, a name is kept or not, each by lot: a disk may write in any order.
"""

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECTOR = 512
DROPPED = 0.4
TORN = 0.3
NAME_KEPT = 0.5
ROOT = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a recording."""

    op: str
    what: dict[str, Any]
    data: bytes


def read_recording(path: Path) -> list[Step]:
    steps: list[Step] = []
    with path.open("rb") as file:
        while line := file.readline():
            what = json.loads(line)
            steps.append(Step(what.pop("op"), what, file.read(what.pop("bytes"))))
    return steps


class Image:
    """One disk as it is found after the cut; what is in a file is drawn when it is first read."""

    def __init__(self, files: dict[str, int], draw: Callable[[int], bytes]) -> None:
        self._files = files
        self._draw = draw

    def read(self, name: str) -> bytes | None:
        """Return what is in a file, None where there is none of that name."""
        return self._draw(self._files[name]) if name in self._files else None


@dataclass(slots=True)
class Disk:
    """What is surely on the disk, and what of it may be; steps are taken one after the other."""

    names: dict[tuple[int, str], int] = field(default_factory=dict)
    loose_names: list[Step] = field(default_factory=list)
    data: dict[int, bytearray] = field(default_factory=lambda: defaultdict(bytearray))
    loose: dict[int, list[Step]] = field(default_factory=lambda: defaultdict(list))
    settled: dict[int, bytes] = field(default_factory=dict)  # of `data`, to be the same object

    def take(self, step: Step) -> None:
        match step.op:
            case "link" | "unlink" | "rename":
                self.loose_names.append(step)
            case "write" | "truncate":
                self.loose[step.what["node"]].append(step)
            case "fsync":
                for one in self.loose.pop(step.what["node"], ()):
                    _change(self.data[one.what["node"]], one)
                    self.settled.pop(one.what["node"], None)
            case "fsyncdir":
                self._fix_names(step.what["folder"])

    def _fix_names(self, folder: int) -> None:
        left: list[Step] = []
        for step in self.loose_names:
            if step.what["folder"] == folder:
                _name(self.names, step)
                if step.op == "rename":
                    left = [one for one in left if not _is_source(one, step)]
            else:
                left.append(step)
        self.loose_names = left

    def image(self, rng: random.Random) -> Image:
        """Draw one of the disks that a cut at this moment could leave."""
        names = dict(self.names)
        for step in self.loose_names:
            if rng.random() < NAME_KEPT:
                _name(names, step)
        folders: dict[int, dict[str, int]] = defaultdict(dict)
        for (folder, name), node in names.items():
            folders[folder][name] = node
        return Image(dict(_paths(folders, ROOT, "")), lambda node: self._drawn(node, rng))

    def _drawn(self, node: int, rng: random.Random) -> bytes:
        loose = self.loose.get(node, ())
        if not loose:
            if node not in self.settled:
                self.settled[node] = bytes(self.data.get(node, b""))
            return self.settled[node]
        data = bytearray(self.data.get(node, b""))
        for step in loose:
            lot = rng.random()
            if lot < DROPPED:
                continue
            if lot < DROPPED + TORN and step.op == "write":
                _tear(data, step, rng)
            else:
                _change(data, step)
        return bytes(data)


def _paths(folders: dict[int, dict[str, int]], at: int, before: str) -> Iterator[tuple[str, int]]:
    """Every name under a folder that is no folder with names in it."""
    for name, node in folders.get(at, {}).items():
        if node in folders:
            yield from _paths(folders, node, f"{before}{name}/")
        else:
            yield before + name, node


def _name(names: dict[tuple[int, str], int], step: Step) -> None:
    what = step.what
    if step.op == "rename":
        names.pop((what["source"], what["was"]), None)
    if step.op == "unlink":
        names.pop((what["folder"], what["name"]), None)
    else:
        names[what["folder"], what["name"]] = what["node"]


def _is_source(one: Step, rename: Step) -> bool:
    what = one.what
    return (what["folder"], what["name"]) == (rename.what["source"], rename.what["was"])


def _change(data: bytearray, step: Step) -> None:
    if step.op == "truncate":
        length = step.what["length"]
        del data[length:]
        data.extend(bytes(length - len(data)))
        return
    _put(data, step.what["offset"], step.data)


def _tear(data: bytearray, step: Step, rng: random.Random) -> None:
    """Write some of the sectors."""
    begin, end = step.what["offset"], step.what["offset"] + len(step.data)
    at = begin
    while at < end:
        upto = min(end, (at // SECTOR + 1) * SECTOR)
        if rng.random() < 0.5:
            _put(data, at, step.data[at - begin : upto - begin])
        at = upto


def _put(data: bytearray, offset: int, part: bytes) -> None:
    if len(data) < offset:
        data.extend(bytes(offset - len(data)))
    data[offset : offset + len(part)] = part
