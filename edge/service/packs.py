"""Policy packs on disk: the configured one, and a copy of each that any open unit began under."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.feeds.pack_folder import keep_pack, read_pack
from zoning.pack import Pack, load_pack


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
        keep_pack(files, folder)
    known = {path.name: load_pack(read_pack(path)) for path in _kept(copies)}
    return Packs(by_digest={**known, active.sha256: active}, active=active, is_new=is_new)


def _kept(copies: Path) -> list[Path]:
    return [path for path in copies.iterdir() if path.is_dir() and not path.name.startswith(".")]
