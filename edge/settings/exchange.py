"""sync.toml, `[[feed]]`: the feeds that come in."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from edge.settings.files import need_secret
from edge.settings.model import FeedSettings
from edge.settings.problems import Findings, Place
from edge.settings.shape import read_rows
from edge.settings.targets import SYNC_FILE, need_url

DAYS: Final = "days, at least 1"
FEED_KINDS: Final = ("http", "folder")
POLICIES: Final = "policies"
FEEDS: Final = ("returns", "items", "codes", "recalls", "releases", POLICIES)


def read_feeds(
    document: Mapping[str, Any], data: Path | None, found: Findings
) -> tuple[FeedSettings, ...]:
    """Return the feeds. A folder is relative to the data directory, `inbox/<feed>` by default.

    Packs that the feed `policies` fetches go where dropped ones are taken: its folder is fixed.
    """
    place = SYNC_FILE.at("feed")
    rows = read_rows(FeedSettings, document.get("feed", []), place, found)
    for at, feed in rows:
        _need_feed(feed, at, found)
    found.need_unique([feed.name for _, feed in rows], place, "name")
    return tuple(_with_folder(feed, data, found.folder) for _, feed in rows)


def _with_folder(feed: FeedSettings, data: Path | None, config: Path) -> FeedSettings:
    if feed.name == POLICIES:
        return replace(feed, folder=(data or Path()) / "inbox" / POLICIES)
    if feed.kind != "folder":
        return feed
    folder = feed.folder or config / "inbox" / feed.name
    if folder.is_relative_to(config):
        folder = (data or Path()) / folder.relative_to(config)
    return replace(feed, folder=folder)


def _need_feed(feed: FeedSettings, at: Place, found: Findings) -> None:
    names, kinds = ", ".join(FEEDS), ", ".join(FEED_KINDS)
    found.need(feed.name in FEEDS, at.at("name"), f"unknown feed {feed.name!r}", names)
    found.need(feed.kind in FEED_KINDS, at.at("kind"), f"unknown kind {feed.kind!r}", kinds)
    found.need(feed.poll_s > 0, at.at("poll_s"), f"{feed.poll_s} is out of range", "above 0")
    found.need(feed.keep_days >= 1, at.at("keep_days"), f"{feed.keep_days} is out of range", DAYS)
    if feed.kind == "http":
        need_url(feed.url, ("http", "https"), at, found)
        found.need(feed.folder is None, at.at("folder"), "not for kind http", "leave it out")
    if feed.name == POLICIES:
        is_http = feed.kind == "http"
        text = "packs are always taken from inbox/policies"
        found.need(is_http, at.at("kind"), text, "http, or no feed at all")
    if feed.kind == "folder":
        found.need(not feed.url, at.at("url"), "not for kind folder", "leave it out")
    if feed.password_file is not None:
        need_secret(feed.password_file, at.at("password_file"), found)
