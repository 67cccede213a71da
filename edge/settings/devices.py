"""devices.toml: each device by its driver's own settings dataclass, found through the registry."""

import re
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from drivers.errors import DriverNotFoundError
from drivers.protocols import DeviceName
from drivers.registry import DRIVERS, settings_class
from edge.catalogue import CodeLimits
from edge.floor import LABEL_NAME, FloorSettings, LegKind, end_of
from edge.settings.files import need_secret, need_tables
from edge.settings.floor import FLOOR_FILE, RobotRow
from edge.settings.model import DeviceClass, DeviceSettings
from edge.settings.problems import Findings, Place
from edge.settings.profiles import need_ids, read_profile
from edge.settings.shape import BAD, read, value_of

DEVICES_FILE: Final = Place(file="devices.toml")
_FAMILIES: Final = {
    "scanner": DeviceClass.SCANNER,
    "camera": DeviceClass.CAMERA,
    "robot": DeviceClass.ROBOTS,
    "robots": DeviceClass.ROBOTS,
    "conveyor": DeviceClass.CONVEYOR,
}
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_SIGNED: Final = ("commands", "badges", "trays", "places")
# A photographed badge or a printed command on a box must not drive the station: never by camera.
_MAY: Final = {
    DeviceClass.SCANNER: ("items", "parcels", *_SIGNED),
    DeviceClass.CAMERA: ("items", "parcels"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a device's settings take from the other files."""

    station: str
    robots: tuple[RobotRow, ...]


def read_devices(
    document: Mapping[str, Any], surroundings: Surroundings, found: Findings
) -> tuple[DeviceSettings, ...]:
    """Return the devices in the file's order; what is wrong is in `found`."""
    need_tables(document, [str(one) for one in DeviceClass], DEVICES_FILE, found)
    tables = tuple(_tables(document, found))
    found.need_unique([name for _, name, _, _ in tables], DEVICES_FILE, "device")
    devices = (
        _device(kind, name, table, place, surroundings, found)
        for kind, name, table, place in tables
    )
    return tuple(device for device in devices if device is not None)


def need_devices(
    devices: tuple[DeviceSettings, ...],
    floor: FloorSettings,
    tables: Mapping[str, Any],
    found: Findings,
) -> None:
    """Keep what the floor asks of the devices and does not get; `tables` = devices.toml as read."""
    sources = {str(DeviceClass.SCANNER), str(DeviceClass.CAMERA)}
    found.need(bool(sources & set(tables)), DEVICES_FILE, "nothing reads codes", "a [scanner.name]")
    has_robots = str(DeviceClass.ROBOTS) in tables
    found.need(
        has_robots or not floor.robots,
        DEVICES_FILE.at("robots"),
        "missing, but floor.toml lists robots",
        "a table [robots]",
    )
    found.need(
        bool(floor.robots) or not has_robots,
        DEVICES_FILE.at("robots"),
        "floor.toml lists no robot",
        "a row in its list `robot`",
    )
    need_ids(devices, floor, found)
    lanes = {
        str(one.name): getattr(one.settings, "lanes", None)
        for one in devices
        if one.device_class is DeviceClass.CONVEYOR
    }
    listed = tables.get("conveyor", {})
    for zone, legs in floor.routes.items():
        for leg in legs:
            if leg.kind is LegKind.CONVEYOR:
                place = FLOOR_FILE.at(f"route {zone}")
                _need_lane(leg.carrier, leg.lane, lanes, listed, place, found)
    _need_scans(devices, floor, found)
    for tray in floor.trays.values():
        if tray.lane is not None and lanes:
            most = max(count or 0 for count in lanes.values())
            place = FLOOR_FILE.at(f"tray {tray.id}.lane")
            found.need(
                1 <= tray.lane <= most, place, f"there is no lane {tray.lane}", f"1 to {most}"
            )


def _need_scans(devices: tuple[DeviceSettings, ...], floor: FloorSettings, found: Findings) -> None:
    """A scan confirms where no sensor does, and a fixed reader stands where something arrives."""
    sensors = {
        str(one.name)
        for one in devices
        if one.device_class is DeviceClass.CONVEYOR and getattr(one.settings, "lane_sensor", False)
    }
    ends: set[str] = set()
    for zone, legs in floor.routes.items():
        place = FLOOR_FILE.at(f"route {zone}").at("scan")
        for leg in legs:
            if leg.scan:
                end = end_of(leg).upper()
                ends.add(end)
                fits = LABEL_NAME.fullmatch(end) is not None
                found.need(fits, place, f"{end!r} fits no label", "a place of 0-9 A-Z _ and -")
                needs_none = leg.kind is LegKind.CONVEYOR and leg.carrier in sensors
                found.need(not needs_none, place, f"{leg.carrier} has a lane sensor", "no scan")
    for one in devices:
        at = DEVICES_FILE.at(str(one.device_class)).at(str(one.name)).at("place")
        known = ", ".join(sorted(ends)) or "nothing: no leg has scan = true"
        is_known = not one.place or one.place.upper() in ends
        found.need(is_known, at, f"nothing that is scanned arrives at {one.place!r}", known)


def belt_faults(
    devices: tuple[DeviceSettings, ...],
) -> Mapping[tuple[str, int], Mapping[str, str]]:
    """Return the texts of vendors' fault numbers, by conveyor and number."""
    return {
        (str(one.name), int(number)): texts
        for one in devices
        if one.device_class is DeviceClass.CONVEYOR
        for number, texts in getattr(one.settings, "faults", {}).items()
    }


def _need_lane(
    name: str,
    lane: int | None,
    lanes: Mapping[str, int | None],
    listed: Iterable[str],
    place: Place,
    found: Findings,
) -> None:
    if name not in listed:
        known = ", ".join(listed) or "none is configured in devices.toml"
        found.add(place.at("conveyor"), f"there is no conveyor {name!r}", known)
    elif (count := lanes.get(name)) is not None:
        fits = lane is not None and 1 <= lane <= count
        found.need(fits, place.at("lane"), f"{name} has no lane {lane}", f"1 to {count}")


def _tables(
    document: Mapping[str, Any], found: Findings
) -> Iterable[tuple[DeviceClass, str, Mapping[str, Any], Place]]:
    for kind in DeviceClass:
        given, place = document.get(kind, {}), DEVICES_FILE.at(kind)
        named = {str(kind): given} if kind is DeviceClass.ROBOTS and given else given
        if not isinstance(named, Mapping) or not all(
            isinstance(t, Mapping) for t in named.values()
        ):
            found.add(place, "is no table of a device", f"[{kind}.name] with keys")
            continue
        for name, table in named.items():
            at = place if kind is DeviceClass.ROBOTS else place.at(name)
            found.need(
                _NAME.fullmatch(name) is not None, at, "the name does not fit", "a-z 0-9 and -"
            )
            yield kind, name, table, at


def _device(
    kind: DeviceClass,
    name: str,
    table: Mapping[str, Any],
    place: Place,
    surroundings: Surroundings,
    found: Findings,
) -> DeviceSettings | None:
    driver = table.get("driver")
    wanted = _settings_class(driver, kind, place.at("driver"), found)
    may = _words("may", table, place, _MAY.get(kind, ()), found)
    roles = _words("roles", table, place, None, found)
    if wanted is None or not isinstance(driver, str):
        return None
    own = {key: value for key, value in table.items() if key not in _common(kind)}
    if kind is DeviceClass.ROBOTS:
        own |= _filled(wanted, surroundings, own, place, found)
    settings = read(wanted, _with_secrets(own, place, found), place, found)
    if settings is None:
        return None
    return DeviceSettings(
        name=DeviceName(name),
        device_class=kind,
        driver=driver,
        settings=settings,
        may=may,
        roles=roles,
        place=_text("place", table, place, found) if kind is DeviceClass.SCANNER else "",
        codes=read(CodeLimits, table.get("codes", {}), place.at("codes"), found) or CodeLimits(),
    )


def _settings_class(
    driver: object, kind: DeviceClass, place: Place, found: Findings
) -> type[Any] | None:
    known = [name for name in DRIVERS if _family(name) is kind]
    if not isinstance(driver, str) or driver not in known:
        what = "missing" if driver is None else f"{driver!r} is no driver of a {kind}"
        found.add(place, what, "one of " + ", ".join(known))
        return None
    try:
        return settings_class(driver)
    except DriverNotFoundError as error:
        found.add(place, error.happened, "the library installed beside receiving-edge")
        return None


def _family(driver: str) -> DeviceClass | None:
    family, _, rest = driver.partition(".")
    return _FAMILIES.get(rest if family == "memory" else family)


def _common(kind: DeviceClass) -> frozenset[str]:
    """Return the keys that are the station's, not the driver's."""
    match kind:
        case DeviceClass.SCANNER:
            return frozenset({"driver", "may", "place", "codes"})
        case DeviceClass.CAMERA:
            return frozenset({"driver", "may", "roles", "codes"})
        case DeviceClass.ROBOTS | DeviceClass.CONVEYOR:
            return frozenset({"driver"})


def _words(
    key: str,
    table: Mapping[str, Any],
    place: Place,
    known: tuple[str, ...] | None,
    found: Findings,
) -> frozenset[str]:
    if key not in table:
        return frozenset()
    words = value_of(frozenset[str], table[key], place.at(key), found)
    if words is BAD:
        return frozenset()
    for word in sorted(words if known is not None else ()):
        allowed = ", ".join(known or ()) or "nothing"
        found.need(word in (known or ()), place.at(key), f"{word!r} is not allowed here", allowed)
    return frozenset(words)


def _text(key: str, table: Mapping[str, Any], place: Place, found: Findings) -> str:
    value = value_of(str, table.get(key, ""), place.at(key), found)
    return value if isinstance(value, str) else ""


def _with_secrets(own: dict[str, Any], place: Place, found: Findings) -> dict[str, Any]:
    """Return the table with paths of secrets made whole; a file nobody can read is a problem."""
    for key, value in own.items():
        if key.endswith("_file") and isinstance(value, str) and value:
            path = found.folder / value
            need_secret(path, place.at(key), found)
            own = own | {key: str(path)}
    return own


def _filled(
    wanted: type[Any],
    surroundings: Surroundings,
    own: Mapping[str, Any],
    place: Place,
    found: Findings,
) -> dict[str, Any]:
    """Return what a robots' driver takes from station.toml, floor.toml and the vendor profiles."""
    hints = typing.get_type_hints(wanted)
    for key in ("station", "robots"):
        found.need(key not in own, place.at(key), "unknown key", "it comes from the other files")
    filled: dict[str, Any] = {}
    if "station" in hints:
        filled["station"] = surroundings.station
    if "robots" in hints:
        unit = typing.get_args(hints["robots"])[0]
        filled["robots"] = [_unit(unit, row, found) for row in surroundings.robots]
    return filled


def _unit(unit: type[Any], row: RobotRow, found: Findings) -> Any:
    if unit is str:
        return row.id
    names = [one.name for one in fields(unit)]
    filled = {name: getattr(row, name) for name in names if hasattr(row, name)}
    if "profile" in filled:
        profile = read_profile(typing.get_type_hints(unit)["profile"], row, found)
        filled = {key: value for key, value in filled.items() if key != "profile"}
        if profile is not None:
            filled["profile"] = profile
    return filled
