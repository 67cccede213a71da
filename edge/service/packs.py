"""Policy packs on disk: the configured one, and a copy of each that any open unit began under."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zoning.pack import Pack, load_pack

FILES_MAX = 200
FILE_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Packs:
    """Packs by content digest; `is_new` = the active one was never in force here before."""

    by_digest: Mapping[str, Pack]
    active: Pack
    is_new: bool


def open_packs(configured: Path, copies: Path) -> Packs:
    """Load the configured pack and every copy kept; keep a copy of the configured one.

    Raises PolicyParseError when the configured pack is refused, OSError when a copy
    cannot be written.
    """
    files = read_pack(configured)
    active = load_pack(files)
    folder = copies / active.sha256
    is_new = not folder.is_dir()
    if is_new:
        _keep(files, folder)
    known = {path.name: load_pack(read_pack(path)) for path in _kept(copies)}
    return Packs(by_digest={**known, active.sha256: active}, active=active, is_new=is_new)


def read_pack(folder: Path) -> dict[str, bytes]:
    """Return a pack's files by relative path. Raises OSError; ignores what is no policy file."""
    files: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*"))[:FILES_MAX]:
        if path.is_file() and path.suffix in (".toml", ".csv"):
            files[path.relative_to(folder).as_posix()] = path.read_bytes()[: FILE_BYTES_MAX + 1]
    return files


def _kept(copies: Path) -> list[Path]:
    return [path for path in copies.iterdir() if path.is_dir() and not path.name.startswith(".")]


def _keep(files: Mapping[str, bytes], folder: Path) -> None:
    """Write beside, then rename: a copy is there whole or not at all."""
    beside = folder.with_name(f".{folder.name}")
    for name, content in files.items():
        path = beside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    beside.rename(folder)
    descriptor = os.open(folder.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
