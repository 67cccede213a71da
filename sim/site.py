"""The configured site as the simulator reads it: addresses, floor, people. It checks nothing."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A TCP door and the path behind it."""

    host: str
    port: int
    path: str = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayPlace:
    """A tray as it stands on the bench."""

    id: str
    zone: str
    disposition: str | None = None
    fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotPlace:
    """A robot to play: its name on the wire and where it stands first.

    `order_interval_s` = how far apart it wants its orders, by its factsheet.
    """

    id: str
    manufacturer: str
    serial: str
    home: str
    interface: str
    version: str
    order_interval_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BeltPlace:
    """A sorter to play. `base` = first register of the map."""

    name: str
    address: Address
    base: int
    lanes: int
    device_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A badge holder."""

    no: str
    name: Mapping[str, str]
    role: str = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast the simulated floor works; `speed` divides every time."""

    speed: float = 4.0
    robot_m_per_s: float = 1.2
    pick_s: float = 2.0
    drop_s: float = 2.0
    belt_s: float = 1.5
    battery_start_percent: float = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything the simulator takes from a configuration folder."""

    station: str
    socket: Path
    key: bytes
    people: tuple[Person, ...]
    trays: tuple[TrayPlace, ...]
    robots: tuple[RobotPlace, ...]
    broker: Address | None
    nodes: Mapping[str, tuple[float, float]]
    edges: Mapping[tuple[str, str], float]
    belts: tuple[BeltPlace, ...]
    camera: Address | None
    central: Address | None
    first_legs: Mapping[str, str]
    pace: Pace


def read_site(folder: Path) -> Site:
    """Read a configuration folder. Raises OSError, ValueError, KeyError where it is not one."""
    station, floor = _toml(folder / "station.toml"), _toml(folder / "floor.toml")
    devices, sync = _toml(folder / "devices.toml"), _toml(folder / "sync.toml")
    demo, people = _toml(folder / "demo.toml"), _toml(folder / "people.toml")
    robots = devices.get("robots")
    return Site(
        station=station["station"],
        socket=Path(station["socket"]),
        key=(folder / station.get("site_key_file", "site.key")).read_bytes(),
        people=tuple(Person(**_only(row, Person)) for row in people.get("person", ())),
        trays=tuple(TrayPlace(**_only(tray, TrayPlace)) for tray in floor.get("tray", ())),
        robots=tuple(_robot(folder, robot) for robot in floor.get("robot", ())),
        broker=Address(host=robots["host"], port=robots["port"]) if robots else None,
        nodes={node["id"]: (node["x"], node["y"]) for node in floor.get("node", ())},
        edges=_edges(floor.get("edge", ())),
        belts=tuple(_belt(name, row) for name, row in devices.get("conveyor", {}).items()),
        camera=_camera(devices.get("camera", {})),
        central=_central(sync),
        first_legs={route["zone"]: _kind(route) for route in floor.get("route", ())},
        pace=Pace(**_only(demo, Pace)),
    )


def address_of(url: str) -> Address:
    """Return the door that a URL names."""
    parts = urlsplit(url)
    if parts.hostname is None or parts.port is None:
        raise ValueError(f"{url}: host and port are expected")
    return Address(host=parts.hostname, port=parts.port, path=parts.path or "/")


def _toml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    return tomllib.loads(path.read_text("utf-8"))


def _only(row: Table, kind: type[Any]) -> dict[str, Any]:
    """Return the keys that the value knows."""
    return {key: row[key] for key in kind.__dataclass_fields__ if key in row}


def _robot(folder: Path, row: Table) -> RobotPlace:
    profile = _toml(folder / "profiles" / f"{row.get('profile', '')}.toml")
    version = profile.get("version", "2.1.0")
    return RobotPlace(
        id=row["id"],
        manufacturer=row["manufacturer"],
        serial=row["serial"],
        home=row["home"],
        interface=profile.get("interface") or ("uagv" if version.startswith("2") else "vda5050"),
        version=version,
        order_interval_s=profile.get("min_order_interval_s", 1.0),
    )


def _edges(rows: Any) -> dict[tuple[str, str], float]:
    edges: dict[tuple[str, str], float] = {}
    for row in rows:
        edges[row["from"], row["to"]] = float(row["length"])
        if not row.get("oneway", False):
            edges[row["to"], row["from"]] = float(row["length"])
    return edges


def _belt(name: str, row: Table) -> BeltPlace:
    return BeltPlace(
        name=name,
        address=address_of(row["url"]),
        base=row.get("base", 100),
        lanes=row.get("lanes", 3),
        device_id=row.get("device_id", 1),
    )


def _camera(cameras: Table) -> Address | None:
    sources = [str(row.get("source", "")) for row in cameras.values()]
    return next((address_of(url) for url in sources if url.startswith("http://")), None)


def _central(sync: Table) -> Address | None:
    urls = [str(row.get("url", "")) for row in sync.get("target", ())]
    return next((address_of(url) for url in urls if url.startswith("http://")), None)


def _kind(route: Table) -> str:
    legs = route["legs"]
    first = legs[0] if legs else {"hand": True}
    return next((kind for kind in ("conveyor", "robot") if kind in first), "hand")
