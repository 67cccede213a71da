"""profiles/*.toml: what is special about a robot model, and which names of the floor it refuses."""

import re
from typing import Any, Final

from edge.floor import FloorSettings
from edge.settings.files import read_toml
from edge.settings.floor import FLOOR_FILE, RobotRow
from edge.settings.model import DeviceClass, DeviceSettings
from edge.settings.problems import Findings, Place
from edge.settings.shape import read

_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_ACTION_LEN: Final = 36  # ids of actions are UUIDs; those of digits alone are shorter
_DIGITS_LEN: Final = 24


def read_profile(kind: type[Any], row: RobotRow, found: Findings) -> Any:
    """Return the profile of a robot as its driver declares it; None when it cannot be used."""
    name = f"profiles/{row.profile}.toml"
    if (found.folder / name).is_file():
        return read(kind, read_toml(name, found), Place(file=name), found)
    have = sorted(path.stem for path in found.folder.glob("profiles/*.toml"))
    found.add(
        FLOOR_FILE.at(f"robot {row.id}.profile"),
        f"there is no {name}",
        "one of " + ", ".join(have) if have else "a file of the folder profiles/",
    )
    return None


def need_ids(devices: tuple[DeviceSettings, ...], floor: FloorSettings, found: Findings) -> None:
    """Keep names of the floor that a robot on the wire would refuse (VDA 5050 2.1 §6.2, §7.2)."""
    units = [
        unit
        for device in devices
        if device.device_class is DeviceClass.ROBOTS
        for unit in getattr(device.settings, "robots", ())
        if hasattr(unit, "profile")
    ]
    for unit in units:
        place = FLOOR_FILE.at(f"robot {unit.id}.profile")
        longest, digits = unit.profile.id_len, unit.profile.id_numerical
        names = [str(node) for node in floor.nodes]
        names += [_edge_id(str(e.start), str(e.end), digits=digits) for e in floor.edges]
        for name in names:
            _need_id(name, place, found, longest=longest, digits=digits)
        made = _DIGITS_LEN if digits else _ACTION_LEN
        found.need(
            not longest or made <= longest,
            place.at("id_len"),
            f"ids of orders and actions have up to {made} characters, this robot takes {longest}",
            "a robot that takes them, or id_numerical",
        )


def _edge_id(start: str, end: str, *, digits: bool) -> str:
    return f"{len(start)}{start}{end}" if digits else f"{start}:{end}"


def _need_id(name: str, place: Place, found: Findings, *, longest: int, digits: bool) -> None:
    found.need(
        _ID.fullmatch(name) is not None,
        place,
        f"id {name!r} does not fit a robot's wire",
        "1 to 128 of A-Z a-z 0-9 _ . : -",
    )
    found.need(
        not digits or name.isdecimal(), place, f"id {name!r} is no number", "id_numerical: digits"
    )
    found.need(
        not longest or len(name) <= longest,
        place,
        f"id {name!r} has {len(name)} characters",
        f"id_len: at most {longest}",
    )
