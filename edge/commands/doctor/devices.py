"""Configured devices that are files: there, and open to this user."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from drivers.registry import keyboard_search
from edge.commands.doctor.lines import Line, good, poor
from edge.commands.doctor.rights import access
from edge.settings.model import DeviceSettings, Settings

BY_ID: Final = Path("/dev/input/by-id")
BY_PATH: Final = Path("/dev/input/by-path")


def devices(settings: Settings) -> Iterator[Line]:
    """Return a line for every device node that the configuration names."""
    for device in settings.devices:
        for path, mode in nodes(device.settings):
            yield access(_what(device), path, mode)
    found = (getattr(device.settings, "match", None) for device in settings.devices)
    yield from keyboards(match for match in found if match is not None)


def keyboards(matches: Iterable[Any], root: Path = Path("/")) -> Iterator[Line]:
    """Return a line for each keyboard that no scanner of the configuration means.

    One is the operator's own; of several one is likely a scanner whose codes go to the terminal.
    """
    strays = keyboard_search()(matches, root).names()
    for place, name in strays.items():
        what, said = "keyboard", f'"{name}" types but is not configured'
        if len(strays) == 1:
            yield good(what, f"{said}: the operator's own")
        else:
            where = f'match = {{ by_id = "{place}" }}' if place.startswith("usb-") else place
            yield poor(what, said, f"if it is a scanner: scanner.hid_keyboard, {where}")


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
