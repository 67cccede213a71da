"""Far ends by TCP: brokers and PLCs must answer; central systems may be away, the journal waits."""

import socket
import time
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from edge.commands.doctor.lines import Line, broken, good, poor
from edge.settings.model import DeviceClass, DeviceSettings, Settings

CONNECT_S: Final = 2.0
PORTS: Final = {"http": 80, "https": 443, "rtsp": 554, "tcp": 502}


def links(settings: Settings) -> Iterator[Line]:
    """Return a line for every address that the configuration names."""
    for device in settings.devices:
        where = _address(device)
        if where:
            what = "broker" if device.device_class is DeviceClass.ROBOTS else str(device.name)
            cure = f"start it, or correct {device.device_class} in devices.toml"
            yield link(what, where, cure, is_needed=True)
    for name, url in (*((t.name, t.url) for t in settings.targets), *_feeds(settings)):
        where = _of_url(url)
        if where:
            cure = "nothing is lost: it is tried again; correct sync.toml if the address is wrong"
            yield link(name, where, cure, is_needed=False)


def link(what: str, where: tuple[str, int], cure: str, *, is_needed: bool) -> Line:
    """Return the line of one address after a connection that is closed at once."""
    text, start = f"{where[0]}:{where[1]}", time.perf_counter()
    try:
        socket.create_connection(where, timeout=CONNECT_S).close()
    except OSError as error:
        said = f"{text} does not answer ({error.strerror or error})"
        return broken(what, said, cure) if is_needed else poor(what, said, cure)
    return good(what, f"{text} answers, {(time.perf_counter() - start) * 1000:.1f} ms")


def _address(device: DeviceSettings) -> tuple[str, int] | None:
    host, port = (getattr(device.settings, key, None) for key in ("host", "port"))
    if isinstance(host, str) and isinstance(port, int):
        return host, port
    for key in ("url", "source"):
        value = getattr(device.settings, key, None)
        if isinstance(value, str) and (where := _of_url(value)):
            return where
    return None


def _feeds(settings: Settings) -> Iterator[tuple[str, str]]:
    return ((f"feed {feed.name}", feed.url) for feed in settings.feeds)


def _of_url(url: str) -> tuple[str, int] | None:
    parts = urlsplit(url)
    port = parts.port or PORTS.get(parts.scheme)
    return (parts.hostname, port) if parts.hostname and port else None
