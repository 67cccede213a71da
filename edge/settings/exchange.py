"""sync.toml: the central systems that events go to and the feeds that come in."""

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from edge.settings.files import need_secret, need_tables
from edge.settings.model import FeedSettings, TargetSettings
from edge.settings.problems import Findings, Place
from edge.settings.shape import read_rows

SYNC_FILE: Final = Place(file="sync.toml")
TARGET_KINDS: Final = ("http-batch", "epcis")
FEED_KINDS: Final = ("http", "folder")
FEEDS: Final = ("returns", "items")
_GLOB: Final = re.compile(r"[a-z_*?]+(\.[a-z_*?]+)?")


def read_targets(document: Mapping[str, Any], found: Findings) -> tuple[TargetSettings, ...]:
    """Return the targets; no target at all is allowed, then events stay in the journal."""
    need_tables(document, ("target", "feed"), SYNC_FILE, found)
    place = SYNC_FILE.at("target")
    rows = read_rows(TargetSettings, document.get("target", []), place, found)
    for at, target in rows:
        _need_target(target, at, found)
    targets = tuple(target for _, target in rows)
    found.need_unique([target.name for target in targets], place, "name")
    durable = any(target.durable for target in targets)
    found.need(durable or not rows, place, "no target is durable", "durable = true for one of them")
    return targets


def read_feeds(
    document: Mapping[str, Any], data: Path | None, found: Findings
) -> tuple[FeedSettings, ...]:
    """Return the feeds. A folder is relative to the data directory, `inbox/<feed>` by default."""
    place = SYNC_FILE.at("feed")
    rows = read_rows(FeedSettings, document.get("feed", []), place, found)
    for at, feed in rows:
        _need_feed(feed, at, found)
    found.need_unique([feed.name for _, feed in rows], place, "name")
    return tuple(_with_folder(feed, data, found.folder) for _, feed in rows)


def _with_folder(feed: FeedSettings, data: Path | None, config: Path) -> FeedSettings:
    if feed.kind != "folder":
        return feed
    folder = feed.folder or config / "inbox" / feed.name
    if folder.is_relative_to(config):
        folder = (data or Path()) / folder.relative_to(config)
    return replace(feed, folder=folder)


def _need_target(target: TargetSettings, at: Place, found: Findings) -> None:
    kinds = ", ".join(TARGET_KINDS)
    found.need(target.kind in TARGET_KINDS, at.at("kind"), f"unknown kind {target.kind!r}", kinds)
    _need_url(target.url, at, found)
    found.need(bool(target.events), at.at("events"), "nothing is sent", "globs over event kinds")
    for number, glob in enumerate(target.events, 1):
        fits = _GLOB.fullmatch(glob) is not None and bool(fnmatch.translate(glob))
        place = at.at("events").row(number)
        found.need(
            fits, place, f"{glob!r} is no glob over event kinds", "e.g. *, unit.*, move.done"
        )
    most = {"batch_max": target.batch_max, "bytes_max": target.bytes_max}
    for key, value in most.items():
        found.need(value > 0, at.at(key), f"{value} is out of range", "a whole number above 0")
    if target.gln:
        found.need(target.kind == "epcis", at.at("gln"), "not for this kind", "leave it out")
        fits = _is_gln(target.gln)
        found.need(
            fits, at.at("gln"), f"{target.gln!r} is no GLN", "13 digits, the last one checks"
        )
    if target.password_file is not None:
        need_secret(target.password_file, at.at("password_file"), found)


def _is_gln(text: str) -> bool:
    if len(text) != 13 or not (text.isascii() and text.isdigit()):
        return False
    return sum(int(digit) * (1, 3)[n % 2] for n, digit in enumerate(text)) % 10 == 0


def _need_feed(feed: FeedSettings, at: Place, found: Findings) -> None:
    names, kinds = ", ".join(FEEDS), ", ".join(FEED_KINDS)
    found.need(feed.name in FEEDS, at.at("name"), f"unknown feed {feed.name!r}", names)
    found.need(feed.kind in FEED_KINDS, at.at("kind"), f"unknown kind {feed.kind!r}", kinds)
    found.need(feed.poll_s > 0, at.at("poll_s"), f"{feed.poll_s} is out of range", "above 0")
    if feed.kind == "http":
        _need_url(feed.url, at, found)
        found.need(feed.folder is None, at.at("folder"), "not for kind http", "leave it out")
    if feed.kind == "folder":
        found.need(not feed.url, at.at("url"), "not for kind folder", "leave it out")
    if feed.password_file is not None:
        need_secret(feed.password_file, at.at("password_file"), found)


def _need_url(url: str, at: Place, found: Findings) -> None:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        fits = False
    found.need(fits, at.at("url"), f"{url!r} is no address", "http://host… or https://host…")
