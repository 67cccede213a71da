"""What systemd is told: ready, alive, stopping. Without a socket to tell it nothing happens.

Source: sd_notify(3): datagrams of KEY=VALUE lines to the address in NOTIFY_SOCKET.
"""

import logging
import socket
from typing import Final

ABSTRACT: Final = "@"

log = logging.getLogger("systemd")


class Notifier:
    """The way to the service manager; `address` None = nobody started us who wants to know."""

    def __init__(self, address: str | None) -> None:
        self._address = address
        self._is_lost = False

    def ready(self) -> None:
        """Say that the station takes work."""
        self._tell("READY=1")

    def alive(self) -> None:
        """Say that the loop turns; without it for WatchdogSec the service is started again."""
        self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that a clean stop has begun."""
        self._tell("STOPPING=1")

    def _tell(self, text: str) -> None:
        if self._address is None:
            return
        path = self._address
        target = "\0" + path[1:] if path.startswith(ABSTRACT) else path
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as door:
                door.setblocking(False)
                door.sendto(text.encode("ascii"), target)
        except OSError as error:
            if not self._is_lost:
                log.warning("systemd: notify: %s", error)
            self._is_lost = True
        else:
            self._is_lost = False
