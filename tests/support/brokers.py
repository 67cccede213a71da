"""Real brokers for the targets' tests: nats-server with JetStream and MQTT, mosquitto.

`start()` and `kill()` may be called again: port and store stay, as after a power cut.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Final, Self

from broker import free_port
from certificates import Authority

READY_S: Final = 10.0
MOSQUITTO: Final = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")

_NATS: Final = """
server_name: test
listen: 127.0.0.1:{port}
max_payload: 1MB
jetstream {{ store_dir: "{folder}/store", max_file_store: 64MB, sync_interval: always }}
{mqtt}
{rights}
{tls}
"""
_MOSQUITTO: Final = """
listener {port} 127.0.0.1
persistence false
{user}
{rights}
{tls}
"""


class _Server(ABC):
    """One server process over a folder of its own."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="broker-")
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = Path(self._folder.name)
        self.port = free_port()

    def __enter__(self) -> Self:
        try:
            self.start()
        except RuntimeError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._folder.cleanup()

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        log_path = self.folder / "server.log"
        with log_path.open("ab") as log:
            self._process = subprocess.Popen(self._command(), stdout=log, stderr=log)
        end = time.monotonic() + READY_S
        while time.monotonic() < end and self._process.poll() is None:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), 1),
            ):
                return
            time.sleep(0.02)
        raise RuntimeError(log_path.read_text())

    def kill(self) -> None:
        """Kill the server; every connection breaks."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @abstractmethod
    def _command(self) -> list[str]:
        """Write the configuration and return the words that start the program."""


class NatsServer(_Server):
    """nats-server: `port` speaks NATS, `mqtt_port` MQTT 3.1.1."""

    def __init__(self, *, password: str = "", tls: Authority | None = None) -> None:
        super().__init__()
        self.mqtt_port = free_port()
        self._password = password
        self._tls = tls

    def _command(self) -> list[str]:
        rights, tls, mqtt_tls = "", "", ""
        if self._password:
            rights = f'authorization {{ user: st07, password: "{self._password}" }}'
        if self._tls is not None:
            of = self._tls
            tls = (
                f'tls {{ cert_file: "{of.server}", key_file: "{of.server_key}",'
                f' ca_file: "{of.ca}", verify: true }}'
            )
            mqtt_tls = tls
        mqtt = f"mqtt {{ listen: 127.0.0.1:{self.mqtt_port}\n{mqtt_tls} }}"
        config = self.folder / "server.conf"
        config.write_text(
            _NATS.format(port=self.port, folder=self.folder, rights=rights, tls=tls, mqtt=mqtt)
        )
        return [str(Path(sys.executable).with_name("nats-server")), "-c", str(config)]


class Mosquitto(_Server):
    """mosquitto: MQTT 3.1.1 and 5."""

    def __init__(self, *, password: str = "", tls: Authority | None = None) -> None:
        super().__init__()
        self.mqtt_port = self.port
        self._password = password
        self._tls = tls

    def _command(self) -> list[str]:
        assert MOSQUITTO is not None, "tests without mosquitto are skipped"
        rights, tls = "allow_anonymous true", ""
        user = "user root" if os.geteuid() == 0 else ""  # else it gives up the right to our files
        if self._password:
            users = self.folder / "users"
            tool = str(Path(MOSQUITTO).with_name("mosquitto_passwd"))
            tool = tool if Path(tool).exists() else "/usr/bin/mosquitto_passwd"
            users.touch(mode=0o600)
            subprocess.run([tool, "-b", str(users), "st07", self._password], check=True)
            rights = f"allow_anonymous false\npassword_file {users}"
        if self._tls is not None:
            of = self._tls
            tls = (
                f"cafile {of.ca}\ncertfile {of.server}\nkeyfile {of.server_key}\n"
                "require_certificate true"
            )
        config = self.folder / "mosquitto.conf"
        config.write_text(_MOSQUITTO.format(port=self.port, user=user, rights=rights, tls=tls))
        return [MOSQUITTO, "-c", str(config)]
