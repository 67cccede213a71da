"""A policy pack as it comes in: a folder or a .zip from outside, read whole within limits."""

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from edge.feeds.pack_folder import FILE_BYTES_MAX, FILES_MAX, SUFFIXES
from edge.feeds.pack_seal import MANIFEST, REHEARSAL, SHADOW, SIGNATURES

ENTRIES_MAX: Final = 1000
REPORT_BYTES_MAX: Final = 32 * 1024 * 1024
ZIP_BYTES_MAX: Final = 64 * 1024 * 1024
BESIDE: Final[Mapping[str, int]] = {
    MANIFEST: FILE_BYTES_MAX,
    SIGNATURES: FILE_BYTES_MAX,
    REHEARSAL: REPORT_BYTES_MAX,
    SHADOW: REPORT_BYTES_MAX,
}
# encrypted, patched data, strong encryption, masked header: nothing a packer of folders writes
_ODD_FLAGS: Final = 0x1 | 0x20 | 0x40 | 0x2000
_PLAIN: Final = (0, stat.S_IFREG, stat.S_IFDIR)  # 0: packed where there are no file types


class CandidateError(Exception):
    """What came in cannot be read as a pack; the message names the entry."""


def read_candidate(path: Path) -> dict[str, bytes]:
    """Return policy files, manifest, signatures and reports by relative path.

    Other regular files are passed over. Raises CandidateError for links, devices, odd paths,
    too many or too big entries, damaged archives; OSError from the disk.
    """
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        return dict(_checked(_of_folder(path)))
    if stat.S_ISREG(mode) and path.suffix == ".zip":
        return _without_top(dict(_checked(_of_zip(path))))
    raise CandidateError(f"{path.name}: a folder or a .zip is expected")


def policy_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files that make the pack's content."""
    return {name: content for name, content in files.items() if name.endswith(SUFFIXES)}


def _checked(found: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    seen: set[str] = set()
    for name, content in found:
        if name.casefold() in seen:
            raise CandidateError(f"{name}: stands there twice")
        seen.add(name.casefold())
        if len(seen) > FILES_MAX:
            raise CandidateError(f"more than {FILES_MAX} files")
        yield name, content


def _of_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    count = 0
    for inner, folders, names in os.walk(folder):
        for name in sorted((*folders, *names)):
            path = Path(inner) / name
            shown = path.relative_to(folder).as_posix()
            mode = path.lstat().st_mode
            count += 1
            if count > ENTRIES_MAX:
                raise CandidateError(f"more than {ENTRIES_MAX} entries")
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise CandidateError(f"{shown}: neither file nor folder")
            limit = _limit(shown)
            if stat.S_ISREG(mode) and limit:
                with path.open("rb") as file:
                    yield shown, _whole(shown, file.read(limit + 1), limit)


def _of_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.stat().st_size > ZIP_BYTES_MAX:
        raise CandidateError(f"{path.name}: more than {ZIP_BYTES_MAX} bytes")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > ENTRIES_MAX:
                raise CandidateError(f"more than {ENTRIES_MAX} entries")
            for entry in entries:
                _need_harmless(entry)
                limit = _limit(entry.filename)
                if limit and not entry.is_dir():
                    with archive.open(entry) as file:
                        yield entry.filename, _whole(entry.filename, file.read(limit + 1), limit)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise CandidateError(f"{path.name}: no sound .zip: {error}") from error


def _need_harmless(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    parts = name.split("/")
    is_odd = not name.isprintable() or "\\" in name or ":" in name or name.startswith("/")
    if is_odd or ".." in parts or "." in parts:
        raise CandidateError(f"{name!r}: a path that leads astray")
    if stat.S_IFMT(entry.external_attr >> 16) not in _PLAIN:
        raise CandidateError(f"{name}: neither file nor folder")
    is_known = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if entry.flag_bits & _ODD_FLAGS or not is_known:
        raise CandidateError(f"{name}: encrypted, or packed in an unknown way")


def _limit(name: str) -> int:
    """Return how many bytes a file may have; 0 = it is passed over."""
    path = PurePosixPath(name)
    if path.suffix in SUFFIXES:
        return FILE_BYTES_MAX
    return BESIDE.get(path.name, 0)


def _whole(name: str, content: bytes, limit: int) -> bytes:
    if len(content) > limit:
        raise CandidateError(f"{name}: more than {limit} bytes")
    return content


def _without_top(files: dict[str, bytes]) -> dict[str, bytes]:
    """A packed folder has that folder's name before every path."""
    tops = {name.partition("/")[0] for name in files}
    if len(tops) != 1 or "pack.toml" in files:
        return files
    return {name.partition("/")[2] or name: content for name, content in files.items()}
