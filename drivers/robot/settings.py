"""The broker of the robots as configured, and what proves both ends of the connection to it."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from drivers.errors import DriverNotFoundError, DriverProtocolError, DriverRightsError
from drivers.protocols import DeviceName
from drivers.robot.post import RobotUnit
from drivers.wire.vda5050.topics import topics_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Vda5050Settings:
    """The broker and its robots. `answer_s`: so long a robot has for a question.

    `ca_file` makes the connection TLS: it proves the broker; `cert_file` and `key_file` prove us.
    """

    host: str
    port: int
    station: str
    robots: tuple[RobotUnit, ...]
    username: str = ""
    password_file: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    key_password_file: str = ""
    keepalive_s: int = 15
    answer_s: float = 5.0

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise ValueError(f"port: {self.port} is no port: 1 to 65535")
        if not 5 <= self.keepalive_s <= 300:
            raise ValueError(f"keepalive_s: {self.keepalive_s} does not fit: 5 to 300")
        if self.answer_s <= 0:
            raise ValueError(f"answer_s: {self.answer_s} does not fit: more than 0")
        if (self.cert_file or self.key_file) and not (
            self.ca_file and self.cert_file and self.key_file
        ):
            raise ValueError("ca_file: TLS is half configured: ca_file, or it, cert_file, key_file")
        for unit in self.robots:
            profile = unit.profile
            topics_of(profile.topic_interface, profile.version, unit.manufacturer, unit.serial)
        if len({unit.id for unit in self.robots}) < len(self.robots):
            raise ValueError("robots: two robots have one id: every id once")
        if len({(unit.manufacturer, unit.serial) for unit in self.robots}) < len(self.robots):
            raise ValueError("robots: two robots have one serial number: every serial once")


def read_password(name: DeviceName, settings: Vda5050Settings) -> str:
    """Return the password, empty without a file. Raises DriverError for one nobody can read."""
    return _secret(name, settings.password_file)


def open_tls(name: DeviceName, settings: Vda5050Settings) -> ssl.SSLContext | None:
    """Return the protection of the connection, None without a CA. Raises DriverError."""
    if not settings.ca_file:
        return None
    with _reading(name, settings.ca_file):
        context = ssl.create_default_context(cafile=settings.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.cert_file:
        password = _secret(name, settings.key_password_file)
        with _reading(name, settings.cert_file):
            # an empty password is an error where one is needed: never a question at the terminal
            context.load_cert_chain(settings.cert_file, settings.key_file, lambda: password)
    return context


def _secret(name: DeviceName, path: str) -> str:
    if not path:
        return ""
    with _reading(name, path):
        return Path(path).read_text("utf-8").strip()


@contextmanager
def _reading(name: DeviceName, path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DriverNotFoundError(name, f"read {path}", "no such file") from error
    except ssl.SSLError as error:
        raise DriverProtocolError(
            name, f"read {path}", "no certificate, or no key to it"
        ) from error
    except OSError as error:
        raise DriverRightsError(name, f"read {path}", str(error.strerror)) from error
