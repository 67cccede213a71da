"""The keyboard reader process over a named pipe that carries recorded `struct input_event`s.

Run as `python piped_reader.py FOLDER`: the device is the pipe FOLDER/<by_id>. Everything but the
opening of the device is the product's own reader.
"""

import os
import sys
from pathlib import Path

from evdev import InputDevice

from drivers.scanner import hid_reader
from drivers.wire.hid_messages import HidMatch


class PipedKeyboard(InputDevice[str]):
    """evdev's own reading of records, without the questions a pipe cannot answer."""

    def active_keys(self) -> list[int]:  # type: ignore[override]
        return []


def open_piped(match: HidMatch) -> hid_reader.Keyboard:
    """Open the pipe as evdev would open a device. Raises OSError."""
    device = PipedKeyboard.__new__(PipedKeyboard)
    device.fd = os.open(Path(sys.argv[1]) / match.by_id, os.O_RDONLY | os.O_NONBLOCK)
    return device


if __name__ == "__main__":
    hid_reader.serve(open_piped, sys.stdin.fileno(), sys.stdout.fileno())
