"""sync.toml, `[[target]]`: what can work is told from what cannot, certificates are tried out."""

import fnmatch
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from edge.settings.files import need_secret, need_tables
from edge.settings.model import CatchUp, TargetKind, TargetSettings
from edge.settings.problems import Findings, Place
from edge.settings.shape import read_rows
from edge.settings.tls import open_context

SYNC_FILE: Final = Place(file="sync.toml")
_GLOB: Final = re.compile(r"[a-z_*?]+(\.[a-z_*?]+)?")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_STREAM: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

_HTTP: Final = ("http", "https")
_SCHEMES: Final[Mapping[TargetKind, tuple[str, ...]]] = {
    TargetKind.HTTP_BATCH: _HTTP,
    TargetKind.EPCIS: _HTTP,
    TargetKind.PHOTO_HTTP: _HTTP,
    TargetKind.JETSTREAM: ("nats", "tls"),
    TargetKind.MQTT: ("mqtt", "mqtts"),
}
_SAFE: Final = frozenset(("https", "tls", "mqtts"))
MQTT_PROTOCOLS: Final = ("3.1.1", "5")

# Keys that only some kinds know; what differs from its default elsewhere is a mistake.
_KEYS_OF: Final[Mapping[str, tuple[TargetKind, ...]]] = {
    "gln": (TargetKind.EPCIS,),
    "stream": (TargetKind.JETSTREAM,),
    "batch_catch_up": (TargetKind.JETSTREAM,),
    "protocol": (TargetKind.MQTT,),
    "username": (TargetKind.JETSTREAM, TargetKind.MQTT),
    "compress": (TargetKind.HTTP_BATCH,),
    "accept_202": (TargetKind.HTTP_BATCH, TargetKind.EPCIS),
}
_TOGETHER: Final = (
    ("cert_file", "key_file"),
    ("key_file", "cert_file"),
    ("key_password_file", "key_file"),
)
_DEFAULTS: Final = TargetSettings(name="", kind=TargetKind.HTTP_BATCH, url="")


def read_targets(document: Mapping[str, Any], found: Findings) -> tuple[TargetSettings, ...]:
    """Return the targets; no target at all is allowed, then events stay in the journal."""
    need_tables(document, ("target", "feed"), SYNC_FILE, found)
    place = SYNC_FILE.at("target")
    rows = read_rows(TargetSettings, document.get("target", []), place, found)
    for at, target in rows:
        _need_target(target, at, found)
    targets = tuple(target for _, target in rows)
    found.need_unique([target.name for target in targets], place, "name")
    takers = [target for target in targets if target.takes_events]
    durable = any(target.durable for target in takers)
    found.need(
        durable or not takers, place, "no target is durable", "durable = true for one of them"
    )
    photos = [target for target in targets if not target.takes_events]
    found.need(len(photos) <= 1, place, "more than one takes photographs", "one of them")
    return targets


def need_url(url: str, schemes: tuple[str, ...], at: Place, found: Findings) -> None:
    """Keep a problem unless this is an address of one of the schemes, without name or secret."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        has_secret = parts.username is not None or parts.password is not None
    except ValueError:  # a port that is no number, a bracket that is not closed
        fits, has_secret = False, False
    allowed = " or ".join(f"{scheme}://host…" for scheme in schemes)
    if has_secret:
        found.add(at.at("url"), "holds a user or a password", "username and password_file")
    else:
        found.need(fits, at.at("url"), f"{url!r} is no address", allowed)


def _need_target(target: TargetSettings, at: Place, found: Findings) -> None:
    fits = _NAME.fullmatch(target.name) is not None
    found.need(fits, at.at("name"), f"{target.name!r} does not fit", "1 to 32 of a-z 0-9 _ -")
    need_url(target.url, _SCHEMES[target.kind], at, found)
    _need_events(target, at, found)
    for key, value in {"batch_max": target.batch_max, "bytes_max": target.bytes_max}.items():
        found.need(value > 0, at.at(key), f"{value} is out of range", "a whole number above 0")
    wait_s = target.request_s
    found.need(wait_s > 0, at.at("request_s"), f"{wait_s} is out of range", "seconds above 0")
    for key, kinds in _KEYS_OF.items():
        is_used = getattr(target, key) != getattr(_DEFAULTS, key)
        found.need(
            target.kind in kinds or not is_used, at.at(key), "not for this kind", "leave it out"
        )
    _need_kind(target, at, found)
    _need_rights(target, at, found)
    _need_tls(target, at, found)


def _need_events(target: TargetSettings, at: Place, found: Findings) -> None:
    if not target.takes_events:
        found.need(not target.events, at.at("events"), "not for this kind", "leave it out")
        return
    found.need(bool(target.events), at.at("events"), "nothing is sent", "globs over event kinds")
    for number, glob in enumerate(target.events, 1):
        fits = _GLOB.fullmatch(glob) is not None and bool(fnmatch.translate(glob))
        place = at.at("events").row(number)
        found.need(
            fits, place, f"{glob!r} is no glob over event kinds", "e.g. *, unit.*, move.done"
        )


def _need_kind(target: TargetSettings, at: Place, found: Findings) -> None:
    if target.gln:
        found.need(
            _is_gln(target.gln),
            at.at("gln"),
            f"{target.gln!r} is no GLN",
            "13 digits, the last one checks",
        )
    if target.kind == TargetKind.EPCIS:  # a correction must not overtake what it corrects
        in_order = target.catch_up is CatchUp.ORDERED
        found.need(in_order, at.at("catch_up"), "not for this kind", "ordered")
    known = target.protocol in MQTT_PROTOCOLS
    found.need(
        known, at.at("protocol"), f"unknown version {target.protocol!r}", ", ".join(MQTT_PROTOCOLS)
    )
    fits = _STREAM.fullmatch(target.stream) is not None
    found.need(fits, at.at("stream"), f"{target.stream!r} does not fit", "A-Z a-z 0-9 _ -")


def _need_rights(target: TargetSettings, at: Place, found: Findings) -> None:
    if target.password_file is not None:
        _need_line(target.password_file, at.at("password_file"), found)
    needs = target.kind == TargetKind.MQTT and target.password_file is not None
    found.need(
        bool(target.username) or not needs, at.at("username"), "missing", "who the password is of"
    )
    has_password = target.password_file is not None
    found.need(
        has_password or not target.username, at.at("password_file"), "missing", "a file of one line"
    )


def _need_line(path: Path, place: Place, found: Findings) -> None:
    need_secret(path, place, found)
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return  # told above, or told as what it is when it is used
    fits = bool(text) and text.isprintable()
    found.need(fits, place, "is no password", "one line of text")


def _need_tls(target: TargetSettings, at: Place, found: Findings) -> None:
    """Try the files out: what the library refuses here would be refused at every connection."""
    files = {
        key: path
        for key in ("ca_file", "cert_file", "key_file", "key_password_file")
        if (path := getattr(target, key)) is not None
    }
    if not files:
        return
    is_safe = urlsplit(target.url).scheme in _SAFE
    found.need(is_safe, at.at(next(iter(files))), "the address is not encrypted", "see url")
    before = len(found.problems)
    for key, path in files.items():
        need_secret(path, at.at(key), found)
    pairs = (
        ("cert_file", "key_file"),
        ("key_file", "cert_file"),
        ("key_password_file", "key_file"),
    )
    for key, other in pairs:
        found.need(key not in files or other in files, at.at(other), "missing", f"{key} needs it")
    if len(found.problems) > before:
        return
    try:
        open_context(target)
    except (OSError, ValueError) as error:
        word = (
            error.reason if isinstance(error, ssl.SSLError) and error.reason else "cannot be read"
        )
        key = "cert_file" if "cert_file" in files else "ca_file"
        found.add(at.at(key), f"certificate or key refused ({word})", "PEM files that fit together")


def _is_gln(text: str) -> bool:
    if len(text) != 13 or not (text.isascii() and text.isdigit()):
        return False
    return sum(int(digit) * (1, 3)[n % 2] for n, digit in enumerate(text)) % 10 == 0
