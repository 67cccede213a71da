"""What this user may open."""

import getpass
import grp
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edge.commands.doctor.lines import Line, broken, good, poor

GROUPS: Final = {"dialout": "serial scanners", "input": "keyboard scanners"}


def groups() -> Iterator[Line]:
    """Return one line for each group that opens devices."""
    for name, devices in GROUPS.items():
        yield _group(name, devices)


def access(what: str, path: Path, mode: int) -> Line:
    """Return the line of a device node that must be there and open to this user."""
    if not path.exists():
        return broken(what, f"{path} is not there", "plug it in; check the path in devices.toml")
    if os.access(path, mode):
        return good(what, f"{path} may be opened")
    return broken(what, f"{path}: no rights", _cure(path))


def _group(name: str, devices: str) -> Line:
    what = f"group {name}"
    if os.geteuid() == 0:
        return good(what, "not needed: this is root")
    try:
        number = grp.getgrnam(name).gr_gid
    except KeyError:
        return poor(what, "does not exist here", f"groupadd {name}, then a udev rule for {devices}")
    if number in (*os.getgroups(), os.getegid()):
        return good(what, f"{_user()} is in it")
    return poor(what, f"{_user()} is not in it: {devices} may stay closed", _join(name))


def _cure(path: Path) -> str:
    try:
        return _join(grp.getgrgid(path.stat().st_gid).gr_name)
    except KeyError:
        return f"give the group of {path} a name by a udev rule and join it"


def _join(name: str) -> str:
    return f"usermod -aG {name} {_user()}, then log in again"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no passwd entry: an OSError from 3.13 on
        return str(os.geteuid())
