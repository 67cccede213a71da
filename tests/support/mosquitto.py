"""A real mosquitto for tests: own folder, own configuration, killed and started again at will."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from broker import free_port

READY_S: Final = 10.0
PROGRAM: Final = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
ALONE: Final = 'exec "$1" -c "$2/mosquitto.conf"'
SUPERVISED: Final = """
while :; do "$1" -c "$2/mosquitto.conf" & echo $! > "$2/pid"; wait $!; done
"""  # as an init system does
PLAIN: Final = "allow_anonymous true\nset_tcp_nodelay true\n"


class Mosquitto:
    """Context manager round one mosquitto on `port`; `settings` = lines of its configuration."""

    def __init__(self, settings: str = PLAIN, *, supervised: bool = False) -> None:
        self.supervised = supervised
        self._folder = tempfile.TemporaryDirectory(prefix="mosquitto-")
        self.folder = Path(self._folder.name)
        self.port = free_port()
        self.config = self.folder / "mosquitto.conf"
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._folder.cleanup()

    @property
    def restart_command(self) -> str:
        """Return a command that kills a supervised broker; its supervisor starts it again."""
        return f"sh -c 'kill -9 $(cat {self.folder}/pid)'"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        store = self.folder / "store"
        store.mkdir(exist_ok=True)
        head = f"listener {self.port} 127.0.0.1\npersistence_location {store}/\n"
        user = f"user {os.environ.get('USER', 'root')}\n" if os.geteuid() == 0 else ""
        self.config.write_text(head + user + self.settings)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", SUPERVISED if self.supervised else ALONE, "sh", PROGRAM, self.folder],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + READY_S
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.02)
        said = (self.folder / "log").read_text()
        self.kill()
        raise RuntimeError(said)

    def kill(self) -> None:
        """Kill it as a power cut would."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
