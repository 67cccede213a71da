"""A real MQTT broker for tests: nats-server on free loopback ports with its own folder.

`start()` and `stop()` may be called again: the ports and the store stay.
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

READY_S: Final = 10.0

CONFIG: Final = """
server_name: "test-{port}"
listen: 127.0.0.1:{client}
jetstream {{ store_dir: "{store}", max_file_store: 256MB }}
mqtt {{ listen: 127.0.0.1:{port}{rights} }}
"""
RIGHTS: Final = ", authorization {{ username: st01, password: {password} }}"


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """Context manager around one nats-server; `port` speaks MQTT 3.1.1.

    With a password it lets only the user st01 in.
    """

    def __init__(self, *, running: bool = True, password: str = "") -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="broker-")
        self._client_port = free_port()
        self._rights = RIGHTS.format(password=password) if password else ""
        self._starts = running
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def __enter__(self) -> Self:
        if self._starts:
            self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._folder.cleanup()

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        folder = Path(self._folder.name)
        config = folder / "server.conf"
        config.write_text(
            CONFIG.format(
                port=self.port,
                client=self._client_port,
                store=folder / "store",
                rights=self._rights,
            )
        )
        program = Path(sys.executable).with_name("nats-server")
        with (folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(program), "-c", str(config)], stdout=log, stderr=log, env=dict(os.environ)
            )
        self._await_listening()

    def stop(self) -> None:
        """Kill the server; every connection breaks."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _await_listening(self) -> None:
        assert self._process is not None
        end = time.monotonic() + READY_S
        while time.monotonic() < end and self._process.poll() is None:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), 1),
            ):
                return
            time.sleep(0.02)
        said = Path(self._folder.name, "server.log").read_text()
        self.stop()
        self._folder.cleanup()
        raise RuntimeError(said)
