"""The only reader of configuration: TOML files in, one frozen value or all problems out.

It reads no environment, keeps no global value and opens no device.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from edge.catalogue import MarkGroup, NumberRule, Person
from edge.floor import FloorSettings
from edge.pins import is_well_formed
from edge.settings.devices import Surroundings, belt_faults, need_devices, read_devices
from edge.settings.exchange import read_feeds
from edge.settings.files import digest_of, need_tables, read_site_key, read_toml
from edge.settings.floor import read_floor
from edge.settings.maps import read_outward
from edge.settings.model import Settings, StationSettings
from edge.settings.policy_keys import read_policy_keys
from edge.settings.problems import Findings, Place, Problem, SettingsError
from edge.settings.shape import read, read_rows
from edge.settings.targets import read_targets
from edge.settings.training import read_course

__all__ = ["LANGUAGES", "Problem", "SettingsError", "load"]

LANGUAGES: Final = ("ru", "en")
ROLES: Final = ("operator", "supervisor")
FILES: Final = (
    "station.toml",
    "devices.toml",
    "floor.toml",
    "people.toml",
    "policy_keys.toml",
    "sync.toml",
    "barcodes.toml",
    "marks.toml",
    "training.toml",
    "demo.toml",  # the simulated bench's own; the station never reads it
)
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
_NO: Final = re.compile(r"[0-9A-Z]{1,8}")
_COUNTS: Final = (
    "keep_days",
    "keep_units",
    "ballast_mb",
    "photo_keep_days",
    "photo_wait_days",
    "piece_keep_days",
)
_STATION: Final = Place(file="station.toml")
_PEOPLE: Final = Place(file="people.toml")
_NUMBERS: Final = Place(file="barcodes.toml")
_MARKS: Final = Place(file="marks.toml")


def load(folder: Path, *, data: Path | None = None) -> Settings:
    """Return the configuration of a folder; relative paths in it are relative to the folder.

    `data` = data directory, where folder feeds lie. Raises SettingsError with every problem.
    """
    found = Findings(folder=folder.absolute())
    if not folder.is_dir():
        found.add(Place(file=str(folder)), "no such folder", "see `receiving-edge init`")
        raise SettingsError(tuple(found.problems))
    _need_known_files(found)
    station = _station(found)
    floor_tables, sync = read_toml("floor.toml", found), read_toml("sync.toml", found)
    floor, robots = read_floor(floor_tables, found)
    tables = read_toml("devices.toml", found)
    surroundings = Surroundings(station=station.station if station else "", robots=robots)
    devices = read_devices(tables, surroundings, found)
    need_devices(devices, floor, tables, found)
    _need_quality_tray(station, floor, found)
    floor = replace(floor, belt_faults=belt_faults(devices))
    targets, feeds = read_targets(sync, found), read_feeds(sync, data, found)
    outward = read_outward(targets, found)
    people, numbers, marks = _people(station, found), _numbers(found), _marks(found)
    policy_keys = read_policy_keys(found)
    course = read_course(station.languages if station else (), found)
    key, previous_key = _site_keys(station, found)
    if found.problems or station is None:
        raise SettingsError(tuple(dict.fromkeys(found.problems)))
    return Settings(
        folder=found.folder,
        digest=digest_of(found.folder),
        station=station,
        devices=devices,
        floor=floor,
        targets=targets,
        feeds=feeds,
        people=people,
        numbers=numbers,
        marks=marks,
        site_key=key,
        previous_key=previous_key,
        policy_keys=policy_keys,
        outward=outward,
        course=course,
    )


def _need_known_files(found: Findings) -> None:
    for path in sorted(found.folder.glob("*.toml")):
        place = Place(file=path.name)
        found.need(path.name in FILES, place, "unknown file", f"allowed are {', '.join(FILES)}")


def _station(found: Findings) -> StationSettings | None:
    station = read(StationSettings, read_toml("station.toml", found), _STATION, found)
    if station is None:
        return None
    for key in ("site", "station", "pack"):
        value = getattr(station, key)
        fits = _NAME.fullmatch(value) is not None
        found.need(fits, _STATION.at(key), f"{value!r} does not fit", "1 to 32 of A-Z a-z 0-9 _ -")
    _need_namespace(station.namespace, found)
    _need_languages(station.languages, found)
    _need_disk(station, found)
    pack = found.folder / "packs" / station.pack / "pack.toml"
    packs = ", ".join(sorted(path.parent.name for path in found.folder.glob("packs/*/pack.toml")))
    found.need(
        pack.is_file(),
        _STATION.at("pack"),
        f"there is no packs/{station.pack}/pack.toml",
        packs or "a folder of packs/ with a pack.toml",
    )
    return station


def _need_namespace(namespace: str, found: Findings) -> None:
    parts = urlsplit(namespace) if namespace.isascii() else urlsplit("")
    fits = parts.scheme == "https" and bool(parts.netloc) and not namespace.endswith("/")
    fits = fits and not parts.query and not parts.fragment
    allowed = "https://host or https://host/path, no / at the end"
    found.need(fits, _STATION.at("namespace"), f"{namespace!r} does not fit", allowed)


def _need_languages(languages: tuple[str, ...], found: Findings) -> None:
    place = _STATION.at("languages")
    found.need(bool(languages), place, "empty", ", ".join(LANGUAGES))
    found.need_unique(list(languages), place, "language")
    for word in languages:
        found.need(word in LANGUAGES, place, f"unknown language {word!r}", ", ".join(LANGUAGES))


def _need_disk(station: StationSettings, found: Findings) -> None:
    place, journal = _STATION.at("journal"), station.journal
    rising = journal.warn_percent < journal.high_percent < journal.full_percent <= 100
    shares = f"{journal.warn_percent}, {journal.high_percent}, {journal.full_percent}"
    allowed = "warn_percent < high_percent < full_percent, at most 100"
    found.need(rising, place.at("warn_percent"), f"{shares} do not rise", allowed)
    budget = journal.budget_mb
    found.need(budget >= 64, place.at("budget_mb"), f"{budget} is too little", "MiB, at least 64")
    for key in _COUNTS:
        value = getattr(journal, key)
        found.need(value >= 0, place.at(key), f"{value} is below 0", "a whole number from 0")


def _need_quality_tray(
    station: StationSettings | None, floor: FloorSettings, found: Findings
) -> None:
    """Units wait in it for another person's look: it stands at the bench and is no zone's own."""
    name = station.quality.tray if station is not None else ""
    if not name:
        return
    tray = floor.trays.get(name)
    fits = tray is not None and tray.zone == "hold" and tray.fixed
    place = _STATION.at("quality").at("tray")
    found.need(fits, place, f"{name!r} does not fit", "a fixed tray of zone hold in floor.toml")


def _site_keys(station: StationSettings | None, found: Findings) -> tuple[bytes, bytes]:
    """Return the site key and the one before it, the latter empty where there is none."""
    if station is None:
        return b"", b""
    key = read_site_key(station.site_key_file, _STATION.at("site_key_file"), found)
    file, until = station.previous_key_file, station.previous_key_until
    if file is None or until is None:
        place, allowed = _STATION.at("previous_key_until"), "with previous_key_file, or neither"
        found.need(file is None and until is None, place, "half of a pair", allowed)
        return key, b""
    place = _STATION.at("previous_key_file")
    previous = read_site_key(file, place, found)
    found.need(not key or previous != key, place, "the site key itself", "the key before it")
    return key, previous


def _people(station: StationSettings | None, found: Findings) -> Mapping[str, Person]:
    document = read_toml("people.toml", found)
    need_tables(document, ("person",), _PEOPLE, found)
    rows = read_rows(Person, document.get("person", []), _PEOPLE.at("person"), found)
    for at, person in rows:
        _need_person(person, at, station.languages if station else (), found)
    found.need_unique([person.no for _, person in rows], _PEOPLE.at("person"), "no")
    found.need(
        bool(document.get("person")), _PEOPLE.at("person"), "nobody may log in", "a [[person]]"
    )
    return {person.no: person for _, person in rows}


def _need_person(person: Person, at: Place, languages: tuple[str, ...], found: Findings) -> None:
    fits = _NO.fullmatch(person.no) is not None
    found.need(fits, at.at("no"), f"{person.no!r} does not fit", "1 to 8 of 0-9 A-Z")
    roles = ", ".join(ROLES)
    is_pin = not person.pin or is_well_formed(person.pin)
    found.need(is_pin, at.at("pin"), "no hash of a PIN", "what `receiving-edge people pin` prints")
    found.need(person.role in ROLES, at.at("role"), f"unknown role {person.role!r}", roles)
    for language in languages:
        found.need(bool(person.name.get(language)), at.at(f"name.{language}"), "missing", "a name")


def _numbers(found: Findings) -> tuple[NumberRule, ...]:
    document: Mapping[str, Any] = read_toml("barcodes.toml", found, required=False)
    need_tables(document, ("number",), _NUMBERS, found)
    rows = read_rows(NumberRule, document.get("number", []), _NUMBERS.at("number"), found)
    for at, rule in rows:
        try:
            re.compile(rule.regex, re.ASCII)
        except re.error as error:
            found.add(at.at("regex"), str(error), "a regular expression")
    found.need_unique([rule.name for _, rule in rows], _NUMBERS.at("number"), "name")
    return tuple(rule for _, rule in rows)


def _marks(found: Findings) -> tuple[MarkGroup, ...]:
    document: Mapping[str, Any] = read_toml("marks.toml", found, required=False)
    need_tables(document, ("group",), _MARKS, found)
    rows = read_rows(MarkGroup, document.get("group", []), _MARKS.at("group"), found)
    found.need_unique([group.name for _, group in rows], _MARKS.at("group"), "name")
    named = [category for _, group in rows for category in group.categories]
    found.need_unique(named, _MARKS.at("group"), "category")
    return tuple(group for _, group in rows)
