"""Configured devices that are files: there, and open to this user."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from edge.commands.doctor.lines import Line
from edge.commands.doctor.rights import access
from edge.settings.model import DeviceSettings, Settings

BY_ID: Final = Path("/dev/input/by-id")
BY_PATH: Final = Path("/dev/input/by-path")


def devices(settings: Settings) -> Iterator[Line]:
    """Return a line for every device node that the configuration names."""
    for device in settings.devices:
        for path, mode in nodes(device.settings):
            yield access(_what(device), path, mode)


def nodes(settings: Any) -> Iterator[tuple[Path, int]]:
    """Return the paths in a driver's settings, with the access each needs."""
    for key in ("port", "source", "url"):
        value = getattr(settings, key, None)
        text = value.removeprefix("rtu://") if isinstance(value, str) else ""
        if text.startswith("/"):
            yield Path(text), os.R_OK | (0 if key == "source" else os.W_OK)
    match = getattr(settings, "match", None)
    for key, folder in (("by_id", BY_ID), ("by_path", BY_PATH)):
        if name := getattr(match, key, ""):
            yield folder / name, os.R_OK


def _what(device: DeviceSettings) -> str:
    return f"{device.device_class} {device.name}"
