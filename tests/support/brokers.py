"""Real brokers on loopback ports and folders of their own: nats-server and mosquitto.

`start()` and `kill()` may be called again: ports and store stay, as after a power cut.
A test that makes a Mosquitto is skipped where it is not installed.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pytest

from certificates import Authority
from ports import free_port

READY_S: Final = 10.0
USER: Final = "st07"
PLAIN: Final = "allow_anonymous true\nset_tcp_nodelay true\n"
_PATH: Final = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
_MOSQUITTO: Final = shutil.which("mosquitto", path=_PATH)
_PASSWD: Final = shutil.which("mosquitto_passwd", path=_PATH)
_SHIPPED: Final = Path(__file__).parents[2] / "config"

_NATS: Final = """
server_name: "test-{port}"
listen: 127.0.0.1:{port}
max_payload: 1MB
jetstream {{ store_dir: "{folder}/store", max_file_store: 256MB, sync_interval: always }}
mqtt {{ listen: 127.0.0.1:{mqtt_port}
{tls} }}
{rights}
{tls}
"""
# As an init system does: whoever kills it meets it again.
_SUPERVISED: Final = """
while :; do "$1" -c "$2/server.conf" & echo $! > "$2/pid"; wait $!; done
"""


class _Server(ABC):
    """One server process over a folder of its own."""

    mqtt_port: int

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="broker-")
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = Path(self._folder.name)
        self.config = self.folder / "server.conf"
        self.port = free_port()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            undo.callback(self._folder.cleanup)
            self.start()
            undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._folder.cleanup()

    def start(self) -> None:
        """Start the server and wait until it takes connections. Raises RuntimeError."""
        command = self._command()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True
            )
        end = time.monotonic() + READY_S
        while time.monotonic() < end and self._process.poll() is None:
            if all(_answers(port) for port in (self.port, self.mqtt_port)):
                return
            time.sleep(0.02)
        said = (self.folder / "log").read_text()
        self.kill()
        raise RuntimeError(said)

    def kill(self) -> None:
        """Kill the server as a power cut would; every connection breaks. Harmless twice."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    @abstractmethod
    def _command(self) -> list[str]:
        """Write the configuration and return the words that start the program."""


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class NatsServer(_Server):
    """nats-server: `port` speaks NATS, `mqtt_port` MQTT 3.1.1.

    With a password it lets only USER in, with an authority only who has its certificate.
    """

    def __init__(self, *, password: str = "", tls: Authority | None = None) -> None:
        super().__init__()
        self.mqtt_port = free_port()
        self._password = password
        self._tls = tls

    def _command(self) -> list[str]:
        rights, tls = "", ""
        if self._password:
            rights = f'authorization {{ user: {USER}, password: "{self._password}" }}'
        if self._tls is not None:
            tls = (
                f'tls {{ cert_file: "{self._tls.server}", key_file: "{self._tls.server_key}",'
                f' ca_file: "{self._tls.ca}", verify: true }}'
            )
        self.config.write_text(
            _NATS.format(
                port=self.port,
                mqtt_port=self.mqtt_port,
                folder=self.folder,
                rights=rights,
                tls=tls,
            )
        )
        return [str(Path(sys.executable).with_name("nats-server")), "-c", str(self.config)]


class Mosquitto(_Server):
    """mosquitto: MQTT 3.1.1 and 5. `settings` = lines of its configuration beside the listener.

    `supervised` = a shell starts it again when it is killed by `restart_command`.
    """

    def __init__(
        self,
        settings: str = PLAIN,
        *,
        supervised: bool = False,
        password: str = "",
        tls: Authority | None = None,
    ) -> None:
        if _MOSQUITTO is None:
            pytest.skip("mosquitto is not installed")
        super().__init__()
        self._program = _MOSQUITTO
        self.mqtt_port = self.port
        self.settings = settings
        self._supervised = supervised
        if password:
            self.settings = "allow_anonymous false\n" + self.password_file({USER: password})
        if tls is not None:
            self.settings += (
                f"\ncafile {tls.ca}\ncertfile {tls.server}\nkeyfile {tls.server_key}\n"
                "require_certificate true\n"
            )

    @classmethod
    def shipped(cls, users: Mapping[str, str], *, supervised: bool = False) -> Self:
        """Return the broker of config/ with users of our own, by name and password."""
        broker = cls(supervised=supervised)
        acl = broker.folder / "acl"
        acl.write_text((_SHIPPED / "mosquitto.acl").read_text())
        acl.chmod(0o600)
        broker.password_file(users)
        broker.settings = "\n".join(
            line.replace("/etc/mosquitto", str(broker.folder))
            for line in (_SHIPPED / "mosquitto.conf").read_text().splitlines()
            if not line.startswith(("listener ", "persistence_location"))
        )
        return broker

    def password_file(self, users: Mapping[str, str]) -> str:
        """Write a file of users; return the line of the configuration that names it."""
        assert _PASSWD is not None, "mosquitto comes with it"
        path = self.folder / "passwd"
        path.touch(mode=0o600)
        for user, password in users.items():
            words = [_PASSWD, "-b", str(path), user, password]
            subprocess.run(words, check=True, capture_output=True)
        return f"password_file {path}\n"

    @property
    def restart_command(self) -> str:
        """Return a command that kills a supervised broker; its supervisor starts it again."""
        return f"sh -c 'kill -9 $(cat {self.folder}/pid)'"

    def _command(self) -> list[str]:
        store = self.folder / "store"
        store.mkdir(exist_ok=True)
        head = f"listener {self.port} 127.0.0.1\npersistence_location {store}/\n"
        user = "user root\n" if os.geteuid() == 0 else ""  # else it gives up the right to our files
        self.config.write_text(head + user + self.settings)
        if self._supervised:
            return ["sh", "-c", _SUPERVISED, "sh", self._program, str(self.folder)]
        return [self._program, "-c", str(self.config)]
