"""The folder's files: TOML text, secrets, digest. Nothing outside the named paths is read."""

import hashlib
import os
import stat
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from edge.settings.problems import Findings, Place

KEY_BYTES: Final = 32


def read_toml(name: str, found: Findings, *, required: bool = True) -> Mapping[str, Any]:
    """Return the document of a file, empty when it is absent or no TOML."""
    path = found.folder / name
    place = Place(file=name)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        found.need(not required, place, "the file is missing", "see `receiving-edge init`")
    except OSError as error:
        found.add(place, f"cannot be read ({error.strerror})", "a file this user may read")
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError
        found.add(place, f"no TOML ({error})", "TOML 1.0 in UTF-8")
    return {}


def need_tables(
    document: Mapping[str, Any], known: Iterable[str], place: Place, found: Findings
) -> None:
    """Keep a problem for every top-level name that is not known."""
    names = tuple(known)
    for name in document:
        found.need(name in names, place.at(name), "unknown key", f"allowed are {', '.join(names)}")


def need_secret(path: Path, place: Place, found: Findings) -> None:
    """Keep a problem unless this user can read the file."""
    readable = path.is_file() and os.access(path, os.R_OK)
    found.need(readable, place, f"{path} cannot be read", "a file this user may read")


def read_site_key(path: Path, place: Place, found: Findings) -> bytes:
    """Return the site key; a wrong length or rights for others are problems."""
    try:
        key = path.read_bytes()
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        found.add(
            place,
            f"{path} cannot be read ({error.strerror})",
            f"{KEY_BYTES} random bytes, made by `receiving-edge init`",
        )
        return b""
    found.need(
        len(key) == KEY_BYTES, place, f"{len(key)} bytes long", f"exactly {KEY_BYTES} random bytes"
    )
    found.need(mode & 0o077 == 0, place, f"mode {mode:04o}", "mode 0600: nobody else may read it")
    return key


def digest_of(folder: Path) -> str:
    """Return sha256 over names and bytes of TOML files, vendor profiles and target maps, hex."""
    total = hashlib.sha256()
    places = ("*.toml", "profiles/*.toml", "targets/*.toml", "targets/*.csv")
    for path in sorted(path for place in places for path in folder.glob(place)):
        body = path.read_bytes()
        total.update(f"{path.relative_to(folder).as_posix()}\0{len(body)}\0".encode())
        total.update(body)
    return total.hexdigest()
